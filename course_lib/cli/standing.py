"""How far somebody is, as tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from course_lib.interview.memory import Review
from course_lib.interview.picture import Day
from course_lib.interview.readiness import RULE, Ready, by_role, weakest
from course_lib.interview.texts import ROLE_NAMES
from course_lib.language import Say

LAST_DAYS = 14


def days(attempts: Iterable[tuple[datetime, str, int, bool]], reviews: Iterable[Review]) -> list[Day]:
    """Return the days on which something was done, in order.

    Args:
        attempts: when, which task, points, passed; oldest first (from `Progress.history`).
        reviews: answers to quiz questions and cards.
    """
    passed: dict[str, date] = {}
    for at, task, _, whole in attempts:
        if whole:
            passed.setdefault(task, at.astimezone().date())
    answered = [each.at.astimezone().date() for each in reviews]
    return [
        Day(day, tuple(task for task, when in passed.items() if when == day), answered.count(day))
        for day in sorted({*passed.values(), *answered})
    ]


def show(ready: Sequence[Ready], done: Sequence[Day], code: str, role: str | None, target: date) -> None:
    """Print readiness per role and topic, what was done when, what to do next, and the rule.

    Args:
        ready: from `readiness.readiness`.
        done: from `days`.
        code: the language of the titles.
        role: the learner's, whose weakest topics are named; None for all.
        target: the day for which the memory is estimated.
    """
    from rich.console import Console

    from course_lib.cli.asking import Screen

    screen, console = Screen(), Console(highlight=False)
    roles = _table((Say("Role", "岗位"), Say("Topics", "主题数"), Say("Readiness", "准备度")), "lrr")
    for name, value in by_role(ready).items():
        mine = Say(" (yours)", "（你的）") if name == role else ""
        count = sum(name in each.topic.card.roles for each in ready)
        roles.add_row(f"{ROLE_NAMES[name]}{mine}", str(count), _share(value))
    console.print(roles)
    screen.gap()

    heads = (Say("Topic", "主题"), Say("Checks", "检查"), Say("Quiz", "测验"), Say("Memory", "记忆"))
    topics = _table((*heads, Say("Readiness", "准备度")), "lrrrr")
    for each in ready:
        title = f"{each.topic.number:02d} {each.topic.card.page(code).title}"
        topics.add_row(title, *(_share(value) for value in (each.checks, each.quiz, each.memory, each.whole)))
    console.print(topics)
    screen.gap()

    if done:
        calendar = _table((Say("Day", "日期"), Say("Exercises passed", "通过的练习"), Say("Answers", "作答")), "llr")
        for day in done[-LAST_DAYS:]:
            calendar.add_row(day.day.isoformat(), ", ".join(day.passed) or "-", str(day.answers))
        console.print(calendar)
    else:
        screen.show(
            Say(
                "Nothing was done yet: `course quiz` and `course today` are good beginnings.",
                "还没有学习记录：可以先试试 `course quiz` 和 `course today`。",
            )
        )
    screen.gap()
    screen.show(Say("Weakest, the easiest first among equals:", "最薄弱的主题（相同时先列容易的）："))
    for each in weakest(ready, role=role):
        title = f"{each.topic.number:02d} {each.topic.card.page(code).title}"
        screen.line(str(Say(f"{title}: {_advice(each)}", f"{title}：{_advice(each)}")), indent=2)
    screen.gap()
    screen.show(Say(f"Memory is estimated for {target}. {RULE.en}", f"记忆按 {target} 估算。{RULE.zh}"))


def _advice(each: Ready) -> Say:
    """What would raise the topic most: the part whose missing share weighs most."""
    from course_lib.interview.readiness import CHECKS, MEMORY, QUIZ

    number, name = f"{each.topic.number:02d}", each.topic.name
    missing = {
        "checks": CHECKS * (1 - each.checks),
        "quiz": QUIZ * (1 - each.quiz),
        "memory": MEMORY * (1 - each.memory),
    }
    part = max(missing, key=lambda key: missing[key])
    return {
        "checks": Say(f"do the exercise, workbook/{name}.ipynb", f"做练习 workbook/{name}.ipynb"),
        "quiz": Say(f"course quiz {number}", f"course quiz {number}"),
        "memory": Say("course today", "course today"),
    }[part]


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _table(heads: Sequence[Say], sides: str) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for head, side in zip(heads, sides, strict=True):
        table.add_column(str(head), justify="left" if side == "l" else "right", no_wrap=side == "r")
    return table
