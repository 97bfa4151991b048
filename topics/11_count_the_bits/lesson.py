# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **build** a prefix code whose mean length is within one bit of the entropy, and decode it back without losing a bit (11A),
# - **store** sparse positions as 4-bit gaps, with filler zeros where the gap is too long (11B),
# - **account** for a compressed network in bits per weight, stage by stage, and say which stages may change an answer (quiz).
#
# ## Predict first
#
# A weight in an int8 file takes eight bits. That is what is *stored*. How much does it *tell*?

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "int8_entropy",
    "The weights of the int8 file, as a source of symbols: bits of information per weight?",
    zh="把 int8 文件的权重看作符号源：平均每个权重含多少比特信息？",
    unit="bits",
)
predict(
    "small_layer",
    "The first convolution has 288 weights, pruned and reduced to 16 values. Huffman coding, with "
    "everything that its decoder needs, makes that layer ...",
    zh="第一个卷积层有 288 个权重，已剪枝并只剩 16 种取值。做霍夫曼编码，把解码所需的一切都算上，"
    "这一层会……",
    choices={"smaller": Say("smaller", "变小"), "larger": Say("larger", "变大")},
)

# %% [markdown]
# ## Stored bits, and what they tell
#
# Shannon's entropy $H = -\sum p \log_2 p$ is a floor: no code that gives each symbol its own word can need fewer bits on average. So every encoding of the weights has three numbers: what the file stores, what the symbols tell, what a real compressor reaches. Only the weights are counted here, not the rest of the file.

# %%
import gzip
import lzma

import numpy as np

from course_lib import Float16, Int4, Int8, fashion_mnist, float_tflite, inspect, record, table

data = fashion_mnist()
float32 = float_tflite("baseline")
files = {"float32": float32, "float16": Float16()(float32)}
files |= {"int8": Int8()(float32, data), "int4 (wi4c)": Int4()(float32)}


def entropy(symbols):
    """Return bits per symbol of the empirical distribution."""
    p = np.unique(symbols, return_counts=True)[1] / len(symbols)
    return float(-(p * np.log2(p)).sum())


def weight_bytes(file):
    """Yield (bytes, number of weights) of every weight tensor."""
    anatomy = inspect(file)
    for weight in anatomy.weights:
        start, stop = anatomy.subgraphs[0].tensors[weight.tensor].span
        yield file.content[start:stop], weight.elements


def symbols_of(raw, bits):
    """Cut bytes into symbols of 4, 8, 16 or 32 bits."""
    if bits == 4:
        pairs = np.frombuffer(raw, np.uint8)
        return np.concatenate([pairs & 15, pairs >> 4])
    return np.frombuffer(raw, {8: np.int8, 16: np.uint16, 32: np.uint32}[bits])


rows = []
for (name, file), bits in zip(files.items(), (32, 16, 8, 4), strict=True):
    parts = list(weight_bytes(file))
    count = sum(n for _, n in parts)
    told = sum(entropy(symbols_of(raw, bits)) * n for raw, n in parts) / count
    row = {"weights as": name, "stored": 8 * sum(len(raw) for raw, _ in parts) / count}
    row |= {"entropy": told if bits <= 8 else None}
    for tool, pack in {"gzip": gzip.compress, "xz": lzma.compress}.items():
        row[tool] = 8 * sum(len(pack(raw)) for raw, _ in parts) / count
    rows.append(row)
table(rows, caption="Bits per weight, 86,944 weights", name="encodings")
WEIGHTS = sum(n for _, n in weight_bytes(float32))
assert WEIGHTS == 86_944
by_name = {row["weights as"]: row for row in rows}
record("int8_entropy", by_name["int8"]["entropy"])
record("int8_gzip", by_name["int8"]["gzip"])
record("int4_entropy", by_name["int4 (wi4c)"]["entropy"])
record("float_gzip", by_name["float32"]["gzip"])
record("gzip_saves_int8", 100 * (1 - by_name["int8"]["gzip"] / 8))

# %% [markdown]
# The entropy of the floats is left out on purpose. Nearly every one of them occurs once, so its "probability" is 1/n, the formula returns log₂ n, and the code table would be larger than what it saves. Entropy means something when symbols repeat, and making symbols repeat is what quantization does. At eight bits it has done little: {int8_entropy:.2f} of 8 bits are information, and gzip gets {gzip_saves_int8:.0f} % off.

