# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **plan** the memory of a network so that no two living tensors collide, within what the runtime itself needs (23A),
# - **count** the bytes alive at every operator of a file, and name the operator that sets the peak (23B),
# - **separate** load, allocate, first and steady inference, and say what one more thread buys (quiz).
#
# ## Predict first
#
# One small network for phones: 96 x 96 x 3 images, six blocks of 1x1, depthwise and 1x1 convolutions, a file of about 344 kB. Two questions before it is taken apart.

# %%
from course_lib import predict

predict(
    "depthwise_share",
    "Depthwise convolutions do about a tenth of this network's multiplications. "
    "Which share of the int8 file's time do they take?",
    zh="depthwise 卷积约占这个网络乘法次数的十分之一。它们占 int8 文件推理时间的百分之几？",
    unit="%",
)
predict(
    "arena_kb",
    "The float file has 344 kB. How much memory do its activations need at the same time, at most?",
    zh="浮点文件 344 kB。它的激活同一时刻最多需要多少内存？",
    unit="kB",
)

# %% [markdown]
# ## Four phases
#
# First the patient: inverted residual blocks as MobileNetV2 has them, in four encodings. It is untrained, because neither time nor memory depends on what it learned.

# %%
import numpy as np

from course_lib import Artifact, DynamicRange, Float16, inspect
from course_lib.models import Sketch
from course_lib.techniques import quantizer


def phone_net(pixels=96):
    net = Sketch((1, pixels, pixels, 3))
    x = net.conv(net.input, 16, strides=2)
    for filters, strides in ((24, 2), (24, 1), (32, 2), (32, 1), (64, 2), (64, 1)):
        channels = net.shape(x)[-1]
        y = net.depthwise(net.conv(x, 4 * channels, 1), strides=strides)
        y = net.conv(y, filters, 1, relu=False)
        x = net.add(x, y) if strides == 1 and filters == channels else y
    return net.artifact(net.dense(net.mean(net.conv(x, 128, 1)), 10, relu=False))


def static_int8(artifact):
    """Quantize with ranges from noise: they change values, not times."""
    shape = inspect(artifact.content).inputs[0].shape
    noise = np.random.default_rng(0).random((4, *shape[1:]), dtype=np.float32)
    recipe = quantizer.named("static_wi8_ai8")
    return Artifact("int8", quantizer.quantize(artifact.content, recipe, noise))


float32 = phone_net()
files = {"float32": float32, "int8": static_int8(float32)}
files |= {export.name: export(float32) for export in (Float16(), DynamicRange())}

# %% [markdown]
# "Latency" has parts with different owners. *Load* parses the file. *Allocate* lets the delegate choose its operators, repack weights and plan memory. The *first* inference touches everything for the first time. *Steady* is what benchmarks report. Every file is opened over and over, in turns.

# %%
import time

import matplotlib.pyplot as plt

from course_lib import Environment, record, show, table
from course_lib.evaluation.runtime import open_interpreter, sample_inputs
from course_lib.lesson import style

PHASES = ("load", "allocate", "first", "steady")


def phases(artifact):
    """Return the µs of one load, allocate and first inference, and of a typical later one."""
    stamps = [time.perf_counter()]
    interpreter = open_interpreter(artifact, allocate=False)
    stamps.append(time.perf_counter())
    interpreter.allocate_tensors()
    stamps.append(time.perf_counter())
    for index, value in sample_inputs(interpreter).items():
        interpreter.set_tensor(index, value)
    begin = time.perf_counter()
    interpreter.invoke()
    first, later = time.perf_counter() - begin, []
    for _ in range(8):
        begin = time.perf_counter()
        interpreter.invoke()
        later.append(time.perf_counter() - begin)
    return [1e6 * t for t in (*np.diff(stamps), first, np.median(later[3:]))]


phases(float32)  # wakes the runtime up
rounds = {name: [] for name in files}
for _ in range(20):
    for name, artifact in files.items():
        rounds[name].append(phases(artifact))
