"""What a task is recognised by: the calls that name it, the names that it asks for, its topic's name in a path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from course_lib import catalog
from course_lib.catalog import Topic
from course_lib.classroom.intake.reading import Content
from course_lib.classroom.intake.reading_child import definitions

# The capstone is found beside the tasks under an id of their form; it is measured, not checked.
CAPSTONE = "31A"
CAPSTONE_TOPIC = Topic(31, "capstone", Path("31_capstone"))
_TASK_TAG = re.compile(r"\{\{task:([A-Z])\}\}")
_CELL = re.compile(r"^# %%.*$", re.MULTILINE)
_REGION = re.compile(r"^(?P<indent>[ \t]*)# BEGIN SOLUTION.*?# END SOLUTION[^\n]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Recognised:
    """The tasks that a file holds, and those of them to which something was written."""

    tasks: tuple[str, ...]
    answered: frozenset[str]


@dataclass(frozen=True)
class Signs:
    """Recognises the tasks of the topics that are written."""

    topics: tuple[Topic, ...]

    @cached_property
    def wanted(self) -> dict[str, tuple[str, str]]:
        """By name that a task asks for: the task, and the digest of the name in the untouched exercise."""
        found: dict[str, tuple[str, str]] = {}
        for topic in self.topics:
            for task, code in _cells_with_regions(topic):
                whole, stub = definitions(code), definitions(_REGION.sub(r"\g<indent>raise NotImplementedError", code))
                found.update({name: (task, stub.get(name, "")) for name in whole if whole[name] != stub.get(name)})
        return found

    @cached_property
    def given(self) -> dict[tuple[str, str], set[int]]:
        """By name and digest, the topics whose exercise gives what another topic asks for (a helper, ready made)."""
        found: dict[tuple[str, str], set[int]] = {}
        for topic in self.topics:
            for cell in _CELL.split((topic.folder / "exercise.py").read_text("utf-8")):
                for each in definitions(cell).items() if "# BEGIN SOLUTION" not in cell else ():
                    found.setdefault(each, set()).add(topic.number)
        return found

    def recognise(self, content: Content, parts: Sequence[str]) -> Recognised:
        """Return the tasks of a file: content tells; its path only where content does not.

        A task that is called or defined counts; its topic's others count too when `finish` or the path names the
        topic (a task whose cells were deleted is then still to do).
        """
        by_number = {topic.number: topic for topic in self.topics}
        known = {task for topic in self.topics for task in topic.tasks}
        finished = {int(number) for number in content.finishes} & set(by_number)
        seen = {_one_spelling(call) for call in content.checks} & known
        mine = {name: self.wanted[name] for name in content.names if name in self.wanted}
        gifts = {name: givers for name in mine if (givers := self.given.get((name, content.names[name])))}
        sure = seen | {task for name, (task, _) in mine.items() if name not in gifts}
        topics = finished | {int(task[:-1]) for task in sure}
        mine = {name: sign for name, sign in mine.items() if topics.isdisjoint(gifts.get(name, ()))}
        seen |= {task for task, _ in mine.values()}
        named = {topic.number for topic in self.topics if any(in_name(topic, part) for part in parts)}
        numbers = {int(task[:-1]) for task in seen}
        whole = (numbers & (finished | named)) if numbers else (finished or named)
        found = seen | {task for number in whole for task in by_number[number].tasks}
        if _is_capstone(content, parts, alone=not found):
            found.add(CAPSTONE)
        answered = {task for name, (task, stub) in mine.items() if content.names[name] not in ("stub", stub or "stub")}
        if content.names.get("build", "stub") != "stub":
            answered.add(CAPSTONE)
        return Recognised(tuple(sorted(found, key=task_order)), frozenset(answered))


def all_signs() -> Signs:
    """Return the signs of every topic that is written."""
    return Signs(tuple(topic for topic in catalog.topics() if topic.written))


def task_order(task: str) -> tuple[int, str]:
    """Sort tasks as the course has them: 4A, 4B, 16A."""
    return int(task[:-1]), task[-1]


def in_name(topic: Topic, name: str) -> bool:
    """True when a file's or folder's name says that it is of a topic: its number in front, or its slug anywhere."""
    slug = "[ _-]".join(re.escape(word) for word in topic.slug.split("_"))
    return re.search(rf"(?i)(?<![a-z]){slug}(?![a-z])", name) is not None or name.startswith(f"{topic.number:02d}_")


def _is_capstone(content: Content, parts: Sequence[str], *, alone: bool) -> bool:
    """True when the code imports what the capstone needs, or, where nothing else is in the file, its path says so."""
    if any("course_lib.capstone" in cell.code for cell in content.cells):
        return True
    named = any(re.search(r"(?i)(?<![a-z])capstone(?![a-z])", part) for part in parts)
    return alone and named and (parts[-1].lower().endswith(".ipynb") or "build" in content.names)


def _cells_with_regions(topic: Topic) -> list[tuple[str, str]]:
    """Return (task, code) of each cell of exercise.py in which something is left to the learner."""
    found, task = [], ""
    for cell in _CELL.split((topic.folder / "exercise.py").read_text("utf-8")):
        tag = _TASK_TAG.search(cell)
        task = f"{topic.number}{tag[1]}" if tag else task
        if task and "# BEGIN SOLUTION" in cell:
            found.append((task, cell))
    return found


def _one_spelling(task: str) -> str:
    return task.upper().lstrip("0")
