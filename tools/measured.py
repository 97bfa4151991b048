"""From the records of a lesson's run to measured.toml."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tools.source import BuildError

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
HEADER = "# Written by tools/build.py from what lesson.py recorded. Do not edit.\n"


def numbers_of(records: Iterable[Mapping[str, Any]]) -> dict[str, float | int | str]:
    """Return name -> value in the order of recording; of a name that was recorded twice the last value counts.

    Floats are rounded to six significant digits. Records of tables (without ``value``) are passed over.
    Raises BuildError for a name that is no lower-case identifier, and for a value that is no number or string.
    """
    numbers: dict[str, float | int | str] = {}
    for record in records:
        if "value" not in record:
            continue
        name, value = record["name"], record["value"]
        if not _NAME.fullmatch(name):
            raise BuildError(f"record({name!r}, ...): a name is a lower-case identifier")
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise BuildError(f"record({name!r}, {value!r}): a value is a number or a string")
        if isinstance(value, float) and not math.isfinite(value):
            raise BuildError(f"record({name!r}, {value!r}): not a finite number")
        numbers[name] = float(f"{value:.6g}") if isinstance(value, float) else value
    return numbers


def measured_text(numbers: Mapping[str, float | int | str]) -> str:
    """Return the content of measured.toml."""
    # A JSON string is a TOML string, and Python writes floats as TOML does.
    lines = (f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in numbers.items())
    return HEADER + "".join(lines)
