# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **count** a convolution's parameters and multiply-accumulates, and be right to the last one (2A),
# - **predict** from MACs and bytes whether fewer bytes will make a layer faster, and by how much at most (2B),
# - **name** the axis that a technique moves and the ones it leaves alone: download, flash, memory, latency (quiz).
#
# ## Predict first
#
# "Compressed models are smaller, faster and need less memory." Put numbers on that sentence.

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "float16_memory",
    "Float16 halves the file. The peak memory while it runs on a CPU, in per cent of float32's?",
    zh="float16 让文件减半。在 CPU 上运行时的峰值内存，是 float32 的百分之几？",
    unit="%",
)
predict(
    "pruned_file",
    "Four weights of five are set to zero. How much smaller is the .tflite in flash?",
    zh="五个权重里有四个置零。闪存里的 .tflite 小了百分之几？",
    unit="%",
)
predict(
    "int4_wins",
    "int4 weights, float activations, batch 1, this CPU. Where is int4 faster than float32?",
    zh="int4 权重、浮点激活、batch 1、这颗 CPU。int4 在哪里比 float32 快？",
    choices={
        "both": Say(
            "on a small CNN and on a stack of large dense layers", "小 CNN 和大全连接层都快"
        ),
        "cnn": Say("on the CNN only", "只在 CNN 上快"),
        "dense": Say("on the dense layers only", "只在全连接层上快"),
        "neither": Say("on neither: it has to be unpacked", "都不快：还得解包"),
    },
)

# %% [markdown]
# ## Eight versions of one network
#
# Five encodings of the shipped float file, made on the spot, and two networks that had to be trained: one with 80 % zeros, one with half of the channels. Those two are committed with the command that made them (`record_variants.json`). The pruned one is stored as gzip, for a reason that you will see in a minute.

# %%
import gzip
import json

from course_lib import (
    Artifact,
    DynamicRange,
    Float16,
    Int4,
    Int8,
    Int16x8,
    fashion_mnist,
    float_tflite,
)
from course_lib.catalog import topic

data = fashion_mnist()
folder = topic("02").folder
float32 = float_tflite("baseline")
exports = (Float16(), DynamicRange(), Int8(), Int16x8(), Int4())
files = {"float32": float32} | {export.name: export(float32, data) for export in exports}
pruned = gzip.decompress((folder / "pruned80.tflite.gz").read_bytes())
files["pruned 80 %"] = Artifact("pruned 80 %", pruned)
files["half width"] = Artifact.load(folder / "half_width.tflite", "half width")

made = json.loads((folder / "record_variants.json").read_text("utf-8"))
for name, how in made["variants"].items():
    assert files[name].sha256 == how["sha256"]
    print(f"{name}: trained in {how['seconds']:.0f} s, {made['command']}")

# %% [markdown]
# Now every axis, one column each. Raw bytes lie in flash, gzip bytes travel through the air, peak memory is what a fresh process gains when it maps the file and runs it five times, and latency is batch 1 on one thread with all eight taking turns. Accuracy is the price. Int16x8 gets 1,000 images, because it would take longer than all the others together.

# %%
import numpy as np

from course_lib import Environment, measure, record, reveal, table
from course_lib.evaluation import peak_memory, race
from course_lib.evaluation.runtime import delegate_name, open_interpreter

few = (data.x_test[:1000], data.y_test[:1000])
opened = {name: open_interpreter(artifact) for name, artifact in files.items()}
times = race({name: each.invoke for name, each in opened.items()}, seconds=1.2)
rows, axes = [], {}
for name, artifact in files.items():
    report = measure(artifact, few if name == "int16x8" else data, latency=False, memory=False)
    axes[name] = {
        "download": artifact.gzip_bytes,
        "flash": artifact.raw_bytes,
        "peak memory": 1e6 * peak_memory(artifact).model_mb,
        "latency": float(np.median(times[name])),
    }
    rows.append(
        report.row()
        | {
            "images": report.images,
            "peak kB": round(axes[name]["peak memory"] / 1000),
            "median µs": round(axes[name]["latency"], 1),
            "p95 µs": round(float(np.percentile(times[name], 95)), 1),
            "threads": 1,
            "delegate": delegate_name(opened[name]),
        }
    )
