"""A half day and a whole day in a room, with times: added up from the minutes on the cards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from course_lib.catalog import Topic
from course_lib.language import Say

_SET_UP = (25, Say("Install from the stick; everybody opens the start page", "从 U 盘安装，每个人打开起始页"))
_BREAK = (15, Say("Break", "休息"))
_LUNCH = (60, Say("Lunch", "午餐"))
_QUIZ = (10, Say("`course quiz` on what was shown, in pairs", "两人一组，用 `course quiz` 复习刚讲过的内容"))
_MOCK = (
    25,
    Say(
        "`course interview --minutes 20`, in pairs: one asks, one answers, then swap",
        "两人一组做 `course interview --minutes 20`：一问一答，然后交换",
    ),
)
_CLOSE = (10, Say("Questions, and what to do at home: `course plan`", "答疑，以及回家后怎么学：`course plan`"))

# A number is the core of a topic's lesson, "4A" is the exercise.
DAYS: dict[str, tuple[int | str | tuple[int, Say], ...]] = {
    "half-day": (_SET_UP, 1, 4, "4A", _BREAK, 10, 12, 17, "17A", _QUIZ, _MOCK, _CLOSE),
    "one-day": (
        *(_SET_UP, 1, 2, 4, "4A", _BREAK, 12, 17, "17A", _QUIZ, _LUNCH),
        *(10, 25, "10A", _BREAK, 16, "16A", 30, _QUIZ, _MOCK, _CLOSE),
    ),
}
TITLES = {"half-day": Say("Half a day", "半天"), "one-day": Say("One day", "一天")}
TASK_MINUTES = 20  # for one exercise in a room: the stub, a try, a hint, and its discussion


@dataclass(frozen=True)
class Slot:
    """One entry of an agenda; `start` is "09:25", `minutes` its length."""

    start: str
    minutes: int
    what: Say


def agenda(topics: Iterable[Topic], day: str, start: str = "09:00") -> tuple[Slot, ...]:
    """Return the day's slots, one after the other.

    Args:
        day: a key of DAYS.
        start: when the room opens, "HH:MM".

    Raises:
        ValueError: no such day, or a topic of it is not there.
    """
    if day not in DAYS:
        raise ValueError(f"no agenda {day!r}; there are {', '.join(DAYS)}")
    known = {topic.number: topic for topic in topics}
    clock, slots = datetime.strptime(start, "%H:%M"), []
    for part in DAYS[day]:
        minutes, what = part if isinstance(part, tuple) else _lesson(known, part)
        slots.append(Slot(f"{clock:%H:%M}", minutes, what))
        clock += timedelta(minutes=minutes)
    return tuple(slots)


def _lesson(known: dict[int, Topic], part: int | str) -> tuple[int, Say]:
    number = part if isinstance(part, int) else int(part[:-1])
    if number not in known:
        raise ValueError(f"the agenda wants topic {number:02d}, which is not in this course")
    card = known[number].card
    if isinstance(part, int):
        what = Say(f"{number:02d} {card.en.title}: the core", f"{number:02d} {card.zh.title}：核心部分")
        return card.minutes.core, what
    return TASK_MINUTES, Say(f"Exercise {part}, then one right answer", f"练习 {part}，然后讲一种正确写法")


def agenda_page(topics: Iterable[Topic], start: str = "09:00") -> str:
    """Return both days as Markdown tables, in both languages."""
    topics = tuple(topics)
    lines = []
    for day, title in TITLES.items():
        slots = agenda(topics, day, start)
        hours = sum(slot.minutes for slot in slots) / 60
        lines += [f"## {title.en} · {title.zh} ({hours:.1f} h)", "", "| | min | | |", "|---|---:|---|---|"]
        lines += [f"| {slot.start} | {slot.minutes} | {slot.what.en} | {slot.what.zh} |" for slot in slots]
        lines.append("")
    return "\n".join(lines)
