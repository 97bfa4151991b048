"""Multiply-accumulates and traffic of each operator, from shapes alone.

MACs are those of the dense arithmetic: zeros count, padding counts (as published figures do), additions of biases and
elementwise operators do not. Traffic is what an operator reads and writes once: no cache, no fusion, no view.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

from course_lib.inspection.graph import Operator, Subgraph, Tensor

Operands = Sequence[Tensor | None]
CONSTANT_ROLES = frozenset({"weights", "biases", "constants", "quantization", "dequantized"})
_RECURRENT = {"RNN", "LSTM", "SVDF", "UNIDIRECTIONAL_SEQUENCE_RNN", "UNIDIRECTIONAL_SEQUENCE_LSTM"}
_RECURRENT |= {"BIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_LSTM"}
_LOOKUPS = {"GATHER": (0, 1), "EMBEDDING_LOOKUP": (1, 0), "EMBEDDING_LOOKUP_SPARSE": (3, 0)}


class _UnknownShapeError(Exception):
    """The operands are not what the operator's definition says, or have no known shape."""


def with_costs(graph: Subgraph) -> Subgraph:
    """Return the subgraph with ``macs``, ``weight_bytes`` and ``activation_bytes`` of every operator set."""
    return replace(graph, operators=tuple(_with_cost(op, graph.tensors) for op in graph.operators))


def _with_cost(op: Operator, tensors: tuple[Tensor, ...]) -> Operator:
    inputs: Operands = [None if i < 0 else tensors[i] for i in op.inputs]
    outputs: Operands = [None if i < 0 else tensors[i] for i in op.outputs]
    weight_bytes = activation_bytes = 0
    for tensor in {t.index: t for t in inputs if t is not None}.values():
        if tensor.role in CONSTANT_ROLES:
            weight_bytes += tensor.stored_bytes or tensor.bytes or 0
        else:
            activation_bytes += tensor.bytes or 0
    activation_bytes += sum(t.bytes or 0 for t in outputs if t is not None and t.role not in CONSTANT_ROLES)
    return replace(
        op,
        macs=macs(op, inputs, outputs),
        weight_bytes=_rows_read(op, inputs, weight_bytes),
        activation_bytes=activation_bytes,
    )


def macs(op: Operator, inputs: Operands, outputs: Operands) -> int | None:
    """Return the operator's multiply-accumulates, 0 for one without, None when they cannot be known."""
    rule = _RULES.get(op.name)
    try:
        if rule is not None:
            return rule(op, inputs, outputs)
    except _UnknownShapeError:
        return None
    if op.name in _RECURRENT:
        return _recurrent(op, inputs)
    return None if op.custom or op.name.startswith(("BUILTIN_", "DELEGATE")) else 0


def _shape(tensors: Operands, index: int, rank: int | None = None) -> tuple[int, ...]:
    tensor = tensors[index] if index < len(tensors) else None
    if tensor is None or (rank is not None and len(tensor.shape) != rank):
        raise _UnknownShapeError
    return tuple(max(size, 1) if size < 0 else size for size in tensor.shape)


def _convolution(op: Operator, inputs: Operands, outputs: Operands) -> int:
    """Every output takes one filter; a filter is [out, height, width, in / groups]."""
    return prod(_shape(outputs, 0, 4)) * prod(_shape(inputs, 1, 4)[1:])


def _depthwise(op: Operator, inputs: Operands, outputs: Operands) -> int:
    """Every output takes one plane of the filter [1, height, width, out]."""
    return prod(_shape(outputs, 0, 4)) * prod(_shape(inputs, 1, 4)[1:3])


def _convolution_3d(op: Operator, inputs: Operands, outputs: Operands) -> int:
    """The filter is [depth, height, width, in, out]."""
    return prod(_shape(outputs, 0, 5)) * prod(_shape(inputs, 1, 5)[:4])


def _transposed(op: Operator, inputs: Operands, outputs: Operands) -> int:
    """Every input element is multiplied with [out, height, width] of the filter [out, height, width, in]."""
    source = 0 if op.custom else 2
    return prod(_shape(inputs, source, 4)) * prod(_shape(inputs, 1, 4)[:3])


def _transposed_3d(op: Operator, inputs: Operands, outputs: Operands) -> int:
    """The filter is [depth, height, width, out, in]."""
    return prod(_shape(inputs, 2, 5)) * prod(_shape(inputs, 1, 5)[:4])


def _fully_connected(op: Operator, inputs: Operands, outputs: Operands) -> int:
    """The weights are [out, in]; every output takes one row."""
    return prod(_shape(outputs, 0)) * _shape(inputs, 1, 2)[1]


def _batch_matmul(op: Operator, inputs: Operands, outputs: Operands) -> int:
    left = _shape(inputs, 0)
    if len(left) < 2:
        raise _UnknownShapeError
    return prod(_shape(outputs, 0)) * (left[-2] if op.options.get("adj_x") else left[-1])


def _dot_general(op: Operator, inputs: Operands, outputs: Operands) -> int:
    left, axes = _shape(inputs, 0), op.options.get("lhs_contracting_dimensions")
    contracted = [] if axes is None else [int(axis) for axis in axes[:32]]
    if any(not 0 <= axis < len(left) for axis in contracted):
        raise _UnknownShapeError
    return prod(_shape(outputs, 0)) * prod(left[axis] for axis in contracted)


def _hlo_convolution(op: Operator, inputs: Operands, outputs: Operands) -> int:
    kernel, axis = _shape(inputs, 1), op.options.get("kernel_output_feature_dimension", -1)
    if not 0 <= axis < len(kernel):
        raise _UnknownShapeError
    return prod(_shape(outputs, 0)) * prod(size for i, size in enumerate(kernel) if i != axis)


def _recurrent(op: Operator, inputs: Operands) -> int | None:
    """Every step multiplies with every matrix once: steps times batch times the elements of all constant matrices."""
    source = inputs[0] if inputs else None
    if source is None or not source.shape:
        return None
    matrices = [t for t in inputs[1:] if t is not None and len(t.shape) == 2 and t.role in CONSTANT_ROLES]
    return prod(source.shape[:-1]) * sum(tensor.elements for tensor in matrices)


def _rows_read(op: Operator, inputs: Operands, weight_bytes: int) -> int:
    """Return the constants that the operator reads: of a lookup table only the rows that are looked up."""
    positions = _LOOKUPS.get(op.name)
    if positions is None or max(positions) >= len(inputs):
        return weight_bytes
    table, ids = inputs[positions[0]], inputs[positions[1]]
    if table is None or ids is None or table.role not in CONSTANT_ROLES or not table.shape or table.shape[0] < 1:
        return weight_bytes
    stored = table.stored_bytes or table.bytes or 0
    return weight_bytes - stored + min(stored, ids.elements * stored // table.shape[0])


_RULES: dict[str, Callable[[Operator, Operands, Operands], int]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "CONV_3D": _convolution_3d,
    "TRANSPOSE_CONV": _transposed,
    "Convolution2DTransposeBias": _transposed,
    "CONV_3D_TRANSPOSE": _transposed_3d,
    "FULLY_CONNECTED": _fully_connected,
    "BATCH_MATMUL": _batch_matmul,
    "STABLEHLO_DOT_GENERAL": _dot_general,
    "STABLEHLO_CONVOLUTION": _hlo_convolution,
}
