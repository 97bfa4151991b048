# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **write** the loss with temperature, T squared and alpha, safe for logits of 10,000 (6A),
# - **derive** its gradient, and show in two limits what the student is asked to do (6B),
# - **decide** from three seeds and two controls of equal steps whether the teacher paid, in points (quiz).
#
# ## Predict first

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "unseen",
    "A student is distilled on images without a single shirt. How many per cent of the test shirts does it name?",
    zh="蒸馏用的图片里一件衬衫都没有。学生能认出测试集里百分之几的衬衫？",
    unit="%",
)
predict(
    "which_budget",
    "Same student, same 470 steps, with and without the teacher. With which budget does the teacher add most?",
    zh="同一个学生，同样 470 步，有教师对比没有教师。哪种标签数量下，教师带来的提升最大？",
    choices={
        "100": Say("100 labels", "100 条标签"),
        "1500": Say("1,500 labels", "1500 条标签"),
        "12000": Say("12,000 labels: more to distil from", "12000 条标签：可蒸馏的更多"),
    },
)

# %% [markdown]
# ## What a teacher says beyond the label
#
# A label is one word: "Shirt". The teacher's logits say more, such as how much the shirt looks like a coat. At temperature 1 the softmax hides it behind a probability near 1. Dividing the logits by T brings it out, and then the comparison is of T-softened answers on both sides:
#
# $$L = \alpha\,T^2\,\mathrm{KL}\big(p_t^{T}\,\|\,p_s^{T}\big) + (1-\alpha)\,\mathrm{CE}(y, p_s)$$
#
# The teacher's answers come from the shipped `.tflite`, so this needs no TensorFlow.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib import fashion_mnist, float_tflite, playground, show
from course_lib.evaluation import predict as outputs
from course_lib.lesson import style

data = fashion_mnist()
SHIRT = data.class_names.index("Shirt")
shirts = data.x_test[data.y_test == SHIRT][:8]
answers = outputs(float_tflite(), shirts)


def softened(logits, T):
    """Return softmax(logits / T)."""
    exponents = np.exp((logits - logits.max()) / T)
    return exponents / exponents.sum()


def draw(T=4.0, image=0):
    soft = softened(answers[image], T)
    push = T * (soft - 0.1)  # minus the gradient, for a student that knows nothing yet
    entropy = -np.sum(soft * np.log2(soft + 1e-12))
    with style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
        left.barh(data.class_names, soft, color="#0072B2")
        left.set(
            xlabel="teacher's probability", xlim=(0, 1), title=f"T = {T:g}: {entropy:.2f} bits"
        )
        right.barh(data.class_names, push, color=np.where(push > 0, "#009E73", "#D55E00"))
        right.set(xlabel="push on the student's logit", title="T (p_t - p_s), p_s uniform")
        left.set_ylabel("class")
    return fig


playground(
    draw,
    alt="Soft label of one shirt at the chosen temperature, and the push on each of the student's logits.",
    T=[1.0, 2.0, 4.0, 8.0, 20.0],
    image=(0, 7),
)
show(
    draw(4.0, 0),
    alt="Bars of the teacher's probabilities for one shirt at temperature 4, beside the push on each logit.",
    caption="One image, ten targets. At T = 20 even the least likely class carries a message.",
    caption_zh="一张图片，十个目标。T = 20 时，连最不可能的类别也在传递信息。",
)

# %% [markdown]
# ## A student that has never seen a shirt
#
# Hinton's most striking experiment left every 3 out of the student's images. Here it is with shirts. The student trains at T = 20 on the teacher's answers alone; no image it sees is a shirt, no label says so. The control trains on the labels of the same images, as long. This cell loads TensorFlow and trains both.

# %%
import json
from dataclasses import replace

from course_lib import Distill, record, trained
from course_lib.catalog import topic
from course_lib.models import student

history = json.loads((topic("06").folder / "record_runs.json").read_text(encoding="utf-8"))
rows = np.resize(np.flatnonzero(data.y_train != SHIRT), 12_000)
others = replace(data, x_train=data.x_train[rows], y_train=data.y_train[rows])
assert SHIRT not in others.y_train

teacher = trained()
networks, answer = {}, {}
for name, method in {
    "labels": Distill(student(0), alpha=0.0, epochs=5),
    "teacher": Distill(student(0), temperature=20.0, alpha=1.0, epochs=5),
}.items():
    networks[name] = method(teacher, others)
    answer[name] = networks[name].predict(data.x_test, batch_size=500, verbose=0)
on_val = networks["teacher"].predict(data.x_val, batch_size=500, verbose=0)


def recall(logits):
    """Return the share of test shirts that are called shirts, in %."""
    return 100 * float((logits[data.y_test == SHIRT].argmax(1) == SHIRT).mean())


