# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **move** the difficulty of three outlier channels from the activations into the weights, every output unchanged (30A),
# - **round** a matrix to 4 bits with at least 20 % less output error than rounding to nearest, on the same grid (30B),
# - **tell** in gigabytes per second why int4 wins for a token and loses for a batch, and what to watch in production (quiz).
#
# ## Predict first
#
# One number, one choice.

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "same_token",
    "Three of 256 channels are 60 times as large as the others, as in real language models. Static int8, one scale "
    "per tensor: in how many of 100 cases is the top token still that of the float model?",
    zh="256 个通道里有三个比其他的大 60 倍，真实的大语言模型就是这样。静态 int8、逐张量 scale："
    "100 次里有多少次，首选 token 还和浮点模型一样？",
    unit="%",
)
predict(
    "gptq_weights",
    "GPTQ rounds weights to the same 4-bit grid as rounding to nearest, and its outputs are better. Its error in the "
    "weights themselves is",
    zh="GPTQ 与就近舍入用同样的 4 位格点，输出却更准。它在权重本身上的误差",
    choices={
        "smaller": Say("smaller, hence the better output", "更小，所以输出更准"),
        "equal": Say("equal", "相同"),
        "larger": Say("larger", "更大"),
    },
)

# %% [markdown]
# ## A block with planted outliers
#
# In trained language models a few channels of the hidden state are tens of times as large as the rest, in nearly every token (Dettmers et al. 2022, Xiao et al. 2022). We plant that spread without touching the function: a fully connected block and a head over 1,000 tokens, three channels made 60 times larger, and the weights behind them 60 times smaller, so that every output stays as it was to the last digits. (Real outliers carry much of what the model knows and meet ordinary weights. Ours carry no more than other channels do: what they share with real ones is the spread, and it is the spread that a scale sees.)

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib import Artifact, inspect, record
from course_lib.evaluation import predict as outputs
from course_lib.evaluation import sqnr_db
from course_lib.models import Sketch

WIDTH, HIDDEN, TOKENS, PLANTED = 256, 1024, 1000, [17, 90, 201]
net = Sketch((1, WIDTH), seed=0)
block = net.artifact(net.dense(net.dense(net.input, HIDDEN), TOKENS, relu=False))


def kernels(artifact):
    """Return the weight tensors in the order of the operators."""
    graph = inspect(artifact.content).subgraphs[0]
    return [graph.tensors[op.inputs[1]] for op in graph.operators]


def with_weights(*weights):
    """Return the block with other numbers in its weights: the same file, rewritten in place."""
    raw = bytearray(block.content)
    for tensor, values in zip(kernels(block), weights, strict=True):
        raw[slice(*tensor.span)] = np.ascontiguousarray(values, "<f4").tobytes()
    return Artifact("block", bytes(raw))


W1, W2 = (
    np.frombuffer(block.content[slice(*t.span)], "<f4").reshape(t.shape) for t in kernels(block)
)
rng = np.random.default_rng(0)
mixing = rng.normal(size=(WIDTH, WIDTH)) * np.arange(1, WIDTH + 1)[:, None] ** -0.5
states = rng.normal(size=(2000, WIDTH)) @ mixing  # correlated, as hidden states are
states = (states / states.std(0)).astype(np.float32)
FIRST, REST = slice(0, 200), slice(1000, 2000)  # to calibrate with, to judge with
reference = outputs(block, states[REST])


def planted(size):
    """Return activations and first weights with outliers; their product is that of before."""
    factor = np.ones(WIDTH, np.float32)
    factor[PLANTED] = size
    return states * factor, W1 / factor


def same_tokens(logits):
    """Return in how many per cent the top token is the float model's."""
    return 100 * float((logits.argmax(1) == reference.argmax(1)).mean())


X60, W60 = planted(60)
loud = outputs(with_weights(W60, W2), X60[REST])
assert same_tokens(loud) > 99.5  # the float model does not mind
print(
    f"float with outliers: {same_tokens(loud):.1f} % of the tokens as before, {sqnr_db(reference, loud):.0f} dB"
)

# %% [markdown]
# ## Per tensor, per token, smoothed
#
# Now the usual recipes, each without outliers and with them. *Static* has one scale per activation tensor, *dynamic* one per row, which is one per token. *Weight only* leaves the activations alone. *Smoothed* divides each channel of the activations by a number s and multiplies its weights by it, before static int8 (Xiao et al. 2022); in a real model the division disappears into the normalisation in front. Only the first layer is quantized; the head stays float, as it often does.

