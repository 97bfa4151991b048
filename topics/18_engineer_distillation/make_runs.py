"""Train the students of lesson 18: `python topics/18_engineer_distillation/make_runs.py`.

One budget for everything: 3,000 labelled images, shown twenty times in 480 steps of 125, to the same small student. The
teacher is the shipped baseline. Seeds 0, 1 and 2 decide images, first weights and order, one process each. Writes
record_runs.json and, for seed 0, files/four_bits.tflite.gz. `--seeds 0` makes the first seed only.
"""

import argparse
import gzip
import json
import os
import runpy
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
IMAGES, PASSES, BATCH = 3_000, 20, 125
T, ALPHA = 4.0, 0.9
REACH = 2  # an augmented image is moved by up to so many pixels, each way
BITS = (4, 2)


def softmax(logits):
    """Return probabilities."""
    exponents = np.exp(logits - logits.max(1, keepdims=True))
    return exponents / exponents.sum(1, keepdims=True)


def budget(labels, rng):
    """Return the rows of the labelled images, as many of every class, in random order."""
    rows = [rng.permutation(np.flatnonzero(labels == c))[: IMAGES // 10] for c in range(10)]
    return rng.permutation(np.concatenate(rows))


def moved(images, rng):
    """Return every image shifted by its own random number of pixels, black outside."""
    padded = np.pad(images, ((0, 0), (REACH, REACH), (REACH, REACH), (0, 0)))
    across, down = rng.integers(0, 2 * REACH + 1, (2, len(images)))
    return np.stack(
        [p[d : d + 28, a : a + 28] for p, a, d in zip(padded, across, down, strict=True)]
    )


def other_losses(labels, probabilities):
    """Return losses that a hurried reader of the paper writes: name -> loss of row numbers and logits."""
    from course_lib import backend

    tf = backend.tensorflow()
    y, soft = tf.constant(labels), tf.constant(probabilities)

    def loss(divergence, weight):
        def both(rows, student):
            rows = tf.cast(tf.reshape(rows, [-1]), tf.int64)
            hard = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(y, rows), student)
            return ALPHA * weight * divergence(rows, student) + (1 - ALPHA) * hard

        return both

    def forward(rows, student):
        p = tf.gather(soft, rows)
        return tf.reduce_sum(p * (tf.math.log(p) - tf.nn.log_softmax(student / T)), 1)

    def backward(rows, student):
        p, log_q = tf.gather(soft, rows), tf.nn.log_softmax(student / T)
        return tf.reduce_sum(tf.exp(log_q) * (log_q - tf.math.log(p)), 1)

    return {
        "no T squared": loss(forward, 1.0),
        "KL reversed": loss(backward, T**2),
    }


def runs_of(seed):
    """Return every run of one seed as a list of dictionaries."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    from course_lib import Distill, Float32, fashion_mnist, trained
    from course_lib.catalog import topic
    from course_lib.models import Training, clone, fit, student
    from course_lib.techniques.teacher import keep_top, soft_and_hard

    everything, teacher, rows = fashion_mnist(), trained(), []
    rng = np.random.default_rng(seed)
    chosen = budget(everything.y_train, rng)
    x, y = everything.x_train[chosen], everything.y_train[chosen]
    answers = teacher.predict(x, batch_size=500, verbose=0)
    targets = softmax(answers / T)
    sure_of = teacher.predict(everything.x_test, batch_size=500, verbose=0).argmax(1)

    def data(images, labels):
        return replace(everything, x_train=images, y_train=labels)

    def repeated(array):
        return np.concatenate([array] * 4)

    def judge(network, study, arm, began, **fields):
        logits = network.predict(everything.x_test, batch_size=500, verbose=0)
        said = logits.argmax(1)
        rows.append(
            {"study": study, "arm": arm, "seed": seed, **fields}
            | {"accuracy": round(float((said == everything.y_test).mean()), 4)}
            | {"confidence": round(float(softmax(logits).max(1).mean()), 4)}
            | {"agreement": round(float((said == sure_of).mean()), 4)}
            | {"seconds": round(time.perf_counter() - began, 1)}
        )
        print(rows[-1], flush=True)
        return logits

    def train(study, arm, soft, *, alpha=ALPHA, loss=None, start=None, prepare=None, settle=None,
              rate=4e-3, epochs=5, shift=0, views=None, **fields):  # fmt: skip
        """Train one student for 480 steps (96 an epoch) and judge it; the loss sees rows of `soft`."""
        began = time.perf_counter()
        images = repeated(x) if views is None else views
        labels = np.resize(y, len(images))
        wanted = np.resize(soft, (len(images), 10)) if soft is not None else None
        network = fit(
            start or student(seed + shift),
            data(images, np.arange(len(images))),
            Training(epochs if views is None else 1, BATCH, rate, seed),
            loss=loss or soft_and_hard(labels, wanted, T, alpha),
            quiet=True,
            **({"prepare": prepare} if prepare else {}),
        )
        network = settle(network) if settle else network
        return network, judge(network, study, arm, began, **fields)

    # what to cache
    alone, _ = train("cache", "labels alone", None, alpha=0.0)
    train("cache", "labels, same loss", np.eye(10, dtype=targets.dtype)[y])
    taught, _ = train("cache", "all", targets, top=10)
    for k in (1, 2, 3, 5):
        train("cache", "top", keep_top(targets, k), top=k)
    for k in (1, 3):
        rest = np.where(targets >= np.sort(targets, 1)[:, -k, None], targets, 0)
        train("cache", "rest dropped", rest / rest.sum(1, keepdims=True), top=k)

    # what goes wrong without an error
    wrong = other_losses(repeated(y), repeated(targets))
    _, unsquared = train("bug", "no T squared", targets, loss=wrong["no T squared"])
    _, twin = train("bug", "alpha 0.36", targets, alpha=0.36)
    rows[-1]["same answers as no T squared"] = float((unsquared.argmax(1) == twin.argmax(1)).mean())
    train("bug", "KL reversed", targets, loss=wrong["KL reversed"])
    train("bug", "softmax twice", softmax(softmax(answers) / T))
    train("bug", "rows of other images", targets[rng.permutation(IMAGES)])
    awake = clone(teacher)
    trained_mode = np.concatenate(
        [awake(x[i : i + BATCH], training=True).numpy() for i in range(0, IMAGES, BATCH)]
    )
    train("bug", "teacher in training mode", softmax(trained_mode / T))
    rows[-1]["teacher_right"] = float((trained_mode.argmax(1) == y).mean())

    # augmentation
    views = [moved(x, rng) for _ in range(PASSES)]
    said = [softmax(teacher.predict(v, batch_size=500, verbose=0) / T) for v in views]
    stack = np.concatenate(views)
    train("augment", "labels alone", None, alpha=0.0, views=stack)
    train("augment", "cached once, stale", targets, views=stack)
    train("augment", "asked every time", np.concatenate(said), views=stack)
    rows[-1]["teacher_right"] = float((np.concatenate(said).argmax(1) == np.tile(y, PASSES)).mean())
    rows[-1]["teacher_right_unmoved"] = float((answers.argmax(1) == y).mean())
    few = [i % 4 for i in range(PASSES)]
    four_views, four_said = (np.concatenate([part[i] for i in few]) for part in (views, said))
    train("augment", "four views cached", four_said, views=four_views)

    # hints
    layers = [
        [layer.name for layer in net.layers if "re_lu" in layer.name] for net in (teacher, taught)
    ]
    for one, other in ((0, 0), (1, 1), (2, 2), (2, 0), (0, 2)):
        began = time.perf_counter()
        hinted = Distill(
            student(seed), features=(layers[0][one], layers[1][other]),
            epochs=5, batch_size=BATCH, seed=seed,
        )(teacher, data(repeated(x), repeated(y)))  # fmt: skip
        judge(
            hinted,
            "hint",
            f"{one + 1} to {other + 1}",
            began,
            teacher_layer=one,
            student_layer=other,
        )

    # generations of one architecture
    parent = alone
    for generation in (1, 2):
        own = softmax(parent.predict(x, batch_size=500, verbose=0) / T)
        parent, _ = train("self", "born again", own, shift=100 * generation, generation=generation)
        longer = 5 * (generation + 1)
        train(
            "self", "labels, as many steps", None, alpha=0.0, epochs=longer, generation=generation
        )

    # bits
    ours = runpy.run_path(str(topic("27").folder / "straight_through.py"))
    own = softmax(taught.predict(x, batch_size=500, verbose=0) / T)
    more, _ = train("bits", "float, as many steps", targets, start=taught, rate=1e-3, bits=32)
    for bits in BITS:
        for name, network in (("rounded", taught), ("float, as many steps, rounded", more)):
            judge(
                ours["settled"](network, bits, network),
                "bits",
                name,
                time.perf_counter(),
                bits=bits,
            )
        for name, soft, alpha in (
            ("through rounding, labels", None, 0.0),
            ("through rounding, itself", own, ALPHA),
            ("through rounding, teacher", targets, ALPHA),
        ):
            network, _ = train(
                "bits", name, soft, alpha=alpha, start=taught, rate=1e-3, bits=bits,
                prepare=lambda copy, bits=bits: ours["aware"](copy, bits),
                settle=lambda copy, bits=bits: ours["settled"](copy, bits, taught),
            )  # fmt: skip
            if seed == 0 and bits == 4 and name.endswith("teacher"):
                keep("four_bits", Float32()(network))
    return rows


def keep(name, artifact):
    """Write a file for the lesson."""
    path = HERE / "files" / f"{name}.tflite.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(artifact.content, 9, mtime=0))


def main():
    """Run the seeds side by side and write the record."""
    from course_lib.core import Environment

    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    seeds = parser.parse_args().seeds
    start = time.perf_counter()
    with ProcessPoolExecutor(len(seeds), mp_context=get_context("spawn")) as pool:
        runs = [row for rows in pool.map(runs_of, seeds) for row in rows]
    record = {
        "command": "python topics/18_engineer_distillation/make_runs.py",
        "environment": str(Environment.here()),
        "seconds": round(time.perf_counter() - start),
        "steps": PASSES * IMAGES // BATCH,
    }
    lines = ",\n".join("    " + json.dumps(row) for row in runs)
    text = json.dumps(record, indent=2)[:-2] + f',\n  "runs": [\n{lines}\n  ]\n}}\n'
    (HERE / "record_runs.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