# %%
from course_lib import reveal

reveal("int8_entropy", by_name["int8"]["entropy"])

# %% [markdown]
# ## A real Huffman coder
#
# Numbers that no bitstream stands behind are easy to make up, so here is the coder. Merge the two rarest symbols until one is left: each merge adds one bit to everything below it. Only the *lengths* have to be stored, five bits a symbol; both sides then hand out the words in the same (canonical) order.

# %%
import heapq


def code_lengths(counts):
    """Return the word length of every symbol; 0 for one that does not occur."""
    heap = [(n, symbol, (symbol,)) for symbol, n in enumerate(counts) if n]
    lengths = [0] * len(counts)
    if len(heap) == 1:
        lengths[heap[0][1]] = 1  # a word of no bits could not be counted by a decoder
    heapq.heapify(heap)
    while len(heap) > 1:
        (a, _, left), (b, tie, right) = heapq.heappop(heap), heapq.heappop(heap)
        for symbol in left + right:
            lengths[symbol] += 1
        heapq.heappush(heap, (a + b, tie, left + right))
    return lengths


def words(lengths):
    """Return symbol -> word: count upwards, one bit more where the length grows."""
    code, length, found = 0, 0, {}
    for symbol in sorted(range(len(lengths)), key=lambda s: (lengths[s], s)):
        if lengths[symbol]:
            code <<= lengths[symbol] - length
            length = lengths[symbol]
            found[symbol] = f"{code:0{length}b}"
            code += 1
    return found


def to_bytes(bits):
    return np.packbits(np.frombuffer(bits.encode(), np.uint8) - ord("0")).tobytes()


def to_bits(content):
    return "".join(map(str, np.unpackbits(np.frombuffer(content, np.uint8))))


def pack(symbols, alphabet):
    """Return a stream: 24 bits of count, 5 bits of length per symbol, the words."""
    lengths = code_lengths(np.bincount(symbols, minlength=alphabet))
    code = words(lengths)
    header = f"{len(symbols):024b}" + "".join(f"{length:05b}" for length in lengths)
    return to_bytes(header + "".join(code[symbol] for symbol in symbols.tolist()))


def unpack(stream, alphabet):
    """Return the symbols of a stream: nothing but the bytes goes in."""
    bits = to_bits(stream)
    count, start = int(bits[:24], 2), 24 + 5 * alphabet
    lengths = [int(bits[24 + 5 * s : 29 + 5 * s], 2) for s in range(alphabet)]
    meaning = {word: symbol for symbol, word in words(lengths).items()}
    symbols, word = [], ""
    for bit in bits[start:]:
        word += bit
        if word in meaning:
            symbols.append(meaning[word])
            word = ""
            if len(symbols) == count:
                break
    return np.array(symbols, np.int64)


raw, count = next(weight_bytes(files["int8"]))  # the largest tensor comes first
codes = symbols_of(raw, 8).astype(np.int64) + 128
stream = pack(codes, 256)
assert np.array_equal(unpack(stream, 256), codes)
record("int8_huffman", 8 * len(stream) / count)
record("int8_largest_entropy", entropy(codes))

# %% [markdown]
# What the coder did with the largest int8 tensor. Top: how often each integer occurs. Bottom: the length of its word, beside the $-\log_2 p$ bits that it would deserve. A word has whole bits, a symbol's due has not: that is all the difference there is.

# %%
import matplotlib.pyplot as plt

from course_lib import show
from course_lib.lesson import style

counts = np.bincount(codes, minlength=256)
used = np.flatnonzero(counts)
with style():
    fig, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(7, 4.6))
    top.bar(used - 128, counts[used], width=1.0, color="#56B4E9")
    top.set(ylabel="occurrences")
    bottom.step(
        used - 128, np.array(code_lengths(counts))[used], where="mid", label="length of the word"
    )
    bottom.plot(used - 128, -np.log2(counts[used] / count), ".", markersize=4, label="-log2 p")
    bottom.set(xlabel="int8 value of the weight", ylabel="bits")
    bottom.legend(loc="upper center")
    top.set_title(
        f"entropy {entropy(codes):.2f}, Huffman {8 * len(stream) / count:.2f} bits a weight"
    )
