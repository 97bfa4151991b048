# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **read** the int4 buffer of a real file, two weights a byte, and agree with the runtime on every one (12A),
# - **build** a 2:4 mask that keeps exactly two of every four weights, and say why no kernel here rewards it (12B),
# - **find** in a file the operators that a data type makes slower, with the factor, and keep them in float (quiz).
#
# ## Predict first
#
# "Supported" is a small word for a large table. Three guesses about its cells.

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "phone_net",
    "A small network in the manner of MobileNetV3, fully int8: every operator has an int8 kernel, "
    "no float is left. Its latency on this CPU, as a multiple of float32's?",
    zh="一个 MobileNetV3 风格的小网络，全 int8：每个算子都有 int8 实现，没有一处浮点。"
    "在这颗 CPU 上，延迟是 float32 的几倍？",
    unit="x",
)
predict(
    "strict_int8",
    "The converter is told to use int8 operators only, and the model contains SIN, which has none. "
    "What happens?",
    zh="要求转换器只用 int8 算子，但模型里的 SIN 没有 int8 实现。会怎样？",
    choices={
        "error": Say("it raises an error", "抛出错误"),
        "island": Say(
            "SIN stays float, between DEQUANTIZE and QUANTIZE",
            "SIN 留在浮点，两边夹着 DEQUANTIZE 和 QUANTIZE",
        ),
        "approximate": Say("it becomes a lookup table", "变成查找表"),
    },
)
predict(
    "int2_conv",
    "A quantizer offers int2 weights for a convolution. The file loads and runs. Its outputs are",
    zh="某量化工具为卷积提供 int2 权重。文件能加载、能运行。它的输出",
    choices={
        "coarse": Say("coarse, as two bits must be", "很粗糙，两位只能如此"),
        "broken": Say("garbage, and nobody says so", "是垃圾，而且没有任何提示"),
        "refused": Say("never seen: the runtime refuses", "看不到：运行时拒绝执行"),
    },
)

# %% [markdown]
# ## Twenty operators, thirteen encodings
#
# Documentation lists what is supported. We ask the files. For each of twenty operators there is one tiny network, converted in every way that TensorFlow's converter and LiteRT Quantizer offer. Making them needs TensorFlow and a minute, so they are committed (`operators.zip`) with the command that made them and with what the tools refused, in their own words.
#
# To trust a committed file, make one again: the quantizer's half needs no TensorFlow.

# %%
import json
import zipfile

from course_lib import Artifact
from course_lib.catalog import topic
from course_lib.techniques import quantizer

folder = topic("12").folder
made = json.loads((folder / "operators.json").read_text("utf-8"))


def key(name):
    """Return (operator, encoding) of "CONV_2D/int8.tflite"."""
    return tuple(name.removesuffix(".tflite").split("/"))


with zipfile.ZipFile(folder / "operators.zip") as archive:
    files = {key(name): Artifact(name, archive.read(name)) for name in archive.namelist()}
refused = {key(name): why for name, why in made["refused"].items()}
OPERATORS = list(dict.fromkeys(op for op, _ in files))
recipe = quantizer.named("dynamic_wi4c_afp32")
again = quantizer.quantize(files["CONV_2D", "float32"].content, recipe)
assert again == files["CONV_2D", "wi4c"].content
print(len(files), "files,", len(refused), "refusals;", made["command"])
print("int16x8 SIN:", refused["SIN", "int16x8 converter"])

# %% [markdown]
# Now the probe. Four questions to each file: does the operator compute in the type that was asked for? Does the XNNPACK delegate take it, or a built-in kernel? Are the outputs those of float32, up to rounding? And how long does it take, as a multiple of float32?
#
# A name tells the encoding: `wi8` is int8 weights and float activations, quantized in each call; `stored` means stored as integers and computed as floats; `wi4c` has one scale a channel, `wi4b32` one for each block of 32; `converter` marks TensorFlow's tool in its strictest setting, the others are LiteRT Quantizer's.

# %%
import numpy as np

from course_lib import inspect, record, reveal, table
from course_lib.evaluation import predict as outputs
from course_lib.evaluation import race, sqnr_db
from course_lib.evaluation.runtime import delegate_name, open_interpreter

