# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **list** the operators that the fast kernels leave behind, 0 to n of them, from the file alone (25A),
# - **explain** a speed with two rates, bytes per second and products per second, and say which one is the limit (quiz),
# - **compute** where sums of two 8-bit products overflow 16 bits, and why 7-bit weights never do (25B).
#
# ## Predict first
#
# "Int8 makes it three times faster" leaves out three things: whose kernels, how large, in what batch. Commit yourself.

# %%
from course_lib import predict

predict(
    "plain_int8",
    "An MLP as float32 and as static int8, both with the delegate switched off. "
    "Int8's time divided by float's? (0.25 would be four times as fast.)",
    zh="同一个 MLP，float32 和静态 int8 两个文件，都关掉 delegate。"
    "int8 的耗时是 float32 的几倍？（0.25 表示快四倍。）",
    unit="x",
)
predict(
    "second_input",
    "An int4 file of two large dense layers answers one input. Now it gets a batch of two. "
    "Its time grows by which factor?",
    zh="一个 int4 文件由两个大的全连接层组成，先处理一个输入，再处理 batch 为 2 的输入。"
    "耗时变为几倍？",
    unit="x",
)

# %% [markdown]
# ## What this CPU can do
#
# A kernel is a loop around one instruction, so begin with the instructions. The middle columns count how many it takes for 64 products of float32 and of int8. Their quotient is the most that int8 *arithmetic* can gain, if every instruction costs the same.

# %%
from course_lib import Environment, table

here = Environment.here()
INSTRUCTIONS = (
    ("avx2", "AVX2", "vpmaddubsw, vpmaddwd, vpaddd", 8, 6),
    ("avx_vnni", "AVX-VNNI", "vpdpbusd, 256 bits", 8, 2),
    ("avx512f", "AVX-512", "vpmaddubsw, vpmaddwd, vpaddd", 4, 3),
    ("avx512_vnni", "AVX-512 VNNI", "vpdpbusd, 512 bits", 4, 1),
    ("asimd", "NEON", "smull, smlal, sadalp", 16, 12),
    ("asimddp", "NEON dot product", "sdot", 16, 4),
    ("i8mm", "NEON i8mm", "smmla", 16, 2),
)
table(
    [
        {
            "flag": flag,
            "means": means,
            "int8 products by": how,
            "float32": floats,
            "int8": ints,
            "at most": f"{floats / ints:.1f}x",
            "this CPU": "yes" if flag in here.flags else "no",
        }
        for flag, means, how, floats, ints in INSTRUCTIONS
    ],
    caption=f"Instructions for 64 products. Here: {here}",
    name="instructions",
)

# %% [markdown]
# Two rows of this table are what the old quarrel about int8 on x86 is about: without VNNI it can hardly win, with VNNI it can win four times over. *Can*. The instruction has to be in the kernel, and the kernel has to be called.
#
# ## Same bytes, two verdicts
#
# Two networks, five files each: the course's CNN, and an MLP of 784-512-512-10 that nobody trained, because time does not depend on what was learned.

# %%
import numpy as np

from course_lib import Artifact, DynamicRange, Float16, Int4, float_tflite, inspect, record, reveal
from course_lib.evaluation import race
from course_lib.evaluation.runtime import delegate_name, open_interpreter, sample_inputs
from course_lib.models import Sketch
from course_lib.techniques import quantizer

rng = np.random.default_rng(0)


def cnn(width):
    """The baseline's shape, width times as wide; untrained."""
    net = Sketch((1, 28, 28, 1))
    x = net.conv(net.input, round(32 * width), strides=2)
    x = net.conv(net.conv(x, round(64 * width), strides=2), round(64 * width))
    return net.artifact(net.dense(net.flatten(x), 10, relu=False))


def mlp(units):
    net = Sketch((1, 784))
    x = net.dense(net.dense(net.input, units), units)
    return net.artifact(net.dense(x, 10, relu=False))