# %%
from course_lib import reveal, table
from course_lib.techniques import quantizer as road


def quantized(weights, x, name):
    """Quantize the first layer by a recipe, run the block, and return the logits."""
    content = with_weights(weights, W2).content
    scope = inspect(content).subgraphs[0]
    first = scope.tensors[scope.operators[0].outputs[0]].name
    recipe = [entry | {"regex": first} for entry in road.named(name)]
    calibration = [x[FIRST]] if name.startswith("static") else []
    return outputs(Artifact(name, road.quantize(content, recipe, *calibration)), x[REST])


def smoothed(x, w, alpha=0.5):
    """Return smoothed activations and weights (your task 30A, for channels that live)."""
    s = np.abs(x[FIRST]).max(0) ** alpha / np.abs(w).max(0) ** (1 - alpha)
    return x / s, w * s


RECIPES = {
    "static int8": ("static_wi8_ai8", False),
    "dynamic int8": ("dynamic_wi8_afp32", False),
    "weight-only int8": ("weight_only_wi8_afp32", False),
    "smoothed, static int8": ("static_wi8_ai8", True),
    "smoothed, dynamic int8": ("dynamic_wi8_afp32", True),
}
SIZES = (1, 10, 60)
found = {}
for label, (name, smooth) in RECIPES.items():
    for size in SIZES:
        x, w = planted(size)
        if smooth:
            x, w = smoothed(x, w)
        found[label, size] = quantized(w, x.astype(np.float32), name)
same = {case: same_tokens(logits) for case, logits in found.items()}
decibel = {case: sqnr_db(reference, logits) for case, logits in found.items()}
table(
    [
        {"recipe": label}
        | {f"same token %, outliers x {size}": round(same[label, size], 1) for size in SIZES}
        | {f"dB, x {size}": round(decibel[label, size], 1) for size in SIZES}
        for label in RECIPES
    ],
    caption="Agreement with the float model's top token, 1,000 hidden states; the same function in all columns",
    name="outliers",
)
names = ("static", "dynamic", "weight_only", "smoothed", "smoothed_dynamic")
for label, name in zip(RECIPES, names, strict=True):
    record(f"same_{name}_1", same[label, 1])
    record(f"same_{name}_60", same[label, 60])
record("db_smoothed_1", decibel["smoothed, static int8", 1])
record("db_smoothed_60", decibel["smoothed, static int8", 60])
reveal("same_token", same["static int8", 60], unit="%")

# %% [markdown]
# Read from top to bottom. Static int8 breaks: three channels set the step, and 253 live on what is left of it. *Dynamic* falls with it, although it has a scale per token, because the outliers are in **every** token; what differs is the channel, and a scale per channel of the activation cannot be pulled out of the sum over channels. *Weight only* falls a little: the three columns of tiny weights are rounded coarsely. And the smoothed rows hardly change from left to right. That is no luck: the scales s contain whatever we plant and divide it out again. Where nothing was planted, smoothing has nothing to win: {same_smoothed_1:.1f} % against {same_static_1:.1f} %.
#
# What you can move is who carries the difficulty. Raise alpha and the weights carry it; a larger outlier moves nothing but s. (The percentage in the title comes from a sketch in NumPy with exact ranges; the tool's ranges are smoothed over the images and clip, so the table's is lower.)

# %%
from course_lib import playground, show
from course_lib.lesson import style


def fake_int8(values, axis=None):
    """Round to 127 steps on either side, per tensor or per row."""
    step = np.abs(values).max(axis=axis, keepdims=True) / 127
    return np.rint(values / step) * step


def draw(outliers=60, alpha=0.5):
    x, w = planted(outliers)
    sx, sw = smoothed(x, w, alpha)
    hidden = np.maximum(fake_int8(sx[REST]) @ fake_int8(sw, axis=1).T, 0)
    agreed = same_tokens(fake_int8(hidden) @ W2.T)
    with style():
        fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True)
        for ax, (one, two), title in zip(
            axes, ((x, w), (sx, sw)), ("as it is", f"smoothed, alpha {alpha:g}"), strict=True
        ):
            order = np.argsort(np.abs(x).max(0))
            ax.semilogy(np.abs(one).max(0)[order], label="activation")
            ax.semilogy(np.abs(two).max(0)[order], label="weight")
            ax.set(xlabel="channel, sorted", title=title)
        axes[0].set_ylabel("largest magnitude (no unit)")
        axes[0].legend(loc="center left")
        axes[1].set_title(f"smoothed, alpha {alpha:g}: {agreed:.0f} % same tokens")
    return fig


