# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **choose** among variants of one model under a deadline and a slow-down, without flapping (24A),
# - **set** the threshold of a cascade for a target accuracy, and state its mean cost (24B),
# - **say** when a cascade costs more than the large model alone, and what happens to its slowest answers (quiz).
#
# ## Predict first
#
# A file cannot be compressed while it runs (lesson 20 tried). What can change at run time is *which* file runs. Take two int8 networks for the same task, a small one with about 87 % accuracy and a large one with about 92 %.

# %%
from course_lib import predict

predict(
    "answers_changed",
    "The accuracies are six points apart. On what share of the pictures do the two give different answers?",
    zh="两者精度相差六个点。有百分之多少的图片，两者给出的答案不同？",
    unit="%",
)
predict(
    "cascade_cost",
    "The small one needs a fifth of the time. It answers alone when it is sure, otherwise the large "
    "one is asked too, so that together they are as accurate as the large one. What is the mean "
    "cost, in per cent of the large one's?",
    zh="小模型只需五分之一的时间：有把握就自己回答，没把握再问大模型，合起来与大模型一样准。"
    "平均开销是大模型的百分之多少？",
    unit="%",
)

# %% [markdown]
# ## A ladder
#
# Three networks, trained on the same pictures and quantized in the same way, are the rungs. The two small ones come from `make_ladder.py` in this topic's folder. Before anything may be exchanged for anything, the rungs have to be interchangeable: do they share one contract?

# %%
import gzip

import matplotlib.pyplot as plt
import numpy as np

from course_lib import Artifact, Environment, fashion_mnist, float_tflite, record, show, table
from course_lib.catalog import topic
from course_lib.deployment import interface_differences, write_contract
from course_lib.lesson import style
from course_lib.techniques import quantizer

data, folder = fashion_mnist(), topic("24").folder
images = data.x_train[np.linspace(0, len(data.x_train) - 1, 200).astype(int)]
networks = {
    name: gzip.decompress((folder / "ladder" / f"{name}.tflite.gz").read_bytes())
    for name in ("tiny", "student")
} | {"baseline": float_tflite("baseline").content}
INT8 = quantizer.named("static_wi8_ai8")
RECIPES = {"int8 in, int8 out": INT8, "float in, float out": quantizer.with_float_io(INT8)}
ladders = {
    label: {n: Artifact(n, quantizer.quantize(f, recipe, images)) for n, f in networks.items()}
    for label, recipe in RECIPES.items()
}
rows = []
for label, rungs in ladders.items():
    contracts = {name: write_contract(rung) for name, rung in rungs.items()}
    for name in ("tiny", "student"):
        found = interface_differences(contracts["baseline"], contracts[name])
        rows.append(
            {
                "ladder": label,
                "rung": name,
                "differs from the baseline in": "; ".join(found) or "nothing",
            }
        )
table(rows, caption="May one rung stand in for another?", name="contracts")
ladder = ladders["float in, float out"]
same = [row["differs from the baseline in"] == "nothing" for row in rows]
assert same == [False, False, True, True]

# %% [markdown]
# With integers at the ends they are *not* interchangeable: calibration gave each network another output scale, so a caller that keeps the constants of one rung misreads the next. Inside they are the same; a float door costs next to nothing and makes one contract for all. Now what each rung costs and is worth.

# %%
from course_lib import reveal
from course_lib.evaluation import predict as outputs
from course_lib.evaluation import race, wilson
from course_lib.evaluation.runtime import open_interpreter, sample_inputs


def ready(artifact):
    interpreter = open_interpreter(artifact)
    for index, value in sample_inputs(interpreter).items():
        interpreter.set_tensor(index, value)
    return interpreter


runs = {name: ready(rung).invoke for name, rung in ladder.items()}
opens = {
    f"open {name}": (lambda rung=rung: open_interpreter(rung)) for name, rung in ladder.items()
}
times = race(runs | opens, seconds=2)
cost = {name: float(np.median(each)) for name, each in times.items()}
logits = {name: outputs(rung, data.x_test) for name, rung in ladder.items()}
answers = {name: each.argmax(1) for name, each in logits.items()}
right = {name: each == data.y_test for name, each in answers.items()}
rows = []
for name, rung in ladder.items():
    interval = wilson(int(right[name].sum()), len(data.y_test))
    rows.append(
        {
            "rung": name,
            "bytes": rung.raw_bytes,
            "accuracy %": round(100 * float(right[name].mean()), 2),
            "95% interval": f"{100 * interval.low:.1f} to {100 * interval.high:.1f}",
            "median µs": round(cost[name], 1),
            "opening µs": round(cost[f"open {name}"]),
            "answers unlike the baseline's %": round(
                100 * float((answers[name] != answers["baseline"]).mean()), 1
            ),
        }
    )
    record(f"accuracy_{name}", 100 * float(right[name].mean()))
    record(f"cost_{name}", cost[name])
