"""The anatomy as a report for the terminal."""

import io
import re
from typing import TYPE_CHECKING

from course_lib.inspection import summary
from course_lib.inspection.anatomy import Anatomy
from course_lib.inspection.words import word

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

_WEIGHTS = 8
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def report(anatomy: Anatomy, *, name: str = "", language: str = "en") -> "Group":
    """Return the report as something that rich prints, as wide as the console that prints it.

    Names come out of a file that may be hostile: control characters in them are shown as a question mark.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    head = Table.grid(padding=(0, 2))
    for key, value in summary.facts(anatomy, language):
        head.add_row(Text(key, style="dim"), Text(printable(value)))
    parts: list[Text | Table] = [Text(printable(name or word("anatomy", language)), style="bold"), head]
    for table in (
        summary.sections_table(anatomy, language),
        summary.contract_table(anatomy, language),
        summary.operators_table(anatomy, language),
        summary.weights_table(anatomy, language, _WEIGHTS),
    ):
        if table.rows:
            parts += [Text(), Text(table.title, style="bold"), _table(table, bar=table.numeric == frozenset({1, 2}))]
        if table.note:
            parts.append(Text(table.note, style="dim"))
        if table.left_out:
            parts.append(Text(word("more", language, n=table.left_out), style="dim"))
    said = summary.remarks(anatomy, language)
    if said:
        parts += [Text(), Text(word("remarks", language), style="bold")]
        parts += [Text(f"- {printable(sentence)}") for sentence in said]
    return Group(*parts)


def text_report(anatomy: Anatomy, *, name: str = "", language: str = "en", width: int = 100) -> str:
    """Return the report as plain text, ``width`` columns wide, without colour."""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    console.print(report(anatomy, name=name, language=language))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def printable(text: str) -> str:
    """Return the text with characters that could move the cursor or turn the reading direction replaced."""
    return _CONTROL.sub("?", text)


def _table(table: summary.Table, *, bar: bool) -> "Table":
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="dim")
    for index, column in enumerate(table.columns):
        numeric = index in table.numeric
        made.add_column(column, justify="right" if numeric else "left", overflow="fold", no_wrap=numeric)
    if bar:
        made.add_column("", no_wrap=True)
    for row in table.rows:
        cells = [Text(printable(cell)) for cell in row]
        if bar:
            share = float(row[2].removesuffix(" %"))
            cells.append(Text("█" * round(share / 10) or "▏", style="cyan"))
        made.add_row(*cells)
    return made