playground(
    draw,
    alt="Largest magnitude per channel of activations and weights, before and after smoothing.",
    outliers=[1, 10, 60, 300],
    alpha=(0.0, 1.0, 0.1),
)
show(
    draw(60, 0.5),
    alt="Left: the activations' channel maxima end in a spike of three channels, the weights' in a dip. Right, after "
    "smoothing with alpha one half, both curves coincide.",
    caption="At alpha 0.5 both sides meet in every channel: the spike and the dip cancel.",
    caption_zh="alpha 取 0.5 时，两边在每个通道上重合：尖峰与低谷相互抵消。",
)

# %% [markdown]
# ## Four bits: minimise the right thing
#
# Language models often leave the activations in float and press the weights to 4 bits. Rounding each weight to its nearest grid point is optimal for the weights. But nobody looks at weights; what counts is the output, a sum over channels that are correlated. GPTQ (Frantar et al. 2022) rounds column after column and lets the columns to come absorb the error that was just made. It is your task 30B; here we only use it.

# %%
from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace

gptq = solution_namespace(topic("30"))["gptq"]


def nearest(w, bits=4, group=None):
    """Round to nearest with one scale per row, or per group of values in a row."""
    parts = w.reshape(len(w), -1, group or w.shape[1])
    step = np.abs(parts).max(2, keepdims=True) / (2 ** (bits - 1) - 1)
    return (step * np.rint(parts / step)).reshape(w.shape)


def weight_and_output_error(w, rounded, x):
    """Return the squared error of the weights and that of the outputs."""
    return float(np.square(w - rounded).sum()), float(np.square(x @ (w - rounded).T).sum())


hidden = np.maximum(states[:1000] @ W1.T, 0)
by_gptq = gptq(W1, states[:1000]), gptq(W2, hidden)
ratios = []
for w, rounded, x in zip(
    (W1, W2), by_gptq, (states[REST], np.maximum(states[REST] @ W1.T, 0)), strict=True
):
    pairs = zip(
        weight_and_output_error(w, rounded, x),
        weight_and_output_error(w, nearest(w), x),
        strict=True,
    )
    ratios.append([ours / plain for ours, plain in pairs])
record("gptq_weight_ratio", ratios[0][0])
record("gptq_output_ratio", ratios[0][1])
ways = {
    "nearest, scale per row": (nearest(W1), nearest(W2)),
    "GPTQ, the same grid": by_gptq,
    "nearest, blocks of 32": (nearest(W1, group=32), nearest(W2, group=32)),
}
four = {way: outputs(with_weights(*weights), states[REST]) for way, weights in ways.items()}
for way, name in zip(ways, ("nearest", "gptq", "blocks"), strict=True):
    record(f"four_{name}", same_tokens(four[way]))
table(
    [
        {
            "4-bit weights": way,
            "bits per weight": 4.5 if "32" in way else 4 + 16 / WIDTH,
            "same token %": round(same_tokens(logits), 1),
            "dB": round(sqnr_db(reference, logits), 1),
        }
        for way, logits in four.items()
    ],
    caption="Three ways to 4 bits, float activations. A scale takes 16 bits; per-row bits for the first layer",
    name="four bits",
)
reveal(
    "gptq_weights",
    "larger" if ratios[0][0] > 1.001 else "smaller" if ratios[0][0] < 0.999 else "equal",
)

# %% [markdown]
# Worse weights, better outputs. How much better depends on one thing, how much the channels repeat each other. So we turn that knob alone: the same weights, inputs from independent to nearly identical neighbours.

# %%
RHO = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
curve = []
for rho in RHO:
    generator = np.random.default_rng(5)
    along = rho ** np.abs(np.subtract.outer(np.arange(64), np.arange(64)))
    x = generator.normal(size=(600, 64)) @ np.linalg.cholesky(along).T
    w = generator.normal(size=(64, 64))
    pairs = zip(
        weight_and_output_error(w, gptq(w, x), x),
        weight_and_output_error(w, nearest(w), x),
        strict=True,
    )
    curve.append([ours / plain for ours, plain in pairs])
