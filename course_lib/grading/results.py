"""What a check found: one outcome per law, and the sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from course_lib.language import Say

Status = Literal["pass", "fail", "todo", "error", "timeout"]
STATUSES: tuple[Status, ...] = ("pass", "fail", "todo", "error", "timeout")


@dataclass(frozen=True)
class Misconception:
    """A named wrong answer whose outputs are the learner's."""

    name: str
    say: Say


@dataclass(frozen=True)
class Outcome:
    """What one law found.

    Attributes:
        law: the name of the law's function.
        sentence: the property.
        status: pass, fail, todo, error or timeout.
        points: points earned, all of `of` or none.
        of: points that the law is worth.
        message: one sentence with what was seen; None when it passed.
        misconception: the wrong answer that the learner's outputs equal, when one was recognised.
        course_fault: True when the check itself is broken.
    """

    law: str
    sentence: Say
    status: Status
    points: int
    of: int
    message: Say | None = None
    misconception: Misconception | None = None
    course_fault: bool = False


@dataclass(frozen=True)
class Result:
    """What `check` found for one task; shows itself as HTML in a notebook and as text in a terminal."""

    task: str
    outcomes: tuple[Outcome, ...] = ()
    notes: tuple[Say, ...] = ()

    @property
    def points(self) -> int:
        """Points earned."""
        return sum(each.points for each in self.outcomes)

    @property
    def of(self) -> int:
        """Points that can be earned: ten."""
        return sum(each.of for each in self.outcomes)

    @property
    def passed(self) -> bool:
        """True when every law passed."""
        return bool(self.outcomes) and all(each.status == "pass" for each in self.outcomes)

    @property
    def attempted(self) -> bool:
        """True when there was something to judge: not every law is still to do."""
        return any(each.status != "todo" for each in self.outcomes)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, with both languages."""
        return {
            "task": self.task,
            "passed": self.passed,
            "points": self.points,
            "of": self.of,
            "outcomes": [_outcome(each) for each in self.outcomes],
            "notes": [_say(each) for each in self.notes],
        }

    def __str__(self) -> str:
        from course_lib.grading.render import text

        return text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from course_lib.grading.render import html

        return html(self)


def _say(say: Say | None) -> dict[str, str] | None:
    return None if say is None else {"en": say.en, "zh": say.zh}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    found = outcome.misconception
    return {
        "law": outcome.law,
        "sentence": _say(outcome.sentence),
        "status": outcome.status,
        "points": outcome.points,
        "of": outcome.of,
        "message": _say(outcome.message),
        "misconception": None if found is None else {"name": found.name, **(_say(found.say) or {})},
        "course_fault": outcome.course_fault,
    }
