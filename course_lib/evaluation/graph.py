"""The layers of a file as its interpreter lists them, under names that a person can read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.evaluation.runtime import Interpreter


@dataclass(frozen=True)
class Layer:
    """One operator that depends on the input and computes numbers.

    ``name`` is the name of its output tensor, which quantization recipes match as their scope; ``label`` is short and
    unique within the file; ``output`` and ``weights`` are tensor indices (weights: its largest constant, or None).
    """

    name: str
    label: str
    op: str
    output: int
    weights: int | None
    shape: tuple[int, ...]


def layers(interpreter: Interpreter) -> tuple[Layer, ...]:
    """Return the layers of the main graph in order.

    Left out are QUANTIZE and DEQUANTIZE, which change the format and not the value, what depends on constants alone
    (float16 weights being unpacked), and outputs that are neither float nor quantized (shapes, indices).
    """
    details = {int(detail["index"]): detail for detail in interpreter.get_tensor_details()}
    live = {int(index) for index in interpreter._interpreter.InputIndices()}
    found: list[tuple[str, str, dict[str, Any], int | None]] = []
    for operator in interpreter._get_ops_details():
        inputs = [int(tensor) for tensor in operator["inputs"] if int(tensor) >= 0]
        if operator["op_name"] == "DELEGATE" or not live.intersection(inputs):
            continue
        outputs = [details[int(tensor)] for tensor in operator["outputs"] if int(tensor) in details]
        live.update(int(output["index"]) for output in outputs)
        if operator["op_name"] in ("QUANTIZE", "DEQUANTIZE"):
            continue
        constants = [index for index in inputs if index not in live and index in details]
        weights = max(constants, key=lambda index: int(np.prod(details[index]["shape"])), default=None)
        if weights is not None and len(details[weights]["shape"]) < 2:
            weights = None  # a bias, an axis, a shape
        source = details[weights]["name"] if weights is not None else None
        for output in outputs:
            if carries_values(output):
                found.append((operator["op_name"], _label(source or output["name"]), output, weights))
    seen: Counter[str] = Counter()
    result = []
    for op, label, output, weights in found:
        seen[label] += 1
        unique = label if seen[label] == 1 else f"{label}#{seen[label]}"
        shape = tuple(int(d) for d in output["shape"])
        result.append(Layer(output["name"], unique, op, int(output["index"]), weights, shape))
    return tuple(result)


def carries_values(detail: dict[str, Any]) -> bool:
    """Tell whether a tensor holds real values: floats, or integers with a scale."""
    dtype = np.dtype(detail["dtype"])
    return bool(np.issubdtype(dtype, np.floating) or len(detail["quantization_parameters"]["scales"]))


def _label(name: str) -> str:
    """Return "conv2d_1" for "model/conv2d_1/Conv2D", also behind the names that fusing put in front."""
    parts = name.split(";")[-1].split("/")
    return parts[-2] if len(parts) > 1 else parts[-1]
