"""The trained models that come with the course; ``course train NAME --full`` makes them again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from course_lib.core import Artifact
from course_lib.models import zoo

FOLDER = Path(__file__).with_name("trained")

Model = Any


def trained(name: str = "baseline") -> Model:
    """Return a shipped model with its trained weights as a Keras model. Loads TensorFlow.

    Raises:
        ValueError: no such model is shipped.
    """
    weights = _shipped(name, ".weights.h5")
    model = zoo.ARCHITECTURES[name]()
    model.load_weights(weights)
    return model


def float_tflite(name: str = "baseline") -> Artifact:
    """Return a shipped model as a float32 ``.tflite``. Loads no TensorFlow.

    Raises:
        ValueError: no such model is shipped.
    """
    return Artifact("float32", _shipped(name, ".tflite").read_bytes())


def record(name: str = "baseline") -> dict[str, Any]:
    """Return how a shipped model was trained: command, seed, epochs, seconds, accuracies, versions, machine."""
    contents: dict[str, Any] = json.loads(_shipped(name, ".json").read_text())
    return contents


def _shipped(name: str, suffix: str) -> Path:
    path = FOLDER / f"{name}{suffix}"
    if not path.exists():
        known = sorted(file.name.removesuffix(suffix) for file in FOLDER.glob(f"*{suffix}"))
        raise ValueError(f"no trained {name!r} is shipped as {suffix}; shipped: {', '.join(known) or 'none'}")
    return path