MODES = (
    "float32", "float16", "wi8", "wi8 converter", "wi8 stored", "int8", "int8 converter",
    "int16x8", "int16x8 converter", "wi4c", "wi4b32", "wi4 stored", "wi2c",
)  # fmt: skip
KINDS = ("delegated", "built-in", "float island", "left alone", "refused", "wrong answer")
rng = np.random.default_rng(0)
samples = {
    op: rng.uniform(-1, 1, (8, *inspect(files[op, "float32"]).inputs[0].shape[1:])).astype("f4")
    for op in OPERATORS
}
expected = {op: outputs(files[op, "float32"], samples[op], 1) for op in OPERATORS}


def probe(op, mode):
    """Return (kind, what was seen) of one operator in one encoding."""
    if (op, mode) in refused:
        why = refused[op, mode]
        return ("left alone" if "changed nothing" in why else "refused"), why
    file = files[op, mode]
    anatomy = inspect(file)
    static = mode.startswith("int")
    if mode != "float32" and not static and anatomy.scheme == "float32":
        return "left alone", "the file is float32 still"
    try:
        got = outputs(file, samples[op], 1)
        how = delegate_name(open_interpreter(file))
    except ValueError as error:
        return "refused", str(error)
    if not np.isfinite(got).all() or sqnr_db(expected[op], got) < 1:
        return "wrong answer", "loads, runs, and its outputs are not those of float32"
    [own] = [each for each in anatomy.subgraphs[0].operators if each.name == op]
    if static and own.dtype == "float32":
        return "float island", " -> ".join(each.name for each in anatomy.subgraphs[0].operators)
    return ("delegated" if how == "XNNPACK" else "built-in"), how


seen = {(op, mode): probe(op, mode) for op in OPERATORS for mode in MODES}
kind = {cell: what for cell, (what, _) in seen.items()}
runs = {cell: files[cell] for cell, what in kind.items() if what not in ("left alone", "refused")}
times = {}
for op in OPERATORS:  # an operator's encodings take turns
    group = {mode: open_interpreter(file).invoke for (o, mode), file in runs.items() if o == op}
    spent = race(group, seconds=0.05, rounds=6)
    times |= {(op, mode): float(np.percentile(each, 20)) for mode, each in spent.items()}
ratio = {(op, mode): us / times[op, "float32"] for (op, mode), us in times.items()}

table(
    [
        {"encoding": mode}
        | {what: sum(kind[op, mode] == what for op in OPERATORS) for what in KINDS}
        for mode in MODES
    ],
    caption="How many of the twenty operators end up where, XNNPACK on an x86 CPU",
    name="kinds",
)
islands = [op for op in OPERATORS if kind[op, "int8 converter"] == "float island"]
record("islands", len(islands))
record("strict16_refused", sum(kind[op, "int16x8 converter"] == "refused" for op in OPERATORS))
assert not [op for op in OPERATORS if kind[op, "int8 converter"] == "refused"]
assert not [cell for cell, what in kind.items() if "int16" in cell[1] and what == "delegated"]
reveal("strict_int8", "island" if "SIN" in islands else "error")
reveal(
    "int2_conv",
    {"wrong answer": "broken", "refused": "refused"}.get(kind["CONV_2D", "wi2c"], "coarse"),
)

# %% [markdown]
# Two strict settings of one converter, two characters. Strict int8 never raised an error: {islands} operators were left in float without a word. Strict int16x8 refused {strict16_refused} and named each. And not one int16 operator was delegated.
#
# Counting hides the interesting part. Here is every cell; the number is the time as a multiple of the same operator in float32.

# %%
import matplotlib.pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from course_lib import show
from course_lib.lesson import style

PAINT = {
    "delegated": "#8CCDB6", "built-in": "#F5D28E", "float island": "#9CC6E8",
    "left alone": "#EEEEEE", "refused": "#E8A08A", "wrong answer": "#555555",
}  # fmt: skip


def separate(ax, rows, columns):
    """Draw white lines between the cells."""
    ax.grid(visible=False)
    ax.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=1, alpha=1)
    ax.tick_params(which="minor", length=0)


