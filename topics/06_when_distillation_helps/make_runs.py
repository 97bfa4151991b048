"""Train the students of lesson 06: `python topics/06_when_distillation_helps/make_runs.py`.

Every student has the same architecture and takes the same 470 steps of 128 images, whatever its label budget: a budget
of 400 images is repeated until an epoch holds 12,000. Seeds 0, 1 and 2 (first weights, order, choice of the labelled
images), one process each. Writes record_runs.json.
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


def runs_of(seed):
    """Return every run of one seed as a list of dictionaries."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    from course_lib import Distill, FineTune, fashion_mnist, trained
    from course_lib.models import baseline, student

    data, expert, rows = fashion_mnist(), trained(), []

    def run(study, teacher, images, **fields):
        start = time.perf_counter()
        setting = {"epochs": EPOCHS, "seed": seed, **fields}
        network = Distill(student(seed), **setting)(teacher, images)
        answers = network.predict(data.x_test, batch_size=500, verbose=0)
        right = answers.argmax(1) == data.y_test
        rows.append(
            study
            | {"seed": seed, **fields, "accuracy": round(float(right.mean()), 4)}
            | {"seconds": round(time.perf_counter() - start, 1)}
        )
        print(rows[-1], flush=True)
        return answers

    answers = run(
        {"study": "unseen", "arm": "teacher"},
        expert,
        without(data, UNSEEN),
        temperature=20.0,
        alpha=1.0,
    )
    hit = answers.argmax(1)[data.y_test == UNSEEN] == UNSEEN
    rows[-1]["recall"] = round(float(hit.mean()), 4)

    for count in BUDGETS:
        images = labelled(data, count, seed)
        run({"study": "budget", "labels": count, "arm": "labels"}, expert, images, alpha=0.0)
        run({"study": "budget", "labels": count, "arm": "teacher"}, expert, images)
    run({"study": "unlabelled", "labels": 0, "arm": "teacher"}, expert, data, alpha=1.0)
    dirty = mislabelled(data, NOISE, seed)
    for arm, alpha in (("labels", 0.0), ("teacher", 0.9)):
        run({"study": "noise", "noise": NOISE, "arm": arm}, expert, dirty, alpha=alpha)

    few = labelled(data, 400, seed)
    start = time.perf_counter()
    novice = FineTune(epochs=EPOCHS, learning_rate=4e-3, seed=seed)(baseline(seed), few)
    known = float((novice.predict(data.x_test, verbose=0).argmax(1) == data.y_test).mean())
    spent = round(time.perf_counter() - start, 1)
    novice_row = {"study": "novice", "labels": 400, "arm": "the teacher itself", "seed": seed}
    rows.append(novice_row | {"accuracy": round(known, 4), "seconds": spent})
    run({"study": "novice", "labels": 400, "arm": "teacher"}, novice, few)

    for temperature, alpha in SETTINGS:
        study = {"study": "settings", "labels": 400, "arm": "teacher"}
        run(study, expert, few, temperature=temperature, alpha=alpha)
    return rows


def main():
    """Run the seeds side by side and write the record."""
    from course_lib.core import Environment

    start = time.perf_counter()
    with ProcessPoolExecutor(len(SEEDS), mp_context=get_context("spawn")) as pool:
        runs = [row for rows in pool.map(runs_of, SEEDS) for row in rows]
    record = {
        "command": "python topics/06_when_distillation_helps/make_runs.py",
        "environment": str(Environment.here()),
        "seconds": round(time.perf_counter() - start),
        "steps": EPOCHS * -(-STEPS_AN_EPOCH // 128),
    }
    lines = ",\n".join("    " + json.dumps(row) for row in runs)
    text = json.dumps(record, indent=2)[:-2] + f',\n  "runs": [\n{lines}\n  ]\n}}\n'
    (HERE / "record_runs.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
