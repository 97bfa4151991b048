# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **compute** precision, recall and F1 of ten classes, two of them empty, without one NaN (13A),
# - **test** whether a loss of under one point on 10,000 shared images is noise, exactly, for ten flips and for ten thousand (13B),
# - **decide** by a margin of half a point: accept, refuse, or get more images (13B and quiz).
#
# ## Predict first
#
# Two questions about files that lose little. Write a number down before you scroll.

# %%
from course_lib import predict

predict(
    "flips",
    "An int4 file loses less than one point on 10,000 test images: fewer than 100 right answers, "
    "net. How many of the 10,000 predicted classes changed?",
    zh="某个 int4 文件在一万张测试图片上精度下降不到 1 个百分点，净减少不到 100 个正确答案。"
    "一万个预测类别中，变了多少个？",
)
predict(
    "worst_class",
    "A pruned file loses less than two points of accuracy. How many does the worst of its ten "
    "classes lose?",
    zh="某个剪枝文件的精度下降不到 2 个百分点。十个类别中受损最重的一类，下降多少个百分点？",
    unit="points",
)

# %% [markdown]
# ## The files on trial
#
# What ships is a file in a runtime, so that is what gets evaluated, not the Keras model it came from. Four candidates against float32. `dynamic range` and `int8` store int8 weights, `int4` is per channel (`wi4c`), and `pruned` has 80 % zeros, was healed for four epochs and then made int8. Its training takes a minute and TensorFlow, so the file is committed beside the lesson with the command that made it (`record_pruned.json`); everything else below happens live.
#
# Nothing was trained, calibrated or chosen on the 10,000 test images.

# %%
from course_lib import (
    Artifact,
    DynamicRange,
    Environment,
    Int4,
    Int8,
    fashion_mnist,
    float_tflite,
    measure,
    table,
)
from course_lib.catalog import topic

data = fashion_mnist()
float32 = float_tflite("baseline")
files = {export.name: export(float32, data) for export in (DynamicRange(), Int8(), Int4())}
files["pruned"] = Artifact.load(topic("13").folder / "pruned80_int8.tflite", "pruned")
everything = {"float32": float32} | files

reports = {name: measure(artifact, data, memory=False) for name, artifact in everything.items()}
table(
    [report.row() | {"macro F1 %": round(100 * report.macro_f1, 2)} for report in reports.values()],
    caption=f"Five files, each judged alone on all 10,000 test images. {Environment.here()}",
)

# %% [markdown]
# This table is where most evaluations stop. Read its intervals: int4's overlaps that of float32. Is its loss noise? The table cannot say. It treats the five accuracies as if five different crowds had taken five different exams.
#
# ## Same exam, same crowd
#
# All files answered the *same* images. So put two files side by side and count, for each image, who was right. Only two of the four cells say anything about which file is better.

# %%
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from course_lib import compare, record, reveal, show
from course_lib.lesson import style

MARGIN = 0.005  # fixed before looking: half a point is what this product can afford

duels = {
    name: compare(float32, artifact, data, margin=MARGIN, latency=False)
    for name, artifact in files.items()
}
with style():
    fig, axes = plt.subplots(1, 4, figsize=(9, 2.9))
    paint = ListedColormap(["#EEEEEE", "#F2B38A", "#8CCDB6"])
    for ax, (name, duel) in zip(axes, duels.items(), strict=True):
        ax.imshow([[0, 1], [2, 0]], cmap=paint, vmin=0, vmax=2)
        counts = np.array([[duel.both_right, duel.only_a], [duel.only_b, duel.both_wrong]])
        for (row, column), count in np.ndenumerate(counts):
            ax.text(column, row, f"{count:,}", ha="center", va="center")
        ax.set_xticks([0, 1], ["right", "wrong"])
        ax.set_yticks([0, 1], ["right", "wrong"], rotation=90, va="center")
        ax.set(xlabel=name, ylabel="float32" if ax is axes[0] else "")
        ax.set_title(f"{duel.flips} flips")
        ax.grid(visible=False)
