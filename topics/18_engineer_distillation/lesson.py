# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **cache** a teacher as k probabilities per image, and say what k and augmentation do to that cache (18A),
# - **compare** layers of two networks by a number that ignores rotation, before you pair them for a hint (18B),
# - **tell** a distillation that works from one that merely runs, against controls of equal steps (quiz).
#
# Lesson 06 asks whether a teacher helps. Here it does, and the question is what the machinery around it costs, and where it breaks.
#
# ## Predict first

# %%
from course_lib import predict

predict(
    "official",
    "Keras 3 ships a Distiller. With its default loss at T = 4: how many points does the student gain over labels alone?",
    zh="Keras 3 自带 Distiller。用它的默认损失，T = 4：学生比只用标签高多少个点？",
    unit="points",
)
predict(
    "two_kept",
    "You keep only the two largest of the teacher's ten probabilities. What share of its gain is left?",
    zh="教师的十个概率只留最大的两个，提升还剩百分之几？",
    unit="%",
)

# %% [markdown]
# ## Ask once
#
# A frozen teacher gives the same answer to the same image for ever. So ask it once, write the answer down, and let the student train on a table. The only requirement is that a row number travels with each image; the loss looks its row up.
#
# Both ways, live: 3,000 images, one student. The second loss has the teacher inside the training step, as tutorials do. The clock counts CPU seconds of this process, which other programs disturb least, in epochs that need no more compiling.

# %%
import json
import runpy
import time
from dataclasses import replace

import numpy as np

from course_lib import backend, fashion_mnist, record, table, trained
from course_lib.catalog import topic
from course_lib.models import Training, fit, student
from course_lib.techniques.teacher import keep_top, soft_and_hard

folder = topic("18").folder
recipe = runpy.run_path(str(folder / "make_runs.py"))  # the script that made the record below
softmax, T, ALPHA = recipe["softmax"], recipe["T"], recipe["ALPHA"]
assert (T, ALPHA, recipe["IMAGES"]) == (4.0, 0.9, 3_000)

tf = backend.tensorflow()
data, teacher = fashion_mnist(), trained()
rows = recipe["budget"](data.y_train, np.random.default_rng(0))
x, y = data.x_train[rows], data.y_train[rows]
began = time.process_time()
answers = teacher.predict(x, batch_size=500, verbose=0)
ask_seconds = time.process_time() - began
targets = softmax(answers / T)

images, labels = tf.constant(x), tf.constant(y)
from_the_table = soft_and_hard(y, targets, T, ALPHA)


def asked_every_step(rows, logits):
    """The same loss, with the teacher inside the step."""
    rows = tf.cast(tf.reshape(rows, [-1]), tf.int64)
    wanted = tf.nn.softmax(teacher(tf.gather(images, rows), training=False) / T)
    soft = tf.reduce_sum(wanted * (tf.math.log(wanted) - tf.nn.log_softmax(logits / T)), axis=1)
    hard = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, rows), logits)
    return ALPHA * T**2 * soft + (1 - ALPHA) * hard


some, guess = np.arange(64), np.random.default_rng(1).normal(0, 3, (64, 10)).astype(np.float32)
assert np.allclose(from_the_table(some, guess), asked_every_step(some, guess), rtol=1e-3)

by_row = replace(data, x_train=x, y_train=np.arange(len(x)))
seconds = {}
for name, loss in {"cached": from_the_table, "asked every step": asked_every_step}.items():
    clock = []
    ticking = backend.keras().callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs, clock=clock: clock.append(time.process_time())
    )
    fit(student(0), by_row, Training(6, 125, 4e-3), loss=loss, callbacks=[ticking], quiet=True)
    seconds[name] = float(np.median(np.diff(clock)[1:]))  # the first epoch compiles
record("teacher_parameters", teacher.count_params())
record("epoch_cached", seconds["cached"])
record("epoch_asked", seconds["asked every step"])
record("ask_cost", seconds["asked every step"] / seconds["cached"])
table(
    [{"the teacher is": name, "CPU seconds an epoch": round(s, 2)} for name, s in seconds.items()],
    caption=f"The same loss, 3,000 images. Asking once took {ask_seconds:.2f} CPU seconds",
    name="ask once",
)