opened = {name: np.quantile(each, 0.25, axis=0) for name, each in rounds.items()}

with style():
    fig, ax = plt.subplots(figsize=(7, 2.9))
    for place, times in enumerate(opened.values()):
        left = 0.0
        for phase, value, colour in zip(
            PHASES, times, ("#999999", "#0072B2", "#E69F00", "#009E73"), strict=True
        ):
            ax.barh(place, value, left=left, color=colour, label=phase if place == 0 else None)
            left += value
    ax.set_yticks(range(len(files)), list(files))
    ax.invert_yaxis()
    ax.set(xlabel="time (µs), one thread, XNNPACK", ylabel="file")
    ax.legend(fontsize=9, ncols=4, loc="lower right", bbox_to_anchor=(1, 1))
show(
    fig,
    alt="Stacked bars of load, allocate, first and steady inference for four files of one network.",
    caption="The green piece is what benchmarks report. A process that answers once pays the "
    "three before it.",
    caption_zh="绿色那段才是跑分报告的数字。只回答一次的进程，付的是前面三段。",
)
table(
    [
        {"file": name, "bytes": files[name].raw_bytes}
        | {f"{phase} µs": round(float(t)) for phase, t in zip(PHASES, times, strict=True)}
        | {"opening = inferences": round(float(times[:2].sum() / times[3]), 1)}
        for name, times in opened.items()
    ],
    caption=f"Lower quartiles of 20 rounds in turns. {Environment.here()}",
    name="phases",
)
record("opening_float", opened["float32"][:2].sum() / opened["float32"][3])
record("opening_int8", opened["int8"][:2].sum() / opened["int8"][3])
record("steady_gain", opened["float32"][3] / opened["int8"][3])
record("dynamic_ratio", opened["dynamic range"][3] / opened["float32"][3])
record("file_kb", float32.raw_bytes / 1e3)

# %% [markdown]
# Opening costs {opening_float:.1f} steady inferences for float32 and {opening_int8:.1f} for int8: a phone that wakes up for one picture lives in the first three pieces. Int8's steady gain is {steady_gain:.1f}x, less than the arithmetic promises. And the last row is a shock: dynamic range, the easiest default, takes {dynamic_ratio:.1f} times float32's time. Both puzzles need a look inside.
#
# ## A profiler made of files
#
# The Python package has no profiler, so build one. Cut the graph after operator k, save, time; do that for every k, all files in turns. The differences between neighbours are the operators' times.

# %%
import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from course_lib import reveal
from course_lib.evaluation import race


def ready(artifact, threads=1, batch=None):
    interpreter = open_interpreter(artifact, threads=threads)
    if batch:
        shape = interpreter.get_input_details()[0]["shape"]
        interpreter.resize_tensor_input(0, (batch, *shape[1:]))
        interpreter.allocate_tensors()
    for index, value in sample_inputs(interpreter).items():
        interpreter.set_tensor(index, value)
    return interpreter


def cut_after(artifact, k):
    """Return the file with operators 0 to k, whose last result is the output."""
    model = schema.ModelT.InitFromPackedBuf(artifact.content, 0)
    graph = model.subgraphs[0]
    graph.operators = graph.operators[: k + 1]
    graph.outputs = list(graph.operators[k].outputs)
    model.signatureDefs = []
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return Artifact(f"first {k + 1}", bytes(builder.Output()))


anatomies = {name: inspect(files[name].content) for name in ("float32", "int8")}
profile = {}
for name, anatomy in anatomies.items():
    count = len(anatomy.subgraphs[0].operators)
    cuts = {str(k): ready(cut_after(files[name], k)).invoke for k in range(count)}
    times = race(cuts, seconds=1.5, runs=3, warmups=2)
    until = [float(np.quantile(times[str(k)], 0.2)) for k in range(count)]
    profile[name] = np.maximum(np.diff([0.0, *until]), 0)

