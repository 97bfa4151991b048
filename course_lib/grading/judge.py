"""One law against one learner's side: what happened, in a status and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from course_lib.grading.faults import CourseError, Failed, Garbled, LearnerRaised, Lost, NotPlain, TimeUp, Unusable
from course_lib.grading.laws import Law
from course_lib.grading.learner import Learner
from course_lib.grading.limits import time_limit
from course_lib.grading.printed import Printed, captured
from course_lib.grading.proxy import Checker, Trace
from course_lib.grading.results import Status
from course_lib.grading.shorten import brief, brief_text
from course_lib.language import Say

LAW_SECONDS = 5.0
PRINTED = 600


class Session(Protocol):
    """A way to the learner's code: in this process, or in a worker that is started again when it is lost.

    `grace` is how much longer than the law's limit the checker itself waits, in seconds.
    """

    grace: float

    def checker(self, seconds: float) -> Checker:
        """Return a live checker's side for one law that may take `seconds`.

        Raises:
            Lost: when the learner's code cannot be started.
        """
        ...

    def abandon(self) -> None:
        """Give up the connection after a timeout or a garbled message; the next `checker()` is a fresh one."""
        ...

    def why_missing(self) -> Say | None:
        """Say why a name may be missing (a cell that failed), when that is known."""
        ...


class LocalSession:
    """The learner's namespace in this process, through the same codec as everywhere."""

    grace = 0.0

    def __init__(self, namespace: Mapping[str, object]) -> None:
        self._namespace = namespace
        self._checker: Checker | None = None
        self.printed = Printed(PRINTED)

    def checker(self, seconds: float = LAW_SECONDS) -> Checker:
        """Return the checker's side of this session; `judge` itself keeps the time."""
        if self._checker is None:
            learner = Learner(self._namespace, lambda payload: checker.answer(payload))

            def ask(payload: bytes) -> bytes:
                with captured(self.printed):
                    return learner.handle(payload)

            self._checker = checker = Checker(ask)
        return self._checker

    def abandon(self) -> None:
        """Start anew at the next law."""
        self._checker = None

    def why_missing(self) -> Say | None:
        """In a notebook nothing is known about cells that failed."""
        return None


@dataclass(frozen=True)
class Judged:
    """What one law found. `puzzled` is set when the check's own code raised: someone must say whose fault it is."""

    status: Status
    message: Say | None = None
    trace: Trace = field(default_factory=Trace)
    puzzled: str = ""
    course_fault: bool = False


def judge(law: Law, session: Session, seed: int, seconds: float = LAW_SECONDS) -> Judged:
    """Run one law against a session; never raises for anything that the learner's code does."""
    checker: Checker | None = None
    try:
        checker = session.checker(seconds)
        with time_limit(seconds + session.grace):
            checker.begin()
            status, message = _run(law, checker, session, seed)
        return Judged(status, message, checker.trace)
    except Failed as failed:
        return Judged("fail", failed.say, _trace(checker))
    except LearnerRaised as raised:
        return Judged(*_raised(raised), _trace(checker))
    except TimeUp:
        session.abandon()
        return Judged("timeout", _too_long(seconds), _trace(checker))
    except Lost as lost:
        session.abandon()
        return Judged("timeout" if lost.timeout else "error", lost.say, _trace(checker))
    except Garbled as garbled:
        session.abandon()
        say = Say(f"The answer could not be read: {garbled}.", f"无法读取返回的内容：{garbled}。")
        return Judged("error", say, _trace(checker))
    except CourseError:
        raise  # the grading process does not start
    except Exception as error:
        # Also NotPlain: the check passes on what it was given, so even that may be the answer's doing.
        what = str(error) if isinstance(error, NotPlain) else brief_text(f"{type(error).__name__}: {error}", 200)
        return Judged("fail", _strange(checker, what), _trace(checker), puzzled=what)


def broken(law: Law, what: str) -> Say:
    """Say that the check is at fault, not the learner."""
    return Say(
        f"This check is broken, not your answer ({what}). Please report {law.name}.",
        f"这是检查本身的错误，与你的答案无关（{what}）。请报告 {law.name}。",
    )


def _run(law: Law, checker: Checker, session: Session, seed: int) -> tuple[Status, Say | None]:
    found = checker.fetch(list(law.wants))
    missing = [name for name in law.wants if name not in found]
    if missing:
        return "todo", _missing(missing[0], session.why_missing())
    if law.wants_rng:
        found["rng"] = law.generator(seed)
    law.function(**found)
    return "pass", None


def _trace(checker: Checker | None) -> Trace:
    return checker.trace if checker is not None else Trace()


def _missing(name: str, why: Say | None) -> Say:
    if why is not None:
        return Say(f"{name} is not defined. {why.en}", f"{name} 没有定义。{why.zh}")
    return Say(
        f"{name} is not defined yet: run the cell that defines it, then check again.",
        f"{name} 还没有定义：先运行定义它的单元格，再检查。",
    )


def _raised(error: LearnerRaised) -> tuple[Status, Say]:
    if isinstance(error, Unusable):
        return "fail", Say(
            f"{error.call} gave back {error.message}, which a check cannot read.",
            f"{error.call} 返回的内容检查读不了（{error.message}）。",
        )
    if error.is_a(NotImplementedError):
        return "todo", Say("Not written yet: the stub is still there.", "尚未完成：这里还是空的存根。")
    what = f"{error.kind}: {error.message}" if error.message else error.kind
    return "error", Say(f"{error.call} raised {what}", f"{error.call} 抛出了 {what}")


def _too_long(seconds: float) -> Say:
    return Say(
        f"Stopped after {seconds:g} s: is there a loop that never ends?",
        f"运行超过 {seconds:g} 秒，已停止：是不是有死循环？",
    )


def _strange(checker: Checker | None, what: str) -> Say:
    if checker is None or checker.last is None:
        return Say(
            f"The answer does not have the form that the task asks for ({what}).",
            f"答案的形式不符合题目要求（{what}）。",
        )
    name, value = checker.last
    return Say(
        f"{name} returned {brief(value)}, which does not have the form that the task asks for ({what}).",
        f"{name} 返回了 {brief(value)}，形式不符合题目要求（{what}）。",
    )