show(
    fig,
    alt="Histogram of int8 weights, bell-shaped, above the lengths of their Huffman words, from "
    "six bits in the middle "
    "to about sixteen at the ends.",
    caption="Frequent symbols get short words. The bell is wide, so there is little to gain.",
    caption_zh="常见的符号码字短。但这条钟形曲线太宽，能省下的不多。",
)

# %% [markdown]
# ## Deep Compression, stage by stage
#
# To make symbols repeat, throw information away on purpose. The network below was pruned to 80 % zeros and healed for four epochs (training took minutes; lesson 02 keeps the file and the command). We do the rest here:
#
# 1. **Prune**: store what is left, with its position as a gap: the number of zeros before it, in 4 bits. Longer gaps take a filler, an explicit zero.
# 2. **Share**: 15 values per layer by k-means, and the zero that fillers need. A weight becomes a 4-bit code into a codebook of 16 floats.
# 3. **Huffman**: code the stream of codes and the stream of gaps.

# %%
from course_lib import Artifact
from course_lib.catalog import topic
from course_lib.evaluation.weights import replace_weights, weighted_layers

GAP = 4
pruned = Artifact(
    "pruned", gzip.decompress((topic("02").folder / "pruned80.tflite.gz").read_bytes())
)


def share(w, values, rounds=30):
    """Return (codebook with 0.0 first, one code per weight): k-means on what is not zero."""
    flat = w.ravel()
    live = flat[flat != 0].astype(np.float64)
    centres = np.linspace(live.min(), live.max(), values - 1)
    for _ in range(rounds):
        nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2, live)
        sizes = np.bincount(nearest, minlength=values - 1)
        sums = np.bincount(nearest, live, minlength=values - 1)
        centres = np.sort(np.where(sizes > 0, sums / np.maximum(sizes, 1), centres))
    codes = np.zeros(flat.size, np.int64)
    codes[flat != 0] = 1 + np.searchsorted((centres[1:] + centres[:-1]) / 2, live)
    return np.concatenate([[0.0], centres]).astype(np.float32), codes


def entries(codes, bits=GAP):
    """Return (gaps, codes) of what is stored; a filler has the longest gap and code 0."""
    where = np.flatnonzero(codes)
    run = np.diff(where, prepend=-1) - 1  # zeros in front of each
    last = np.cumsum((run >> bits) + 1) - 1
    gaps = np.full(last[-1] + 1, 2**bits - 1)
    kept = np.zeros_like(gaps)
    gaps[last], kept[last] = run & (2**bits - 1), codes[where]
    return gaps, kept


ledger, streams, fewer = [], {}, {}
for layer, w in weighted_layers(pruned):
    book, codes = share(w, 16)
    fewer[layer.weights] = book[codes].reshape(w.shape)
    gaps, kept = entries(codes)
    streams[layer.weights] = (book.tobytes(), pack(kept, 16), pack(gaps, 16), w.shape)
    ledger.append(
        {
            "layer": f"{layer.label} ({w.size:,})",
            "weights": w.size,
            "float32": 32 * w.size,
            "pruned": (32 + GAP) * len(gaps),
            "shared": (4 + GAP) * len(gaps) + 8 * len(book.tobytes()),
            "Huffman": 8 * sum(map(len, streams[layer.weights][:3])),
        }
    )
STAGES = ("float32", "pruned", "shared", "Huffman")
total = {stage: sum(row[stage] for row in ledger) for stage in STAGES}
per_weight = {stage: total[stage] / WEIGHTS for stage in STAGES}
table(
    [{"layer": row["layer"]} | {s: row[s] / row["weights"] for s in STAGES} for row in ledger]
    + [{"layer": "all"} | per_weight | {"times smaller": total["float32"] / total["Huffman"]}],
    caption="Bits per weight after each stage: codebooks, fillers, headers and tables included",
    name="stages",
)
for stage in STAGES[1:]:
    record(f"bits_{stage.lower()}", per_weight[stage])
record("times_smaller", total["float32"] / total["Huffman"])

# %% [markdown]
# 32 bits became {bits_huffman:.2f}, {times_smaller:.0f} times fewer. Look at who did it. Pruning alone, at 80 % zeros, gives less than a factor five, because every survivor now carries its address. Sharing is the big step. Huffman takes another {huffman_saves:.0f} % off, and not everywhere:

