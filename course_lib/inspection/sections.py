"""Every byte of the file, once: what the walk claimed, and what lies between."""

from collections.abc import Iterable

from course_lib.inspection.errors import ModelError
from course_lib.inspection.graph import Metadata, Subgraph
from course_lib.inspection.tree import Span
from course_lib.inspection.walk import Claim, check_disjoint

SECTIONS = {
    "weights": "weights: the trained values that operators multiply with",
    "biases": "biases, added after a multiplication",
    "constants": "other constants: shapes, axes, paddings, single numbers",
    "quantization": "scales and zero points",
    "sparsity": "where the non-zeros of sparse weights are",
    "operators": "operators and their options",
    "tensors": "descriptions of tensors: shape, type, buffer",
    "subgraphs": "subgraphs: their inputs and outputs",
    "signatures": "signatures: named entry points",
    "buffers": "the list of buffers, without their content",
    "metadata": "metadata",
    "strings": "names and other strings",
    "vtables": "vtables: which field is where, shared by tables of one layout",
    "header": "root offset, file identifier, the model's own table",
    "archive": "a zip archive appended to the model, with its associated files",
    "padding": "zero bytes between, for alignment",
    "unreferenced": "bytes that nothing refers to, and buffers that nothing uses",
}
"""Section -> what it holds. Each byte of a file belongs to exactly one."""
_ROLES = ("weights", "quantization", "biases", "constants")


def tile(content: bytes, claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Return ranges, in file order, that cover every byte of ``content`` once.

    Gaps between claims are padding where they are zero; from the first to the last byte of a gap that is not zero
    they are unreferenced.

    Raises ModelError when two claims share a byte.
    """
    ordered = sorted(claims)
    check_disjoint(ordered)
    ranges: list[Claim] = []
    position = 0
    for claim in ordered:
        if claim.start > position:
            ranges += _gap(content, position, claim.start)
        ranges.append(claim)
        position = claim.stop
    if position < len(content):
        ranges += _gap(content, position, len(content))
    return tuple(ranges)


def _gap(content: bytes, start: int, stop: int) -> list[Claim]:
    gap = content[start:stop]
    first = stop - len(gap.lstrip(b"\0"))
    last = max(first, start + len(gap.rstrip(b"\0")))
    found = [
        Claim(start, first, "padding", "zeros"),
        Claim(first, last, "unreferenced", "nothing refers to these bytes"),
        Claim(last, stop, "padding", "zeros"),
    ]
    return [claim for claim in found if claim.start < claim.stop]


def name_data(
    claims: Iterable[Claim],
    spans: tuple[Span | None, ...],
    subgraphs: tuple[Subgraph, ...],
    metadata: tuple[Metadata, ...],
) -> list[Claim]:
    """Return the claims with the content of each buffer put into the section of the tensors that use it.

    A buffer that several tensors share counts once, for the first role of weights, scales, biases, constants.
    A buffer that only metadata names is metadata; one that nothing uses is unreferenced.
    """
    section: dict[Span, str] = {}
    label: dict[Span, str] = {}
    for entry in metadata:
        span = spans[entry.buffer]
        if span is not None:
            section[span], label[span] = "metadata", f"metadata {entry.name!r}"
    for graph in subgraphs:
        for tensor in graph.tensors:
            if tensor.span is None or tensor.span[0] == tensor.span[1]:
                continue
            known = section.get(tensor.span)
            if known not in _ROLES or _ROLES.index(tensor.role) < _ROLES.index(known):
                section[tensor.span] = tensor.role
                label[tensor.span] = f"{tensor.name or f'tensor {tensor.index}'} {tensor.dtype} {list(tensor.shape)}"
    named = []
    for claim in claims:
        if claim.section == "data":
            span = claim.start, claim.stop
            found = section.get(span, "unreferenced")
            claim = Claim(*span, found, label.get(span, f"{claim.label}: no tensor or metadata uses this buffer"))
        named.append(claim)
    return named


def totals(ranges: Iterable[Claim]) -> dict[str, int]:
    """Return section -> bytes, every section of SECTIONS, in that order."""
    sizes = dict.fromkeys(SECTIONS, 0)
    for claim in ranges:
        sizes[claim.section] += claim.stop - claim.start
    return sizes


def check_tiling(ranges: tuple[Claim, ...], size: int) -> None:
    """Raise ModelError unless the ranges cover ``size`` bytes without gap or overlap."""
    position = 0
    for claim in ranges:
        if claim.start != position:
            raise ModelError(f"bytes {position:,} to {claim.start:,} are not explained")
        position = claim.stop
    if position != size:
        raise ModelError(f"bytes {position:,} to {size:,} are not explained")
