# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **write** the fake quantization that TensorFlow puts into a graph, with 0 on the grid and at most 2**bits levels (27A),
# - **derive** the gradient that it pretends to have, for the values and for both ends of the range (27B),
# - **decide** at 8, 4, 3 and 2 bits whether training through rounding beats rounding afterwards, against a control with equal epochs (quiz).
#
# ## Predict first
#
# Two networks train for four more epochs on the same images. One trains through 8-bit rounding. The other trains in float and is rounded to 8 bits afterwards.

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "eight_bits",
    "Which one is better at 8 bits?",
    zh="8 位时，哪个更好？",
    choices={
        "aware": Say("the one that trained through rounding", "带着舍入训练的那个"),
        "control": Say("the one that was rounded afterwards", "训练后才舍入的那个"),
        "neither": Say("no difference that a test can see", "检验看不出差别"),
    },
)
predict(
    "two_bits",
    "The same at 2 bits, which leave a weight -s, 0 or +s. Rounded afterwards the network is nearly "
    "guessing. How accurate is the one that trained through rounding?",
    zh="换成 2 位，权重只能取 -s、0、+s。训练后再舍入，网络几乎在瞎猜。带着舍入训练的那个，精度是多少？",
    unit="%",
)

# %% [markdown]
# ## A slope that is not there
#
# Rounding is a staircase. Its slope is zero on every step and infinite at every edge, so a gradient that is honest about it moves nothing. The straight-through estimator lies: going forward it rounds, going backward it claims that it did not. With a clipped range it claims so only inside, because a clipped value really has no influence. Move the bits and the range; below lies what happens to the weights of a real layer.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib import float_tflite, playground, show
from course_lib.evaluation.weights import weighted_layers
from course_lib.lesson import style

dense = weighted_layers(float_tflite("baseline"))[-1][1]


def grid(bits, share):
    """Return the levels of a symmetric narrow grid that covers a share of the largest weight."""
    steps = 2 ** (bits - 1) - 1
    return np.arange(-steps, steps + 1) * share * np.abs(dense).max() / steps


def staircase(bits=2, range_share=0.4):
    levels = grid(bits, range_share)
    edge = np.abs(dense).max() * 1.05
    x = np.linspace(-edge, edge, 1601)
    nearest = levels[np.abs(x[:, None] - levels).argmin(1)]
    rounded = levels[np.abs(dense.reshape(-1, 1) - levels).argmin(1)]
    with style():
        fig, (above, below) = plt.subplots(2, 1, figsize=(7, 5), sharex=True, height_ratios=(3, 2))
        above.plot(x, nearest, color="#0072B2", label="forward: the staircase")
        above.plot(
            x, np.clip(x, levels[0], levels[-1]), "--", color="#D55E00", label="backward: as if"
        )
        above.axvspan(levels[0], levels[-1], color="#009E73", alpha=0.12)
        above.set(ylabel="rounded weight")
        above.legend(fontsize=9, loc="upper left")
        below.hist(dense.ravel(), bins=160, range=(-edge, edge), color="#999999")
        for level in levels if bits < 6 else ():
            below.axvline(level, color="#0072B2", linewidth=1)
        zeros = float(np.mean(rounded == 0))
        below.set(
            ylabel="weights", xlabel=f"weight of the dense layer. {zeros:.0%} of them become 0"
        )
    return fig


playground(
    staircase,
    alt="A staircase, the clipped line that stands in for it, and the histogram of a layer's weights.",
    bits=(2, 8),
    range_share=(0.1, 1.0, 0.1),
)
show(
    staircase(),
    alt="Two bits: three steps, the dashed clipped line, and below the weights of the dense layer with three levels.",
    caption="The gradient follows the dashed line: one inside the green range, zero outside.",
    caption_zh="梯度沿虚线走：绿色范围内为一，范围外为零。",
)

# %% [markdown]
# ## Thirty lines that train
#
# This is the whole technique, in the file that also made the record below. `straight_through` is the estimator. `stop_gradient` holds the difference between rounded and unrounded, so the value is the rounded one and the derivative is that of `weights`. The scale is the largest weight of a channel, as the exporter will have it, so nothing is clipped here.
#
# Below the listing a slice of it, live: 2 bits, one epoch over 4,000 images, which is 32 steps. Judged on 2,000 test images, before and after, always with the weights on their grid.

