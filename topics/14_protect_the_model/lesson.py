# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **seal** a model so that any changed bit, any other key and any old version is refused, for 36 bytes (14A),
# - **sign** a manifest, 64 bytes of signature, and verify it before a single byte of it is parsed (14B),
# - **name** for each of seven attacks the layer that stops it, and the three that no layer stops (quiz).
#
# ## Predict first
#
# Two guesses. One is about damage, one about price.

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "random_flips",
    "A hundred random bits of a model's weights flip. The same hundred flips in three encodings: which model "
    "still works?",
    zh="模型权重里随机翻转一百个比特。三种编码各翻一百个，哪一个还能用？",
    choices={
        "float32": Say(
            "float32: one bit in 32 matters least", "float32：每个权重 32 位，翻一位影响最小"
        ),
        "float16": Say("float16", "float16"),
        "int8": Say("int8: although each bit carries most", "int8：尽管它每一位承载的信息最多"),
        "none": Say("none of them", "都不能用"),
    },
)
predict(
    "guard_cost",
    "Decrypt, hash and check the signature of the float model. How many times a cold load (allocate, first "
    "inference) does that take?",
    zh="对浮点模型做解密、哈希和验签，耗时是一次冷加载（分配内存加首次推理）的几倍？",
    unit="x",
)

# %% [markdown]
# ## Attack 1: unzip
#
# An app package is a zip archive. The first attack needs no skill: open it, look for a file whose fifth to eighth bytes read `TFL3`, run it. No key, no debugger. We are the thief.

# %%
import io
import time
import zipfile

import numpy as np

from course_lib import Artifact, fashion_mnist, float_tflite, record
from course_lib.evaluation import predict as outputs

data = fashion_mnist()
float32 = float_tflite("baseline")
images, labels = data.x_test[:500], data.y_test[:500]

package = io.BytesIO()
with zipfile.ZipFile(package, "w") as app:
    app.writestr("classes.dex", bytes(1000))
    app.writestr("assets/fashion.bin", float32.content)  # renamed, which fools nobody

begin = time.perf_counter()
with zipfile.ZipFile(package) as app:
    contents = {name: app.read(name) for name in app.namelist()}
loot = [Artifact(name, c) for name, c in contents.items() if c[4:8] == b"TFL3"]
record("steal_ms", 1000 * (time.perf_counter() - begin))


def accuracy(content, count=500):
    """Return accuracy in % of a file on the first images."""
    logits = np.nan_to_num(outputs(Artifact("victim", content), images[:count]), nan=-1e30)
    return 100 * float((logits.argmax(1) == labels[:count]).mean())


assert loot[0].content == float32.content
healthy = accuracy(loot[0].content)
record("accuracy_stolen", healthy)
print(
    f"stolen: {loot[0].name}, {loot[0].raw_bytes:,} bytes, accuracy {healthy:.1f} %, retraining: none"
)

# %% [markdown]
# ## Attack 2: one bit
#
# Stealing hurts the owner. Changing hurts the user. A weight is a number in a known place; flip the top bit of its exponent and it is multiplied by 2 to the power of 128. The thief owns a copy, so he can try at home which weight hurts most. Does the runtime notice?

# %%
from course_lib.inspection import inspect


def weight_bytes(artifact):
    """Return the positions of the bytes of all large constants."""
    tensors = inspect(artifact.content).subgraphs[0].tensors
    spans = [t.span for t in tensors if t.span and t.span[1] - t.span[0] > 1000]
    return np.concatenate([np.arange(*span) for span in spans])


def flipped(content, byte, bit):
    """Return the content with bits flipped; byte and bit may be arrays."""
    raw = np.frombuffer(content, np.uint8).copy()
    np.bitwise_xor.at(raw, byte, np.left_shift(1, np.asarray(bit)).astype(np.uint8))
    return raw.tobytes()


graph = inspect(float32.content).subgraphs[0]
first = graph.tensors[graph.operators[0].inputs[1]].span  # the weights of the first layer
candidates = [start + 3 for start in range(first[0], first[1], 4)][
    ::18
]  # the byte with sign and exponent
target = min(candidates, key=lambda byte: accuracy(flipped(float32.content, byte, 6), 200))
broken = flipped(float32.content, target, 6)
record("accuracy_one_bit", accuracy(broken))
before, after = (
    np.frombuffer(content[target - 3 : target + 1], "<f4")[0]
    for content in (float32.content, broken)
)
print(
    f"{len(candidates)} weights tried; one of {before:.4f} became {after:.3g}: {accuracy(broken):.1f} % instead of "
    f"{healthy:.1f} %, no error"
)