table(rows, caption=f"Eight versions, every axis. {Environment.here()}", name="axes")

relative = {
    name: {axis: value / axes["float32"][axis] for axis, value in values.items()}
    for name, values in axes.items()
}
f16, zeros = relative["float16"], relative["pruned 80 %"]
record("float16_file", 100 * f16["flash"])
record("float16_memory", 100 * f16["peak memory"])
record("float16_latency", f16["latency"])
record("pruned_download", 1 / zeros["download"])
record("pruned_latency", zeros["latency"])
record("int8_flash", 1 / relative["int8"]["flash"])
record("int8_memory", 1 / relative["int8"]["peak memory"])
record("int8_speedup", 1 / relative["int8"]["latency"])
record("int16x8_slowdown", relative["int16x8"]["latency"])
record("int16x8_memory", 1 / relative["int16x8"]["peak memory"])
record("int4_flash", 1 / relative["int4"]["flash"])
record("half_speedup", 1 / relative["half width"]["latency"])
record("float_peak_ratio", axes["float32"]["peak memory"] / float32.raw_bytes)
reveal("float16_memory", 100 * f16["peak memory"])
reveal("pruned_file", 100 * (1 - zeros["flash"]))

# %% [markdown]
# Read one row at a time and ask which cells moved. Then look at the same rows as lines: a technique that did what the slogan says would run flat and low.

# %%
import matplotlib.pyplot as plt

from course_lib import show
from course_lib.lesson import style
from course_lib.lesson.figures import COLOURS

AXES = ("download", "flash", "peak memory", "latency")
with style():
    fig, ax = plt.subplots(figsize=(8, 4.6))
    for values, colour in zip(list(relative.values())[1:], COLOURS, strict=False):
        heights = [values[axis] for axis in AXES]
        ax.plot(AXES, heights, marker="o", color=colour)
    ends = {name: values["latency"] for name, values in list(relative.items())[1:]}
    # Labels that would overlap are moved apart, in logarithms.
    place = None
    for name, end in sorted(ends.items(), key=lambda item: item[1]):
        place = end if place is None else max(end, place * 1.3)
        colour = COLOURS[list(ends).index(name)]
        ax.text(3.06, place, f"{name}, {end:.2f}x", color=colour, va="center")
    ax.plot([0, 3], [1, 1], color="black", linewidth=1)
    ax.set(yscale="log", ylabel="times float32 (logarithmic)", xlabel="axis", xlim=(-0.2, 4.1))
    ax.set_yticks(
        [0.1, 0.2, 0.5, 1, 2, 5, 10, 20], ["0.1", "0.2", "0.5", "1", "2", "5", "10", "20"]
    )
    ax.minorticks_off()
show(
    fig,
    alt="Seven lines over the axes download, flash, peak memory and latency, relative to float32. No "
    "line is lowest everywhere; pruning leaves flash at 1, int16x8 rises far above 1 in latency.",
    caption="Below 1 is a gain. No line is the lowest everywhere, and the one with the least memory "
    "is the slowest.",
    caption_zh="低于 1 为改善。没有一条线处处最低；内存最省的那个，恰恰最慢。",
)

# %% [markdown]
# Four surprises in one picture.
#
# *Pruning* moves one axis. The zeros are stored like any other number and multiplied like any other number; only gzip notices them, {pruned_download:.1f}x. *Float16* halves the bytes on disk and leaves latency at {float16_latency:.2f} and memory at {float16_memory:.0f} %. *Int16x8* needs the least memory of all and is {int16x8_slowdown:.0f}x slower than float. Its weights are those of int8 and its activations twice as wide, so neither comes from the format: the delegate column says *none*, and the plain kernels that take over keep no packed copy and do not hurry. *Half width* is the odd one out: fewer numbers and less arithmetic, so everything falls.
#
# ## Why memory does not follow the file
#
# Float32 itself needs {float_peak_ratio:.1f} times its file. On 350 kB one might blame fixed costs, so repeat it where they vanish: four dense layers of 2048 x 2048, as one step of a small language model has them. They are untrained; neither bytes nor time depend on what a network has learned.