# %%
with style():
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), width_ratios=(1, 1.3))
    bars = left.bar(STAGES, list(per_weight.values()), color="#56B4E9")
    left.bar_label(bars, [f"{value:.2f}" for value in per_weight.values()])
    left.set_yscale("log")
    left.set(xlabel="after stage", ylabel="bits per weight (logarithmic)", ylim=(1, 60))
    for shift, stage in ((-0.2, "shared"), (0.2, "Huffman")):
        values = [row[stage] / row["weights"] for row in ledger]
        bars = right.bar(np.arange(len(ledger)) + shift, values, 0.4, label=stage)
        right.bar_label(bars, [f"{value:.2f}" for value in values], fontsize=9)
    right.set_xticks(range(len(ledger)), [row["layer"].replace(" ", "\n") for row in ledger])
    right.set(xlabel="layer (weights)", ylabel="bits per weight")
    right.legend()
show(
    fig,
    alt="Left: bits per weight after each stage on a logarithmic axis. Right: fixed-length codes "
    "against Huffman per "
    "layer; Huffman is larger for the layer of 288 weights.",
    caption="The Huffman bars include headers and tables. In the first layer those cost more than "
    "shorter words save.",
    caption_zh="霍夫曼一栏包含头部和码表。第一层里，它们比短码字省下的还多。",
)
first = ledger[0]
assert first["weights"] == 288
record("huffman_saves", 100 * (1 - per_weight["Huffman"] / per_weight["shared"]))
record("first_fixed", first["shared"] / 288)
record("first_huffman", first["Huffman"] / 288)
_, large = share(weighted_layers(pruned)[2][1], 16)
for size in range(100, 5000, 100):  # its first weights as a layer of their own
    gaps, kept = entries(large[:size])
    if len(pack(kept, 16)) + len(pack(gaps, 16)) < len(gaps):  # 4 + 4 bits an entry: one byte
        break
record("break_even", size)
reveal("small_layer", "larger" if first["Huffman"] > first["shared"] else "smaller")

# %% [markdown]
# Two tables of 16 lengths and two counts are {table_bits} bits. Spread over 288 weights that is more than half a bit each, over thirty thousand nothing. Cut the third layer down, and Huffman stops paying below about {break_even} weights. The codebook costs every layer 512 bits more, so small layers should share one.
#
# ## Which stages may change an answer?
#
# Now take the compressed streams, and nothing else, and rebuild the network. Huffman and gaps are **lossless**: the rebuilt file has to equal the shared one in every bit. Pruning and sharing are **lossy**: they need an accuracy budget, and a paired comparison on all 10,000 test images.

# %%
from course_lib import compare
from course_lib.evaluation import predict as outputs

record("table_bits", 2 * (24 + 5 * 16))


def rebuild(book, kept, gaps, shape):
    """Return the weights of a layer from its three streams."""
    codes = np.zeros(np.prod(shape), np.int64)
    codes[np.cumsum(unpack(gaps, 16) + 1) - 1] = unpack(kept, 16)
    return np.frombuffer(book, np.float32)[codes].reshape(shape)


shared = replace_weights(pruned, fewer)
skeleton = replace_weights(pruned, {i: np.zeros(s[3], np.float32) for i, s in streams.items()})
rebuilt = replace_weights(skeleton, {i: rebuild(*s) for i, s in streams.items()})
assert rebuilt.content == shared.content  # every bit of the file
assert np.array_equal(outputs(rebuilt, data.x_test[:500]), outputs(shared, data.x_test[:500]))

whole = len(gzip.compress(skeleton.content, 9)) + total["Huffman"] // 8
duels = {
    "pruned (80 %, healed)": compare(float32, pruned, data, latency=False),
    "+ 16 values a layer": compare(pruned, Artifact("shared", shared.content), data, latency=False),
    "+ gaps and Huffman": compare(
        shared, Artifact("rebuilt", rebuilt.content), data, latency=False
    ),
}
table(
    [
        {
            "stage": stage,
            "accuracy %": 100 * duel.accuracy_b,
            "change (points)": f"{100 * duel.difference:+.2f}",
            "95 % interval": f"{100 * duel.difference_interval.low:+.2f} to "
            f"{100 * duel.difference_interval.high:+.2f}",
            "classes that changed": duel.flips,
            "same bytes": duel.flips == 0 and rebuilt.content == shared.content,
        }
        for stage, duel in duels.items()
    ],
    caption=f"Each stage against the one before, {len(data.y_test):,} test images; float32 has "
    f"{100 * duels['pruned (80 %, healed)'].accuracy_a:.2f} %",
    name="losses",
)
record("accuracy_float", 100 * duels["pruned (80 %, healed)"].accuracy_a)
record("accuracy_shared", 100 * duels["+ 16 values a layer"].accuracy_b)
record("loss_pruned", -100 * duels["pruned (80 %, healed)"].difference)
record("loss_shared", -100 * duels["+ 16 values a layer"].difference)
record("flips_huffman", duels["+ gaps and Huffman"].flips)
record("whole_kb", whole / 1000)
record("whole_ratio", float32.raw_bytes / whole)
record("gzip_shared_kb", shared.gzip_bytes / 1000)
print(f"{float32.raw_bytes:,} bytes became {whole:,}, graph and biases included;")
print(f"gzip of the same network: {shared.gzip_bytes:,}")

