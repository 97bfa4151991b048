"""When each activation is alive, and how many bytes are alive while each operator runs."""

from dataclasses import dataclass, replace

from course_lib.inspection.cost import CONSTANT_ROLES
from course_lib.inspection.errors import ModelError
from course_lib.inspection.graph import Subgraph


@dataclass(frozen=True)
class Lifetime:
    """Tensor ``tensor`` of ``bytes`` bytes is alive while operators ``first`` to ``last`` (inclusive) run."""

    tensor: int
    first: int
    last: int
    bytes: int


def lifetimes(graph: Subgraph) -> tuple[Lifetime, ...]:
    """Return the lifetime of every activation, by tensor index.

    An activation lives from the operator that writes it to the last one that reads it; inputs live from the first
    operator, outputs to the last, variables throughout. Constants, and what constants alone give, are not activations.

    Raises ModelError when an operator reads what only a later one writes: the graph is cyclic or out of order.
    """
    last_operator = len(graph.operators) - 1
    if last_operator < 0:
        return ()
    written: dict[int, int] = {}
    read: dict[int, int] = {}
    for op in graph.operators:
        for index in op.outputs:
            written.setdefault(index, op.index)
    ready = set(graph.inputs)
    for op in graph.operators:
        for index in op.inputs:
            if index >= 0 and index not in ready and written.get(index, -1) >= op.index:
                tensor = graph.tensors[index]
                if not tensor.is_variable and not tensor.is_constant:
                    raise ModelError(
                        f"subgraph {graph.index}: operator {op.index} ({op.name}) reads tensor {index} "
                        f"({tensor.name!r}), which operator {written[index]} writes: "
                        "the graph is cyclic or not in execution order"
                    )
            read[index] = op.index
    inputs, outputs = frozenset(graph.inputs), frozenset(graph.outputs)
    alive = []
    for tensor in graph.tensors:
        index = tensor.index
        touched = index in read or index in written or index in inputs or index in outputs
        if tensor.role in CONSTANT_ROLES or not touched:
            continue
        first = 0 if index in inputs or tensor.is_variable else written.get(index, read.get(index, 0))
        last = last_operator if index in outputs or tensor.is_variable else read.get(index, first)
        alive.append(Lifetime(index, first, max(first, last), tensor.bytes or 0))
    return tuple(alive)


def with_live_bytes(graph: Subgraph) -> Subgraph:
    """Return the subgraph with ``live_bytes`` of every operator set.

    It is what a perfect planner needs, before one tensor is written over another in place: the runtime's arena is
    larger by alignment and fragmentation, and scratch buffers of kernels are not in the file.
    """
    change = [0] * (len(graph.operators) + 1)
    for life in lifetimes(graph):
        change[life.first] += life.bytes
        change[life.last + 1] -= life.bytes
    live, operators = 0, []
    for op in graph.operators:
        live += change[op.index]
        operators.append(replace(op, live_bytes=live))
    return replace(graph, operators=tuple(operators))
