"""A value in a few words, for messages: short, the same on every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

WIDTH = 90
MESSAGE = 700


def brief(value: object, width: int = WIDTH) -> str:
    """Return `value` in at most `width` characters: small things in full, arrays by dtype and shape.

    >>> brief(np.zeros((3, 4), np.float32))
    'float32 array of shape (3, 4)'
    """
    text = _text(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def arguments(args: Sequence[object], kwargs: Mapping[str, object]) -> str:
    """Return call arguments as they would be written: `-1.0, 2.0, qmin=0`."""
    shown = [brief(each, 40) for each in args] + [f"{key}={brief(each, 40)}" for key, each in kwargs.items()]
    return brief_text(", ".join(shown), 160)


def brief_text(text: str, limit: int = MESSAGE) -> str:
    """Return `text` printable and shortened: no control characters, no escape sequences, no lone surrogates."""
    clean = "".join(c if c == "\n" or c.isprintable() else "�" for c in text[: limit + 1])
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def _text(value: object) -> str:
    if isinstance(value, np.ndarray):
        if value.size <= 8 and value.ndim <= 2:
            inner = np.array2string(value, separator=", ", precision=6).replace("\n", "")
            return f"{value.dtype} array {inner}"
        return f"{value.dtype} array of shape {value.shape}"
    if isinstance(value, (np.float64, np.int64, np.bool_)):
        return repr(value.item())  # what Python's own numbers become in NumPy: their type says nothing
    if isinstance(value, np.generic):
        return f"{value.dtype}({value})"
    if isinstance(value, (bytes, bytearray)) and len(value) > 16:
        return f"{len(value):,} bytes"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200:
        return f"a whole number of {value.bit_length():,} bits"
    if isinstance(value, (list, tuple, set, frozenset, dict)) and len(value) > 12:
        return f"{type(value).__name__} of {len(value):,} items"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(brief(each, 40) for each in value)
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{brief(key, 40)}: {brief(each, 40)}" for key, each in value.items()) + "}"
    if isinstance(value, str):
        return repr(value[:WIDTH])
    return repr(value)
