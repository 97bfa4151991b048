"""Defend your numbers: questions about what this learner's own runs of the lessons measured.

The interviewer quotes the card's answer with the learner's numbers in it, and asks what stands behind them. Where no
lesson was run, the numbers are the course's, and the question says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from course_lib import fields
from course_lib.catalog import Topic
from course_lib.language import Say

Value = float | int | str
Kind = Literal["predicted", "differs", "method"]
KINDS: tuple[Kind, ...] = ("predicted", "differs", "method")
FAR = 0.10  # a number that is further than this from the course's has to be explained
# How sentences begin that cannot be quoted alone.
_LEANS = re.compile(r"(Its?|They|That|This|And|But|Nor|Or|So|Then|Giving it|In return)\b")
_SHORTEST = 30  # characters beside its numbers: less is a fragment
# Sentences about time: a defence names the machine. Sizes and accuracies are the same on another one.
_TIMED = re.compile(r"\b(time|faster|slower|fast|latency|speed\w*|seconds?|ms|µs|inferences?|threads?)\b")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*|\n+")

_COURSE = Say(
    "You have no run of your own to speak of here, so this is the course's number, not yours. ",
    "你还没有自己跑过相关课程，所以下面是课程的数字，不是你的。",
)
_MINE = Say("Your run says: ", "你自己的运行结果是：")
_MACHINE = Say(
    "Names the machine, the threads, the delegate and the number of runs with the number, and says that a phone's is "
    "another one.",
    "给数字的同时说明机器、线程数、delegate 和次数，并说清手机上会是另一个数。",
)
_HELD = Say(
    "Says what it was measured on, how many samples or runs stand behind it and what was held fixed, and names one "
    "result that would make you withdraw it.",
    "说得出在什么上测的、背后有多少样本或多少次运行、固定了什么，并举出一个会让你收回这句话的结果。",
)
_ONE_RUN = Say(
    "Says what one run cannot: one machine, one data set; what repetition or other seeds would add.",
    "说得出一次运行说明不了什么：一台机器、一个数据集；重复或换种子会补上什么。",
)
_NOT_MINE = Say(
    "Says that these were measured by somebody else, and which lesson to run to have numbers of one's own.",
    "承认这是别人测的，并说得出该跑哪一课才能有自己的数字。",
)


@dataclass(frozen=True)
class Own:
    """What this learner's runs recorded and what they predicted, by topic and name."""

    records: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    predictions: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)


@dataclass(frozen=True)
class Challenge:
    """A question about one number: `mine` is False when it is the course's. `points` are what a good defence says."""

    topic: Topic
    name: str
    kind: Kind
    mine: bool
    ask: Say
    points: tuple[Say, ...]


def own_numbers(topics: Sequence[Topic]) -> Own:
    """Return what the learner's progress holds (under COURSE_HOME)."""
    from course_lib.grading.progress import progress

    kept = progress()
    records = {topic.name: kept.records(topic.name) for topic in topics}
    predictions = {topic.name: kept.predictions(topic.name) for topic in topics}
    return Own(
        {name: values for name, values in records.items() if values},
        {name: values for name, values in predictions.items() if values},
    )


def challenges(topics: Sequence[Topic], own: Own, rng: Random, count: int) -> tuple[Challenge, ...]:
    """Choose questions about numbers, the learner's own before the course's.

    Of the own ones, those that were predicted come first, then those that differ from the course's, then the others;
    each topic is asked once before one is asked again. Numbers of the course fill what is left.

    A sentence is quoted only where both languages have one with the same numbers.

    Args:
        topics: where numbers may come from.
        own: the learner's.
        rng: decides among equals.
        count: how many, fewer only where there are no more.
    """
    mine = [each for topic in topics for each in _of(topic, own)]
    theirs = [each for topic in topics for each in _of(topic, None)]
    chosen: list[Challenge] = []
    for pool in (mine, theirs):
        rng.shuffle(pool)
        pool.sort(key=lambda each: KINDS.index(each.kind))
        asked = {(each.topic.name, each.name) for each in chosen}
        first: dict[str, Challenge] = {}
        for each in pool:
            first.setdefault(each.topic.name, each)
        rest = [each for each in pool if first[each.topic.name] is not each]
        chosen += [each for each in [*first.values(), *rest] if (each.topic.name, each.name) not in asked]
    return tuple(chosen[:count])


def _of(topic: Topic, own: Own | None) -> Iterator[Challenge]:
    """Every question that one topic's numbers allow; `own` None for the course's numbers."""
    course = topic.measured
    numbers = course if own is None else own.records.get(topic.name, {})
    guesses = {} if own is None else own.predictions.get(topic.name, {})
    said = _sentences(topic.card.en.answer), _sentences(topic.card.zh.answer)
    told: set[str] = set()
    for sentence in said[0]:
        names = fields.names(sentence)
        chinese = next((each for each in said[1] if set(names) == set(fields.names(each))), "")
        quoted = {*names, *fields.names(chinese)}
        if not names or not chinese or not quoted <= set(numbers) or not quoted <= set(course) or names[0] in told:
            continue
        if _LEANS.match(sentence) or len(fields.without(sentence)) < _SHORTEST:
            continue
        told.add(names[0])
        pair = Say(sentence, chinese)
        try:
            yield _challenge(topic, pair, names, dict(numbers), dict(course), dict(guesses), mine=own is not None)
        except fields.FieldError:
            continue  # a run of another version of the lesson recorded another kind of value