def encodings(float32):
    """Return five files of one network. Ranges come from noise: they do not change a time."""
    shape = inspect(float32.content).inputs[0].shape
    noise = rng.random((8, *shape[1:]), dtype=np.float32)
    static = quantizer.quantize(float32.content, quantizer.named("static_wi8_ai8"), noise)
    exports = (Float16(), DynamicRange(), Int4())
    files = {export.name: export(float32) for export in exports}
    return {"float32": float32, "int8": Artifact("int8", static)} | files


networks = {"CNN": encodings(float_tflite("baseline")), "MLP": encodings(mlp(512))}

# %% [markdown]
# Each file runs twice, through XNNPACK and through LiteRT's own kernels. All of them take turns within the same seconds, so a busy neighbour slows all alike; and because neighbours only ever add time, the lower quartile of each file's runs is what gets compared. *Left* counts the operators that XNNPACK did not take.

# %%
BACKENDS = {"XNNPACK": True, "built-in": False}


def ready(artifact, xnnpack=True, batch=None):
    """Return an interpreter with its inputs set."""
    interpreter = open_interpreter(artifact, xnnpack=xnnpack)
    if batch:
        interpreter.resize_tensor_input(
            0, (batch, *interpreter.get_input_details()[0]["shape"][1:])
        )
        interpreter.allocate_tensors()
    for index, value in sample_inputs(interpreter).items():
        interpreter.set_tensor(index, value)
    return interpreter


def left(interpreter):
    """Count the operators that the delegate did not take."""
    own = [op for op in interpreter._get_ops_details() if op["op_name"] != "DELEGATE"]
    name = delegate_name(interpreter)
    if "/" in name:
        return len(own) - int(name.split()[1].split("/")[0])
    return 0 if name == "XNNPACK" else len(own)


def quiet(times):
    """Return the lower quartile of times in µs: close to a machine without neighbours."""
    return float(np.quantile(times, 0.25))


def timed(files, seconds=0.5):
    """Race every file through both backends; return {(file, backend): (time in µs, left)}."""
    runs = {
        (file, backend): ready(artifact, xnnpack)
        for file, artifact in files.items()
        for backend, xnnpack in BACKENDS.items()
    }
    times = race({key: each.invoke for key, each in runs.items()}, seconds=seconds)
    return {key: (quiet(times[key]), left(each)) for key, each in runs.items()}


found = {network: timed(files, 1.0) for network, files in networks.items()}


def against(network, file, backend, reference="float32"):
    """Return time / time of the reference file in the same backend: below 1 is faster."""
    return found[network][file, backend][0] / found[network][reference, backend][0]


table(
    [
        {
            "network": network,
            "file": file,
            "bytes": artifact.raw_bytes,
            "left": found[network][file, "XNNPACK"][1],
            "XNNPACK µs": round(found[network][file, "XNNPACK"][0], 1),
            "of float's time": round(against(network, file, "XNNPACK"), 2),
            "built-in µs": round(found[network][file, "built-in"][0], 1),
            "of float's time ": round(against(network, file, "built-in"), 2),
        }
        for network, files in networks.items()
        for file, artifact in files.items()
    ],
    caption="One thread, lower quartiles of interleaved runs. Each share is within one backend.",
    name="backends",
)
record("mlp_fast", against("MLP", "int8", "XNNPACK"))
record("mlp_plain", against("MLP", "int8", "built-in"))
record("cnn_fast", against("CNN", "int8", "XNNPACK"))
record("cnn_plain", against("CNN", "int8", "built-in"))
record("dynamic_plain", against("MLP", "dynamic range", "built-in"))
record("float16_ratio", against("CNN", "float16", "XNNPACK"))
record("int4_cnn", against("CNN", "int4", "XNNPACK"))
record("int4_cnn_to_int8", against("CNN", "int4", "XNNPACK", "int8"))
record("int4_mlp_to_int8", against("MLP", "int4", "XNNPACK", "int8"))
record("int4_left", found["CNN"]["int4", "XNNPACK"][1])
record("flags", " ".join(here.flags) or "unknown")
reveal("plain_int8", against("MLP", "int8", "built-in"))