record("recall_labels", recall(answer["labels"]))
record("recall_unseen", recall(answer["teacher"]))
on_record = [100 * run["recall"] for run in history["runs"] if run["study"] == "unseen"]
record("recall_low", min(on_record))
record("recall_high", max(on_record))
print(f"shirts named after labels: {recall(answer['labels']):.1f} %")
print(f"shirts named after distillation: {recall(answer['teacher']):.1f} %, here and now")
print("the same on record, three seeds:", *[f"{value:.1f} %" for value in on_record])

# %% [markdown]
# It still says "Shirt" too rarely, because no image ever rewarded the word by itself. One number mends that: add a constant to that class's logit until, on the validation images, the class is named as often as it occurs. No training, and the test images stay out of the choice.

# %%
from course_lib import reveal


def with_bias(logits, bias):
    """Return the logits with a constant added to the unseen class."""
    return logits + bias * np.eye(10)[SHIRT]


shares = np.linspace(-5, 10, 301)
named = [float((with_bias(on_val, b).argmax(1) == SHIRT).mean()) for b in shares]
bias = float(shares[np.argmin(np.abs(np.array(named) - 0.1))])
corrected = with_bias(answer["teacher"], bias)
truth = data.y_test
before, after = (
    [100 * float((logits[truth == c].argmax(1) == c).mean()) for c in range(10)]
    for logits in (answer["teacher"], corrected)
)
record("bias", bias)
record("recall_corrected", recall(corrected))
record("accuracy_unseen", 100 * float((answer["teacher"].argmax(1) == truth).mean()))
record("accuracy_corrected", 100 * float((corrected.argmax(1) == truth).mean()))
with style():
    fig, ax = plt.subplots(figsize=(8, 3.4))
    place = np.arange(10)
    ax.bar(place - 0.2, before, 0.4, label="as distilled", color="#999999")
    ax.bar(place + 0.2, after, 0.4, label=f"bias of Shirt {bias:+.2f}", color="#0072B2")
    ax.set_xticks(place, data.class_names, rotation=30, ha="right")
    ax.set(
        ylabel="named correctly (%)", xlabel="class (no Shirt in any training image)", ylim=(0, 125)
    )
    ax.legend(ncols=2, loc="upper left")
show(
    fig,
    alt="Bars of recall for ten classes, before and after one bias is corrected; Shirt was never in training.",
    caption="Shirt was in no training image. The teacher's doubts about other clothes described it.",
    caption_zh="训练图片里没有衬衫。是教师对其他衣服的犹豫，描述了衬衫的样子。",
)
reveal("unseen", recall(answer["teacher"]), unit="%")

# %% [markdown]
# ## Does it help? The control decides
#
# "We distilled and reached 88 %" says nothing: perhaps the student reaches that alone. So all students below share architecture, first weights, images, their order, and 470 steps. A budget of 400 images is repeated until an epoch holds 12,000. Three seeds each, on record with the command and the seconds.
#
# Two controls have no teacher. *Labels alone* is the usual cross-entropy. *Same loss* puts the labels where the teacher's answers were, temperature, T squared and alpha as they are: what that student gains cannot be the teacher's.

# %%
from course_lib import table

runs = history["runs"]


def accuracies(study, arm, **where):
    """Return accuracies in %, by seed."""
    chosen = [
        run
        for run in runs
        if run["study"] == study
        and run["arm"] == arm
        and all(run.get(key) == value for key, value in where.items())
    ]
    return np.array([100 * run["accuracy"] for run in sorted(chosen, key=lambda run: run["seed"])])


def paired(gain):
    """Return mean and half-width of a 95 % t interval of three paired differences."""
    return float(gain.mean()), float(4.303 * gain.std(ddof=1) / np.sqrt(3))


def in_words(mean, half):
    """Judge an interval: does the teacher help, hurt, or can three seeds not tell?"""
    if mean - half > 0:
        return "helps"
    return "hurts" if mean + half < 0 else "cannot tell"


budgets = (100, 400, 1_500, 12_000)
owns, summary = {}, []
for labels in budgets:
    alone = accuracies("budget", "labels", labels=labels)
    same_loss = accuracies("budget", "labels, same loss", labels=labels)
    taught = accuracies("budget", "teacher", labels=labels)
    owns[labels] = taught - same_loss
    parts = {"gain": taught - alone, "loss": same_loss - alone, "own": owns[labels]}
    for part, gain in parts.items():
        record(f"{part}_{labels}", paired(gain)[0])
        record(f"{part}_half_{labels}", paired(gain)[1])
    mean, half = paired(owns[labels])
    summary.append(
        {
            "labels": labels,
            "labels alone %": round(float(alone.mean()), 2),
            "same loss %": round(float(same_loss.mean()), 2),
            "with teacher %": round(float(taught.mean()), 2),
            "over labels alone": "{:+.2f} ± {:.2f}".format(*paired(parts["gain"])),
            "over same loss": f"{mean:+.2f} ± {half:.2f}",
            "the teacher": in_words(mean, half),
        }
    )