# %% [markdown]
# An epoch takes {ask_cost:.1f} times the CPU time with the teacher inside, and this teacher has {teacher_parameters:,.0f} parameters. With one of a billion the student's own work would vanish in the sum.
#
# ## What to keep
#
# Ten probabilities are 40 bytes, and nobody minds. A thousand classes and a million images are five gigabytes, and a vocabulary of 100,000 words at every token is impossible. So a cache keeps the k largest with their class numbers, and what they leave over is shared evenly by the others when the row is rebuilt. The figure's title counts what that loses, the divergence from the whole answer in bits. Move k and T: which T makes a short list expensive?

# %%
import matplotlib.pyplot as plt

from course_lib import playground, reveal, show
from course_lib.lesson import style

doubtful = np.argsort(softmax(answers).max(1))[:12]  # where there is something to lose


def rebuilt(k=2, T=4.0, image=3):
    whole = softmax(answers[doubtful[[image]]] / T)
    back = keep_top(whole, k)
    lost = float(np.sum(whole * np.log2(whole / back)))
    place = np.arange(10)
    with style():
        fig, ax = plt.subplots(figsize=(8, 3))
        ax.bar(place - 0.2, whole[0], 0.4, color="#999999", label="the teacher's answer")
        ax.bar(place + 0.2, back[0], 0.4, color="#0072B2", label=f"rebuilt from {k}")
        ax.set_xticks(place, data.class_names, rotation=30, ha="right")
        ax.set(xlabel="class", ylabel="probability")
        ax.set_title(f"{3 * k} bytes, {lost:.3f} bits lost")
        ax.legend()
    return fig


playground(
    rebuilt,
    alt="Bars of a teacher's softened answer beside the same answer rebuilt from its k largest probabilities.",
    k=(1, 9),
    T=[1.0, 2.0, 4.0, 10.0, 20.0],
    image=(0, 11),
)
show(
    rebuilt(),
    alt="Ten grey bars of the teacher's answer and ten blue bars rebuilt from two: eight of the blue ones are equal.",
    caption="Two class numbers and two half-precision floats stand for ten probabilities.",
    caption_zh="两个类别号加两个半精度浮点数，就代表了十个概率。",
)

# %% [markdown]
# A list that loses few bits can still lose what teaches. So train on it. These students, and those below but for one slice that runs live, were trained beforehand by `make_runs.py`: 480 steps each, three seeds, the same images and first weights in each pair. A ± is a 95 % interval over the seeds. A class number takes one byte and a probability two.
#
# Two controls have no teacher. *Labels alone* is the usual loss. *Labels, same loss* puts the labels where the teacher's answers were, T and all: whatever it gains cannot be the teacher's. *Rest dropped* divides the k by their own sum, so that for k = 1 only the name of a class is left.

# %%
history = json.loads((folder / "record_runs.json").read_text(encoding="utf-8"))
runs = history["runs"]
assert history["steps"] == 480


def per_seed(study, arm, what="accuracy", **where):
    """Return what was measured in a study's arm, in %, by seed."""
    chosen = [
        run[what]
        for run in sorted(runs, key=lambda run: run["seed"])
        if (run["study"], run["arm"]) == (study, arm)
        and all(run.get(key) == value for key, value in where.items())
    ]
    assert len(chosen) == 3
    return 100 * np.array(chosen)


def paired(one, other):
    """Return mean and half-width of a 95 % t interval of three paired differences."""
    gain = one - other
    return float(gain.mean()), float(4.303 * gain.std(ddof=1) / np.sqrt(3))


def said(mean, half):
    """Judge an interval."""
    return "more" if mean > half else "less" if -mean > half else "cannot tell"


alone, full = per_seed("cache", "labels alone"), per_seed("cache", "all", top=10)
kept = {k: per_seed("cache", "top", top=k) for k in (1, 2, 3, 5)} | {10: full}
dropped = {k: per_seed("cache", "rest dropped", top=k) for k in (1, 3)}
same_loss = per_seed("cache", "labels, same loss")
gain, half = paired(full, same_loss)
share = {k: 100 * float((values - same_loss).mean()) / gain for k, values in kept.items()}
record("same_loss", float(same_loss.mean()))
record("loss_gain", paired(same_loss, alone)[0])
record("loss_half", paired(same_loss, alone)[1])
record("both_gain", paired(full, alone)[0])
record("alone", float(alone.mean()))
record("full", float(full.mean()))
record("gain", gain)
record("gain_half", half)
record("share_1", share[1])
record("share_2", share[2])
size = {k: 3 * k if k < 10 else 20 for k in kept}  # all ten need no class numbers

