"""Which section of a lesson is about a question: where its numbers were measured, else where its words are used."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from course_lib import fields
from course_lib.catalog import Topic

_HEADING = re.compile(r"^# #{2,3} (.+)$")
_RECORD = re.compile(r"""\brecord\(\s*(f?)["']([^"']+)["']""")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]{2,}")
# These frame every lesson and explain nothing by themselves.
_FRAME = {
    "Predict first",
    "What the folk answer gets wrong",
    "The answer in sixty seconds",
    "Deeper",
    "Follow-ups",
    "What this does not show",
    "Sources",
}


@dataclass(frozen=True)
class Section:
    """A place in a lesson: the notebook's path from the course's folder, and a heading in it ("" for its beginning)."""

    notebook: str
    heading: str

    @property
    def url(self) -> str:
        """The link, relative to the course's folder; JupyterLab and code hosts make the same anchor of a heading."""
        anchor = quote(self.heading.replace(" ", "-"), safe="-_.,'()") if self.heading else ""
        return f"{self.notebook}#{anchor}" if anchor else self.notebook


def section_about(topic: Topic, quiz: int) -> Section:
    """Return the section of the lesson that a quiz question is about.

    The section that recorded most of the numbers in the question's reasons; where there are none, the one whose words
    fit best. The English texts decide, so that both languages lead to the same place.

    Args:
        topic: whose lesson.
        quiz: which of its quiz questions, counted from 0.
    """
    asked = topic.card.en.quiz[quiz]
    return section_on(topic, " ".join([asked.q, *(f"{option.text} {option.why}" for option in asked.options)]))


def section_on(topic: Topic, text: str) -> Section:
    """Return the section of the lesson that an English text of the card is about, its fields not filled."""
    notebook = f"notebooks/{topic.name}.ipynb"
    source = topic.folder / "lesson.py"
    if not source.is_file():
        return Section(notebook, "")
    return Section(notebook, _best(_sections(source, source.stat().st_mtime_ns), text))


@dataclass(frozen=True)
class _Part:
    heading: str
    words: Counter[str]
    records: tuple[re.Pattern[str], ...]


@cache
def _sections(source: Path, _stamp: int) -> tuple[_Part, ...]:
    heading, lines = "", list[str]()
    parts: list[_Part] = []

    def close() -> None:
        if heading and heading not in _FRAME:
            body = "\n".join(lines)
            parts.append(_Part(heading, Counter(_words(f"{heading} {body}")), tuple(_names(body))))

    for line in source.read_text("utf-8").splitlines():
        found = _HEADING.match(line)
        if found:
            close()
            heading, lines = found[1].strip(), []
        lines.append(line)
    close()
    return tuple(parts)


def _names(body: str) -> list[re.Pattern[str]]:
    """The names that a section records; an f-string stands for all that it can become."""
    return [
        re.compile(re.sub(r"\\\{.*?\\\}", r"\\w+", re.escape(name)) if formatted else re.escape(name))
        for formatted, name in _RECORD.findall(body)
    ]


def _words(text: str) -> list[str]:
    return [word.lower().rstrip("s") for word in _WORD.findall(text)]


def _best(parts: Sequence[_Part], text: str) -> str:
    if not parts:
        return ""
    quoted = fields.names(text)
    measured = [sum(any(name.fullmatch(each) for name in part.records) for each in quoted) for part in parts]
    # Words that few sections use say more; a long section has no advantage for being long.
    wanted = set(_words(fields.without(text)))
    used = {word: sum(word in part.words for part in parts) for word in wanted}
    fits = [
        sum(math.log(1 + len(parts) / used[word]) for word in wanted if word in part.words)
        / math.sqrt(10 + len(part.words))
        for part in parts
    ]
    return max(zip(measured, fits, parts, strict=True), key=lambda each: each[:2])[2].heading