# %% [markdown]
# Stay on the MLP's int8 row. Through XNNPACK the file takes {mlp_fast:.2f} of float's time, through the built-in kernels {mlp_plain:.2f}. Not one byte differs. The built-in library has good loops for float and for *dynamic range* ({dynamic_plain:.2f}), and for a static int8 dense layer only a plain one. Compression did not make anything fast; a kernel did, and the format decides which kernels may apply.
#
# The CNN's int4 row shows the same from the other side: XNNPACK left {int4_left} operators, its convolutions, so the time is that of the built-in kernels in both columns.
#
# ## How large must it be?
#
# Now the width. Each curve is int8's time as a share of float's, for networks from a few thousand to millions of multiplications.

# %%
import matplotlib.pyplot as plt

from course_lib import show
from course_lib.lesson import style

WIDTHS = {"CNN": (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2), "MLP": (8, 32, 128, 512, 1024)}
BUILD = {"CNN": cnn, "MLP": mlp}
sweep = {}
for network, widths in WIDTHS.items():
    for width in widths:
        drawn = encodings(BUILD[network](width))
        sweep[network, width] = (inspect(drawn["float32"].content).macs, timed(drawn, 0.35))


def share(network, width, backend, file="int8"):
    times = sweep[network, width][1]
    return times[file, backend][0] / times["float32", backend][0]


with style():
    fig, ax = plt.subplots(figsize=(7, 4.2))
    for network, marker in (("CNN", "o"), ("MLP", "s")):
        for backend, line in (("XNNPACK", "-"), ("built-in", "--")):
            ax.plot(
                [sweep[network, width][0] for width in WIDTHS[network]],
                [share(network, width, backend) for width in WIDTHS[network]],
                line, marker=marker, color="#0072B2" if network == "CNN" else "#D55E00",
                label=f"{network}, {backend}",
            )  # fmt: skip
    ax.axhline(1, color="black", linewidth=1)
    ax.set(xscale="log", yscale="log", xlabel="multiply-accumulates per inference")
    ax.set(ylabel="time of int8 / time of float32")
    ax.set_yticks([0.25, 0.5, 1, 2], ["0.25", "0.5", "1", "2"])
    ax.minorticks_off()
    ax.legend(fontsize=9)
show(
    fig,
    alt="Time of int8 relative to float32 against multiply-accumulates for a CNN and an MLP in "
    "two backends; the "
    "curves cross the line of equal speed in different places.",
    caption="Above the line the smaller file is slower. Which side you are on depends on size and "
    "backend.",
    caption_zh="横线以上，小文件反而更慢。落在哪一侧，取决于网络大小和后端。",
)
record("tiny_fast", share("CNN", 1 / 16, "XNNPACK"))
record("wide_fast", share("CNN", 2, "XNNPACK"))
record("wide_gain", 1 / share("CNN", 2, "XNNPACK"))
record("tiny_us", sweep["CNN", 1 / 16][1]["float32", "XNNPACK"][0])

# %% [markdown]
# On the left everything meets: an inference of {tiny_us:.0f} µs is mostly calls, checks and loop prologues, and int8 adds some of its own (the smallest CNN takes {tiny_fast:.2f} of float's time). On the right the arithmetic is what remains, and the kernels decide. Published speed-ups come from the right edge. Your keyword spotter lives on the left.
#
# Every file of the sweep is here to play with. The line below the bars is computed, so it also holds on your machine.

# %%
from course_lib import playground


