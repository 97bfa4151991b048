"""A lesson's table in a terminal: as it stands where it fits, else on its side; its histogram where there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.interview.exhibits import Exhibit
from course_lib.interview.grid import GAP, grid, least_widths, widths

if TYPE_CHECKING:
    from rich.table import Table

_BARS, _FEWEST = 24, 8  # cells of a histogram's longest bar; with fewer it says nothing


def drawn(exhibit: Exhibit, width: int) -> Table:
    """Return the table for a terminal of `width` cells."""
    lines = [exhibit.columns, *exhibit.rows]
    side = list(zip(*lines, strict=True))
    if _least(lines) > width and _least(side) < _least(lines):
        return grid(side, width)
    room = width - sum(widths(lines, width)) - GAP * len(lines[0])
    bars = exhibit.histogram(min(_BARS, room)) if room >= _FEWEST else ()
    if bars:
        lines = [(*line, bar) for line, bar in zip(lines, ("", *bars), strict=True)]
    return grid(lines, width)


def _least(lines: list[tuple[str, ...]]) -> int:
    return sum(least_widths(lines)) + GAP * (len(lines[0]) - 1)