show(
    fig,
    alt="Four two-by-two tables of float32 against dynamic range, int8, int4 and pruned: counts "
    "of images that both, one or neither gets right; the two discordant cells are coloured.",
    caption="Orange: only float32 was right. Green: only the compressed file was. Flips also "
    "count a wrong answer that became another wrong answer.",
    caption_zh="橙色：只有 float32 答对；绿色：只有压缩后的文件答对。翻转还包括从一个错误答案变"
    "成另一个错误答案。",
)
int4, pruned = duels["int4"], duels["pruned"]
assert 0 < -int4.difference < 0.01  # what the prediction said of it
record("int4_flips", int4.flips)
record("int4_loss", -100 * int4.difference)
record("int4_worse", int4.only_a)
record("int4_better", int4.only_b)
record("dynamic_flips", duels["dynamic range"].flips)
record("dynamic_loss", -100 * duels["dynamic range"].difference)
record("pruned_flips", pruned.flips)
record("pruned_loss", -100 * pruned.difference)
reveal("flips", int4.flips)

# %% [markdown]
# Accuracy is a difference of two large counts, and it hides both. Behind int4's loss of {int4_loss:.2f} points stand {int4_worse} images that broke and {int4_better} that got mended. Dynamic range moved the accuracy by {dynamic_loss:.2f} points and still changed its mind {dynamic_flips} times. If somebody's customer is among the flips, "same accuracy" is no comfort.
#
# ## Is it noise? Is it acceptable?
#
# Two questions, and they are different ones.
#
# *Noise?* If both files were equally good, each image that only one of them gets right is a fair coin. That is McNemar's test: no variance formula, no normal approximation, just coins. Beside it stands the unpaired z-test of two proportions, which many people reach for.
#
# *Acceptable?* Take the interval of the paired difference and ask where it lies against the margin that was fixed before looking.

# %%
import math
from statistics import NormalDist


def unpaired_p(duel):
    """Return the two-proportion z-test's p-value: as if each file had seen other images."""
    both = (duel.accuracy_a + duel.accuracy_b) / 2
    z = duel.difference / math.sqrt(2 * both * (1 - both) / duel.images)
    return 2 * NormalDist().cdf(-abs(z))


def readable(p):
    """Write a p-value with two digits, in words when it is tiny."""
    return f"{p:.2g}" if p > 1e-6 else "below 1e-6"


table(
    [
        {
            "file": name,
            "difference": f"{100 * duel.difference:+.2f}",
            "flips": duel.flips,
            "worse": duel.only_a,
            "better": duel.only_b,
            "p unpaired": readable(unpaired_p(duel)),
            "p McNemar": readable(duel.p_value),
            "paired 95% interval": f"{100 * duel.difference_interval.low:+.2f} to "
            f"{100 * duel.difference_interval.high:+.2f}",
            "at half a point": duel.verdict,
        }
        for name, duel in duels.items()
    ],
    caption="Each file against float32 on the same 10,000 images, differences in points of "
    "accuracy",
    name="paired",
)
record("p_unpaired", unpaired_p(int4))
record("p_paired", int4.p_value)
record("int4_low", 100 * int4.difference_interval.low)
record("int4_high", 100 * int4.difference_interval.high)
record("int8_p", duels["int8"].p_value)
record("int8_low", 100 * duels["int8"].difference_interval.low)
record("pruned_high", 100 * pruned.difference_interval.high)
verdicts = [duels[name].verdict for name in ("int8", "int4", "pruned")]
assert verdicts == ["non-inferior", "inconclusive", "inferior"]  # one of each kind