def digits(value):
    """Write two digits."""
    return f"{value:.0f}" if value >= 9.5 else f"{value:.1f}"


with style():
    fig, ax = plt.subplots(figsize=(9, 7))
    grid = [[KINDS.index(kind[op, mode]) for mode in MODES] for op in OPERATORS]
    ax.imshow(
        grid, cmap=ListedColormap([PAINT[each] for each in KINDS]), vmin=0, vmax=5, aspect="auto"
    )
    for (row, op), (column, mode) in (
        (r, c) for r in enumerate(OPERATORS) for c in enumerate(MODES)
    ):
        if (op, mode) in ratio:
            slow = ratio[op, mode] > 1.5
            ax.text(
                column, row, digits(ratio[op, mode]), ha="center", va="center",
                fontsize=9, fontweight="bold" if slow else "normal",
                color="white" if kind[op, mode] == "wrong answer" else "black",
            )  # fmt: skip
    ax.set_xticks(range(len(MODES)), MODES, rotation=40, ha="right")
    ax.set_yticks(
        range(len(OPERATORS)), [op.replace("UNIDIRECTIONAL_SEQUENCE_", "") for op in OPERATORS]
    )
    separate(ax, len(OPERATORS), len(MODES))
    fig.legend(
        handles=[Patch(color=PAINT[each], label=each) for each in KINDS],
        loc="outside upper center", ncols=6, fontsize=9,
    )  # fmt: skip
show(
    fig,
    alt="Matrix of twenty operators against thirteen encodings, coloured by who runs the cell, with the "
    "time relative to float32; HARD_SWISH, L2_NORMALIZATION and LSTM in int8 are many times slower.",
    caption="Green runs in the delegate, yellow in a built-in kernel. Bold: more than 1.5 times "
    "float32's time. Support and speed are different columns.",
    caption_zh="绿色由 delegate 执行，黄色由内建实现执行。加粗：耗时超过 float32 的 1.5 倍。"
    "“支持”和“快”是两回事。",
)
assert "refused" not in {kind[op, "int8"] for op in OPERATORS}
assert kind["HARD_SWISH", "int8"] == kind["HARD_SWISH", "int8 converter"] == "built-in"
record("hard_swish_int8", ratio["HARD_SWISH", "int8"])
record("conv_int8", 1 / ratio["CONV_2D", "int8"])
record("conv_int16", ratio["CONV_2D", "int16x8"])
record("conv_wi4c", ratio["CONV_2D", "wi4c"])
record("lstm_int8", ratio["UNIDIRECTIONAL_SEQUENCE_LSTM", "int8 converter"])
record("depthwise_wi8", ratio["DEPTHWISE_CONV_2D", "wi8"])
slower = [
    cell
    for cell, value in ratio.items()
    if value > 1.5 and kind[cell] in ("delegated", "built-in") and cell[1] != "float32"
]
record("cells_slower", len(slower))
record(
    "cells_run",
    sum(what in ("delegated", "built-in") and m != "float32" for (_, m), what in kind.items()),
)

# %% [markdown]
# Read a row. `CONV_2D`: int8 is the green promise that everybody quotes, int16x8 is {conv_int16:.0f} times float's time, int4 runs in a built-in kernel. Read a column. `int8` has no red cell, and `HARD_SWISH` in it takes {hard_swish_int8:.0f} times as long as in float: there is a kernel, it is just not a fast one. {cells_slower} of {cells_run} cells that run are slower than 1.5 times float32.
#
# Pick a cell and see what stands behind it.

# %%
from course_lib import playground