# %%
import runpy
from dataclasses import replace

from course_lib import fashion_mnist, record, trained
from course_lib.catalog import topic
from course_lib.models import Training, fit
from course_lib.models.training import accuracy

folder = topic("27").folder
source = (folder / "straight_through.py").read_text(encoding="utf-8")
print(source[source.index("def on_grid") : source.index("ROUNDED")].rstrip())
ours = runpy.run_path(str(folder / "straight_through.py"))

data, network = fashion_mnist(), trained("baseline")
few = replace(data, x_train=data.x_train[:4000], y_train=data.y_train[:4000])
pupil = fit(
    network,
    few,
    Training(epochs=1, batch_size=128, learning_rate=1e-3, seed=0),
    prepare=lambda model: ours["aware"](model, 2),
    quiet=True,
)
test = data.x_test[:2000], data.y_test[:2000]
before = 100 * accuracy(ours["settled"](network, 2, network), *test)
after = 100 * accuracy(ours["settled"](pupil, 2, network), *test)
record("slice_before", before)
record("slice_after", after)
print(f"2 bits, rounded: {before:.1f} %. After 32 steps through the rounding: {after:.1f} %.")

# %% [markdown]
# From {slice_before:.0f} to {slice_after:.0f} % in 32 steps, with a gradient that is wrong at every one of them.
#
# ## The control
#
# Now the full comparison, from a record, since it takes minutes: four epochs, three seeds, four bit-widths. The control trains the same epochs on the same batches in float and is rounded afterwards. Without it you would compare a network that trained longer with one that did not.

# %%
import json

from course_lib import table

made = json.loads((folder / "record_runs.json").read_text(encoding="utf-8"))
runs = made["runs"]
BITS = (8, 4, 3, 2)


def of(name, bits):
    """Return the runs of one kind, all seeds."""
    return [run for run in runs if run["name"] == name and run["bits"] == bits]


def mean(name, bits):
    """Return the mean test accuracy in %."""
    return 100 * float(np.mean([run["accuracy"] for run in of(name, bits)]))


print(made["command"], "| seeds", made["seeds"], "|", made["seconds"], "s |", made["environment"])
table(
    [
        {
            "bits": bits,
            "start, rounded": round(mean("start, rounded", bits), 2),
            "control, one scale a tensor": round(mean("control, one scale a tensor", bits), 2),
            "control, rounded": round(mean("control, rounded", bits), 2),
            "straight-through": round(mean("straight-through", bits), 2),
            "gain": round(mean("straight-through", bits) - mean("control, rounded", bits), 2),
            "p, seed by seed": ", ".join(
                f"{run['p']:.2g}" if run["p"] else "< 1e-300"
                for run in of("straight-through", bits)
            ),
        }
        for bits in BITS
    ],
    caption=f"Accuracy in %, weights rounded, activations float; mean of {len(made['seeds'])} seeds, "
    f"{made['test_images']:,} test images, paired p against the control",
    name="bits",
)
for bits in BITS:
    record(f"gain_{bits}", mean("straight-through", bits) - mean("control, rounded", bits))
    record(f"trained_{bits}", mean("straight-through", bits))
    record(f"control_{bits}", mean("control, rounded", bits))
    seen = sum(
        run["p"] < 0.05 and run["better"] > run["worse"] for run in of("straight-through", bits)
    )
    record(f"seeds_won_{bits}", seen)
record("seeds", len(made["seeds"]))
record("start_8", mean("start, rounded", 8))
record("start_float", mean("start", 32))
record("control_float", mean("control", 32))

# %% [markdown]
# Read the first line from the left. The network nobody touched, rounded to 8 bits: {start_8:.2f} %. Four epochs through 8-bit rounding: {trained_8:.2f}. Four epochs in float, then rounded: {control_8:.2f}. A test that can see the difference between the last two found one in {seeds_won_8:.0f} of {seeds:.0f} seeds. Whatever the four epochs did (they ran on 12,000 images, where the start had seen 55,000), they did to both. At 8 bits rounding was never the problem.

# %%
from course_lib import reveal

