"""Where LiteRT really puts a model's activations: read from the addresses of its tensors."""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.core import Artifact
from course_lib.evaluation.runtime import Interpreter, open_interpreter
from course_lib.inspection import inspect
from course_lib.inspection.dtypes import BITS


@dataclass(frozen=True)
class LiteRTArena:
    """What LiteRT's built-in kernels work in, in bytes from its first tensor to the end of its last.

    ``scratch`` is the size of all tensors that kernels asked for beside the file's own (a convolution's unrolled input,
    mostly); they share bytes with each other and with activations. ``placed`` maps the file's own tensors to
    (offset, bytes); where one overlaps its operator's input, LiteRT writes the result over it in place.
    """

    bytes: int
    scratch: int
    placed: dict[int, tuple[int, int]]


def litert_arena(artifact: Artifact) -> LiteRTArena | None:
    """Load a model without a delegate and return where its activations lie.

    LiteRT has no call for the size of its arena. Whatever its planner placed lies in one block, so the addresses tell.

    Returns:
        None when they do not lie in one block: some tensor is allocated while running, or lies in memory of its own.

    Raises:
        ValueError: LiteRT cannot load the file.
    """
    anatomy = inspect(artifact)
    tensors = anatomy.subgraphs[0].tensors
    own = {life.tensor for life in anatomy.lifetimes() if tensors[life.tensor].dtype in BITS}
    own -= {tensor.index for tensor in tensors if tensor.is_variable}
    interpreter = open_interpreter(artifact, xnnpack=False)
    indices = (int(detail["index"]) for detail in interpreter.get_tensor_details())
    spans: dict[int, tuple[int, int]] = {}
    for index in indices:
        if index not in own and index < len(tensors):
            continue
        span = _span(interpreter, index)
        if span is not None:
            spans[index] = span
        elif index in own and tensors[index].bytes:
            return None
    if not spans:
        return LiteRTArena(0, 0, {})
    start, stop = min(begin for begin, _ in spans.values()), max(end for _, end in spans.values())
    sizes = {index: end - begin for index, (begin, end) in spans.items()}
    if stop - start > sum(sizes.values()) + 64 * len(sizes):
        return None
    placed = {index: (spans[index][0] - start, sizes[index]) for index in spans if index in own}
    return LiteRTArena(stop - start, sum(sizes.values()) - sum(sizes[index] for index in placed), placed)


def _span(interpreter: Interpreter, index: int) -> tuple[int, int] | None:
    """Return the addresses of a tensor. No view of it stays alive: the interpreter would refuse to run again."""
    try:
        view = interpreter.tensor(index)()
    except ValueError:  # not allocated yet: its size is known only while running
        return None
    if not view.nbytes or view.dtype.hasobject:
        return None
    address = int(view.__array_interface__["data"][0])
    return address, address + int(view.nbytes)
