"""Weights as the file stores them, and as operators get them."""

from dataclasses import dataclass

from course_lib.inspection.graph import Subgraph
from course_lib.inspection.scheme import stored_sources


@dataclass(frozen=True)
class Weight:
    """A stored weight tensor: its bytes in the file and its number of elements, zeros included.

    A buffer that several tensors share is listed once, under the name of the first.
    """

    subgraph: int
    tensor: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int
    elements: int
    sparse: bool


@dataclass(frozen=True)
class Unpacked:
    """A stored constant that the graph turns into another form before use: ``via`` DEQUANTIZE, DENSIFY or both."""

    subgraph: int
    tensor: int
    name: str
    stored: str
    used: str
    via: tuple[str, ...]
    stored_bytes: int
    used_bytes: int


def weights(graphs: tuple[Subgraph, ...]) -> tuple[Weight, ...]:
    """Return every stored weight tensor, largest first."""
    found: dict[tuple[int, int], Weight] = {}
    for graph in graphs:
        for t in graph.tensors:
            if t.role == "weights" and (t.span is None or t.span not in found):
                key = t.span or (-1 - graph.index, -1 - t.index)
                sizes = t.stored_bytes, t.elements, t.sparsity is not None
                found[key] = Weight(graph.index, t.index, t.name, t.dtype, t.shape, *sizes)
    return tuple(sorted(found.values(), key=lambda weight: -weight.bytes))


def unpacked(graph: Subgraph) -> list[Unpacked]:
    """Return the constants of a subgraph that DEQUANTIZE or DENSIFY unpack, with the form that they end in."""
    source = stored_sources(graph)
    via: dict[int, tuple[str, ...]] = {}
    last: dict[int, Unpacked] = {}
    for op in graph.operators:
        for index in op.outputs:
            if index < 0 or graph.tensors[index].role != "dequantized" or index not in source:
                continue
            stored, used = graph.tensors[source[index]], graph.tensors[index]
            before = via.get(op.inputs[0], ())
            via[index] = before if op.name in before else (*before, op.name)
            if op.name in {"DEQUANTIZE", "DENSIFY"}:
                last[source[index]] = Unpacked(
                    graph.index, stored.index, stored.name, stored.dtype, used.dtype, via[index],
                    stored.stored_bytes, used.bytes or 0,
                )  # fmt: skip
    return list(last.values())
