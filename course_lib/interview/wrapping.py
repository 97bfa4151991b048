"""Lines of a given width for English and Chinese: between Chinese characters a line may end without a space."""

from __future__ import annotations

import re

# Something that is not torn: a space, one wide character with the punctuation that must stay at its side, a word.
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
_OPENING, _CLOSING = "（「『《“‘【", "，。、；：！？）」』》”’】%％"
_PIECE = re.compile(rf"\s+|[{_OPENING}]*(?:[{_WIDE}]|[^\s{_WIDE}{_OPENING}{_CLOSING}]+)?[{_CLOSING}]*")

# A number and its unit are one word; the mark stands for the space between them.
_UNIT = re.compile(r"(?<=\d) (?=(?:%|µs|ms|kB|MB|dB|pJ|µJ)(?![A-Za-z]))")
_HELD = "\ue000"


def wrapped(text: str, width: int, *, cut: bool = True) -> list[str]:
    """Break a text into lines of at most `width` cells; a word that is longer is cut, or stands whole with `cut` False.

    Line breaks in the text stay. A wide character takes two cells.
    """
    from rich.cells import cell_len, chop_cells

    lines: list[str] = []
    for paragraph in _UNIT.sub(_HELD, text).splitlines() or [""]:
        line = ""
        for piece in filter(None, _PIECE.findall(paragraph)):
            if cell_len(line) + cell_len(piece.rstrip()) > width and line.strip():
                lines.append(line.rstrip())
                line = ""
            if cut and cell_len(piece) > width:
                *whole, piece = chop_cells(piece, width)
                lines += whole
            line += piece if line or not piece.isspace() else ""
        lines.append(line.rstrip())
    return [line.replace(_HELD, " ") for line in lines]
