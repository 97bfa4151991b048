"""JSON with one spelling: the same values, the same bytes, so that a signature covers values and not white space."""

from __future__ import annotations

import json
from typing import Any

from course_lib.security.errors import RefusedError


def encode(value: Any) -> bytes:
    """Return sorted keys, no white space, ASCII only.

    The verifier checks the bytes that it got and never spells them again, so the rules of RFC 8785 for numbers in other
    languages do not matter.

    Raises:
        ValueError: NaN or infinity. TypeError: a value that JSON lacks.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def decode(body: bytes) -> Any:
    """Read what ``encode`` wrote, and nothing else: no duplicate keys, no other spelling, no NaN.

    Raises:
        RefusedError: any other bytes.
    """
    try:
        value = json.loads(body.decode("ascii"), parse_constant=_refuse)
        spelled = encode(value)
    except (ValueError, RecursionError) as problem:
        raise RefusedError(f"not canonical JSON: {problem}") from None
    if spelled != body:
        raise RefusedError("not canonical JSON: the same values have another spelling")
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")
