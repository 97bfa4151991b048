# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **cut** channels out of two convolutions so that the result equals the masked network to the last digit (16A),
# - **encode** zeros without loss and compute from which sparsity on that saves bytes (16B),
# - **choose** one of three prunings by kilobytes, microseconds and points against an equal-epoch control (quiz).
#
# ## Predict first

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "raw_smaller",
    "80 % of all weights become zero during training. By how many per cent does the .tflite shrink?",
    zh="训练中把 80% 的权重变成零。.tflite 文件会缩小百分之几？",
    unit="%",
)
predict(
    "winner",
    "80 % zeros, 2:4 blocks, or half the channels: who wins the download, who wins the latency?",
    zh="80% 置零、2:4 分块、剪一半通道：谁的下载体积最小？谁的延迟最低？",
    choices={
        "channels": Say("channels win both", "剪通道两项都赢"),
        "split": Say("zeros win the download, channels the latency", "置零赢体积，剪通道赢延迟"),
        "zeros": Say("80 % zeros win both", "80% 置零两项都赢"),
    },
)

# %% [markdown]
# ## Six networks, one of them unpruned
#
# Training six networks takes minutes, so they come with the lesson; the record names the command, the seed and the seconds. The **control** trained for the same four epochs on the same images with nothing pruned. Whatever fine-tuning does by itself is in it, so only the difference to the control belongs to pruning.

# %%
import gzip
import json

import numpy as np

from course_lib import Artifact, Environment, compare, fashion_mnist, measure, table
from course_lib.catalog import topic
from course_lib.inspection import inspect

folder = topic("16").folder
made = json.loads((folder / "record_variants.json").read_text(encoding="utf-8"))
runs = made["runs"]


def load(some):
    """Return name -> Artifact of the networks of a record."""
    return {
        name: Artifact(name, gzip.decompress((folder / run["file"]).read_bytes()))
        for name, run in some.items()
    }


artifacts = load(runs)
print(
    f"{sum(run['seconds'] for run in runs.values()):.0f} s of training on record:",
    *runs,
    sep="\n  ",
)

# %% [markdown]
# Now the stopwatch and the scales, on this machine: all 10,000 test images, batch 1, one thread. The last two columns compare each network with the control, image by image.

# %%
data = fashion_mnist()
reports = {name: measure(artifact, data, memory=False) for name, artifact in artifacts.items()}
duels = {
    name: compare(artifacts["control"], artifact, data, latency=False)
    for name, artifact in artifacts.items()
    if name != "control"
}
rows = [report.row() | {"parameters": runs[name]["parameters"]} for name, report in reports.items()]
for row, duel in zip(rows[1:], duels.values(), strict=True):
    spread = duel.difference_interval
    row["points against control"] = f"{100 * duel.difference:+.2f}"
    row["95 % paired"] = f"{100 * spread.low:+.2f} to {100 * spread.high:+.2f}"
table(
    rows,
    caption=f"Three prunings and a control, float32. {Environment.here()}",
)

# %% [markdown]
# Read the raw bytes first: zeros and 2:4 weigh what the control weighs. Then gzip: the zeros are the smallest of the first three. Then the time: only fewer channels are faster.

# %%
from course_lib import record, reveal

control, zeros, pairs, half = (
    reports[name] for name in ("control", "unstructured 80%", "2:4", "channels -50%")
)
record("unstructured_raw_ratio", zeros.raw_bytes / control.raw_bytes)
record("unstructured_gzip_smaller", control.gzip_bytes / zeros.gzip_bytes)
record("unstructured_time_ratio", zeros.latency.median_us / control.latency.median_us)
record("nm_time_ratio", pairs.latency.median_us / control.latency.median_us)
record("channels_time_faster", control.latency.median_us / half.latency.median_us)
record("channels_points_lost", -100 * duels["channels -50%"].difference)
record("channels_lost_least", -100 * duels["channels -50%"].difference_interval.high)
record("channels_lost_most", -100 * duels["channels -50%"].difference_interval.low)
record("zeros_points_lost", -100 * duels["unstructured 80%"].difference)
record(
    "channels_parameters_smaller",
    runs["control"]["parameters"] / runs["channels -50%"]["parameters"],
)
smallest = min((zeros, pairs, half), key=lambda report: report.gzip_bytes)
fastest = min((zeros, pairs, half), key=lambda report: report.latency.median_us)
names = {zeros.name: "zeros", half.name: "channels", pairs.name: "pairs"}
both = names[smallest.name] if smallest is fastest else "split"
reveal("raw_smaller", 100 * (1 - zeros.raw_bytes / control.raw_bytes))
reveal("winner", both)

