"""What a mock interview showed: strengths, gaps, and what to redo, in order. Nothing in this summary is a mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from course_lib import fields
from course_lib.card import LEVELS
from course_lib.catalog import Topic
from course_lib.interview.mock import Step
from course_lib.interview.reading import NumberSaid
from course_lib.interview.sections import Section, section_on
from course_lib.interview.session import Entry, Session
from course_lib.language import Say

Kind = Literal["said", "passed", "missed", "contradicted", "pitfall", "failed", "skipped"]
# What each costs in the order of what to redo: a wrong belief before a missing one.
WEIGHTS: dict[Kind, int] = {"contradicted": 3, "pitfall": 3, "failed": 2, "skipped": 2, "missed": 1}
KINDS: dict[Kind, Say] = {
    "said": Say("said", "说到了"),
    "passed": Say("check passed", "检查通过"),
    "missed": Say("not said", "没说到"),
    "contradicted": Say("sounds like the opposite", "听上去说反了"),
    "pitfall": Say("fell into a pitfall", "落入误区"),
    "failed": Say("check not passed", "检查未通过"),
    "skipped": Say("passed over", "跳过"),
}
STEPS = {
    "question": Say("Question", "提问"),
    "followup": Say("Follow-up", "追问"),
    "diagnose": Say("Read a table", "读表诊断"),
    "whiteboard": Say("Whiteboard", "白板题"),
    "defend": Say("Defend a number", "为数字辩护"),
}
VERDICTS = {
    "heard": Say("heard", "听到了"),
    "contradicted": Say("the opposite was heard", "听到的是反话"),
    "unsure": Say("unsure", "不确定"),
    "agrees": Say("agrees", "一致"),
    "disagrees": Say("disagrees", "不一致"),
    "unknown": Say("not measured here", "这里没有测过"),
}
STATUS = {
    "pass": Say("pass", "通过"),
    "fail": Say("fail", "未通过"),
    "todo": Say("to do", "待完成"),
    "error": Say("error", "出错"),
    "timeout": Say("timeout", "超时"),
}
RULE = Say(
    "The order: a wrong belief counts 3 (the opposite was said, a pitfall), an unsolved whiteboard or a step passed "
    "over 2, a point not said 1; the topic with the most comes first, easier topics first among equals.",
    "排序规则：错误的认识记 3（说反、落入误区），白板题没解出或跳过一步记 2，没说到的一点记 1；合计最多的主题排最前，"
    "相同则先易后难。",
)
NO_MARK = Say(
    "This is a checklist with evidence, not a mark. Your own word decides, and readiness is never computed from it.",
    "这是一份附证据的清单，不是分数。以你自己的判断为准；准备度从不由它计算。",
)


@dataclass(frozen=True)
class Finding:
    """One thing that was or was not there: `step` counts from 0, `sentence` is the answer's, "" without one."""

    kind: Kind
    step: int
    topic: str
    text: Say
    sentence: str
    section: Section