choices = (100, 1_500, 12_000)  # the three that you could choose
best = max(choices, key=lambda labels: owns[labels].mean())
table(
    summary,
    caption=f"Same steps, gains in points, three paired seeds. {history['command']}",
    name="budgets",
)
reveal("which_budget", str(best))
for other in choices:
    if other != best:
        mean, half = paired(owns[best] - owns[other])
        told = "more" if mean > half else "three seeds cannot tell them apart"
        print(f"{best:,} against {other:,} labels: {mean:+.1f} ± {half:.1f} points, {told}")

# %% [markdown]
# Part of what looks like the teacher is the loss: with 400 labels it earns {loss_400:+.1f} ± {loss_half_400:.1f} of the {gain_400:+.1f} points by itself. The intervals are wide because three seeds are few (the t factor is 4.3). Read the trend, and the last column for what may be claimed.

# %%
with style():
    fig, ax = plt.subplots()
    arms = {"labels": "labels alone", "labels, same loss": "same loss", "teacher": "with teacher"}
    for (arm, name), colour in zip(arms.items(), ("#D55E00", "#999999", "#0072B2"), strict=True):
        values = [accuracies("budget", arm, labels=labels) for labels in budgets]
        means = [v.mean() for v in values]
        errors = [[m - v.min() for m, v in zip(means, values, strict=True)],
                  [v.max() - m for m, v in zip(means, values, strict=True)]]  # fmt: skip
        ax.errorbar(budgets, means, errors, marker="o", capsize=4, color=colour, label=name)
    free = accuracies("unlabelled", "teacher").mean()
    ax.axhline(free, color="#009E73", linestyle="--", label="teacher on 12,000 images, no labels")
    ax.set(xscale="log", xlabel="labelled training images", ylabel="test accuracy (%)")
    ax.set_xticks(budgets, [f"{labels:,}" for labels in budgets])
    ax.legend()
show(
    fig,
    alt="Test accuracy against number of labels: labels alone lowest, labels in the distillation loss a little above "
    "where labels are few, with a teacher highest; the three meet near 12,000 labels.",
    caption="The teacher's own part is the step from grey to blue. Bars: lowest and highest of three seeds.",
    caption_zh="教师自己的功劳，是从灰线到蓝线的那一段。误差线：三个随机种子的最低与最高。",
)

# %% [markdown]
# ## Where the gain comes from
#
# Our teacher saw 55,000 labelled images. A team with 400 labels does not have that teacher. So the fair question is a **novice**: the same large network, trained on the same 400 labels and nothing else. Three more rows ask what else a teacher can be good for: images without labels, and labels that are wrong (40 % of them replaced).

# %%
from course_lib.models import record as provenance

assert provenance("baseline")["images"] == 55_000
alone = accuracies("budget", "labels", labels=400)
same_loss = accuracies("budget", "labels, same loss", labels=400)
novice = accuracies("novice", "the teacher itself")
few = (alone, same_loss)  # what the student reaches without a teacher
noisy = (accuracies("noise", "labels"), accuracies("noise", "labels, same loss"))
cases = {
    "expert": (
        "400 labels, the shipped teacher",
        *few,
        accuracies("budget", "teacher", labels=400),
    ),
    "novice": ("400 labels, a teacher of the same 400", *few, accuracies("novice", "teacher")),
    "noise": ("12,000 labels, 40 % of them wrong", *noisy, accuracies("noise", "teacher")),
    "unlabelled": (
        "12,000 images, no labels; control: 400 labels",
        *few,
        accuracies("unlabelled", "teacher"),
    ),
}
lines = []
for key, (case, without, control, taught) in cases.items():
    mean, half = paired(taught - control)
    record(f"own_{key}", round(mean, 1) + 0.0)  # never "-0.0"
    record(f"own_half_{key}", half)
    lines.append(
        {
            "situation": case,
            "over labels alone": "{:+.2f} ± {:.2f}".format(*paired(taught - without)),
            "over same loss": f"{mean:+.2f} ± {half:.2f}",
            "the teacher": in_words(mean, half),
        }
    )
record("novice_accuracy", float(novice.mean()))
record("accuracy_no_labels", float(accuracies("unlabelled", "teacher").mean()))
record("accuracy_all_labels", float(accuracies("budget", "labels", labels=12_000).mean()))
table(lines, caption="What a teacher adds, in points, three paired seeds", name="sources")
print(
    f"the novice teacher itself: {novice.mean():.1f} % with {teacher.count_params():,} parameters"
)