record("gptq_ratio_independent", curve[0][1])
record("gptq_ratio_correlated", curve[-2][1])
with style():
    fig, ax = plt.subplots(figsize=(7, 3.4))
    ax.plot(RHO, [c[0] for c in curve], "o-", label="error of the weights")
    ax.plot(RHO, [c[1] for c in curve], "s-", label="error of the output")
    ax.axhline(1, color="#000000", linewidth=1)
    ax.set(
        xlabel="correlation of neighbouring inputs",
        ylabel="GPTQ over rounding to nearest",
        ylim=(0, None),
    )
    ax.legend(loc="upper left")
show(
    fig,
    alt="Two curves that start near 1 for independent inputs: the weight error rises above 1, the output error falls "
    "far below, as the correlation grows.",
    caption="The scissors of GPTQ: it pays in weights and is repaid in outputs, and only where inputs are correlated.",
    caption_zh="GPTQ 的剪刀差：在权重上付出，在输出上收回，而且只有输入相关时才有得收。",
)

# %% [markdown]
# ## Why int4 is the language model's format
#
# The course's other lessons show int4 losing against int8 on a CNN. On a decoding language model it wins, and one division says why. These are recorded runs (`python benchmarks/int4_shapes.py --write`): eight fully connected layers of 3072 x 3072. Divide the bytes of the file by the time of one run.

# %%
import pandas as pd

from course_lib.home import course_root

record_path = course_root() / "benchmarks" / "int4_shapes.csv"
print(record_path.read_text("utf-8").splitlines()[0].removeprefix("# "))
shapes = pd.read_csv(record_path, comment="#")
dense = shapes[shapes["shape"].str.contains("dense")].assign(
    rate=lambda t: t.bytes / t.median_us / 1000
)
labels = {
    "float32": "float32",
    "dynamic_wi8_afp32": "int8",
    "dynamic_wi4c_afp32": "int4,\nper channel",
    "dynamic_wi4b32_afp32": "int4,\nblocks of 32",
    "weight_only_wi4_afp32": "int4,\nweight only",
}
rate = {(row.batch, row.encoding): row.rate for row in dense.itertuples()}
took = {(row.batch, row.encoding): row.median_us for row in dense.itertuples()}
with style():
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), sharey=True)
    for ax, batch in zip(axes, (1, 64), strict=True):
        bars = ax.bar(list(labels.values()), [rate[batch, e] for e in labels], color="#56B4E9")
        for bar, encoding in zip(bars, labels, strict=True):
            text = f"{took[batch, encoding] / 1000:.1f} ms"
            ax.annotate(
                text,
                (bar.get_x() + bar.get_width() / 2, bar.get_height()),
                ha="center",
                va="bottom",
                fontsize=9,
            )
        ax.set(xlabel="encoding", title=f"batch {batch}")
        ax.tick_params(axis="x", labelsize=8)
    axes[0].set_ylabel("weights read (GB/s)")
show(
    fig,
    alt="Gigabytes of weights per second: at batch 1 float32, int8 and both int4 reach nearly the same rate; at batch 64 all are far below.",
    caption="Batch 1: four encodings, nearly one rate. The memory bus is the limit, so bytes are time. Batch 64: it is not.",
    caption_zh="batch 为 1：几种编码速率几乎相同。瓶颈是内存总线，字节就是时间。batch 为 64：不再如此。",
)
EXECUTED = ("float32", "dynamic_wi8_afp32", "dynamic_wi4c_afp32", "dynamic_wi4b32_afp32")
record("decode_rate_low", min(rate[1, e] for e in EXECUTED))
record("decode_rate_high", max(rate[1, e] for e in EXECUTED))
record("decode_int4_over_int8", took[1, "dynamic_wi8_afp32"] / took[1, "dynamic_wi4c_afp32"])
record("batch_int4_over_int8", took[64, "dynamic_wi8_afp32"] / took[64, "dynamic_wi4c_afp32"])
record("batch_blocks_over_int8", took[64, "dynamic_wi8_afp32"] / took[64, "dynamic_wi4b32_afp32"])
cnn = (
    shapes[shapes["shape"].str.contains("CNN") & (shapes["batch"] == 1)]
    .set_index("encoding")
    .median_us
)
record("cnn_int4_over_int8", float(cnn["dynamic_wi8_afp32"] / cnn["dynamic_wi4c_afp32"]))
record("weight_only_over_float", took[1, "float32"] / took[1, "weight_only_wi4_afp32"])