SERIES = (
    ("control, one scale a tensor", "#999999", "v"),
    ("start, rounded", "#56B4E9", "s"),
    ("control, rounded", "#D55E00", "o"),
    ("straight-through", "#0072B2", "D"),
)
with style():
    fig, ax = plt.subplots(figsize=(7, 4.2))
    for place, (name, colour, marker) in enumerate(SERIES):
        ax.plot(
            range(4), [mean(name, bits) for bits in BITS], color=colour, label=name, linewidth=1
        )
        for column, bits in enumerate(BITS):
            heights = [100 * run["accuracy"] for run in of(name, bits)]
            offset = column + 0.05 * (place - 1.5)
            ax.scatter([offset] * len(heights), heights, color=colour, marker=marker, s=28)
    ax.set_xticks(range(4), [str(bits) for bits in BITS])
    ax.set(xlabel="bits per weight", ylabel="test accuracy (%)", ylim=(0, 100))
    ax.legend(fontsize=9, loc="lower left")
show(
    fig,
    alt="Accuracy against bits for four ways; all meet at 8 bits, and below 4 only the one that trained through "
    "rounding stays up.",
    caption="A dot is a seed. At 8 bits four curves are one; the technique is what is left at 2.",
    caption_zh="一个点是一个随机种子。8 位时四条线重合；到了 2 位，才看得出这项技术的价值。",
)
eight = of("straight-through", 8)
won = sum(run["p"] < 0.05 and run["better"] > run["worse"] for run in eight)
lost = sum(run["p"] < 0.05 and run["better"] < run["worse"] for run in eight)
side = "aware" if won > len(eight) / 2 else "control" if lost > len(eight) / 2 else "neither"
reveal("eight_bits", side)
reveal("two_bits", mean("straight-through", 2), unit="%")

# %% [markdown]
# At 4 bits the gain is {gain_4:+.2f} points and visible in {seeds_won_4:.0f} of {seeds:.0f} seeds: an argument, not a proof. At 3 it is {gain_3:+.1f}, at 2 it is {gain_2:+.1f}. So the question "does it help?" has the same answer as "does rounding hurt?".
#
# ## A cheaper rival
#
# One thing changed in the trained network without any gradient: batch normalization met the rounded weights and averaged its statistics anew. The control never had that chance. So give it to the control, in the record, and live to the start: round, then show 50 batches of training images, forward only. No labels, no steps.

# %%
right, refreshed = {}, {}
for bits in (4, 3, 2):
    plain = ours["settled"](network, bits, network)
    for first in range(0, 50 * 128, 128):
        plain(data.x_train[first : first + 128], training=True)  # moves the averages, nothing else
    right[bits] = plain.predict(data.x_test, batch_size=500, verbose=0).argmax(1) == data.y_test
    refreshed[bits] = 100 * float(right[bits].mean())
    record(f"refreshed_{bits}", refreshed[bits])
record("start_4", mean("start, rounded", 4))
record("start_3", mean("start, rounded", 3))
for bits in refreshed:
    record(f"control_refreshed_{bits}", mean("control, refreshed", bits))
record("left_4", mean("straight-through", 4) - mean("control, refreshed", 4))
table(
    [
        {
            "bits": bits,
            "start, rounded": round(mean("start, rounded", bits), 2),
            "+ 50 batches": round(refreshed[bits], 2),
            "control, rounded": round(mean("control, rounded", bits), 2),
            "+ 50 batches ": round(mean("control, refreshed", bits), 2),
            "straight-through": round(mean("straight-through", bits), 2),
        }
        for bits in refreshed
    ],
    caption="Statistics alone against training, accuracy in %, 10,000 test images; control and straight-through: mean of the seeds, equal epochs",
    name="statistics",
)

# %% [markdown]
# At 4 bits fifty forward passes lift the control from {control_4:.2f} to {control_refreshed_4:.2f} %, and training through the rounding has {trained_4:.2f}: of its gain of {gain_4:+.2f} points {left_4:+.2f} are left. At 3 bits it is {control_refreshed_3:.1f} against {trained_3:.1f}, and at 2 it is {control_refreshed_2:.0f} against {trained_2:.0f}. (The start, refreshed, has {refreshed_4:.2f} % at 4 bits, but that is no fair rival: the four epochs moved the float network, too, from {start_float:.2f} to {control_float:.2f}.) Statistics repair an average; only training moves weights to the right side of an edge. Try the cheap thing first, and put it into the table before you claim a gain.
#
# ## What did training change?
#
# At 2 bits a weight becomes -s, 0 or +s, with s the largest of its channel. Count them, layer by layer, in the two networks of seed 0.

