"""What the exports have in common: two roads to one file, calibration images, and models that quantized in training."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact, Dataset, Export

Model = Any
Images = NDArray[np.float32]


@dataclass(frozen=True)
class TwoRoads(Export):
    """An export that takes either a Keras model or a float32 Artifact."""

    name: ClassVar[str]

    def __call__(self, model: Model | Artifact, data: Dataset | None = None) -> Artifact:
        """Return the artifact, named after the technique.

        Raises:
            ValueError: the technique calibrates and ``data`` is missing, the Artifact is quantized already, or the
                Keras model was trained for another export.
        """
        if isinstance(model, Artifact):
            return Artifact(self.name, self._quantize(model.content, data))
        self._refuse_trained(model)
        return Artifact(self.name, self._convert(model, data))

    def _refuse_trained(self, model: Model) -> None:
        refuse_quantization_aware(model, type(self).__name__)

    @abstractmethod
    def _convert(self, model: Model, data: Dataset | None) -> bytes: ...

    @abstractmethod
    def _quantize(self, content: bytes, data: Dataset | None) -> bytes: ...


def calibration_images(data: Dataset | None, count: int) -> Images:
    """Return ``count`` training images spread over the whole set, the same ones every time.

    Raises:
        ValueError: there is no data to calibrate with.
    """
    if data is None:
        raise ValueError("this export calibrates: pass a Dataset as the second argument, e.g. Int8()(model, data)")
    images: Images = data.x_train[np.linspace(0, len(data.x_train) - 1, min(count, len(data.x_train))).astype(int)]
    return images


def check_calibration(count: int) -> None:
    """Raise ValueError unless a number of calibration images is a whole number, 1 or more."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"calibration needs 1 image or more, got {count!r}; 100 to 500 are usual")


def check_images(images: Images) -> None:
    """Raise ValueError unless there are images and all their values are finite."""
    if not len(images):
        raise ValueError("calibration needs 1 image or more, got none")
    broken = int(np.sum(~np.isfinite(images).reshape(len(images), -1).all(axis=1)))
    if broken:
        raise ValueError(
            f"{broken} of {len(images)} calibration images hold NaN or infinity: a range that ends there is no range. "
            "Remove them, and find out where they come from"
        )


def is_quantization_aware(model: Model) -> bool:
    """Tell whether a Keras model carries the toolkit's quantization wrappers."""
    return any(type(layer).__name__.startswith("Quantize") for layer in model.layers)


def refuse_quantization_aware(model: Model, export: str) -> None:
    """Raise ValueError when a model was trained for int8 and this export would ignore what it learned.

    Without the converter's quantization the file is four times as large and full of QUANTIZE and DEQUANTIZE pairs.
    """
    if is_quantization_aware(model):
        raise ValueError(
            f"{export} cannot take a quantization-aware model: its ranges were trained for int8. Use Int8(), or export "
            "the float model that it was made of"
        )
