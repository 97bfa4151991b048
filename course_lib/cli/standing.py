"""How far somebody is, as tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from course_lib.interview.memory import Review
from course_lib.interview.picture import Day
from course_lib.interview.readiness import RULE, Ready, by_role, weakest
from course_lib.interview.texts import COLON, ROLE_NAMES, titled
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
    from course_lib.interview.paper import Paper

    paper = Paper()
    counts = {name: sum(name in each.topic.card.roles for each in ready) for name in ROLE_NAMES}
    yours = {role: Say(" (yours)", "（你的）")}
    paper.grid(
        [
            (Say("Role", "岗位"), Say("Topics", "主题数"), Say("Readiness", "准备度")),
            *(
                (f"{ROLE_NAMES[name]}{yours.get(name, '')}", counts[name], _share(value))
                for name, value in by_role(ready).items()
            ),
        ]
    )
    paper.gap()
    heads = (Say("Topic", "主题"), Say("Checks", "检查"), Say("Quiz", "测验"), Say("Memory", "记忆"))
    paper.grid(
        [
            (*heads, Say("Readiness", "准备度")),
            *(
                (titled(each.topic, code), *map(_share, (each.checks, each.quiz, each.memory, each.whole)))
                for each in ready
            ),
        ]
    )
    paper.gap()
    if done:
        paper.grid(
            [
                (Say("Day", "日期"), Say("Exercises passed", "通过的练习"), Say("Answers", "作答")),
                *((day.day.isoformat(), ", ".join(day.passed) or "-", day.answers) for day in done[-LAST_DAYS:]),
            ]
        )
    else:
        paper.show(
            Say(
                "Nothing was done yet: `course quiz` and `course today` are good beginnings.",
                "还没有学习记录：可以先试试 `course quiz` 和 `course today`。",
            )
        )
    paper.gap()
    paper.show(Say("Weakest, the easiest first among equals:", "最薄弱的主题（相同时先列容易的）："))
    for each in weakest(ready, role=role):
        paper.line(f"{titled(each.topic, code)}{COLON}{_advice(each)}", indent=2)
    paper.gap()
    paper.show(Say(f"Memory is estimated for {target}. {RULE.en}", f"记忆按 {target} 估算。{RULE.zh}"))


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


def _share(value: float) -> Say:
    return Say(f"{100 * value:.0f} %", f"{100 * value:.0f}%")
