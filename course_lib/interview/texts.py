"""A card's text as a reader sees it: its fields filled with the topic's measured numbers."""

from __future__ import annotations

from collections.abc import Callable

from course_lib import fields
from course_lib.catalog import CardError, Topic


def filler(topic: Topic) -> Callable[[str], str]:
    """Return what `topic.fill` does, for many texts: `measured.toml` is read once.

    Raises:
        CardError: from the function returned, for a field that has no measured number.
    """
    numbers = topic.measured

    def fill(text: str) -> str:
        try:
            return fields.fill(text, numbers).strip()
        except fields.FieldError as error:
            raise CardError(f"topics/{topic.name}: {error}") from error

    return fill
