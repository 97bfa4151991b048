"""The little Markdown that cards are written in, as plain text for a terminal and as HTML for a page."""

from __future__ import annotations

import itertools
import re
from html import escape

_CODE = re.compile(r"`[^`]+`")
_BOLD = re.compile(r"(?<![A-Za-z0-9)\]*])\*\*(?=\S)([^*]+?)(?<=\S)\*\*(?![A-Za-z0-9(*])")  # and no power of two
_EMPHASIS = re.compile(
    r"(?<![A-Za-z0-9*])\*([^*\s](?:(?:[^*\n]|\n(?!\n))*[^*\s])?)\*(?![A-Za-z0-9*])"
)  # *so*; Chinese may follow
_HEADING = re.compile(r"^#+\s+", re.MULTILINE)
_HELD = "\x00{}\x00"


def plain(text: str) -> str:
    """Return a card's Markdown as a terminal shows it: no heading marks, code ticks, stars of bold and emphasis.

    What stands in code stays as it is: `2**bits` is a power there.
    """
    whole, codes = _hold(_HEADING.sub("", text.strip()))
    return _release(_EMPHASIS.sub(r"\1", _BOLD.sub(r"\1", whole)), [code[1:-1] for code in codes])


def markup(text: str) -> str:
    """Return a line of a card as HTML: `code`, **bold** and *emphasis*, everything else escaped."""
    whole, codes = _hold(text)
    marked = _EMPHASIS.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", escape(whole)))
    return _release(marked, [f"<code>{escape(code[1:-1])}</code>" for code in codes])


def paragraphs(text: str) -> str:
    """Return a text of a card as HTML, a paragraph for each line that is not empty."""
    lines = _HEADING.sub("", text.strip()).splitlines()
    return "".join(f"<p>{markup(line.strip())}</p>" for line in lines if line.strip())


def _hold(text: str) -> tuple[str, list[str]]:
    """Put a mark in the place of each piece of code, so that no star in it or around it is taken for another's."""
    text = text.replace("\x00", "")
    places = itertools.count()
    return _CODE.sub(lambda _: _HELD.format(next(places)), text), _CODE.findall(text)


def _release(text: str, codes: list[str]) -> str:
    for place, code in enumerate(codes):
        text = text.replace(_HELD.format(place), code)
    return text