def cell(operator="HARD_SWISH", encoding="int8"):
    what, why = seen[operator, encoding]
    with style():
        fig, (chain, bars) = plt.subplots(2, 1, figsize=(8, 3.4), height_ratios=(1, 1.3))
        chain.axis("off")
        boxes = []
        if (operator, encoding) in files:
            graph = inspect(files[operator, encoding]).subgraphs[0]
            boxes = [(each.name, each.dtype) for each in graph.operators]
        for place, (name, dtype) in enumerate(boxes):
            colour = {"int8": "#F5D28E", "int16": "#E8A08A"}.get(dtype, "#9CC6E8")
            chain.text(
                (place + 0.5) / len(boxes), 0.5, f"{name}\n{dtype}", ha="center", va="center",
                fontsize=9, bbox={"facecolor": colour, "edgecolor": "none", "pad": 6},
            )  # fmt: skip
        chain.set_title(f"{operator}, {encoding}: {what}")
        if not boxes:
            chain.text(0.5, 0.5, why[:110], ha="center", va="center", fontsize=9)
        us = {mode: times[operator, mode] for mode in MODES if (operator, mode) in times}
        colours = ["#0072B2" if mode == encoding else "#BBBBBB" for mode in us]
        bars.bar(range(len(us)), us.values(), color=colours)
        bars.set_xticks(range(len(us)), us, rotation=30, ha="right")
        bars.set(ylabel="µs", xlabel="encoding")
    return fig


playground(
    cell,
    alt="The operators of one file as coloured boxes, and the operator's time in every encoding as bars.",
    operator=["HARD_SWISH", *(op for op in OPERATORS if op != "HARD_SWISH")],
    encoding=["int8", *(mode for mode in MODES if mode != "int8")],
)
show(
    cell("HARD_SWISH", "int8"),
    alt="HARD_SWISH in int8: one int8 operator, and bars that show it far slower than in float32.",
    caption="One int8 operator, no island, no error. The bar is the price.",
    caption_zh="只有一个 int8 算子，没有孤岛，没有报错。柱子就是代价。",
)

# %% [markdown]
# ## What one slow cell does to a network
#
# HARD_SWISH is what MobileNetV3 puts behind its convolutions. The network with two such blocks from lesson 01 has five of them. Quantize it by the book. Then repair it with the matrix in hand: leave in float whatever int8 makes slower.

# %%
from course_lib import Environment

phone = Artifact.load(topic("01").folder / "phone_net.tflite", "float32")
images = rng.uniform(0, 1, (20, 96, 96, 3)).astype("f4")
static = quantizer.named("static_wi8_ai8")
names = {op.name for _, op in inspect(phone).operators}
suspects = sorted(op for op in names if ratio.get((op, "int8"), 0) > 1.5)
keep = [
    {"regex": ".*", "operation": op, "algorithm_key": "no_quantize", "op_config": {}}
    for op in suspects
]
nets = {
    "float32": phone,
    "int8, by the book": Artifact("int8", quantizer.quantize(phone.content, static, images)),
    "int8, suspects in float": Artifact(
        "mixed", quantizer.quantize(phone.content, [*static, *keep], images)
    ),
    "wi8": Artifact("wi8", quantizer.quantize(phone.content, quantizer.named("dynamic_wi8_afp32"))),
}
opened = {name: open_interpreter(file) for name, file in nets.items()}
spent = race({name: each.invoke for name, each in opened.items()}, seconds=0.8)
net_us = {name: float(np.percentile(each, 10)) for name, each in spent.items()}
table(
    [
        {
            "network": name,
            "raw bytes": file.raw_bytes,
            "gzip bytes": file.gzip_bytes,
            "float islands": len(inspect(file).float_islands),
            "fastest tenth µs": round(net_us[name], 1),
            "median µs": round(float(np.median(spent[name])), 1),
            "p95 µs": round(float(np.percentile(spent[name], 95)), 1),
            "times float32": round(net_us[name] / net_us["float32"], 2),
            "threads": 1,
            "delegate": delegate_name(opened[name]),
        }
        for name, file in nets.items()
    ],
    caption=f"Left in float: {', '.join(suspects)}. {Environment.here()}",
    name="phone network",
)
book, mixed = nets["int8, by the book"], nets["int8, suspects in float"]
assert not inspect(book).float_islands
assert bool(inspect(mixed).float_islands) == bool(suspects)
record("phone_int8", net_us["int8, by the book"] / net_us["float32"])
record("phone_mixed", net_us["int8, suspects in float"] / net_us["float32"])
record("phone_repair", net_us["int8, by the book"] / net_us["int8, suspects in float"])
record("phone_wi8", net_us["wi8"] / net_us["float32"])
record("phone_islands", len(inspect(mixed).float_islands))
reveal("phone_net", net_us["int8, by the book"] / net_us["float32"])

