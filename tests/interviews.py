"""A mock interview that has everything in it, for tests of what is shown of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from course_lib.catalog import topics
from course_lib.grading.results import Misconception, Outcome, Result
from course_lib.interview import mock, session
from course_lib.interview.mock import Step
from course_lib.interview.reading import Fallen, Heard, NumberSaid, Reading
from course_lib.interview.report import report
from course_lib.interview.report_html import html_page
from course_lib.interview.session import Session
from course_lib.language import Say


def reading_of(step: Step) -> Reading:
    """Return a reading with every verdict, a pitfall and a number."""
    why = Say("because", "因为")
    verdicts = ("heard", "contradicted", "unsure")
    points = tuple(Heard(place, verdicts[place % 3], f"sentence {place}", why) for place in range(len(step.points)))
    number = NumberSaid("3x", "disagrees", "3.4x", "It is 3x.")
    return Reading(points, (Fallen(0, "They say so."),), (number,), None)


def result(task: str) -> Result:
    """Return what checks found: one property holds, one does not."""
    seen, wrong = Say("f(0) gave 1", "f(0) 得到 1"), Misconception("off_by_one", Say("Off by one.", "差一。"))
    return Result(
        task,
        (
            Outcome("a", Say("zero is exact", "零是精确的"), "pass", 4, 4),
            Outcome("b", Say("nothing is lost", "没有丢失"), "fail", 0, 6, seen, wrong),
        ),
    )


def finished(minutes: int = 30, language: str = "en") -> Session:
    """Return a finished interview: read, overruled, ticked, passed over, checked."""
    state = session.start(mock.plan(topics(), "mobile", minutes, 0), language, datetime(2026, 11, 24, 15, 0))
    while state.phase != "done":
        if state.step.kind == "whiteboard":
            state = session.checked(session.board(state, "whiteboard.py"), result(state.step.task), 60)
            state = session.skip(state, 1)
        elif state.step.kind == "defend":
            state = session.skip(state, 1)
        else:
            read = reading_of(state.step) if state.step.kind == "question" else None
            state = session.answer(state, "What I say.\nAnd more.", 50, read)
            state = session.tick(session.overrule(state, 0, said=False), None, 10)
    return state


def finished_report(folder: Path, language: str) -> str:
    """Return that interview's page."""
    return html_page(report(finished(language=language), topics()), folder, language)