# %% [markdown]
# The whole network fits into {whole_kb:.1f} kB, {whole_ratio:.0f} times less, and comes back bit for bit. gzip, which knows nothing of weights, needs {gzip_shared_kb:.1f} kB for the same file.
#
# ## Spend your bits
#
# Choose how much to prune and how many values to keep. This is the plain baseline, pruned by one global threshold and **not** healed, so you see what each bit costs before training repairs anything. Accuracy is on 1,000 validation images. Find the cheapest setting that loses less than a point, then look where its bits go.

# %%
from course_lib import playground

layers = weighted_layers(float32)
magnitudes = np.concatenate([np.abs(w).ravel() for _, w in layers])
some = (data.x_val[:1000], data.y_val[:1000])


def accuracy(file):
    return 100 * float((outputs(file, some[0]).argmax(1) == some[1]).mean())


def spend(sparsity=0.5, values=16):
    limit = np.quantile(magnitudes, sparsity)
    bits = {"words of the codes": 0, "words of the gaps": 0, "codebooks and tables": 0}
    new = {}
    for layer, w in layers:
        book, codes = share(np.where(np.abs(w) > limit, w, 0), values)
        gaps, kept = entries(codes)
        new[layer.weights] = book[codes].reshape(w.shape)
        for name, symbols, alphabet in (
            ("words of the codes", kept, values),
            ("words of the gaps", gaps, 16),
        ):
            counts = np.bincount(symbols, minlength=alphabet)
            bits[name] += int(counts @ code_lengths(counts))
            bits["codebooks and tables"] += 24 + 5 * alphabet
        bits["codebooks and tables"] += 32 * values
    shares = {name: n / WEIGHTS for name, n in bits.items()}
    now = sum(shares.values())
    with style():
        fig, ax = plt.subplots(figsize=(7, 2.3))
        left = 0.0
        for (name, n), colour in zip(
            shares.items(), ("#0072B2", "#56B4E9", "#E69F00"), strict=True
        ):
            ax.barh(["network"], [n], left=left, label=f"{name} {n:.2f}", color=colour)
            left += n
        ax.set(xlabel="bits per weight", ylabel="", xlim=(0, 8), yticks=[])
        got, float_gets = accuracy(replace_weights(float32, new)), accuracy(float32)
        ax.set_title(
            f"{now:.2f} bits, {32 / now:.1f}x smaller; accuracy {got:.1f} %, float {float_gets:.1f} %"
        )
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.45), ncols=3, fontsize=9)
    return fig


playground(
    spend,
    alt="Bits per weight split into codes, gaps and tables, with ratio and accuracy in the title.",
    sparsity=(0.0, 0.9, 0.1),
    values=[4, 8, 16, 32, 64],
)
show(
    spend(),
    alt="At half zeros and 16 values the codes take most of the bits, the gaps a third, tables "
    "almost nothing.",
    caption="One of many settings. Move sparsity to 0 and the gaps disappear; move it to 0.8 and "
    "the accuracy does.",
    caption_zh="众多设置之一。稀疏度调到 0，间隔就不占位；调到 0.8，精度就没了。",
)

# %% [markdown]
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Executed. What does each member of the family change: bytes on disk, bytes in a download, or the arithmetic?

# %%


def arithmetic(file):
    """Return the types in which the operators compute."""
    return {kind for types in inspect(file).ops_by_dtype.values() for kind in types}