# %%
import gzip

from course_lib import Artifact

files = {
    path.name.split(".")[0]: Artifact(path.name.split(".")[0], gzip.decompress(path.read_bytes()))
    for path in sorted((folder / "files").glob("*.tflite.gz"))
}


def alive(name):
    """Return layer -> share of weights that are not zero."""
    return {
        layer.label: float(np.mean(weights != 0)) for layer, weights in weighted_layers(files[name])
    }


shares = {"control, rounded": alive("rounded_2"), "straight-through": alive("trained_2")}
labels = list(shares["straight-through"])
with style():
    fig, ax = plt.subplots(figsize=(7, 3.2))
    for place, (name, colour) in enumerate(
        (("control, rounded", "#D55E00"), ("straight-through", "#0072B2"))
    ):
        spots = np.arange(len(labels)) + 0.36 * place
        bars = ax.bar(
            spots, [100 * v for v in shares[name].values()], 0.34, color=colour, label=name
        )
        ax.bar_label(bars, fmt="%.0f", fontsize=9)
    ax.set_xticks(np.arange(len(labels)) + 0.18, labels)
    ax.set(ylabel="weights that are not 0 (%)", xlabel="layer, at 2 bits", ylim=(0, 100))
    ax.legend(fontsize=9)
show(
    fig,
    alt="Bars: share of weights that survive 2-bit rounding in each of four layers, with and without training through "
    "it.",
    caption="The counts hardly differ. Training did not save more weights, it saved the right ones.",
    caption_zh="数量相差无几。训练并没有保住更多权重，而是保住了该保的。",
)
total = {
    name: float(
        np.mean(np.concatenate([(w != 0).ravel() for _, w in weighted_layers(files[name])]))
    )
    for name in ("rounded_2", "trained_2")
}
same = float(
    np.mean(
        np.concatenate(
            [
                (np.sign(a) == np.sign(b)).ravel()
                for (_, a), (_, b) in zip(
                    weighted_layers(files["rounded_2"]),
                    weighted_layers(files["trained_2"]),
                    strict=True,
                )
            ]
        )
    )
)
record("alive_rounded", 100 * total["rounded_2"])
record("alive_trained", 100 * total["trained_2"])
record("same_code", 100 * same)
signs = [
    np.concatenate([np.sign(w).ravel() for _, w in weighted_layers(files[name])])
    for name in ("rounded_2", "trained_2")
]
either = (signs[0] != 0) | (signs[1] != 0)
shared = float(np.mean(signs[0][either] == signs[1][either]))
record("same_alive", 100 * shared)
print(f"not zero: {total['rounded_2']:.1%} rounded, {total['trained_2']:.1%} trained")
print(f"codes that are the same in both: {same:.1%}")

# %% [markdown]
# {alive_rounded:.0f} % of the weights survive the rounding in one network and {alive_trained:.0f} % in the other, and {same_code:.0f} % of all codes agree. Most of that agreement is zeros: of the weights that live in either network, {same_alive:.0f} % have the same code in both. What separates {control_2:.0f} from {trained_2:.0f} % accuracy is the rest, and the batch normalization that trained along.
#
# ## Into a file
#
# A Keras network on a 4-bit grid is still float32 when exported. It becomes small when a tool finds the same grid again, and whether it does is a property of two grids. LiteRT's int4 has fifteen symmetric levels, multiples of max/7. Int8 has multiples of max/127.

# %%
from course_lib import DynamicRange, Int4
from course_lib.evaluation import predict as outputs


def points(artifact):
    """Return accuracy in % on all test images."""
    return 100 * float((outputs(artifact, data.x_test).argmax(1) == data.y_test).mean())


rows = {}
for bits in (4, 3, 2):
    network_file = files[f"trained_{bits}"]
    int4, int8 = Int4()(network_file), DynamicRange()(network_file)
    levels = np.arange(1, 2 ** (bits - 1)) / (2 ** (bits - 1) - 1)
    rows[bits] = {
        "trained at": f"{bits} bits",
        "farthest level from int4's, steps": round(
            float(np.abs(7 * levels - np.round(7 * levels)).max()), 2
        ),
        "float32 %": round(points(network_file), 2),
        "int4 file %": round(points(int4), 2),
        "int8 file %": round(points(int8), 2),
        "int4 bytes": int4.raw_bytes,
        "int4 gzip": int4.gzip_bytes,
        "int8 gzip": int8.gzip_bytes,
    }
