"""A table that a lesson has measured, read from its committed notebook: the exhibit that a candidate diagnoses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from course_lib.catalog import Topic
from course_lib.home import course_root
from course_lib.interview.captions import both
from course_lib.language import Say


class NoExhibit(ValueError):
    """The lesson's notebook holds no such table, or the table no longer shows what is asked about it."""


@dataclass(frozen=True)
class Exhibit:
    """A measured table as text: what a reader sees in the lesson, cell by cell.

    `cell` counts the notebook's cells from 0, `section` is the heading that it stands under. `bars` names a column that
    is drawn as a histogram, "" for none.
    """

    topic: str
    cell: int
    section: str
    caption: Say
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bars: str = ""

    def text(self, column: str, **where: str) -> str:
        """Return the cell of the first row whose columns hold these values.

        Underscores in the names of `where` stand for spaces.

        Raises:
            NoExhibit: no such column or row.
        """
        wanted = {name.replace("_", " "): value for name, value in where.items()}
        for row in self.rows:
            named = dict(zip(self.columns, row, strict=True))
            if column in named and all(named.get(name) == value for name, value in wanted.items()):
                return named[column]
        raise NoExhibit(f"{self.topic}, cell {self.cell}: no {column!r} where {wanted}")

    def number(self, column: str, **where: str) -> float:
        """Return the same cell as a number. Raises NoExhibit when it is none."""
        said = self.text(column, **where)
        try:
            return float(said.replace(",", "").removesuffix("x").removesuffix("%"))
        except ValueError:
            raise NoExhibit(
                f"{self.topic}, cell {self.cell}: {column!r} where {where} is {said!r}, no number"
            ) from None

    def only(self, columns: Sequence[str]) -> Exhibit:
        """Return the table with these columns alone, in this order."""
        places = [self.columns.index(column) for column in columns]
        return replace(self, columns=tuple(columns), rows=tuple(tuple(row[at] for at in places) for row in self.rows))

    def histogram(self, width: int = 32) -> tuple[str, ...]:
        """Return one bar per row for the column `bars`, longest `width` characters; empty without such a column."""
        if not self.bars:
            return ()
        place = self.columns.index(self.bars)
        values = [float(row[place].replace(",", "")) for row in self.rows]
        longest = max(values)
        return tuple("█" * max(1, round(width * value / longest)) for value in values)


def exhibit(topic: Topic, columns: Iterable[str], bars: str = "") -> Exhibit:
    """Return the first table of a topic's committed lesson that has all these columns.

    Raises:
        NoExhibit: there is none.
    """
    wanted = set(columns)
    path = course_root() / "notebooks" / f"{topic.name}.ipynb"
    for cell, section, caption, head, rows in _tables(path, path.stat().st_mtime_ns if path.is_file() else 0):
        if wanted <= set(head):
            return Exhibit(topic.name, cell, section, both(caption), head, rows, bars)
    raise NoExhibit(f"notebooks/{path.name} shows no table with the columns {', '.join(sorted(wanted))}")


def how_measured(topic: Topic, section: str) -> Say | None:
    """Return what the last table under a heading of the committed lesson says of itself; None without a table."""
    path = course_root() / "notebooks" / f"{topic.name}.ipynb"
    tables = _tables(path, path.stat().st_mtime_ns if path.is_file() else 0)
    captions = [caption for _, heading, caption, _, _ in tables if heading == section]
    return both(captions[-1]) if captions else None


_Table = tuple[int, str, str, tuple[str, ...], tuple[tuple[str, ...], ...]]


@cache
def _tables(path: Path, _stamp: int) -> tuple[_Table, ...]:
    """All tables with a caption in a notebook's outputs: cell, heading above it, caption, head, rows."""
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return ()
    found: list[_Table] = []
    heading = ""
    for index, cell in enumerate(cells):
        if cell.get("cell_type") == "markdown":
            heading = [heading, *re.findall(r"^#{2,3} (.+)$", "".join(cell.get("source", "")), re.MULTILINE)][-1]
        for output in cell.get("outputs", ()):
            html = "".join(output.get("data", {}).get("text/html", ""))
            if "<caption" not in html or "course-result" in html:
                continue
            reader = _Reader()
            reader.feed(html)
            if len(reader.rows) > 1 and all(len(row) == len(reader.rows[0]) for row in reader.rows):
                head, *body = (tuple(row) for row in reader.rows)
                found.append((index, heading.strip(), reader.caption.strip(), head, tuple(body)))
    return tuple(found)


class _Reader(HTMLParser):
    """Collect the caption and the cells of the first table."""

    def __init__(self) -> None:
        super().__init__()
        self.caption = ""
        self.rows: list[list[str]] = []
        self._inside = ""
        self._done = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr" and not self._done:
            self.rows.append([])
        elif tag in ("td", "th") and self.rows and not self._done:
            self.rows[-1].append("")
            self._inside = tag
        elif tag == "caption":
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._done = self._done or tag == "table"
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "caption":
            self.caption += data
        elif self._inside and not self._done:
            self.rows[-1][-1] += data
