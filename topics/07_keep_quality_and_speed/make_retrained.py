"""Retrain the damaged network of lesson 07: `python topics/07_keep_quality_and_speed/make_retrained.py`.

The most expensive rung of the ladder, with a fair number of tries: quantization-aware training of the damaged network
at three learning rates and up to ten epochs, of its healthy twin and of the equalized network, and plain fine-tuning
for as many epochs as the control. Writes record_retrained.json with command, seeds and seconds, and the best retrained
file of the damaged network as retrained.tflite.gz.
"""

import gzip
import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from course_lib import (
    Equalize,
    FineTune,
    Float32,
    FoldBatchNorm,
    Int8,
    QuantizeAware,
    fashion_mnist,
    trained,
)
from course_lib.core import Environment
from course_lib.evaluation import predict
from course_lib.models import clone

HERE = Path(__file__).parent
LAYERS = ("conv2d", "conv2d_1", "conv2d_2", "dense")
SPREAD = 5


def rescaled(model, seed=0):
    """Return the network with every hidden channel multiplied by a power of two, and divided again in the next layer."""
    twin, rng = clone(model), np.random.default_rng(seed)
    for name, follower in pairwise(LAYERS):
        kernel, bias = twin.get_layer(name).get_weights()
        factor = 2.0 ** rng.integers(-SPREAD, SPREAD + 1, len(bias)).astype(np.float32)
        twin.get_layer(name).set_weights([kernel * factor, bias * factor])
        kernel, bias = twin.get_layer(follower).get_weights()
        rows = kernel.reshape(-1, len(factor), kernel.shape[-1]) / factor[:, None]
        twin.get_layer(follower).set_weights([rows.reshape(kernel.shape), bias])
    return twin


def main():
    data = fashion_mnist()
    healthy = FoldBatchNorm()(trained("baseline"))
    damaged = rescaled(healthy)
    plans = [
        ("damaged", damaged, QuantizeAware(epochs=epochs, learning_rate=rate, seed=seed))
        for rate in (1e-5, 1e-4, 1e-3)
        for epochs, seed in ((1, 0), (3, 0), (10, 0), (3, 1), (3, 2))
    ]
    plans += [
        ("healthy", healthy, QuantizeAware(epochs=3, seed=0)),
        ("equalized", Equalize()(damaged), QuantizeAware(epochs=3, seed=0)),
        ("damaged", damaged, FineTune(epochs=3, learning_rate=1e-4, seed=0)),
    ]
    runs, best = [], (0.0, b"")
    for network, model, technique in plans:
        start = time.perf_counter()
        retrained = technique(model, data)
        if isinstance(technique, FineTune):
            artifact = Int8()(Float32()(retrained), data)
        else:
            artifact = Int8()(retrained)
        accuracy = float((predict(artifact, data.x_val).argmax(1) == data.y_val).mean())
        runs.append(
            {
                "network": network,
                "technique": repr(technique),
                "kind": type(technique).__name__,
                "epochs": technique.epochs,
                "learning_rate": technique.learning_rate,
                "seed": technique.seed,
                "accuracy_val": round(accuracy, 4),
                "bytes": artifact.raw_bytes,
                "seconds": round(time.perf_counter() - start, 1),
            }
        )
        print(runs[-1], flush=True)
        if network == "damaged" and type(technique) is QuantizeAware and accuracy > best[0]:
            best = accuracy, artifact.content
    record = {
        "command": "python topics/07_keep_quality_and_speed/make_retrained.py",
        "environment": str(Environment.here()),
        "best_accuracy_val": round(best[0], 4),
        "runs": runs,
    }
    (HERE / "record_retrained.json").write_text(
        json.dumps(record, indent=2) + "\n", encoding="utf-8"
    )
    (HERE / "retrained.tflite.gz").write_bytes(gzip.compress(best[1], 9, mtime=0))


if __name__ == "__main__":
    main()