# %% [markdown]
# Look at int4. Unpaired, p = {p_unpaired:.2f}: "not significant". Paired, p = {p_paired:.1g}. Same images, same answers; the unpaired test drowned the difference in the {int4_shared:.0f} % of images on which the two files agree about being right or wrong. Those carry no information about which is better.
#
# And the verdict column asks something else again. Int4's loss is certainly real, and with an interval from {int4_low:+.2f} to {int4_high:+.2f} it may still be below half a point: inconclusive, get more images. Int8 is accepted because its whole interval lies above the margin, whatever its p-value. The pruned file is refused; {pruned_high:+.2f} is the best that can be hoped of it. (A detail: int8's interval starts at {int8_low:+.2f}, and its exact p-value is {int8_p:.3f}. The exact test errs on the cautious side, the score interval does not. Where two sound methods come out on either side of a line, stop leaning on the line.)
#
# ## Look at the flips
#
# Counts convince statisticians. Product managers want to see the images. Choose a file, a true class and a direction; the bars are the two files' probabilities, float32 in grey.

# %%
from scipy.special import softmax

from course_lib import playground
from course_lib.evaluation import predict as outputs

y, names = data.y_test, data.class_names
scores = {name: outputs(artifact, data.x_test) for name, artifact in everything.items()}
said = {name: values.argmax(1) for name, values in scores.items()}
right = {name: answers == y for name, answers in said.items()}
sure = {name: softmax(values, axis=1) for name, values in scores.items()}
record("int4_shared", 100 * np.mean(right["float32"] == right["int4"]))
shirts = {name: int(np.sum(answers == names.index("Shirt"))) for name, answers in said.items()}
assert shirts["pruned"] < shirts["float32"] < shirts["int4"]
record("shirts_pruned", shirts["float32"] - shirts["pruned"])
record("shirts_int4", shirts["int4"] - shirts["float32"])


def flipped(file="pruned", true_class="Shirt", change="got worse"):
    chosen = said[file] != said["float32"]
    if change != "wrong to wrong":
        chosen &= right["float32"] == (change == "got worse")
    chosen &= right[file] == (change == "got better")
    if true_class != "any":
        chosen &= y == names.index(true_class)
    found = np.flatnonzero(chosen)
    found = found[np.argsort(-sure["float32"][found].max(1))]  # the boldest answers first
    with style():
        fig, axes = plt.subplots(
            2, 5, figsize=(9, 4), sharey="row", gridspec_kw={"height_ratios": (1, 1.1)}
        )
        fig.suptitle(f"{file}, {true_class}, {change}: {len(found)} images", fontsize=12)
        for top, bottom, index in zip(*axes, [*found[:5], *[None] * 5][:5], strict=True):
            top.axis("off")
            if index is None:
                bottom.axis("off")
                continue
            top.imshow(data.x_test[index, :, :, 0], cmap="gray_r")
            before, after = names[said["float32"][index]], names[said[file][index]]
            top.set_title(f"{before}\nbecame {after}", fontsize=10)
            bottom.bar(range(10), sure["float32"][index], color="#BBBBBB", width=0.9)
            bottom.bar(range(10), sure[file][index], color="#D55E00", width=0.4)
            bottom.set_xticks(range(10), names, rotation=90, fontsize=8)
            bottom.set(
                ylim=(0, 1), xlabel="class", ylabel="probability" if bottom is axes[1, 0] else ""
            )
    return fig


playground(
    flipped,
    alt="Up to five images whose predicted class changed, with both files' probabilities as bars.",
    file=list(files)[::-1],
    true_class=["Shirt", "any", *(name for name in names if name != "Shirt")],
    change=["got worse", "got better", "wrong to wrong"],
)
show(
    flipped(),
    alt="Five shirts that float32 recognised and the pruned file does not, each with two sets of "
    "class probabilities.",
    caption="Shirts that float32 got right, the boldest answers first, and what the pruned file "
    "makes of them.",
    caption_zh="float32 认对的衬衫（按把握从大到小），以及剪枝后的文件把它们认成了什么。",
)

# %% [markdown]
# Now choose *int4* and *T-shirt*. There the same border moved the other way, and T-shirts became shirts: the pruned file says "shirt" {shirts_pruned:.0f} times less often than float32, the int4 file {shirts_int4:.0f} times more often. Much of what either file loses is one border that moved.
#
# ## Who pays
#
# An average is a promise to nobody in particular. Split it by class. Ten classes are ten chances to be fooled, so each interval has level 1 - 0.05/10.