operators = anatomies["float32"].subgraphs[0].operators
kinds = {
    "depthwise": [op.name == "DEPTHWISE_CONV_2D" for op in operators],
    "other convolutions": [op.name == "CONV_2D" for op in operators],
    "everything else": ["CONV_2D" not in op.name for op in operators],
}
macs = np.array([op.macs for op in operators])
spent = {n: {k: float(t[c].sum()) for k, c in kinds.items()} for n, t in profile.items()}
with style():
    fig, axes = plt.subplots(2, 1, figsize=(7.4, 4.4), sharex=True, sharey=True)
    for ax, (name, micros) in zip(axes, profile.items(), strict=True):
        for (kind, chosen), colour in zip(
            kinds.items(), ("#D55E00", "#0072B2", "#999999"), strict=True
        ):
            ax.bar(np.flatnonzero(chosen), micros[chosen], color=colour, label=kind)
        ax.set_title(f"{name}: {micros.sum():.0f} µs", fontsize=11)
    axes[0].legend(fontsize=9)
    axes[1].set_xlabel("operator, in order of execution")
    fig.supylabel("time (µs)", fontsize=11)
show(
    fig,
    alt="Time of each operator, float32 above int8. Ordinary convolutions, blue, sum to "
    f"{spent['float32']['other convolutions']:.0f} and {spent['int8']['other convolutions']:.0f} µs, "
    f"depthwise ones, red, to {spent['float32']['depthwise']:.0f} and {spent['int8']['depthwise']:.0f}.",
    caption="Compare the blue bars above and below, then the red ones: what int8 does not shrink "
    "is the next bottleneck.",
    caption_zh="上下对比蓝色，再对比红色：int8 缩不短的部分，就是下一个瓶颈。",
)
record("depthwise_macs", 100 * macs[kinds["depthwise"]].sum() / macs.sum())
record("depthwise_float", 100 * spent["float32"]["depthwise"] / profile["float32"].sum())
record("depthwise_int8", 100 * spent["int8"]["depthwise"] / profile["int8"].sum())
record("depthwise_gain", spent["float32"]["depthwise"] / spent["int8"]["depthwise"])
record(
    "convolution_gain", spent["float32"]["other convolutions"] / spent["int8"]["other convolutions"]
)
reveal("depthwise_share", 100 * spent["int8"]["depthwise"] / profile["int8"].sum())

# %% [markdown]
# {depthwise_macs:.0f} % of the multiplications, {depthwise_float:.0f} % of float's time, {depthwise_int8:.0f} % of int8's. Ordinary convolutions became {convolution_gain:.1f} times as fast, depthwise ones {depthwise_gain:.2f} times. An explanation that fits: the fast int8 instructions add up products of neighbouring channels, and a depthwise convolution has to keep its channels apart. With that the first puzzle is taken apart: a speed-up of the whole is a weighted mean of its operators' speed-ups, and the slowest-improving one takes over the bill.
#
# ## The arena
#
# Now memory. Activations live in one block, the *arena*. A tensor is born when an operator writes it and dies after its last reader; then its bytes are free for others. Each rectangle below is a tensor: from left to right the operators during which it is alive, from bottom to top the bytes that it occupies. Slide through the operators and watch who is alive.

# %%
from course_lib import playground
from course_lib.deployment import LITERT, Rules, litert_arena, plan_arena, plan_model


