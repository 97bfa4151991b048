"""``course train``: make a shipped model again, with the record of the run."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from course_lib import backend
from course_lib.core import Environment
from course_lib.core.environment import installed
from course_lib.data import fashion_mnist
from course_lib.models import shipped, zoo
from course_lib.models.training import Training, accuracy, clone, fit
from course_lib.techniques import Float32

# Chosen on the validation images, for the baseline; the others use the same so that they can be compared.
SCHEDULE = Training(epochs=15, batch_size=256, learning_rate=4e-3)


def train_and_save(
    name: str, *, full: bool, out: Path = shipped.FOLDER, seed: int = 0, quiet: bool = False
) -> dict[str, Any]:
    """Train an architecture and write ``NAME.weights.h5``, ``NAME.tflite`` and the record ``NAME.json`` into ``out``.

    Args:
        full: train on 55,000 images instead of the bundled 12,000.

    Raises:
        ValueError: unknown architecture.
    """
    if name not in zoo.ARCHITECTURES:
        raise ValueError(f"unknown model {name!r}; known: {', '.join(zoo.ARCHITECTURES)}")
    data = fashion_mnist(full=full)
    training = replace(SCHEDULE, seed=seed)
    start = time.perf_counter()
    model = fit(zoo.ARCHITECTURES[name](seed), data, training, quiet=quiet)
    seconds = time.perf_counter() - start
    out.mkdir(parents=True, exist_ok=True)
    clone(model).save_weights(out / f"{name}.weights.h5")  # the copy has no optimizer, whose state triples the file
    Float32()(model).save(out / f"{name}.tflite")
    facts = {
        "command": f"course train {name}{' --full' if full else ''}",
        "training": asdict(training),
        "images": len(data.x_train),
        "parameters": model.count_params(),
        "accuracy_val": round(accuracy(model, data.x_val, data.y_val), 4),
        "accuracy_test": round(accuracy(model, data.x_test, data.y_test), 4),
        "seconds": round(seconds, 1),
        "versions": {package: installed(package) for package in ("tensorflow", "tf-keras")}
        | {"threads": backend.THREADS},
        "environment": asdict(Environment.here()),
    }
    (out / f"{name}.json").write_text(json.dumps(facts, indent=2) + "\n")
    return facts
