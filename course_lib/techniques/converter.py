"""The legacy road: ``tf.lite.TFLiteConverter``, Keras model in, ``.tflite`` bytes out.

Post-training quantization inside the converter still works and is deprecated in the LiteRT documentation, which sends
you to LiteRT Quantizer (quantizer.py beside this file). The float conversion is needed on either road.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from course_lib import backend
from course_lib.techniques.roads import Images, check_images

Model = Any


def float32(model: Model) -> bytes:
    """Convert without quantization."""
    return _convert(model)


def float16(model: Model) -> bytes:
    """Store weights as float16; the CPU expands them to float32 when it loads the file."""
    tf = backend.tensorflow()
    return _convert(model, supported_types=[tf.float16])


def dynamic_range(model: Model) -> bytes:
    """Store weights of 1,024 elements and more as int8; activations are quantized at run time, per call."""
    return _convert(model, optimize=True)


def int8(model: Model, calibration: Images, *, integer_io: bool) -> bytes:
    """Weights, activations, and with ``integer_io`` input and output too, as int8.

    Args:
        calibration: float32 images (n, height, width, channels), prepared exactly as in production.
    """
    tf = backend.tensorflow()
    return _convert(
        model,
        calibration,
        supported_ops=[tf.lite.OpsSet.TFLITE_BUILTINS_INT8],
        io=tf.int8 if integer_io else None,
    )


def int16x8(model: Model, calibration: Images) -> bytes:
    """Weights as int8, activations as int16."""
    tf = backend.tensorflow()
    mode = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    return _convert(model, calibration, supported_ops=[mode])


def trained_int8(model: Model, *, integer_io: bool = True) -> bytes:
    """Convert a quantization-aware model: its ranges were trained, so there is nothing to calibrate."""
    return _convert(model, optimize=True, io=backend.tensorflow().int8 if integer_io else None)


def _convert(
    model: Model,
    calibration: Images | None = None,
    *,
    optimize: bool = False,
    supported_types: list[Any] | None = None,
    supported_ops: list[Any] | None = None,
    io: Any = None,
) -> bytes:
    tf = backend.tensorflow()
    if calibration is not None:
        check_images(calibration)
    with backend.quiet_stderr(), warnings.catch_warnings(action="ignore"):  # it warns of its own deprecated interpreter
        converter = tf.lite.TFLiteConverter.from_concrete_functions(*_serving(model))
        if optimize or supported_types or calibration is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if supported_types:
            converter.target_spec.supported_types = supported_types
        if supported_ops:
            converter.target_spec.supported_ops = supported_ops
        if calibration is not None:
            converter.representative_dataset = lambda: _one_by_one(calibration)
        if io is not None:
            converter.inference_input_type = converter.inference_output_type = io
        content: bytes = converter.convert()
    return content


def _serving(model: Model) -> tuple[list[Any], Any]:
    """Return a concrete function with a signature and a fixed batch of 1, and the module that owns its variables.

    A fixed batch, because browsers and NPU compilers refuse -1; LiteRT can still resize it.
    """
    tf = backend.tensorflow()
    shape = (1, *model.input_shape[1:])

    def logits(image: Any) -> dict[str, Any]:
        return {"logits": model(image, training=False)}

    serve = tf.function(logits, input_signature=[tf.TensorSpec(shape, tf.float32, name="image")])
    owner = tf.Module()
    owner.variables_of_the_model = model.variables
    owner.serve = serve
    return [serve.get_concrete_function()], owner


def _one_by_one(images: Images) -> Iterator[dict[str, Images]]:
    for start in range(len(images)):
        yield {"image": images[start : start + 1]}
