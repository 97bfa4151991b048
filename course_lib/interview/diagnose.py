"""Diagnose a table: what a real table of the course shows, asked as an interviewer asks, answered from its cells.

Every sentence of an answer is computed from the table when it is asked; a table that no longer shows what the
question says raises NoExhibit, and that question is left out (a test holds that none is).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.catalog import Topic
from course_lib.interview import cases_doors, cases_quality, cases_speed
from course_lib.interview.cases import Case
from course_lib.interview.exhibits import Exhibit, NoExhibit, exhibit
from course_lib.language import Say

CASES: tuple[Case, ...] = (*cases_speed.CASES, *cases_quality.CASES, *cases_doors.CASES)


@dataclass(frozen=True)
class Diagnosis:
    """One table to read aloud: the question, and what the table shows, sentence by sentence.

    `exhibit` is what the candidate sees: the columns that the question is about.
    """

    topic: Topic
    exhibit: Exhibit
    ask: Say
    shows: tuple[Say, ...]


def diagnoses(topics: Sequence[Topic]) -> tuple[Diagnosis, ...]:
    """Return every table that can be diagnosed on these topics, in the order of the topics."""
    return tuple(
        found for topic in topics for case in CASES if case.topic == topic.number for found in _try(topic, case)
    )


def diagnose(topic: Topic, case: Case) -> Diagnosis:
    """Return one diagnosis. Raises NoExhibit when the lesson's table is missing or shows something else."""
    table = exhibit(topic, case.columns, case.bars)
    shows = tuple(case.shows(table))
    return Diagnosis(topic, table.only(case.columns), case.ask, shows)


def _try(topic: Topic, case: Case) -> list[Diagnosis]:
    try:
        return [diagnose(topic, case)]
    except NoExhibit:
        return []