# %% [markdown]
# By the book: every operator in int8, no island, nothing to complain about in an audit of data types, and {phone_int8:.1f} times the latency of float32. With {phone_islands} islands on purpose it runs {phone_repair:.1f} times faster. "No float islands" is a rule for NPUs that cannot do float at all. On a CPU an island is a price, and sometimes it is the cheaper one.
#
# ## int4, on both shapes
#
# Int4 has the most confusing row of all, because "int4" names a storage, and four different programs run it. The same four on the convolutional baseline and on large dense layers at batch 1, the shape of language models:

# %%
from course_lib import float_tflite
from course_lib.models import Sketch

net = Sketch((1, 2048))
stack = net.artifact(net.dense(net.dense(net.input, 2048), 2048))
FOURS = {
    "wi8": "dynamic_wi8_afp32",
    "wi4c": "dynamic_wi4c_afp32",
    "wi4b32": "dynamic_wi4b32_afp32",
    "wi4 stored": "weight_only_wi4_afp32",
}
rows, gain = [], {}
for shape, base in {"CNN": float_tflite("baseline"), "dense 2048": stack}.items():
    group = {"float32": base} | {
        name: Artifact(name, quantizer.quantize(base.content, quantizer.named(recipe)))
        for name, recipe in FOURS.items()
    }
    opened = {name: open_interpreter(file) for name, file in group.items()}
    spent = race({name: each.invoke for name, each in opened.items()}, seconds=0.8)
    us = {name: float(np.percentile(each, 10)) for name, each in spent.items()}
    gain |= {(shape, name): us["float32"] / value for name, value in us.items()}
    for name, file in group.items():
        stored = {weight.dtype for weight in inspect(file).weights}
        rows.append(
            {
                "network": shape,
                "encoding": name,
                "raw bytes": file.raw_bytes,
                "weights stored as": " and ".join(sorted(stored)),
                "µs": round(us[name], 1),
                "times faster": round(gain[shape, name], 2),
                "delegate": delegate_name(opened[name]),
            }
        )
table(rows, caption="Int4 by program and by shape, batch 1, fastest tenth of runs", name="int4")
record("wi4c_cnn", 1 / gain["CNN", "wi4c"])
record("wi4c_dense", gain["dense 2048", "wi4c"])
record("wi4b32_dense", gain["dense 2048", "wi4b32"])
record("stored_dense", 1 / gain["dense 2048", "wi4 stored"])
record("wi8_dense", gain["dense 2048", "wi8"])

# %% [markdown]
# So the sentence "int4 is slow" and the sentence "int4 is fast" are both about one cell. Per channel on large dense layers: {wi4c_dense:.0f}x faster than float. The same on the CNN: {wi4c_cnn:.1f} times float's time, since no delegate takes the convolutions. Stored as int4 and computed as float: {stored_dense:.1f} times float's time, in every call the weights are unpacked. And `wi4b32` on the CNN compresses the dense layer only, because blocks exist for dense layers alone. Always say operator, shape, batch, and which of the four.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# The second myth is the dangerous one, so look at the numbers that a user would get from int2.

# %%
two_bits = outputs(files["CONV_2D", "wi2c"], samples["CONV_2D"][:1], 1)
dense_two = sqnr_db(
    expected["FULLY_CONNECTED"],
    outputs(files["FULLY_CONNECTED", "wi2c"], samples["FULLY_CONNECTED"], 1),
)
four_bits = sqnr_db(expected["CONV_2D"], outputs(files["CONV_2D", "wi4c"], samples["CONV_2D"], 1))
assert kind["CONV_2D", "wi2c"] == "wrong answer"
assert dense_two > 1  # coarse, and what was asked for
assert four_bits > 10
assert ratio["CONV_2D", "int16x8"] > ratio["CONV_2D", "int8"]
print("float32:", expected["CONV_2D"][0].ravel()[:4].round(3))
print("int2:   ", two_bits.ravel()[:4])
print(
    f"int4 convolution {four_bits:.1f} dB, int2 dense {dense_two:.1f} dB: both as coarse as they must be"
)
record("dense_int2_db", dense_two)
record("conv_int4_db", four_bits)

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# Two other runtimes, small weights, and a sparsity that nobody runs.