# %%
from course_lib.evaluation import paired_difference

LEVEL = 1 - 0.05 / 10


def by_class(name):
    """Return per class: change of recall and its interval, in points."""
    rows = []
    for label in range(10):
        ours, theirs = right["float32"][y == label], right[name][y == label]
        worse, better = int(np.sum(ours & ~theirs)), int(np.sum(theirs & ~ours))
        spread = paired_difference(worse, better, len(ours), LEVEL)
        rows.append((100 * (better - worse) / len(ours), 100 * spread.low, 100 * spread.high))
    return np.array(rows)


recall = np.array([100 * right["float32"][y == label].mean() for label in range(10)])
order = recall.argsort()  # the weakest class of the float model first
changes = {name: by_class(name) for name in ("int8", "int4", "pruned")}
with style():
    fig, ax = plt.subplots(figsize=(7, 4.8))
    for shift, (name, rows), colour in zip(
        (-0.22, 0, 0.22), changes.items(), ("#0072B2", "#E69F00", "#D55E00"), strict=True
    ):
        middle, low, high = rows[order].T
        ax.errorbar(
            middle, np.arange(10) + shift, xerr=(middle - low, high - middle),
            fmt="o", markersize=5, color=colour, label=name, linewidth=1.5,
        )  # fmt: skip
    ax.axvline(0, color="black", linewidth=1)
    ax.axvline(-100 * MARGIN, color="black", linewidth=1, linestyle=":")
    ax.set_yticks(range(10), [f"{names[label]} ({recall[label]:.1f} %)" for label in order])
    ax.set(xlabel="change of recall against float32 (points)", ylabel="class (recall of float32)")
    ax.invert_yaxis()
    ax.legend(loc="lower left")
show(
    fig,
    alt="Change of recall by class for int8, int4 and pruned with intervals; the pruned file's "
    "shirts lie far left.",
    caption="Dotted: the margin for the average. The class that was weakest before pays most of "
    "the pruned file's bill.",
    caption_zh="虚线是针对平均精度的界值。剪枝的代价大半由原本最弱的那一类承担。",
)
worst = int(changes["pruned"][:, 0].argmin())
assert worst == order[0]  # the weakest class of all
assert (
    changes["pruned"][worst, 0] < 5 * 100 * pruned.difference < 0
)  # half of the whole loss, and more
record("worst_class", names[worst])
record("worst_loss", -changes["pruned"][worst, 0])
record("worst_before", recall[worst])
record("worst_after", recall[worst] + changes["pruned"][worst, 0])
record("int4_worst_class", names[int(changes["int4"][:, 0].argmin())])
record("int4_worst_loss", -changes["int4"][:, 0].min())
record("int4_best_gain", changes["int4"][:, 0].max())
reveal("worst_class", -changes["pruned"][worst, 0])

# %% [markdown]
# {pruned_loss:.1f} points on average, {worst_loss:.1f} on {worst_class}, from {worst_before:.0f} % to {worst_after:.0f} %. Int4 is odder still: it loses {int4_worst_loss:.1f} points on its worst class and *gains* {int4_best_gain:.1f} on its best. The weakest class is where the decision borders are crowded, and compression moves borders.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# The second myth is the expensive one, so give it a fair trial. Draw small test sets from our 10,000 images, many times, and let two rules decide: "p > 0.05, ship it", and "the paired interval lies above the margin, ship it". How often does each let a file through?

# %%
from course_lib.evaluation import mcnemar
from course_lib.evaluation.comparison import judge

assert reports["int4"].accuracy_interval.high > reports["float32"].accuracy_interval.low
assert int4.p_value < 0.1 * unpaired_p(int4)  # intervals overlap, and the difference is real