table(rows, caption=f"Three rungs, one thread, XNNPACK. {Environment.here()}", name="ladder")
changed = 100 * float((answers["student"] != answers["baseline"]).mean())
record("answers_changed", changed)
record("gap_points", 100 * float(right["baseline"].mean() - right["student"].mean()))
record("speed_up", cost["baseline"] / cost["student"])
record("opening_in_inferences", cost["open baseline"] / cost["baseline"])
reveal("answers_changed", changed)

# %% [markdown]
# {gap_points:.1f} points apart, and {answers_changed:.1f} % of the answers differ: on some pictures the small one is right and the large one wrong, and on many both are wrong in different ways. Whoever points a camera at a still scene sees the label jump when the rung changes. That is the price of every switch, and a reason to switch rarely. (Opening the baseline takes as long as {opening_in_inferences:.0f} of its inferences: keep the neighbours open, or pay that too.)
#
# ## A hot afternoon
#
# Now a *simulated* phone: 600 frames, and a trace of how much slower than cool it is. It warms up, hovers, is busy with something else, and cools down. For a while the app also asks for five answers per frame. The policy knows the slow-down of the frame before, never of this one. Rule: the most accurate rung that meets the deadline; and a more accurate one than the present only with headroom, the **margin**.

# %%
from itertools import pairwise

from course_lib import playground
from course_lib.deployment import Variant, VariantSelector

FRAMES = np.arange(600)
jitter = np.random.default_rng(24)
plateau = np.interp(FRAMES, [0, 120, 320, 350, 430, 600], [1.0, 1.5, 1.5, 2.1, 2.1, 1.0])
slowdown = plateau + 0.1 * np.sin(FRAMES / 7) + jitter.normal(0, 0.04, len(FRAMES))
burst = (FRAMES >= 360) & (FRAMES < 420)
noise = np.exp(jitter.normal(0, 0.05, len(FRAMES)))  # of one frame
P95 = float(np.exp(1.645 * 0.05))
variants = tuple(
    Variant(name, float(right[name].mean()), cost[name] * P95 / 1e3) for name in ladder
)
by_name = {variant.name: variant for variant in variants}


def play(picks, deadlines, slow=slowdown, each=noise):
    """Return what a sequence of picks cost and was worth."""
    taken = np.array([v.p95_ms / P95 for v in picks]) * slow * each
    names = [v.name for v in picks]
    switches = sum(a != b for a, b in pairwise(names))
    return {
        "deadlines missed %": round(100 * float((taken > deadlines).mean()), 1),
        "switches": switches,
        "mean accuracy %": round(100 * float(np.mean([v.accuracy for v in picks])), 1),
    }


def deadlines_for(factor):
    """The deadline, as a multiple of the large model's p95; a fifth of it during the burst."""
    base = factor * by_name["baseline"].p95_ms
    return np.where(burst, base / 5, base)


def follow(margin, factor=1.5, slow=slowdown, each=noise):
    deadlines, seen = deadlines_for(factor), np.concatenate([[1.0], slow[:-1]])
    picks = VariantSelector(variants, margin).follow(zip(deadlines, seen, strict=True))
    return picks, play(picks, deadlines, slow, each)


def trace(margin=0.2, deadline=1.5):
    picks, outcome = follow(margin, deadline)
    order = list(ladder)
    with style():
        fig, (top, bottom) = plt.subplots(
            2, 1, figsize=(7.6, 3.9), sharex=True, height_ratios=(1, 1.2)
        )
        top.plot(FRAMES, slowdown, color="#999999", linewidth=1)
        top.axhline(deadline, color="#D55E00", linestyle=":", linewidth=1)
        top.axvspan(360, 420, color="#E69F00", alpha=0.2)
        top.set(ylabel="slow-down (x)", ylim=(0.7, 2.6))
        bottom.step(FRAMES, [order.index(v.name) for v in picks], color="#0072B2", linewidth=1.2)
        bottom.set_yticks(range(3), order)
        bottom.set(xlabel="frame", ylabel="rung", ylim=(-0.4, 2.4))
        top.set_title(
            f"margin {margin:g}: {outcome['switches']} switches, "
            f"{outcome['deadlines missed %']} % missed, {outcome['mean accuracy %']} % accuracy",
            fontsize=11,
        )
    return fig