def arena(operator=2, alignment=64, file="float32"):
    anatomy = anatomies[file]
    plan = plan_model(anatomy, Rules(alignment=alignment, keep_inputs=True))
    names = [op.name.lower().replace("_", " ") for op in anatomy.subgraphs[0].operators]
    alive = [b for b in plan.blocks if b.first <= operator <= b.last]
    with style():
        fig, ax = plt.subplots(figsize=(7.4, 3.9))
        for block in plan.blocks:
            here = block in alive
            ax.bar(
                block.first, block.bytes / 1e3, width=block.last - block.first + 1, align="edge",
                bottom=block.offset / 1e3, edgecolor="white",
                color="#0072B2" if here else "#BBD7EA",
            )  # fmt: skip
        ax.axvspan(operator, operator + 1, color="#E69F00", alpha=0.25)
        ax.axhline(plan.total / 1e3, color="black", linewidth=1, linestyle=":")
        ax.set(xlabel="operator, in order of execution", ylabel="place in the arena (kB)")
        ax.set(xlim=(0, len(names)), ylim=(0, 900))
        size = sum(block.bytes for block in alive) / 1e3
        ax.set_title(
            f"{file}: operator {operator} ({names[operator]}), {len(alive)} tensors alive, "
            f"{size:.0f} kB;\n"
            f"arena {plan.total / 1e3:.0f} kB, without reuse {plan.naive / 1e3:.0f} kB", fontsize=11
        )  # fmt: skip
    return fig


playground(
    arena,
    alt="The arena: tensors as rectangles over operators and bytes, with those alive at one "
    "operator highlighted.",
    operator=(0, len(operators) - 1),
    alignment=[64, 16, 4096, 65536],
    file=["float32", "int8"],
)
show(
    arena(2),
    alt="Rectangles of tensors in the arena; the two largest, side by side in time around the "
    "first depthwise "
    "convolution, fill it from bottom to top, everything later needs a fraction.",
    caption="The peak belongs to one moment near the start. The other twenty operators rattle "
    "around in the space.",
    caption_zh="峰值只属于靠前的某一刻；其余二十多个算子都在空荡荡的 arena 里运行。",
)
plans = {name: plan_model(anatomy, LITERT) for name, anatomy in anatomies.items()}
real = {name: litert_arena(files[name]) for name in plans}
for name, plan in plans.items():
    assert abs(real[name].bytes - plan.total) <= 64  # the picture is what the runtime does
record("arena_kb", plans["float32"].total / 1e3)
record("arena_int8_kb", plans["int8"].total / 1e3)
record("naive_kb", plans["float32"].naive / 1e3)
record("peak_operator", int(np.argmax([op.live_bytes for op in operators])))
reveal("arena_kb", plans["float32"].total / 1e3)

# %% [markdown]
# The activations need {arena_kb:.0f} kB, the file has {file_kb:.0f}. (The band across the top is the input: LiteRT keeps it to the end.) This is what a *small* network looks like: few weights, large pictures early on. Without reuse it would be {naive_kb:.0f} kB. Int8's arena has {arena_int8_kb:.0f} kB, and on many devices that saving counts for more than the file's. The plan is no theory: the assertion compares it with the addresses at which LiteRT really placed its tensors.
#
# ## The bill for memory
#
# File, packed weights, arena: what does the operating system see? Each row runs in a fresh process and reports the peak that the model added.

# %%
from course_lib.evaluation import peak_memory

rows = []
for name in ("float32", "int8"):
    for backend, xnnpack in (("XNNPACK", True), ("built-in", False)):
        added = peak_memory(files[name], xnnpack=xnnpack).model_mb * 1e3
        parts = (files[name].raw_bytes + plans[name].total) / 1e3
        rows.append(
            {
                "file": name,
                "kernels": backend,
                "file kB": round(files[name].raw_bytes / 1e3),
                "arena kB": round(plans[name].total / 1e3),
                "file + arena kB": round(parts),
                "added at peak kB": round(added),
                "unexplained kB": round(added - parts),
            }
        )
table(rows, caption="Memory of one model in a fresh process", name="memory")
record("added_float", rows[0]["added at peak kB"] / 1e3)
record("added_int8", rows[2]["added at peak kB"] / 1e3)
record("unexplained", rows[0]["unexplained kB"])

