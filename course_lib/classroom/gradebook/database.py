"""The gradebook's file: one SQLite database, recognised before it is touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import get_args

from course_lib.classroom.gradebook import capstones
from course_lib.classroom.intake.files import Kind
from course_lib.grading.results import STATUSES

FILE = "gradebook.db"
VERSION = 1
APPLICATION = 0x47724264  # "GrBd", so that another program's database is not taken for a gradebook
BUSY_SECONDS = 20.0
_SCHEMA = f"""
{capstones.SCHEMA}
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS learners (learner TEXT PRIMARY KEY, ids TEXT NOT NULL DEFAULT '{{}}');
CREATE TABLE IF NOT EXISTS tasks (
    learner TEXT NOT NULL, task TEXT NOT NULL, points INTEGER NOT NULL, of INTEGER NOT NULL, file TEXT NOT NULL,
    code TEXT NOT NULL, checks TEXT NOT NULL, seed INTEGER NOT NULL, notes TEXT NOT NULL, error_en TEXT, error_zh TEXT,
    seconds REAL NOT NULL, containment TEXT NOT NULL, containment_zh TEXT NOT NULL, source TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (learner, task));
CREATE TABLE IF NOT EXISTS outcomes (
    learner TEXT NOT NULL, task TEXT NOT NULL, law TEXT NOT NULL, place INTEGER NOT NULL,
    property_en TEXT NOT NULL, property_zh TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN {STATUSES}), points INTEGER NOT NULL, of INTEGER NOT NULL,
    reason_en TEXT, reason_zh TEXT, misconception TEXT, misconception_en TEXT, misconception_zh TEXT,
    course_fault INTEGER NOT NULL, seconds REAL, PRIMARY KEY (learner, task, law),
    FOREIGN KEY (learner, task) REFERENCES tasks ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS unmatched (
    name TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN {get_args(Kind)}), reason_en TEXT NOT NULL,
    reason_zh TEXT NOT NULL, learner TEXT NOT NULL);
"""


class GradebookError(ValueError):
    """A file is no gradebook, or cannot be used as one; the message says what to do."""


@contextmanager
def connected(path: Path, *, write: bool = True) -> Iterator[sqlite3.Connection]:
    """Open a gradebook's file, or begin one (with `write`), and close it afterwards.

    Raises:
        GradebookError: when the file is not one, is damaged, of a newer course, locked, or cannot be written.
    """
    if not write and not path.is_file():
        raise GradebookError(f"there is no gradebook {path}")
    try:
        still = not path.with_name(f"{path.name}-wal").exists()  # nobody writes: it may lie on a read-only disk
        mode = "mode=rwc" if write else "immutable=1" if still else "mode=ro"
        where = f"{path.resolve().as_uri()}?{mode}"
        with closing(sqlite3.connect(where, uri=True, timeout=BUSY_SECONDS, isolation_level=None)) as db:
            db.execute("PRAGMA foreign_keys=ON")
            _recognise(db, path, write=write)
            yield db
    except sqlite3.Error as error:
        raise GradebookError(f"{path} cannot be used: {error}") from error


def _recognise(db: sqlite3.Connection, path: Path, *, write: bool) -> None:
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION and (not write or db.execute("SELECT 1 FROM sqlite_master").fetchone()):
        raise GradebookError(f"{path} is not a gradebook of this course")
    if version > VERSION:
        raise GradebookError(f"{path} was made by a newer course; update this one")
    if write:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id={APPLICATION}; PRAGMA user_version={VERSION}; {_SCHEMA} COMMIT;"
        )
