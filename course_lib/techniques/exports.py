"""The exports: a Keras model, or a shipped float ``.tflite``, becomes the bytes that are deployed.

A Keras model goes through the converter; a float32 Artifact goes through LiteRT Quantizer and loads no TensorFlow. The
two roads use different range estimators, so their int8 files differ; lesson 04 measures by how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from course_lib.core import Artifact, Dataset, Export
from course_lib.techniques import converter, quantizer
from course_lib.techniques.calibrate import Calibrator
from course_lib.techniques.roads import (
    TwoRoads,
    calibration_images,
    check_calibration,
    is_quantization_aware,
    refuse_quantization_aware,
)
from course_lib.techniques.scopes import check_names

Model = Any


@dataclass(frozen=True)
class Float32(Export):
    """No quantization: the reference that everything else is compared with."""

    def __call__(self, model: Model | Artifact, data: Dataset | None = None) -> Artifact:
        """Return the float32 artifact; a float32 Artifact comes back as it is.

        Raises:
            ValueError: the Artifact is quantized, or the model is quantization-aware.
        """
        if isinstance(model, Artifact):
            quantizer.check_float(model.content)
            return model
        refuse_quantization_aware(model, "Float32")
        return Artifact("float32", converter.float32(model))


@dataclass(frozen=True)
class Float16(TwoRoads):
    """Weights as float16: half the bytes, and no speed on a CPU, which computes in float32 all the same."""

    name: ClassVar[str] = "float16"

    def _convert(self, model: Model, data: Dataset | None) -> bytes:
        return converter.float16(model)

    def _quantize(self, content: bytes, data: Dataset | None) -> bytes:
        return quantizer.quantize(content, quantizer.FLOAT16)


@dataclass(frozen=True)
class DynamicRange(TwoRoads):
    """Int8 weights; activations stay float in the file and are quantized per call. Needs no data."""

    name: ClassVar[str] = "dynamic range"

    def _convert(self, model: Model, data: Dataset | None) -> bytes:
        return converter.dynamic_range(model)

    def _quantize(self, content: bytes, data: Dataset | None) -> bytes:
        return quantizer.quantize(content, quantizer.named("dynamic_wi8_afp32"))


@dataclass(frozen=True)
class Int8(TwoRoads):
    """Int8 weights and activations, ranges fixed by calibration on training images.

    A quantization-aware model brings its ranges along and is not calibrated. With ``keep_float`` or ``calibrator`` a
    Keras model is converted to float32 first and quantized by LiteRT Quantizer, because the converter can do neither.

    Args:
        calibration: number of training images, 1 or more.
        integer_io: input and output as int8 too. False puts a QUANTIZE and a DEQUANTIZE at the ends.
        keep_float: layers that stay float32, by the name of an output or weight, or a regular expression found in one
            (``"conv2d/"``). Each border costs a QUANTIZE or DEQUANTIZE, each kept weight four bytes.
        calibrator: the rule for the ranges of activations, e.g. ``Percentile(99.9)``; None is the tool's own.

    Raises:
        ValueError: calibration is less than 1, or keep_float is no tuple of regular expressions.
    """

    calibration: int = 200
    integer_io: bool = True
    keep_float: tuple[str, ...] = ()
    calibrator: Calibrator | None = None
    name: ClassVar[str] = "int8"

    def __post_init__(self) -> None:
        check_calibration(self.calibration)
        check_names(self.keep_float)

    def _refuse_trained(self, model: Model) -> None:
        if is_quantization_aware(model) and (self.keep_float or self.calibrator is not None):
            raise ValueError(
                "the ranges of a quantization-aware model were trained, for all its layers: "
                "keep_float and calibrator are for float models"
            )

    def _convert(self, model: Model, data: Dataset | None) -> bytes:
        if is_quantization_aware(model):
            return converter.trained_int8(model, integer_io=self.integer_io)
        if self.keep_float or self.calibrator is not None:
            return self._quantize(converter.float32(model), data)
        return converter.int8(model, calibration_images(data, self.calibration), integer_io=self.integer_io)

    def _quantize(self, content: bytes, data: Dataset | None) -> bytes:
        recipe = quantizer.named("static_wi8_ai8")
        recipe = quantizer.keep_float(recipe, content, self.keep_float)
        if not self.integer_io:
            recipe = quantizer.with_float_io(recipe)
        return quantizer.quantize(content, recipe, calibration_images(data, self.calibration), self.calibrator)


@dataclass(frozen=True)
class Int16x8(TwoRoads):
    """Int8 weights, int16 activations: close to float in quality; on a CPU it runs on reference kernels.

    Args:
        calibration: number of training images, 1 or more.
    """

    calibration: int = 200
    name: ClassVar[str] = "int16x8"

    def __post_init__(self) -> None:
        check_calibration(self.calibration)

    def _convert(self, model: Model, data: Dataset | None) -> bytes:
        return converter.int16x8(model, calibration_images(data, self.calibration))

    def _quantize(self, content: bytes, data: Dataset | None) -> bytes:
        return quantizer.quantize(
            content, quantizer.named("static_wi8_ai16"), calibration_images(data, self.calibration)
        )
