"""The exports: a Keras model, or a shipped float ``.tflite``, becomes the bytes that are deployed.

A Keras model goes through the converter; a float32 Artifact goes through LiteRT Quantizer and loads no TensorFlow. The
two roads use different range estimators, so their int8 files differ; lesson 04 measures by how much.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact, Dataset, Export
from course_lib.techniques import converter, quantizer

Model = Any
Images = NDArray[np.float32]


@dataclass(frozen=True)
class _TwoRoads(Export):
    """An export that takes either a Keras model or a float32 Artifact."""

    name: ClassVar[str]

    def __call__(self, model: Model | Artifact, data: Dataset | None = None) -> Artifact:
        """Return the artifact, named after the technique.

        Raises:
            ValueError: the technique calibrates and ``data`` is missing, or the Artifact is quantized already.
        """
        if isinstance(model, Artifact):
            return Artifact(self.name, self._quantize(model.content, data))
        return Artifact(self.name, self._convert(model, data))

    @abstractmethod
    def _convert(self, model: Model, data: Dataset | None) -> bytes: ...

    @abstractmethod
    def _quantize(self, content: bytes, data: Dataset | None) -> bytes: ...


@dataclass(frozen=True)
class Float32(Export):
    """No quantization: the reference that everything else is compared with. Keras models only."""

    def __call__(self, model: Model | Artifact, data: Dataset | None = None) -> Artifact:
        """Return the float32 artifact; an Artifact comes back as it is."""
        return model if isinstance(model, Artifact) else Artifact("float32", converter.float32(model))


@dataclass(frozen=True)
class Float16(_TwoRoads):
    """Weights as float16: half the bytes, and no speed on a CPU, which computes in float32 all the same."""

    name: ClassVar[str] = "float16"

    def _convert(self, model: Model, data: Dataset | None) -> bytes:
        return converter.float16(model)

    def _quantize(self, content: bytes, data: Dataset | None) -> bytes:
        return quantizer.quantize(content, quantizer.FLOAT16)


@dataclass(frozen=True)
class DynamicRange(_TwoRoads):
    """Int8 weights; activations stay float in the file and are quantized per call. Needs no data."""

    name: ClassVar[str] = "dynamic range"

    def _convert(self, model: Model, data: Dataset | None) -> bytes:
        return converter.dynamic_range(model)

    def _quantize(self, content: bytes, data: Dataset | None) -> bytes:
        return quantizer.quantize(content, quantizer.named("dynamic_wi8_afp32"))


@dataclass(frozen=True)
class Int8(_TwoRoads):
    """Int8 weights and activations, ranges fixed by calibration on training images.

    Args:
        calibration: number of training images, 1 or more; ignored for a quantization-aware model.
        integer_io: input and output as int8 too. False puts a QUANTIZE and a DEQUANTIZE at the ends.

    Raises:
        ValueError: calibration is less than 1.
    """

    calibration: int = 200
    integer_io: bool = True
    name: ClassVar[str] = "int8"

    def __post_init__(self) -> None:
        _check_calibration(self.calibration)

    def _convert(self, model: Model, data: Dataset | None) -> bytes:
        if is_quantization_aware(model):
            return converter.trained_int8(model)
        return converter.int8(model, calibration_images(data, self.calibration), integer_io=self.integer_io)

    def _quantize(self, content: bytes, data: Dataset | None) -> bytes:
        recipe = quantizer.named("static_wi8_ai8")
        if not self.integer_io:
            recipe = quantizer.with_float_io(recipe)
        return quantizer.quantize(content, recipe, calibration_images(data, self.calibration))


@dataclass(frozen=True)
class Int16x8(_TwoRoads):
    """Int8 weights, int16 activations: close to float in quality; on a CPU it runs on reference kernels.

    Args:
        calibration: number of training images, 1 or more.
    """

    calibration: int = 200
    name: ClassVar[str] = "int16x8"

    def __post_init__(self) -> None:
        _check_calibration(self.calibration)

    def _convert(self, model: Model, data: Dataset | None) -> bytes:
        return converter.int16x8(model, calibration_images(data, self.calibration))

    def _quantize(self, content: bytes, data: Dataset | None) -> bytes:
        return quantizer.quantize(
            content, quantizer.named("static_wi8_ai16"), calibration_images(data, self.calibration)
        )


@dataclass(frozen=True)
class Int4(_TwoRoads):
    """Int4 weights with a scale per channel, or per block of 32 values; activations are quantized per call.

    ``tf.lite`` has no int4, so a Keras model is converted to float32 first and then goes the other road. Blocks exist
    for fully connected layers only: convolutions then stay float32.

    Args:
        block: None for one scale per output channel (``wi4c``), 32 for one per 32 values (``wi4b32``).

    Raises:
        ValueError: another block size.
    """

    block: int | None = None
    name: ClassVar[str] = "int4"

    def __post_init__(self) -> None:
        if self.block not in (None, 32):
            raise ValueError(f"block must be None (per channel) or 32, got {self.block!r}")

    def _convert(self, model: Model, data: Dataset | None) -> bytes:
        return self._quantize(converter.float32(model), data)

    def _quantize(self, content: bytes, data: Dataset | None) -> bytes:
        scheme = "wi4c" if self.block is None else f"wi4b{self.block}"
        return quantizer.quantize(content, quantizer.named(f"dynamic_{scheme}_afp32"))


def calibration_images(data: Dataset | None, count: int) -> Images:
    """Return ``count`` training images spread over the whole set, the same ones every time.

    Raises:
        ValueError: there is no data to calibrate with.
    """
    if data is None:
        raise ValueError("this export calibrates: pass a Dataset as the second argument, e.g. Int8()(model, data)")
    images: Images = data.x_train[np.linspace(0, len(data.x_train) - 1, min(count, len(data.x_train))).astype(int)]
    return images


def is_quantization_aware(model: Model) -> bool:
    """Tell whether a Keras model carries the toolkit's quantization wrappers."""
    return any(type(layer).__name__.startswith("Quantize") for layer in model.layers)


def _check_calibration(count: int) -> None:
    if count < 1:
        raise ValueError(f"calibration needs 1 image or more, got {count}; 100 to 500 are usual")