# %% [markdown]
# It loads and runs. Nothing in LiteRT checks that a file is the one you shipped: the format has no checksum.
#
# That bit was chosen. What do bits do that flip by chance, in a bad download or a worn flash cell? Six files per point; every dot is one file.

# %%
import matplotlib.pyplot as plt

from course_lib import Float16, Int8, reveal, show
from course_lib.lesson import style

encodings = {"float32": float32, "float16": Float16()(float32, data), "int8": Int8()(float32, data)}
COUNTS, SEEDS = (1, 10, 100, 1000), range(6)
hurt = {}
for name, artifact in encodings.items():
    places = weight_bytes(artifact)
    for count in COUNTS:
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            bits = rng.choice(8 * len(places), count, replace=False)
            hurt[name, count, seed] = accuracy(
                flipped(artifact.content, places[bits // 8], bits % 8)
            )
mean = {(n, c): np.mean([hurt[n, c, s] for s in SEEDS]) for n in encodings for c in COUNTS}
for name in encodings:
    record(f"flips_100_{name}", mean[name, 100])
record("flips_1000_int8", mean["int8", 1000])

with style():
    fig, ax = plt.subplots()
    for (name, shift), marker in zip(
        {"float32": 0.9, "float16": 1.0, "int8": 1.1}.items(), "osD", strict=True
    ):
        at = [shift * count for count in COUNTS]
        line = ax.plot(at, [mean[name, c] for c in COUNTS], label=name)[0]
        for x, count in zip(at, COUNTS, strict=True):
            dots = [hurt[name, count, s] for s in SEEDS]
            ax.plot([x] * len(dots), dots, marker, color=line.get_color(), markersize=4, alpha=0.5)
    ax.set(xscale="log", xlabel="flipped bits in the weights", ylabel="accuracy (%)", ylim=(0, 100))
    ax.legend(loc="center left")
show(
    fig,
    alt="Accuracy against the number of flipped weight bits: int8 stays level up to a thousand flips, float16 and "
    "float32 fall to chance.",
    caption="Six corrupted files per point. Int8 cannot express a large mistake; a float exponent can.",
    caption_zh="每个点位六个损坏的文件。int8 表达不出大错误，浮点的指数位可以。",
)
alive = [name for name in encodings if mean[name, 100] > healthy - 5]
reveal("random_flips", alive[0] if len(alive) == 1 else "none" if not alive else ", ".join(alive))

# %% [markdown]
# The encoding with the fewest bits per weight is the robust one. An int8 weight that loses its top bit moves by 128 steps of its channel: inside the range, whatever happens. A float with a flipped exponent leaves every range, and one infinite product is enough.
#
# Robust against accident is not robust against intent. An int8 file has floats too: its scales. One flip there, and:

# %%
int8 = encodings["int8"]
scale = max(
    t.quantization.scale.max() for t in inspect(int8.content).subgraphs[0].tensors if t.quantization
)
spot = int8.content.index(np.float32(scale).tobytes())
scale_hit = accuracy(flipped(int8.content, spot + 3, 6))
record("accuracy_scale_bit", scale_hit)
print(
    f"int8, 1,000 random flips in weights: {mean['int8', 1000]:.1f} %; one flip in a scale: {scale_hit:.1f} %"
)

# %% [markdown]
# ## What the folk answer gets wrong
#
# {{myths}}
#
# "Encrypted, so nobody can change it" is the one that costs most. Here is a model under AES-256 in counter mode: unreadable, correctly keyed. The attacker has no key. He flips one bit of the ciphertext.

# %%
import os

import ai_edge_litert.interpreter
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SECRET, COUNTER = os.urandom(32), bytes(16)


def counter_mode(content):
    """Encrypt or decrypt (the same operation) with AES-CTR: confidentiality, and nothing else."""
    return Cipher(algorithms.AES(SECRET), modes.CTR(COUNTER)).encryptor().update(content)


hidden = counter_mode(float32.content)
assert hidden[4:8] != b"TFL3"  # it is encrypted
tampered = counter_mode(flipped(hidden, target, 6))  # flipped without the key, decrypted by the app
assert tampered == broken  # and this is attack 2, bit for bit
record("accuracy_ctr", accuracy(tampered))
offered = [n for n in dir(ai_edge_litert.interpreter.Interpreter) if not n.startswith("_")]
assert not [
    n for n in offered if any(w in n for w in ("key", "crypt", "sign_", "verify", "permission"))
]
print(f"decrypts without complaint, loads, {accuracy(tampered):.1f} %")
print("all that the Interpreter offers:", ", ".join(offered))

# %% [markdown]
# Encryption hides; it does not protect. What detects change is an authentication tag (AES-**GCM** has one) or a signature. So we need names for three different wishes: **confidential** (nobody reads it), **authentic** (it is what I released), **fresh** (it is what I released *last*).
#
# ## Attack 3: read the memory
#
# Now the strongest wrapper that we have: a bundle signed with Ed25519, sealed with AES-256-GCM, its key handed to the app by a pipe so that it is in no file. The app runs. The attacker owns the device, so he may read the memory of its processes (`/proc/PID/mem` on Linux; Frida on a phone does the same from inside).

# %%
import contextlib
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from course_lib.deployment import write_contract
from course_lib.security import Loader, VersionStore, make_bundle, seal, split_bundle

owner, stranger = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def bundle(content, version, key=owner):
    """Return a signed bundle of a model."""
    artifact = Artifact("fashion", content)
    return make_bundle(
        artifact, replace(write_contract(artifact, version=version), name="fashion"), key
    )


APP = """
import sys
from ai_edge_litert.interpreter import Interpreter
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from course_lib.security import Loader
public, key, sealed = (bytes.fromhex(sys.stdin.readline()) for _ in range(3))
model = Loader(Ed25519PublicKey.from_public_bytes(public), sealing_key=key).open(sealed)
interpreter = Interpreter(model_content=model.artifact.content, num_threads=1)
interpreter.allocate_tensors()
interpreter.invoke()
print("running", flush=True)
sys.stdin.readline()  # until we are done
"""


def memory_of(pid):
    """Yield the readable private memory of a process, region by region."""
    process = Path("/proc", str(pid))
    with (process / "maps").open() as maps, (process / "mem").open("rb", 0) as memory:
        for line in maps:
            span, rights, _, _, inode = line.split()[:5]
            start, stop = (int(n, 16) for n in span.split("-"))
            if rights.startswith("rw") and inode == "0":
                memory.seek(start)
                with contextlib.suppress(OSError):  # gone since the list was read
                    yield memory.read(stop - start)


def models_in(region):
    """Yield whatever in a region of memory begins like a .tflite file and parses as one."""
    found = region.find(b"TFL3")
    while found >= 4:
        candidate = region[found - 4 :][:2_000_000]
        with contextlib.suppress(ValueError):  # the four letters in a string, or a file cut off
            inspect(candidate)
            yield candidate
        found = region.find(b"TFL3", found + 1)


sealed = seal(bundle(float32.content, 1), SECRET, 1)
public = owner.public_key().public_bytes_raw()
command = [sys.executable, "-c", APP]
pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
extracted, keys_seen, seconds = None, 0, 0.0
with subprocess.Popen(command, text=True, **pipes) as app:
    app.stdin.write(f"{public.hex()}\n{SECRET.hex()}\n{sealed.hex()}\n")
    app.stdin.flush()
    said = app.stdout.readline().strip()
    begin = time.perf_counter()
    try:
        for region in memory_of(app.pid):
            keys_seen += region.count(SECRET)
            for candidate in models_in(region):
                if extracted is None and outputs(Artifact("loot", candidate), images[:1]).shape == (
                    1,
                    10,
                ):
                    extracted, seconds = candidate, time.perf_counter() - begin
    except OSError as refused:  # another system, or one that forbids it
        print(f"not tried here: {type(refused).__name__}")
    app.communicate("\n")
record("extract_ms", 1000 * seconds)
record("keys_in_memory", keys_seen)
got_it = extracted is not None
if got_it:
    size = float32.raw_bytes
    assert accuracy(extracted[:size]) == healthy  # the model, whole and working
    print(
        f"model found after {1000 * seconds:.0f} ms, equal to the original: {extracted[:size] == float32.content}"
    )
    print(f"the sealing key lies in memory {keys_seen} time(s)")

# %% [markdown]
# We broke no cipher. Inference needs the weights, so the weights are there. A secure element would have kept the *key* out of this memory; the plaintext would still lie in it. Sun et al. did this to real apps and got the models out of two thirds of the protected ones.
#
# ## Seven attacks, five defences
#
# Every square below is an attack that was run against a loader, not an opinion (memory was read once, above, behind the strongest of the five). Columns add one layer at a time.

# %%
from course_lib.security import NotAuthenticError, RefusedError, RollbackError

DEFENCES = {
    "plain file": "plain",
    "AES-CTR": "ctr",
    "signed": "signed",
    "signed,\nversions kept": "signed+versions",
    "sealed, signed,\nversions kept": "sealed+signed+versions",
}
ATTACKS = (
    "copy the file",
    "flip one bit",
    "swap the model",
    "serve an old version",
    "erase the record first",
)
NEVER = ("read the memory", "poison the training")
old, new = (
    flipped(float32.content, target - 3, 0),
    float32.content,
)  # version 1 and 2, one low bit apart
evil = broken


def wrap(content, version, defence, key=owner):
    """Return what is shipped."""
    if "signed" in defence:
        content = bundle(content, version, key)
    if "sealed" in defence:
        # Only the owner has SECRET; a stranger seals with a key of his own.
        content = seal(content, SECRET if key is owner else os.urandom(32), version)
    return counter_mode(content) if defence == "ctr" else content


def unwrap(data, defence, store):
    """Return the model's bytes as the app would load them, or raise."""
    if "signed" not in defence:
        return Artifact("fashion", counter_mode(data) if defence == "ctr" else data).content
    versions = VersionStore(store) if "versions" in defence else None
    secret = SECRET if "sealed" in defence else None
    return (
        Loader(owner.public_key(), versions=versions, sealing_key=secret)
        .open(data)
        .artifact.content
    )


def outcome(attack, defence):
    """Run one attack; return "works", or what stopped it."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder, "versions.json")
        shipped = wrap(new, 2, defence)
        assert unwrap(shipped, defence, store) == new  # the honest way works
        if attack == "copy the file":
            return "works" if new in shipped else "encryption"
        if attack == "poison the training":  # wrong, and released by the owner himself
            shipped, wanted = wrap(evil, 3, defence), evil
        elif attack == "flip one bit":
            at = target + (shipped.find(new[:64]) if new in shipped else len(shipped) - len(new))
            if "sealed" in defence:
                at -= 16  # the tag comes last
            shipped, wanted = flipped(shipped, at, 6), evil
        elif attack == "swap the model":
            if (
                defence == "ctr"
            ):  # no key needed either: ciphertext xor old plaintext xor new plaintext
                parts = (np.frombuffer(b, np.uint8) for b in (shipped, new, evil))
                shipped = np.bitwise_xor.reduce(list(parts)).tobytes()
            else:
                shipped = wrap(evil, 3, defence, stranger)
            wanted = evil
        else:
            shipped, wanted = wrap(old, 1, defence), old
            if attack == "erase the record first":
                store.unlink(missing_ok=True)
        try:
            return "works" if unwrap(shipped, defence, store) == wanted else "broken"
        except RollbackError:
            return "version"
        except NotAuthenticError as problem:
            return (
                "tag"
                if "sealed" in str(problem)
                else "signature"
                if "signature" in str(problem)
                else "digest"
            )
        except RefusedError:
            return "refused"


results = {
    (a, d): outcome(a, how)
    for a in (*ATTACKS, "poison the training")
    for d, how in DEFENCES.items()
}
results |= {("read the memory", d): "works" if got_it else "not tried" for d in DEFENCES}
record("attacks_on_plain", sum(results[a, "plain file"] == "works" for a in (*ATTACKS, *NEVER)))
full = list(DEFENCES)[-1]
record("attacks_on_full", sum(results[a, full] == "works" for a in (*ATTACKS, *NEVER)))
stops = {
    a: [d for d in DEFENCES if results[a, d] not in ("works", "not tried")]
    for a in (*ATTACKS, *NEVER)
}
assert results["flip one bit", "AES-CTR"] == "works"
assert results["flip one bit", "signed"] == "digest"
assert results["swap the model", "signed"] == "signature"
assert results["serve an old version", "signed"] == "works"
assert results["serve an old version", full] == "version"

# %% [markdown]
# Read the grid by rows: the first blue square names the cheapest layer that stops the attack. A row without blue is a risk that you carry, and tell your boss about.

# %%
from matplotlib.colors import ListedColormap

from course_lib import playground

rows = [*ATTACKS, *NEVER]
with style():
    fig, ax = plt.subplots(figsize=(8.6, 4.4))
    grid = [[{"works": 1, "not tried": 2}.get(results[a, d], 0) for d in DEFENCES] for a in rows]
    ax.imshow(
        grid, cmap=ListedColormap(["#CFE5F2", "#F6D3A8", "#EEEEEE"]), vmin=0, vmax=2, aspect="auto"
    )
    for (row, column), value in np.ndenumerate(np.array(grid)):
        found = results[rows[row], list(DEFENCES)[column]]
        words = "attack works" if value == 1 else found if value == 2 else f"stopped: {found}"
        ax.text(column, row, words, ha="center", va="center", fontsize=9)
    ax.set_xticks(range(len(DEFENCES)), list(DEFENCES))
    ax.set_yticks(range(len(rows)), rows)
    ax.grid(visible=False)
    ax.xaxis.tick_top()


def chain(attack="serve an old version", signed=True, sealed=False, versions=False):
    """Draw how far one attack gets."""
    how = "+".join(
        n for n, on in (("sealed", sealed), ("signed", signed), ("versions", versions)) if on
    )
    if sealed and not signed:
        how = "sealed+signed" + (
            "+versions" if versions else ""
        )  # the loader never opens what is not signed
    got = (
        "works"
        if attack == "read the memory"
        else outcome(attack, how if "signed" in how else "plain")
    )
    stages = [
        "shipped bytes",
        "encryption",
        "tag",
        "signature",
        "version",
        "digest",
        "the app runs it",
    ]
    stop = stages.index(got) if got in stages else len(stages) - 1
    with style():
        drawn, axis = plt.subplots(figsize=(8, 1.9))
        axis.barh([0], [stop + 1], color="#D55E00" if got == "works" else "#0072B2", height=0.4)
        axis.set_xticks(np.arange(len(stages)) + 0.5, stages, fontsize=9)
        axis.set_yticks([])
        axis.set(xlim=(0, len(stages)), ylim=(-0.5, 0.5), xlabel="how far the attack gets")
        axis.set_title(f"{attack}: {'it works' if got == 'works' else 'stopped by ' + got}")
    return drawn


playground(
    chain,
    alt="A bar that shows how far an attack gets before a layer stops it.",
    attack=rows,
    signed=True,
    sealed=False,
    versions=False,
)
show(
    fig,
    alt="Grid of seven attacks against five defences: plain and AES-CTR files fall to all, signatures stop change "
    "and exchange, kept versions stop rollback, sealing stops copying, and three rows stay orange to the end.",
    caption="Every square was run. The last column stops four of seven; no column stops the last three rows.",
    caption_zh="每一格都实际跑过。最后一列挡住七种攻击中的四种；最后三行没有一列挡得住。",
)

# %% [markdown]
# ## The price
#
# A median of 15 runs each. The cold load is what the user waits for anyway: an interpreter, its memory, the first inference.

# %%
import hashlib

from ai_edge_litert.interpreter import Interpreter

from course_lib import table
from course_lib.backend import quiet_stderr
from course_lib.security import unseal, verify_manifest


def milliseconds(act, runs=15):
    """Return the median time of an action."""
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        act()
        times.append(time.perf_counter() - begin)
    return 1000 * float(np.median(times))


def cold_load():
    interpreter = Interpreter(model_content=float32.content, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.invoke()


parts = split_bundle(bundle(float32.content, 1))
with quiet_stderr():
    price = {
        "AES-256-GCM, open": (
            milliseconds(lambda: unseal(sealed, SECRET)),
            len(sealed) - len(unseal(sealed, SECRET)[0]),
        ),
        "SHA-256 of the model": (
            milliseconds(lambda: hashlib.sha256(float32.content).digest()),
            len(parts.manifest),
        ),
        "Ed25519, verify the manifest": (
            milliseconds(
                lambda: verify_manifest(parts.manifest, parts.signature, owner.public_key())
            ),
            64,
        ),
        "cold load and first inference": (milliseconds(cold_load), 0),
    }
guard = sum(ms for ms, _ in list(price.values())[:3])
record("guard_ms", guard)
record("guard_over_load", guard / price["cold load and first inference"][0])
record("sealed_overhead", price["AES-256-GCM, open"][1])
table(
    [
        {"step": step, "ms": round(ms, 3), "bytes more in the file": more}
        for step, (ms, more) in price.items()
    ],
    caption=f"What protection costs for {float32.raw_bytes:,} bytes, one thread",
    name="price",
)
reveal("guard_cost", record.value("guard_over_load"))

# %% [markdown]
# One price is missing in the table. A plain file is mapped: its pages are read when they are touched, and the system may drop them again. A sealed file is decrypted as a whole into private memory, so its full size is added to the process. For this model that is nothing. For a language model of two gigabytes it decides.
#
# And there is one point where security meets compression: **compress, then encrypt**. Ciphertext looks random, and random does not shrink. A pruned int8 file shows it:

# %%
import gzip

from course_lib.catalog import topic

pruned = (topic("13").folder / "pruned80_int8.tflite").read_bytes()
right_order = len(seal(gzip.compress(pruned, 9), SECRET, 1))
wrong_order = len(gzip.compress(seal(pruned, SECRET, 1), 9))
record("compress_then_seal", right_order)
record("seal_then_compress", wrong_order)
assert wrong_order > len(pruned) > right_order
table(
    [
        {"order": "not protected, not compressed", "bytes": len(pruned)},
        {"order": "compress, then seal", "bytes": right_order},
        {"order": "seal, then compress", "bytes": wrong_order},
    ],
    caption="The same pruned int8 model in two orders",
    name="order",
)

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# Damage, seen from closer.

# %% [markdown]
# ### Which bit?
#
# One flip in one float32 weight, at every position of its 32 bits. Eight weights each, 200 images.

# %%
places = weight_bytes(float32)[::4]
chosen = np.random.default_rng(1).choice(places, 8, replace=False)
by_bit = [
    [accuracy(flipped(float32.content, int(p) + bit // 8, bit % 8), 200) for p in chosen]
    for bit in range(32)
]
base = accuracy(float32.content, 200)
lost = base - np.array(by_bit)
record("worst_bit", int(lost.mean(1).argmax()))
record("worst_bit_points", float(lost.mean(1).max()))
assert record.value("worst_bit") == 30  # the top of the exponent
record("harmless_bits", int((np.abs(lost).max(1) < 1.01).sum()))  # two images of 200
with style():
    fig, ax = plt.subplots(figsize=(7, 3.2))
    colours = ["#999999"] * 23 + ["#D55E00"] * 8 + ["#0072B2"]
    ax.bar(range(32), lost.mean(1), color=colours)
    ax.set(
        xlabel="flipped bit (grey: fraction, orange: exponent, blue: sign)",
        ylabel="accuracy lost (points)",
    )
show(
    fig,
    alt="Bar chart over the 32 bit positions of a float32 weight: only the highest exponent bit costs accuracy.",
    caption="The dangerous bit is the top of the exponent, which is 0 in every weight below 2: set it, and the weight is huge.",
    caption_zh="危险的是指数最高位。凡是绝对值小于 2 的权重，这一位都是 0；置成 1，权重就成了天文数字。",
)

# %% [markdown]
# ### Not the weights: the structure
#
# Bits outside the weights are offsets, shapes and operator codes. A runtime that follows a wrong offset may crash in native code, so these run in a sandbox: a process of its own with limits of time and memory.

# %%
from collections import Counter

from course_lib.inspection.errors import ModelError
from course_lib.inspection.sandbox import run_isolated

outside = np.setdiff1d(np.arange(float32.raw_bytes), weight_bytes(float32))
rng = np.random.default_rng(3)
honest = outputs(float32, images[:1])
fates = Counter()
refused_first = 0
for position in rng.choice(outside, 8, replace=False):
    suspect = flipped(float32.content, int(position), int(rng.integers(8)))
    try:
        inspect(suspect)
    except ValueError:
        refused_first += 1
    try:
        answer = run_isolated(suspect, [images[:1]])[0]
        fates["same answer" if np.array_equal(answer, honest) else "another answer, no error"] += 1
    except ModelError as problem:
        fates["crash" if "crashed" in str(problem) else "refused by the runtime"] += 1
record("structure_flips", int(sum(fates.values())))
print(f"one flip outside the weights, {sum(fates.values())} files:", dict(fates))
print(f"the course's inspector refused {refused_first} of them before any native code saw them")

# %% [markdown]
# So the order is fixed: verify, then parse, then load. A parser that sees only authentic bytes is attacked only by you.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# A phone: its keystore, its attestation and its app sandbox are not here, and a laptop's user may read his own processes more easily than an app's. We measured that extraction is possible, not how long a good obfuscator delays it. Timings are of a server CPU with AES instructions; a microcontroller without them pays more. The threats that come through the input (adversarial examples) or through many queries (training a copy from answers) are outside: they need no access to the file at all. And our key management is a variable in a notebook, which is what a real product must not have.
#
# ## Sources
#
# {{sources}}
#
# {{exercise}}
#
# {{next}}

# %%
# NBVAL_CHECK_OUTPUT
from course_lib import receipt

receipt()