# %%
from course_lib.models import Sketch
from course_lib.techniques import quantizer


def dense_stack(batch=1, layers=4, size=2048):
    """Return a float32 network of square dense layers."""
    net = Sketch((batch, size))
    x = net.input
    for _ in range(layers):
        x = net.dense(x, size)
    return net.artifact(x)


RECIPES = {
    "float16": quantizer.FLOAT16,
    "int8": quantizer.named("dynamic_wi8_afp32"),
    "int4": quantizer.named("dynamic_wi4_afp32"),  # one scale a channel
}
stack = {"float32": dense_stack()}
for name, recipe in RECIPES.items():
    stack[name] = Artifact(name, quantizer.quantize(stack["float32"].content, recipe))
memory = {name: peak_memory(artifact).model_mb for name, artifact in stack.items()}
table(
    [
        {
            "stack of dense layers": name,
            "file MB": round(artifact.raw_bytes / 1e6, 1),
            "peak MB": round(memory[name], 1),
            "peak / file": round(1e6 * memory[name] / artifact.raw_bytes, 2),
        }
        for name, artifact in stack.items()
    ],
    caption="File and peak memory, fresh process each, XNNPACK",
    name="stack memory",
)
record("stack_float16_memory", 100 * memory["float16"] / memory["float32"])
record("stack_peak_ratio", 1e6 * memory["int8"] / stack["int8"].raw_bytes)

# %% [markdown]
# Twice the file: XNNPACK reads the weights from the mapped file and keeps a copy, packed the way its kernels like it. Int8 and int4 shrink both. Float16 is expanded to float32 on the way, so the copy is as large as ever.
#
# So peak memory = pages of the file that were touched + packed copy + arena of activations. "The model is 4 MB" answers none of the three.
#
# ## Why latency does not follow the bytes
#
# The int4 file of the CNN is the smallest of all. Is it the fastest? And on the dense stack? Memory is shared with whatever else this machine does, so here the fastest tenth of the runs counts, not the median.

# %%
from course_lib import inspect

cnn = {"float32": float32, "int8": files["dynamic range"], "int4": files["int4"]}
both = {"CNN": cnn, "dense stack": {name: stack[name] for name in cnn}}
spent = {
    shape: race({name: open_interpreter(each).invoke for name, each in group.items()}, seconds=1)
    for shape, group in both.items()
}
micro = {
    shape: {name: float(np.percentile(each, 10)) for name, each in group.items()}
    for shape, group in spent.items()
}


def traffic(artifact):
    """Return (MACs, bytes): what the file computes, and what it reads and writes once."""
    anatomy = inspect(artifact)
    operators = anatomy.subgraphs[0].operators
    return anatomy.macs, sum(op.weight_bytes + op.activation_bytes for op in operators)


rows = []
for shape, group in both.items():
    for name, artifact in group.items():
        macs, moved = traffic(artifact)
        rows.append(
            {
                "network": shape,
                "weights": name,
                "million MACs": round(macs / 1e6, 2),
                "kB moved": round(moved / 1000),
                "MACs a byte": round(macs / moved, 2),
                "µs": round(micro[shape][name], 1),
                "times faster": round(micro[shape]["float32"] / micro[shape][name], 2),
            }
        )
table(
    rows,
    caption="The same three encodings on two shapes: dynamic int8 and int4 per channel, batch 1, one "
    "thread, XNNPACK; fastest tenth of the runs",
    name="two shapes",
)
gain = {shape: group["float32"] / group["int4"] for shape, group in micro.items()}
record("int4_cnn", 1 / gain["CNN"])
record("int4_stack", gain["dense stack"])
record("int8_stack", micro["dense stack"]["float32"] / micro["dense stack"]["int8"])
fast = [shape for shape, value in gain.items() if value > 1]
reveal(
    "int4_wins",
    {2: "both", 0: "neither"}.get(len(fast), "cnn" if fast == ["CNN"] else "dense"),
)

