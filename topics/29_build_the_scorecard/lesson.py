# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **find** the files that none of 26 beats, in 2 or more criteria, whatever the units (29A),
# - **write** a gate that 1 missing number cannot pass and 1 exact tie does not fail (29B),
# - **state** how sure a front of 5,000 images is, and choose from it by constraint, not by weights (quiz).
#
# ## Predict first
#
# You will score 26 files on 5,000 validation images and draw the Pareto front of accuracy against download size. Then you draw 5,000 images anew from the same 5,000, with replacement, and draw the front again. The bytes are exactly the same, the files too.

# %%
from course_lib import predict

predict(
    "same_front",
    "In how many of 100 such draws does the front consist of the same files?",
    zh="重抽 100 次，有多少次前沿由同样的文件组成？",
    unit="of 100",
)
predict(
    "unreachable",
    "A weighted sum of accuracy and bytes picks a winner. Trying all weights, how many per cent of the front's files never win?",
    zh="用精度与字节的加权和选赢家。试遍所有权重，前沿上百分之几的文件永远选不到？",
    unit="%",
)

# %% [markdown]
# ## The scorecard
#
# A harness is dull on purpose: every variant times every metric, one command, no hand in between. The networks are the shipped baseline and five that lesson 16 pruned; four exports make files of each, and the baseline gets two more. Choosing is done on the **validation** images; the test images wait until the end. The raw answers are kept, file by image, and not only their means: whatever question comes later (which images flipped? how sure is this rank?) can then be answered without running anything again.

# %%
import gzip
import json

import numpy as np

from course_lib import (
    Artifact,
    DynamicRange,
    Environment,
    Float16,
    Float32,
    Int4,
    Int8,
    fashion_mnist,
    float_tflite,
)
from course_lib.catalog import topic
from course_lib.evaluation import predict as outputs
from course_lib.evaluation import race
from course_lib.evaluation.runtime import delegate_name, open_interpreter

data = fashion_mnist()
folder = topic("16").folder
runs = json.loads((folder / "record_variants.json").read_text(encoding="utf-8"))["runs"]
networks = {"baseline": float_tflite("baseline")} | {
    name: Artifact(name, gzip.decompress((folder / run["file"]).read_bytes()))
    for name, run in runs.items()
    if name != "control"
}
exports = {
    "float32": Float32(),
    "dynamic": DynamicRange(),
    "int8": Int8(),
    "int4": Int4(),
}
files = {
    f"{name}, {way}": Artifact(f"{name}, {way}", export(network, data).content)
    for name, network in networks.items()
    for way, export in exports.items()
}
files["baseline, float16"] = Artifact(
    "baseline, float16", Float16()(networks["baseline"], data).content
)
files["baseline, int8, float I/O"] = Artifact(
    "baseline, int8, float I/O", Int8(integer_io=False)(networks["baseline"], data).content
)
names = list(files)
assert len(names) == 26

right = np.array(
    [outputs(file, data.x_val).argmax(1) == data.y_val for file in files.values()]
)  # (files, images)
interpreters = {name: open_interpreter(file) for name, file in files.items()}
times = race({name: each.invoke for name, each in interpreters.items()}, seconds=3.0)

import pandas as pd

from course_lib import record, table

card = pd.DataFrame(
    {
        "accuracy %": 100 * right.mean(axis=1),
        "raw bytes": [file.raw_bytes for file in files.values()],
        "gzip bytes": [file.gzip_bytes for file in files.values()],
        "median µs": [float(np.median(times[name])) for name in names],
        "delegate": [delegate_name(interpreters[name]) for name in names],
    },
    index=pd.Index(names, name="file"),
)
standard_error = 100 * np.sqrt(right.mean(axis=1) * (1 - right.mean(axis=1)) / len(data.y_val))
record("files", len(card))
record("images", len(data.y_val))
record("standard_error", float(standard_error[0]))
table(
    card.round({"accuracy %": 2, "median µs": 1}).reset_index(),
    caption=f"The scorecard, {len(data.y_val):,} validation images, batch 1, one thread. {Environment.here()}",
)

