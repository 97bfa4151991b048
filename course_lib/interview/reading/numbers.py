"""Numbers with their units in an answer, beside those that the card measured. A remark, never a mark."""

from __future__ import annotations

from course_lib.catalog import Topic
from course_lib.interview.reading.values import NumberSaid


def compare_numbers(topic: Topic, said: list[tuple[str, str]], language: str) -> tuple[NumberSaid, ...]:
    """Return the numbers of an answer (sentences as typed, and what is asserted of each) that can be compared."""
    return ()