SIZES, DRAWS = (200, 500, 1000, 2000, 5000), 200
rng = np.random.default_rng(0)
passed = {(name, rule): [] for name in changes for rule in ("p > 0.05", "margin")}
for size in SIZES:
    verdicts = {each: [] for each in passed}
    for _ in range(DRAWS):
        drawn = rng.choice(len(y), size, replace=False)
        ours = right["float32"][drawn]
        for name in changes:
            theirs = right[name][drawn]
            worse, better = int(np.sum(ours & ~theirs)), int(np.sum(theirs & ~ours))
            inside = judge(paired_difference(worse, better, size), MARGIN) == "non-inferior"
            verdicts[name, "p > 0.05"].append(mcnemar(worse, better) > 0.05)
            verdicts[name, "margin"].append(inside)
    for each, votes in verdicts.items():
        passed[each].append(100 * np.mean(votes))

with style():
    fig, axes = plt.subplots(1, 2, figsize=(8.5, 3.4), sharey=True)
    titles = {"p > 0.05": '"no significant difference"', "margin": "non-inferior at half a point"}
    for ax, (rule, title) in zip(axes, titles.items(), strict=True):
        for name, colour in zip(changes, ("#0072B2", "#E69F00", "#D55E00"), strict=True):
            ax.plot(SIZES, passed[name, rule], marker="o", color=colour, label=name)
        ax.set(
            xscale="log", xlabel="images in the test set", ylabel="test sets that let it pass (%)"
        )
        ax.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
        ax.minorticks_off()
        ax.set_title(title)
    axes[1].set_ylabel("")
    axes[1].legend(loc="center left")
show(
    fig,
    alt="Two panels over test-set size: under 'no significant difference' small sets let every "
    "file pass; under the margin small sets let none pass and large ones only int8.",
    caption="Left: the less you measure, the more you ship. Right: the burden of proof lies "
    "where it belongs.",
    caption_zh="左：测得越少，放行越多。右：举证责任归位，数据不够就不放行。",
)
small = SIZES.index(500)
record("pruned_slips", passed["pruned", "p > 0.05"][small])
record("pruned_proven", passed["pruned", "margin"][small])
record("int4_slips", passed["int4", "p > 0.05"][small])
record("int8_at_1000", passed["int8", "margin"][SIZES.index(1000)])
assert passed["pruned", "p > 0.05"][small] > 30 > 5 > passed["pruned", "margin"][small]

# %% [markdown]
# With 500 images the first rule waves the pruned file through in {pruned_slips:.0f} % of the draws, and it is {pruned_loss:.1f} points worse. A test that cannot find a difference has not shown that there is none.
#
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# How many images, which images, and what to watch where there are no labels.

# %% [markdown]
# ### How many images?
#
# Only discordant images vote, so the size of the test set follows from how many of those there are. To prove with 80 % probability that a file which is truly equal loses no more than δ, you need about n = 7.85 · p_disc / δ², where p_disc is the share of discordant images and 7.85 is (1.96 + 0.84)². The dots check the formula: coin flips at each file's own discordance, no real difference, 300 test sets each. The dashed line is the floor. A file that flips nothing at all still needs that many images, because the interval of "0 in n" has a width.

