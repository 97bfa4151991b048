"""Today's road: LiteRT Quantizer, float ``.tflite`` in, quantized ``.tflite`` out, without TensorFlow.

Recipes go by the tool's own grammar: ``static_wi8_ai8`` is int8 weights and int8 activations with ranges fixed by
calibration; ``dynamic_wi4b32_afp32`` is int4 weights in blocks of 32 and float activations, quantized at run time;
``weight_only_wi8_afp32`` stores int8 weights and dequantizes them to float32 before it computes.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.backend import quiet_stderr
from course_lib.techniques import scopes
from course_lib.techniques.observe import activations
from course_lib.techniques.roads import Images, check_images

Recipe = list[dict[str, Any]]
Calibrator = Callable[[NDArray[np.float32]], tuple[float, float]]

_LEAVE = {"algorithm_key": "no_quantize", "op_config": {}}
FLOAT16: Recipe = [
    {
        "regex": ".*",
        "operation": "*",
        "algorithm_key": "float_casting",
        "op_config": {
            "weight_tensor_config": {
                "num_bits": 16,
                "symmetric": True,
                "granularity": "TENSORWISE",
                "dtype": "FLOAT",
            },
            "compute_precision": "FLOAT",
            "explicit_dequantize": True,
        },
    }
]


def named(recipe: str) -> Recipe:
    """Return a recipe of LiteRT Quantizer by its name, e.g. ``static_wi8_ai8``; it applies to the whole file.

    Raises:
        ValueError: the installed version has no such recipe.
    """
    from litert_quantizer import recipe as recipes

    if not hasattr(recipes, recipe):
        known = [name for name in dir(recipes) if name.startswith(("static_", "dynamic_", "weight_only_"))]
        raise ValueError(f"LiteRT Quantizer has no recipe {recipe!r}; it has {', '.join(known)}")
    entries: Recipe = getattr(recipes, recipe)()
    return entries


def with_float_io(recipe: Recipe) -> Recipe:
    """Return a static recipe that leaves the model's input and output float32."""
    return [*recipe, *({"regex": ".*", "operation": end} | _LEAVE for end in ("INPUT", "OUTPUT"))]


def keep_float(recipe: Recipe, model: bytes, names: Iterable[str]) -> Recipe:
    """Return a recipe that leaves some operators float32: each by its exact name, or by a regular expression.

    Raises:
        ValueError: a name means no operator of this model.
    """
    kept = (operator for operator in scopes.select(model, names) if operator.op)
    return [*recipe, *({"regex": scopes.exactly(one), "operation": one.op} | _LEAVE for one in kept)]


def only_for(recipe: Recipe, operator: scopes.Operator) -> Recipe:
    """Return a recipe that means one operator instead of the whole file."""
    return [entry | {"regex": scopes.exactly(operator), "operation": operator.op} for entry in recipe]


def quantize(
    model: bytes, recipe: Recipe, calibration: Images | None = None, calibrator: Calibrator | None = None
) -> bytes:
    """Apply a recipe to a float ``.tflite``.

    Args:
        calibration: float32 images (n, height, width, channels) for static recipes.
        calibrator: turns all values of one activation into its range; None is the tool's own moving average of the
            minimum and maximum of each image.

    Raises:
        ValueError: the file is quantized already, a scope of the recipe matches nothing, the recipe changes nothing,
            or it needs calibration and got no images, or images that are NaN or infinite.
    """
    from litert_quantizer import quantizer

    check_float(model)
    scopes.check(model, recipe)
    with quiet():
        tool = quantizer.Quantizer(model)
        tool.load_quantization_recipe(recipe)
        ranges = None
        if tool.need_calibration:
            if calibration is None:
                raise ValueError("a static recipe needs calibration images: without data it knows no activation range")
            check_images(calibration)
            ranges = tool.calibrate(_by_signature(model, calibration), num_threads=1)
            if calibrator is not None:
                _replace_ranges(ranges, activations(model, calibration), calibrator)
        content = bytes(tool.quantize(ranges, enable_progress_report=False).quantized_model)
    if not scopes.quantized_tensors(content):
        raise ValueError("the recipe changed nothing: no operator of this model can be quantized like that")
    return content


def check_float(model: bytes) -> None:
    """Raise ValueError when a file is quantized already: the tool would pass it through without a word."""
    found = scopes.quantized_tensors(model)
    if found:
        name, dtype = found[0]
        raise ValueError(
            f"this file is quantized already: {len(found)} tensors, {name!r} as {dtype} among them. "
            "Start from the float32 file that it was made of"
        )


def _replace_ranges(ranges: dict[str, Any], observed: Iterable[tuple[str, Images]], calibrator: Calibrator) -> None:
    for name, values in observed:
        if name in ranges:
            for bound, value in zip(("min", "max"), calibrator(values), strict=True):
                ranges[name][bound] = np.full_like(ranges[name][bound], value)


def _by_signature(model: bytes, images: Images) -> dict[str, list[dict[str, Images]]]:
    from ai_edge_litert.interpreter import Interpreter

    signatures = Interpreter(model_content=model).get_signature_list()
    if len(signatures) != 1:
        raise ValueError(f"calibration needs a model with exactly one signature, this one has {len(signatures)}")
    [(name, signature)] = signatures.items()
    [argument] = signature["inputs"]
    return {name: [{argument: images[start : start + 1]} for start in range(len(images))]}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the tool's log, warnings, progress bar and print statements to ourselves; errors still come through."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    held = io.StringIO()
    try:
        with (
            quiet_stderr(),
            contextlib.redirect_stdout(held),
            contextlib.redirect_stderr(held),
            warnings.catch_warnings(action="ignore"),
        ):
            yield
    finally:
        logger.setLevel(level)
