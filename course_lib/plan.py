"""What to learn in the time there is: roads through the thirty topics, and a plan up to the day of the interview."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from course_lib.catalog import Topic
from course_lib.home import home
from course_lib.language import Say

ROLES = ("mobile", "embedded", "research")
LEVELS = ("easy", "medium", "hard")
RULE = Say(
    "First the cores of the first-interview road, then their exercises; then the cores of your role's topics, then "
    "theirs; then the rest. Whatever a topic needs comes before it. What is solved is left out.",
    "先学“首次面试”路线的核心部分，再做这些主题的练习；然后是你岗位的主题，同样先核心后练习；最后是其余主题。"
    "每个主题的前置总排在它前面，已完成的不再安排。",
)
PARTS = {True: Say("lesson, exercise, Deeper", "课程、练习、深入"), False: Say("core of the lesson", "课程核心")}
_FILE = "plan.json"


@dataclass(frozen=True)
class Road:
    """A way through some of the topics, in order."""

    name: Say
    topics: tuple[int, ...]


ROADS = (
    Road(Say("First interview", "首次面试"), (1, 2, 4, 10, 12, 13, 17, 25, 30)),
    Road(Say("Quantization in depth", "深入量化"), (1, 4, 12, 17, 7, 9, 20, 26, 27, 30)),
    Road(Say("Pruning and its friends", "剪枝与结构"), (2, 3, 5, 16, 28, 6, 18, 11, 22, 19)),
    Road(Say("Production", "上线"), (1, 2, 8, 10, 13, 14, 15, 23, 24, 21, 29, 30)),
)


@dataclass(frozen=True)
class Wish:
    """What the learner has: the day of the interview, hours of study until then (more than 0), and the role."""

    day: date
    hours: float
    role: str

    def __post_init__(self) -> None:
        if not 0 < self.hours <= 1000:
            raise ValueError(
                f"hours are what you can study until then, more than 0 and at most 1000; got {self.hours:g}"
            )
        if self.role not in ROLES:
            raise ValueError(f"no role {self.role!r}; choose one of: {', '.join(ROLES)}")


@dataclass(frozen=True)
class Step:
    """One topic on one day: all of it, or its core alone where the time is for no more."""

    day: date
    topic: Topic
    whole: bool
    minutes: int


@dataclass(frozen=True)
class Plan:
    """The steps in order, and the numbers of topics that the time does not reach."""

    wish: Wish
    steps: tuple[Step, ...]
    left_out: tuple[int, ...]

    @property
    def minutes(self) -> int:
        """Minutes of all steps."""
        return sum(step.minutes for step in self.steps)


def plan(topics: Sequence[Topic], wish: Wish, today: date, done: Iterable[int] = ()) -> Plan:
    """Choose and order topics for the time there is; RULE says how.

    Args:
        topics: in order of number. Those that are not written yet are left out.
        today: the first day of study; the day of the interview itself is free, unless it is today.
        done: numbers of the topics whose exercises are solved.

    Raises:
        ValueError: the day is past.
    """
    if wish.day < today:
        raise ValueError(f"{wish.day.isoformat()} is past; give the day of the interview")
    known = {topic.number: topic for topic in topics if topic.written}
    solved = set(done)
    budget = round(60 * wish.hours)
    whole: dict[int, bool] = {}  # in the order of the plan: True with exercise and Deeper part, False the core alone
    for group in _groups(known, wish.role):
        wanted = [number for number in group if number not in solved]
        for number in wanted:
            missing = [each for each in _with_needs(number, known) if each not in whole and each not in solved]
            cost = sum(known[each].card.minutes.core for each in missing)
            if missing and cost <= budget:
                budget -= cost
                whole |= dict.fromkeys(missing, False)
        for number in wanted:
            minutes = known[number].card.minutes
            if whole.get(number) is False and minutes.whole - minutes.core <= budget:
                budget -= minutes.whole - minutes.core
                whole[number] = True
    left_out = tuple(number for number in known if number not in whole and number not in solved)
    return Plan(wish, _in_days(whole, known, wish, today), left_out)


def summary(made: Plan) -> Say:
    """Say how much of the time is planned, and what it does not reach."""
    days = len({step.day for step in made.steps})
    hours = f"{made.minutes / 60:.1f}"
    left = ", ".join(f"{number:02d}" for number in made.left_out)
    return Say(
        f"{len(made.steps)} topics on {days} days, {hours} of {made.wish.hours:g} hours."
        + (f" Not reached: {left}." if left else ""),
        f"{days} 天学 {len(made.steps)} 个主题，安排 {hours} 小时，共有 {made.wish.hours:g} 小时。"
        + (f"未能安排：{left}。" if left else ""),
    )


def save(wish: Wish) -> Path:
    """Keep a wish for the start page, and return the file."""
    path = home() / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"day": wish.day.isoformat(), "hours": wish.hours, "role": wish.role}) + "\n", "utf-8")
    return path


def saved() -> Wish | None:
    """Return the wish that was kept; None when there is none or it cannot be read (nothing else depends on it)."""
    try:
        kept = json.loads((home() / _FILE).read_text("utf-8"))
        return Wish(date.fromisoformat(kept["day"]), float(kept["hours"]), str(kept["role"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _groups(known: dict[int, Topic], role: str) -> list[list[int]]:
    """The first road, the role's other topics, the rest: each without those before, easy ones first."""
    first = [number for number in ROADS[0].topics if number in known]
    others = sorted(known.keys() - set(first), key=lambda number: (LEVELS.index(known[number].card.level), number))
    of_role = [number for number in others if role in known[number].card.roles]
    return [first, of_role, [number for number in others if number not in of_role]]


def _with_needs(number: int, known: dict[int, Topic]) -> list[int]:
    """A topic after everything that it needs, each once."""
    needed = [int(each) for each in known[number].card.needs if int(each) in known]
    before = [each for need in needed for each in _with_needs(need, known)]
    return list(dict.fromkeys([*before, number]))


def _in_days(whole: dict[int, bool], known: dict[int, Topic], wish: Wish, today: date) -> tuple[Step, ...]:
    """Spread the topics over the days: a day ends when its share of the minutes is used."""
    days = max(1, (wish.day - today).days)
    needed = {
        number: known[number].card.minutes.whole if everything else known[number].card.minutes.core
        for number, everything in whole.items()
    }
    total, used, steps = sum(needed.values()), 0, []
    for number, minutes in needed.items():
        day = today + timedelta(days=used * days // total)
        steps.append(Step(day, known[number], whole[number], minutes))
        used += minutes
    return tuple(steps)
