"""The gradebook as CSV: one line per property, one per learner, and what Moodle and Canvas import.

The same gradebook gives the same bytes: everything is in a fixed order and no time stands in it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from course_lib.classroom.gradebook.book import Gradebook
from course_lib.classroom.gradebook.changes import Change
from course_lib.classroom.texts import write_at_once
from course_lib.grading.laws import POINTS_PER_TASK

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Cell = str | int | float


def write_tables(book: Gradebook, folder: Path, changed: Sequence[Change] = ()) -> list[Path]:
    """Write all tables into a folder and return their paths.

    points.csv (a line per learner), results.csv (a line per property), moodle.csv, canvas.csv, unmatched.csv, and
    changes.csv when points changed, capstone.csv (a line per learner and order) when capstones were measured.

    Raises:
        OSError: when the folder cannot be written.
    """
    made = {
        "points.csv": (wide(book), True),
        "results.csv": (long(book), True),
        "moodle.csv": (moodle(book), False),
        "canvas.csv": (canvas(book), False),
        "unmatched.csv": (unmatched(book), True),
    }
    if changed:
        made["changes.csv"] = (changes(changed), True)
    if book.capstones.rows():
        made["capstone.csv"] = (capstones(book), True)
    paths = []
    for name, (lines, for_people) in made.items():
        path = folder / name
        write_at_once(path, text(lines).encode("utf-8-sig" if for_people else "utf-8"))  # Excel knows UTF-8 by its mark
        paths.append(path)
    return paths


def text(lines: Iterable[Sequence[Cell]]) -> str:
    """Return lines as CSV in which no cell is a formula to a spreadsheet."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([[_safe(cell) for cell in line] for line in lines])
    return out.getvalue()


def _safe(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" \u00a0").startswith(_FORMULA) else cell


def wide(book: Gradebook) -> list[list[Cell]]:
    """Return a line per learner: the points for every task (empty: not handed in), the sum, what can be had."""
    tasks = book.tasks()
    lines: list[list[Cell]] = [["learner", *tasks, "points", "of"]]
    for learner in book.learners():
        points = {row.task: row.result.points for row in book.rows(learner)}
        cells: list[Cell] = [points.get(task, "") for task in tasks]
        lines.append([learner, *cells, sum(points.values()), POINTS_PER_TASK * len(tasks)])
    return lines


_LONG = (
    *("learner", "task", "property", "property_en", "property_zh", "status", "points", "of"),
    *("reason_en", "reason_zh", "misconception", "misconception_en", "misconception_zh"),
    *("check_at_fault", "file", "seed", "containment"),
)


def long(book: Gradebook) -> list[list[Cell]]:
    """Return a line per learner, task and property; a task that could not be graded has one line with the reason."""
    lines: list[list[Cell]] = [list(_LONG)]
    for learner in book.learners():
        for row in book.rows(learner):
            tail: list[Cell] = [row.file, row.seed, row.containment.en]
            if row.error:
                blank: list[Cell] = ["", "", ""]
                said: list[Cell] = ["error", 0, POINTS_PER_TASK, row.error.en, row.error.zh]
                lines.append([learner, row.task, *blank, *said, *blank, "", *tail])
            for each in row.result.outcomes:
                known = each.misconception
                lines.append(
                    [
                        *(learner, row.task, each.law, each.sentence.en, each.sentence.zh),
                        *(each.status, each.points, each.of),
                        *((each.message.en, each.message.zh) if each.message else ("", "")),
                        *((known.name, known.say.en, known.say.zh) if known else ("", "", "")),
                        *("yes" if each.course_fault else "", *tail),
                    ]
                )
    return lines


def moodle(book: Gradebook) -> list[list[Cell]]:
    """Return what Moodle's offline grading worksheet takes (Identifier), with a column per task for grade import.

    Who handed in nothing that could be read has no grade, rather than none of the points: somebody has to look first.
    """
    tasks = book.tasks()
    head = ["Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)", "Feedback comments", *tasks]
    lines: list[list[Cell]] = [list(head)]
    for learner in book.learners():
        points = {row.task: row.result.points for row in book.rows(learner)}
        number = book.ids(learner).get("moodle")
        said = "; ".join(f"{task}: {points.get(task, '-')}/{POINTS_PER_TASK}" for task in tasks)
        per_task: list[Cell] = [points.get(task, "") for task in tasks]
        name = learner.removesuffix(f" ({number})") if number else learner
        grade: list[Cell] = [sum(points.values()) if points else "", POINTS_PER_TASK * len(tasks)]
        lines.append([f"Participant {number}" if number else "", name, *grade, "", said, *per_task])
    return lines


def canvas(book: Gradebook) -> list[list[Cell]]:
    """Return what Canvas's gradebook imports: who they are, and a column per task."""
    tasks = book.tasks()
    lines: list[list[Cell]] = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *tasks]]
    lines.append(["    Points Possible", "", "", "", "", *[POINTS_PER_TASK] * len(tasks)])
    for learner in book.learners():
        points = {row.task: row.result.points for row in book.rows(learner)}
        per_task: list[Cell] = [points.get(task, "") for task in tasks]
        lines.append([learner, book.ids(learner).get("canvas", ""), "", "", "", *per_task])
    return lines


_CAPSTONE = (
    *("learner", "accepted", "order", "verdict", "reason_en", "reason_zh", "bytes", "bytes_at_most"),
    *("points_lost", "points_lost_at_most", "time", "time_at_most", "file", "seed", "containment"),
)


def capstones(book: Gradebook) -> list[list[Cell]]:
    """Return a line per learner and order; accuracy in percentage points below float, time relative to float's."""
    lines: list[list[Cell]] = [list(_CAPSTONE)]
    for row in book.capstones.rows():
        accepted = "yes" if row.result.accepted else "no"
        tail: list[Cell] = [row.file, row.seed, row.result.containment.en]
        if row.result.error:
            why: list[Cell] = ["error", row.result.error.en, row.result.error.zh]
            lines.append([row.learner, "", "", *why, *[""] * 6, *tail])
        for each in row.result.orders:
            most = _numbers(each.budget)
            found = _numbers(each.found) if each.found else ["", "", ""]
            numbers = [cell for pair in zip(found, most, strict=True) for cell in pair]
            said = [each.name, each.verdict, each.why.en, each.why.zh]
            lines.append([row.learner, accepted, *said, *numbers, *tail])
    return lines


def _numbers(three: tuple[int, float, float]) -> list[Cell]:
    return [three[0], round(100 * three[1], 2), round(three[2], 2)]


def unmatched(book: Gradebook) -> list[list[Cell]]:
    """Return a line per file that does not count, with the reason."""
    lines: list[list[Cell]] = [["file", "kind", "learner", "reason_en", "reason_zh"]]
    for each in book.unmatched():
        lines.append([each.name, each.kind, each.learner, each.reason.en, each.reason.zh])
    return lines


def changes(changed: Iterable[Change]) -> list[list[Cell]]:
    """Return a line per learner and task whose points changed."""
    lines: list[list[Cell]] = [["learner", "task", "before", "after", "why_en", "why_zh"]]
    for each in changed:
        why = "; ".join(say.en for say in each.why), "；".join(say.zh for say in each.why)
        lines.append([each.learner, each.task, each.before, each.after, *why])
    return lines
