"""What both reports, text and page, say: tables of plain strings and a few sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.inspection.anatomy import Anatomy
from course_lib.inspection.words import section_meaning, word

_MOST_NAMES = 12


@dataclass(frozen=True)
class Table:
    """A table of strings. ``numeric`` columns are aligned to the right; ``left_out`` rows are not shown."""

    title: str
    columns: tuple[str, ...]
    numeric: frozenset[int]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0
    note: str = ""


def facts(anatomy: Anatomy, language: str) -> list[tuple[str, str]]:
    """Return the headline as (name, value) pairs."""
    bytes_word = word("bytes", language)
    macs = f"{anatomy.macs:,}"
    if anatomy.unknown_macs:
        macs += f" ({word('not counted', language, names=_names(anatomy.unknown_macs))})"
    return [
        (word("file", language), f"{anatomy.file_bytes:,} {bytes_word}"),
        (word("gzip", language), f"{anatomy.gzip_bytes:,} {bytes_word}"),
        (word("scheme", language), anatomy.scheme),
        (word("recipes", language), ", ".join(anatomy.recipes) or word("none", language)),
        (word("ops", language), f"{sum(anatomy.ops.values()):,}"),
        (word("subgraphs", language), f"{len(anatomy.subgraphs):,}"),
        (word("macs", language), macs),
        (word("peak", language), f"{anatomy.peak_live_bytes:,} {bytes_word}"),
    ]


def sections_table(anatomy: Anatomy, language: str) -> Table:
    """Return the sections that have bytes, largest first."""
    found = sorted(((size, name) for name, size in anatomy.sections.items() if size), reverse=True)
    rows = tuple(
        (name, f"{size:,}", f"{100 * size / anatomy.file_bytes:.2f} %", section_meaning(name, language))
        for size, name in found
    )
    columns = (word("section", language), word("bytes", language), word("share", language), "")
    return Table(word("where", language), columns, frozenset({1, 2}), rows)


def contract_table(anatomy: Anatomy, language: str) -> Table:
    """Return inputs and outputs with type, shape, scale and zero point."""
    columns = tuple(
        word(key, language) for key in ("direction", "name", "type", "shape", "scale", "zero point", "bytes")
    )
    rows = tuple(
        (
            word(direction, language),
            port.name,
            port.dtype,
            "x".join("?" if size < 0 else str(size) for size in port.shape_signature or port.shape) or "()",
            "" if port.scale is None else f"{port.scale:.6g}",
            "" if port.zero_point is None else str(port.zero_point),
            word("unknown", language) if port.bytes is None else f"{port.bytes:,}",
        )
        for direction, ports in (("input", anatomy.inputs), ("output", anatomy.outputs))
        for port in ports
    )
    return Table(word("contract", language), columns, frozenset({4, 5, 6}), rows)


def operators_table(anatomy: Anatomy, language: str) -> Table:
    """Return the operators, grouped by name, type and fused activation, those with most multiplications first."""
    groups: dict[tuple[str, str], list[int]] = {}
    for _, op in anatomy.operators:
        numbers = groups.setdefault((f"{op.name} + {op.activation}" if op.activation else op.name, op.dtype), [0] * 5)
        more = (1, op.macs or 0, op.weight_bytes, op.activation_bytes, op.macs is None)
        numbers[:] = [total + value for total, value in zip(numbers, more, strict=True)]
    rows = tuple(
        (*key, f"{count:,}", word("unknown", language) if unknown else f"{macs:,}", f"{weight:,}", f"{activation:,}")
        for key, (count, macs, weight, activation, unknown) in sorted(
            groups.items(), key=lambda item: (-item[1][1], -item[1][0], item[0])
        )
    )
    keys = ("operator", "type", "count", "macs", "weight bytes", "activation bytes")
    columns = tuple(word(key, language) for key in keys)
    note = word("traffic", language)
    return Table(word("operators", language), columns, frozenset(range(2, 6)), rows, note=note)


def weights_table(anatomy: Anatomy, language: str, most: int) -> Table:
    """Return the ``most`` largest weight tensors."""
    rows = tuple(
        (
            weight.name,
            weight.dtype + (" sparse" if weight.sparse else ""),
            "x".join(map(str, weight.shape)),
            f"{weight.bytes:,}",
            f"{100 * weight.bytes / anatomy.file_bytes:.2f} %",
        )
        for weight in anatomy.weights[:most]
    )
    columns = tuple(word(key, language) for key in ("name", "type", "shape", "bytes", "share"))
    left_out = max(0, len(anatomy.weights) - most)
    return Table(word("weights", language), columns, frozenset({3, 4}), rows, left_out)


def remarks(anatomy: Anatomy, language: str) -> list[str]:
    """Return sentences about what is unusual: custom operators, float islands, unpacked weights, unused bytes."""
    said = []
    if anatomy.custom_ops:
        said.append(word("custom", language, names=_names(anatomy.custom_ops)))
    if anatomy.float_islands:
        said.append(word("islands", language, names=_names(["+".join(i.names[:4]) for i in anatomy.float_islands])))
    if anatomy.unpacked:
        stored = sum(item.stored_bytes for item in anatomy.unpacked)
        used = sum(item.used_bytes for item in anatomy.unpacked)
        said.append(word("unpacked", language, n=len(anatomy.unpacked), stored=stored, used=used))
    if anatomy.sparse_tensors:
        said.append(word("sparse", language, n=len(anatomy.sparse_tensors)))
    if anatomy.unreferenced:
        size, first = anatomy.sections["unreferenced"], anatomy.unreferenced[0]
        said.append(word("unreferenced", language, bytes=size, n=len(anatomy.unreferenced), at=first.start))
    if anatomy.associated_files:
        said.append(word("archive", language, names=_names([file.name for file in anatomy.associated_files])))
    if anatomy.signatures:
        said.append(word("signatures", language, names=_names([s.name for s in anatomy.signatures])))
    if anatomy.metadata:
        entries = [f"{m.name} = {m.text}" if m.text else m.name for m in anatomy.metadata if m.name]
        said.append(word("metadata", language, names=_names(entries)))
    return [*said, *anatomy.notes]


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown}, …"
