"""What is in a gradebook, and the few ways to change it.

A graded submission is one transaction: a run that is killed loses at most the one in progress. What a row was graded
from (the code, the checks, the seed) stands in it, so that the next run grades only what is missing or has changed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from course_lib.classroom.gradebook import database
from course_lib.classroom.gradebook.capstones import CapstoneTable
from course_lib.classroom.gradebook.row import Row
from course_lib.classroom.intake.files import Unmatched
from course_lib.classroom.intake.signs import task_order
from course_lib.classroom.intake.submissions import Found, Returned
from course_lib.classroom.texts import message
from course_lib.classroom.values import Graded
from course_lib.grading.results import Misconception, Outcome, Result
from course_lib.language import Say


class Gradebook:
    """What is in the file, and the few ways to change it; each change is one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.capstones = CapstoneTable(db)

    def about(self, name: str) -> str:
        """Return what is noted under a name ("seed", "source", "containment"), or ""."""
        row = self._db.execute("SELECT value FROM about WHERE name=?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def note(self, **values: str) -> None:
        """Note values under names."""
        rows = [(name, message(value)) for name, value in values.items()]
        with self._transaction():
            self._db.executemany("INSERT OR REPLACE INTO about VALUES (?,?)", rows)

    def begin(self, found: Found, source: str) -> None:
        """Note what was found in a source: who there is, and what could not be matched."""
        ids = {each.learner: json.dumps(dict(each.ids)) for each in (*found.capstones, *found.submissions)}
        rows = [(each.name, each.kind, each.reason.en, each.reason.zh, each.learner) for each in found.unmatched]
        with self._transaction():
            self._db.executemany(
                "INSERT INTO learners VALUES (?,?) ON CONFLICT (learner) DO UPDATE SET ids=excluded.ids",
                [(learner, ids.get(learner, "{}")) for learner in found.learners],
            )
            self._db.execute("DELETE FROM unmatched")
            self._db.executemany("INSERT INTO unmatched VALUES (?,?,?,?,?)", rows)
            self._db.execute("INSERT OR REPLACE INTO about VALUES ('source', ?)", (message(source),))

    def keys(self) -> dict[tuple[str, str], tuple[str, str, int]]:
        """Return by learner and task what the grade was made from; what ended in an error is left out."""
        sql = "SELECT learner, task, code, checks, seed FROM tasks WHERE error_en IS NULL"
        return {(learner, task): (code, checks, seed) for learner, task, code, checks, seed in self._db.execute(sql)}

    def save(self, graded: Graded, checks: Mapping[str, str], seed: int, source: str) -> None:
        """Keep what one submission earned, in one transaction.

        Args:
            graded: of a Returned submission.
            checks: by task, the digest of what it was checked with.
            seed: of the random inputs.
            source: the folder or zip.
        """
        what = graded.submission
        assert isinstance(what, Returned)
        results = {each.task: each for each in graded.results}
        shield = Say(graded.containment, graded.containment_zh or graded.containment)
        with self._transaction():
            for task in what.tasks:
                row = Row(
                    what.learner,
                    task,
                    results.get(task, Result(task)),
                    graded.error if task not in results else None,
                    what.name,
                    what.digest,
                    checks[task],
                    seed,
                    graded.seconds,
                    shield,
                    source,
                    {law: seconds for one, law, seconds in graded.law_seconds if one == task},
                )
                self._put(row)

    def copy(self, rows: Iterable[Row]) -> None:
        """Take over rows of another gradebook, in one transaction."""
        with self._transaction():
            for row in rows:
                self._put(row)

    def _put(self, row: Row) -> None:
        result, error = row.result, row.error
        if not result.outcomes and error is None:
            error = Say("It was not graded.", "没有评分。")
        notes = json.dumps([[message(each.en), message(each.zh)] for each in result.notes])
        task = (
            *(row.learner, row.task, result.points, result.of, row.file, row.code, row.checks, row.seed, notes),
            *(_en(error), _zh(error), row.seconds, _en(row.containment), _zh(row.containment), message(row.source)),
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self._db.execute("INSERT OR IGNORE INTO learners (learner) VALUES (?)", (row.learner,))
        self._db.execute("DELETE FROM tasks WHERE learner=? AND task=?", (row.learner, row.task))
        self._db.execute(f"INSERT INTO tasks VALUES ({','.join('?' * len(task))})", task)
        for place, each in enumerate(result.outcomes):
            known = each.misconception
            outcome = (
                *(row.learner, row.task, each.law, place, message(each.sentence.en), message(each.sentence.zh)),
                *(each.status, each.points, each.of, _en(each.message), _zh(each.message)),
                *((known.name, _en(known.say), _zh(known.say)) if known else (None, None, None)),
                *(each.course_fault, row.law_seconds.get(each.law)),
            )
            self._db.execute(f"INSERT INTO outcomes VALUES ({','.join('?' * len(outcome))})", outcome)

    def learners(self) -> tuple[str, ...]:
        """Return everybody, in the order of the tables."""
        found = [learner for (learner,) in self._db.execute("SELECT learner FROM learners")]
        return tuple(sorted(found, key=lambda name: (name.casefold(), name)))

    def ids(self, learner: str) -> dict[str, str]:
        """Return what an export knows a learner by."""
        row = self._db.execute("SELECT ids FROM learners WHERE learner=?", (learner,)).fetchone()
        return {str(name): str(value) for name, value in json.loads(row[0]).items()} if row else {}

    def tasks(self) -> tuple[str, ...]:
        """Return the tasks that anybody was graded for, in the course's order."""
        found = [task for (task,) in self._db.execute("SELECT DISTINCT task FROM tasks")]
        return tuple(sorted(found, key=task_order))

    def rows(self, learner: str) -> tuple[Row, ...]:
        """Return what a learner earned, by task in the course's order."""
        sql = """SELECT task, notes, error_en, error_zh, containment, containment_zh, source,
                 file, code, checks, seed, seconds FROM tasks WHERE learner=?"""
        rows = []
        for task, notes, en, zh, shield, shield_zh, source, *made_from in self._db.execute(sql, (learner,)).fetchall():
            file, code, checks, seed, seconds = made_from
            said = tuple(Say(*each) for each in json.loads(notes))
            outcomes, took = self._outcomes(learner, task)
            result, words, error = Result(task, outcomes, said), Say(shield, shield_zh), _say(en, zh)
            rows.append(Row(learner, task, result, error, file, code, checks, seed, seconds, words, source, took))
        return tuple(sorted(rows, key=lambda row: task_order(row.task)))

    def _outcomes(self, learner: str, task: str) -> tuple[tuple[Outcome, ...], dict[str, float]]:
        sql = """SELECT law, property_en, property_zh, status, points, of, reason_en, reason_zh,
                 misconception, misconception_en, misconception_zh, course_fault, seconds
                 FROM outcomes WHERE learner=? AND task=? ORDER BY place"""
        found, took = [], {}
        for law, en, zh, status, points, of, why_en, why_zh, name, *rest in self._db.execute(sql, (learner, task)):
            name_en, name_zh, fault, seconds = rest
            if seconds is not None:
                took[law] = seconds
            known = Misconception(name, Say(name_en, name_zh)) if name else None
            found.append(
                Outcome(law, Say(en, zh), status, points, of, _say(why_en, why_zh), known, course_fault=bool(fault))
            )
        return tuple(found), took

    def unmatched(self) -> tuple[Unmatched, ...]:
        """Return what could not be matched in the latest run."""
        sql = "SELECT name, kind, reason_en, reason_zh, learner FROM unmatched ORDER BY name, kind"
        return tuple(Unmatched(name, kind, Say(en, zh), who) for name, kind, en, zh, who in self._db.execute(sql))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


@contextmanager
def opened(path: Path, *, write: bool = True) -> Iterator[Gradebook]:
    """Open a gradebook, or begin one (with `write`), and close it afterwards.

    Raises:
        GradebookError: when the file is not one, is damaged, of a newer course, locked, or cannot be written.
    """
    with database.connected(path, write=write) as db:
        yield Gradebook(db)


def _say(en: str | None, zh: str | None) -> Say | None:
    return None if en is None else Say(en, zh or "")


def _en(say: Say | None) -> str | None:
    return message(say.en) if say else None


def _zh(say: Say | None) -> str | None:
    return message(say.zh) if say else None
