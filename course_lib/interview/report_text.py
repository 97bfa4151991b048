"""A mock interview's report as lines of text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.interview.report import KINDS, NO_MARK, RULE, Finding, Report, time_used
from course_lib.interview.texts import ROLE_NAMES, plain
from course_lib.language import Say


def told(found: Report, language: str) -> Iterator[str]:
    """Yield the report line by line: what was said, what was not, what to redo in order, with where to look."""

    def say(en: str, zh: str) -> str:
        return Say(en, zh).to(language)

    session = found.session
    role = ROLE_NAMES[session.plan.role]
    done, total = len(session.entries), len(session.plan.steps)
    yield ""
    yield say(f"Mock interview, {role.en}, seed {session.plan.seed}: {done} of {total} steps.",
              f"模拟面试：{role.zh}，种子 {session.plan.seed}，完成 {done}/{total} 步。")  # fmt: skip
    yield say(f"{time_used(session).en} {NO_MARK.en}", time_used(session).zh + NO_MARK.zh)
    for head, group in ((say("Strengths", "做得好的"), found.strengths), (say("Gaps", "差距"), found.gaps)):
        yield ""
        yield head
        for each in group:
            yield f"  {_line(each, language)}"
        if not group:
            yield f"  {say('None noted.', '没有记录。')}"
    yield ""
    yield say("What to redo, in order", "接下来重做什么（按顺序）")
    for place, redo in enumerate(found.redo, 1):
        weight = say(f" (weight {redo.weight})", f"（权重 {redo.weight}）")
        yield f"  {place}. {redo.topic.number:02d} {redo.topic.card.page(language).title}{weight}"
        for section in redo.sections:
            yield f"     {say('lesson: ', '课程：')}{section.url}"
        yield f"     {say('exercise: ', '练习：')}{redo.exercise}"
    yield f"  {RULE.to(language)}" if found.redo else f"  {say('Nothing stood out.', '没有特别需要重做的。')}"


def _line(found: Finding, language: str) -> str:
    word = KINDS[found.kind].to(language)
    text = plain(found.text.to(language)).replace("\n", " ")
    quoted = f" «{found.sentence}»" if found.sentence else ""
    where = Say(f" (step {found.step + 1}): ", f"（第 {found.step + 1} 步）：").to(language)
    return f"{_MARKS[found.kind]} {word}{where}{text}{quoted}"


_MARKS = {"said": "+", "passed": "+", "missed": "-", "contradicted": "!", "pitfall": "!", "failed": "-", "skipped": "-"}
