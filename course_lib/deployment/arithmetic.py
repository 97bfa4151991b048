"""What an operator multiplies, and what Horowitz's table (45 nm, ISSCC 2014) says that one multiplication costs."""

from __future__ import annotations

from course_lib.inspection.cost import CONSTANT_ROLES
from course_lib.inspection.dtypes import BITS, FLOATS
from course_lib.inspection.graph import Operator, Subgraph, Tensor
from course_lib.inspection.roles import WEIGHT_INPUTS

MULTIPLY_PJ = {"float32": 3.7, "float16": 1.1, "int32": 3.1, "int8": 0.2}
ADD_PJ = {"float32": 0.9, "float16": 0.4, "int32": 0.1, "int8": 0.03}


def mac_pj(activations: str, weights: str) -> float:
    """Return the modelled energy of one multiply-accumulate in picojoules.

    Horowitz lists 8 and 32 bits; an integer product is taken in proportion to the product of the widths (his two
    figures agree with that within 4 %), accumulated in 32 bits, or in 64 at twice the cost where activations have 16.

    Args:
        activations, weights: types of the operands, such as "int8".
    """
    if activations in FLOATS or weights in FLOATS:
        kind = "float16" if BITS.get(activations, 32) <= 16 and BITS.get(weights, 32) <= 16 else "float32"
        return MULTIPLY_PJ[kind] + ADD_PJ[kind]
    widths = BITS.get(activations, 32), BITS.get(weights, 32)
    accumulate = ADD_PJ["int32"] * (2 if widths[0] > 8 else 1)
    return MULTIPLY_PJ["int8"] * widths[0] / 8 * widths[1] / 8 + accumulate


def operand_types(graph: Subgraph, op: Operator) -> tuple[str, str]:
    """Return the types that an operator multiplies, activations and weights.

    Integer weights under float activations are dynamic-range quantization: the kernel quantizes the activations to int8
    first. Weights that the graph dequantizes arrive as floats.
    """
    tensors: list[Tensor | None] = [graph.tensors[i] if i >= 0 else None for i in op.inputs]
    candidates = [tensors[i] for i in WEIGHT_INPUTS.get(op.name, (1,)) if i < len(tensors)]
    known = [tensor for tensor in candidates if tensor is not None]
    constant = [tensor for tensor in known if tensor.role in CONSTANT_ROLES]
    weights = max(constant or known, key=lambda tensor: tensor.elements, default=None)
    others = [t for t in tensors if t is not None and t is not weights and t.role not in CONSTANT_ROLES]
    activations = others[0].dtype if others else op.dtype
    kind = weights.dtype if weights is not None else activations
    if activations in FLOATS and kind not in FLOATS:
        activations = "int8"
    return activations, kind