# %% [markdown]
# Float32 with XNNPACK adds {added_float:.1f} MB, {unexplained} kB more than file and arena. Part of it is the delegate's second copy of the weights, in the order in which its kernels read them; the rest are its own buffers, the parsed graph, pages. Compare the rows with and without the delegate to see what it takes. "The model needs 344 kB" was never true of any of them.
#
# ## One more thread
#
# Threads divide the part of the work that can be divided. Amdahl: `t(n) = t(1) * (s + (1 - s) / n)`, with s the serial share. Fit s on as many threads as there are cores, then look beyond. (On two cores the curve goes through both points whatever they are: that measures s and does not test Amdahl. The test is what comes beyond.) Two readings of every count: the fastest run, when the cores happened to be free, and the median, which is what this machine gave. Blocks are long here, a hundred runs, because the scheduler needs tens of milliseconds to move a second thread to another core.

# %%
import os

cores = os.cpu_count() or 1
COUNTS = (1, 2, 3, 4)


def fit_amdahl(threads, times):
    """Return the serial share and t(1) by least squares; from one count alone, share 1."""
    design = np.stack([np.ones(len(threads)), 1 / np.asarray(threads, float)], axis=1)
    (fixed, divided), *_ = np.linalg.lstsq(design, np.asarray(times, float), rcond=None)
    if len(set(threads)) < 2:
        return 1.0, float(np.mean(times))
    return float(np.clip(fixed / (fixed + divided), 0, 1)), float(fixed + divided)


threaded = {str(n): [] for n in COUNTS}
for _ in range(5):  # new thread pools each time: where a pool settles, it stays
    pools = {str(n): ready(float32, n).invoke for n in COUNTS}
    for n, times in race(pools, seconds=0.8, rounds=3, runs=100).items():
        threaded[n] = [*threaded[n], *times]
free = np.array([np.min(threaded[str(n)]) for n in COUNTS])
usual = np.array([np.median(threaded[str(n)]) for n in COUNTS])
inside = [n for n in COUNTS if n <= max(cores, 1)]
serial, one = fit_amdahl(inside, free[: len(inside)])
with style():
    fig, ax = plt.subplots(figsize=(7, 3.4))
    smooth = np.linspace(1, 4, 50)
    ax.plot(
        smooth,
        one * (serial + (1 - serial) / smooth),
        color="#999999",
        label=f"Amdahl, s = {serial:.2f}",
    )
    ax.plot(COUNTS, free, "o", color="#0072B2", label="fastest run")
    ax.plot(COUNTS, usual, "s", color="#D55E00", label="median")
    ax.axvline(cores, color="black", linewidth=1, linestyle=":")
    ax.set(xlabel="threads (dotted: cores of this machine)", ylabel="time (µs)", ylim=(0, None))
    ax.set_xticks(COUNTS)
    ax.legend(fontsize=9)
show(
    fig,
    alt="Time against threads with Amdahl's curve: fastest runs of "
    + ", ".join(f"{t:.0f}" for t in free)
    + f" µs for 1 to 4 threads, medians of {', '.join(f'{t:.0f}' for t in usual)} µs, {cores} cores.",
    caption="Beyond the cores the curve is a wish. Between the two kinds of dots lies what a "
    "shared machine took away.",
    caption_zh="超过核数之后，曲线只是愿望。两种点之间的距离，是与别人共用机器的代价。",
)
record("cores", cores)
record("threads_free", free[0] / free[1])
record("threads_usual", usual[0] / usual[1])
record("four_to_two", free[3] / free[1])
record("serial_share", 100 * serial)

# %% [markdown]
# In the fastest run the second thread made it {threads_free:.2f} times as fast (serial share {serial_share:.0f} %), in the median {threads_usual:.2f} times. Four threads took {four_to_two:.2f} of two threads' time. A thread is a request for a core, and the benchmark does not decide whether it is granted; neither will your app. Which of the two readings do you put on the slide?
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# The first is settled by the same network on larger pictures: the same weights to the byte, another memory.