def bars(network="MLP", size=3, backend="built-in"):
    widths = WIDTHS[network]
    width = widths[min(size, len(widths)) - 1]
    macs, times = sweep[network, width]
    labels = [file for file, each in times if each == backend]
    values = [times[file, backend][0] for file in labels]
    slower = [file for file, value in zip(labels, values, strict=True) if value > 1.05 * values[0]]
    faster = [file for file, value in zip(labels, values, strict=True) if value < 0.95 * values[0]]
    with style():
        fig, ax = plt.subplots(figsize=(7, 2.9))
        ax.barh(labels, values, color=["#999999"] + ["#0072B2"] * (len(labels) - 1))
        for place, (file, value) in enumerate(zip(labels, values, strict=True)):
            rest = times[file, "XNNPACK"][1] if backend == "XNNPACK" else 0
            note = f", {rest} operators left" if rest else ""
            ax.text(value, place, f" {value / values[0]:.2f}{note}", va="center", fontsize=10)
        ax.invert_yaxis()
        ax.set(xlim=(0, 1.35 * max(values)), ylabel="file")
        ax.set_xlabel(
            f"time (µs), and as a share of float32\n{macs:,} multiply-accumulates. "
            f"Faster: {', '.join(faster) or 'none'}. Slower: {', '.join(slower) or 'none'}."
        )
    return fig


playground(
    bars,
    alt="Times of five files of one network in one backend, with their share of float32's time.",
    network=["MLP", "CNN"],
    size=(1, 6),
    backend=["built-in", "XNNPACK"],
)
small_mlp = sweep["MLP", 128][1]
longest = max(networks["MLP"], key=lambda file: small_mlp[file, "built-in"][0])
show(
    bars("MLP", 3, "built-in"),
    alt="Bars: the times of five files of a small MLP with built-in kernels: "
    + ", ".join(f"{file} {small_mlp[file, 'built-in'][0]:.1f} µs" for file in networks["MLP"]),
    caption="A small MLP without the delegate. Most deployment guides recommend static int8; the "
    f"longest bar here is {longest}.",
    caption_zh=f"不带 delegate 的小 MLP。多数部署指南推荐静态 int8；这里最长的一条是 {longest}。",
)

# %% [markdown]
# ## Int4: one file, every verdict
#
# Int4 halves int8's weights, but no CPU here multiplies 4-bit numbers. Each weight is unpacked first. That is a loss when arithmetic is the limit and a gain when reading weights is. To see both, take two dense layers of 2048 x 2048 (as float 34 MB, the shape in which a language model writes one token) and change *only the batch*, on the loaded file.

# %%
STACK, BATCHES = 2048, (1, 2, 3, 4, 6, 8, 12, 16, 32, 64)
net = Sketch((1, STACK))
stack = net.artifact(net.dense(net.dense(net.input, STACK), STACK, relu=False))
coded = {"float32": stack, "int8": DynamicRange()(stack)}
coded |= {"int4": Int4()(stack), "int4, blocks of 32": Int4(32)(stack)}
decode = {}
for batch in BATCHES:
    runs = {file: ready(artifact, True, batch) for file, artifact in coded.items()}
    assert all(left(each) == 0 for each in runs.values())  # XNNPACK runs all of it
    times = race(
        {file: each.invoke for file, each in runs.items()}, seconds=0.25, rounds=8, warmups=2
    )
    decode |= {(file, batch): quiet(each) for file, each in times.items()}

with style():
    fig, ax = plt.subplots(figsize=(7, 4.2))
    for file, colour in zip(coded, ("#999999", "#0072B2", "#D55E00", "#E69F00"), strict=True):
        ax.plot(BATCHES, [decode[file, b] for b in BATCHES], marker="o", color=colour, label=file)
    ax.set(
        xscale="log", yscale="log", xlabel="inputs in the batch", ylabel="time of the batch (µs)"
    )
    ax.set_xticks(BATCHES, [str(b) for b in BATCHES])
    ax.minorticks_off()
    ax.legend(fontsize=9)
