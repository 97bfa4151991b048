"""The float weights inside a file: read them, quantize their values, write them back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact
from course_lib.evaluation.graph import Layer, layers
from course_lib.evaluation.runtime import open_interpreter

# The axis of the output channel in each operator's weights (TFLite 8-bit quantization specification).
CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}


def fake_quantize(weights: NDArray[np.float32], bits: int, axis: int | None) -> tuple[NDArray[np.float32], int]:
    """Return the values that quantized weights stand for, and the number of scales.

    Symmetric and narrow: ``scale = max|w| / (2**(bits-1) - 1)``, zero stays zero. A channel of zeros stays as it is.

    Args:
        weights: any shape.
        bits: 2 to 16.
        axis: the channel axis, or None for one scale.
    """
    limit = 2 ** (bits - 1) - 1
    others = tuple(range(weights.ndim)) if axis is None else tuple(d for d in range(weights.ndim) if d != axis)
    peak = np.max(np.abs(weights), axis=others, keepdims=True)
    scale = np.where(peak > 0, peak, 1).astype(np.float32) / np.float32(limit)
    codes = np.clip(np.rint(weights / scale), -limit, limit)
    return (codes * scale).astype(np.float32), scale.size


def weighted_layers(artifact: Artifact) -> tuple[tuple[Layer, NDArray[np.float32]], ...]:
    """Return every convolution and dense layer with float32 weights in the file, and a copy of those weights.

    A weight tensor that several layers share is listed once, with the first of them.
    """
    from ai_edge_litert.schema_py_generated import Model, TensorType

    found, seen = [], set()
    graph = Model.GetRootAs(artifact.content).Subgraphs(0)
    for layer in layers(open_interpreter(artifact, xnnpack=False)):
        if layer.op not in CHANNEL_AXIS or layer.weights is None:
            continue
        tensor = graph.Tensors(layer.weights)
        view = _buffer(artifact.content, layer.weights)
        if tensor.Type() != TensorType.FLOAT32 or view is None or tensor.Buffer() in seen:
            continue
        seen.add(tensor.Buffer())
        found.append((layer, view.reshape(tensor.ShapeAsNumpy()).copy()))
    return tuple(found)


def replace_weights(artifact: Artifact, values: dict[int | None, NDArray[np.float32]]) -> Artifact:
    """Return a copy of a file in which float32 constants hold other values; every other byte stays.

    Args:
        values: new values by tensor index of the main graph, in the tensor's shape.

    Raises:
        ValueError: a tensor has no float32 constant of that size in the file.
    """
    content = bytearray(artifact.content)
    for index, new in values.items():
        view = _buffer(content, index)
        if view is None or view.size != new.size:
            raise ValueError(f"{artifact.name}: tensor {index} holds no {new.size} float32 values in the file")
        view[:] = np.ravel(new)
    return Artifact(artifact.name, bytes(content))


def _buffer(content: bytes | bytearray, tensor: int | None) -> NDArray[np.float32] | None:
    """Return a view of a constant's bytes inside the file as float32, writable when content is; None without one."""
    from ai_edge_litert.schema_py_generated import Model

    model = Model.GetRootAs(content)
    buffer = model.Buffers(model.Subgraphs(0).Tensors(tensor).Buffer())
    data = buffer.DataAsNumpy()
    if isinstance(data, int) or not data.size or data.size % 4:  # 0 stands for "no data"
        return None
    return np.asarray(data.view(np.float32))