playground(
    trace,
    alt="The slow-down of a phone over 600 frames, and below it the rung that the policy chose.",
    margin=[0.0, 0.05, 0.1, 0.2, 0.4],
    deadline=[1.2, 1.5, 1.8, 2.3],
)
show(
    trace(0.0),
    alt="Without a margin the chosen rung jumps up and down between student and baseline dozens of "
    "times while the slow-down hovers around the deadline.",
    caption="Margin 0. Dotted: above it the baseline is too slow. Orange: five answers per frame.",
    caption_zh="margin 为 0。虚线以上 baseline 就来不及；橙色段每帧要五个答案。",
)

# %% [markdown]
# The dotted line is where the baseline just meets the deadline, and the phone hovers there, as phones do: the governor of the clock steers towards such a point. Without a margin the policy follows every wave. The same trace under five policies:

# %%
usual = deadlines_for(1.5)
policies = {
    "always baseline": play([by_name["baseline"]] * len(FRAMES), usual),
    "always student": play([by_name["student"]] * len(FRAMES), usual),
    "always tiny": play([by_name["tiny"]] * len(FRAMES), usual),
    "selector, margin 0": follow(0.0)[1],
    "selector, margin 0.2": follow(0.2)[1],
}
table(
    [{"policy": name} | outcome for name, outcome in policies.items()],
    caption="600 frames of a simulated phone, costs and accuracies as measured above",
    name="policies",
)
for name, key in (("margin 0", "greedy"), ("margin 0.2", "calm")):
    outcome = policies[f"selector, {name}"]
    record(f"missed_{key}", outcome["deadlines missed %"])
    record(f"switches_{key}", outcome["switches"])
    record(f"selected_{key}", outcome["mean accuracy %"])
picks = follow(0.0)[0]
late = np.array([v.p95_ms / P95 for v in picks]) * slowdown * noise > usual
on_top = np.array([v.name == "baseline" for v in picks])
record("greedy_misses", int(late.sum()))
record("misses_on_baseline", int((late & on_top).sum()))
record("misses_after_climb", int((late & on_top & ~np.concatenate([[True], on_top[:-1]])).sum()))
record("missed_baseline", policies["always baseline"]["deadlines missed %"])
record("missed_student", policies["always student"]["deadlines missed %"])

# %% [markdown]
# One large model misses {missed_baseline:.0f} % of the deadlines. The greedy selector misses {missed_greedy:.1f} % with {switches_greedy} switches, the calm one {missed_calm:.1f} % with {switches_calm}. The margin is paid in accuracy, {selected_greedy:.1f} % against {selected_calm:.1f} %, and buys a label that stays. Where do the greedy one's {greedy_misses} misses come from? {misses_on_baseline} of them happen on the baseline, {misses_after_climb} in the very frame for which it had climbed: what it knows is one frame old, and at the edge one frame is enough. (One afternoon is one draw, and misses are few; twenty others wait under *Deeper*.)
#
# ## A cascade
#
# The selector looks at the phone. A cascade looks at the picture: the small model answers, and when its confidence is below a threshold, the large one is asked as well. The threshold is chosen on the validation set, so that together they are as accurate there as the large one, at the lowest mean cost. Then the test set, once.

# %%
from course_lib.deployment import Cascade
from course_lib.evaluation import paired_difference
from course_lib.evaluation.statistics import probabilities


def build(small, min_accuracy=None):
    return Cascade.on_validation(
        ladder[small],
        ladder["baseline"],
        data,
        cost_small=cost[small],
        cost_large=cost["baseline"],
        min_accuracy=min_accuracy,
    )


def judge(cascade, small, x):  # the first pictures of the test set, all or some
    """Return who is answered rightly, who was escalated, and the mean cost (in the large model's)."""
    scores, escalated = cascade(x)
    mean = (cost[small] + float(escalated.mean()) * cost["baseline"]) / cost["baseline"]
    return scores.argmax(1) == data.y_test[: len(x)], escalated, mean


