"""Train the students of lesson 06: `python topics/06_when_distillation_helps/make_runs.py`.

Every student has the same architecture and takes the same 470 steps of 128 images, whatever its label budget: a budget
of 400 images is repeated until an epoch holds 12,000. Seeds 0, 1 and 2 (first weights, order, choice of the labelled
images), one process each. Writes record_runs.json; runs that are on record already are kept, so delete it to start anew.
"""

import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SEEDS = (0, 1, 2)
STEPS_AN_EPOCH = 12_000
EPOCHS = 5
BUDGETS = (100, 400, 1_500, 12_000)
SETTINGS = ((1.0, 0.9), (20.0, 0.9), (4.0, 0.5), (4.0, 1.0))  # around temperature 4, alpha 0.9
NOISE = 0.4
UNSEEN = 6  # Shirt


def labelled(data, count, seed):
    """Return the data set with `count` training images, as many of each class, repeated to fill an epoch."""
    rng = np.random.default_rng(seed)
    rows = np.concatenate(
        [rng.permutation(np.flatnonzero(data.y_train == c))[: count // 10] for c in range(10)]
    )
    rows = np.resize(rng.permutation(rows), STEPS_AN_EPOCH)
    return replace(data, x_train=data.x_train[rows], y_train=data.y_train[rows])


def mislabelled(data, share, seed):
    """Return the data set with this share of the training labels replaced by another class."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(len(data.y_train)) < share
    shift = rng.integers(1, 10, len(data.y_train))
    return replace(data, y_train=np.where(wrong, (data.y_train + shift) % 10, data.y_train))


def without(data, label):
    """Return the data set without one class, repeated to fill an epoch."""
    rows = np.resize(np.flatnonzero(data.y_train != label), STEPS_AN_EPOCH)
    return replace(data, x_train=data.x_train[rows], y_train=data.y_train[rows])


def name_of(row):
    """Return what identifies a run: everything but its results."""
    return json.dumps(
        {k: v for k, v in row.items() if k not in ("accuracy", "recall", "seconds")}, sort_keys=True
    )


def runs_of(seed, done):
    """Return every run of one seed as a list of dictionaries; those in `done` are not trained again."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    from course_lib import Distill, FineTune, fashion_mnist, trained
    from course_lib.models import baseline, fit, student
    from course_lib.techniques.teacher import by_row, soft_and_hard

    data, expert, rows = fashion_mnist(), trained(), []
    done = {name_of(row): row for row in done}

    def keep(row, train):
        """Append a run: from the record, or train a network and see what it answers on the test images."""
        if name_of(row) in done:
            rows.append(done[name_of(row)])
            return
        start = time.perf_counter()
        answers = train().predict(data.x_test, batch_size=500, verbose=0).argmax(1)
        row["accuracy"] = round(float((answers == data.y_test).mean()), 4)
        row["seconds"] = round(time.perf_counter() - start, 1)
        if row["study"] == "unseen":
            row["recall"] = round(float((answers[data.y_test == UNSEEN] == UNSEEN).mean()), 4)
        rows.append(row)
        print(row, flush=True)

    def run(study, teacher, images, **fields):
        method = Distill(student(seed), epochs=EPOCHS, seed=seed, **fields)
        keep(study | {"seed": seed, **fields}, lambda: method(teacher, images))

    def same_loss(study, images):
        """No teacher: the labels stand where its answers were, temperature and all."""
        method, labels = Distill(student(seed), epochs=EPOCHS, seed=seed), images.y_train
        loss = soft_and_hard(labels, np.eye(10)[labels], method.temperature, method.alpha)
        row = study | {"arm": "labels, same loss", "seed": seed}
        keep(row, lambda: fit(method.student, by_row(images), method.training, loss=loss))

    run(
        {"study": "unseen", "arm": "teacher"},
        expert,
        without(data, UNSEEN),
        temperature=20.0,
        alpha=1.0,
    )

    for count in BUDGETS:
        images = labelled(data, count, seed)
        run({"study": "budget", "labels": count, "arm": "labels"}, expert, images, alpha=0.0)
        run({"study": "budget", "labels": count, "arm": "teacher"}, expert, images)
        same_loss({"study": "budget", "labels": count}, images)
    run({"study": "unlabelled", "labels": 0, "arm": "teacher"}, expert, data, alpha=1.0)
    dirty = mislabelled(data, NOISE, seed)
    for arm, alpha in (("labels", 0.0), ("teacher", 0.9)):
        run({"study": "noise", "noise": NOISE, "arm": arm}, expert, dirty, alpha=alpha)
    same_loss({"study": "noise", "noise": NOISE}, dirty)

    few = labelled(data, 400, seed)
    novice = []

    def large():
        novice.append(FineTune(epochs=EPOCHS, learning_rate=4e-3, seed=seed)(baseline(seed), few))
        return novice[0]

    keep({"study": "novice", "labels": 400, "arm": "the teacher itself", "seed": seed}, large)
    pupil = {"study": "novice", "labels": 400, "arm": "teacher", "seed": seed}
    keep(
        pupil,
        lambda: Distill(student(seed), epochs=EPOCHS, seed=seed)(
            novice[0] if novice else large(), few
        ),
    )

    for temperature, alpha in SETTINGS:
        study = {"study": "settings", "labels": 400, "arm": "teacher"}
        run(study, expert, few, temperature=temperature, alpha=alpha)
    return rows


def main():
    """Run the seeds side by side and write the record."""
    from course_lib.core import Environment

    start, target = time.perf_counter(), HERE / "record_runs.json"
    old = (
        json.loads(target.read_text(encoding="utf-8"))
        if target.exists()
        else {"runs": [], "seconds": 0}
    )
    mine = [[row for row in old["runs"] if row["seed"] == seed] for seed in SEEDS]
    with ProcessPoolExecutor(len(SEEDS), mp_context=get_context("spawn")) as pool:
        runs = [row for rows in pool.map(runs_of, SEEDS, mine) for row in rows]
    record = {
        "command": "python topics/06_when_distillation_helps/make_runs.py",
        "environment": str(Environment.here()),
        "seconds": old["seconds"] + round(time.perf_counter() - start),
        "steps": EPOCHS * -(-STEPS_AN_EPOCH // 128),
    }
    lines = ",\n".join("    " + json.dumps(row) for row in runs)
    text = json.dumps(record, indent=2)[:-2] + f',\n  "runs": [\n{lines}\n  ]\n}}\n'
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