@dataclass(frozen=True)
class Redo:
    """A topic to take up again, the sections of its lesson and its exercise (from the course's folder), and why."""

    topic: Topic
    weight: int
    reasons: tuple[Finding, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections of the lesson, each once, in the order of what weighs most."""
        ordered = sorted(self.reasons, key=lambda each: -WEIGHTS[each.kind])
        return tuple(dict.fromkeys(each.section for each in ordered))

    @property
    def exercise(self) -> str:
        """The learner's copy of the exercise."""
        return f"workbook/{self.topic.name}.ipynb"


@dataclass(frozen=True)
class Report:
    """The summary of a session, whose topics are those of its steps by name."""

    session: Session
    topics: dict[str, Topic]
    strengths: tuple[Finding, ...]
    gaps: tuple[Finding, ...]
    redo: tuple[Redo, ...]

    @property
    def not_reached(self) -> tuple[int, ...]:
        """Steps that were never answered."""
        return tuple(range(len(self.session.entries), len(self.session.plan.steps)))


def report(session: Session, topics: Sequence[Topic]) -> Report:
    """Summarize a session.

    Raises:
        KeyError: the session asks about a topic that is not among `topics`.
    """
    known = {topic.name: topic for topic in topics}
    pairs = zip(session.plan.steps, session.entries, strict=False)
    found = [each for index, (step, entry) in enumerate(pairs) for each in _findings(index, step, entry, known)]
    strengths = tuple(each for each in found if each.kind not in WEIGHTS)
    gaps = tuple(each for each in found if each.kind in WEIGHTS)
    redo = [
        Redo(known[name], _weight(reasons), tuple(reasons))
        for name in dict.fromkeys(each.topic for each in gaps)
        if (reasons := [each for each in gaps if each.topic == name])
    ]
    redo.sort(key=lambda each: (-each.weight, LEVELS.index(each.topic.card.level), each.topic.number))
    used = {step.topic: known[step.topic] for step in session.plan.steps}
    return Report(session, used, strengths, gaps, tuple(redo))


def distinct(numbers: Sequence[NumberSaid]) -> tuple[NumberSaid, ...]:
    """Return the numbers of an answer, what is said of each once, however often it was typed."""
    return tuple({(each.text, each.verdict, each.measured): each for each in reversed(numbers)}.values())[::-1]


def _weight(reasons: Sequence[Finding]) -> int:
    """What a topic's gaps count together; a whiteboard counts once, however many of its checks did not pass."""
    once = {(each.step, each.kind): WEIGHTS[each.kind] for each in reasons if each.kind == "failed"}
    return sum(once.values()) + sum(WEIGHTS[each.kind] for each in reasons if each.kind != "failed")


def time_used(session: Session) -> Say:
    """Say how long it took, beside the plan."""
    used = session.seconds / 60
    over = Say(", over time", "，超时") if session.over else Say("", "")
    return Say(
        f"{used:.1f} of {session.plan.minutes} minutes used{over.en}.",
        f"用时 {used:.1f} 分钟，计划 {session.plan.minutes} 分钟{over.zh}。",
    )


def _findings(index: int, step: Step, entry: Entry, known: dict[str, Topic]) -> Iterator[Finding]:
    topic = known[step.topic]

    def found(kind: Kind, text: Say, sentence: str = "", about: Section | None = None) -> Finding:
        return Finding(kind, index, topic.name, text, sentence, about or _section(topic, step))

    if entry.skipped:
        yield found("skipped", _first_line(step.ask))
        return
    if step.kind == "whiteboard":
        yield from _board(step, entry, found)
        return
    heard = {each.point: each for each in entry.reading.points} if entry.reading else {}
    for place, (point, said) in enumerate(zip(step.points, entry.said, strict=False)):
        read = heard.get(place)
        opposite = read is not None and read.verdict == "contradicted" and not said
        kind: Kind = "said" if said else "contradicted" if opposite else "missed"
        sentence = read.sentence if read and (said or opposite) else ""
        yield found(
            kind,
            step.ask if step.kind == "followup" else point,
            sentence,
            _section(topic, step, place),
        )
    myths = Section(f"notebooks/{topic.name}.ipynb", "What the folk answer gets wrong")
    for fallen in entry.reading.pitfalls if entry.reading else ():
        yield found("pitfall", step.pitfalls[fallen.pitfall], fallen.sentence, myths)


def _board(step: Step, entry: Entry, found: Callable[..., Finding]) -> Iterator[Finding]:
    laws = entry.board.laws if entry.board else ()
    if all(law.status == "todo" for law in laws):  # never checked, or checked as it was handed out
        yield found("skipped", _first_line(step.ask))
        return
    for law in laws:
        yield found("passed" if law.status == "pass" else "failed", law.sentence)


def _section(topic: Topic, step: Step, point: int = -1) -> Section:
    """Where the lesson treats a step: a card's point where its number was measured, a table where it stands."""
    if step.exhibit is not None:
        return Section(f"notebooks/{topic.name}.ipynb", step.exhibit.section)
    card = topic.card.en
    if step.kind == "question" and 0 <= point < len(card.points):
        known = card.points[point]
        return section_on(topic, f"{known.text} {{{known.evidence}}}" if known.evidence else known.text)
    if step.kind == "question":
        return Section(f"notebooks/{topic.name}.ipynb", "")
    if step.kind == "followup":
        for each in card.followups:
            if each.q and fields.without(each.q).split() == fields.without(step.ask.en).split():
                return section_on(topic, f"{each.q} {each.a}")
    return section_on(topic, " ".join([step.ask.en, *(each.en for each in step.points)]))


def _first_line(say: Say) -> Say:
    def first(text: str) -> str:
        return text.strip().splitlines()[0].lstrip("# ").strip()

    return Say(first(say.en), first(say.zh))