# %% [markdown]
# ## Two fronts
#
# A file is *dominated* when another is nowhere worse and somewhere better. Nobody needs to argue about a dominated file. What is left is the **front**, and no arithmetic can decide between two of its members: that takes a requirement.


# %%
from course_lib import pareto


def front(accuracy, cost):
    """Return the indices of the files that no other dominates, the cheapest first."""
    return list(pareto(range(len(cost)), costs=lambda index: (cost[index], -accuracy[index])))


AXES = {"gzip bytes": "bytes after gzip", "median µs": "µs, batch 1, one thread"}
accuracy = card["accuracy %"].to_numpy()
fronts = {column: front(accuracy, card[column].to_numpy()) for column in AXES}
for column, members in fronts.items():
    print(f"{len(members)} of {len(card)} on accuracy against {column}:")
    print("   " + "; ".join(names[index] for index in members))
record("front_download", len(fronts["gzip bytes"]))
record("front_latency", len(fronts["median µs"]))
int4 = {name for name in names if name.endswith("int4")}
record("int4_files", len(int4))
record("int4_on_download", len(int4 & {names[i] for i in fronts["gzip bytes"]}))
record("int4_on_latency", len(int4 & {names[i] for i in fronts["median µs"]}))

# %% [markdown]
# The two lists share few files. Of the {int4_files} int4 files, {int4_on_download} are on the download's front and {int4_on_latency} on the latency's: for a CNN on this CPU four bits are a way to save bytes and nothing else. So "the best compressed model" is not a question until you name the axes.
#
# ## How sure is the front?
#
# The bytes are exact and the microseconds are medians of many runs. But accuracy comes from {images:,} images, with a standard error of {standard_error:.2f} points, and many files lie closer than that. So draw the images again, 400 times, each time asking all files about the same draw, and count who is on the front.

# %%
from course_lib import reveal

rng = np.random.default_rng(0)
draws = [rng.integers(0, right.shape[1], right.shape[1]) for _ in range(400)]
again = np.array([right[:, draw].mean(axis=1) for draw in draws])  # (draws, files)
membership, same, different = {}, {}, {}
for column, members in fronts.items():
    drawn = [frozenset(front(row, card[column].to_numpy())) for row in again]
    membership[column] = np.array(
        [np.mean([index in each for each in drawn]) for index in range(len(names))]
    )
    same[column] = 100 * np.mean([each == frozenset(members) for each in drawn])
    different[column] = len(set(drawn))
record("same_front", same["gzip bytes"])
record("different_fronts", different["gzip bytes"])
record("same_front_latency", same["median µs"])
sure = int((membership["gzip bytes"] > 0.95).sum())
record("sure_members", sure)
assert (
    same["gzip bytes"] < 50
)  # a front of neighbours cannot be stable; by how little, the number above says
reveal("same_front", same["gzip bytes"], unit="of 100")

# %% [markdown]
# In {same_front:.0f} of 100 draws the front is the one you would have put on the slide. The 400 draws gave {different_fronts} different ones. It is not that everything is noise: {sure_members} files are on nearly every front. What the picture needs is each file's share, and here it is.

# %%
import matplotlib.pyplot as plt
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from course_lib import lesson, show

FAMILIES = {name: f"C{place}" for place, name in enumerate(networks)}


