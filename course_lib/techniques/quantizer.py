"""Today's road: LiteRT Quantizer, float ``.tflite`` in, quantized ``.tflite`` out, without TensorFlow.

Recipes go by the tool's own grammar: ``static_wi8_ai8`` is int8 weights and int8 activations with ranges fixed by
calibration; ``dynamic_wi4b32_afp32`` is int4 weights in blocks of 32 and float activations, quantized at run time.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.backend import quiet_stderr

Images = NDArray[np.float32]

FLOAT16 = [
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


def named(recipe: str) -> Any:
    """Return a recipe of LiteRT Quantizer by its name, e.g. ``static_wi8_ai8``.

    Raises:
        ValueError: the installed version has no such recipe.
    """
    from litert_quantizer import recipe as recipes

    if not hasattr(recipes, recipe):
        known = [name for name in dir(recipes) if name.startswith(("static_", "dynamic_", "weight_only_"))]
        raise ValueError(f"LiteRT Quantizer has no recipe {recipe!r}; it has {', '.join(known)}")
    return getattr(recipes, recipe)()


def with_float_io(recipe: Any) -> Any:
    """Return a static recipe that leaves the model's input and output float32."""
    float_end = {"regex": ".*", "algorithm_key": "no_quantize", "op_config": {}}
    return [*recipe, float_end | {"operation": "INPUT"}, float_end | {"operation": "OUTPUT"}]


def quantize(model: bytes, recipe: Any, calibration: Images | None = None) -> bytes:
    """Apply a recipe to a float ``.tflite``.

    Args:
        calibration: float32 images (n, height, width, channels) for static recipes.

    Raises:
        ValueError: the recipe changed nothing (its scope matched no operator), or needs calibration and got none.
    """
    from litert_quantizer import quantizer

    with quiet():
        tool = quantizer.Quantizer(model)
        tool.load_quantization_recipe(recipe)
        ranges = None
        if tool.need_calibration:
            if calibration is None:
                raise ValueError("a static recipe needs calibration images: without data it knows no activation range")
            ranges = tool.calibrate(_by_signature(model, calibration), num_threads=1)
        content = bytes(tool.quantize(ranges, enable_progress_report=False).quantized_model)
    if content == model:
        raise ValueError("the recipe changed nothing: no operator of this model matches its scope")
    return content


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
