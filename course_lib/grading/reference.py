"""What is known to be right and wrong: a topic's solution and its named wrong answers, run through the same laws."""

from __future__ import annotations

import ast
import hashlib
import linecache
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from course_lib.catalog import Topic
from course_lib.grading.faults import CourseError
from course_lib.grading.judge import Judged, LocalSession, judge
from course_lib.grading.laws import Law
from course_lib.language import Say

_KEYS = {"name", "caught_by", "en", "zh", "code"}
_namespaces: dict[tuple[Path, int], dict[str, Any]] = {}
_wrong: dict[Path, tuple[int, tuple[Wrong, ...]]] = {}
_runs: dict[tuple[Path, tuple[int, ...], int, str, str, str], Judged] = {}


@dataclass(frozen=True)
class Wrong:
    """A named wrong answer: the law that catches it, the misconception in a sentence, the code."""

    task: str
    name: str
    caught_by: str
    say: Say
    code: str


def wrong_answers(topic: Topic) -> tuple[Wrong, ...]:
    """Return the named wrong answers of a topic's wrong.toml; empty when there is none.

    Raises:
        CourseError: names the entry and the key that is missing or unknown.
    """
    path = topic.folder / "wrong.toml"
    stamp = _stamp(path)
    known = _wrong.get(path)
    if known is None or known[0] != stamp:
        _wrong[path] = known = stamp, _read_wrong(topic, path)
    return known[1]


def _read_wrong(topic: Topic, path: Path) -> tuple[Wrong, ...]:
    if not path.is_file():
        return ()
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"topics/{topic.name}/wrong.toml: {error}") from error
    found = []
    for letter, entries in data.items():
        for index, entry in enumerate(entries):
            where = f"topics/{topic.name}/wrong.toml [[{letter}]] {index}"
            if set(entry) != _KEYS or not all(isinstance(each, str) for each in entry.values()):
                raise CourseError(f"{where} needs the strings {', '.join(sorted(_KEYS))}; it has {sorted(entry)}")
            if not entry["name"].isidentifier():
                raise CourseError(f"{where}: the name {entry['name']!r} is not an identifier")
            say = Say(entry["en"], entry["zh"])
            found.append(Wrong(f"{topic.number}{letter}", entry["name"], entry["caught_by"], say, entry["code"]))
    return tuple(found)


def solution_namespace(topic: Topic) -> dict[str, Any] | None:
    """Return a fresh copy of the names that the topic's exercise.py (the solution) defines; None without one.

    Bare expressions at top level (`check("4A")`, plots, prints) are left out: only what defines names runs.

    Raises:
        CourseError: when the solution does not run.
    """
    path = topic.folder / "exercise.py"
    if not path.is_file():
        return None
    key = (path, path.stat().st_mtime_ns)
    if key not in _namespaces:
        _namespaces[key] = run_definitions(path.read_text("utf-8"), f"topics/{topic.name}/exercise.py")
    return dict(_namespaces[key])


def wrong_namespace(topic: Topic, wrong: Wrong) -> dict[str, Any]:
    """Return the names of the solution with those of one wrong answer in their place.

    Raises:
        CourseError: when the wrong answer's code does not run.
    """
    base = solution_namespace(topic) or {}
    return run_definitions(wrong.code, f"topics/{topic.name}/wrong.toml:{wrong.name}", base)


def reference_run(topic: Topic, law: Law, seed: int) -> Judged | None:
    """Return what `law` finds on the solution; None when the topic has none. Kept in memory."""
    return _run(topic, law, "", seed)


def wrong_run(topic: Topic, law: Law, wrong: Wrong, seed: int) -> Judged:
    """Return what `law` finds on a wrong answer. Kept in memory."""
    found = _run(topic, law, wrong.name, seed, wrong)
    if found is None:
        raise CourseError(f"topics/{topic.name}: {wrong.name} cannot be run")
    return found


def _run(topic: Topic, law: Law, which: str, seed: int, wrong: Wrong | None = None) -> Judged | None:
    stamps = [_stamp(topic.folder / part) for part in ("checks.py", "exercise.py", "wrong.toml")]
    key = (topic.folder, tuple(stamps), seed, law.task, law.name, which)
    if key not in _runs:
        namespace = solution_namespace(topic) if wrong is None else wrong_namespace(topic, wrong)
        if namespace is None:
            return None
        _runs[key] = judge(law, LocalSession(namespace), seed)
    return _runs[key]


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


def run_definitions(code: str, filename: str, base: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run the statements of course code that define names, and return them (with those of `base`).

    The text is kept for `inspect.getsource`, since a law may look at how a function is written.
    """
    module = ModuleType(f"course_answer_{hashlib.sha256(filename.encode()).hexdigest()[:8]}")
    sys.modules[module.__name__] = module  # where dataclasses look up the names of annotations
    namespace = vars(module)
    namespace.update(base or {})
    lines = code.splitlines(keepends=True)
    linecache.cache[filename] = (len(code), None, lines, filename)
    try:
        tree = ast.parse(code, filename)
        tree.body = [node for node in tree.body if not isinstance(node, ast.Expr)]
        exec(compile(tree, filename, "exec"), namespace)
    except Exception as error:
        raise CourseError(f"{filename}: {type(error).__name__}: {error}") from error
    return dict(namespace)
