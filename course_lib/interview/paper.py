"""What a terminal is shown: lines that fit its width in both languages, cards without their Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from course_lib.interview.markdown import plain
from course_lib.interview.wrapping import wrapped

if TYPE_CHECKING:
    from rich.console import Console

NARROWEST = 20
_START = re.compile(r"\s*(?:\S \S+(?: \S+)?\s+\d+/\d+\s+)?")  # as in "  ✓ pass    2/2  " of a checked task


class Paper:
    """A terminal, or a pipe, to write on. What it prints is text, never markup of Rich."""

    def __init__(self, console: Console | None = None) -> None:
        from rich.console import Console

        self.console = console or Console(highlight=False)

    def show(self, text: object, indent: int = 0, style: str = "", mark: str = "") -> None:
        """Print a text, its lines broken at the terminal's width and indented, with a mark before the first."""
        from rich.cells import cell_len
        from rich.text import Text

        hang = indent + cell_len(mark)
        for line in wrapped(str(text), max(NARROWEST, self.console.width - hang)):
            start = " " * indent + mark if line else mark
            self.console.print(Text(start).append(line, style), soft_wrap=True)
            mark, indent = "", hang

    def card(self, text: object, indent: int = 0, style: str = "", mark: str = "") -> None:
        """Print a text of a card: as `show`, without the marks of its Markdown; the items of its lists hang."""
        from rich.cells import cell_len

        for line in plain(str(text)).splitlines():
            item = "- " if line.startswith("- ") else ""
            self.show(line.removeprefix(item), indent, style, mark + item)
            mark, indent = "", indent + cell_len(mark)

    def block(self, text: object) -> None:
        """Print lines that are indented already; what does not fit hangs under its beginning, or behind its points."""
        for line in str(text).splitlines():
            start = _START.match(line)
            assert start is not None  # it matches nothing, too
            self.show(line[start.end() :], mark=start[0])

    def grid(self, lines: Sequence[Sequence[object]]) -> None:
        """Print a table, the first of the lines its heads, that fits the terminal."""
        from course_lib.interview.grid import grid

        self.console.print(grid([list(map(str, line)) for line in lines], self.console.width))

    def gap(self) -> None:
        """Print an empty line."""
        self.console.print()

    def line(self, text: object, indent: int = 0) -> None:
        """Print one line that is not broken, so that a path can be copied."""
        from rich.text import Text

        self.console.print(Text(" " * indent + str(text)), soft_wrap=True)
