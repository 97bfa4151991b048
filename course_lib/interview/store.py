"""Where a mock interview is kept: one JSON file under COURSE_HOME, written whole after every step.

A kill loses at most the step that was being answered. A file that cannot be read, or says what cannot be, is set aside
under another name with a message; nothing in it is believed without a check.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import types
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from course_lib import catalog
from course_lib.card import ROLES
from course_lib.home import home
from course_lib.interview.session import Session
from course_lib.language import LANGUAGES, Say

VERSION = 1
_MOST_BYTES = 20_000_000


class Damaged(ValueError):
    """A saved interview that is not one."""


def folder() -> Path:
    """Return the folder of the mock interviews (not created here)."""
    return home() / "interview"


def save(session: Session) -> Path:
    """Keep a session: the one that goes on in `current.json`, a finished one under the time when it began."""
    current = folder() / "current.json"
    if session.phase != "done":
        _write(current, session)
        return current
    path = _free("finished", session.began)
    _write(path, session)
    current.unlink(missing_ok=True)
    return path


def current() -> Session | None:
    """Return the interview that was begun and not finished; None when there is none, or it had to be set aside."""
    return _load(folder() / "current.json")


def last_finished() -> Session | None:
    """Return the finished interview that ended last, if there is one that can be read."""
    found = sorted(folder().glob("finished-*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return next((session for path in found if (session := _load(path)) is not None), None)


def put_away() -> Path | None:
    """Keep an unfinished interview under another name, since a new one begins; return its file."""
    path = folder() / "current.json"
    if not path.exists():
        return None
    kept = _free("left", datetime.now().isoformat(timespec="seconds"))
    path.rename(kept)
    return kept


def _write(path: Path, session: Session) -> None:
    """Write the whole file beside, make it durable, and put it in place: a reader sees the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"version": VERSION, "session": asdict(session)}, ensure_ascii=False)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _load(path: Path) -> Session | None:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise Damaged("far too large")
        data = json.loads(path.read_text("utf-8"))
        if not isinstance(data, dict) or data.get("version") != VERSION:
            raise Damaged("of another version")
        session: Session = _build(Session, data.get("session"), "session")
        _plausible(session)
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        kept = _free("broken", datetime.now().isoformat(timespec="seconds"))
        path.rename(kept)
        print(
            Say(
                f"Your saved mock interview could not be read ({error}); it is kept as {kept}.",
                f"保存的模拟面试无法读取（{error}）；已另存为 {kept}。",
            ),
            file=sys.stderr,
        )
        return None
    return session


def _free(kind: str, moment: str) -> Path:
    """A name that is not taken. Whatever `moment` holds, the file is in our folder."""
    stamp = "".join(char for char in moment if char.isalnum() or char == "-")[:40]
    for number in range(1, 10_000):
        path = folder() / f"{kind}-{stamp}{'' if number == 1 else f'-{number}'}.json"
        if not path.exists():
            return path
    raise OSError(f"{folder()} is full of interviews that began at {moment}")


def _plausible(session: Session) -> None:
    """Raise Damaged unless the session could have come about."""
    plan, steps = session.plan, session.plan.steps
    known = {topic.name: topic for topic in catalog.topics()}
    _require(plan.role in ROLES and session.language in LANGUAGES and bool(steps), "an unknown role or language")
    _require(0 <= session.at <= len(steps), "a step that is not in the plan")
    _require(session.phase == "done" or session.at < len(steps), "nothing left to ask")
    _require(session.at <= len(session.entries) <= min(session.at + 1, len(steps)), "entries that fit no step")
    _require(session.phase != "ticking" or len(session.entries) == session.at + 1, "points without an answer")
    for step in steps:
        _require(step.topic in known, f"a topic that the course does not have: {step.topic[:60]!r}")
        _require(not step.task or step.task in known[step.topic].tasks, f"an unknown task {step.task[:20]!r}")
        _require((step.kind == "whiteboard") == bool(step.task), "a whiteboard without a task")
        table = step.exhibit
        if table is not None:
            _require(not table.bars or table.bars in table.columns, "a table without its column")
            _require(all(len(row) == len(table.columns) for row in table.rows), "a table with a short row")
    for step, entry in zip(steps, session.entries, strict=False):
        _require(len(entry.said) in (0, len(step.points)), "ticks that fit no point")
        _require(entry.seconds >= 0, "negative time")
        if entry.reading is not None:
            points, pitfalls = len(step.points), len(step.pitfalls)
            _require(all(0 <= each.point < points for each in entry.reading.points), "an unknown point")
            _require(all(0 <= each.pitfall < pitfalls for each in entry.reading.pitfalls), "an unknown pitfall")


def _build(kind: Any, data: Any, where: str) -> Any:
    """Make a value of a type from JSON; raises Damaged, which names the place, unless it is exactly that."""
    origin, inner = get_origin(kind), get_args(kind)
    if is_dataclass(kind) and isinstance(kind, type):
        _require(isinstance(data, dict), f"{where} is no table")
        hints = get_type_hints(kind)
        names = {field.name for field in fields(kind)}
        _require(set(data) == names, f"{where} does not have the fields {', '.join(sorted(names))}")
        return kind(**{name: _build(hints[name], data[name], f"{where}.{name}") for name in sorted(names)})
    if origin is tuple:
        _require(isinstance(data, list), f"{where} is no list")
        return tuple(_build(inner[0], each, f"{where}[{index}]") for index, each in enumerate(data))
    if origin in (Union, types.UnionType):
        return None if data is None else _build(next(each for each in inner if each is not type(None)), data, where)
    if origin is Literal:
        _require(data in inner if isinstance(data, str) else False, f"{where} is none of {', '.join(map(str, inner))}")
        return data
    if kind is float:
        right = isinstance(data, int | float) and not isinstance(data, bool) and math.isfinite(data)
        _require(right, f"{where} is no number")
        return float(data)
    _require(type(data) is kind, f"{where} is no {kind.__name__}")
    return data


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Damaged(otherwise)
