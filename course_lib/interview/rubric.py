"""What a good defence of a number says: where it comes from, what backs it, and what would make one withdraw it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from course_lib import fields
from course_lib.catalog import Topic
from course_lib.interview.exhibits import how_measured
from course_lib.interview.quotes import Value, filled, names_of, number_in
from course_lib.interview.sections import section_on
from course_lib.language import Say

Source = Literal["counted", "judged", "timed"]
FAR = 0.10  # a number that is further than this from another is another number
# Sentences about time: a defence names the machine. Sizes and accuracies are the same on another one.
_TIMED = re.compile(
    r"\b(time|faster|slower|fast|latency|speed\w*|seconds?|ms|µs|inferences?|threads?)\b"
)  # Sentences about answers, on images that were drawn: other images would give other numbers.
_JUDGED = re.compile(
    r"\b(accuracy|points?|answers|class(?:es)?|classifier|images|labels|predictions|logits|outputs|student|teacher"
    r"|trainings|draws|control|distil|deployments|damage|front|confidence|answer|deadlines|SQNR|alarm)\b"
)
_MACHINE = Say(
    "Names the machine, the threads, the delegate and the number of runs with the number, and says that a phone's is "
    "another one.",
    "给数字的同时说明机器、线程数、delegate 和次数，并说清手机上会是另一个数。",
)
_WITHDRAW = {
    "counted": Say(
        "Names what would make you withdraw it: another version of the tool, or a fairer file to compare with, and "
        "the difference is gone.",
        "说得出什么会让你收回这句话：换个工具版本，或换一个更公平的比较对象，差别就没了。",
    ),
    "judged": Say(
        "Names what would make you withdraw it: other images or another seed, and the number moves by as much as you "
        "claim.",
        "说得出什么会让你收回这句话：换一批图片或换个种子，数字的变动就和你主张的差距一样大。",
    ),
    "timed": Say(
        "Names what would make you withdraw it: the two files measured in turn, on an idle machine, in a second run, "
        "and the ratio does not come back.",
        "说得出什么会让你收回这句话：在空闲的机器上交替测两个文件，重跑一遍，比值却重现不了。",
    ),
}
_ONE_RUN = Say(
    "Says what one run cannot: one machine, one data set; what repetition or other seeds would add.",
    "说得出一次运行说明不了什么：一台机器、一个数据集；重复或换种子会补上什么。",
)
SAME_FILE = Say(
    "Says why a number that is no time should be the same on every machine, and looks for what was not: the version, "
    "the seed, the data, a changed line.",
    "说得出不是计时的数本应处处相同，并去找哪里不同：版本、种子、数据，或改过的某一行。",
)


@dataclass(frozen=True)
class Numbers:
    """The numbers of one topic that a question may be about: those measured, the course's, and what was predicted."""

    measured: Mapping[str, Value]
    course: Mapping[str, Value]
    predicted: Mapping[str, Value]
    mine: bool

    def apart(self, name: str) -> bool:
        """True when a number is another than the course's."""
        return apart(self.measured[name], self.course[name]) > FAR


def apart(mine: Value, theirs: Value) -> float:
    """How far two numbers are apart, as a share of the second; text is either the same or not."""
    if isinstance(mine, str) or isinstance(theirs, str):
        return float(str(mine) != str(theirs))
    return abs(mine - theirs) / max(abs(theirs), 1e-9)


def known(say: Say, numbers: Numbers) -> bool:
    """True when all numbers of a text were measured, here and in the course, and fit their places."""
    if not set(names_of(say)) <= set(numbers.measured) & set(numbers.course):
        return False
    try:
        filled(say, numbers.measured)
    except fields.FieldError:
        return False
    return all(
        isinstance(numbers.measured[name], str) == isinstance(numbers.course[name], str) for name in names_of(say)
    )


def source_of(sentence: Say) -> Source:
    """Say where a sentence's numbers come from: a clock, answers to images, or a file."""
    if _TIMED.search(sentence.en):
        return "timed"
    return "judged" if _JUDGED.search(sentence.en) else "counted"


def machine(sentence: Say) -> tuple[Say, ...]:
    """What has to be said beside a time; nothing for a sentence about other things."""
    return (_MACHINE,) if _TIMED.search(sentence.en) else ()


def backing(topic: Topic, names: tuple[str, ...], numbers: Numbers) -> tuple[Say, ...]:
    """The card's points that these numbers back, at most two, with the same numbers in them."""
    found = []
    for en, zh in zip(topic.card.en.points, topic.card.zh.points, strict=True):
        text = Say(en.text, zh.text)
        if en.evidence in names or set(names) & set(names_of(text)):
            found.append(filled(text, numbers.measured if known(text, numbers) else numbers.course))
    return tuple(found[:2])


def shown_in(topic: Topic, english: str) -> tuple[Say, ...]:
    """Where the lesson treats a text, and how its table was measured."""
    section = section_on(topic, english)
    if not section.heading:
        return ()
    told = how_measured(topic, section.heading)
    en, zh = (f": {told.en}", f"：{told.zh}") if told else ("", "")
    return (
        Say(
            f"Says how, as lesson {topic.number:02d} does under “{section.heading}”{en}",
            f"说得出测法，如第 {topic.number:02d} 课 “{section.heading}” 一节{zh}",
        ),
    )


def difference(sentence: Say, name: str, numbers: Numbers) -> Say:
    """Say what a number is here and in the course, and what that does to the sentence."""
    mine, theirs = numbers.measured[name], numbers.course[name]
    here, there = number_in(sentence, name, numbers.measured), number_in(sentence, name, numbers.course)
    if isinstance(mine, str) or isinstance(theirs, str):
        return Say(f"{here.en} here, {there.en} there.", f"你的是 {here.zh}，课程的是 {there.zh}。")
    change = f" ({100 * (mine - theirs) / abs(theirs):+.0f} %)" if theirs else ""
    ratio = re.search(rf"\{{{name}(?::[^{{}}]*)?\}}(?:x\b| times)", sentence.en)
    turned = ratio is not None and (mine - 1) * (theirs - 1) < 0
    end = (
        Say(" The two lie on either side of 1: the conclusion turns.", "两个比值分在 1 的两侧：结论反过来了。")
        if turned
        else Say(" Its direction is the same, its size is not.", "方向没变，大小变了。")
        if ratio
        else Say("", "")
    )
    return Say(
        f"{here.en} here, {there.en} there{change}.{end.en}", f"你的是 {here.zh}，课程的是 {there.zh}{change}。{end.zh}"
    )


def withdrawn(sentence: Say) -> tuple[Say, ...]:
    """What would make one withdraw a sentence, and what its number does not say."""
    source = source_of(sentence)
    return (_WITHDRAW[source], *machine(sentence), *((_ONE_RUN,) if source == "judged" else ()))
