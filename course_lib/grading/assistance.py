"""`hint`, `solution` and `finish`: help in three steps, the answer after an attempt, and the table at the end."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from course_lib import catalog
from course_lib.catalog import Topic
from course_lib.grading.faults import CourseError
from course_lib.grading.progress import progress
from course_lib.grading.render import MARKS, WORDS
from course_lib.grading.results import Result
from course_lib.grading.run import grade, inert
from course_lib.language import Say, language

_MARKER = re.compile(r"^\s*# (?:BEGIN|END) SOLUTION\s*$\n?", re.MULTILINE)
_NAMES = (Say("concept", "概念"), Say("approach", "思路"), Say("almost the code", "接近代码"))


class NotPassed(AssertionError):
    """Raised by `finish` under COURSE_STRICT=1 when a task of the topic is not passed."""


@dataclass(frozen=True)
class Help:
    """A piece of help that shows itself: a title, and text or code."""

    title: Say
    body: str
    code: bool = False

    def __str__(self) -> str:
        return f"{self.title}\n\n{self.body}" if self.body else str(self.title)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        tag = "pre" if self.code else "p"
        style = "white-space:pre-wrap"
        body = f'<{tag} style="{style}">{escape(self.body)}</{tag}>' if self.body else ""
        return f'<div class="course-help" lang="{language()}"><b>{escape(str(self.title))}</b>{body}</div>'


def hint(task: str) -> Help | None:
    """Show the next of the task's three hints: the concept, the approach, almost the code.

    Raises:
        ValueError: when there is no such task, or it has no hints.
    """
    if inert():
        return None
    wanted, topic = catalog.task_id(task), catalog.topic(task)
    hints = topic.card.page(language()).hints.get(wanted[-1]) or topic.card.en.hints.get(wanted[-1])
    if not hints:
        raise CourseError(f"task {wanted} has no hints yet")
    number = progress().next_hint(wanted, len(hints))
    kind = _NAMES[number - 1] if len(hints) == len(_NAMES) else Say("", "")
    title = Say(
        f"Hint {number} of {len(hints)} for {wanted}" + (f": {kind.en}" if kind.en else ""),
        f"{wanted} 的提示 {number}/{len(hints)}" + (f"：{kind.zh}" if kind.zh else ""),
    )
    return Help(title, hints[number - 1].strip())


def solution(task: str) -> Help | None:
    """Show one right answer, once you have checked an attempt of your own.

    Raises:
        ValueError: when there is no such task, or its topic is not written.
    """
    if inert():
        return None
    wanted, topic = catalog.task_id(task), catalog.topic(task)
    code = solution_code(topic, wanted)
    if not progress().attempted(wanted):
        return Help(
            Say(
                f'The solution of {wanted} opens after your first attempt: write something, run check("{wanted}").',
                f'先动手写一点，再运行 check("{wanted}")：尝试过一次之后，{wanted} 的参考答案就会打开。',
            ),
            "",
        )
    return Help(Say(f"One right answer to {wanted}", f"{wanted} 的一种正确写法"), code, code=True)


def solution_code(topic: Topic, task: str) -> str:
    """Return the code cells of one task from the topic's exercise.py, without the region markers.

    Raises:
        CourseError: when the file or the task's cells are missing.
    """
    path = topic.folder / "exercise.py"
    if not path.is_file():
        raise CourseError(f"topic {topic.number:02d} has no solution yet ({topic.name} is not written)")
    text = path.read_text("utf-8")
    if "# BEGIN SOLUTION" not in text:  # a kit's folder for learners
        raise CourseError(
            str(
                Say(
                    "this copy of the course comes without its answers: whoever teaches it has them",
                    "这份课程不含参考答案：请向讲师索取",
                )
            )
        )
    found = re.search(r"\{\{task:" + task[-1] + r"\}\}(?P<cells>.*?)(?=\{\{task:|\Z)", text, re.DOTALL)
    cells = re.split(r"^# %%", found["cells"], flags=re.MULTILINE) if found else []
    code = [_MARKER.sub("", cell.partition("\n")[2]).strip() for cell in cells if "# BEGIN SOLUTION" in cell]
    if not code:
        raise CourseError(f"topics/{topic.name}/exercise.py has no solution region for {task}")
    return "\n\n\n".join(code) + "\n"


def finish(topic: str | int, namespace: Mapping[str, Any] | None = None, *, seed: int = 0) -> None:
    """Check every task of the topic once more and print the grade table, in both languages.

    The text depends on the answers alone. It is the last cell of an exercise.

    Raises:
        NotPassed: under COURSE_STRICT=1, when a task is not passed.
        ValueError: when there is no such topic, or it is not written.
    """
    if inert():
        return
    names = sys._getframe(1).f_globals if namespace is None else namespace
    found = catalog.topic(topic)
    results = [grade(task, names, seed=seed) for task in found.tasks]
    print(table(results))
    missing = [f"{each.task} ({each.points} of {each.of} points)" for each in results if not each.passed]
    if missing and os.environ.get("COURSE_STRICT") == "1":
        raise NotPassed(f"not passed: {', '.join(missing)}; run check() on each task to see why")


def table(results: list[Result]) -> str:
    """Return the grade table of `finish`: per task the points and the verdict, per law its status."""
    lines = []
    for result in results:
        verdict = "passed 通过" if result.passed else "not passed yet 尚未通过"
        lines.append(f"Task 任务 {result.task}  {result.points}/{result.of}  {verdict}")
        for each in result.outcomes:
            word = WORDS[each.status]
            lines.append(f"  {MARKS[each.status]} {word.en} {word.zh}  {each.points}/{each.of}  {each.sentence.en}")
            lines.append(f"      {each.sentence.zh}")
    total, of = sum(each.points for each in results), sum(each.of for each in results)
    passed = sum(each.passed for each in results)
    lines.append(f"Sum 合计  {total}/{of}  {passed} of {len(results)} tasks passed 题通过")
    return "\n".join(lines)
