"""What each tensor is for: weights, biases, other constants, activations. Read from where operators use it."""

from dataclasses import replace

from course_lib.inspection.dtypes import FLOATS, QUANTIZED
from course_lib.inspection.graph import Operator, Subgraph, Tensor

WEIGHT_INPUTS: dict[str, tuple[int, ...]] = {
    "CONV_2D": (1,),
    "DEPTHWISE_CONV_2D": (1,),
    "CONV_3D": (1,),
    "FULLY_CONNECTED": (1,),
    "TRANSPOSE_CONV": (1,),
    "CONV_3D_TRANSPOSE": (1,),
    "BATCH_MATMUL": (0, 1),
    "EMBEDDING_LOOKUP": (1,),
    "EMBEDDING_LOOKUP_SPARSE": (3,),
    "GATHER": (0,),
    "SVDF": (1, 2),
    "RNN": (1, 2),
    "UNIDIRECTIONAL_SEQUENCE_RNN": (1, 2),
    "BIDIRECTIONAL_SEQUENCE_RNN": (1, 2, 4, 5, 10, 11),
    "LSTM": (*range(1, 12), 16),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (*range(1, 12), 16),
    "BIDIRECTIONAL_SEQUENCE_LSTM": (*range(1, 12), 16, *range(18, 29), 33, *range(40, 48)),
    "STABLEHLO_DOT_GENERAL": (0, 1),
    "STABLEHLO_CONVOLUTION": (1,),
    "Convolution2DTransposeBias": (1,),
}
"""Which inputs of an operator are weights when they are constant; the order of inputs is that of the TFLite kernels."""
BIAS_INPUTS: dict[str, tuple[int, ...]] = {
    "CONV_2D": (2,),
    "DEPTHWISE_CONV_2D": (2,),
    "CONV_3D": (2,),
    "FULLY_CONNECTED": (2,),
    "TRANSPOSE_CONV": (3,),
    "CONV_3D_TRANSPOSE": (3,),
    "SVDF": (3,),
    "RNN": (3,),
    "UNIDIRECTIONAL_SEQUENCE_RNN": (3,),
    "BIDIRECTIONAL_SEQUENCE_RNN": (3, 6),
    "LSTM": (12, 13, 14, 15, 17),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (12, 13, 14, 15, 17),
    "BIDIRECTIONAL_SEQUENCE_LSTM": (12, 13, 14, 15, 17, 29, 30, 31, 32, 34),
    "Convolution2DTransposeBias": (2,),
}
UNPACKING = frozenset({"DEQUANTIZE", "DENSIFY", "CAST", "QUANTIZE"})
"""Operators that turn stored constants into the form in which others use them."""
_PASS_ON = UNPACKING | {"RESHAPE", "TRANSPOSE", "EXPAND_DIMS", "SQUEEZE", "SLICE", "STABLEHLO_TRANSPOSE"}


def with_roles(graph: Subgraph) -> Subgraph:
    """Return the subgraph with every tensor's ``role`` set."""
    constant = {tensor.index for tensor in graph.tensors if tensor.is_constant}
    unpacked: set[int] = set()
    for op in graph.operators:
        data = [i for i in op.inputs if i >= 0]
        if op.name in _PASS_ON and data and all(i in constant or i in unpacked for i in data):
            unpacked.update(i for i in op.outputs if i >= 0)
    uses: dict[int, str] = {}
    for op in reversed(graph.operators):
        _note_uses(op, uses, constant | unpacked if op.name in _PASS_ON else constant)
    scales = {
        index
        for tensor in graph.tensors
        if tensor.quantization
        for index in (tensor.quantization.scales_tensor, tensor.quantization.zero_points_tensor)
        if index is not None
    }
    inputs, outputs = frozenset(graph.inputs), frozenset(graph.outputs)

    def role(tensor: Tensor) -> str:
        index = tensor.index
        if index in constant:
            return "quantization" if index in scales else _constant_role(tensor, uses.get(index))
        if index in unpacked:
            return "dequantized"
        if tensor.is_variable:
            return "variable"
        return "input" if index in inputs else "output" if index in outputs else "activation"

    return replace(graph, tensors=tuple(replace(tensor, role=role(tensor)) for tensor in graph.tensors))


def _note_uses(op: Operator, uses: dict[int, str], constant: set[int]) -> None:
    """Record what ``op`` takes its inputs for. Called from the last operator to the first: uses flow backwards."""
    if op.name in _PASS_ON and op.inputs and op.inputs[0] in constant:
        passed = next((uses[i] for i in op.outputs if i in uses), None)
        if passed:
            uses[op.inputs[0]] = passed
    for role, table in (("biases", BIAS_INPUTS), ("weights", WEIGHT_INPUTS)):
        for position in table.get(op.name, ()):
            if position < len(op.inputs) and op.inputs[position] >= 0:
                uses[op.inputs[position]] = role


def _constant_role(tensor: Tensor, use: str | None) -> str:
    """Judge a constant by its use, or by itself: vectors of real numbers are parameters (PReLU slopes), others not."""
    if use == "biases":
        return use
    real = tensor.dtype in FLOATS or (tensor.dtype in QUANTIZED and tensor.quantization is not None)
    if real and (use == "weights" or tensor.elements > 1):
        return "weights"
    return "biases" if tensor.dtype == "int32" and tensor.quantization is not None else "constants"
