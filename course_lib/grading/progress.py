"""A learner's progress in SQLite: attempts, hints shown, predictions and recorded numbers.

Two notebooks and a command may write at the same time (WAL, waits for a lock). A database that SQLite cannot read
is set aside under another name, never overwritten. Where nothing can be written the course goes on without.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from course_lib.grading.results import Result
from course_lib.home import home
from course_lib.language import Say

VERSION = 1
BUSY_SECONDS = 10.0
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, task TEXT NOT NULL, points INTEGER NOT NULL, passed INTEGER NOT NULL,
    attempted INTEGER NOT NULL, place TEXT NOT NULL, outcomes TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS attempts_by_task ON attempts (task);
CREATE TABLE IF NOT EXISTS hints (task TEXT PRIMARY KEY, shown INTEGER NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS predictions (
    topic TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (topic, name));
CREATE TABLE IF NOT EXISTS records (
    topic TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (topic, name));
"""
_T = TypeVar("_T")


def progress() -> Progress:
    """Return the progress under the present `COURSE_HOME`."""
    return _at(home() / "progress.db")


@cache
def _at(path: Path) -> Progress:
    return Progress(path)


class Progress:
    """The progress in one database file. Opens it for each statement, so that processes need no agreement."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._memory: sqlite3.Connection | None = None

    def save_attempt(self, result: Result, where: str) -> None:
        """Keep a checked task. `where` says how it came: "notebook" or "file"."""
        if not result.outcomes:
            return
        outcomes = json.dumps({each.law: each.status for each in result.outcomes})
        row = (_now(), result.task, result.points, result.passed, result.attempted, where, outcomes)
        sql = "INSERT INTO attempts (at, task, points, passed, attempted, place, outcomes) VALUES (?,?,?,?,?,?,?)"
        self._do(lambda db: db.execute(sql, row))

    def attempts(self, task: str) -> list[dict[str, Any]]:
        """Return the attempts at a task, oldest first: at, points, passed, attempted, place, outcomes."""
        sql = "SELECT at, points, passed, attempted, place, outcomes FROM attempts WHERE task=? ORDER BY id"
        rows = self._do(lambda db: db.execute(sql, (task,)).fetchall())
        return [
            {
                "at": at,
                "points": points,
                "passed": bool(passed),
                "attempted": bool(attempted),
                "place": place,
                "outcomes": json.loads(outcomes),
            }
            for at, points, passed, attempted, place, outcomes in rows
        ]

    def attempted(self, task: str) -> bool:
        """True when the task was checked at least once with something in it."""
        sql = "SELECT 1 FROM attempts WHERE task=? AND attempted LIMIT 1"
        return self._do(lambda db: db.execute(sql, (task,)).fetchone()) is not None

    def best(self) -> dict[str, int]:
        """Return the most points earned by task."""
        sql = "SELECT task, MAX(points) FROM attempts GROUP BY task"
        return dict(self._do(lambda db: db.execute(sql).fetchall()))

    def history(self) -> list[tuple[datetime, str, int, bool]]:
        """Return all attempts, oldest first: when (UTC), which task, points of ten, passed."""
        sql = "SELECT at, task, points, passed FROM attempts ORDER BY id"
        rows = self._do(lambda db: db.execute(sql).fetchall())
        return [(datetime.fromisoformat(at), task, points, bool(passed)) for at, task, points, passed in rows]

    def transact(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `work` in one transaction, for tables that other parts of the course keep here.

        `work` may be called twice (when a broken file is set aside), and makes its tables where they are missing.
        """
        return self._do(work)

    def next_hint(self, task: str, count: int) -> int:
        """Return how many of `count` hints have been shown with this one (1 to count), and remember it."""
        sql = (
            "INSERT INTO hints (task, shown, at) VALUES (?, 1, ?) "
            "ON CONFLICT (task) DO UPDATE SET shown = MIN(shown + 1, ?), at = excluded.at RETURNING shown"
        )
        shown: int = self._do(lambda db: db.execute(sql, (task, _now(), count)).fetchone()[0])
        return min(shown, count)

    def save_prediction(self, topic: str, name: str, value: float | int | str) -> None:
        """Keep what the learner predicts; a later answer to the same question takes its place."""
        self._put("predictions", topic, name, value)

    def prediction(self, topic: str, name: str) -> float | int | str | None:
        """Return what the learner predicted, or None."""
        return self._named("predictions", topic).get(name)

    def predictions(self, topic: str) -> dict[str, float | int | str]:
        """Return what the learner predicted in a lesson, by name."""
        return self._named("predictions", topic)

    def save_record(self, topic: str, name: str, value: float | int | str) -> None:
        """Keep a number that the learner's own run of a lesson measured; the latest stays."""
        self._put("records", topic, name, value)

    def records(self, topic: str) -> dict[str, float | int | str]:
        """Return the numbers of the learner's own runs of a lesson, by name."""
        return self._named("records", topic)

    def _put(self, table: str, topic: str, name: str, value: float | int | str) -> None:
        sql = f"INSERT OR REPLACE INTO {table} (topic, name, value, at) VALUES (?,?,?,?)"
        self._do(lambda db: db.execute(sql, (topic, name, json.dumps(value), _now())))

    def _named(self, table: str, topic: str) -> dict[str, Any]:
        sql = f"SELECT name, value FROM {table} WHERE topic=? ORDER BY rowid"
        return {name: json.loads(value) for name, value in self._do(lambda db: db.execute(sql, (topic,)).fetchall())}

    def _do(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `work` in one transaction on the file, or in memory where the file cannot be used."""
        if self._memory is None:
            try:
                return self._in_file(work)
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _BROKEN:
                    self._give_up(error)
                else:
                    try:
                        self._set_aside()
                        return self._in_file(work)
                    except (sqlite3.Error, OSError) as again:
                        self._give_up(again)
            except OSError as error:
                self._give_up(error)
        memory = self._memory
        assert memory is not None
        with memory:
            return work(memory)

    def _in_file(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise OSError(f"{self.path} was written by a newer version of the course")
            if version < VERSION:
                _prepare(db)
            db.execute("PRAGMA synchronous=NORMAL")
            with db:
                return work(db)

    def _set_aside(self) -> None:
        if _readable(self.path):
            return  # another process has just set it aside
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        kept = self.path.with_name(f"{self.path.name}.broken-{stamp}")
        self.path.rename(kept)
        for suffix in ("-wal", "-shm"):
            beside = self.path.with_name(self.path.name + suffix)
            if beside.exists():
                beside.rename(kept.with_name(kept.name + suffix))
        message = Say(
            f"Your progress file could not be read; it is kept as {kept}, and a new one was begun.",
            f"进度文件无法读取，已原样保留为 {kept}，并新建了一个。",
        )
        print(message, file=sys.stderr)

    def _give_up(self, error: Exception) -> None:
        """Go on in memory, and say so once."""
        self._memory = sqlite3.connect(":memory:", check_same_thread=False)
        self._memory.executescript(_SCHEMA)
        warnings.warn(
            f"Your progress is not kept ({error}); set COURSE_HOME to a folder that you can write to.",
            RuntimeWarning,
            stacklevel=4,
        )


def _prepare(db: sqlite3.Connection) -> None:
    """Make the tables. Switching to WAL does not wait for a lock by itself when two processes come at once."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version={VERSION}; COMMIT;")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _readable(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.DatabaseError:
        return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