# %% [markdown]
# ## The surprise: the smallest file need not be the best one
#
# On the left what a download costs, on the right what an inference costs. The three networks that you were asked about differ in accuracy, and bytes at different accuracies cannot be compared. So two more join them, with 50 % and 65 % zeros, made under the same conditions: now zeros have a curve of their own, and it can be read at any height. The dotted line is the accuracy of half the channels.

# %%
import matplotlib.pyplot as plt

from course_lib import show
from course_lib.lesson import style

FAMILIES = {"control": ("#000000", "s"), "unstructured": ("#D55E00", "o"), "2:4": ("#009E73", "^")}
fewer = {name: measure(each, data, memory=False) for name, each in load(made["frontier"]).items()}
everyone = reports | fewer
curve = sorted((each.accuracy, each.gzip_bytes) for each in (*fewer.values(), zeros))
assert curve[0][0] < half.accuracy < curve[-1][0]  # read between measured points, not beyond
needed = float(np.interp(half.accuracy, *zip(*curve, strict=True)))
record("equal_bytes_ratio", needed / half.gzip_bytes)
record("download_winner", "half the channels" if needed > half.gzip_bytes else "the zeros")

with style():
    fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True)
    for family, colour in (("unstructured", "#D55E00"), ("channels", "#0072B2")):
        line = sorted(
            (100 * each.accuracy, each.gzip_bytes / 1000, each.latency.median_us)
            for name, each in everyone.items()
            if name.startswith(family)
        )
        heights, sizes, micros = zip(*line, strict=True)
        axes[0].plot(sizes, heights, color=colour, linewidth=1)
        axes[1].plot(micros, heights, color=colour, linewidth=1)
    for name, report in everyone.items():
        colour, marker = FAMILIES.get(name.split()[0], ("#0072B2", "D"))
        spots = (report.gzip_bytes / 1000, report.latency.median_us)
        for ax, x in zip(axes, spots, strict=True):
            ax.scatter(x, 100 * report.accuracy, color=colour, marker=marker, s=60)
            left = name in ("2:4", "channels -50%") if ax is axes[0] else name != "channels -75%"
            up = (
                name in ("control", "channels -50%")
                or name == ("2:4", "channels -25%")[ax is axes[1]]
            )
            ax.annotate(
                name,
                (x, 100 * report.accuracy),
                xytext=(-7 if left else 7, 5 if up else -12),
                ha="right" if left else "left",
                textcoords="offset points",
                fontsize=8,
            )
    axes[0].set(xlabel="gzip size (kB)", ylabel="test accuracy (%)")
    axes[1].set(xlabel="median latency (µs), 1 thread, XNNPACK")
    for ax in axes:
        ax.margins(0.2)
        ax.axhline(100 * half.accuracy, color="black", linewidth=1, linestyle=":")
show(
    fig,
    alt="Accuracy of eight networks against gzip size and against latency; more zeros move left in the first "
    "panel and stay in place in the second, fewer channels move left in both.",
    caption="Orange, more zeros: to the left in the first panel, not at all in the second. Blue, fewer "
    "channels: to the left in both. Compare along the dotted line.",
    caption_zh="橙色是置零：左图中左移，右图中纹丝不动。蓝色是剪通道：两图都左移。要沿虚线比较。",
)

# %% [markdown]
# 80 % zeros made the smallest of the three files and paid {zeros_points_lost:.1f} points for it; half the channels paid {channels_points_lost:.1f}. Along the dotted line, zeros take {equal_bytes_ratio:.2f} times the gzip bytes of half the channels: at equal accuracy {download_winner} win the download here. On time the zeros stand still at any accuracy.

# %% [markdown]
# ## Stack int8 on top
#
# Weights are quantized symmetrically, so an exact zero stays an exact zero, and the two gains combine. Do they multiply? Zeros alone were worth {unstructured_gzip_smaller:.1f}x. Compare the gain of int8 alone, in the first row, with what both give together, and compare rows at the accuracy beside them.

# %%
from course_lib import Int8