table(
    list(rows.values()),
    caption="Three trained grids in two containers, 10,000 test images",
    name="containers",
)
record("three_float", rows[3]["float32 %"])
record("three_int4", rows[3]["int4 file %"])
record("three_int8", rows[3]["int8 file %"])
record("three_lost", rows[3]["float32 %"] - rows[3]["int4 file %"])
record("four_lost", rows[4]["float32 %"] - rows[4]["int4 file %"])
record("three_off", rows[3]["farthest level from int4's, steps"])
record("file_bytes", rows[4]["int4 bytes"])
record("two_gzip", rows[2]["int4 gzip"])
record("four_gzip", rows[4]["int4 gzip"])

# %% [markdown]
# Four bits and two bits fit into int4 exactly, since max/1 is seven sevenths. Three bits do not: a third of the range lies {three_off:.2f} steps beside the next seventh, so everything is rounded a second time, on a grid that nobody trained for, and the file stands {three_lost:.2f} points below the network (4 bits: {four_lost:.2f}). Train on the grid that you will ship. And the container decides the raw bytes: a 2-bit network is {file_bytes:,.0f} bytes as int4, like the 4-bit one; only gzip sees the difference ({two_gzip:,.0f} against {four_gzip:,.0f}).
#
# ## The official road
#
# The toolkit trains for int8, activations included. It wraps the Keras 2 network; ranges are moving averages that live in variables; the converter turns them into scales. Here one short epoch, to look at what comes out, with `Optimize.DEFAULT` and without.

# %%
from course_lib import Int8, QuantizeAware, inspect
from course_lib.techniques import converter

bit = replace(data, x_train=data.x_train[:640], y_train=data.y_train[:640])
aware = QuantizeAware(epochs=1)(network, bit)
exported, forgotten = Int8()(aware), Artifact("no optimization", converter.float32(aware))
operators = {
    artifact.name: [op.name for op in inspect(artifact.content).subgraphs[0].operators]
    for artifact in (exported, forgotten)
}
for name, ops in operators.items():
    size = exported.raw_bytes if name == exported.name else forgotten.raw_bytes
    print(f"{name}: {size:,} bytes, {len(ops)} operators: {' '.join(ops)}")
ranges = sorted({weight.name.split("/")[-1].split(":")[0] for weight in aware.weights})
ranges = [name for name in ranges if name.endswith(("_min", "_max"))]
record("qat_bytes", exported.raw_bytes)
record("forgotten_bytes", forgotten.raw_bytes)
record("forgotten_operators", len(operators[forgotten.name]))
record("qat_operators", len(operators[exported.name]))

# %% [markdown]
# Without that one flag the file has {forgotten_bytes:,.0f} bytes and {forgotten_operators:.0f} operators instead of {qat_operators:.0f}: the ranges are in it, and the arithmetic is still float. No error, no warning, right answers.
#
# Does the official training pay at 8 bits? Two real int8 files from the record, seed 0: trained by the toolkit for four epochs, and the control, trained in float for four epochs and calibrated afterwards. And the start, which got no epoch at all.

# %%
from course_lib import compare

official, control = files["toolkit_8"], files["control_8"]
official, control = Artifact("toolkit", official.content), Artifact("control", control.content)
untouched = Artifact("start, int8", Int8()(float_tflite("baseline"), data).content)
verdict = compare(control, official, data, latency=False)
against_start = compare(untouched, official, data, latency=False)
record("toolkit_points", 100 * verdict.difference)
record("toolkit_p", verdict.p_value)
record("toolkit_accuracy", 100 * verdict.accuracy_b)
record("untouched_accuracy", 100 * against_start.accuracy_a)
record("untouched_points", 100 * against_start.difference)
record("untouched_p", against_start.p_value)
print(verdict.sentence, against_start.sentence, sep="\n\n")

# %% [markdown]
# ## What the folk answer gets wrong
#
# {{myths}}
#
# The public surface of the converter, the variables of the wrapped network, and the record itself.

# %%
from course_lib import backend