show(
    fig,
    alt="Time of a batch against batch size for float32, int8, int4 and int4 in blocks; int4 takes "
    + ", ".join(f"{decode['int4', b]:,.0f} µs for {b}" for b in (1, 2, 8, 64))
    + ".",
    caption="A step, then a flat piece: a kernel that computes several rows at a time is paid for all of them.",
    caption_zh="先是一级台阶，再是一段平地：算子实现一次算若干行，哪怕只有一行有用，也要为全部行付账。",
)
record("int4_batch1", decode["int4", 1] / decode["int8", 1])
record("int4_batch2", decode["int4", 2] / decode["int8", 2])
record("int4_batch64", decode["int4", 64] / decode["int8", 64])
record("blocks_batch1", decode["int4, blocks of 32", 1] / decode["int8", 1])
record("second_input", decode["int4", 2] / decode["int4", 1])
record("eighth_input", decode["int4", 8] / decode["int4", 2])
record("decode_gain", decode["float32", 1] / decode["int8", 1])
reveal("second_input", decode["int4", 2] / decode["int4", 1])

# %% [markdown]
# One input: int4 takes {int4_batch1:.2f} of int8's time. Two inputs: {int4_batch2:.2f}. Sixty-four: {int4_batch64:.2f}. On the CNN above it was {int4_cnn_to_int8:.1f}. "Is int4 faster?" has no answer without operator, shape and batch.
#
# The second input multiplied int4's time by {second_input:.1f}, and going from two to eight multiplied it by {eighth_input:.2f}. That is what two kernels look like from outside: one for a single row, and one for a tile of rows that is paid in full.
#
# Which limit is it, then? Two rates tell. Bytes of weights per second, beside what memory and caches deliver; products per second, beside what the instruction can do.

# %%
products = inspect(stack.content).macs
rates = [
    {
        "batch": batch,
        "file": file,
        "µs": round(decode[file, batch], 1),
        "weights GB/s": round(coded[file].raw_bytes / decode[file, batch] / 1e3, 1),
        "products G/s": round(batch * products / decode[file, batch] / 1e3, 1),
    }
    for batch in (1, 64)
    for file in coded
]
table(rates, caption="Two rates of one stack of dense layers, one thread, XNNPACK", name="rates")
rate = {(row["file"], row["batch"]): row for row in rates}
record("float_gbs", rate["float32", 1]["weights GB/s"])
record("int8_gbs", rate["int8", 1]["weights GB/s"])
record("int4_gbs", rate["int4", 1]["weights GB/s"])
record("float_gmacs", rate["float32", 64]["products G/s"])
record("int8_gmacs", rate["int8", 64]["products G/s"])
record("int8_mb", coded["int8"].raw_bytes / 1e6)
record("float_mb", stack.raw_bytes / 1e6)

# %% [markdown]
# At batch 1 int8 is {decode_gain:.0f} times as fast as float. Four times fewer bytes cannot do that, and neither can an instruction. Look at the bytes per second: float reads its {float_mb:.0f} MB at {float_gbs:.0f} GB/s, int8 its {int8_mb:.0f} MB at {int8_gbs:.0f} GB/s. If the second is far above the first, the smaller file has stayed in a cache that the larger one does not fit into. That is the third cause, after kernels and bytes, and it is why a speed-up measured in a tight loop may be gone in an app that uses the cache for something else.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Latencies differ by machine. The causes can be read from the files.

# %%
small, big = networks["CNN"]["int8"], networks["CNN"]["float32"]
assert big.raw_bytes > 3.5 * small.raw_bytes
assert inspect(small.content).macs == inspect(big.content).macs  # not one product fewer

half = inspect(networks["CNN"]["float16"].content)
convolutions = [op for op in half.subgraphs[0].operators if op.name == "CONV_2D"]
assert {op.dtype for op in convolutions} == {"float32"}  # stored as float16, computed as float32
print(f"float16: {len(half.unpacked)} weights expanded before use, convolutions in float32")