with style():
    fig, ax = plt.subplots(figsize=(7, 3.6))
    ax.axhline(alone.mean(), color="#999999", linestyle="--", label="labels alone")
    ax.axhline(same_loss.mean(), color="#555555", linestyle=":", label="labels, same loss")
    for values, colour, label in (
        (kept, "#0072B2", "rest shared by the others"),
        (dropped, "#D55E00", "rest dropped"),
    ):
        ks = sorted(values)
        ax.plot(
            [size[k] for k in ks], [values[k].mean() for k in ks], "o-", color=colour, label=label
        )
        for k in ks:
            ax.scatter([size[k]] * 3, values[k], s=12, color=colour, alpha=0.6)
    for k in kept:
        ax.annotate(
            f"k = {k}", (size[k], kept[k].mean()), xytext=(4, -16), textcoords="offset points"
        )
    ax.set(xlabel="bytes an image in the cache", ylabel="test accuracy (%)")
    ax.legend(loc="lower right", bbox_to_anchor=(1, 0.08))
show(
    fig,
    alt="Student accuracy against bytes per image in the cache, for lists of 1, 2, 3, 5 and all 10 probabilities.",
    caption="Small dots are seeds. The step is from one class to two.",
    caption_zh="小点是各随机种子。关键的一步是从一个类别到两个。",
)
reveal("two_kept", share[2], unit="%")
gigabytes = 1_281_167 * 1_000 * 4 / 1e9
megabytes = 1_281_167 * 5 * (2 + 2) / 1e6
record("imagenet_gb", gigabytes)
record("imagenet_mb", megabytes)
record("imagenet_ratio", 1000 * gigabytes / megabytes)
print(f"ImageNet, float32: {gigabytes:.1f} GB; its five largest: {megabytes:.0f} MB")

# %% [markdown]
# All ten answers end {both_gain:+.1f} points from labels alone, and {loss_gain:+.1f} ± {loss_half:.1f} of that needs no teacher: labels in the same softened loss reach {same_loss:.1f} %. What the teacher adds is {gain:+.1f} ± {gain_half:.1f} points. Without this control you would have thanked it for all. Of its own share one class carries {share_1:.0f} %, two carry {share_2:.0f} %. A higher T spreads the answer, and a short list then leaves more of it out. The rule for 1,000 classes is the same with other numbers: five take {imagenet_mb:.0f} MB of ImageNet instead of {imagenet_gb:.1f} GB.
#
# Note what such a cache no longer knows: any other temperature. Softened probabilities are frozen at their T. Keep logits if you still mean to tune it.
#
# ## What augmentation does to a cache
#
# A cached answer belongs to the pixels that were shown. Move the image by two pixels and it is an answer about another picture. Four ways to train on moved images, each in 480 steps, each image moved anew in every pass:

# %%
moved = {
    "labels alone": ("labels alone", "none"),
    "cached once, for the unmoved image": ("cached once, stale", "once"),
    "four moved views cached, used in turn": ("four views cached", "four times"),
    "asked again for every moved image": ("asked every time", "twenty times"),
}
measured = {name: per_seed("augment", arm) for name, (arm, _) in moved.items()}
stale, fresh = (measured[name] for name in list(moved)[1::2])
rows_of_views = []
for name, values in measured.items():
    mean, width = paired(values, stale)
    rows_of_views.append(
        {
            "the teacher's answers": name,
            "asked": moved[name][1],
            "accuracy %": round(float(values.mean()), 2),
            "against the stale cache": "" if values is stale else f"{mean:+.2f} ± {width:.2f}",
            "three seeds": "" if values is stale else said(mean, width),
        }
    )
record("stale", float(stale.mean()))
record("fresh", float(fresh.mean()))
record("fresh_gain", paired(fresh, stale)[0])
record("fresh_half", paired(fresh, stale)[1])
right_moved = per_seed("augment", "asked every time", "teacher_right").mean()
right_still = per_seed("augment", "asked every time", "teacher_right_unmoved").mean()
record("teacher_moved", float(right_moved))
record("teacher_still", float(right_still))
record("moved_loss", float((fresh - full).mean()))
table(rows_of_views, caption="Images moved by up to two pixels, three paired seeds", name="moved")
print(f"the teacher itself is right on {right_still:.1f} % unmoved and {right_moved:.1f} % moved")

