"""Train lesson 18's student with Keras 3's own Distiller: `python topics/18_engineer_distillation/make_keras3.py`.

The same images, first weights and 480 steps as make_runs.py, in keras.distillation. Keras 3 and the Keras 2 of the
course cannot share a process, so the weights cross over as arrays. Writes record_keras3.json.

With `--loss FILE.npz` it only prints what the two losses are on the arrays `teacher` and `student` of logits.
"""

import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SEEDS = (0, 1, 2)
IMAGES, BATCH, EPOCHS = 3_000, 125, 5
T, ALPHA = 4.0, 0.9


def weights_of(seed):
    """Return the weights of teacher and untrained student, layer by layer."""
    from course_lib import trained
    from course_lib.models import student

    return [[layer.get_weights() for layer in net.layers] for net in (trained(), student(seed))]


def runs_of(seed, weights):
    """Return the runs of one seed; nothing of Keras 2 is loaded here."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    from course_lib import backend, fashion_mnist

    keras = backend.keras_3()
    layers, distillation = keras.layers, keras.distillation
    Distiller, LogitsDistillation = distillation.Distiller, distillation.LogitsDistillation

    def block(filters, strides):
        convolution = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)
        return [convolution, layers.BatchNormalization(momentum=0.9), layers.ReLU()]

    def network(values, filters, strides, dropout):
        drop = [layers.Dropout(dropout)] if dropout else []
        body = [each for pair in zip(filters, strides, strict=True) for each in block(*pair)]
        net = keras.Sequential(
            [keras.Input((28, 28, 1)), *body, layers.Flatten(), *drop, layers.Dense(10)]
        )
        for layer, value in zip(net.layers, values, strict=True):
            layer.set_weights(value)
        return net

    data, rows = fashion_mnist(), []
    rng = np.random.default_rng(seed)
    chosen = np.concatenate(
        [rng.permutation(np.flatnonzero(data.y_train == c))[: IMAGES // 10] for c in range(10)]
    )
    chosen = np.concatenate([rng.permutation(chosen)] * 4)
    x, y = data.x_train[chosen], data.y_train[chosen]
    divergence = keras.losses.KLDivergence()
    for arm, share, loss in (
        ("labels alone", 1.0, LogitsDistillation(T, loss=divergence)),
        ("default loss", 1 - ALPHA, LogitsDistillation(T)),
        ("default loss, default weight", 0.5, LogitsDistillation(T)),
        ("KLDivergence()", 1 - ALPHA, LogitsDistillation(T, loss=divergence)),
    ):
        keras.utils.set_random_seed(seed)
        teacher = network(weights[0], (32, 64, 64), (2, 2, 1), 0.4)
        student = network(weights[1], (8, 16, 24), (2, 2, 2), 0)
        start = time.perf_counter()
        distiller = Distiller(teacher, student, loss, student_loss_weight=share)
        steps = EPOCHS * len(x) // BATCH
        distiller.compile(
            optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(4e-3, steps)),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        distiller.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0)
        said = distiller.student.predict(data.x_test, batch_size=500, verbose=0)
        rows.append(
            {"arm": arm, "seed": seed, "keras": keras.__version__}
            | {"accuracy": round(float((said.argmax(1) == data.y_test).mean()), 4)}
            | {"seconds": round(time.perf_counter() - start, 1)}
        )
        print(rows[-1], flush=True)
    return rows


def losses_on(pairs):
    """Print both losses of a batch of logits, as JSON."""
    from course_lib import backend

    keras = backend.keras_3()
    LogitsDistillation = keras.distillation.LogitsDistillation
    losses = {
        "loss=KLDivergence()": LogitsDistillation(T, loss=keras.losses.KLDivergence()),
        "default": LogitsDistillation(T),
    }
    values = {name: float(loss.compute_loss(*pairs)) for name, loss in losses.items()}
    print(json.dumps(values | {"keras": keras.__version__}))


def main():
    """Run the seeds one after the other and write the record."""
    from course_lib.core import Environment

    start, runs = time.perf_counter(), []
    for work in (weights_of, runs_of):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            if work is weights_of:
                weights = list(pool.map(weights_of, SEEDS))
            else:
                runs = [row for rows in pool.map(runs_of, SEEDS, weights) for row in rows]
    record = {
        "command": "python topics/18_engineer_distillation/make_keras3.py",
        "environment": str(Environment.here()),
        "seconds": round(time.perf_counter() - start),
    }
    lines = ",\n".join("    " + json.dumps(row) for row in runs)
    text = json.dumps(record, indent=2)[:-2] + f',\n  "runs": [\n{lines}\n  ]\n}}\n'
    (HERE / "record_keras3.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--loss"]:
        arrays = np.load(sys.argv[2])
        losses_on((arrays["teacher"], arrays["student"]))
    else:
        main()
