"""What can be asked about measured numbers: one function for each kind of question, with what a good defence says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from course_lib import fields
from course_lib.catalog import Topic
from course_lib.interview import predicted
from course_lib.interview.quotes import filled, names_of, number_in, quotable
from course_lib.interview.rubric import (
    FAR,
    SAME_FILE,
    Numbers,
    apart,
    backing,
    difference,
    known,
    machine,
    shown_in,
    source_of,
    withdrawn,
)
from course_lib.language import Say

Kind = Literal["predicted", "differs", "refute", "method"]
KINDS: tuple[Kind, ...] = ("predicted", "differs", "refute", "method")
_BESIDE = re.compile(r"\b(?:next cell|cell below)\b")  # what only the lesson's page shows

_THEIRS = Say(
    "(The course's numbers, not yours; lesson {0} gives you your own.) ",
    "（这是课程的数字，不是你的；跑一遍第 {0} 课就有自己的。）",
)
_METHOD = {
    "counted": Say(
        "How was that counted: in which file, by what tool, against what, and what would make you withdraw it?",
        "这是怎么数出来的：数的哪个文件、用什么工具、跟什么比？看到什么你会收回这句话？",
    ),
    "judged": Say(
        "How was that measured: what was held fixed, on how many samples, and what would make you withdraw it?",
        "这是怎么测的：固定了什么、多少样本、看到什么你会收回这句话？",
    ),
    "timed": Say(
        "How was that measured: what was held fixed, how many runs, which average, and what would make you withdraw "
        "it?",
        "这是怎么测的：固定了什么、跑了多少次、取的什么平均？看到什么你会收回这句话？",
    ),
}


@dataclass(frozen=True)
class Challenge:
    """A question about one number: `mine` is False when it is the course's. `points` are what a good defence says."""

    topic: Topic
    name: str
    kind: Kind
    mine: bool
    ask: Say
    points: tuple[Say, ...]


def all_of(topic: Topic, numbers: Numbers) -> Iterator[Challenge]:
    """Yield every question that one topic's numbers allow.

    A number that is missing, or of another kind than the course's, is asked about in no way: a run of another version
    of the lesson recorded it.
    """
    yield from _predicted(topic, numbers)
    for sentence in quotable(topic):
        if known(sentence, numbers):
            names = names_of(sentence)
            found = _differs if any(map(numbers.apart, names)) and _looks_other(sentence, numbers) else _method
            yield found(topic, sentence, names, numbers)
    yield from _refutable(topic, numbers)


def _predicted(topic: Topic, numbers: Numbers) -> Iterator[Challenge]:
    """A prediction that was wrong: what was believed, and what corrected it."""
    for name, question in predicted.questions(topic).items():
        guess, found = numbers.predicted.get(name), numbers.measured.get(name)
        if guess is None or found is None or not (question.offers(guess) and question.offers(found)):
            continue
        if apart(guess, found) <= FAR:
            continue  # it was right: nothing to explain
        said, real = question.named(guess), question.named(found)
        ask = Say(
            f"Before lesson {topic.number:02d} you were asked: “{question.ask.en}”\n"
            f"You said {said.en}; your run measured {real.en}. What did you believe, and what corrected it?",
            f"第 {topic.number:02d} 课运行之前问过你：“{question.ask.zh}”\n"
            f"你答的是 {said.zh}，你自己的运行测得 {real.zh}。你当时是怎么想的？是什么纠正了它？",
        )
        first = Say(
            f"Says it plainly: predicted {said.en}, measured {real.en}; and names what the guess left out.",
            f"坦白说：预测 {said.zh}，实测 {real.zh}；并指出当时漏想了什么。",
        )
        behind = backing(topic, (name,), numbers) or shown_in(topic, question.ask.en)
        yield Challenge(topic, name, "predicted", numbers.mine, ask, (first, *behind, *machine(question.ask)))