tf = backend.tensorflow()
assert not hasattr(tf.lite, "TFLiteModel")
assert not [name for name in dir(tf.lite.TFLiteConverter) if "aware" in name or "train" in name]
assert {"kernel_min", "kernel_max", "output_min", "output_max"} <= set(ranges)
assert not {"QUANTIZE", "DEQUANTIZE"} & set(operators[exported.name])
assert forgotten.raw_bytes > 3 * exported.raw_bytes
assert mean("straight-through", 2) > mean("control, rounded", 2) + 20
print("trained or averaged ranges in the network:", *ranges)
print(
    f"gain at 8 bits: {record.value('gain_8'):+.2f} points; at 2 bits: {record.value('gain_2'):+.2f}"
)

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}

# %% [markdown]
# ## Deeper
#
# A weight between two levels, and why a grid per channel survives folding.

# %% [markdown]
# ### A weight that cannot make up its mind
#
# One weight, one input, target 0.3, levels at 0 and 1. The best grid value is 0, at a loss of 0.09. Plain gradient descent through the estimator, learning rate 0.05.

# %%
target, weight, path = 0.3, 0.9, []
for _ in range(200):
    level = float(np.round(weight))
    path.append((weight, level))
    weight -= 0.05 * 2 * (level - target)  # the gradient of (level - target)**2, straight through
hidden, used = np.array(path).T
settled = used[100:]
with style():
    fig, ax = plt.subplots(figsize=(7, 3.2))
    ax.plot(hidden, color="#0072B2", label="the weight behind")
    ax.step(
        range(200),
        used,
        where="post",
        color="#D55E00",
        linewidth=0.8,
        label="what the network sees",
    )
    ax.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
    ax.set(xlabel="step", ylabel="weight", ylim=(-0.1, 1.1))
    ax.legend(fontsize=9, loc="center right")
show(
    fig,
    alt="A latent weight falls to the rounding threshold and oscillates around it; the rounded weight jumps between "
    "0 and 1.",
    caption="It settles on the edge between two levels and jumps for ever; on average it is right.",
    caption_zh="它停在两个台阶的分界上，永远来回跳；只有平均值是对的。",
)
record("mean_level", float(settled.mean()))
record("jumps", int(np.sum(settled[1:] != settled[:-1])))
print(
    f"mean of the level over the last 100 steps: {settled.mean():.2f}, jumps: {record.value('jumps')}"
)

# %% [markdown]
# The estimator pulls up whenever the level is 0 and down whenever it is 1, so the weight ends at the edge. The mean of the jumps is {mean_level:.2f}, close to the target, which is why the loss looks fine during training; the file gets whichever level the last step left. A learning rate that falls to zero, freezing weights that jump often, and freezing the statistics of batch normalization before the end are remedies (Nagel et al. 2022).

# %% [markdown]
# ### Why a per-channel grid survives folding
#
# Batch normalization is folded into the convolution before the kernel is quantized, and folding multiplies each output channel by its own number. A grid per channel is stretched with it and stays a grid: our training needs no folding. One grid for the tensor is torn apart, and then training has to fold first.

# %%
_, kernel = weighted_layers(float_tflite("baseline"))[1]
rng = np.random.default_rng(0)
factor = rng.uniform(0.3, 3, (len(kernel), 1, 1, 1))


def distance(weights, axes):
    """Return how far weights lie from the 4-bit grid of their maximum, in steps, at worst."""
    step = np.abs(weights).max(axis=axes, keepdims=True) / 7
    return float(np.abs(weights / step - np.round(weights / step)).max())


rows = []
for name, axes in (("a scale per channel", (1, 2, 3)), ("one scale", None)):
    step = np.abs(kernel).max(axis=axes, keepdims=True) / 7
    on = step * np.round(kernel / step)
    rows.append(
        {
            "grid": name,
            "before folding": round(distance(on, axes), 3),
            "after": round(distance(on * factor, axes), 3),
        }
    )
table(rows, caption="Distance from the nearest level, in steps, at worst", name="folding")
assert rows[0]["after"] < 0.01 < rows[1]["after"]

# %% [markdown]
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# Weights alone are rounded in the bit sweep; activations below 8 bits are harder, and there the range gradients of task 27B earn their keep. One small network without depthwise layers, where PTQ at 8 bits is known to fail and training helps. Twelve thousand images: with all of them the extra epochs may gain what they lose here, and the control would gain it too. Learned steps (LSQ, Esser et al. 2020) start from better scales than the maximum; what they would reach here at 2 bits was not run. The toolkit was compared on one seed.
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
