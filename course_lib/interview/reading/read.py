"""Read a typed answer against the card of its topic."""

from __future__ import annotations

from dataclasses import replace

from rapidfuzz import fuzz

from course_lib.card import Page
from course_lib.catalog import Topic
from course_lib.interview.reading.cues import compile_cues
from course_lib.interview.reading.judge import Sentence, doubted, falls_into, judge_point
from course_lib.interview.reading.numbers import compare_numbers
from course_lib.interview.reading.polarity import hedged, owned
from course_lib.interview.reading.sentences import is_list, normal, sentences, speaks, unquoted
from course_lib.interview.reading.typing_errors import mend, vocabulary
from course_lib.interview.reading.values import Fallen, NumberSaid, Reading
from course_lib.language import Say

_LONGEST = 20_000  # characters; who types more is not answering in sixty seconds
_REPEATS = 82.0
_DOUBTFUL = 2  # who falls into two pitfalls uses the words of a point mostly against it

_SHORT = Say("There is no whole sentence to read. Answer in sentences.", "没有一个完整的句子可读。请用句子回答。")
_QUESTION = Say("This only repeats the question.", "这只是重复了题目。")
_LIST = Say(
    "This is a list of keywords. Say in sentences what you claim about them.",
    "这只是一串关键词。请用句子说出你的主张。",
)


def read_answer(topic: Topic, answer: str, language: str) -> Reading:
    """Return what of the card an answer says, contradicts or falls into.

    Args:
        topic: the topic whose question was asked.
        answer: any text.
        language: "en" or "zh", the language of the answer.

    Raises:
        CardError: when the card cannot be read.
    """
    page = topic.card.page(language)
    known, remark = _listen(page, answer[:_LONGEST], language)
    pitfalls: list[Fallen] = []
    fallen: dict[str, frozenset[int]] = {}
    for index, pitfall in enumerate(page.pitfalls):
        limits = not any(hedged(normal(each, language), language) for each in sentences(pitfall.says))
        sentence = falls_into(compile_cues(pitfall.listen, language), known, language, limits)
        if sentence:
            pitfalls.append(Fallen(index, sentence))
            fallen[sentence] = fallen.get(sentence, frozenset()) | frozenset(pitfall.denies)
    points = tuple(
        judge_point(index, compile_cues(point.listen, language), known, fallen, language)
        for index, point in enumerate(page.points)
    )
    if len(pitfalls) >= _DOUBTFUL:
        points = tuple(doubted(point) for point in points)
    shown = [
        (
            each.typed,
            frozenset(point.point for point in points if point.verdict == "heard" and each.typed in point.sentence),
        )
        for each in known
    ]
    claimed = {each.typed: each.said for each in known}
    numbers = tuple(
        number if _said(number, claimed[number.sentence], language) else replace(number, verdict="unknown", measured="")
        for number in compare_numbers(page, topic.measured, shown)
    )
    return Reading(points, tuple(pitfalls), numbers, remark)


def _listen(page: Page, answer: str, language: str) -> tuple[list[Sentence], Say | None]:
    """Return the sentences that can earn something, and why none can, where none can."""
    typed = sentences(answer)
    if not typed:
        return [], _SHORT
    if is_list(answer, language):
        return [], _LIST
    plain = typed
    if language == "en":
        words = vocabulary(_cues(page))
        plain = tuple(mend(each, words) for each in typed)
    asked = " ".join(normal(each, language) for each in sentences(page.question))
    normals = [normal(unquoted(each, language), language) for each in plain]
    normals = ["" if _repeats(each, asked, language) else each for each in normals]
    own = owned(normals, language)
    spoken = [text if speaks(each, language) else "" for each, text in zip(typed, own, strict=True)]
    if any(spoken):
        return [Sentence(each, text) for each, text in zip(typed, spoken, strict=True)], None
    if not any(normals):
        return [], _QUESTION
    if any(speaks(each, language) for each in typed):
        return [], None
    return [], _LIST if any(len(each) > 12 for each in typed) else _SHORT


def _said(number: NumberSaid, said: str, language: str) -> bool:
    """Return whether a number is the speaker's own: one that others are quoted for agrees with nothing."""
    return not said or normal(number.text, language) in said


def _cues(page: Page) -> tuple[str, ...]:
    listens = [*(point.listen for point in page.points), *(pitfall.listen for pitfall in page.pitfalls)]
    return tuple(cue for listen in listens for cue in listen)


def _repeats(text: str, asked: str, language: str) -> bool:
    """Return whether a sentence (normal form) is the question again, whole or in part."""
    if language == "zh":
        return len(text) > 3 and fuzz.partial_ratio(text, asked) >= _REPEATS and len(text) <= 1.3 * len(asked)
    words = [word for word in text.split() if len(word) > 2]
    known = set(asked.split())
    if not words:
        return False
    shared = sum(word in known for word in words) / len(words)
    return shared >= 0.8 or fuzz.ratio(text, asked) >= _REPEATS