def draw(floor=85.0, columns=tuple(AXES)):
    """Draw accuracy against each column; a dot's area is its share of the fronts."""
    with lesson.style():
        figure, panels = plt.subplots(1, len(columns), figsize=(9.5, 4), sharey=True)
    for panel, column in zip(np.atleast_1d(panels), columns, strict=True):
        cost, share = card[column].to_numpy(), membership[column]
        for index, name in enumerate(names):
            family = name.split(", ")[0]
            if accuracy[index] < floor:
                continue
            panel.scatter(cost[index], accuracy[index], s=8 + 150 * share[index], color=FAMILIES[family],
                          alpha=0.35 + 0.5 * share[index], edgecolors="black", linewidths=0.4)  # fmt: skip
        members = [index for index in fronts[column] if accuracy[index] >= floor]
        panel.step(cost[members], accuracy[members], where="post", color="0.5", lw=0.8, zorder=0)
        panel.set(xscale="log", xlabel=AXES[column])
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.xaxis.set_major_formatter(EngFormatter(sep=""))
        panel.xaxis.set_minor_formatter(NullFormatter())
    np.atleast_1d(panels)[0].set_ylabel("validation accuracy, %")
    handles = [plt.Line2D([], [], marker="o", ls="", color=colour, label=family) for family, colour in FAMILIES.items()]  # fmt: skip
    np.atleast_1d(panels)[-1].legend(handles=handles, fontsize=7, loc="lower right")
    return figure


show(
    draw(),
    alt="Two panels of validation accuracy, against bytes after gzip and against microseconds. Each file is a dot whose "
    "area is its share of 400 resampled Pareto fronts. A few large dots mark the bends, many middling ones lie between.",
    caption=f"Area: how often a file is on the front when the images are drawn again. Line: the front of the one draw you have. Files below 85 % are not drawn ({sum(accuracy < 85)}).",
    caption_zh=f"面积：重抽图片时该文件落在前沿上的频率。折线：手头这一次抽样的前沿。低于 85% 的 {sum(accuracy < 85)} 个文件未画出。",
)

# %% [markdown]
# ## From a front to a file
#
# The circulating rule is to weigh: so many points of accuracy are worth so many bytes. It has two faults, and both can be run. The first: the winner depends on the unit. The second is geometry: a sum can only reach points on the outer hull, and a front has dents.

# %%
download = card["gzip bytes"].to_numpy()


def weighted_winner(weight, unit):
    """Return the file that maximizes accuracy in points minus weight times bytes in a unit."""
    return names[int(np.argmax(accuracy - weight * download / unit))]


by_kilobyte, by_megabyte = weighted_winner(1.0, 1e3), weighted_winner(1.0, 1e6)
print(f"1 point = 1 kB: {by_kilobyte}\n1 point = 1 MB: {by_megabyte}")
assert by_kilobyte != by_megabyte  # "equal weights" means nothing before the units are named

weights = np.geomspace(1e-9, 1.0, 5000)
reached = {int(np.argmax(accuracy - weight * download)) for weight in weights}
members = set(fronts["gzip bytes"])
missed = 100 * len(members - reached) / len(members)
record("weighted_reach", len(members & reached))
record("unreachable", missed)
reveal("unreachable", missed, unit="%")
print("win for no weight:", "; ".join(names[index] for index in sorted(members - reached)))

# %% [markdown]
# Of {front_download} files on the download's front, a weighted sum can find {weighted_reach}, whichever weights you take. So state a constraint instead: *the smallest download that loses at most half a point to float32*. That is the ε-constraint method. Everybody in the meeting understands it, it has no units to confuse, and it reaches every file of the front.
#
# After the last picture one thing must be added: the loss is an estimate too. There are two readings of "at most half a point": the measured loss, or the upper end of its 95 % interval, paired image by image. Each rule chooses on validation, for three limits; then, and only then, the test images judge the chosen file. Their verdict is an estimate as well, so its ± stands beside it. The last column stays within the validation images, where the truth is known: how much more the chosen files lose on all 5,000 than on the draw that chose them.

# %%
reference = names.index("baseline, float32")
RULES = {"measured loss": False, "upper end of its interval": True}


def chosen(images, limit, certain):
    """Return the smallest download whose loss of points, measured on some images, is within the limit."""
    lost = 100 * (
        right[reference, images].astype(float) - right[:, images]
    )  # (files, images), paired
    loss = lost.mean(axis=1)
    if certain:
        loss = loss + 1.96 * lost.std(axis=1) / np.sqrt(lost.shape[1])
    allowed = np.flatnonzero(loss <= limit)
    return int(allowed[np.argmin(download[allowed])])