# %%
Z95, Z80 = NormalDist().inv_cdf(0.975), NormalDist().inv_cdf(0.80)
grid = np.array([300, 1000, 3000, 10_000, 30_000])
with style():
    fig, ax = plt.subplots(figsize=(7, 3.6))
    for name, colour in zip(changes, ("#0072B2", "#E69F00", "#D55E00"), strict=True):
        duel = duels[name]
        disc = (duel.only_a + duel.only_b) / duel.images
        needed = (Z95 + Z80) ** 2 * disc / MARGIN**2
        record(f"needed_{name}", needed)
        sizes = np.geomspace(200, 40_000, 100)
        power = [NormalDist().cdf(MARGIN * math.sqrt(n / disc) - Z95) for n in sizes]
        ax.plot(sizes, 100 * np.array(power), color=colour, label=f"{name}: {needed:,.0f} images")
        votes = rng.multinomial(grid, [disc / 2, disc / 2, 1 - disc], size=(300, len(grid)))
        proven = [
            np.mean([paired_difference(int(w), int(b), int(n)).low > -MARGIN for w, b, _ in draw])
            for n, draw in zip(grid, votes.swapaxes(0, 1), strict=True)
        ]
        ax.plot(grid, 100 * np.array(proven), "o", color=colour)
        if name == "int8":
            record("int8_simulated", 100 * proven[list(grid).index(1000)])
            record("int8_formula", 100 * NormalDist().cdf(MARGIN * math.sqrt(1000 / disc) - Z95))
    floor = Z95**2 * (1 - MARGIN) / MARGIN
    below, above = (paired_difference(0, 0, int(floor) + more).low for more in (0, 1))
    assert below < -MARGIN < above
    record("needed_floor", floor)
    ax.axvline(floor, color="black", linewidth=1, linestyle="--")
    ax.axhline(80, color="black", linewidth=1, linestyle=":")
    ax.set(xscale="log", xlabel="images in the test set", ylabel="proven non-inferior (%)")
    ax.set_xticks(grid, [f"{n:,}" for n in grid])
    ax.minorticks_off()
    ax.legend(title="80 % by the formula", loc="lower right")
show(
    fig,
    alt="Power curves against test-set size for the discordance rates of int8, int4 and pruned, "
    "with simulated dots.",
    caption="Files that flip more need more images, even when nothing is lost. Lines: the "
    "formula. Dots: simulation.",
    caption_zh="翻转越多，需要的图片越多，哪怕其实没有掉点。线是公式，点是模拟。",
)

# %% [markdown]
# The formula wants {needed_int4:,.0f} images for int4 and {needed_pruned:,.0f} for the pruned file, which is more than this test set has, and the dots agree. For int8 they do not: with 1,000 images the formula promises {int8_formula:.0f} %, the simulation delivers {int8_simulated:.0f} %. A thousand images hold three discordant ones at that rate, too few for any normal approximation. Where flips are rare, simulate, and never go below {needed_floor:,.0f} images for half a point.
#
# ### Which images?
#
# "A set distributed like the training data" is the textbook answer. Ask instead what the camera will send. The same files on training images, and on test images as two worse cameras would have taken them.

# %%
noise = rng.normal(0, 0.2, data.x_test.shape).astype(np.float32)
CAMERAS = {
    "training images": (data.x_train, data.y_train),
    "sensor noise": (np.clip(data.x_test + noise, 0, 1), y),
    "half the light": (0.5 * data.x_test, y),
}
shown = ("float32", *changes)
accuracy = {"test images": {name: 100 * right[name].mean() for name in shown}}
for camera, (x, labels) in CAMERAS.items():
    accuracy[camera] = {
        name: 100 * np.mean(outputs(everything[name], x).argmax(1) == labels) for name in shown
    }
found = {}
for camera, hits in accuracy.items():
    found[camera] = {"float32 %": round(hits["float32"], 2)} | {
        name: f"{hits[name] - hits['float32']:+.2f}" for name in changes
    }
table(
    [{"images": camera} | row for camera, row in found.items()],
    caption="Points against float32, by the images that you ask (10,000; training: 12,000)",
    name="cameras",
)
train, noisy = accuracy["training images"], accuracy["sensor noise"]
record("train_float", train["float32"])
record("train_loss_pruned", train["float32"] - train["pruned"])
record("noise_gain_pruned", noisy["pruned"] - noisy["float32"])
record("noise_loss_int4", noisy["float32"] - noisy["int4"])

# %% [markdown]
# On training images the pruned file seems to lose {train_loss_pruned:.1f} points: float32, at {train_float:.0f} %, had learnt many of them by heart. Under sensor noise it comes out {noise_gain_pruned:+.1f} points against float32, while int4 loses {noise_loss_int4:.1f}. Which file is best depends on the images that you ask, so ask the ones that production sends.
#
# ### Is it still honest about its doubts?
#
# Whoever thresholds a probability needs it to mean something. Sort the predictions by stated confidence and compare with how often they were right.

