"""What this run of a lesson has recorded and shown; the numbers go to the build and to the learner's progress."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course_lib.lesson.place import keep_record

_NAME = re.compile(r"[a-z_][a-z0-9_]*")

_recorded: dict[str, float | int | str] = {}
_predicted: list[str] = []
_tables: list[str] = []
_figures = 0


class Recorder:
    """``record(name, value)`` keeps a measured number; ``record.value(name)`` gives it back."""

    def __call__(self, name: str, value: Any) -> None:
        """Keep a measured number (or a string) under a name that is unique in the lesson, such as ``int8_ratio``.

        It goes to the learner's progress, and while the notebooks are built to measured.toml, from where a card's
        ``{name:.1f}`` is filled. NumPy scalars are accepted.

        Raises:
            ValueError: for a name that is no lower-case identifier, or a number that is not finite.
            TypeError: for anything but a number or a string (a bool is neither: say what it means).
        """
        require_name(name)
        plain = value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value
        if isinstance(plain, bool) or not isinstance(plain, int | float | str):
            raise TypeError(f"record({name!r}, ...) takes a number or a string, got {type(value).__name__}")
        if isinstance(plain, float) and not math.isfinite(plain):
            raise ValueError(f"record({name!r}, {plain}): only finite numbers can be kept")
        _recorded[name] = plain
        keep_record(name, plain)
        tell_build({"name": name, "value": plain})

    def value(self, name: str) -> float | int | str:
        """Return what this run recorded under a name. Raises ValueError, which lists the names, when it did not."""
        if name not in _recorded:
            raise ValueError(
                f"nothing was recorded as {name!r} in this run; recorded: {', '.join(_recorded) or 'nothing'}"
            )
        return _recorded[name]


record = Recorder()


def receipt() -> None:
    """Print what the lesson recorded, predicted and showed: names and counts only, so that every run prints the same.

    It is a lesson's last cell; the tests compare it, and so notice an experiment that did not run.
    """
    for label, names in (("recorded", [*_recorded]), ("predicted", _predicted), ("tables", _tables)):
        print(f"{label}: {', '.join(names) or 'nothing'}")
    print(f"figures: {_figures}")


def count_figure() -> None:
    """Note that a figure was shown."""
    global _figures
    _figures += 1


def note_prediction(name: str) -> None:
    """Note that a prediction was asked for."""
    if name not in _predicted:
        _predicted.append(name)


def note_table(name: str, caption: str, rows: list[dict[str, Any]]) -> None:
    """Note that a table was shown, and hand its rows to whoever runs the lesson (``course run`` prints them)."""
    if name not in _tables:
        _tables.append(name)
    tell_build({"table": name, "caption": caption, "rows": rows})


def require_name(name: str) -> None:
    """Raise ValueError unless ``name`` is a lower-case identifier."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name; use a lower-case identifier such as int8_ratio")


def tell_build(entry: Mapping[str, Any]) -> None:
    """Append one JSON line to the file that COURSE_RECORD names, if it does."""
    target = os.environ.get("COURSE_RECORD")
    if target:
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