tested = {}


def test_right(index):
    if index not in tested:
        tested[index] = outputs(files[names[index]], data.x_test).argmax(1) == data.y_test
    return tested[index]


def test_loss(index):
    """Points that a file loses to float32 on the 10,000 test images."""
    return 100 * float(test_right(reference).mean() - test_right(index).mean())


def test_margin(index):
    """Half of the 95 % interval of that loss, paired image by image."""
    lost = test_right(reference).astype(float) - test_right(index)
    return 100 * 1.96 * float(lost.std() / np.sqrt(len(lost)))


def luck(picks):
    """Points that chosen files lose on all 5,000 images beyond their loss on the draw that chose them."""
    lost = 100 * (right[reference].astype(float) - right)
    extra = [lost[i].mean() - lost[i, draw].mean() for i, draw in zip(picks, draws, strict=True)]
    return float(np.mean(extra))


rows = []
for limit in (0.5, 1.0, 2.0):
    for rule, certain in RULES.items():
        picks = [chosen(draw, limit, certain) for draw in draws]
        pick = chosen(np.arange(right.shape[1]), limit, certain)
        rows.append(
            {
                "rule": f"{rule} ≤ {limit:g}",
                "choice": names[pick],
                "gzip bytes": int(download[pick]),
                "loss on test, points": round(test_loss(pick), 2),
                "± of it": round(test_margin(pick), 2),
                "kept": "yes" if test_loss(pick) <= limit else "no",
                "broken in 100 draws": round(100 * np.mean([test_loss(each) > limit for each in picks])),
                "luck, points": round(luck(picks), 2),
            }
        )  # fmt: skip
plain, careful = rows[0], rows[1]
record("plain_margin", plain["± of it"])
record("plain_luck", plain["luck, points"])
record("careful_luck", careful["luck, points"])
record(
    "plain_validation",
    100 * float((right[reference].astype(float) - right[names.index(plain["choice"])]).mean()),
)
record("limit", 0.5)
record("plain_choice", plain["choice"])
record("plain_loss", plain["loss on test, points"])
record("plain_broken", plain["broken in 100 draws"])
record("careful_choice", careful["choice"])
record("careful_loss", careful["loss on test, points"])
record("careful_broken", careful["broken in 100 draws"])
record("careful_smaller", float(download[reference] / careful["gzip bytes"]))
record("plain_total", sum(row["broken in 100 draws"] for row in rows[0::2]) / 3)
record("careful_total", sum(row["broken in 100 draws"] for row in rows[1::2]) / 3)
assert careful["broken in 100 draws"] <= plain["broken in 100 draws"]
table(
    rows,
    caption="The smallest download under a limit of lost points: chosen on validation, judged on test.",
)

# %% [markdown]
# Half a point by measured loss: the choice is *{plain_choice}*, and on the test images it loses {plain_loss:.2f} (± {plain_margin:.2f}). Had the validation images been drawn differently, the chosen file would have lost more than promised there in {plain_broken:.0f} of 100 cases. By the interval's upper end it is *{careful_choice}*, which loses {careful_loss:.2f}; broken in {careful_broken:.0f}.
#
# This has a name, the **winner's curse**. The rule looks for the smallest file that looks good enough, so it finds the one whose luck was best: on its own draw the chosen file looks {plain_luck:.2f} points better than on all 5,000 images (by the careful rule {careful_luck:.2f}, but that rule has a margin to pay with). The more files you score, the more luck there is to find. Over the three limits the promise breaks in {plain_total:.0f} of 100 draws one way and in {careful_total:.0f} the other. That is more than luck of the choice: *{plain_choice}* lost {plain_validation:.2f} on validation and {plain_loss:.2f} on test, and a limit between the two is broken by any rule that picks it. The careful rule pays with bytes, and it says what to do when that is too much: label more images.