# %% [markdown]
# Same recipe, opposite verdicts. The column *MACs a byte*, the arithmetic intensity, is what differs. Draw it against the speed that was reached, under two roofs measured on this machine: how fast it multiplies floats (the best of a large matrix product and the convolutions) and how fast it moves bytes (a copy of 128 MB).

# %%
import time

LAYERS = {
    "conv 1": ((1, 28, 28, 1), lambda net: net.conv(net.input, 32, strides=2)),
    "conv 2": ((1, 14, 14, 32), lambda net: net.conv(net.input, 64, strides=2)),
    "conv 3": ((1, 7, 7, 64), lambda net: net.conv(net.input, 64)),
    "product": ((256, 1024), lambda net: net.dense(net.input, 1024)),
}
single = {}
for name, (shape, layer) in LAYERS.items():
    net = Sketch(shape)
    single[name] = net.artifact(layer(net))
for name in ("int8", "int4"):
    single[f"conv 3, {name}"] = Artifact(
        name, quantizer.quantize(single["conv 3"].content, RECIPES[name])
    )
    single[f"dense stack, {name}"] = stack[name]
single["dense stack"] = stack["float32"]
measured = race(
    {n: open_interpreter(each).invoke for n, each in single.items()}, seconds=0.6, runs=3
)
dots = {}
for name, artifact in single.items():
    macs, moved = traffic(artifact)
    dots[name] = (macs / moved, macs / float(np.percentile(measured[name], 10)) / 1e3)

source, target = np.ones(1 << 24, np.float32), np.zeros(1 << 24, np.float32)
copies = []
for _ in range(8):
    begin = time.perf_counter()
    np.copyto(target, source)
    copies.append(2 * source.nbytes / (time.perf_counter() - begin) / 1e9)
# A roof is the best that was seen: of the product, and of the float convolutions.
peak = max(
    traffic(single[name])[0] / float(measured[name].min()) / 1e3
    for name in ("product", "conv 2", "conv 3")
)
bandwidth = max(copies)
ridge = peak / bandwidth
record("peak_gmacs", peak)
record("bandwidth", bandwidth)
record("ridge", ridge)
record("intensity_stack", dots["dense stack"][0])
record("intensity_conv", dots["conv 3"][0])

with style():
    fig, ax = plt.subplots(figsize=(8, 4.6))
    x = np.geomspace(0.1, 300, 100)
    ax.plot(x, np.minimum(peak, bandwidth * x), color="black", label="roof for float32")
    del dots["product"]  # it made the roof
    for name, (intensity, speed) in dots.items():
        colour = COLOURS[1] if "int8" in name else COLOURS[2] if "int4" in name else COLOURS[0]
        ax.plot(intensity, speed, "o", color=colour, markersize=8)
        below = name in ("conv 2", "conv 3, int4")
        ax.annotate(
            name, (intensity, speed), xytext=(0, -16 if below else 8),
            textcoords="offset points", ha="center", color=colour, fontsize=10,
        )  # fmt: skip
    for pair in ("dense stack", "conv 3"):
        for name, colour in (("int8", COLOURS[1]), ("int4", COLOURS[2])):
            ax.annotate(
                "", dots[f"{pair}, {name}"], dots[pair],
                arrowprops={"arrowstyle": "->", "color": colour, "alpha": 0.4, "shrinkB": 5},
            )  # fmt: skip
    ax.axvline(ridge, color="#999999", linestyle=":", linewidth=1)
    ax.set(
        xscale="log", yscale="log", xlabel="arithmetic intensity (MACs per byte)",
        ylabel="speed reached (GMAC/s)", ylim=(1, 800),
    )  # fmt: skip
    ax.legend(loc="lower right")
show(
    fig,
    alt="Roofline: the dense stack in float lies on the sloping memory roof, convolutions near the flat "
    "compute roof. Arrows lead to the int8 and int4 versions.",
    caption="Left of the dotted ridge fewer bytes are fewer microseconds. Right of it only faster "
    "kernels help: int8 has some for convolutions, int4 has not.",
    caption_zh="虚线脊点以左，少一个字节就少一分时间；以右，只有更快的算子实现才有用："
    "卷积有 int8 的，没有 int4 的。",
)