for name, interpreter in (
    ("CNN", ready(networks["CNN"]["int4"])),
    ("decode stack", ready(coded["int4"])),
):
    operators = [
        op["op_name"] for op in interpreter._get_ops_details() if op["op_name"] != "DELEGATE"
    ]
    print(f"int4 {name}: XNNPACK leaves {left(interpreter)} of {len(operators)} operators")

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# Which kernel ran, sums that overflow, and after how many answers opening a file has paid.

# %% [markdown]
# ### Which kernel ran?
#
# The Python package prints no kernel names, but a rate is a fingerprint. Take the widest CNN, where arithmetic is the limit, and compare int8's gain over float with the bounds of the instruction table.

# %%
macs, times = sweep["CNN", 2]
gain = times["float32", "XNNPACK"][0] / times["int8", "XNNPACK"][0]
bounds = {row[1]: row[3] / row[4] for row in INSTRUCTIONS if row[0] in here.flags}
too_slow = [name for name, bound in bounds.items() if bound < gain]
fast_enough = [name for name, bound in bounds.items() if bound >= gain]
for file in ("float32", "int8"):
    print(f"{file}: {macs / times[file, 'XNNPACK'][0] / 1e3:.0f} G products/s")
print(f"gain {gain:.1f}x; too slow for it: {', '.join(too_slow) or 'none'}")
print(f"could have done it: {', '.join(fast_enough) or 'none that this table knows'}")

# %% [markdown]
# ### The overflow that ate a bit
#
# AVX2 without VNNI has one instruction that multiplies bytes, `vpmaddubsw`: unsigned activation times signed weight, two neighbours added, **saturated to 16 bits**. ONNX Runtime's int8 kernels use it, and its documentation says so. XNNPACK's for AVX2 do not: they widen both factors to 16 bits first, which is exact and takes more instructions. Two products can reach 2 · 255 · 127 = 64,770. How often would that happen in this network? Real activations meet real weights of its last convolution; the second row halves the weights, which is the 7-bit range that some runtimes choose on such CPUs.

# %%
from course_lib import Int8, fashion_mnist

data = fashion_mnist()
quantized = Int8()(float_tflite("baseline"), data)
graph = inspect(quantized.content).subgraphs[0]
last = [op for op in graph.operators if op.name == "CONV_2D"][-1]
weights = graph.tensors[last.inputs[1]]
w = np.frombuffer(quantized.content[slice(*weights.span)], np.int8).reshape(weights.shape)
inner = open_interpreter(quantized, xnnpack=False, preserve=True)
door = inner.get_input_details()[0]
scale, zero = door["quantization"]


