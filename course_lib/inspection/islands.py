"""Float islands: what still computes in float in a file that was meant to compute in integers."""

from collections.abc import Iterable
from dataclasses import dataclass

from course_lib.inspection.dtypes import FLOATS, QUANTIZED
from course_lib.inspection.graph import Operator, Subgraph
from course_lib.inspection.roles import UNPACKING


@dataclass(frozen=True)
class FloatIsland:
    """Operators, connected with each other, that compute in float although the file also computes in integers."""

    subgraph: int
    operators: tuple[int, ...]
    names: tuple[str, ...]


def float_islands(graphs: Iterable[Subgraph]) -> tuple[FloatIsland, ...]:
    """Return the float islands of a file with integer operators; none for a file that is float throughout."""
    graphs = tuple(graphs)
    if not any(_computes(op) and op.dtype in QUANTIZED for graph in graphs for op in graph.operators):
        return ()
    return tuple(island for graph in graphs for island in _islands(graph))


def _computes(op: Operator) -> bool:
    return op.name not in UNPACKING and bool(op.outputs)


def _islands(graph: Subgraph) -> list[FloatIsland]:
    parent: dict[int, int] = {}

    def root(operator: int) -> int:
        while parent[operator] != operator:
            parent[operator] = operator = parent[parent[operator]]
        return operator

    writer: dict[int, int] = {}
    for op in graph.operators:
        constant = any(i >= 0 and graph.tensors[i].role == "dequantized" for i in op.outputs)
        if not _computes(op) or op.dtype not in FLOATS or constant:
            continue
        parent[op.index] = op.index
        for tensor in op.inputs:
            if tensor in writer:
                parent[root(op.index)] = root(writer[tensor])
        writer.update({tensor: op.index for tensor in op.outputs if tensor >= 0})
    members: dict[int, list[int]] = {}
    for operator in parent:
        members.setdefault(root(operator), []).append(operator)
    return [
        FloatIsland(graph.index, tuple(ops), tuple(graph.operators[i].name for i in ops)) for ops in members.values()
    ]