# %% [markdown]
# ### The third dimension: accelerators
#
# "And on a microcontroller? On an NPU?" Two more runtimes were asked about the same files, and their answers are committed (`accelerators.json`). TFLite Micro ran each file. The compiler for an Intel NPU, whose plugin is in the LiteRT wheel, partitioned each file offline: what it *claims* it would run, which says nothing about speed.

# %%
others = json.loads((folder / "accelerators.json").read_text("utf-8"))
answers = {key(name): found for name, found in others["files"].items()}
COLUMNS = ("float32", "wi8", "int8", "int16x8", "wi4c")


def verdict(op, mode, runtime):
    """Return 2 for yes, 1 for yes but slow or partly, 0 for no, None where there is no such file."""
    cell = (op, mode) if (op, mode) in answers else (op, f"{mode} converter")
    if cell not in answers:
        return None
    if runtime == "XNNPACK":
        return {"delegated": 2, "built-in": 1}.get(kind[cell], 0)
    if runtime == "TFLite Micro":
        return 2 if answers[cell]["micro"] == "runs" else 0
    return 2 if answers[cell]["npu"][0] else 0


RUNTIMES = ("XNNPACK", "TFLite Micro", "Intel NPU (claims)")
SHADES = ["#FFFFFF", "#E8A08A", "#F5D28E", "#8CCDB6"]
with style():
    fig, axes = plt.subplots(1, 3, figsize=(9, 6), sharey=True)
    for ax, runtime in zip(axes, RUNTIMES, strict=True):
        grid = [
            [-1 if (v := verdict(op, mode, runtime)) is None else v for mode in COLUMNS]
            for op in OPERATORS
        ]
        ax.imshow(grid, cmap=ListedColormap(SHADES), vmin=-1, vmax=2, aspect="auto")
        ax.set_xticks(range(len(COLUMNS)), COLUMNS, rotation=40, ha="right")
        ax.set_title(runtime)
        separate(ax, len(OPERATORS), len(COLUMNS))
    short = [op.replace("UNIDIRECTIONAL_SEQUENCE_", "") for op in OPERATORS]
    axes[0].set_yticks(range(len(OPERATORS)), short)
    labels = ("no such file", "refused or float", "built-in kernel", "yes")
    fig.legend(
        handles=[Patch(facecolor=c, edgecolor="#BBBBBB", label=t) for c, t in zip(SHADES, labels, strict=True)],
        loc="outside upper center", ncols=4, fontsize=9,
    )  # fmt: skip
show(
    fig,
    alt="Three matrices of operators against five encodings for XNNPACK, TFLite Micro and an Intel NPU's "
    "compiler: Micro refuses every wi8 and wi4c file and runs int8; the NPU claims all but LSTM.",
    caption="Dynamic range, the default on a CPU, is the one encoding that a microcontroller refuses "
    "outright. The NPU's compiler claims all but the LSTM, which Micro runs.",
    caption_zh="动态范围量化是 CPU 上的默认选择，却正是 MCU 一概拒绝的编码。"
    "NPU 编译器除 LSTM 外全部认领，而 Micro 偏偏能跑 LSTM。",
)
unclaimed = {op for (op, _), found in answers.items() if not found["npu"][0]}
assert unclaimed == {"UNIDIRECTIONAL_SEQUENCE_LSTM"}
hybrid = [op for op in OPERATORS if (op, "wi8") in answers]
assert all(answers[op, "wi8"]["micro"] != "runs" for op in hybrid)
print(others["npu"])
print("TFLite Micro on wi8:", answers["CONV_2D", "wi8"]["micro"].split(" ", 1)[1])

# %% [markdown]
# A GPU delegate was not here to ask. By its documentation it computes in float16 or float32 and accepts int8 files by dequantizing them: smaller download, same arithmetic. The Edge TPU takes static int8 only. Whatever the table of a vendor says, this probe is forty lines: run it on your device.
#
# ### The rule of 1,024
#
# The two tools disagree about small weights. The converter leaves constants under 1,024 elements in float; LiteRT Quantizer does not know that rule. The depthwise kernel in our zip has 144 weights.