# %% [markdown]
# At batch 1 each weight is fetched for one multiplication: {decode_rate_low:.0f} to {decode_rate_high:.0f} GB/s for all four encodings that a kernel computes with as they are stored. Half the bytes is half the time, and that is decoding: one token, all weights. At batch 64 a weight that was fetched is used 64 times, arithmetic decides, and int4 per channel is {batch_int4_over_int8:.2f} times as fast as int8, in blocks {batch_blocks_over_int8:.2f}. That is prefill: the prompt's tokens come together. The CNN's weights stay in the cache, so it is always in the second case: {cnn_int4_over_int8:.2f}. And *weight only* as this runtime executes it expands to float first: {weight_only_over_float:.2f} times float's speed. The name means something else in the papers, where the kernel unpacks as it reads.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Each claim against the numbers above.

# %%
static, smooth = same["static int8", 60], same["smoothed, static int8", 60]
assert static < same["static int8", 1] - 5  # same function, same recipe, other numbers inside
assert smooth > static + 5
weight_ratio, output_ratio = ratios[0]
assert weight_ratio > 1 > output_ratio  # worse weights, better output
print(
    f"int8 is int8? {same['static int8', 1]:.0f} % without outliers, {static:.0f} % with, {smooth:.0f} % smoothed"
)
print(f"GPTQ over nearest, first layer: weights {weight_ratio:.2f}, output {output_ratio:.2f}")

# %% [markdown]
# ## After the launch: a drift alarm
#
# The last challenge comes when everybody has gone home. A camera's firmware is updated, images get darker, the static ranges and the network were made for others. Nobody sends labels from production, so accuracy is invisible there. The inputs are not: compare the histogram of a cheap feature with that of release day, by the population stability index, PSI = Σ (p − q) ln(p / q). Above 0.2 is the usual alarm. Forty days, 300 images each; the update arrives on day 20 and is rolled out over ten days.

# %%
from course_lib import Int8, fashion_mnist, float_tflite

data = fashion_mnist()
int8 = Int8()(float_tflite("baseline"), data)
edges = np.quantile(data.x_val.mean((1, 2, 3)), np.linspace(0, 1, 11)[1:-1])


def shares(images):
    """Return the share of images in each of ten brightness bins, none of them empty."""
    counts = np.bincount(np.searchsorted(edges, images.mean((1, 2, 3))), minlength=10) + 0.5
    return counts / counts.sum()


def psi(images):
    """Return the population stability index against the validation images."""
    p, q = shares(images), shares(data.x_val)
    return float(np.sum((p - q) * np.log(p / q)))


DAYS, UPDATE, ALARM = 40, 20, 0.2


def gamma(day):
    """Return the exponent of a day: above 1 it makes images darker, and black stays black."""
    return np.float32(1 + 0.25 * np.clip(day - UPDATE, 0, 10))


def accuracy_on(day):
    """Return the accuracy in % on 2,000 images of that day: what labels would tell."""
    logits = outputs(int8, data.x_test[:2000] ** gamma(day))
    return 100 * float((logits.argmax(1) == data.y_test[:2000]).mean())


generator = np.random.default_rng(7)
index, right, small = [], [], []
for day in range(DAYS):
    chosen = generator.choice(len(data.x_test), 300, replace=False)
    seen = data.x_test[chosen] ** gamma(day)
    index.append(psi(seen))
    small.append(psi(seen[:20]))
    right.append(100 * float((outputs(int8, seen).argmax(1) == data.y_test[chosen]).mean()))
first_alarm = next((day for day in range(DAYS) if index[day] > ALARM), DAYS)
record("alarm_day", first_alarm - UPDATE)
record("accuracy_before_drift", accuracy_on(0))
record("accuracy_at_alarm", accuracy_on(first_alarm))
record("accuracy_after_drift", accuracy_on(DAYS))
record("false_alarms_300", sum(value > ALARM for value in index[:UPDATE]))
record("false_alarms_20", sum(value > ALARM for value in small[:UPDATE]))
with style():
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4.4), sharex=True)
    above.plot(index, label="300 images a day")
    above.plot(small, ":", color="#999999", label="20 images a day")
    above.axhline(ALARM, color="#D55E00", linewidth=1)
    above.set(ylabel="PSI (log)", yscale="log")
    above.legend(loc="lower right")
    below.plot(right, color="#009E73")
    below.set(xlabel="day", ylabel="accuracy (%)")
    for ax in (above, below):
        ax.axvline(UPDATE, color="#000000", linewidth=1, linestyle="--")
        if first_alarm < DAYS:
            ax.axvline(first_alarm, color="#D55E00", linewidth=1)