def _differs(topic: Topic, sentence: Say, names: tuple[str, ...], numbers: Numbers) -> Challenge:
    """Another number than the course's: does the sentence still hold?"""
    other = [name for name in names if numbers.apart(name)][:2]
    quote = filled(sentence, numbers.measured)
    ours, theirs = ([number_in(sentence, name, of) for name in other] for of in (numbers.measured, numbers.course))
    ask = Say(
        f"Your run of lesson {topic.number:02d} says: “{quote.en}”\nWhere you have "
        f"{' and '.join(each.en for each in ours)}, the course has {' and '.join(each.en for each in theirs)}. Does "
        "your sentence still hold as it stands, and why do the numbers differ?",
        f"你跑第 {topic.number:02d} 课的结果是：“{quote.zh}”\n你的是 {'、'.join(each.zh for each in ours)}，课程的是 "
        f"{'、'.join(each.zh for each in theirs)}。你的那句话还成立吗？数字为什么不同？",
    )
    points = [difference(sentence, name, numbers) for name in other]
    why = machine(sentence) or (SAME_FILE,)
    return Challenge(topic, other[0], "differs", numbers.mine, ask, (*points, *backing(topic, names, numbers), *why))


def _refutable(topic: Topic, numbers: Numbers) -> Iterator[Challenge]:
    """What people say, against what was measured; left out where this learner's numbers are others."""
    for en, zh in zip(topic.card.en.pitfalls, topic.card.zh.pitfalls, strict=True):
        says, why, costs = Say(en.says, zh.says), Say(en.why, zh.why), Say(en.costs, zh.costs)
        names = names_of(why)
        both = set(fields.names(why.en)) == set(fields.names(why.zh))
        measured = all(known(each, numbers) for each in (says, why, costs))
        if not both or not measured or any(map(numbers.apart, names)) or _BESIDE.search(why.en):
            continue
        if all(isinstance(numbers.course[name], str) for name in names):
            continue  # no number to refute with
        whose = Say("", "") if numbers.mine else _theirs(topic)
        claim = filled(says, numbers.measured)
        ask = Say(
            f"A colleague says: “{claim.en}”\n{whose.en}Refute it with what was measured in lesson "
            f"{topic.number:02d}, in numbers, and say what believing it costs.",
            f"同事说：“{claim.zh}”\n{whose.zh}请用第 {topic.number:02d} 课测到的数字反驳，并说出信了它要付什么代价。",
        )
        points = (filled(why, numbers.measured), filled(costs, numbers.measured), *machine(why))
        yield Challenge(topic, names[0], "refute", numbers.mine, ask, points)


def _method(topic: Topic, sentence: Say, names: tuple[str, ...], numbers: Numbers) -> Challenge:
    """What stands behind a number."""
    quote, how = filled(sentence, numbers.measured), source_of(sentence)
    whose = Say("", "") if numbers.mine else _theirs(topic)
    says = Say("Your run says: ", "你自己的运行结果是：") if numbers.mine else Say("You say: ", "你说：")
    ask = Say(
        f"{says.en}“{quote.en}”\n{whose.en}{_METHOD[how].en}", f"{says.zh}“{quote.zh}”\n{whose.zh}{_METHOD[how].zh}"
    )
    points = (
        *shown_in(topic, sentence.en),
        *backing(topic, names, numbers),
        *withdrawn(sentence),
    )
    return Challenge(topic, names[0], "method", numbers.mine, ask, points)


def _looks_other(sentence: Say, numbers: Numbers) -> bool:
    """True when the sentence reads otherwise; 0.01 and 0.02 are far apart, and both "0.0 points"."""
    return filled(sentence, numbers.measured).en != filled(sentence, numbers.course).en


def _theirs(topic: Topic) -> Say:
    number = f"{topic.number:02d}"
    return Say(_THEIRS.en.format(number), _THEIRS.zh.format(number))
