"""Read a py:percent source: its cells with their line numbers, and the regions that only a solution contains."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext

CHECK_MARK = "# NBVAL_CHECK_OUTPUT"
CHECK_TAG = "nbval-check-output"
BEGIN = "# BEGIN SOLUTION"
END = "# END SOLUTION"
STUB = "raise NotImplementedError"

_CELL = re.compile(r"^# %%")
_MARKER = re.compile(r"^\s*#+\s*(begin|end)\s+solutions?\b.*$", re.IGNORECASE)


class BuildError(Exception):
    """A source that cannot be rendered; the message names the file, the line and what to do."""


@dataclass(frozen=True)
class Cell:
    """One cell of a source; ``line`` is where its ``# %%`` stands, counted from 1."""

    kind: str
    source: str
    line: int
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Region:
    """The lines of a solution between its markers, counted from 1, markers excluded."""

    first: int
    last: int
    indent: str


def read_cells(text: str, path: Path) -> list[Cell]:
    """Split a py:percent text into cells.

    Raises BuildError when text stands before the first ``# %%``, or when a cell is neither code nor markdown.
    """
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines, 1) if _CELL.match(line)]
    before = lines[: starts[0] - 1] if starts else lines
    if any(line.strip() for line in before):
        raise BuildError(f"{path}:1: text before the first cell; begin the file with `# %% [markdown]`")
    notebook = jupytext.reads(text, fmt="py:percent")
    if len(notebook.cells) != len(starts):
        raise BuildError(f"{path}: {len(starts)} lines begin with `# %%`, but {len(notebook.cells)} cells were read")
    return [_cell(cell, line, path) for cell, line in zip(notebook.cells, starts, strict=True)]


def _cell(cell: dict[str, Any], line: int, path: Path) -> Cell:
    kind, source = cell["cell_type"], cell["source"].strip("\n")
    if kind not in ("code", "markdown"):
        raise BuildError(f"{path}:{line}: a {kind} cell; use `# %%` or `# %% [markdown]`")
    if not source.strip():
        raise BuildError(f"{path}:{line}: an empty cell; remove it")
    tags = tuple(cell["metadata"].get("tags", ()))
    first, _, rest = source.partition("\n")
    if kind == "code" and first.strip() == CHECK_MARK:
        tags, source = (*tags, CHECK_TAG), rest.strip("\n")
    elif CHECK_MARK in source:
        raise BuildError(f"{path}:{line}: `{CHECK_MARK}` counts only as the first line of a code cell")
    return Cell(kind, source, line, tags)


def find_regions(text: str, path: Path) -> list[Region]:
    """Return the solution regions of an exercise.

    Refuses, with file and line: markers that are misspelled, unbalanced or nested; a region outside a function
    (its stub would stop the notebook); a region whose lines are less indented than its markers; a region without
    code; and a file that has no region at all.
    """
    lines = text.splitlines()
    regions: list[Region] = []
    opened: int | None = None
    for number, line in enumerate(lines, 1):
        if opened is not None and _CELL.match(line):
            raise BuildError(f"{path}:{opened}: `{BEGIN}` is still open where the next cell begins, in line {number}")
        if not _MARKER.match(line):
            continue
        if line.strip() not in (BEGIN, END):
            raise BuildError(f"{path}:{number}: {line.strip()!r} is no marker; write `{BEGIN}` or `{END}`")
        if line.strip() == BEGIN:
            if opened is not None:
                raise BuildError(f"{path}:{number}: `{BEGIN}` inside the region that line {opened} began")
            opened = number
        elif opened is None:
            raise BuildError(f"{path}:{number}: `{END}` without a `{BEGIN}` before it")
        else:
            regions.append(_region(lines, opened, number, path))
            opened = None
    if opened is not None:
        raise BuildError(f"{path}:{opened}: `{BEGIN}` without an `{END}`")
    if not regions:
        raise BuildError(f"{path}: no `{BEGIN}`; an exercise is a solution with something removed")
    _require_functions(text, regions, path)
    return regions


def _region(lines: list[str], begin: int, end: int, path: Path) -> Region:
    marker = lines[begin - 1]
    indent = marker[: len(marker) - len(marker.lstrip())]
    if lines[end - 1] != f"{indent}{END}":
        raise BuildError(f"{path}:{end}: `{END}` is not indented like its `{BEGIN}` in line {begin}")
    inside = lines[begin : end - 1]
    code = [line for line in inside if line.strip() and not line.lstrip().startswith("#")]
    if not code:
        raise BuildError(f"{path}:{begin}: nothing is removed; the region holds no code")
    if not code[0].startswith(indent) or code[0][len(indent)].isspace():
        raise BuildError(f"{path}:{begin}: the region's first line is not indented like its markers")
    for number, line in enumerate(inside, begin + 1):
        if line.strip() and not line.startswith(indent):
            raise BuildError(f"{path}:{number}: this line leaves the region that line {begin} began")
    return Region(begin + 1, end - 1, indent)


def _require_functions(text: str, regions: list[Region], path: Path) -> None:
    """Refuse a region that is not inside the body of a function: its stub would stop the notebook."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise BuildError(f"{path}:{error.lineno}: {error.msg}") from None
    functions = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for region in regions:
        if not any(first < region.first - 1 and region.first <= last for first, last in functions):
            raise BuildError(
                f"{path}:{region.first - 1}: not inside a function; `{STUB}` there would stop the notebook"
            )


def solution_text(text: str, path: Path) -> str:
    """Return the source with the markers removed and the code kept."""
    drop = {number for region in find_regions(text, path) for number in (region.first - 1, region.last + 1)}
    return _join(line for number, line in enumerate(text.splitlines(), 1) if number not in drop)


def exercise_text(text: str, path: Path) -> str:
    """Return the source with one ``raise NotImplementedError`` in place of every region."""
    regions = {region.first - 1: region for region in find_regions(text, path)}
    kept: list[str] = []
    resume = 0
    for number, line in enumerate(text.splitlines(), 1):
        if number in regions:
            kept.append(f"{regions[number].indent}{STUB}")
            resume = regions[number].last + 1
        elif number > resume:
            kept.append(line)
    stub = _join(kept)
    try:
        ast.parse(stub)
    except SyntaxError as error:
        raise BuildError(f"{path}: without its solution the exercise does not parse: {error.msg}") from None
    return stub


def _join(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