# %%
large = phone_net(192)
weights = {
    pixels: sum(w.bytes for w in inspect(artifact.content).weights)
    for pixels, artifact in ((96, float32), (192, large))
}
arenas = {96: plans["float32"].total, 192: plan_model(large, LITERT).total}
assert weights[96] == weights[192]
assert arenas[192] > 3.5 * arenas[96]
assert plans["float32"].total > float32.raw_bytes  # more than the whole file
assert plans["int8"].total * 3.9 < plans["float32"].total
for pixels in (96, 192):
    print(f"{pixels} x {pixels}: weights {weights[pixels]:,} bytes, arena {arenas[pixels]:,} bytes")
record("arena_192", arenas[192] / arenas[96])

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# The second puzzle, a planner that is not optimal, memory that the file does not show, and batches.

# %% [markdown]
# ### The second puzzle: dynamic range
#
# It took {dynamic_ratio:.1f} times float32's time. Ask the runtime how many operators the delegate took, and probe the suspect with networks of one operator.

# %%
from course_lib.evaluation.runtime import delegate_name


def alone(kind):
    """Return a dynamic-range file with one operator that has 1,152 weights or more."""
    net = Sketch((1, 14, 14, 128))
    return DynamicRange()(
        net.artifact(net.depthwise(net.input) if kind else net.conv(net.input, 32))
    )


probes = {
    "dynamic range, one convolution": alone(False),
    "dynamic range, one depthwise": alone(True),
}
delegates = {name: delegate_name(ready(artifact)) for name, artifact in (files | probes).items()}
table(
    [{"file": name, "delegate": delegate} for name, delegate in delegates.items()],
    caption="What XNNPACK takes of four encodings, and of two probes",
    name="delegates",
)
record("dynamic_delegate", delegates["dynamic range"])
record("depthwise_count", sum(kinds["depthwise"]))

# %% [markdown]
# The dynamic-range file runs as *{dynamic_delegate}*, and {depthwise_count} of its operators are depthwise. The probes name the culprit: integer weights under float activations have no depthwise kernel in the delegate. Each of these operators falls back to a slow loop, and around each of them the data leave the delegate and come back. The remedy is to keep depthwise weights in float, or to calibrate. The general lesson: profile before you believe a default.
#
# ### Is greedy by size optimal?
#
# The planner places the largest tensor first, each at the lowest free offset. On the phone network it reaches the lower bound, the most bytes that are ever alive. In general it need not, and the smallest counter-example is a chain of four tensors.

# %%
from itertools import pairwise

from course_lib.inspection.lifetimes import Lifetime

CHAIN = (3, 2, 2, 3)  # units of 64 bytes; tensor i is alive during operators i and i + 1
BEST = {0: 0, 1: 3, 2: 0, 3: 2}  # tensor -> place, found by trying
for i in (0, 1, 2):  # neighbours are alive together, and share no byte
    assert BEST[i] + CHAIN[i] <= BEST[i + 1] or BEST[i + 1] + CHAIN[i + 1] <= BEST[i]
needed = max(BEST[i] + CHAIN[i] for i in BEST)
assert needed == max(a + b for a, b in pairwise(CHAIN))  # nothing beats that

