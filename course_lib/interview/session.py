"""A mock interview as it goes: a pure state machine that the terminal and the notebook share.

    start -> (answer -> overrule* -> tick | skip)* -> done          finish ends it early

Every function takes a Session and returns the next one. A reading is evidence beside each point, the learner's word
is what counts: `said` begins as what was heard and is whatever the learner makes of it. Nothing here is a mark.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from course_lib.grading.results import Result
from course_lib.interview.mock import Plan, Step
from course_lib.interview.reading import Reading
from course_lib.language import LANGUAGES, Say

Phase = Literal["asking", "ticking", "done"]


@dataclass(frozen=True)
class Law:
    """One property that the whiteboard's checks looked at: pass, fail, todo, error or timeout, and what was seen."""

    sentence: Say
    status: str
    message: Say | None = None


@dataclass(frozen=True)
class Board:
    """The last check of the whiteboard's file; `checks` counts them."""

    file: str
    checks: int = 0
    points: int = 0
    of: int = 0
    laws: tuple[Law, ...] = ()

    @property
    def passed(self) -> bool:
        """True when every property holds."""
        return bool(self.laws) and all(law.status == "pass" for law in self.laws)


@dataclass(frozen=True)
class Entry:
    """What happened in one step.

    Attributes:
        text: the typed answer, "" when it was given out loud only.
        seconds: used for the step, from the question to the next one.
        said: per point, whether the learner says that they said it.
        reading: what was read in the typed answer; None without one, and where there are no points of a card.
        overruled: points where the learner's word differs from the reading.
        skipped: passed over without an answer.
        board: the whiteboard's file and its last check.
    """

    text: str = ""
    seconds: float = 0.0
    said: tuple[bool, ...] = ()
    reading: Reading | None = None
    overruled: tuple[int, ...] = ()
    skipped: bool = False
    board: Board | None = None


@dataclass(frozen=True)
class Session:
    """A mock interview: `at` is the step that is asked; `entries` has one for each step that was begun."""

    plan: Plan
    language: str
    began: str
    at: int = 0
    phase: Phase = "asking"
    entries: tuple[Entry, ...] = ()

    @property
    def step(self) -> Step:
        """The step that is asked. Raises ValueError when the interview is over."""
        if self.phase == "done":
            raise ValueError("this mock interview is over")
        return self.plan.steps[self.at]

    @property
    def entry(self) -> Entry:
        """What is known of the present step; an empty entry before anything happened."""
        return self.entries[self.at] if self.at < len(self.entries) else Entry()

    @property
    def seconds(self) -> float:
        """Seconds used so far."""
        return sum(entry.seconds for entry in self.entries)

    @property
    def over(self) -> bool:
        """True when more time was used than the plan has. Nothing is stopped for it."""
        return self.seconds > 60 * self.plan.minutes


def start(plan: Plan, language: str, now: datetime) -> Session:
    """Begin. Raises ValueError for a language that the course does not speak."""
    _require(language in LANGUAGES, f"no language {language!r}; choose one of: {', '.join(LANGUAGES)}")
    return Session(plan, language, now.isoformat(timespec="seconds"))


def speak(session: Session, language: str) -> Session:
    """Go on in another language; what was said stays as it was."""
    _require(language in LANGUAGES, f"no language {language!r}; choose one of: {', '.join(LANGUAGES)}")
    return replace(session, language=language)


def answer(session: Session, text: str, seconds: float, reading: Reading | None = None) -> Session:
    """Take an answer (typed, or "" for one out loud), and its reading where there is one; the points come next."""
    step = _asking(session)
    _require(step.kind != "whiteboard", "a whiteboard is answered by its file")
    said = [False] * len(step.points)
    if reading is not None:
        for heard in reading.points:
            said[heard.point] = heard.verdict == "heard"
    entry = replace(session.entry, text=text, said=tuple(said), reading=reading)
    return replace(_with(session, entry, seconds), phase="ticking")


def board(session: Session, file: str) -> Session:
    """Note the file in which the whiteboard task is solved."""
    step = _asking(session)
    _require(step.kind == "whiteboard", "only a whiteboard has a file")
    return _with(session, replace(session.entry, board=Board(file)), 0)


def checked(session: Session, result: Result, seconds: float) -> Session:
    """Take what the checks found in the whiteboard's file; it may be checked again."""
    entry = session.entry
    _asking(session)
    _require(entry.board is not None, "the whiteboard has no file yet")
    assert entry.board is not None
    laws = tuple(Law(each.sentence, each.status, each.message) for each in result.outcomes)
    seen = replace(entry.board, checks=entry.board.checks + 1, points=result.points, of=result.of, laws=laws)
    return _with(session, replace(entry, board=seen), seconds)


def overrule(session: Session, point: int, said: bool) -> Session:
    """Let the learner's word stand for one point, whatever was read."""
    _require(session.phase == "ticking", "there is nothing to overrule before an answer")
    _require(0 <= point < len(session.step.points), f"there is no point {point + 1}")
    ticks = list(session.entry.said)
    ticks[point] = said
    return _with(session, _ticked(session.entry, ticks), 0)


def tick(session: Session, said: Collection[int] | None, seconds: float) -> Session:
    """Take which points were said, counted from 0 (None: leave them as they are), and go to the next step."""
    _require(session.phase == "ticking", "there is nothing to tick before an answer")
    entry = session.entry
    if said is not None:
        count = len(session.step.points)
        wrong = [point for point in said if not 0 <= point < count]
        _require(not wrong, f"there is no point {wrong[0] + 1 if wrong else 0}; they are 1 to {count}")
        entry = _ticked(entry, [point in said for point in range(count)])
    return _next(_with(session, entry, seconds))


def skip(session: Session, seconds: float) -> Session:
    """Pass over the step. A whiteboard that was checked is left as it is, and does not count as passed over."""
    step = _asking(session)
    done = session.entry.board is not None and session.entry.board.checks > 0
    entry = replace(session.entry, said=(False,) * len(step.points), skipped=not done)
    return _next(_with(session, entry, seconds))


def finish(session: Session) -> Session:
    """End the interview; steps that were not reached have no entry."""
    return replace(session, phase="done")


def _asking(session: Session) -> Step:
    _require(session.phase == "asking", "the interview is over" if session.phase == "done" else "tick the points first")
    return session.step


def _ticked(entry: Entry, said: list[bool]) -> Entry:
    """Set the points, and note where they differ from what was heard."""
    read = entry.reading
    heard = {each.point: each.verdict == "heard" for each in read.points} if read else {}
    return replace(
        entry,
        said=tuple(said),
        overruled=tuple(point for point, ticked in enumerate(said) if point in heard and heard[point] != ticked),
    )


def _with(session: Session, entry: Entry, seconds: float) -> Session:
    """Put the entry in its place, `seconds` longer than before."""
    entry = replace(entry, seconds=entry.seconds + max(0.0, seconds))
    return replace(session, entries=(*session.entries[: session.at], entry))


def _next(session: Session) -> Session:
    last = session.at + 1 == len(session.plan.steps)
    return replace(session, at=session.at + 1, phase="done" if last else "asking")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
