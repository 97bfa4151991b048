"""The topics of the course: one folder per interview question, found by looking, never listed twice."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from course_lib import fields
from course_lib.card import Card, CardError, parse_card
from course_lib.home import course_root
from course_lib.language import Say

__all__ = ["CardError", "Topic", "task_id", "topic", "topics"]

_FOLDER = re.compile(r"(\d\d)_([a-z0-9]+(?:_[a-z0-9]+)*)")
_TASK = re.compile(r"0*(\d{1,2})([A-Z]?)")
_PARTS = ("lesson.py", "exercise.py", "checks.py", "wrong.toml")
_cards: dict[Path, tuple[int, Card]] = {}  # a long card takes milliseconds to parse, and check() asks each time


@dataclass(frozen=True)
class Topic:
    """One interview question: its number (1 to 30), slug and folder; the rest is read when asked for."""

    number: int
    slug: str
    folder: Path

    @property
    def name(self) -> str:
        """The folder's name, which is the topic's only key: `04_quantize_with_the_tools`."""
        return self.folder.name

    @property
    def written(self) -> bool:
        """True when lesson, exercise, checks and wrong answers are all there."""
        return all((self.folder / part).is_file() for part in _PARTS)

    @cached_property
    def card(self) -> Card:
        """The interview card. Raises CardError, which names the file and the key."""
        path = self.folder / "card.toml"
        stamp = path.stat().st_mtime_ns if path.is_file() else 0
        known = _cards.get(path)
        if known is None or known[0] != stamp:
            card = parse_card(_load_toml(path), where=f"topics/{self.name}/card.toml")
            _cards[path] = known = (stamp, card)
        return known[1]

    @property
    def tasks(self) -> tuple[str, ...]:
        """The ids of the coding tasks, `("4A", "4B")`."""
        letters = sorted(self.card.en.tasks) or ["A", "B"]
        return tuple(f"{self.number}{letter}" for letter in letters)

    @property
    def measured(self) -> dict[str, float | int | str]:
        """The numbers that the build recorded while it ran the lesson; empty when it has not run."""
        path = self.folder / "measured.toml"
        return _load_toml(path) if path.is_file() else {}

    def fill(self, text: str) -> str:
        """Replace `{int8_ratio:.1f}` in `text` by the measured number of that name.

        Raises:
            CardError: when measured.toml has no such name, or the format does not fit it.
        """
        try:
            return fields.fill(text, self.measured)
        except fields.FieldError as error:
            raise CardError(f"topics/{self.name}: {error}") from error


def topics(root: Path | None = None) -> tuple[Topic, ...]:
    """Return all topics in order.

    Args:
        root: the folder that holds `topics/`; default `course_root()`.

    Raises:
        ValueError: when there is no such folder, or two topics have one number.
    """
    base = (root or course_root()) / "topics"
    if not base.is_dir():
        raise ValueError(f"no topics in {base.parent}; run from a clone of the course, or set COURSE_ROOT")
    found: dict[int, Topic] = {}
    for folder in sorted(base.iterdir()):
        match = _FOLDER.fullmatch(folder.name)
        if not match or not folder.is_dir():
            continue
        number = int(match[1])
        if number in found:
            raise ValueError(f"topics {found[number].name} and {folder.name} have the same number")
        found[number] = Topic(number, match[2], folder)
    return tuple(found[number] for number in sorted(found))


def topic(which: str | int, root: Path | None = None) -> Topic:
    """Return the topic called 4, "4", "04", "4A", "04a" or by its folder's name.

    Raises:
        ValueError: for anything else; the message lists the known topics.
    """
    known = topics(root)
    text = str(which).strip()
    for each in known:
        if text == each.name:
            return each
    match = _TASK.fullmatch(text.upper())
    if match:
        for each in known:
            if each.number == int(match[1]):
                return each
    listed = ", ".join(f"{each.number:02d}" for each in known)
    raise ValueError(str(Say(f"no topic {which!r}; the topics are {listed}", f"没有主题 {which!r}；可选：{listed}")))


def task_id(which: str, root: Path | None = None) -> str:
    """Return the one spelling of a task's id: "04a", "4a" and "04A" are all "4A".

    Raises:
        ValueError: when no topic has that task; the message lists the known tasks.
    """
    match = _TASK.fullmatch(str(which).strip().upper())
    known = topics(root)
    if match and match[2]:
        for each in known:
            if each.number == int(match[1]):
                wanted = f"{each.number}{match[2]}"
                if wanted in each.tasks:
                    return wanted
                raise ValueError(f"no task {which!r}; topic {each.number:02d} has {', '.join(each.tasks)}")
    listed = ", ".join(task for each in known for task in each.tasks)
    raise ValueError(f"no task {which!r}; the tasks are {listed}")


def _load_toml(path: Path) -> dict[str, float | int | str]:
    """Read a TOML file; every fault is a CardError that names it."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CardError(f"topics/{path.parent.name} has no {path.name}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise CardError(f"topics/{path.parent.name}/{path.name}: {error}") from error