greedy = plan_arena([Lifetime(i, i, i + 1, 64 * s) for i, s in enumerate(CHAIN)], Rules(64))
ours = {block.tensor: block.offset // 64 for block in greedy.blocks}
with style():
    fig, axes = plt.subplots(1, 2, figsize=(7.4, 2.8), sharey=True)
    for ax, (label, offsets) in zip(
        axes, (("largest first", ours), ("optimal", BEST)), strict=True
    ):
        top = max(offsets[i] + CHAIN[i] for i in offsets)
        for i, colour in zip(offsets, ("#0072B2", "#E69F00", "#009E73", "#CC79A7"), strict=True):
            ax.bar(
                i,
                CHAIN[i],
                width=2,
                align="edge",
                bottom=offsets[i],
                color=colour,
                edgecolor="white",
            )
            ax.text(i + 1, offsets[i] + CHAIN[i] / 2, f"{CHAIN[i]}", ha="center", va="center")
        ax.set(xlabel="operator", title=f"{label}: {top} units", xlim=(0, 5))
    axes[0].set_ylabel("place in the arena (units)")
show(
    fig,
    alt="Two plans for four tensors of 3, 2, 2 and 3 units: largest first leaves a gap and takes "
    "7 units, the best order "
    "takes 5.",
    caption="The two large tensors take the floor, and the two small ones, alive together, have "
    "to stack above.",
    caption_zh="两个大张量先占了底层，同时存活的两个小张量只好往上摞。",
)
assert greedy.total // 64 == 7
assert needed == 5
record("greedy_excess", 100 * (greedy.total / 64 / needed - 1))

# %% [markdown]
# {greedy_excess:.0f} % too much, on four tensors. Optimal placement is NP-hard, real graphs are kinder than this one, and a planner that runs at every start must be quick. On a microcontroller, where the plan is made once, a better search is worth its minutes.
#
# ### What the file cannot tell you
#
# The course's baseline CNN has a plan too, and LiteRT's built-in kernels need far more than it says.

# %%
from course_lib import float_tflite

baseline = float_tflite("baseline")
planned, found = plan_model(baseline, LITERT), litert_arena(baseline)
table(
    [
        {"what": "planned from the file's tensors", "bytes": planned.total},
        {"what": "arena of the built-in kernels", "bytes": found.bytes},
        {"what": "of it, scratch that kernels asked for", "bytes": found.scratch},
    ],
    caption="The baseline CNN, float32, without the delegate (scratch buffers share bytes)",
    name="scratch",
)
assert found.bytes > planned.total
record("scratch_ratio", found.bytes / planned.total)

# %% [markdown]
# {scratch_ratio:.1f} times the plan. A 3x3 convolution of the built-in library unrolls its input into a matrix first (im2col), and that matrix is larger than any tensor of the file. 1x1 convolutions need no unrolling, and in the phone network only the first convolution is larger; its matrix fits beside the picture, so there the plan was exact. XNNPACK reads through pointers instead, and keeps its own workspace where no tensor address shows it. So a plan is a lower bound; the number for the data sheet comes from the device.
#
# ### Batches
#
# Throughput and latency part ways: how long does a batch take, per image, and what does it cost in memory?

# %%
BATCHES = (1, 2, 4, 8, 16)
batched = {}
for name in ("float32", "int8"):
    runs = {str(b): ready(files[name], 1, b).invoke for b in BATCHES}
    times = race(runs, seconds=1, runs=2, warmups=1)
    batched |= {(name, b): float(np.quantile(times[str(b)], 0.1)) for b in BATCHES}
table(
    [
        {
            "batch": b,
            "float32 µs": round(batched["float32", b]),
            "per image": round(batched["float32", b] / b, 1),
            "int8 µs": round(batched["int8", b]),
            "per image ": round(batched["int8", b] / b, 1),
            "float32 arena kB": round(b * plans["float32"].total / 1e3),
        }
        for b in BATCHES
    ],
    caption="One thread, XNNPACK: time of a batch, and of an image in it",
    name="batches",
)
record("batch_gain", batched["float32", 1] / (batched["float32", 16] / 16))

# %% [markdown]
# Sixteen images at once are worth a factor of {batch_gain:.2f} per float32 image here (below 1 is a loss; a likely reason is the cache, which sixteen arenas of {arena_kb:.0f} kB strain more than sixteen of {arena_int8_kb:.0f}), and the first image waits for the sixteenth. On a phone with one camera the batch is one.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# A server CPU shared with others, two cores of one kind: no big and little cores, no thermal limit after five minutes, no camera that competes for memory bandwidth. The network is untrained, which times and memory do not notice. Differences of cut files are a crude profiler: an operator that is fused with its successor is charged to the wrong one. On a device use `benchmark_model --enable_op_profiling=true` for operators, Perfetto for the whole system, and run it for minutes, on the slowest phone that you support.
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