val = float((outputs(ladder["baseline"], data.x_val).argmax(1) == data.y_val).mean())
CASES = {
    "student, as accurate as the baseline": ("student", None),
    "student, one point less": ("student", val - 0.01),
    "tiny, as accurate as the baseline": ("tiny", None),
}
rows, cascades = [], {}
for label, (small, wanted) in CASES.items():
    cascade, threshold = build(small, wanted)
    good, asked, mean = judge(cascade, small, data.x_test)
    lost, won = int((right["baseline"] & ~good).sum()), int((good & ~right["baseline"]).sum())
    interval = paired_difference(lost, won, len(good))
    cascades[label] = (cascade, good, asked, mean)
    rows.append(
        {
            "cascade": label,
            "threshold": round(threshold.confidence, 3),
            "asked the large one %": round(100 * float(asked.mean()), 1),
            "accuracy %": round(100 * float(good.mean()), 2),
            "against the baseline, points": f"{100 * interval.low:+.2f} to {100 * interval.high:+.2f}",
            "mean cost %": round(100 * mean, 1),
            "worst case %": round(100 * (cost[small] + cost["baseline"]) / cost["baseline"], 1),
        }
    )
table(rows, caption="Cost in per cent of the baseline alone; 10,000 test images", name="cascades")
_, good, asked, mean = cascades["student, as accurate as the baseline"]
record("cascade_accuracy", 100 * float(good.mean()))
record("cascade_cost", 100 * mean)
record("threshold", cascades["student, as accurate as the baseline"][0].confidence)
record("escalated", 100 * float(asked.mean()))
record("worst_case", 100 * (cost["student"] + cost["baseline"]) / cost["baseline"])
record("relaxed_cost", 100 * cascades["student, one point less"][3])
record("relaxed_accuracy", 100 * float(cascades["student, one point less"][1].mean()))
record("tiny_cost", 100 * cascades["tiny, as accurate as the baseline"][3])
reveal("cascade_cost", 100 * mean)

# %% [markdown]
# As accurate as the large one, at {cascade_cost:.0f} % of its mean cost: less of a bargain than the factor of {speed_up:.0f} between the two promised. A few of the student's mistakes come with high confidence, so "no loss" needs a threshold of {threshold:.3f}, and {escalated:.0f} % of the pictures are asked twice. The last point of accuracy is the dear one: give it up, and the mean falls to {relaxed_cost:.0f} %. A target of "no loss at all" is rarely what a product needs, and here it is most of the bill. The smallest model makes the worst partner for the full target ({tiny_cost:.0f} %): cheap to ask, hardly ever sure. And the column that the mean hides: a picture that is asked twice costs {worst_case:.0f} %.

# %%
with style():
    fig, ax = plt.subplots(figsize=(7.4, 3.8))
    for small, colour in (("tiny", "#E69F00"), ("student", "#0072B2")):
        sure = probabilities(logits[small]).max(1)
        order = np.argsort(sure, kind="stable")
        gain = np.cumsum(right["baseline"][order].astype(int) - right[small][order].astype(int))
        curve = (right[small].sum() + np.concatenate([[0], gain])) / len(order)
        share = np.arange(len(order) + 1) / len(order)
        mean_cost = 100 * (cost[small] + share * cost["baseline"]) / cost["baseline"]
        ax.plot(mean_cost, 100 * curve, color=colour, label=f"{small}, then baseline")
    for name in ladder:
        ax.scatter(
            100 * cost[name] / cost["baseline"], 100 * right[name].mean(), color="black", zorder=3
        )
        ax.annotate(
            f"{name} alone", (100 * cost[name] / cost["baseline"], 100 * right[name].mean()),
            xytext=(6, -13), textcoords="offset points", fontsize=9,
        )  # fmt: skip
    ax.scatter(100 * mean, 100 * good.mean(), marker="*", s=130, color="#D55E00", zorder=4,
               label="threshold chosen on validation")  # fmt: skip
    ax.margins(y=0.1)  # room for the label of the lowest point
    ax.set(xlabel="mean cost (% of the baseline alone)", ylabel="accuracy on the test set (%)")
    ax.legend(fontsize=9, loc="lower right")
