"""The interview card of a topic (`card.toml`) as frozen dataclasses, with errors that name the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LEVELS = ("easy", "medium", "hard")
_PHRASE = re.compile(r"[|&]")
ROLES = ("mobile", "embedded", "research")


class CardError(ValueError):
    """A card (or another TOML file of a topic) is not as it must be: says which file, which key and why."""


@dataclass(frozen=True)
class Minutes:
    """How long the lesson takes: its core, and all of it."""

    core: int
    whole: int


@dataclass(frozen=True)
class Source:
    """Where a claim comes from."""

    title: str
    url: str


@dataclass(frozen=True)
class Point:
    """What an interviewer listens for, and the name of the measured number that backs it.

    `listen` says by which words the reader of typed answers hears it (course_lib/interview/reading/cues.py).
    """

    text: str
    evidence: str = ""
    listen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pitfall:
    """What people say, why it is wrong, what it costs; by which words it is heard, and the points it contradicts."""

    says: str
    why: str
    costs: str
    listen: tuple[str, ...] = ()
    denies: tuple[int, ...] = ()


@dataclass(frozen=True)
class Followup:
    """A question the interviewer asks next, and a good answer."""

    q: str
    a: str


@dataclass(frozen=True)
class Option:
    """One option of a quiz question, with the reason it is right or wrong."""

    text: str
    correct: bool
    why: str


@dataclass(frozen=True)
class Quiz:
    """A multiple-choice question; at least one option is right and one is wrong."""

    q: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Page:
    """One language of a card. `hints` and `tasks` are keyed by the task's letter."""

    title: str
    question: str
    answer: str = ""
    points: tuple[Point, ...] = ()
    pitfalls: tuple[Pitfall, ...] = ()
    followups: tuple[Followup, ...] = ()
    quiz: tuple[Quiz, ...] = ()
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tasks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """A topic's card: level, minutes, needs, roles and sources once, the texts per language."""

    level: str
    minutes: Minutes
    needs: tuple[str, ...]
    roles: tuple[str, ...]
    sources: tuple[Source, ...]
    en: Page
    zh: Page

    def page(self, language: str) -> Page:
        """Return the page in "en" or "zh"."""
        return {"en": self.en, "zh": self.zh}[language]


def parse_card(data: Mapping[str, Any], where: str = "card.toml") -> Card:
    """Build a Card from parsed TOML.

    Args:
        data: the parsed file.
        where: the file's name for messages.

    Raises:
        CardError: names the key that is missing, unknown or of the wrong type.
    """
    top = _Table(data, where, ("level", "minutes", "needs", "roles", "sources", "en", "zh"))
    minutes = top.table("minutes", ("core", "whole"))
    card = Card(
        level=top.one_of("level", LEVELS),
        minutes=Minutes(minutes.number("core"), minutes.number("whole")),
        needs=top.strings("needs"),
        roles=top.strings("roles", among=ROLES),
        sources=tuple(Source(row.text("title"), row.text("url")) for row in top.rows("sources", ("title", "url"))),
        en=_page(top, "en"),
        zh=_page(top, "zh"),
    )
    if not 0 < card.minutes.core <= card.minutes.whole:
        raise CardError(f"{where}: minutes must be 0 < core <= whole, got {card.minutes}")
    return card


def _page(top: _Table, code: str) -> Page:
    page = top.table(code, tuple(Page.__dataclass_fields__))
    points = len(page.rows("points", ("text", "evidence", "listen")))
    return Page(
        title=page.text("title"),
        question=page.text("question"),
        answer=page.text("answer", default=""),
        points=tuple(
            Point(row.text("text"), row.text("evidence", default=""), row.cues("listen"))
            for row in page.rows("points", ("text", "evidence", "listen"))
        ),
        pitfalls=tuple(
            Pitfall(
                row.text("says"), row.text("why"), row.text("costs"), row.cues("listen"), row.places("denies", points)
            )
            for row in page.rows("pitfalls", ("says", "why", "costs", "listen", "denies"))
        ),
        followups=tuple(Followup(row.text("q"), row.text("a")) for row in page.rows("followups", ("q", "a"))),
        quiz=tuple(_quiz(row) for row in page.rows("quiz", ("q", "options"))),
        hints={key: page.table("hints").strings(key) for key in page.keys_of("hints")},
        tasks={key: page.table("tasks").text(key) for key in page.keys_of("tasks")},
    )


