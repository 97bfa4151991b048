"""How a lesson writes and reads a number with its unit."""

from __future__ import annotations

import re

# These follow the number without a space: 3.2x, 80%.
_ATTACHED = ("x", "×", "%")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")


def with_unit(value: float | int | str, unit: str = "") -> str:
    """Write three significant digits and the unit; whole numbers in full, with thousands separated.

    >>> with_unit(3.1849, "x"), with_unit(351272, "bytes"), with_unit("int8")
    ('3.18x', '351,272 bytes', 'int8')
    """
    if isinstance(value, str):
        text = value
    elif isinstance(value, int) or abs(value) >= 1000:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.3g}"
    if not unit:
        return text
    return f"{text}{unit}" if unit in _ATTACHED else f"{text} {unit}"


def parse(text: str, unit: str = "") -> float | None:
    """Read what a learner typed: ``3.2``, ``3,2``, ``3.2x``, ``80 %``, ``351,272 bytes``; None when it is no number."""
    cleaned = text.strip().replace("，", ",").replace(" ", "")
    for suffix in (unit, *_ATTACHED):
        cleaned = cleaned.removesuffix(suffix.replace(" ", "")) if suffix else cleaned
    cleaned = cleaned.replace(",", "") if _THOUSANDS.fullmatch(cleaned) else cleaned.replace(",", ".")
    try:
        value = float(cleaned)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