show(
    fig,
    alt="Accuracy over mean cost. Both cascade curves rise steeply and flatten near the baseline's "
    "accuracy; the right ends lie beyond the cost of the baseline alone.",
    caption="Every point of a curve is a threshold. Right of 100 % the cascade is a waste, and "
    "nothing in the code prevents it.",
    caption_zh="曲线上每一点是一个阈值。100% 右侧的级联纯属浪费，而代码里没有任何东西阻止它。",
)

# %% [markdown]
# ## When the world changes
#
# The threshold was bought with pictures like those of the validation set. The same cascade, untouched, in bad light; with a noisy sensor; and with the phone turned by 90 degrees:

# %%
cascade = cascades["student, as accurate as the baseline"][0]
usual_x = data.x_test[:5000]
grain = np.random.default_rng(0).normal(0, 0.1, usual_x.shape)
WORLDS = {
    "as trained": usual_x,
    "dark (40 % of the light)": usual_x * np.float32(0.4),
    "noisy sensor": np.clip(usual_x + grain, 0, 1).astype(np.float32),
    "turned by 90 degrees": np.ascontiguousarray(np.rot90(usual_x, 1, (1, 2))),
}
worlds = {}
for name, x in WORLDS.items():
    good, asked, mean = judge(cascade, "student", x)
    alone = float((outputs(ladder["baseline"], x).argmax(1) == data.y_test[:5000]).mean())
    silent = float((~asked & ~good).mean())
    worlds[name] = {
        "pictures": name,
        "asked the large one %": round(100 * float(asked.mean()), 1),
        "mean cost %": round(100 * mean, 1),
        "accuracy %": round(100 * float(good.mean()), 1),
        "baseline alone %": round(100 * alone, 1),
        "sure and wrong %": round(100 * silent, 1),
    }
table(
    worlds.values(),
    caption="One cascade, four worlds, 5,000 test images; cost in per cent of the baseline alone",
    name="worlds",
)
dark, turned = worlds["dark (40 % of the light)"], worlds["turned by 90 degrees"]
record("dark_cost", dark["mean cost %"])
record("dark_asked", dark["asked the large one %"])
record("turned_accuracy", turned["accuracy %"])
record("turned_sure", turned["sure and wrong %"])
record("clean_sure", worlds["as trained"]["sure and wrong %"])

# %% [markdown]
# In the dark the cascade asks for help on {dark_asked:.0f} % of the pictures and costs {dark_cost:.0f} % of the baseline alone (above 100 it is a loss), for the very answers that the baseline gives. Nobody would notice it in the accuracy; the battery does. Turned pictures fail in another way: {turned_sure:.0f} % are answered by the student alone, surely and wrongly ({clean_sure:.1f} % on normal ones). Confidence measures distance from a decision, not distance from the training set. So a cascade is monitored by its *escalation rate*, and has a switch that turns it off.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Three claims, executed. The one public name that the search finds is an option that is set when a file is opened, and concerns how its zero points are stored; no weight and no result changes with it.

# %%
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.interpreter import Interpreter

switches = [
    f"{api.__name__}.{name}"
    for api in (Interpreter, CompiledModel)
    for name in dir(api)
    if not name.startswith("_")
    if any(word in name.lower() for word in ("compress", "quant", "prun", "precision", "sparsity"))
]
assert switches == ["Interpreter.experimental_compress_quantization_zero_points"]
before = {name: rung.sha256 for name, rung in ladder.items()}
follow(0.2)
assert before == {name: rung.sha256 for name, rung in ladder.items()}  # selection changes no byte
assert cost["student"] + cost["baseline"] > cost["baseline"]  # a cascade's worst case is both
print("public names that speak of compressing:", *switches)
print("bytes of a model that the selector changed: none")
print(f"worst case of the cascade: {record.value('worst_case'):.0f} % of the baseline alone")

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# Twenty other afternoons, the slowest answers, and what the student's confidence is worth.

# %% [markdown]
# ### Twenty other afternoons
#
# The selector was judged on one trace. The same course of the day, twenty times with other waves and other noise, both margins on each.

# %%
pairs = []
for seed in range(20):
    draw = np.random.default_rng(seed)
    waves = 0.1 * np.sin(FRAMES / 7 + draw.uniform(0, 2 * np.pi))
    slow = plateau + waves + draw.normal(0, 0.04, len(FRAMES))
    each = np.exp(draw.normal(0, 0.05, len(FRAMES)))
    pairs.append([follow(margin, 1.5, slow, each)[1] for margin in (0.0, 0.2)])