quantized = {name: Int8()(artifact, data) for name, artifact in artifacts.items()}
float_gzip = control.gzip_bytes
rows = []
for name, artifact in quantized.items():
    share = inspect(artifact.content)
    report = measure(artifact, data, memory=False)
    rows.append(
        {
            "int8 of": name,
            "scheme": share.scheme,
            "raw bytes": artifact.raw_bytes,
            "gzip bytes": artifact.gzip_bytes,
            "times smaller than the float control, gzip": round(
                float_gzip / artifact.gzip_bytes, 1
            ),
            "accuracy %": round(100 * report.accuracy, 2),
            "median µs": round(report.latency.median_us, 1),
        }
    )
by_name = {row["int8 of"]: row for row in rows}
record("control_int8_smaller", float_gzip / quantized["control"].gzip_bytes)
record("unstructured_int8_smaller", float_gzip / quantized["unstructured 80%"].gzip_bytes)
record("product", record.value("control_int8_smaller") * record.value("unstructured_gzip_smaller"))
record("channels_int8_smaller", float_gzip / quantized["channels -50%"].gzip_bytes)
record("zeros_int8_accuracy", by_name["unstructured 80%"]["accuracy %"])
record("channels_int8_accuracy", by_name["channels -50%"]["accuracy %"])
table(rows, caption="The same networks after static int8", name="int8")

# %% [markdown]
# Not quite: {control_int8_smaller:.1f}x from int8 and {unstructured_gzip_smaller:.1f}x from zeros would be {product:.0f}x, together they give {unstructured_int8_smaller:.1f}x. A zero saved 32 bits in the float file and saves eight in this one, while its position still has to be coded.

# %% [markdown]
# ## Cut it yourself
#
# What is inside `PruneChannels`? Surgery, then training. Without training we can look at the surgery alone: removing half the channels must give what setting them to zero gives. This cell loads TensorFlow.

# %%
from course_lib import PruneChannels, trained
from course_lib.techniques.channel_groups import channel_groups

network = trained()
cut = PruneChannels(0.5, epochs=0)(network, data)
images = data.x_test[:2000]
answers = cut.predict(images, verbose=0)
record("untrained_accuracy", 100 * float((answers.argmax(1) == data.y_test[:2000]).mean()))

