"""What an interviewer does at a step, in a terminal as on a page: reads, hands out the board, looks at the clock."""

from __future__ import annotations

from pathlib import Path

from course_lib.catalog import Topic
from course_lib.grading.results import Result
from course_lib.interview import session as machine
from course_lib.interview.mock import Step
from course_lib.interview.reading import Heard
from course_lib.interview.report import STEPS
from course_lib.interview.session import Session
from course_lib.interview.texts import LEVEL_NAMES
from course_lib.interview.whiteboard import grade, write_stub
from course_lib.language import Say

GOOD_ANSWER = Say("A good answer says:", "好的回答会说到：")
IN_A_MINUTE = Say("In sixty seconds:", "六十秒回答：")
OVER = Say("The planned time is over. Go on as long as you like.", "计划的时间到了。想继续就继续。")


def head(session: Session) -> Say:
    """Say what the present step is, what time it has, and how much is left of all."""
    step, minutes = session.step, session.plan.minutes
    left = max(0.0, minutes - session.seconds / 60)
    name = STEPS[step.kind]
    if step.kind in ("question", "whiteboard"):
        level = LEVEL_NAMES[step.level]
        name = Say(f"{name.en}, {level.en}", f"{name.zh}，{level.zh}")
    return Say(
        f"{name.en}. {step.minutes} min; {left:.0f} of {minutes} left.",
        f"{name.zh}。{step.minutes} 分钟；剩 {left:.0f}/{minutes} 分钟。",
    )


def answered(session: Session, topic: Topic, text: str, seconds: float) -> Session:
    """Take an answer; what was typed to a topic's question is read, the other steps the candidate compares."""
    reading = None
    if text and is_read(session.step):
        from course_lib.interview.reading import read_answer

        reading = read_answer(topic, text, session.language)
    return machine.answer(session, text, seconds, reading)


def is_read(step: Step) -> bool:
    """True where a typed answer is read: a card's own points are known by what they are heard by."""
    return step.kind == "question"


def at_board(session: Session, topic: Topic) -> Session:
    """Return the session with a file for the whiteboard: the one that was begun, else a new one."""
    kept = session.entry.board
    if kept is not None and Path(kept.file).is_file():
        return session
    return machine.board(session, str(write_stub(topic, session.step.task, session.language)))


def checked(session: Session, file: Path, seconds: float) -> tuple[Session, Result]:
    """Have a whiteboard's file checked. Raises ValueError when it cannot be read as a script or notebook."""
    result = grade(file, session.step.task)
    return machine.checked(session, result, seconds), result


def doubt(heard: Heard) -> Say | None:
    """Say why a sentence left a point unsure; None where no sentence did."""
    return heard.why if heard.verdict == "unsure" and heard.sentence else None
