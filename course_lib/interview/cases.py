"""What a case to diagnose is made of, and how its answer states numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from course_lib.interview.exhibits import Exhibit, NoExhibit
from course_lib.language import Say


@dataclass(frozen=True)
class Case:
    """A question about one table of a lesson, and the function that reads the answer from it.

    `columns` find the table: the first of the lesson that has them all. They alone are shown, in this order; the
    answer may look at the others too. `bars` is a column to draw as a histogram.
    """

    topic: int
    columns: tuple[str, ...]
    ask: Say
    shows: Callable[[Exhibit], Sequence[Say]]
    bars: str = ""


def require(holds: bool, what: str) -> None:
    """Raise NoExhibit unless the table still shows what the question is about."""
    if not holds:
        raise NoExhibit(f"the table no longer shows that {what}")