rows = []
for key in pairs[0][0]:
    greedy, calm = (np.array([pair[side][key] for pair in pairs]) for side in (0, 1))
    rows.append(
        {
            "mean of 20 afternoons": key,
            "margin 0": round(float(greedy.mean()), 2),
            "margin 0.2": round(float(calm.mean()), 2),
            "lower with margin 0.2": f"{int((calm < greedy).sum())} of 20",
            "range of the difference": f"{(calm - greedy).min():+.1f} to {(calm - greedy).max():+.1f}",
        }
    )
    name = {"deadlines missed %": "missed", "switches": "switches"}.get(key, "accuracy")
    record(f"{name}_greedy_20", float(greedy.mean()))
    record(f"{name}_calm_20", float(calm.mean()))
    record(f"{name}_lower_20", int((calm < greedy).sum()))
table(rows, caption="Margin 0 against margin 0.2 on the same twenty traces", name="afternoons")

# %% [markdown]
# The switches fell on {switches_lower_20} of 20 traces, from {switches_greedy_20:.0f} to {switches_calm_20:.0f} on average. The misses fell on {missed_lower_20}, from {missed_greedy_20:.2f} to {missed_calm_20:.2f} %. The accuracy is lower on {accuracy_lower_20}. What holds on all twenty may be said of this kind of day; how often a real phone hovers at the edge, no simulation knows.

# %% [markdown]
# ### The slowest answers
#
# Means hide tails. Here is the latency that one picture after the other sees, from the medians: the small model's for those it answers, both for the rest.

# %%
sure = cascade.confidence
asked = probabilities(logits["student"]).max(1) < sure
seen = cost["student"] + asked * cost["baseline"]
rows = [
    {
        "percentile": f"p{level}",
        "cascade µs": round(float(np.percentile(seen, level)), 1),
        "baseline alone µs": round(cost["baseline"], 1),
    }
    for level in (10, 25, 50, 95, 99)
]
table(rows, caption="Per picture, from medians (the noise of the machine is left out)", name="tail")
record("p25_gain", cost["baseline"] / float(np.percentile(seen, 25)))
record("p99_ratio", float(np.percentile(seen, 99)) / cost["baseline"])

# %% [markdown]
# Two values, nothing in between. The quick quarter is {p25_gain:.1f} times as fast, and p99 is {p99_ratio:.2f} times as slow. A limit on p99 that the large model only just meets rejects every cascade that asks on more than one picture in a hundred; a battery, which pays the mean, likes it.
#
# ### How sure is "sure"?
#
# The threshold came out very high. Look at what the student's confidence means, on the validation set: of the pictures with this confidence, how many are right?

# %%
from course_lib.evaluation import calibration_error

scores = probabilities(outputs(ladder["student"], data.x_val))
top, hit = scores.max(1), scores.argmax(1) == data.y_val
edges = [0.0, 0.5, 0.7, 0.9, 0.97, 0.99, 1.01]
rows = [
    {
        "confidence": f"{low:g} to {min(high, 1):g}",
        "pictures": int(chosen.sum()),
        "mean confidence %": round(100 * float(top[chosen].mean()), 1),
        "right %": round(100 * float(hit[chosen].mean()), 1),
    }
    for low, high in pairwise(edges)
    if (chosen := (top >= low) & (top < high)).any()
]
table(rows, caption="The student on 5,000 validation images", name="calibration")
record("calibration_points", 100 * calibration_error(scores, data.y_val))

# %% [markdown]
# On average confidence and accuracy are {calibration_points:.1f} points apart. For the cascade this does not matter by itself: the threshold is a rank, chosen on data, and would be another number if the student were better calibrated. It matters as soon as somebody types "0.9" because it sounds sure, or exchanges the student and keeps the threshold. The threshold belongs to the *pair*, and into its contract.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# The phone is a simulation: a trace that was drawn, costs that were measured cool on one x86 thread and multiplied. A real governor reacts to what you run, so the policy and the heat form a loop. Costs are times; energy may rank the rungs otherwise, and two open models take two shares of memory. The networks are small, and the large one is only about {speed_up:.0f} times as dear as the student; a language model beside a classifier is a thousand times, and there a cascade that rarely escalates can pay far better.
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