def _challenge(
    topic: Topic,
    sentence: Say,
    names: Sequence[str],
    numbers: dict[str, Value],
    course: dict[str, Value],
    guesses: dict[str, Value],
    *,
    mine: bool,
) -> Challenge:
    quote = _filled(sentence, numbers)
    guessed = next((name for name in names if name in guesses), None)
    apart = [name for name in names if mine and _apart(numbers[name], course[name]) > FAR]
    backing = _backing(topic, names, numbers)
    machine = (_MACHINE,) if _TIMED.search(sentence.en) else ()
    if guessed:
        guess, found = _short(guesses[guessed]), _short(numbers[guessed])
        ask = Say(
            f"Your run says: “{quote.en}” Before it you had predicted {guess} for `{guessed}`. What did you "
            "believe, and "
            "what corrected it?",
            f"你自己的运行结果是：“{quote.zh}”而在运行之前，你对 `{guessed}` 的预测是 {guess}。你当时是怎么想的？"
            "是什么纠正了它？",
        )
        first = Say(
            f"Says it plainly: predicted {guess}, measured {found}; and names what the guess left out.",
            f"坦白说：预测 {guess}，实测 {found}；并指出当时漏想了什么。",
        )
        return Challenge(topic, guessed, "predicted", mine, ask, (first, *backing, *machine))
    if apart:
        theirs = _filled(sentence, course)
        ask = Say(
            f"On your machine: “{quote.en}” On the course's: “{theirs.en}” Does your sentence still hold as it "
            "stands, and "
            "why do the numbers differ?",
            f"你的机器上：“{quote.zh}”课程的机器上：“{theirs.zh}”你的那句话还成立吗？数字为什么不同？",
        )
        points = tuple(_difference(name, numbers[name], course[name]) for name in apart[:2])
        return Challenge(topic, apart[0], "differs", mine, ask, (*points, *backing, *machine))
    ask = Say(
        f"“{quote.en}” How was that measured: what was held fixed, on how many samples, and what would make you "
        "withdraw "
        "it?",
        f"“{quote.zh}”这是怎么测的：固定了什么、多少样本、看到什么你会收回这句话？",
    )
    whose = _MINE if mine else _COURSE
    ask = Say(whose.en + ask.en, whose.zh + ask.zh)
    points = (*backing, _HELD, *machine, _ONE_RUN if mine else _NOT_MINE)
    return Challenge(topic, names[0], "method", mine, ask, points)


def _backing(topic: Topic, names: Sequence[str], numbers: dict[str, Value]) -> tuple[Say, ...]:
    """The card's points that these numbers back, at most two, with the same numbers in them."""
    found = []
    for en, zh in zip(topic.card.en.points, topic.card.zh.points, strict=False):
        if en.evidence in names or set(names) & set(fields.names(en.text)):
            used = {*fields.names(en.text), *fields.names(zh.text)}
            found.append(_filled(Say(en.text, zh.text), numbers if used <= set(numbers) else dict(topic.measured)))
    return tuple(found[:2])


def _difference(name: str, mine: Value, theirs: Value) -> Say:
    if isinstance(mine, str) or isinstance(theirs, str):
        return Say(f"`{name}`: {mine} here, {theirs} there.", f"`{name}`：你的是 {mine}，课程的是 {theirs}。")
    change = f"{100 * (mine - theirs) / abs(theirs):+.0f}%" if theirs else "?"
    turned = (mine - 1) * (theirs - 1) < 0 and min(mine, theirs) > 0.1 and max(mine, theirs) < 10
    end = (
        Say(
            " The two lie on either side of 1: if it is a ratio, the conclusion turns.",
            "两个数分在 1 的两侧：若是比值，结论就反了。",
        )
        if turned
        else Say("", "")
    )
    return Say(
        f"`{name}`: {_short(mine)} here, {_short(theirs)} there ({change}).{end.en}",
        f"`{name}`：你的是 {_short(mine)}，课程的是 {_short(theirs)}（{change}）。{end.zh}",
    )


def _filled(say: Say, numbers: Mapping[str, Value]) -> Say:
    return Say(fields.fill(say.en, numbers), fields.fill(say.zh, numbers))


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def _apart(mine: Value, theirs: Value) -> float:
    """How far two numbers are apart, as a share of the course's; text is either the same or not."""
    if isinstance(mine, str) or isinstance(theirs, str):
        return float(mine != theirs)
    return abs(mine - theirs) / max(abs(theirs), 1e-9)


def _short(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"