def _quiz(row: _Table) -> Quiz:
    options = tuple(
        Option(each.text("text"), each.truth("correct"), each.text("why"))
        for each in row.rows("options", ("text", "correct", "why"))
    )
    if len({option.correct for option in options}) != 2:
        raise CardError(f"{row.where}: a quiz question needs a right option and a wrong one")
    return Quiz(row.text("q"), options)


class _Table:
    """One TOML table with the path to it, so that every message says where."""

    def __init__(self, data: object, where: str, known: tuple[str, ...] | None = None) -> None:
        if not isinstance(data, Mapping):
            raise CardError(f"{where} must be a table, got {data!r}")
        self.data, self.where = data, where
        unknown = [] if known is None else sorted(set(data) - set(known))
        if unknown:
            raise CardError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(known or ())}")

    def _get(self, key: str, kind: type, what: str, default: Any = None) -> Any:
        value = self.data.get(key, default)
        if value is None:
            raise CardError(f"{self.where}: {key!r} is missing ({what})")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise CardError(f"{self.where}: {key!r} must be {what}, got {value!r}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        value: str = self._get(key, str, "a string", default)
        if not value.strip() and default is None:
            raise CardError(f"{self.where}: {key!r} is empty")
        return value

    def number(self, key: str) -> int:
        value: int = self._get(key, int, "a whole number")
        return value

    def truth(self, key: str) -> bool:
        value: bool = self._get(key, bool, "true or false")
        return value

    def one_of(self, key: str, among: tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in among:
            raise CardError(f"{self.where}: {key!r} must be one of {', '.join(among)}, got {value!r}")
        return value

    def strings(self, key: str, among: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value: list[object] = self._get(key, list, "a list of strings", [])
        for each in value:
            if not isinstance(each, str) or (among and each not in among):
                wanted = f"one of {', '.join(among)}" if among else "a string"
                raise CardError(f"{self.where}: {key!r} holds {each!r}, which is not {wanted}")
        return tuple(str(each) for each in value)

    def cues(self, key: str) -> tuple[str, ...]:
        """Groups of words to listen for: `"a | b"`, `"+a | -b"`, `"against a & b"`, `"unless a | b"`."""
        groups = self.strings(key)
        for group in groups:
            phrases = _PHRASE.split(group.removeprefix("unless ").removeprefix("against "))
            if not all(each.strip(" +-") for each in phrases):
                raise CardError(f"{self.where}: {key!r} holds {group!r}, in which an alternative is empty")
        if groups and all(group.startswith(("unless ", "against ")) for group in groups):
            raise CardError(f"{self.where}: {key!r} says only what it does not listen for")
        return groups

    def places(self, key: str, among: int) -> tuple[int, ...]:
        """Places in a list of `among` entries, counted from 0."""
        value: list[object] = self._get(key, list, "a list of whole numbers", [])
        for each in value:
            if not isinstance(each, int) or isinstance(each, bool) or not 0 <= each < among:
                raise CardError(f"{self.where}: {key!r} holds {each!r}; the card has {among} points, counted from 0")
        return tuple(int(str(each)) for each in value)

    def table(self, key: str, known: tuple[str, ...] | None = None) -> _Table:
        return _Table(self._get(key, dict, "a table"), f"{self.where} [{key}]", known)

    def rows(self, key: str, known: tuple[str, ...]) -> list[_Table]:
        value: list[object] = self._get(key, list, "a list of tables", [])
        return [_Table(row, f"{self.where} {key}[{index}]", known) for index, row in enumerate(value)]

    def keys_of(self, key: str) -> list[str]:
        return sorted(self.table(key).data) if key in self.data else []