# %% [markdown]
# Move the budget and the floor. What survives both is what you may still discuss.

# %%
from course_lib import playground


def survivors(axis="gzip bytes", budget_share=25, points_lost=1.0):
    """Shade what a budget and a floor leave."""
    figure = draw(floor=85.0, columns=(axis,))
    panel = figure.axes[0]
    limit = card[axis].max() * budget_share / 100
    floor = accuracy[reference] - points_lost
    inside = [
        n for n, a, c in zip(names, accuracy, card[axis], strict=True) if a >= floor and c <= limit
    ]
    panel.axhline(floor, color="C3", lw=1)
    panel.axvline(limit, color="C3", lw=1)
    panel.set_title(
        f"{len(inside)} of {len(names)} survive: " + ("; ".join(inside[:3]) or "none"), fontsize=8
    )
    return figure


playground(
    survivors,
    alt="Accuracy against the chosen cost with a budget line and an accuracy floor; the title counts and names survivors.",
    axis=list(AXES),
    budget_share=(2, 100, 2),
    points_lost=(0.0, 5.0, 0.25),
)
show(
    survivors("median µs", 30, 1.0),
    alt="Accuracy against microseconds with a budget line at 30 % of the slowest and a floor one point below float32; "
    "the title counts and names the files in the corner that is left.",
    caption="One setting: a latency budget of 30 % of the slowest file, a floor of one point.",
    caption_zh="一种设定：延迟预算为最慢文件的 30%，精度下限为掉一个点。",
)

# %% [markdown]
# ## The gate
#
# The scorecard chooses once; the gate stands there at every commit. Per metric it has a direction and a tolerance, absolute or relative, and one principle: *no number means no*. Five candidates want to replace the baseline's int8 file. One is the same build again. One clips the widest hundredth of every activation, because a newer tool changed its default. One has a float input and output, because somebody found that convenient. One is four bits. And in one run the benchmark crashed, which in a table looks like this: NaN.

# %%
from course_lib import Percentile

baseline = networks["baseline"]
base = files["baseline, int8"]
candidates = {
    "the same build again": Int8()(baseline, data),
    "another default: 99 %": Int8(calibrator=Percentile(99.0))(baseline, data),
    "float input and output": files["baseline, int8, float I/O"],
    "four bits": files["baseline, int4"],
    "the benchmark crashed": base,
}
golden = outputs(base, data.x_val).argmax(1)
runs_of = {"base": open_interpreter(base)} | {
    name: open_interpreter(file) for name, file in candidates.items()
}
laps = race({name: each.invoke for name, each in runs_of.items()}, seconds=2.0)


def facts(file, laps):
    answers = outputs(file, data.x_val).argmax(1)
    return {
        "accuracy, %": 100 * float((answers == data.y_val).mean()),
        "same answer as before, %": 100 * float((answers == golden).mean()),
        "raw bytes": file.raw_bytes,
        "gzip bytes": file.gzip_bytes,
        "median, µs": float(np.median(laps)),
    }


before = pd.Series(facts(base, laps["base"]))
after = pd.DataFrame({name: facts(file, laps[name]) for name, file in candidates.items()}).T
after.loc["the benchmark crashed", "median, µs"] = np.nan
rules = pd.DataFrame(
    {
        "better": ["higher", "higher", "lower", "lower", "lower"],
        "tolerance": [0.5, 1.0, 0.01 * before["raw bytes"], 0.01 * before["gzip bytes"], 0.10 * before["median, µs"]],
    },
    index=before.index,
)  # fmt: skip
worse = (after - before) * rules["better"].map({"higher": -1, "lower": 1})
within = (worse <= rules["tolerance"]).where(worse.notna(), False)
table(
    [
        {
            "candidate": name,
            "gate": "passes" if within.loc[name].all() else "refused",
            "because of": "; ".join(within.columns[~within.loc[name]]) or "-",
        }
        for name in candidates
    ],
    caption=f"Tolerances: {', '.join(f'{name} {value:.3g}' for name, value in rules['tolerance'].items())}.",
)
clipped = after.loc["another default: 99 %"]
record("clipped_accuracy_change", clipped["accuracy, %"] - before["accuracy, %"])
record("clipped_agreement", clipped["same answer as before, %"])
assert within.loc[
    "the same build again", ["accuracy, %", "same answer as before, %", "raw bytes"]
].all()
assert not within.loc["four bits"].all()
assert not within.loc["the benchmark crashed"].all()
clipped_is_seen = (
    "the gate sees it" if not within.loc["another default: 99 %"].all() else "the gate lets it pass"
)

