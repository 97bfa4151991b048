"""The cards' texts with their measured numbers in them, and words that several places use."""

from __future__ import annotations

from collections.abc import Callable

from course_lib import fields
from course_lib.card import CardError
from course_lib.catalog import Topic
from course_lib.language import Say

ROLE_NAMES = {
    "mobile": Say("mobile", "移动端"),
    "embedded": Say("embedded", "嵌入式"),
    "research": Say("research", "研究"),
}
LEVEL_NAMES = {"easy": Say("easy", "简单"), "medium": Say("medium", "中等"), "hard": Say("hard", "困难")}
COLON = Say(": ", "：")


def has_cards(topic: Topic) -> bool:
    """True when a topic is written and its lesson has run, so that its texts have their numbers."""
    return topic.written and (topic.folder / "measured.toml").is_file()


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


def titled(topic: Topic, language: str) -> str:
    """Return a topic's number and title."""
    return f"{topic.number:02d} {topic.card.page(language).title}"
