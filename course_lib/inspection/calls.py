"""Which subgraphs run which: branches, loop bodies, decompositions."""

from course_lib.inspection.errors import ModelError
from course_lib.inspection.graph import Subgraph


def check_calls(graphs: tuple[Subgraph, ...]) -> None:
    """Raise ModelError when a subgraph runs itself, directly or through others: it would never end."""
    calls = [sorted({index for op in graph.operators for index in op.calls}) for graph in graphs]
    finished = [False] * len(graphs)
    for start in range(len(graphs)):
        path: dict[int, list[int]] = {start: list(calls[start])} if not finished[start] else {}
        while path:
            current = next(reversed(path))
            if not path[current]:
                finished[current] = True
                path.popitem()
                continue
            called = path[current].pop()
            if called in path:
                through = "" if called == current else f", through subgraph {current}"
                raise ModelError(f"subgraph {called} runs itself{through}: the calls are cyclic and would never end")
            if not finished[called]:
                path[called] = list(calls[called])


def reached(graphs: tuple[Subgraph, ...], start: int = 0) -> tuple[Subgraph, ...]:
    """Return the subgraph ``start`` and all that it runs, each once, in the order of the file."""
    found, queue = {start}, [start]
    while queue:
        for op in graphs[queue.pop()].operators:
            queue += [index for index in op.calls if index not in found]
            found.update(op.calls)
    return tuple(graphs[index] for index in sorted(found))
