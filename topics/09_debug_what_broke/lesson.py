# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **find** the first layer that two runs disagree on, NaN, zeros and integers included (9A),
# - **equalize** two layers so that every channel has the same range in both and the function stays (9B),
# - **diagnose** eight broken deployments from three instruments before you touch a setting (quiz).
#
# ## Predict first

# %%
from course_lib import predict

predict(
    "at_fault",
    "Eight deployments of one network are broken after an int8 project. In how many did quantization "
    "itself damage the numbers?",
    zh="同一个网络做完 int8，有八个部署出了毛病。其中几个真的是量化把数值弄坏的？",
    unit="of 8",
)

# %% [markdown]
# ## The ward
#
# Eight patients, each planted with one bug that exists in real projects. They lie in `ward.py`, beside this lesson, and the names are in there too: do not open it yet. Beside them lies a healthy int8 file, the control. All anybody told us is the complaint.

# %%
import runpy

import numpy as np

from course_lib import Artifact, Int8, fashion_mnist, float_tflite, inspect, latency_ratio, table
from course_lib.catalog import topic
from course_lib.evaluation import predict as outputs
from course_lib.language import Say

ward = runpy.run_path(str(topic("09").folder / "ward.py"))
data, float32 = fashion_mnist(), float_tflite("baseline")
patients = ward["admit"](float32, data)
healthy = Artifact("int8", Int8(calibration=100)(float32, data).content)
patients["healthy"] = ward["Patient"](Say("none", "无"), healthy, float32, float32)


def right(answers):
    return 100 * float((answers.argmax(1) == data.y_test[: len(answers)]).mean())


def images_for(letter):
    """Return test images: fewer for the slow one."""
    return data.x_test[: 200 if patients[letter].complaint.en.startswith("slower") else 1000]


chart = {}
for letter, patient in patients.items():
    chart[letter] = {
        "app": right(patient.app(patient.file, images_for(letter))),
        "speed": latency_ratio(float32, patient.file, loads=10, runs=10)[0],
    }
table(
    [
        {
            "patient": letter,
            "complaint": patient.complaint.en,
            "accuracy in the app, %": round(chart[letter]["app"], 1),
            "kB": round(patient.file.raw_bytes / 1000, 1),
            "times as fast as float": round(chart[letter]["speed"], 2),
        }
        for letter, patient in patients.items()
    ],
    caption="Admission. Up to 1,000 test images; latency against the float file, one thread",
    name="admission",
)

# %% [markdown]
# Five of them have an accuracy problem, and "accuracy fell, retrain" would treat them alike. An error needs an address first.
#
# ## Instrument one: where does it first go wrong?
#
# Run the file and the **trained network in float** on the same 64 images, keep every intermediate tensor, and compare layer by layer. 20 dB is an error of a tenth. Errors travel, so only the first fall counts; what comes after is inherited. The healthy file is the grey line: it tells which dips are normal (the last one is: rare large logits are clipped, and nobody minds).

# %%
import matplotlib.pyplot as plt

from course_lib import show
from course_lib.evaluation import layer_errors
from course_lib.lesson import style

sample = data.x_val[:64]
LOW, TOP = 10.0, 60.0  # below LOW a layer counts as diverged
for letter, patient in patients.items():
    chart[letter]["errors"] = layer_errors(patient.original, patient.file, sample)
    chart[letter]["source"] = layer_errors(patient.original, patient.source, sample)
names = [row.layer for row in chart["healthy"]["errors"].rows]


def sqnr(letter, what="errors"):
    return np.clip([row.sqnr_db for row in chart[letter][what].rows], -5, TOP)


def cliff(ax, letter):
    ax.axhspan(-8, LOW, color="#D55E00", alpha=0.1)
    ax.plot(sqnr("healthy"), color="#999999", linewidth=3)
    ax.plot(sqnr(letter), "o-", color="#0072B2")
    ax.set_xticks(range(len(names)), names, rotation=40, fontsize=7)
    ax.set(ylim=(-8, TOP + 4), title=letter)


letters = [letter for letter in patients if letter != "healthy"]
with style():
    fig, axes = plt.subplots(2, 4, figsize=(10, 5.2), sharey=True, sharex=True)
    for ax, letter in zip(axes.flat, letters, strict=True):
        cliff(ax, letter)
    for ax in axes[:, 0]:
        ax.set_ylabel("SQNR (dB)")
    for ax in axes[1]:
        ax.set_xlabel("layer")