# %% [markdown]
# Look at the second candidate. Its accuracy changed by {clipped_accuracy_change:+.2f} points, and it answers like the file before on {clipped_agreement:.2f} % of the images. Accuracy nets its flips: what it lost here it gained there. Users do not net. So a gate watches agreement with the shipped file as well, and that metric needs no labels at all.

# %%
with lesson.style():
    figure, panel = plt.subplots(figsize=(8, 3))
used = (worse / rules["tolerance"]).clip(-2, 2)
shown = panel.imshow(used.fillna(2), cmap="RdBu_r", vmin=-2, vmax=2, aspect="auto")
for row, name in enumerate(used.index):
    for column, metric in enumerate(used.columns):
        value = worse.loc[name, metric] / rules.loc[metric, "tolerance"]
        text = "NaN" if np.isnan(value) else f"{value:+.1f}"
        dark = np.isnan(value) or abs(value) > 1.2
        panel.text(
            column, row, text + ("" if within.loc[name, metric] else "  ✗"),
            ha="center", va="center", fontsize=8, color="white" if dark else "black",
        )  # fmt: skip
panel.set_xticks(
    range(len(used.columns)), [name.replace(", ", ",\n") for name in used.columns], fontsize=8
)
panel.set_yticks(range(len(used.index)), used.index, fontsize=8)
panel.set(xlabel="metric", ylabel="candidate")
panel.grid(False)
figure.colorbar(shown, label="worse by, in tolerances")
show(
    figure,
    alt="A heat map of five candidates by five metrics: how much worse, in units of the tolerance. Refused: "
    + "; ".join(
        f"{name} for {', '.join(within.columns[~within.loc[name]])}"
        for name in within.index
        if not within.loc[name].all()
    )
    + ".",
    caption="The gate's report: 1.0 is exactly the tolerance, a cross is a refusal, blue is better than before.",
    caption_zh="门禁报告：1.0 恰为容差，叉号表示拒绝，蓝色表示比之前更好。",
)

# %% [markdown]
# ## What the folk answer gets wrong
#
# {{myths}}
#
# All three, from the arrays above.

# %%
winners = {unit: weighted_winner(1.0, unit) for unit in (1e3, 1e4, 1e5, 1e6)}
print(
    "one point per", *(f"{unit / 1e3:g} kB: {name}" for unit, name in winners.items()), sep="\n  "
)
assert len(set(winners.values())) > 1  # equal weights, several winners: the unit decided

assert members - reached  # files on the front that no weights find
least = accuracy[sorted(members)].min()
assert (
    least < accuracy.max() - 1
)  # and the front alone decides nothing: it spans points of accuracy
print(f"the download's front spans {accuracy.max() - least:.1f} points of accuracy")
record("front_span", float(accuracy.max() - least))

crashed = {"median, µs": float("nan")}
careless = crashed["median, µs"] - before["median, µs"] > rules.loc["median, µs", "tolerance"]
assert not careless  # "is it worse?" is answered no: a careless gate lets the crash pass

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# Where tolerances come from, how exact golden outputs can be, and what a row must carry.

# %% [markdown]
# ### Where tolerances come from
#
# Not from taste. Measure the shipped file against *itself*, as the gate would, many times: whatever differs is noise, and a tolerance below it will wake somebody for nothing. Here each trial races two copies of the same file for a twentieth of a second.