first = network.layers[0].get_weights()[0]
gamma = network.layers[1].get_weights()[0]
importance = np.abs(gamma) * np.sqrt((first**2).sum((0, 1, 2)))
kept = np.sort(np.argsort(-importance)[: len(importance) // 2])
assert np.array_equal(cut.layers[0].get_weights()[0], first[..., kept])
print(f"{network.count_params():,} parameters became {cut.count_params():,}")
print(f"before any training: {record.value('untrained_accuracy'):.1f} % on 2,000 images")
print(
    f"{len(set(np.concatenate([*channel_groups(network).writes.values()])))} groups of tied channels"
)

# %% [markdown]
# The ranking that decided, for the first layer: batch normalization's gain times the filter's norm. A filter is cheap to lose when either is small.

# %%
order = np.argsort(-importance)
with style():
    fig, ax = plt.subplots(figsize=(7, 3))
    colours = ["#0072B2" if channel in kept else "#BBBBBB" for channel in order]
    ax.bar(range(len(order)), importance[order], color=colours)
    ax.set(xlabel="channel of the first convolution, by rank", ylabel="|gamma| x norm of filter")
show(
    fig,
    alt="Bars of the importance of 32 channels in falling order; the upper half is kept.",
    caption="Blue stays. The line between blue and grey is a choice: there is no gap where it falls.",
    caption_zh="蓝色保留。蓝灰分界只是一个选择：那里并没有明显的断层。",
)

# %% [markdown]
# ## Plan before you cut
#
# Multiplications follow from shapes alone, so you can plan without training. Choose how much each layer keeps; the time is a straight line through the float networks that were just measured here.

# %%
from course_lib import playground

measured = [reports[name] for name in artifacts if name.startswith(("control", "channels"))]
work = [inspect(artifacts[report.name].content).macs for report in measured]
slope, offset = np.polyfit(work, [report.latency.median_us for report in measured], 1)


def plan(first=1.0, second=1.0, third=1.0):
    a, b, c = (
        max(1, round(n * k)) for n, k in zip((32, 64, 64), (first, second, third), strict=True)
    )
    macs = np.array([9 * a * 14 * 14, 9 * a * b * 49, 9 * b * c * 49, 49 * c * 10]) / 1e6
    weights = 9 * a + 9 * a * b + 9 * b * c + 490 * c + a + b + c + 10
    with style():
        fig, ax = plt.subplots(figsize=(7, 3))
        ax.bar(["conv 1", "conv 2", "conv 3", "dense"], macs)
        ax.set(ylabel="million multiplications", ylim=(0, 1.9), xlabel="layer")
        time = slope * macs.sum() * 1e6 + offset
        ax.set_title(f"{weights:,} weights, about {time:.0f} µs here")
    return fig


playground(
    plan,
    alt="Bars of multiplications by layer for the chosen widths, with weights and predicted time.",
    first=(0.25, 1.0, 0.25),
    second=(0.25, 1.0, 0.25),
    third=(0.25, 1.0, 0.25),
)
show(
    plan(1.0, 0.5, 1.0),
    alt="Multiplications by layer when only the second convolution keeps half of its channels.",
    caption="Halving one layer halves two: its own outputs, and the next layer's inputs.",
    caption_zh="一层减半，两层受益：它自己的输出，和下一层的输入。",
)

# %% [markdown]
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Look for the class, and for the toolkit where it really is. Then a trap with two faces: a model whose pruning wrappers were never stripped.

# %%
from course_lib import Float32, backend
from course_lib.models import clone

tf = backend.tensorflow()
assert not hasattr(tf.lite, "TFLiteModel")
assert not [name for name in dir(tf.lite) if "prun" in name.lower()]
wrapped = backend.tfmot().sparsity.keras.prune_low_magnitude(clone(network))
unstripped = Float32()(wrapped)
held = [sum(np.size(part) for part in model.get_weights()) for model in (wrapped, network)]
record("unstripped_ratio", held[0] / held[1])
record("unstripped_file_ratio", unstripped.raw_bytes / control.raw_bytes)
print("public names in tf.lite:", *[name for name in dir(tf.lite) if name[0] != "_"])
print(f"numbers in the checkpoint: {held[0]:,} wrapped, {held[1]:,} stripped")
print(f"bytes of the .tflite: {unstripped.raw_bytes:,} wrapped, {control.raw_bytes:,} stripped")

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}

# %% [markdown]
# ## Deeper
#
# The surgery proved, and a file that stores no zeros.
#
# ### Prove the surgery
#
# "Equals the masked network" is a claim, so measure it: the same channels set to zero in a copy that keeps its shape, against the cut one.

# %%
from course_lib.techniques.channel_surgery import mask_channels

groups = channel_groups(network)
removed = [int(groups.writes[network.layers[0].name][c]) for c in range(32) if c not in kept]
masked = mask_channels(network, groups, removed)
only_first = PruneChannels({network.layers[0].name: 0.5}, epochs=0)(network, data)
gap = np.abs(masked.predict(images, verbose=0) - only_first.predict(images, verbose=0)).max()
record("surgery_gap", float(gap))
assert gap < 1e-3
print(f"largest difference of a logit: {gap:.1e}")

# %% [markdown]
# ### A file that stores no zeros
#
# `EXPERIMENTAL_SPARSITY` writes the kernels in a sparse format. The raw file shrinks at last; the time is another matter, because the sparse kernels want 1x1 convolutions and an ARM or WebAssembly CPU.

# %%
from course_lib import Sparse, latency_ratio

one_shot = clone(network)
for layer in one_shot.layers:
    parts = layer.get_weights()
    if parts and parts[0].ndim > 1:
        parts[0][np.abs(parts[0]) < np.quantile(np.abs(parts[0]), 0.8)] = 0
        layer.set_weights(parts)
dense, sparse = Float32()(one_shot), Sparse()(one_shot)
ratio, interval = latency_ratio(sparse, dense)
table(
    [
        {"file": "dense", "raw bytes": dense.raw_bytes, "gzip bytes": dense.gzip_bytes},
        {"file": "sparse", "raw bytes": sparse.raw_bytes, "gzip bytes": sparse.gzip_bytes},
    ],
    caption=f"80 % zeros, two encodings; latency of sparse over dense: {ratio:.2f} "
    f"({interval.low:.2f} to {interval.high:.2f})",
    name="sparse",
)

# %% [markdown]
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# One seed and one small network: another seed moves a row by more than its interval says, which knows only the images. The four epochs ran on 12,000 images of the 55,000 that the baseline saw, and with a longer schedule zeros win points back: which family wins the download at equal accuracy is a result of this schedule, not a law. One x86 core: on ARM with 1x1 convolutions the sparse row can look different, and that is the first thing to measure on the device you are asked about. Channel counts were not rounded to the width of the SIMD unit.
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