show(
    fig,
    alt="Eight small plots of SQNR by layer against a healthy grey line: two are low from the first layer on, one "
    "falls at the second, one at the last, four never fall.",
    caption=f"Same shapes, different diseases. Values above {TOP:.0f} dB, equality included, lie on the upper edge.",
    caption_zh=f"形状相同，病因不同。高于 {TOP:.0f} dB（含完全相等）的点画在上沿。",
)

# %% [markdown]
# Some fall at once, some late, some not at all. Where a file agrees with its network to the last bit, the complaint must have another cause. And where two curves look alike, this instrument has said all it knows.
#
# ## Instrument two: which integers are used?
#
# Start at the door. The caller encodes every pixel with the scale and the zero point that calibration chose; this is what arrives. A good range uses all integers and touches the right end rarely. Black pixels, the large bar at the left end, are left out. (A float file gets float pixels.)

# %%
from course_lib.evaluation.codec import encode
from course_lib.evaluation.graph import layers as graph_layers
from course_lib.evaluation.runtime import open_interpreter

FEW = 8


def run(letter, x=sample):
    """Return an interpreter that has run, with every tensor preserved."""
    interpreter = open_interpreter(patients[letter].file, preserve=True, allocate=False)
    entry = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(entry["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(entry["index"], encode(x, entry["dtype"], *entry["quantization"]))
    interpreter.invoke()
    return interpreter


def stored(letter, layer="input"):
    """Return the numbers that the file holds after a layer, or at the door, as (positions, channels)."""
    interpreter = run(letter)
    index = {one.label: one.output for one in graph_layers(interpreter)}
    index["input"] = interpreter.get_input_details()[0]["index"]
    values = interpreter.get_tensor(index[layer])
    return values.reshape(-1, values.shape[-1])


def limits(values):
    """Return the smallest and the largest number that can be stored; a float tensor has only seen ones."""
    whole = np.issubdtype(values.dtype, np.integer)
    return (np.iinfo(values.dtype).min, np.iinfo(values.dtype).max) if whole else (0, values.max())


def codes(ax, letter, layer="input"):
    values = stored(letter, layer)
    low, high = limits(values)
    low = min(low, values.min()) if values.dtype != np.int16 else 0  # 0 is int16's zero point
    ax.hist(values[values > values.min()], bins=32, range=(low, high), color="#0072B2")
    ax.set(yscale="log", title=f"{letter}, {values.dtype.name}", xlabel="stored value")


with style():
    fig, axes = plt.subplots(2, 4, figsize=(10, 5), sharey=True)
    for ax, letter in zip(axes.flat, letters, strict=True):
        codes(ax, letter)
    for ax in axes[:, 0]:
        ax.set_ylabel("count")
show(
    fig,
    alt="Eight histograms of the stored pixels: one patient has all of them in the lowest bin, one has all of them in the "
    "highest, the others spread over the range.",
    caption="Two patients are dead from the first layer on. One has everything at the left end, one at the right.",
    caption_zh="有两位病人从第一层起就不行了。一位全挤在左端，一位全挤在右端。",
)

# %% [markdown]
# ## Instrument three: what is in the file, and who runs it?
#
# The dullest instrument, and the first to use: read the types of the operators, count what the delegate took, weigh the file with and without gzip, and reproduce the complaint **without the app**.

# %%
from course_lib.evaluation.weights import weighted_layers


def zeros(file):
    """Return the share of weights of a float file that are exactly zero."""
    found = [weights for _, weights in weighted_layers(file)]
    return float(np.mean(np.concatenate([w.ravel() == 0 for w in found]))) if found else 0.0


def features(letter):
    """Return what the three instruments say of a patient, in numbers."""
    patient, notes = patients[letter], chart[letter]
    anatomy = inspect(patient.file)
    ops = open_interpreter(patient.file)._get_ops_details()
    door, inner = stored(letter), stored(letter, "conv2d")
    whole = np.issubdtype(door.dtype, np.integer)
    reached = inner.astype(np.float64).max(0) - inner.min()
    first, before = (notes[key].first_divergence(LOW) for key in ("errors", "source"))
    weights = [
        np.sort(np.concatenate([w.ravel() for _, w in weighted_layers(file)]))
        for file in (patient.original, patient.source)
    ]
    return {
        "app": notes["app"],
        "own run": right(outputs(patient.file, images_for(letter))),
        "scheme": anatomy.scheme,
        "delegated": any(op["op_name"] == "DELEGATE" for op in ops),
        "gzip ratio": patient.file.raw_bytes / patient.file.gzip_bytes,
        "zero weights": zeros(patient.source),
        "first fall": first and first.layer,
        "falls before quantization": before and before.layer,
        "same weights, other order": before is not None and np.array_equal(*weights),
        "levels": len(np.unique(door)) if whole else None,
        "at the limit": float(np.mean(door[door > door.min()] == limits(door)[1]))
        if whole
        else None,
        "quiet channels": float(np.mean(reached < FEW)) if whole else None,
    }


seen = {letter: features(letter) for letter in patients}
table(
    [
        {
            "patient": letter,
            "scheme": f["scheme"],
            "XNNPACK": "yes" if f["delegated"] else "no",
            "app, %": round(f["app"], 1),
            "own run, %": round(f["own run"], 1),
            "gzip": round(f["gzip ratio"], 2),
            "zeros": round(f["zero weights"], 2),
            "levels": f["levels"] if f["levels"] else "float",
            "at the limit": round(f["at the limit"], 2) if f["levels"] else "float",
            "quiet channels": round(f["quiet channels"], 2) if f["levels"] else "float",
        }
        for letter, f in seen.items()
    ],
    caption="Instruments two and three in numbers. Levels and limit: at the door; quiet channels: after the first convolution",
    name="chart",
)

# %% [markdown]
# ## Examine one patient
#
# Choose a letter and a layer. The names are still hidden.

# %%
from course_lib import playground


def sheet(patient="H", layer="conv2d_1"):
    with style():
        fig, axes = plt.subplots(1, 3, figsize=(10, 3))
        cliff(axes[0], patient)
        axes[0].set(xlabel="layer", ylabel="SQNR (dB)")
        codes(axes[1], patient, layer)
        axes[1].set(ylabel="count", title=f"after {layer}")
        values = stored(patient, layer).astype(np.float64)
        reach = np.sort((values - values.min()).max(0))[::-1]
        axes[2].bar(range(len(reach)), reach, width=1.0, color="#009E73")
        axes[2].set(xlabel="channel, sorted", ylabel="largest stored value", title="its channels")
    return fig


playground(
    sheet,
    alt="SQNR by layer, histogram of stored values and largest value per channel of one patient.",
    patient=letters,
    layer=names[:3],
)
show(
    sheet(),
    alt="Patient H: SQNR falls at the second layer; behind it a few channels use the range and the others hardly any "
    "of it.",
    caption="Patient H. The curve falls here. Is this layer guilty, or the one that feeds it?",
    caption_zh="病人 H。曲线在这里下跌。有问题的是这一层，还是喂给它数据的那一层？",
)

# %% [markdown]
# ## Your diagnoses
#
# Ten names for eight patients; two are nobody's. Decide before you scroll on.

# %%
table(
    [{"name": name, "means": say.en, "意思": say.zh} for name, say in ward["DIAGNOSES"].items()],
    caption="What it may be",
    name="names",
)
for letter in letters:
    predict(
        f"patient_{letter.lower()}",
        f"Patient {letter}, {patients[letter].complaint.en}. Your diagnosis?",
        zh=f"病人 {letter}：{patients[letter].complaint.zh}。你的诊断是？",
        choices=list(ward["DIAGNOSES"]),
    )

# %% [markdown]
# ## The procedure, as a program
#
# A diagnosis that cannot be written down is a feeling. Eight questions in a fixed order, cheap ones first; each removes one suspect. It sees what the instruments read, never the names.

# %%
from course_lib import record, reveal


def diagnose(f):
    """Name the fault from what the instruments say."""
    if abs(f["app"] - f["own run"]) > 5:
        return "caller"  # the file is fine when somebody else feeds it
    if f["falls before quantization"]:
        return "flatten order" if f["same weights, other order"] else "conversion"
    if f["scheme"] == "float32":
        return "dense zeros" if f["zero weights"] > 0.2 else "recipe missed"
    if not f["delegated"]:
        return "no kernel"
    if f["first fall"] is None:
        return "healthy"
    if f["at the limit"] > 0.5:
        return "dark calibration"  # the range is far too narrow: nearly everything is clipped
    if f["levels"] < 16:
        return "raw calibration"  # far too wide: hardly any integer is used
    return "unequal channels" if f["quiet channels"] > 0.3 else "unknown"


found = {letter: diagnose(f) for letter, f in seen.items()}
for letter in letters:
    reveal(f"patient_{letter.lower()}", ward["NAMES"][letter])
assert found.pop("healthy") == "healthy"
assert found == ward["NAMES"]
table(
    [
        {
            "patient": letter,
            "diagnosis": ward["DIAGNOSES"][name].en,
            "诊断": ward["DIAGNOSES"][name].zh,
            "first fall": seen[letter]["first fall"] or "none",
        }
        for letter, name in found.items()
    ],
    caption="What the program says, which is what the files were given",
    name="diagnoses",
)
damaged = [
    letter
    for letter, patient in patients.items()
    if layer_errors(patient.source, patient.file, sample).first_divergence(LOW)
]
record("at_fault", len(damaged))
reveal("at_fault", len(damaged))

# %% [markdown]
# Quantization damaged the numbers of {at_fault} of eight: {damaged_letters}. The other files compute what they were told to, to within int8. They were told the wrong thing, called in the wrong way, or never quantized at all, and better ranges would have helped none of them.
#
# ## Treatment, without an hour of training
#
# Every repaired file is made from weights that were there already. Same images, same app (which now asks the file for its scale).

# %%
rows, cured = [], {}
for letter in letters:
    patient = patients[letter]
    repaired = ward["treat"](letter, patient, float32, data)
    cured[letter] = right(outputs(repaired, data.x_test[:1000]))
    rows.append(
        {
            "patient": letter,
            "cause": found[letter],
            "before, %": round(seen[letter]["app"], 1),
            "after, %": round(cured[letter], 1),
            "kB before": round(patient.file.raw_bytes / 1000, 1),
            "kB after": round(repaired.raw_bytes / 1000, 1),
            "gzip kB after": round(repaired.gzip_bytes / 1000, 1),
        }
    )
table(rows, caption="Eight treatments, no training. 1,000 test images", name="treatments")
record("damaged_letters", ", ".join(damaged))
record("worst_after", min(cured.values()))
for letter, name in found.items():
    record(f"before_{name.replace(' ', '_')}", seen[letter]["app"])
record("caller_file", seen["D"]["own run"])
record("coarse_levels", seen["C"]["levels"])
record("clipped_share", 100 * seen["F"]["at the limit"])
record("slow_speed", 1 / chart["E"]["speed"])
record("unequal_first", chart["H"]["errors"].rows[0].sqnr_db)
record("unequal_second", chart["H"]["errors"].rows[1].sqnr_db)

# %% [markdown]
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Executed: the guilty layer against the lowest reading, two equal symptoms against their causes, and a perfect meter beside a failed project.

# %%
lowest = {
    letter: min(chart[letter]["errors"].rows, key=lambda row: row.sqnr_db).layer
    for letter in damaged
}
assert any(lowest[letter] != seen[letter]["first fall"] for letter in damaged)  # 1: not the worst
assert (
    chart["H"]["errors"].rows[0].sqnr_db > LOW
)  # H's fault is in the first output; the meter is content
assert seen["H"]["first fall"] == names[1]
assert seen["C"]["first fall"] == seen["F"]["first fall"] == names[0]  # 2: one symptom,
assert seen["C"]["at the limit"] < 0.1 < 0.9 < seen["F"]["at the limit"]  # two opposite causes
assert all(row.sqnr_db == np.inf for row in chart["B"]["errors"].rows)  # 3: perfect, and useless
assert seen["B"]["scheme"] == "float32"
assert (
    abs(seen["D"]["own run"] - seen["healthy"]["own run"]) < 0.01
)  # 4: this file is the healthy one
assert patients["D"].file.content == healthy.content
record("wrong_lowest", sum(lowest[letter] != seen[letter]["first fall"] for letter in damaged))
for letter in damaged:
    print(f"{letter}: first fall at {seen[letter]['first fall']}, lowest at {lowest[letter]}")

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}

# %% [markdown]
# ## Deeper
#
# Which instrument sees which bug, what a phone can count without labels, and failures before there is a file.

# %% [markdown]
# ### Which instrument sees which patient?
#
# Count a reading as abnormal when it leaves what the healthy file shows. One row an instrument. An empty cell is a bug that this instrument will never find, however often you look.

# %%
normal = seen["healthy"]
SEES = {
    "accuracy in the app": lambda f: normal["app"] - f["app"] > 5,
    "accuracy, own run": lambda f: normal["own run"] - f["own run"] > 5,
    "float file against the original": lambda f: f["falls before quantization"] is not None,
    "layer-wise SQNR": lambda f: f["first fall"] is not None,
    "histogram at the door": lambda f: (
        bool(f["levels"]) and (f["levels"] < 16 or f["at the limit"] > 0.5)
    ),
    "range of the channels": lambda f: bool(f["levels"]) and f["quiet channels"] > 0.3,
    "operator types": lambda f: f["scheme"] != normal["scheme"],
    "delegate": lambda f: not f["delegated"],
    "zeros in the weights": lambda f: f["zero weights"] > 0.2,
}
grid = np.array([[bool(test(seen[letter])) for letter in letters] for test in SEES.values()])
with style():
    fig, ax = plt.subplots(figsize=(7, 3.6))
    ax.imshow(grid, cmap="Blues", vmin=0, vmax=1.6, aspect="auto")
    ax.set_xticks(
        range(len(letters)),
        ["\n".join([letter, *found[letter].split()]) for letter in letters],
        fontsize=8,
    )
    ax.set_yticks(range(len(SEES)), list(SEES))
    ax.grid(visible=False)
    ax.set(xlabel="patient", ylabel="instrument")
show(
    fig,
    alt="Matrix of nine instruments against eight patients; each row has gaps and each column at least one mark.",
    caption="Dark: the reading is abnormal. No row is full: there is no instrument for everything.",
    caption_zh="深色表示读数异常。没有一行是满的：没有包治百病的仪表。",
)
assert grid.any(0).all()
assert not grid.all(1).any()
record("best_instrument", int(grid.sum(1).max()))

# %% [markdown]
# ### Without labels, on a device
#
# Accuracy needs labels, and a phone has none. But two of the readings above need only the file's own integers: how many levels a tensor uses, and how often it sits at its limit. Feed the *healthy* file what a broken camera would deliver.

# %%
CAMERAS = {
    "as trained": lambda x: x,
    "divided by 255 twice": lambda x: x / 255,
    "inverted": lambda x: 1 - x,
    "three times too bright": lambda x: np.minimum(3 * x, 1),
    "noise on top": lambda x: np.clip(x + np.random.default_rng(0).normal(0, 0.3, x.shape), 0, 1),
}
rows = []
for name, camera in CAMERAS.items():
    interpreter = run("healthy", camera(data.x_test[:300]).astype(np.float32))
    door = interpreter.get_tensor(interpreter.get_input_details()[0]["index"])
    logits = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    rows.append(
        {
            "camera": name,
            "levels": len(np.unique(door)),
            "at the limit, %": round(100 * float(np.mean(door == 127)), 1),
            "at the zero point, %": round(100 * float(np.mean(door == door.min())), 1),
            "accuracy, % (unknown on the device)": round(right(logits), 1),
        }
    )
table(
    rows,
    caption="The healthy int8 file behind five cameras, 300 images, its input tensor",
    name="cameras",
)

# %% [markdown]
# Three numbers counted at the input cost next to nothing, and each of these cameras would have moved at least one of them from the first day.
#
# ### Breakdowns before there is a file
#
# Some failures never reach the ward. They come from documentation and issue trackers, and from this course's own making; the lesson in brackets shows them.
#
# | symptom | cause | test |
# |---|---|---|
# | `ValueError` when pruning or wrapping | the toolkit needs Keras 2, the model is Keras 3 | `type(model).__module__` (05) |
# | training 99 %, evaluation near chance | moving averages of batch normalization have not arrived | evaluate with `training=True`: is it good? lower the momentum (05) |
# | pruned file twice as large | `strip_pruning` forgotten: masks are saved too | operators and parameters before and after (16) |
# | trained for int8, file four times too large | converted without `Optimize.DEFAULT`: float with QUANTIZE pairs | operator list (27) |
# | conversion refuses an operator | not a builtin: needs Flex, or another formulation | the operator's name in the message (12) |
# | int8 file, float inside | an operator without an int8 kernel: a float island | operator types (08, 12) |
# | accuracy differs between two phones | another delegate, another rounding | the same bytes, delegate off, layer by layer (17) |
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# Each patient has one bug; real ones have two, and the second appears when the first is gone. The thresholds of the program (16 levels, half of the pixels at the limit, 10 dB) separate *these* patients; on another network look at its own healthy file first, as we did. The trained network in float was at hand as the reference; with a third-party `.tflite` it is not. Everything ran on one x86 core: an NPU adds kernels that nobody can look into.
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