# %%
trials = []
for _ in range(40):
    pair = {"one": open_interpreter(base), "two": open_interpreter(base)}
    raced = race({name: each.invoke for name, each in pair.items()}, seconds=0.05)
    trials.append(float(np.median(raced["two"]) / np.median(raced["one"])))
excess = 100 * (np.array(trials) - 1)
limits = np.array([0.0, 0.5, 1.0, 2.0, 5.0, 10.0])
alarms = [100 * float((excess > limit).mean()) for limit in limits]
record("alarms_at_zero", alarms[0])
record("alarms_at_ten", alarms[-1])
record("noise_p95", float(np.quantile(excess, 0.95)))
with lesson.style():
    figure, panel = plt.subplots(figsize=(6, 3))
panel.plot(limits, alarms, "o-")
panel.set(xlabel="tolerance on the latency ratio, %", ylabel="false alarms, % of 40 trials")
show(
    figure,
    alt="False alarms of a latency gate against its tolerance: many at zero per cent, falling as the tolerance grows.",
    caption="A file against itself: how often a gate of this tolerance would have refused it.",
    caption_zh="文件与自己比较：在该容差下门禁误报的频率。",
)

# %% [markdown]
# A gate without tolerance refuses the unchanged file in {alarms_at_zero:.0f} of 100 runs. The 95th percentile of the noise is {noise_p95:.1f} % here; take your own machine's, double it, and on a refusal measure again before you wake anybody. What you do not do is loosen the limit until it stops complaining.

# %% [markdown]
# ### Golden outputs, and how exact they can be
#
# A golden test stores inputs and outputs and compares. The advice that circulates is "equal within one step", for the last bit may differ between backends. Two kernels of one runtime, same file, same images:

# %%
steps = []
few = data.x_val[:1000]
for fast in (True, False):
    raw = outputs(base, few, xnnpack=fast)
    steps.append(raw)
detail = open_interpreter(base).get_output_details()[0]["quantization"][0]
apart = np.rint(np.abs(steps[0] - steps[1]) / detail).astype(int)
record("golden_exact", 100 * float((apart == 0).mean()))
record("golden_one", 100 * float((apart <= 1).mean()))
record("golden_furthest", int(apart.max()))
record("golden_flips", int((steps[0].argmax(1) != steps[1].argmax(1)).sum()))
table(
    [
        {"difference, steps": step, "outputs": int((apart == step).sum())}
        for step in range(apart.max() + 1)
    ],
    caption="The int8 logits of 1,000 images, XNNPACK against the built-in kernels.",
)

# %% [markdown]
# {golden_exact:.1f} % of the outputs are equal, {golden_one:.2f} % within one step, the furthest {golden_furthest} apart; {golden_flips} of 1,000 answers differ. So the tolerance of a golden test is per backend: exact on the backend that made it, a measured number of steps elsewhere, and always the answer beside the numbers.

# %% [markdown]
# ### What a row must carry
#
# A number without its circumstances cannot be compared with tomorrow's. This is the least: which bytes, which data, which machine, which versions, and the raw answers.

# %%
stamp = {
    "file": base.sha256[:12],
    "data": f"{data.name}, validation, {len(data.y_val)} images",
    "machine": str(Environment.here()),
    "right": np.packbits(right[names.index("baseline, int8")]).tobytes().hex()[:24] + "...",
}
print(json.dumps(stamp, indent=1))
record("answers_bytes", len(np.packbits(right[0])))

# %% [markdown]
# All {images:,} right-or-wrong answers of a file take {answers_bytes} bytes. There is no excuse for keeping only the mean: with them, every paired test of lesson 13 and every resampled front of this one can be done years later.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# One data set, one shape of network, one machine; a front of phones needs the phone's own microseconds, and a fleet needs a front per device class. Drawing images again answers "what if we had drawn other images", not "what if users take other photographs", and not "what if we had trained with another seed". Asked for the last, say that it takes several trainings per recipe and that the frontier in the course's benchmarks has three.
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