def patches(image):
    """Return what each output position of the last convolution sees, as unsigned bytes."""
    steps = np.clip(np.round(image[None] / scale) + zero, -128, 127)
    inner.set_tensor(door["index"], steps.astype(np.int8))
    inner.invoke()
    bytes_ = inner.get_tensor(last.inputs[0])[0].astype(np.int32) + 128  # its zero point is -128
    bytes_ = np.pad(bytes_, ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(bytes_, (3, 3), axis=(0, 1))
    return windows.transpose(0, 1, 3, 4, 2).reshape(-1, w[0].size)


seen = np.concatenate([patches(image) for image in data.x_test[:12]])
rows = []
for label, each in (("8 bits, -127 to 127", w), ("7 bits, -64 to 63", w >> 1)):
    flat, pairs, hit, largest = each.reshape(len(each), -1).astype(np.int32), 0, 0, 0
    for channel in flat:
        products = seen * channel
        sums = np.abs(products[:, 0::2] + products[:, 1::2])
        pairs, hit = pairs + np.sum(sums > 32767), hit + np.sum((sums > 32767).any(1))
        largest = max(largest, int(sums.max()))
    outputs = len(seen) * len(flat)
    rows.append(
        {
            "weights": label,
            "saturated pairs per million": round(1e6 * pairs / (outputs * flat[0].size // 2), 1),
            "outputs hit per million": round(1e6 * hit / outputs, 1),
            "largest pair": largest,
            "largest possible": 2 * 255 * int(np.abs(flat).max()),
        }
    )
table(rows, caption="Sums of two products in the last convolution, 12 test images", name="overflow")
record("overflow_pairs", rows[0]["saturated pairs per million"])
record("overflow_outputs", rows[0]["outputs hit per million"])
assert 2 * 255 * 64 <= 32767 < 2 * 255 * 127  # why one bit is enough

# %% [markdown]
# {overflow_pairs:.1f} pairs in a million, and because an output sums up 288 of them, {overflow_outputs:,.0f} outputs in a million. Nothing would crash; some outputs would be wrong by a clipped amount, on some CPUs and in some runtimes only. This is the rare bug that is reported as "int8 accuracy differs between two servers". VNNI adds four products straight into 32 bits and cannot overflow here.
#
# ### When does opening pay?
#
# XNNPACK repacks the weights when a file is opened. A process that answers once pays for that and may never get it back. Opening includes the first inference; the lines add inferences after it.

# %%
import math

CONTESTANTS = [
    ("float32", "built-in"), ("float32", "XNNPACK"), ("float16", "XNNPACK"), ("int8", "XNNPACK")
]  # fmt: skip


def opener(file, backend):
    def go():
        open_interpreter(networks["MLP"][file], xnnpack=BACKENDS[backend]).invoke()

    return go


def breakeven_runs(load_a, run_a, load_b, run_b):
    """Return after how many runs B's total is at most A's; infinity if never."""
    if load_b <= load_a and run_b <= run_a:
        return 0
    return math.inf if run_b >= run_a else max(0, math.ceil((load_b - load_a) / (run_a - run_b)))


opened = race({key: opener(*key) for key in CONTESTANTS}, seconds=1, runs=1, warmups=2)
opened = {key: quiet(each) for key, each in opened.items()}
after = np.arange(0, 41)
with style():
    fig, ax = plt.subplots(figsize=(7, 3.6))
    for key in CONTESTANTS:
        ax.plot(after, opened[key] + after * found["MLP"][key][0], label=", ".join(key))
    ax.set(xlabel="inferences after opening", ylabel="total time (µs)", ylim=(0, None))
    ax.legend(fontsize=9)
show(
    fig,
    alt="Total time against the number of inferences for four ways to run the MLP; the lines "
    "start at different "
    "heights and rise with different slopes.",
    caption="Height at the left edge: opening. Slope: the steady state. Where two lines cross, "
    "the verdict turns.",
    caption_zh="左端高度是打开文件的开销，斜率是稳态耗时；两线相交之处，结论翻转。",
)
pays = breakeven_runs(
    opened["float32", "built-in"], found["MLP"]["float32", "built-in"][0],
    opened["float32", "XNNPACK"], found["MLP"]["float32", "XNNPACK"][0],
)  # fmt: skip
record("break_even", str(pays))
record("open_float16", opened["float16", "XNNPACK"] / opened["float32", "XNNPACK"])
record("open_int8", opened["int8", "XNNPACK"] / opened["float32", "XNNPACK"])
print(f"XNNPACK has paid for its packing of float32 after {pays} inferences")

# %% [markdown]
# The folk warning is that a compressed model "needs longer to load". Int8 took {open_int8:.2f} of float32's time to open and first answer, because there is less to read and to pack; float16 took {open_float16:.2f}, because it is expanded. The direction depends on the format, like everything else here.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# One x86 server CPU with one thread, tight loops, warm caches, and the kernels of one version of LiteRT. On ARM the int8 paths differ by generation, on a GPU int8 may be turned back into float16, on an NPU float may not run at all. The decode-shaped stack has the shape of a language model's layers and none of its attention or sampling. Asked "so is int8 faster on our phone?", say which flags its cores have, what the delegate leaves, and that you would run `benchmark_model` there.
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