# %% [markdown]
# Compare the first two rows before you quote a gain from a paper: what separates them is knowledge that the large teacher brought from elsewhere, not a property of soft labels. Over the same loss, the novice's student ends at {own_novice:+.1f} ± {own_half_novice:.1f} points. And compare two accuracies: on 12,000 images the teacher's answers alone make a student of {accuracy_no_labels:.1f} %, their true labels one of {accuracy_all_labels:.1f} %.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Look for the API; then convert both students, and compare what the phone sees.

# %%
from course_lib import Float32, backend, latency_ratio
from course_lib.inspection import inspect

tf = backend.tensorflow()
assert not hasattr(tf.lite, "TFLiteModel")
assert not [name for name in dir(tf.lite) if "distil" in name.lower()]

files = {
    "student, labels alone": Float32()(networks["labels"]),
    "student, distilled": Float32()(networks["teacher"]),
    "teacher": float_tflite(),
}


def shape_of(file):
    """Return the operators and the shapes of all tensors: what the phone's time and memory depend on."""
    graph = inspect(file).subgraphs[0]
    return [op.name for op in graph.operators], [tensor.shape for tensor in graph.tensors]


alone_file, distilled, large = files.values()
assert shape_of(alone_file) == shape_of(distilled) != shape_of(large)
ratio, interval = latency_ratio(distilled, large)
record("speedup", 1 / ratio)
record("bytes_ratio", large.raw_bytes / distilled.raw_bytes)
record("parameter_ratio", teacher.count_params() / networks["teacher"].count_params())
table(
    [{"file": name, "raw bytes": file.raw_bytes} for name, file in files.items()],
    caption="Distillation changes values, not shapes: the student was this small before its first step",
    name="files",
)

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}

# %% [markdown]
# ## Deeper
#
# ### Temperature and alpha
#
# Four settings around T = 4, alpha = 0.9, all with 400 labels. Choose such settings on validation images. Where the highest seed of one row lies below the lowest of another, the setting made a difference; anything less is no reason to prefer one.

# %%
grid = [{"T": 4.0, "alpha": 0.9, "values": accuracies("budget", "teacher", labels=400)}]
for T, alpha in ((1.0, 0.9), (20.0, 0.9), (4.0, 0.5), (4.0, 1.0)):
    grid.append(
        {
            "T": T,
            "alpha": alpha,
            "values": accuracies("settings", "teacher", temperature=T, alpha=alpha),
        }
    )
table(
    [
        {
            "T": row["T"],
            "alpha": row["alpha"],
            "accuracy %": round(float(row["values"].mean()), 2),
            "lowest": round(float(row["values"].min()), 2),
            "highest": round(float(row["values"].max()), 2),
        }
        for row in grid
    ],
    caption=f"400 labels, three seeds; without a teacher: labels alone {alone.mean():.2f} %, "
    f"same loss at T = 4 {same_loss.mean():.2f} %",
    name="settings",
)
means = [float(row["values"].mean()) for row in grid]
without_square = np.array([0.9 / 4**2, 0.1])  # the two weights when T squared is forgotten
assert np.allclose(without_square / without_square.sum(), [0.36, 0.64])
record("settings_spread", max(means) - min(means))

# %% [markdown]
# ### The paper beside ours
#
# Hinton et al. count errors on MNIST: 146 for the small network, 74 distilled, 67 for the teacher. Without any 3 among the student's images: 206, of which 133 are 3s, and 109 after the bias of the 3 is raised. Other data and other networks, so only the shape can be compared.

# %%
share_paper = 100 * (146 - 74) / (146 - 67)
full_alone = accuracies("budget", "labels", labels=12_000)
full_taught = accuracies("budget", "teacher", labels=12_000)
top = 100 * float((outputs(float_tflite(), data.x_test).argmax(1) == data.y_test).mean())
share_ours = 100 * float((full_taught - full_alone).mean() / (top - full_alone.mean()))
record("share_ours", share_ours)
record("share_paper", share_paper)
table(
    [
        {
            "measured": "share of the gap to the teacher closed, all labels",
            "paper (MNIST)": f"{share_paper:.0f} %",
            "here": f"{share_ours:.0f} %",
        },
        {
            "measured": "unseen class named, bias corrected",
            "paper (MNIST)": "98.6 %",
            "here": f"{recall(corrected):.0f} %",
        },
    ],
    caption="Shirt is Fashion-MNIST's hardest class; a 3 is an easy one",
    name="paper",
)

# %% [markdown]
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# One student, one teacher, one data set, 470 steps, three seeds: a longer training may narrow or widen every gain, and an interval from three seeds is wide. The sizes of the labelled sets are those of a demonstration. The speed is one x86 core's. Asked "would it help us?", answer with the control: same student, same steps, labels alone, and name where the teacher's extra knowledge comes from.
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
