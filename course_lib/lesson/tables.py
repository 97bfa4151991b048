"""Tables that read the same on a page and in a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from course_lib.lesson import session
from course_lib.lesson.page import emit

_MISSING = "–"


def table(rows: Iterable[Any], *, caption: str, name: str = "table") -> None:
    """Display rows: numbers to the right, thousands separated, four significant digits of a float.

    Args:
        rows: mappings, or anything with a ``row()`` that returns one (a Report), or a pandas DataFrame. Columns appear
            in the order in which the rows first name them; what a row lacks shows as a dash.
        caption: what the table compares.
        name: what ``course run`` and the receipt call it.

    Raises:
        ValueError: without rows, or with an empty caption.
        TypeError: for a row that is neither a mapping nor has a ``row()``.
    """
    if not caption.strip():
        raise ValueError("table(..., caption=...) is empty; say what is compared")
    plain = [_row(row) for row in (rows.to_dict("records") if hasattr(rows, "to_dict") else rows)]
    if not plain:
        raise ValueError(f"table(..., name={name!r}) has no rows")
    columns = list(dict.fromkeys(column for row in plain for column in row))
    cells = [[_text(row.get(column)) for column in columns] for row in plain]
    right = [all(_is_number(row.get(column)) for row in plain) for column in columns]
    session.note_table(name, caption, [{k: _json(v) for k, v in row.items()} for row in plain])
    emit(_html(columns, cells, right, caption), _plain(columns, cells, right, caption))


def _row(row: Any) -> dict[str, Any]:
    if isinstance(row, Mapping):
        return {str(key): value for key, value in row.items()}
    if callable(getattr(row, "row", None)):
        return _row(row.row())
    raise TypeError(f"a row is a mapping or a Report, got {type(row).__name__}")


def _json(value: Any) -> Any:
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float) and not math.isfinite(plain):
        return None
    return plain if plain is None or isinstance(plain, bool | int | float | str) else str(plain)


def _is_number(value: Any) -> bool:
    plain = _json(value)
    return plain is None or (isinstance(plain, int | float) and not isinstance(plain, bool))


def _text(value: Any) -> str:
    plain = _json(value)
    if plain is None:
        return _MISSING
    if isinstance(plain, bool | str):
        return str(plain)
    if isinstance(plain, int) or abs(plain) >= 10_000:
        return f"{plain:,.0f}"
    return f"{plain:.4g}"


def _html(columns: list[str], cells: list[list[str]], right: list[bool], caption: str) -> str:
    def row(tag: str, values: Iterable[str]) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        return "".join(
            f'<{tag}{scope} style="text-align:{"right" if aligned else "left"}">{escape(value)}</{tag}>'
            for value, aligned in zip(values, right, strict=True)
        )

    body = "\n".join(f"<tr>{row('td', values)}</tr>" for values in cells)
    return (
        f'<table><caption style="text-align:left">{escape(caption)}</caption>\n'
        f"<thead><tr>{row('th', columns)}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    )


def _plain(columns: list[str], cells: list[list[str]], right: list[bool], caption: str) -> str:
    widths = [max(len(line[i]) for line in [columns, *cells]) for i in range(len(columns))]
    lines = [
        "  ".join(
            value.rjust(width) if aligned else value.ljust(width)
            for value, width, aligned in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [columns, *cells]
    ]
    return "\n".join([caption, *lines])