int8 = files["int8"]
assert shared.raw_bytes == float32.raw_bytes  # 16 values a layer, and not one byte less on disk
assert arithmetic(shared) == arithmetic(float32) == {"float32"}
assert arithmetic(int8) == {"int8"}  # the only member here that changes what is computed
assert arithmetic(files["float16"]) == {"float32"}
assert rebuilt.content == shared.content
assert len(gzip.compress(float32.content, 9)) > 0.9 * float32.raw_bytes  # coding first: nothing

full = {}  # clustering alone: no weight was pruned
for layer, w in weighted_layers(float32):
    book, codes = share(w, 17)  # 16 values, and the codebook's zero, which nothing uses
    full[layer.weights] = book[codes].reshape(w.shape)
clustered = replace_weights(float32, full)
assert clustered.raw_bytes == float32.raw_bytes
family = {name: files[name] for name in ("float32", "float16", "int8")}
family |= {"16 values": clustered, "pruned": pruned, "pruned, 16 values": shared}
table(
    [
        {
            "file": name,
            "bytes": file.raw_bytes,
            "gzip": file.gzip_bytes,
            "computes in": ", ".join(sorted(arithmetic(file))),
        }
        for name, file in family.items()
    ],
    caption="What is smaller, and where. Sixteen values show in the gzip column only, as zeros do",
    name="family",
)
record("gzip_clustered_kb", clustered.gzip_bytes / 1000)
record("gzip_float_kb", float32.gzip_bytes / 1000)
record("float_file_gzip_percent", 100 * float32.gzip_bytes / float32.raw_bytes)
record("pruned_gzip_times", float32.raw_bytes / pruned.gzip_bytes)

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}

# %% [markdown]
# ## Deeper
#
# Why gaps, whether one can multiply without decoding, and where a bit is best spent.

# %% [markdown]
# ### Why gaps at all? Huffman's floor of one bit
#
# Four of five codes are the zero. Its information is $-\log_2 0.8 = 0.32$ bits, but a word cannot be shorter than one bit. So coding the codes of *all* weights wastes two thirds of a bit on every zero. Gaps join a run of zeros into one symbol, and the floor no longer hurts.

# %%
ways = {"codes of all weights": 0.0, "gaps and codes": 0.0, "bitmap and codes": 0.0, "entropy": 0.0}
gap_bits = dict.fromkeys((2, 3, 4, 5, 6), 0)
for _, w in weighted_layers(pruned):
    _, codes = share(w, 16)
    ways["codes of all weights"] += 8 * len(pack(codes, 16)) / WEIGHTS
    ways["bitmap and codes"] += (8 * len(pack(codes[codes > 0], 16)) + len(codes)) / WEIGHTS
    ways["entropy"] += entropy(codes) * len(codes) / WEIGHTS
    for bits in gap_bits:
        gaps, kept = entries(codes, bits)
        coded = 8 * (len(pack(gaps, 2**bits)) + len(pack(kept, 16))) / WEIGHTS
        gap_bits[bits] += coded
        ways["gaps and codes"] += coded if bits == GAP else 0
table(
    [{"stored as": way, "bits per weight": value} for way, value in ways.items()]
    + [{"stored as": f"gaps of {b} bits", "bits per weight": v} for b, v in gap_bits.items()],
    caption="The same 16-value network, codebooks left out",
    name="positions",
)
assert ways["gaps and codes"] < ways["codes of all weights"]
record("bits_all_codes", ways["codes of all weights"])
record("bits_gaps", ways["gaps and codes"])
record("bits_entropy", ways["entropy"])

# %% [markdown]
# With gaps the coder comes within a few hundredths of the entropy of one symbol per weight, {bits_gaps:.2f} against {bits_entropy:.2f}. An arithmetic coder would reach it without any gaps, since it can spend a third of a bit.
#
# ### Can you multiply without decoding?
#
# With int8 you do: the integers *are* the operands. A codebook's indices mean nothing until they are looked up. But the distributive law helps: sum the inputs that share a code first, then multiply once per code.

# %%
layer, w = weighted_layers(shared)[-1]
book, codes = np.unique(w, return_inverse=True)
codes = codes.reshape(w.shape)
x = np.random.default_rng(0).random(w.shape[1], dtype=np.float32)
sums = np.stack([np.bincount(row, x, minlength=len(book)) for row in codes])
assert np.allclose(sums @ book, w @ x, rtol=1e-4, atol=1e-4)
record("products_plain", w.shape[1])
record("products_shared", len(book))
print(f"{w.shape[1]:,} products an output became {len(book)}; the {w.shape[1]:,} additions stay")