# %% [markdown]
# The dense stack does {intensity_stack:.2f} MACs for each byte and sits on the slope: the processor waits for weights. Fewer bytes move it up the slope, and once the int8 or int4 weights fit into the cache, over the roof for main memory as well: int8 {int8_stack:.0f}x, int4 {int4_stack:.0f}x. The convolution does {intensity_conv:.0f} and touches the flat roof. Bytes are not its problem. Int8 still wins there, because VNNI instructions raise the roof; int4 has no convolution kernel in the delegate and pays for unpacking.
#
# ## Name the constraint, then the winner
#
# Nobody needs "a smaller model". Somebody has a limit for downloads, a small flash chip, a phone with little memory, a frame rate to keep, or an NPU that takes int8 only. Choose one, say how many points of accuracy it may cost (measured on validation images, since this is a choice), and see who wins.

# %%
import ipywidgets

from course_lib import playground
from course_lib.evaluation import predict as outputs


def right_of(artifact, count):
    """Return the accuracy in % on the first validation images."""
    said = outputs(artifact, data.x_val[:count]).argmax(1)
    return 100 * float((said == data.y_val[:count]).mean())


base = {count: right_of(float32, count) for count in (1000, 5000)}
lost = {}
for name, artifact in files.items():
    count = 1000 if name == "int16x8" else 5000
    lost[name] = base[count] - right_of(artifact, count)
WISHES = {f"least {axis}": axis for axis in AXES} | {"NPU that takes static int8": "latency"}
UNIT = {"download": "kB", "flash": "kB", "peak memory": "kB", "latency": "µs"}


def allowed(name, wish, points):
    """Tell whether a version may compete: accurate enough, and of the type that the wish demands."""
    return lost[name] <= points and ("NPU" not in wish or name == "int8")


def ranking(wish, points):
    """Return the versions, those that may compete first, the best on top."""
    value = {name: values[WISHES[wish]] for name, values in axes.items()}
    return sorted(files, key=lambda name: (not allowed(name, wish, points), value[name]))


def draw(wish="least peak memory", points=1.0):
    axis = WISHES[wish]
    order = ranking(wish, points)
    scale = 1 if axis == "latency" else 1000
    with style():
        fig, ax = plt.subplots(figsize=(8, 3.4))
        for place, name in enumerate(order):
            colour = "#009E73" if place == 0 else "#0072B2"
            colour = colour if allowed(name, wish, points) else "#CCCCCC"
            ax.barh(place, axes[name][axis] / scale, color=colour)
            ax.text(
                axes[name][axis] / scale, place,
                f" {axes[name][axis] / scale:,.0f} {UNIT[axis]}, {round(-lost[name], 1) + 0.0:+.1f} points",
                va="center", fontsize=9,
            )  # fmt: skip
        ax.set_yticks(range(len(order)), order)
        ax.invert_yaxis()
        ax.set(xlabel=f"{axis} ({UNIT[axis]})", ylabel="version")
        ax.set_xlim(right=1.3 * max(values[axis] for values in axes.values()) / scale)
        ax.set_title(f"{wish}, at most {points:.1f} points lost: {order[0]}")
    return fig


playground(
    draw,
    alt="Bars of the eight versions by the chosen constraint, the winner on top, the excluded in grey.",
    wish=list(WISHES),
    points=ipywidgets.FloatSlider(1.0, min=0, max=3, step=0.1),
)
show(
    draw("least peak memory", 1.0),
    alt="Bars of peak memory: int16x8 is the lowest, int8 next, float16 is level with float32.",
    caption="The constraint is memory, so the slowest version wins. Add a latency limit and it is out.",
    caption_zh="约束是内存，于是最慢的版本胜出；再加上延迟要求，它就出局了。",
)

# %% [markdown]
# The same for every wish. Count the different names.

