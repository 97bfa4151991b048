"""The legacy road: ``tf.lite.TFLiteConverter``, Keras model in, ``.tflite`` bytes out.

Post-training quantization inside the converter still works and is deprecated in the LiteRT documentation, which sends
you to LiteRT Quantizer (quantizer.py beside this file). The float conversion is needed on either road.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from course_lib import backend
from course_lib.techniques.roads import Images, check_images

Model = Any


def float32(model: Model) -> bytes:
    """Convert without quantization."""
    return _convert(model)


def unfused(model: Model) -> bytes:
    """Convert to float32 with every layer's output exposed, so that nothing can be fused away: a baseline to time.

    The outputs are ``logits`` and then ``stage_00_conv2d``, ``stage_01_batch_normalization`` and so on. Exposing costs
    memory too: no intermediate may be overwritten.
    """
    inner = [layer for layer in model.layers[:-1] if not isinstance(layer, backend.keras().layers.InputLayer)]
    probe = backend.keras().Model(model.inputs, [*model.outputs, *(layer.output for layer in inner)])
    names = ["logits", *(f"stage_{place:02d}_{layer.name}" for place, layer in enumerate(inner))]
    return _in_order(_convert(probe, outputs=names), names)


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


def sparse(model: Model) -> bytes:
    """Convert without quantization, kernels with many zeros in the compressed sparse format of the schema."""
    return _convert(model, sparse=True)


def _convert(
    model: Model,
    calibration: Images | None = None,
    *,
    optimize: bool = False,
    sparse: bool = False,
    supported_types: list[Any] | None = None,
    supported_ops: list[Any] | None = None,
    io: Any = None,
    outputs: Sequence[str] = ("logits",),
) -> bytes:
    tf = backend.tensorflow()
    if calibration is not None:
        check_images(calibration)
    with backend.quiet_stderr(), warnings.catch_warnings(action="ignore"):  # it warns of its own deprecated interpreter
        converter = tf.lite.TFLiteConverter.from_concrete_functions(*_serving(model, outputs))
        if optimize or supported_types or calibration is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if sparse:  # never beside DEFAULT: XNNPACK refuses to load such a file
            converter.optimizations = [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]
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


def _serving(model: Model, names: Sequence[str] = ("logits",)) -> tuple[list[Any], Any]:
    """Return a concrete function with a signature and a fixed batch of 1, and the module that owns its variables.

    A fixed batch, because browsers and NPU compilers refuse -1; LiteRT can still resize it.
    """
    tf = backend.tensorflow()
    shape = (1, *model.input_shape[1:])

    def run(image: Any) -> dict[str, Any]:
        return dict(zip(names, tf.nest.flatten(model(image, training=False)), strict=True))

    serve = tf.function(run, input_signature=[tf.TensorSpec(shape, tf.float32, name="image")])
    owner = tf.Module()
    owner.variables_of_the_model = model.variables
    owner.serve = serve
    return [serve.get_concrete_function()], owner


def _in_order(content: bytes, names: Sequence[str]) -> bytes:
    """Put the outputs of a file into the order of these names of its signature: the converter shuffles several."""
    from ai_edge_litert.schema_py_generated import Model as File

    changed = bytearray(content)
    file = File.GetRootAs(changed)
    signature = file.SignatureDefs(0)
    ports = [signature.Outputs(index) for index in range(signature.OutputsLength())]
    tensor = {port.Name().decode(): port.TensorIndex() for port in ports}
    file.Subgraphs(0).OutputsAsNumpy()[:] = [tensor[name] for name in names]  # a view into the file's bytes
    return bytes(changed)


def _one_by_one(images: Images) -> Iterator[dict[str, Images]]:
    for start in range(len(images)):
        yield {"image": images[start : start + 1]}
