"""The plan of a timed mock interview: a pure function of topics, role, minutes, seed and the learner's own numbers.

Questions come by level, easy to hard, each with its follow-ups; then a table to diagnose, a task at the whiteboard, and
numbers to defend. Every step has its minutes, and they add up to no more than were asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from course_lib.card import LEVELS, ROLES
from course_lib.catalog import Topic
from course_lib.interview.defend import Own, challenges
from course_lib.interview.diagnose import diagnoses
from course_lib.interview.exhibits import Exhibit
from course_lib.interview.texts import filler
from course_lib.interview.whiteboard import statement, tasks
from course_lib.language import Say

Kind = Literal["question", "followup", "diagnose", "whiteboard", "defend"]
SHORTEST, LONGEST = 10, 90
SPEAK_SECONDS, FOLLOWUP_SECONDS = 60, 40  # an answer out loud; comparing it comes on top
_QUESTION, _FOLLOWUP, _DEFEND = 2, 1, 2  # minutes: an answer and the time to compare it
# How many questions of each level: with one, of medium; from three on, all levels.
_LEVELS = {1: (1,), 2: (0, 2)}


@dataclass(frozen=True)
class Step:
    """One thing that the interviewer asks.

    Attributes:
        kind: question, followup, diagnose, whiteboard or defend.
        topic: the name of the topic's folder.
        level: the topic's level.
        minutes: the budget, thinking and comparing included.
        ask: what is said.
        points: what a good answer says, one by one; for a whiteboard nothing, its checks say it.
        model: a good answer in one piece, None where the points are all.
        pitfalls: what people say to this question, and why it is wrong (questions only).
        exhibit: the table to diagnose.
        task: the exercise at the whiteboard, "10B", or "".
    """

    kind: Kind
    topic: str
    level: str
    minutes: int
    ask: Say
    points: tuple[Say, ...] = ()
    model: Say | None = None
    pitfalls: tuple[Say, ...] = ()
    exhibit: Exhibit | None = None
    task: str = ""

    @property
    def speak(self) -> int:
        """Seconds to answer out loud."""
        return FOLLOWUP_SECONDS if self.kind == "followup" else SPEAK_SECONDS


@dataclass(frozen=True)
class Plan:
    """A whole mock interview. `own` is False when the numbers to defend are the course's."""

    role: str
    minutes: int
    seed: int
    own: bool
    steps: tuple[Step, ...]

    @property
    def planned(self) -> int:
        """Minutes of all steps, at most `minutes`."""
        return sum(step.minutes for step in self.steps)