show(
    fig,
    alt="Timeline of forty days: the stability index crosses its alarm line a few days after the update on day 20, while "
    "accuracy, below, declines; with 20 images a day the index lies above the line on most days, quiet ones included.",
    caption="Dashed: the update. Orange: the alarm. Below: what nobody in production can see.",
    caption_zh="虚线：固件更新。橙线：报警。下图是线上谁也看不到的精度。",
)

# %% [markdown]
# The alarm comes on day {alarm_day} of the rollout. With 2,000 labelled images, which production does not have, accuracy is {accuracy_at_alarm:.1f} % on that day against {accuracy_before_drift:.1f} % before; left alone it ends at {accuracy_after_drift:.1f} %. With 20 images a day the same threshold cries wolf on {false_alarms_20} of 20 quiet days, with 300 on {false_alarms_300}: the index has a bias that shrinks with the sample, so set the threshold from quiet days, not from a textbook.
#
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# Two more questions that come up when a language model has to fit.

# %% [markdown]
# ### When does the KV cache outgrow the weights?
#
# Every token leaves a key and a value in every layer: 2 · layers · KV heads · head width · bytes. Arithmetic, for a model with 3.2 billion parameters, 28 layers and 8 KV heads of width 128 (the published shape of a current small model).

# %%
PARAMETERS, LAYERS, KV_HEADS, HEAD = 3.2e9, 28, 8, 128
weights_gb = PARAMETERS * 4.5 / 8 / 1e9
rows = []
for bits in (16, 8, 4):
    per_token = 2 * LAYERS * KV_HEADS * HEAD * bits / 8
    rows.append(
        {
            "KV cache": f"{bits} bits",
            "bytes per token": int(per_token),
            "GB at 8,192 tokens": round(8192 * per_token / 1e9, 2),
            "as large as the weights at": int(weights_gb * 1e9 / per_token),
        }
    )
record("kv_tokens_16", rows[0]["as large as the weights at"])
record("kv_bytes_16", rows[0]["bytes per token"])
table(
    rows,
    caption=f"Weights in int4 blocks of 32: {weights_gb:.2f} GB, read once per token; so is the cache",
    name="kv",
)

# %% [markdown]
# ### One file, two backends
#
# "We tested it" names a backend. The same static int8 file with XNNPACK and with the built-in kernels: how many of its integer outputs differ, and by how much? A fleet of phones has a dozen backends, and golden tests that demand equal bytes will fail on the second.

# %%
from ai_edge_litert.interpreter import Interpreter, OpResolverType

codes = {}
content = int8.content
for name, resolver in (
    ("XNNPACK", OpResolverType.AUTO),
    ("built-in", OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES),
):
    interpreter = Interpreter(
        model_content=content, num_threads=1, experimental_op_resolver_type=resolver
    )
    entry, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    step, zero = entry["quantization"]
    interpreter.resize_tensor_input(entry["index"], (1000, 28, 28, 1))
    interpreter.allocate_tensors()
    stored = np.clip(np.rint(data.x_test[:1000] / step) + zero, -128, 127).astype(entry["dtype"])
    interpreter.set_tensor(entry["index"], stored)
    interpreter.invoke()
    codes[name] = interpreter.get_tensor(exit_["index"]).astype(int)
gap = np.abs(codes["XNNPACK"] - codes["built-in"])
record("backend_differs", 100 * float((gap > 0).mean()))
record("backend_gap", int(gap.max()))
print(f"{(gap > 0).mean():.2%} of {gap.size:,} outputs differ, by {gap.max()} step(s) at most")

# %% [markdown]
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# No language model ran here. The block is untrained and its outliers are planted, with the spread that papers describe; real ones are learned, differ by layer, and sit in attention too. Agreement of top tokens is not perplexity, and perplexity is not usefulness. GPTQ was judged on two layers, of 256 and 1,024 columns, with fresh inputs from the same distribution. Speeds are one server core's; a phone's memory bus is slower and shared with the screen. The drift is one kind of change in one feature: an index of brightness does not see a new class of objects.
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
