"""What flows through a float ``.tflite`` while calibration images run: all values of every activation."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.backend import quiet_stderr

Values = NDArray[np.float32]


def activations(model: bytes, images: Values) -> Iterator[tuple[str, Values]]:
    """Yield (tensor name, all its values, flat) for the input and the output of every operator.

    Every intermediate tensor is preserved while running; otherwise its memory would hold a later layer's values.

    Args:
        model: a float32 file with one input and a batch of 1.
        images: float32, shape (n, height, width, channels).
    """
    from ai_edge_litert.interpreter import Interpreter

    with quiet_stderr(), warnings.catch_warnings(action="ignore"):  # preserving every tensor is what we ask for
        interpreter = Interpreter(model_content=model, experimental_preserve_all_tensors=True, num_threads=1)
        interpreter.allocate_tensors()
    [source] = interpreter.get_input_details()
    tensors = _float_outputs(interpreter) | {int(source["index"]): source["name"]}
    seen: dict[int, list[Values]] = {index: [] for index in tensors}
    for start in range(len(images)):
        interpreter.set_tensor(source["index"], images[start : start + 1])
        interpreter.invoke()
        for index, values in seen.items():
            values.append(interpreter.get_tensor(index).ravel())
    for index, name in tensors.items():
        yield name, np.concatenate(seen.pop(index))


def _float_outputs(interpreter: Any) -> dict[int, str]:
    details = {int(detail["index"]): detail for detail in interpreter.get_tensor_details()}
    produced = (
        int(index)
        for operator in interpreter._get_ops_details()
        if operator["op_name"] != "DELEGATE"
        for index in operator["outputs"]
    )
    return {index: details[index]["name"] for index in produced if details[index]["dtype"] is np.float32}