# %% [markdown]
# {products_shared} products in place of {products_plain:,}, and that does not promise time: the additions remain, and each now goes to an address that is only known when the code is read. A vector unit multiplies eight or sixteen neighbours at once and cannot scatter like that. Tables of products pay in hardware built for them, and in some CPU kernels for int4 and int2 weights of language models. None of that was timed here.
#
# ### Spend bits on rate, or on shape?
#
# K-means looks like the clever way to use four bits. Compare, on the dense layer of the float baseline, four ways to spend a bit: int-b per channel, k-means with fixed-length codes, k-means with Huffman, and the dullest grid of all, one even step for the whole layer, with Huffman.

# %%
from course_lib.evaluation import sqnr_db
from course_lib.evaluation.weights import fake_quantize


def huffman_bits(symbols):
    """Return bits per symbol of the words alone."""
    counts = np.bincount(symbols - symbols.min())
    return float(counts @ code_lengths(counts) / len(symbols))


_, w = layers[-1]
flat = w.ravel()
curves = {
    "int-b per channel": [],
    "k-means": [],
    "k-means + Huffman": [],
    "even grid + Huffman": [],
}
for bits in (2, 3, 4, 5, 6):
    curves["int-b per channel"].append((bits, sqnr_db(w, fake_quantize(w, bits, 0)[0])))
    book, codes = share(
        w, 2**bits + 1
    )  # no weight is 0 here: the zero of the codebook stays unused
    noise = sqnr_db(flat, book[codes])
    curves["k-means"].append((bits, noise))
    curves["k-means + Huffman"].append((huffman_bits(codes), noise))
for step in (1.1, 0.55, 0.25, 0.125, 0.065):
    codes = np.rint(flat / (step * flat.std())).astype(np.int64)
    found = sqnr_db(flat, (codes * step * flat.std()).astype(np.float32))
    curves["even grid + Huffman"].append((huffman_bits(codes), found))
with style():
    fig, ax = plt.subplots()
    for (name, points), marker in zip(curves.items(), "osv^", strict=True):
        ax.plot(*np.array(points).T, marker=marker, label=name)
    ax.set(
        xlabel="bits per weight, tables left out", ylabel="SQNR of the weights (dB)", xlim=(1, 6.5)
    )
    ax.legend()
show(
    fig,
    alt="SQNR against bits per weight: the even grid with Huffman lies above k-means, which lies "
    "above int-b per "
    "channel; all rise by about six decibels a bit.",
    caption="Same bits, about ten decibels apart. Once a coder follows, the dull grid does as well "
    "as k-means.",
    caption_zh="比特数相同，信噪比相差约十分贝。只要后面跟上霍夫曼编码，最朴素的等距网格就和 k-means 一样好。",
)


def at_four_bits(name):
    return float(np.interp(4, *np.array(curves[name]).T))


both = [at_four_bits(f"{name} + Huffman") for name in ("k-means", "even grid")]
assert abs(both[0] - both[1]) < 1.5  # one curve
record("db_int4", at_four_bits("int-b per channel"))
record("db_kmeans", at_four_bits("k-means"))
record("db_grid", at_four_bits("even grid + Huffman"))
assert (
    at_four_bits("even grid + Huffman")
    > at_four_bits("k-means")
    > at_four_bits("int-b per channel")
)

# %% [markdown]
# At four bits: {db_int4:.0f} dB for int4, {db_kmeans:.0f} for k-means, {db_grid:.0f} for the even grid with Huffman. And k-means with Huffman lies on the grid's curve: once an entropy coder follows, the clever placement of values buys nothing on this layer. A codebook has few values and pays at the ends of the bell; the grid has as many as it likes, since rare ones cost nothing to speak of. So, for a *download*, quantize evenly and let the coder find the shape. For *computing*, int8 or int4 stays: words of varying length cannot be addressed.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# One network of 86,944 weights, sharing without retraining its values, one seed; with fine-tuned codebooks 16 values cost less accuracy, with larger layers the tables vanish. Nothing became faster: all of this is about bytes, and the rebuilt file runs as float32. A decoder costs time at installation or at load, which was not measured. Lesson 19 carries the same pipeline through on LeNet-5 and compares it with the paper.
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