# %%
from course_lib.evaluation import calibration_error

EDGES = np.linspace(0.4, 1, 13)
with style():
    fig, ax = plt.subplots(figsize=(5.6, 4.2))
    ax.plot([40, 100], [40, 100], color="black", linewidth=1, linestyle=":")
    for name, colour in zip(("float32", "pruned"), ("#000000", "#D55E00"), strict=True):
        stated = sure[name].max(1)
        bins = np.digitize(stated, EDGES)
        kept = [b for b in range(1, len(EDGES) + 1) if np.sum(bins == b) >= 30]
        error = 100 * calibration_error(scores[name], y)
        record(f"calibration_{name}", error)
        ax.plot(
            [100 * stated[bins == b].mean() for b in kept],
            [100 * right[name][bins == b].mean() for b in kept],
            marker="o", color=colour, label=f"{name}: calibration error {error:.1f} %",
        )  # fmt: skip
    ax.set(xlabel="stated confidence (%)", ylabel="how often right (%)")
    ax.legend(loc="upper left")
show(
    fig,
    alt="Reliability diagram: float32 lies below the diagonal, the pruned file lies on it.",
    caption="Below the dotted line a file promises more than it keeps. Bins with fewer than 30 "
    "images are left out.",
    caption_zh="虚线以下表示把握大于实际正确率。少于 30 张图片的分箱略去。",
)

# %% [markdown]
# Worse at its task, better calibrated: {calibration_pruned:.1f} % against {calibration_float32:.1f} %. Two different virtues. (Four more epochs of training at 80 % zeros may deserve the credit; without an equal-epoch control nobody can tell.)
#
# ### Without labels
#
# Production has no labels, but it can run both files on a sample. Three distances that need none, beside what they should predict.

# %%
rows = []
for name, duel in duels.items():
    before, after = sure["float32"], sure[name]
    divergence = np.sum(
        before * np.log(np.maximum(before, 1e-12) / np.maximum(after, 1e-12)), axis=1
    )
    rows.append(
        {
            "file": name,
            "agreement %": round(100 * (1 - duel.flips / duel.images), 2),
            "KL divergence": round(float(divergence.mean()), 4),
            "SQNR dB": round(duel.sqnr_db, 1),
            "accuracy, points": f"{100 * duel.difference:+.2f}",
        }
    )
table(
    rows,
    caption="Against float32 on 10,000 images, no label used but in the last column",
    name="labelless",
)
record("sqnr_int8", duels["int8"].sqnr_db)
record("sqnr_int4", int4.sqnr_db)
record("int8_flips", duels["int8"].flips)
low, high = scores["int8"].min(), scores["int8"].max()  # all that its output range can express
beyond = (scores["float32"] < low) | (scores["float32"] > high)
squared = (scores["int8"] - scores["float32"]) ** 2
record("int8_clipped", 100 * beyond.mean())
record("int8_clip_error", 100 * squared[beyond].sum() / squared.sum())

# %% [markdown]
# SQNR puts int8 ({sqnr_int8:.1f} dB) beside int4 ({sqnr_int4:.1f} dB), and int4 flips {int4_flips} images to int8's {int8_flips}. Of int8's squared error {int8_clip_error:.0f} % sits in the {int8_clipped:.0f} % of the logits that its output range cannot express and clips: loud, and nearly harmless to the argmax. Int4's error has no such home; it reaches the small differences that decide. Watch agreement and KL divergence; keep SQNR for finding the layer.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# One network, one data set with balanced classes, one training run: another seed of the pruned file may hurt another class by another amount. Labels of Fashion-MNIST are partly arguable, above all between shirts and T-shirts, and some "regressions" are. Top-1 is one task; detection needs AP at a strict IoU, speech the word error rate, and their paired tests resample images or speakers. The test set was looked at once here. In a project you would choose on validation and keep it closed until then.
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