# %% [markdown]
# The stale cache pairs the moved picture with the answer about the unmoved one; asking again gives {fresh_gain:+.2f} ± {fresh_half:.2f} points. Why not more? Look at the teacher. It is right on {teacher_still:.1f} % of the unmoved images, which were among those it learned from, and on {teacher_moved:.1f} % of the same images moved by two pixels: it never saw one. A fresh answer fits the picture and is worse; a stale one is better and fits another picture. So before you pay for asking again, measure your teacher on your augmentation. (Whether to augment at all is another question. In 480 steps it did not pay: {fresh:.2f} % with fresh answers, {full:.2f} % on unmoved images.)
#
# Where it does pay, cache what you can replay: a view is a function of image and seed, so store the seed.
#
# ## Mistakes that raise no error
#
# Distillation has more ways to be wrong than to fail. Each of these was made on purpose; everything else is the pipeline above. What would you have noticed? Accuracy is what a training log shows. Confidence is the mean of the largest probability on the test images.

# %%
mistakes = {
    "none: the pipeline above": ("cache", "all"),
    "T squared forgotten": ("bug", "no T squared"),
    "KL(student || teacher)": ("bug", "KL reversed"),
    "teacher in training mode": ("bug", "teacher in training mode"),
    "softmax of a softmax": ("bug", "softmax twice"),
    "rows of other images": ("bug", "rows of other images"),
}
lines = []
with style():
    fig, ax = plt.subplots(figsize=(7, 3.6))
    ax.axvline(alone.mean(), color="#999999", linestyle="--", label="labels alone")
    for name, (study, arm) in mistakes.items():
        where = {"top": 10} if study == "cache" else {}
        accuracy = per_seed(study, arm, **where)
        confidence = per_seed(study, arm, "confidence", **where)
        mean, width = paired(accuracy, full)
        lines.append(
            {
                "mistake": name,
                "accuracy %": round(float(accuracy.mean()), 2),
                "against the right one": "" if study == "cache" else f"{mean:+.2f} ± {width:.2f}",
                "confidence %": round(float(confidence.mean()), 1),
                "better than labels alone": "yes"
                if said(*paired(accuracy, alone)) == "more"
                else "no",
            }
        )
        ax.scatter(accuracy, confidence, s=28, label=name)
    ax.set(xlabel="test accuracy (%)", ylabel="mean confidence (%)", xlim=(0, 100), ylim=(0, 100))
    ax.legend(fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
show(
    fig,
    alt="Accuracy against mean confidence for a right distillation and five mistakes; three lie on the right one.",
    caption="Three of five mistakes hide under the right pipeline. A double softmax sits on the control.",
    caption_zh="五个错误里有三个与正确的流水线重叠；做了两次 softmax 的，落在对照线上。",
)
table(lines, caption=f"Five mistakes, three seeds. {history['command']}", name="mistakes")
by_name = {line["mistake"]: line for line in lines}
record("unsquared", by_name["T squared forgotten"]["accuracy %"])
record("twice", by_name["softmax of a softmax"]["accuracy %"])
record("twice_confidence", by_name["softmax of a softmax"]["confidence %"])
record("full_confidence", by_name["none: the pipeline above"]["confidence %"])
record("mixed", by_name["rows of other images"]["accuracy %"])

# %% [markdown]
# The student of a double softmax ends at {twice:.1f} %, where labels alone bring {alone:.1f} %: nothing is left of the teacher, and a log without the control looks healthy. Its confidence of {twice_confidence:.0f} % instead of {full_confidence:.0f} % would have told. Rows that slipped are the loud one, {mixed:.0f} %: with a weight of 0.9 the student learns the noise by heart. A single hash stops that: name the cache after everything the answers depend on, and open it by that name only.

# %%
from course_lib import key

first = {"teacher": teacher, "images": x, "temperature": T, "view": "unmoved"}
name_of_cache = key(first)
changes = {
    "nothing": first,
    "two images swapped": first | {"images": np.concatenate([x[1::-1], x[2:]])},
    "another temperature": first | {"temperature": 2.0},
    "images moved": first | {"view": {"moved by": 2, "seed": 0}},
    "another teacher": first | {"teacher": student(0)},
}
opened = {change: key(state) == name_of_cache for change, state in changes.items()}
assert opened.pop("nothing")
assert not any(opened.values())
print(f"targets-{name_of_cache[:12]}.npz is not opened after:", ", ".join(opened))

# %% [markdown]
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Look for the API where the folk answer has it, then where it is. Keras 3 has a Distiller, and its documentation builds the loss as `LogitsDistillation(temperature=3.0)`. We trained our student with it, in Keras 3, from the same first weights on the same images: with the default loss, and with the loss handed over as an object. Labels weigh 0.1 as above, in the row *default weight* Keras's own 0.5. Here is the value that both compute for one batch, beside the formula.

# %%
import subprocess
import sys
import tempfile
from pathlib import Path

assert not [name for name in dir(tf.lite) if "distil" in name.lower()]
assert not hasattr(tf.lite, "TFLiteModel")

ours = student(0)(x[:200]).numpy()
p, q = softmax(answers[:200] / T), softmax(ours / T)
by_formula = T**2 * float(np.mean(np.sum(p * np.log(p / q), axis=1)))
with tempfile.TemporaryDirectory() as scratch:
    pairs = Path(scratch, "logits.npz")
    np.savez(pairs, teacher=answers[:200], student=ours)
    # Keras 3, in a process of its own: all training above was Keras 2, and one process holds one of them.
    script = [sys.executable, str(folder / "make_keras3.py"), "--loss", str(pairs)]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
values = json.loads(done.stdout.splitlines()[-1])
assert np.isclose(values["loss=KLDivergence()"], by_formula, rtol=1e-3)
official = json.loads((folder / "record_keras3.json").read_text(encoding="utf-8"))


def in_keras3(arm):
    """Return the accuracies of an arm in %, by seed."""
    found = sorted((run["seed"], run["accuracy"]) for run in official["runs"] if run["arm"] == arm)
    assert len(found) == 3
    return 100 * np.array([accuracy for _, accuracy in found])


base = in_keras3("labels alone")
results = [
    {
        "loss": name,
        "value on 200 images": round(values[loss], 2) if loss else "",
        "accuracy %": round(float(in_keras3(name).mean()), 2),
        "against labels alone": ""
        if name == "labels alone"
        else "{:+.2f} ± {:.2f}".format(*paired(in_keras3(name), base)),
    }
    for name, loss in (
        ("labels alone", None),
        ("default loss", "default"),
        ("default loss, default weight", None),
        ("KLDivergence()", "loss=KLDivergence()"),
    )
]
versions = {run["keras"] for run in official["runs"]}
table(
    results,
    caption=f"Keras {', '.join(versions)}, three seeds. {official['command']}",
    name="official",
)
default_gain, default_half = paired(in_keras3("default loss"), base)
object_gain, object_half = paired(in_keras3("KLDivergence()"), base)
record("default_gain", default_gain)
record("default_half", default_half)
record("object_gain", object_gain)
weight_gain, weight_half = paired(in_keras3("default loss, default weight"), base)
record("weight_gain", weight_gain)
record("weight_half", weight_half)
record("object_half", object_half)
record("keras_version", sorted(versions)[0])
record("default_value", values["default"])
record("formula_value", by_formula)
t, s = (np.clip(logits / T, 1e-7, 1) for logits in (answers[:200], ours))
explanations = {
    "the formula": by_formula,
    "just that": float(np.mean(np.sum(t * np.log(t / s), axis=1))),  # clipped logits
}
fits = [
    name for name, value in explanations.items() if np.isclose(values["default"], value, rtol=1e-3)
]
record("default_now", fits[0] if fits else "a third thing")
reveal("official", default_gain, unit="points")

# %% [markdown]
# Why? In version {keras_version} the default is the string `"kl_divergence"`. Keras turns it into a *function*, and the branch that takes softmax and multiplies by T squared asks for an instance of the *class* `KLDivergence`. So the divergence is taken of logits over T, clipped to [0, 1] as if they were probabilities; the cell computed that too, and the default of this run's Keras is {default_now}. No error, a falling loss, and {default_gain:+.1f} ± {default_half:.1f} points against no teacher at all. (At Keras's own weight of 0.5 for the labels it is {weight_gain:+.1f} ± {weight_half:.1f}: the smaller the part of the broken term, the less it hurts.) With `loss=keras.losses.KLDivergence()` it is {object_gain:+.1f} ± {object_half:.1f}. The control found it, not the documentation.
#
# ## More than answers
#
# A hint lets a layer of the student imitate a layer of the teacher through an adapter that is thrown away. Which pair? Two layers are alike when they find the same *images* alike. So compare image by image: the table of similarities of one layer against that of the other, both centred. That is linear CKA, and 18B computes it without the large table.

# %%


def stages(network):
    """Return the outputs of a network's three ReLU layers on 600 test images, one row an image."""
    layers = [layer.output for layer in network.layers if "re_lu" in layer.name]
    outputs = backend.keras().Model(network.inputs, layers).predict(data.x_test[:600], verbose=0)
    return [values.reshape(600, -1) for values in outputs]


def alike(layer):
    """Return the centred table of similarities between images, with length 1."""
    centred = layer - layer.mean(axis=0)
    products = centred @ centred.T
    return products / np.linalg.norm(products)


# The slice that runs live: seed 0 of the record. Every row number occurs four times in an epoch.
repeated = replace(data, x_train=np.concatenate([x] * 4), y_train=np.tile(np.arange(len(x)), 4))
distilled = fit(
    student(0), repeated, Training(5, 125, 4e-3, seed=0), loss=from_the_table, quiet=True
)
here = 100 * float(
    (distilled.predict(data.x_test, batch_size=500, verbose=0).argmax(1) == data.y_test).mean()
)
record("here", here)
tables = {
    name: [alike(stage) for stage in stages(network)]
    for name, network in {
        "teacher": teacher,
        "untrained": student(0),
        "distilled": distilled,
    }.items()
}
cka = {
    name: np.array([[np.sum(a * b) for b in tables[name]] for a in tables["teacher"]])
    for name in ("untrained", "distilled")
}
with style():
    fig, axes = plt.subplots(1, 2, figsize=(7.4, 3.2), sharey=True)
    for ax, (name, matrix) in zip(axes, cka.items(), strict=True):
        ax.imshow(matrix, vmin=0, vmax=1, cmap="Blues")
        ax.grid(visible=False)
        ax.set_xticks(range(3), [f"stage {i + 1}" for i in range(3)])
        ax.set_yticks(range(3), [f"stage {i + 1}" for i in range(3)])
        ax.set(xlabel=f"student, {name}", ylabel="teacher" if name == "untrained" else "")
        for (row, column), value in np.ndenumerate(matrix):
            ax.text(column, row, f"{value:.2f}", ha="center", va="center",
                    color="white" if value > 0.6 else "black")  # fmt: skip
show(
    fig,
    alt="Two three-by-three tables of CKA between teacher and student stages, before and after distillation.",
    caption="Left: a student that has learned nothing. Similarity alone is no achievement.",
    caption_zh="左图的学生什么都没学过。相似度本身不算成绩。",
)
hints = []
for teacher_stage, student_stage in ((1, 1), (2, 2), (3, 3), (3, 1), (1, 3)):
    arm = f"{teacher_stage} to {student_stage}"
    mean, width = paired(per_seed("hint", arm), full)
    pair_before, pair_after = (m[teacher_stage - 1, student_stage - 1] for m in cka.values())
    hints.append(
        {
            "teacher's stage to the student's": arm,
            "CKA untrained": round(float(pair_before), 2),
            "CKA distilled": round(float(pair_after), 2),
            "gain of the hint, points": f"{mean:+.2f} ± {width:.2f}",
            "three seeds": said(mean, width),
            "mean": mean,
        }
    )
best = max(hints, key=lambda hint: hint["mean"])
likeliest = max(hints, key=lambda hint: hint["CKA distilled"])
record("cka_untrained", float(cka["untrained"][0, 0]))
record("cka_best_pair", likeliest["teacher's stage to the student's"])
record("hint_best_pair", best["teacher's stage to the student's"])
record("hint_best", best["mean"])
record("hint_helped", sum(hint["three seeds"] == "more" for hint in hints))
record("hint_pairs", len(hints))
table(
    [{name: value for name, value in hint.items() if name != "mean"} for hint in hints],
    caption="Hints on top of the answers, against the answers alone",
    name="hints",
)
print(f"the student trained here: {here:.2f} %; on record, seed 0: {full[0]:.2f} %")

# %% [markdown]
# The untrained student's first stage already has a CKA of {cka_untrained:.2f} with the teacher's: any convolution keeps which images look alike. So compare pairs with each other and with the untrained network, never with zero. Five intervals of 95 % were drawn, so one that excludes zero by luck would be no surprise. Here a hint gained more than its interval in {hint_helped:.0f} of {hint_pairs:.0f} pairs. The pair most alike is {cka_best_pair}, the pair that helped most {hint_best_pair}, with {hint_best:+.2f} points. Beside the {gain:+.1f} points of the answers themselves that is little.
#
# ## The student in four bits
#
# The student is what ships, so it gets quantized too. From the distilled student on: round it, or train 480 more steps through the rounding of lesson 27 (the loss sees rounded weights, the gradient moves those behind them), towards labels, towards its own float answers, or towards the teacher. The control trains those 480 steps in float, towards the teacher, and is rounded afterwards.

# %%
import gzip

from course_lib import Artifact, Int4, float_tflite
from course_lib.evaluation import predict as outputs

arms = {
    "rounded, no step more": "rounded",
    "control: float steps, then rounded": "float, as many steps, rounded",
    "through rounding, labels": "through rounding, labels",
    "through rounding, its own float answers": "through rounding, itself",
    "through rounding, the teacher's answers": "through rounding, teacher",
}
in_bits = {
    (arm, bits): per_seed("bits", arm, bits=bits) for arm in arms.values() for bits in (4, 2)
}
lines = []
for name, arm in arms.items():
    line = {"480 more steps": name}
    for bits in (4, 2):
        line[f"{bits} bits %"] = round(float(in_bits[arm, bits].mean()), 2)
        if arm.startswith("through"):
            mean, width = paired(in_bits[arm, bits], in_bits["float, as many steps, rounded", bits])
            line[f"{bits} bits, against the control"] = f"{mean:+.2f} ± {width:.2f}"
        else:
            line[f"{bits} bits, against the control"] = ""
    lines.append(line)
table(
    lines,
    caption=f"Float after as many steps: {per_seed('bits', 'float, as many steps', bits=32).mean():.2f} %. Three seeds",
    name="bits",
)
for short, arm in (("labels", "labels"), ("itself", "itself"), ("teacher", "teacher")):
    arm = f"through rounding, {arm}"
    record(f"four_{short}", float(in_bits[arm, 4].mean()))
    record(f"two_{short}", float(in_bits[arm, 2].mean()))
    mean, width = paired(in_bits[arm, 4], in_bits["float, as many steps, rounded", 4])
    record(f"four_{short}_gain", mean)
    record(f"four_{short}_half", width)
record("four_control", float(in_bits["float, as many steps, rounded", 4].mean()))
record("two_control", float(in_bits["float, as many steps, rounded", 2].mean()))
record(
    "four_over_labels",
    paired(in_bits["through rounding, itself", 4], in_bits["through rounding, labels", 4])[0],
)
two = [record.value(f"two_{target}") for target in ("labels", "itself", "teacher")]
record("two_low", min(two))
record("two_high", max(two))

packed = gzip.decompress((folder / "files" / "four_bits.tflite.gz").read_bytes())
shipped = Int4()(Artifact("four bits", packed))
right = 100 * float((outputs(shipped, data.x_test).argmax(1) == data.y_test).mean())
record("shipped_bytes", shipped.raw_bytes)
record("shipped_accuracy", right)
record("shipped_ratio", float_tflite().raw_bytes / shipped.raw_bytes)
print(f"seed 0 as an int4 file: {shipped.raw_bytes:,} bytes, {right:.2f} % in the runtime")

# %% [markdown]
# At 4 bits the teacher's answers end {four_teacher_gain:+.2f} ± {four_teacher_half:.2f} points from the control, the student's own float answers {four_itself_gain:+.2f} ± {four_itself_half:.2f}, labels {four_labels_gain:+.2f} ± {four_labels_half:.2f}. Its own answers are the right target when the teacher is gone; they end {four_over_labels:+.2f} points from the labels in their plain loss. At 2 bits rounding afterwards leaves {two_control:.0f} %, and whichever target it trains towards, the student comes back to {two_low:.1f} to {two_high:.1f} %. And judge the file, not the network: as int4 the student has {shipped_bytes:,.0f} bytes, the float teacher {shipped_ratio:.0f} times as many, and {shipped_accuracy:.2f} % when LiteRT runs it.
#
# ## The answer in sixty seconds
#
# {{answer}}

# %% [markdown]
# ## Deeper
#
# ### Its own teacher
#
# Self-distillation: train a student on labels, then train a fresh one, same architecture, on the answers of the first. No larger network, no new image. What it does cost is a second training, so the control gets the steps of both.

# %%
generations = []
for generation in (1, 2):
    born, longer = (
        per_seed("self", arm, generation=generation)
        for arm in ("born again", "labels, as many steps")
    )
    generations.append(
        {
            "generation": generation,
            "born again %": round(float(born.mean()), 2),
            "against its parent": "{:+.2f} ± {:.2f}".format(
                *paired(
                    born, alone if generation == 1 else per_seed("self", "born again", generation=1)
                )
            ),
            "labels, as many steps %": round(float(longer.mean()), 2),
            "against that": "{:+.2f} ± {:.2f}".format(*paired(born, longer)),
        }
    )
    record(f"born_{generation}", paired(born, longer)[0])
    record(f"born_{generation}_half", paired(born, longer)[1])
    record(f"longer_{generation}", float((longer - alone).mean()))
child = per_seed("self", "born again", generation=1)
record("born_child", float(child.mean()))
record("born_over_loss", paired(child, same_loss)[0])
record("born_over_loss_half", paired(child, same_loss)[1])
record("born_parent", paired(child, alone)[0])
record("born_parent_half", paired(child, alone)[1])
record("born_seeds", int(np.sum(child > alone)))
table(
    generations,
    caption=f"The first parent has {alone.mean():.2f} %. Three seeds",
    name="generations",
)

# %% [markdown]
# The child ends {born_parent:+.2f} ± {born_parent_half:.2f} points from its parent, in {born_seeds:.0f} of 3 seeds above it, and {born_1:+.2f} ± {born_1_half:.2f} from labels for the steps of both. (Those extra steps moved the labels by {longer_1:+.2f}.) Nobody knew anything new, and the usual reading is that soft targets keep a student from learning its labels by heart. Ask the other control first: the parent had the plain loss. Against labels in the child's own softened loss, {same_loss:.2f} %, the child ends {born_over_loss:+.2f} ± {born_over_loss_half:.2f}. A cheaper rival belongs in the table before you keep a second training.
#
# ### The forgotten T squared is another alpha
#
# Without T squared the loss is 0.9 KL + 0.1 CE. With T squared and an alpha of 0.36 it is 5.76 KL + 0.64 CE: 6.4 times as much, for every image. Adam divides the gradient by its own size, so a constant factor changes next to nothing: you trained at alpha 0.36 and wrote 0.9 into the paper.

# %%
with_square = soft_and_hard(y, targets, T, 0.36)(some, guess).numpy()
forgotten = recipe["other_losses"](y, targets)["no T squared"](some, guess).numpy()
factor = with_square / forgotten
assert np.allclose(factor, 6.4, rtol=1e-3)
twin = per_seed("bug", "alpha 0.36")
same = [run["same answers as no T squared"] for run in runs if run["arm"] == "alpha 0.36"]
record("twin_gap", float(np.abs(twin - per_seed("bug", "no T squared")).mean()))
record("twin_same", 100 * float(np.mean(same)))
print(f"factor {factor.min():.3f} to {factor.max():.3f} on {len(some)} images")
print(
    f"trained: {record.value('twin_gap'):.2f} points apart, same answer on {100 * np.mean(same):.1f} %"
)

# %% [markdown]
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# Ten classes and 3,000 images: how long a list has to be elsewhere must be found elsewhere. One student, one teacher, 480 steps, three seeds. The price of asking is that of a small teacher. Hints were tried with one adapter and one weight. The arms *labels* in the table of bits and of generations have the plain loss, so part of their distance may be the temperature's. Rounding is of weights only. And one version of Keras was judged: look at yours.
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
