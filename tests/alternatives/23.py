"""Topic 23 answered from the statement alone, built otherwise than our solution: candidates, backward liveness."""

import math

import numpy as np
from ai_edge_litert.schema_py_generated import Model, TensorType


def plan_arena(records, align=64):
    """Try every candidate offset, the floor and the ends of placed tensors, from the lowest up."""
    if any(size < 0 or first > last for size, first, last in records):
        raise ValueError("no such tensor")
    placed = []  # (begin, end, first, last)
    offsets = np.zeros(len(records), int)
    for size, first, last, index in sorted(((*r, i) for i, r in enumerate(records)), key=lambda r: (-r[0], r[3])):
        busy = [(begin, end) for begin, end, a, b in placed if not (b < first or last < a) and end > begin]
        for offset in sorted({0, *(math.ceil(end / align) * align for _, end in busy)}):
            if all(end <= offset or offset + size <= begin for begin, end in busy):
                break
        offsets[index] = offset
        placed.append((offset, offset + size, first, last))
    return offsets, max((end for _, end, _, _ in placed), default=0)


def live_bytes(tflite):
    """Walk backwards with the set of tensors that are still needed, as a compiler does."""
    model = Model.GetRootAs(tflite)
    graph = model.Subgraphs(0)
    width = {TensorType.FLOAT32: 4, TensorType.INT32: 4, TensorType.INT64: 8, TensorType.FLOAT16: 2}
    width |= {TensorType.INT16: 2, TensorType.INT8: 1, TensorType.UINT8: 1, TensorType.BOOL: 1}

    def size(index):
        tensor = graph.Tensors(index)
        return math.prod(tensor.Shape(k) for k in range(tensor.ShapeLength())) * width.get(tensor.Type(), 0)

    operators = [graph.Operators(k) for k in range(graph.OperatorsLength())]
    written = {op.Outputs(k) for op in operators for k in range(op.OutputsLength())}
    given = {graph.Inputs(k) for k in range(graph.InputsLength())}
    needed = {graph.Outputs(k) for k in range(graph.OutputsLength())}
    live = []
    for op in reversed(operators):
        makes = {op.Outputs(k) for k in range(op.OutputsLength())}
        reads = {op.Inputs(k) for k in range(op.InputsLength())} & (written | given)
        now = needed | makes | reads
        live.append(sum(size(index) for index in now))
        needed = now - makes
    return live[::-1]
