"""What an order consists of: the float models, and the data that `build` may see."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.core import Artifact, Dataset
from course_lib.data import fashion_mnist
from course_lib.models import float_tflite

FOLDER = Path(__file__).parent
MODELS = ("baseline", "second")


@cache
def model(name: str) -> Artifact:
    """Return a float model as a ``.tflite``.

    Raises:
        ValueError: no such model, or the second one is not the file that its record names.
    """
    if name == "baseline":
        return float_tflite("baseline")
    if name != "second":
        raise ValueError(f"no model {name!r} in the capstone; there are {', '.join(MODELS)}")
    artifact = Artifact("float32", (FOLDER / "second.tflite").read_bytes())
    if artifact.sha256 != record()["sha256"]:
        raise ValueError("second.tflite is not the file of its record: `git checkout course_lib/capstone`")
    return artifact


def record() -> dict[str, Any]:
    """Return how the second model was made."""
    found: dict[str, Any] = json.loads((FOLDER / "second.json").read_text("utf-8"))
    return found


@cache
def visible_data() -> Dataset:
    """Return Fashion-MNIST as `build` gets it: training and validation images; the test split is empty."""
    whole = fashion_mnist()
    return Dataset(
        whole.name,
        whole.x_train,
        whole.y_train,
        whole.x_val,
        whole.y_val,
        np.zeros((0, *whole.x_test.shape[1:]), np.float32),
        np.zeros(0, np.int64),
        whole.class_names,
    )


def materials(name: str = "baseline") -> tuple[Artifact, Dataset]:
    """Return what `build` is called with besides the budget: a float model and the data."""
    return model(name), visible_data()


def raw_pixels(count: int) -> Any:
    """Return the first validation images as the camera gave them: uint8, shape (count, 28, 28, 1)."""
    return np.round(visible_data().x_val[:count] * 255).astype(np.uint8)
