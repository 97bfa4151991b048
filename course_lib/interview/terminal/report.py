"""The report of a session in a terminal: what was said, what was not, what to redo in order, with where to look."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from course_lib.catalog import Topic
from course_lib.interview.paper import Paper
from course_lib.interview.report import KINDS, NO_MARK, RULE, STEPS, Finding, Redo, Report, report, time_used
from course_lib.interview.session import Session
from course_lib.interview.texts import COLON, ROLE_NAMES, titled
from course_lib.language import Say

if TYPE_CHECKING:
    from rich.console import Console

_MARKS = {"said": "+", "passed": "+", "missed": "-", "contradicted": "!", "pitfall": "!", "failed": "-", "skipped": "-"}


def show_report(session: Session, topics: Sequence[Topic], console: Console) -> None:
    """Print the report of a session in its language."""
    _Written(report(session, topics), Paper(console), session.language).whole()


class _Written:
    def __init__(self, found: Report, paper: Paper, language: str) -> None:
        self.found, self.paper, self.language = found, paper, language

    def say(self, en: str, zh: str) -> str:
        return Say(en, zh).to(self.language)

    def whole(self) -> None:
        session, paper = self.found.session, self.paper
        role = ROLE_NAMES[session.plan.role]
        done, total = len(session.entries), len(session.plan.steps)
        paper.gap()
        paper.show(self.say(f"Mock interview, {role.en}, seed {session.plan.seed}: {done} of {total} steps.",
                            f"模拟面试：{role.zh}，种子 {session.plan.seed}，完成 {done}/{total} 步。"))  # fmt: skip
        time = time_used(session)
        paper.show(self.say(f"{time.en} {NO_MARK.en}", time.zh + NO_MARK.zh))
        self.findings(self.say("Strengths", "做得好的"), self.found.strengths)
        self.findings(self.say("Gaps", "差距"), self.found.gaps)
        self.redo()

    def findings(self, head: str, found: Sequence[Finding]) -> None:
        """Print findings, those of a step under its name."""
        self.paper.gap()
        self.paper.show(head)
        if not found:
            self.paper.show(self.say("None noted.", "没有记录。"), indent=2)
        for step, group in groupby(found, lambda each: each.step):
            kind = STEPS[self.found.session.plan.steps[step].kind]
            topic = self.found.topics[self.found.session.plan.steps[step].topic]
            title = titled(topic, self.language)
            self.paper.show(
                self.say(f"Step {step + 1}, {kind.en}: {title}", f"第 {step + 1} 步 {kind.zh}：{title}"), indent=2
            )
            for each in group:
                self.finding(each)

    def finding(self, found: Finding) -> None:
        quoted = f" «{found.sentence}»" if found.sentence else ""
        text = f"{KINDS[found.kind].to(self.language)}{COLON.to(self.language)}{found.text.to(self.language)}{quoted}"
        self.paper.card(text, indent=4, mark=f"{_MARKS[found.kind]} ")

    def redo(self) -> None:
        self.paper.gap()
        self.paper.show(self.say("What to redo, in order", "接下来重做什么（按顺序）"))
        for place, each in enumerate(self.found.redo, 1):
            self.again(place, each)
        self.paper.show(
            RULE.to(self.language) if self.found.redo else self.say("Nothing stood out.", "没有特别需要重做的。"),
            indent=2,
        )

    def again(self, place: int, redo: Redo) -> None:
        weight = self.say(f" (weight {redo.weight})", f"（权重 {redo.weight}）")
        self.paper.show(f"{titled(redo.topic, self.language)}{weight}", indent=2, mark=f"{place}. ")
        for section in redo.sections:  # a path is one word, to be copied
            self.paper.line(f"{self.say('lesson: ', '课程：')}{section.url}", indent=5)
        self.paper.line(f"{self.say('exercise: ', '练习：')}{redo.exercise}", indent=5)