# %%
table(
    [
        {
            "operator": op,
            "weights": max(w.elements for w in inspect(files[op, "float32"]).weights),
            "tool": tool,
            "result": kind[op, mode],
            "bytes": files[op, mode].raw_bytes if (op, mode) in files else None,
            "times float32": round(ratio[op, mode], 2) if (op, mode) in ratio else None,
        }
        for op in ("CONV_2D", "DEPTHWISE_CONV_2D")
        for tool, mode in (("converter", "wi8 converter"), ("LiteRT Quantizer", "wi8"))
    ],
    caption="Dynamic range by two tools",
    name="small weights",
)
assert kind["DEPTHWISE_CONV_2D", "wi8 converter"] == "left alone"
assert kind["DEPTHWISE_CONV_2D", "wi8"] == "built-in"

skip = {"regex": ".*", "operation": "DEPTHWISE_CONV_2D"}
skip |= {"algorithm_key": "no_quantize", "op_config": {}}
spared = [*quantizer.named("dynamic_wi8_afp32"), skip]
opened = {"float32": open_interpreter(phone), "wi8": open_interpreter(nets["wi8"])}
opened["spared"] = open_interpreter(Artifact("spared", quantizer.quantize(phone.content, spared)))
spent = race({name: each.invoke for name, each in opened.items()}, seconds=0.5)
us = {name: float(np.percentile(each, 10)) for name, each in spent.items()}
record("phone_spared", us["spared"] / us["float32"])
print(f"phone network, wi8: {us['wi8'] / us['float32']:.2f} times float32's time;")
print(f"the same with its depthwise layers in float: {us['spared'] / us['float32']:.2f} times")

# %% [markdown]
# Leaving it alone costs some bytes; quantizing it costs {depthwise_wi8:.1f} times the time, since XNNPACK has no such kernel and the built-in one takes over. In the phone network `wi8` takes {phone_wi8:.1f} times float's latency; with the depthwise layers left in float it takes {phone_spared:.2f} times.
#
# ### Two of four, and nobody to run it
#
# N:M sparsity keeps two of every four weights, which some GPUs run up to twice as fast. The toolkit can train it, and you will write the mask in 12B. What does this runtime do with it?

# %%
net = Sketch((1, 1024))
dense = net.artifact(net.dense(net.input, 1024), name="dense")
[matrix] = [t for t in inspect(dense).subgraphs[0].tensors if t.role == "weights"]
start, stop = matrix.span
values = np.frombuffer(dense.content[start:stop], "<f4").reshape(-1, 4)
smallest = np.argsort(np.abs(values), axis=1)[:, :2]
halved = values.copy()
np.put_along_axis(halved, smallest, 0, axis=1)
content = dense.content[:start] + halved.tobytes() + dense.content[stop:]
two_four = Artifact("2:4", content)
spent = race(
    {"dense": open_interpreter(dense).invoke, "2:4": open_interpreter(two_four).invoke}, seconds=0.5
)
record("nm_time", float(np.percentile(spent["2:4"], 10) / np.percentile(spent["dense"], 10)))
assert two_four.raw_bytes == dense.raw_bytes
table(
    [
        {
            "weights": name,
            "zeros %": round(
                100 * float(np.mean(np.frombuffer(file.content[start:stop], "<f4") == 0)), 1
            ),
            "raw bytes": file.raw_bytes,
            "gzip bytes": file.gzip_bytes,
            "µs": round(float(np.percentile(spent[name], 10))),
        }
        for name, file in {"dense": dense, "2:4": two_four}.items()
    ],
    caption="Half of the weights are gone, and the file and the clock have not noticed",
    name="two of four",
)

# %% [markdown]
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# One version of LiteRT on one x86 server CPU with VNNI. On ARM other cells may be green, and the next release may add the kernel that is missing today; that is why the matrix is a program and not a table to memorise. Operators were timed alone and small, so a cell's factor is a warning and not a forecast. The NPU column is what a compiler claims, offline; nothing ran on it. Asked "which phone?", say that you would run the same probe there with `benchmark_model` and its operator profile.
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