# %%
winners = {(wish, points): ranking(wish, points)[:2] for wish in WISHES for points in (0.5, 2.0)}
table(
    [
        {
            "constraint": wish,
            "winner, 0.5 points": winners[wish, 0.5][0],
            "winner, 2 points": winners[wish, 2.0][0],
            "second": winners[wish, 2.0][1] if "NPU" not in wish else "none",
        }
        for wish in WISHES
    ],
    caption="Who wins, by constraint and by the accuracy that may be lost (5,000 validation images)",
    name="winners",
)
record("winners", len({names[0] for names in winners.values()}))

# %% [markdown]
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Each of the three, refuted by what was just measured.

# %%
assert files["pruned 80 %"].raw_bytes == float32.raw_bytes  # not one byte smaller
assert files["pruned 80 %"].gzip_bytes < 0.4 * float32.gzip_bytes
assert files["float16"].raw_bytes < 0.52 * float32.raw_bytes
assert f16["peak memory"] > 0.8  # half the file, and nearly all of the memory
assert memory["float32"] > 1.5 * stack["float32"].raw_bytes / 1e6
smallest = min(files, key=lambda name: files[name].raw_bytes)
assert smallest == "int4"
fastest = min(axes, key=lambda name: axes[name]["latency"])
record("fastest", fastest)
print(f"smallest file: {smallest}; fastest: {fastest}; same one: {smallest == fastest}")

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# When the batch grows, and what each gain costs those who maintain it.

# %% [markdown]
# ### Batch moves the dot
#
# "You said int4 wins on dense layers. Does it in our server?" A batch uses every weight several times, so the intensity grows with it, and at some point the stack is compute-bound like a convolution.

# %%
BATCHES = (1, 4, 16, 64)
by_batch = {name: [] for name in RECIPES if name != "float16"}
for batch in BATCHES:
    group = {}
    for name in ("float32", *by_batch):
        each = open_interpreter(stack[name], allocate=False)
        each.resize_tensor_input(0, (batch, 2048))
        each.allocate_tensors()
        group[name] = each.invoke
    took = race(group, seconds=0.5, rounds=6, runs=3, warmups=2)
    for name, values in by_batch.items():
        values.append(float(np.percentile(took["float32"], 10) / np.percentile(took[name], 10)))
with style():
    fig, ax = plt.subplots(figsize=(7, 3.4))
    for (name, values), colour in zip(by_batch.items(), COLOURS[1:], strict=False):
        ax.plot(BATCHES, values, marker="o", color=colour, label=f"{name} weights")
    ax.axhline(1, color="black", linewidth=1)
    ax.set(xscale="log", yscale="log", xlabel="batch", ylabel="times faster than float32")
    ax.set_xticks(BATCHES, [str(batch) for batch in BATCHES])
    ax.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    ax.minorticks_off()
    ax.legend()
show(
    fig,
    alt="Speed-up over float32 of int8 and int4 weights against batch size: int4 falls to int8's level "
    "as the batch grows.",
    caption="The more often each byte is used, the less it matters how many there are. int4's lead "
    "over int8 shrinks; what remains over float32 is the faster kernel.",
    caption_zh="每个字节用得越多，字节多少就越不重要。int4 对 int8 的领先缩小；"
    "对 float32 剩下的优势，来自更快的算子实现。",
)
record("int4_batch_64", by_batch["int4"][-1])
record("int8_batch_64", by_batch["int8"][-1])

# %% [markdown]
# ### What each of them costs
#
# The gains have a bill. Dynamic range: no data, one command. Static int8: calibration data, an input and output contract, a test on the device. Pruning and narrowing: training data, days of experiments, a second model to maintain, and a control run (was it the technique, or the four extra epochs?). Int4: a recipe for each layer, and kernels that exist. When two versions satisfy the constraint, ship the one that the next person can rebuild.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# One server CPU with a large cache and VNNI. A phone has less of both: the ridge lies elsewhere and the winners may swap. Energy is missing here; it follows the bytes from main memory more than the arithmetic (lesson 15). Peak memory is a process with one model; an app adds its own. Asked "which phone?", say which column you would measure there first: the one that is the constraint.
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