def plan(topics: Sequence[Topic], role: str, minutes: int, seed: int, own: Own | None = None) -> Plan:
    """Plan a mock interview.

    Args:
        topics: all topics; those that are not written or not for the role are left out.
        role: mobile, embedded or research.
        minutes: from 10 to 90.
        seed: decides every choice; the same arguments give the same plan on every machine.
        own: what the learner's own runs measured; nothing by default.

    Raises:
        ValueError: an unknown role, too few or too many minutes, or no topic for the role.
    """
    if role not in ROLES:
        said = ", ".join(ROLES)
        raise ValueError(str(Say(f"no role {role!r}; the roles are {said}", f"没有岗位 {role!r}；可选：{said}")))
    if not SHORTEST <= minutes <= LONGEST:
        raise ValueError(
            str(
                Say(
                    f"a mock interview takes from {SHORTEST} to {LONGEST} minutes; got {minutes}",
                    f"模拟面试的时长是 {SHORTEST} 到 {LONGEST} 分钟；给的是 {minutes}",
                )
            )
        )
    known = [topic for topic in topics if topic.written and role in topic.card.roles and topic.card.en.points]
    if not known:
        raise ValueError(f"no topic for the role {role} is written yet")
    rng = Random(f"{seed}/{role}/{minutes}")  # a string is hashed the same way everywhere
    board, table, defences = _shares(minutes)
    rest = minutes - board - table - defences * _DEFEND
    asks = 2 if minutes < 45 else 3
    count = max(1, min(rest // (_QUESTION + asks * _FOLLOWUP), len(known)))
    asks = min(asks, rest // count - _QUESTION)
    chosen = _by_level(known, count, rng)
    steps = [step for topic in chosen for step in _questions(topic, asks, rng)]
    taken = {topic.name for topic in chosen}
    steps += _diagnosis(known, taken, table, rng)
    left = minutes - sum(step.minutes for step in steps) - defences * _DEFEND
    steps.append(_whiteboard(known, taken, min(left, 2 * board), rng))
    defended = challenges(known, own or Own(), rng, defences)
    steps += [
        Step("defend", each.topic.name, each.topic.card.level, _DEFEND, each.ask, each.points) for each in defended
    ]
    return Plan(role, minutes, seed, any(each.mine for each in defended), tuple(steps))


def _shares(minutes: int) -> tuple[int, int, int]:
    """Minutes at the whiteboard and for the table, and how many numbers are to be defended."""
    return (
        max(4, min(15, round(0.3 * minutes))),
        max(2, min(5, round(0.1 * minutes))),
        1 if minutes < 20 else 2 if minutes < 50 else 3,
    )


def _by_level(known: Sequence[Topic], count: int, rng: Random) -> list[Topic]:
    """Choose topics, easy ones first; levels in turn, and where one is used up another stands in."""
    pools = [[topic for topic in known if topic.card.level == level] for level in LEVELS]
    for pool in pools:
        rng.shuffle(pool)
    wanted = _LEVELS.get(count) or tuple(index % 3 for index in range(count))
    chosen: list[Topic] = []
    for level in wanted:
        near = sorted(range(len(pools)), key=lambda other, level=level: (abs(other - level), other))  # type: ignore[misc]
        pool = next((pools[other] for other in near if pools[other]), [])
        if pool:
            chosen.append(pool.pop())
    return sorted(chosen, key=lambda topic: LEVELS.index(topic.card.level))  # stable: equals stay shuffled


def _questions(topic: Topic, asks: int, rng: Random) -> list[Step]:
    """The topic's question and some of its follow-ups."""
    fill, card = filler(topic), topic.card

    def say(en: str, zh: str) -> Say:
        return Say(fill(en), fill(zh))

    opening = Step(
        "question",
        topic.name,
        card.level,
        _QUESTION,
        say(card.en.question, card.zh.question),
        tuple(say(en.text, zh.text) for en, zh in zip(card.en.points, card.zh.points, strict=True)),
        say(card.en.answer, card.zh.answer),
        tuple(
            say(f"“{en.says}” {en.why}", f"“{zh.says}”{zh.why}")
            for en, zh in zip(card.en.pitfalls, card.zh.pitfalls, strict=True)
        ),
    )
    pairs = list(zip(card.en.followups, card.zh.followups, strict=True))
    picked = sorted(rng.sample(range(len(pairs)), min(asks, len(pairs))))
    return [
        opening,
        *(
            Step("followup", topic.name, card.level, _FOLLOWUP, say(en.q, zh.q), (say(en.a, zh.a),))
            for en, zh in (pairs[index] for index in picked)
        ),
    ]


def _diagnosis(known: Sequence[Topic], taken: set[str], minutes: int, rng: Random) -> list[Step]:
    """One table, of a topic that was not asked about where there is one."""
    found = diagnoses(known)
    if not found:
        return []
    fresh = [each for each in found if each.topic.name not in taken]
    chosen = rng.choice(fresh or list(found))
    taken.add(chosen.topic.name)
    return [
        Step(
            "diagnose",
            chosen.topic.name,
            chosen.topic.card.level,
            minutes,
            chosen.ask,
            chosen.shows,
            exhibit=chosen.exhibit,
        )
    ]


def _whiteboard(known: Sequence[Topic], taken: set[str], minutes: int, rng: Random) -> Step:
    """One exercise whose solution can be written in the time: about two minutes to begin, then two lines a minute."""
    every = [(lines, task, topic) for topic in known for task, lines in tasks(topic)]
    within = [each for each in every if each[0] <= 2 * max(2, minutes - 2)] or [min(every, key=lambda each: each[:2])]
    fresh = [each for each in within if each[2].name not in taken]
    _, task, topic = rng.choice(fresh or within)
    return Step("whiteboard", topic.name, topic.card.level, minutes, statement(topic, task), task=task)
