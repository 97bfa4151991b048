"""Columns that fit a terminal: cells are broken between words, or between Chinese characters, the widest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from course_lib.interview.wrapping import wrapped

if TYPE_CHECKING:
    from rich.table import Table

GAP = 2
_NUMBER = re.compile(r"-|[<+-]?\s?[\d.,]+(?:e-?\d+)?\s?[x%]?")


def grid(lines: Sequence[Sequence[str]], width: int) -> Table:
    """Return a table of these lines, the first of which are its heads; columns of numbers stand to the right.

    Args:
        lines: of equal length.
        width: cells of the terminal. Words are cut only where the table is too wide with one word in a line.
    """
    from rich.table import Table
    from rich.text import Text

    columns, fit = list(zip(*lines, strict=True)), widths(lines, width)
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="")
    for column, fits in zip(columns, fit, strict=True):
        number = all(map(_NUMBER.fullmatch, column[1:])) and any(map(str.isdigit, "".join(column[1:])))
        head = Text("\n".join(wrapped(column[0], fits)))
        table.add_column(head, justify="right" if number else "left", no_wrap=True)
    for line in lines[1:]:
        table.add_row(*(Text("\n".join(wrapped(cell, fits))) for cell, fits in zip(line, fit, strict=True)))
    return table


def widths(lines: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return how wide each column may be, so that all of them and the gaps between take `width` cells at most."""
    from rich.cells import cell_len

    columns = list(zip(*lines, strict=True))
    wide = [max(1, *map(cell_len, column)) for column in columns]
    least = least_widths(lines)
    room = width - GAP * (len(columns) - 1)
    while sum(wide) > room and max(wide) > 1:
        loose = [place for place, cells in enumerate(wide) if cells > least[place]] or range(len(wide))
        wide[max(loose, key=wide.__getitem__)] -= 1
    return wide


def least_widths(lines: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide each column is with one word, or one Chinese character, in a line."""
    from rich.cells import cell_len

    return [
        max(cell_len(part) for cell in column for part in wrapped(cell, 1, cut=False))
        for column in zip(*lines, strict=True)
    ]
