"""A card's text as a reader sees it: its fields filled with the topic's measured numbers."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from course_lib import fields
from course_lib.catalog import CardError, Topic
from course_lib.language import Say

ROLE_NAMES = {
    "mobile": Say("mobile", "移动端"),
    "embedded": Say("embedded", "嵌入式"),
    "research": Say("research", "研究"),
}
EMPHASIS = re.compile(
    r"(?<![A-Za-z0-9*])\*([^*\s](?:(?:[^*\n]|\n(?!\n))*[^*\s])?)\*(?![A-Za-z0-9*])"
)  # *so*; Chinese may follow
COLON = Say(": ", "：")
_TOKEN = re.compile(r"[（“‘《「『]*(?:[!-~]+|.)")  # what opens stays with what it opens
_STOPS = "，。；：、！？）”》%"


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


def plain(text: str) -> str:
    """A card's Markdown for a terminal: without heading marks, code ticks and the stars of bold and emphasis."""
    lines = (line.lstrip("#").lstrip() if line.startswith("#") else line for line in text.strip().splitlines())
    parts = "\n".join(lines).replace("**", "").split("`")
    return "".join(part if place % 2 else EMPHASIS.sub(r"\1", part) for place, part in enumerate(parts))


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let everything that asks for the learner's language get this one, inside the block."""
    before = os.environ.get("COURSE_LANG")
    os.environ["COURSE_LANG"] = language
    try:
        yield
    finally:
        if before is None:
            del os.environ["COURSE_LANG"]
        else:
            os.environ["COURSE_LANG"] = before


def wrapped(text: str, width: int) -> str:
    """Break Chinese lines at `width` columns: Latin words stay whole, and no stop begins a line."""
    return "\n".join(part for line in text.splitlines() for part in _lines(line, width))


def _lines(text: str, width: int) -> Iterator[str]:
    line, used = "", 0
    for token in _TOKEN.findall(text):
        wide = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in token)
        if used + wide > width and line.strip() and token[0] not in _STOPS:
            yield line.rstrip()
            line, used = "", 0
            token, wide = (token, wide) if token.strip() else ("", 0)
        line, used = line + token, used + wide
    yield line.rstrip()
