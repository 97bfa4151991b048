"""Read a typed answer against the card of its topic."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz import fuzz

from course_lib.catalog import Topic
from course_lib.interview.reading.cues import Cues, Stand, compile_cues, in_window
from course_lib.interview.reading.numbers import compare_numbers
from course_lib.interview.reading.polarity import goes_on, hedged, owned
from course_lib.interview.reading.sentences import normal, sentences, speaks
from course_lib.interview.reading.values import Fallen, Heard, Reading
from course_lib.language import Say

_LONGEST = 20_000  # characters; who types more is not answering in sixty seconds
_REPEATS = 82.0

_NOTHING = Say("No sentence of your answer speaks of this.", "你的回答里没有一句谈到这一点。")
_PART = Say(
    "This sentence comes near it. I cannot tell whether it says all of it.",
    "这一句说到了边上，是否说全了，我判断不了。",
)
_BOTH = Say("One sentence says it and another says the opposite.", "一句这么说，另一句又说反了。")
_SAID = Say("This sentence says it.", "这一句说到了。")
_OPPOSITE = Say("This sentence says the opposite.", "这一句说反了。")
_SHORT = Say("There is no whole sentence to read. Answer in sentences.", "没有一个完整的句子可读。请用句子回答。")
_QUESTION = Say("This only repeats the question.", "这只是重复了题目。")
_LIST = Say(
    "This is a list of keywords. Say in sentences what you claim about them.",
    "这只是一串关键词。请用句子说出你的主张。",
)


@dataclass(frozen=True)
class _Sentence:
    """A sentence as typed, and what of it the speaker asserts (normal form)."""

    typed: str
    said: str


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
    known, remark = _listen(page.question, answer[:_LONGEST], language)
    points = tuple(
        _point(index, compile_cues(point.listen, language), known, language) for index, point in enumerate(page.points)
    )
    pitfalls = []
    for index, pitfall in enumerate(page.pitfalls):
        limits = not any(hedged(normal(each, language), language) for each in sentences(pitfall.says))
        sentence = _falls(compile_cues(pitfall.listen, language), known, language, limits)
        if sentence:
            pitfalls.append(Fallen(index, sentence))
    shown = [
        (
            each.typed,
            frozenset(point.point for point in points if point.verdict == "heard" and each.typed in point.sentence),
        )
        for each in known
    ]
    numbers = compare_numbers(page, topic.measured, shown)
    return Reading(points, tuple(pitfalls), numbers, remark)


def _listen(question: str, answer: str, language: str) -> tuple[list[_Sentence], Say | None]:
    """Return the sentences that can earn something, and why none can, where none can."""
    typed = sentences(answer)
    if not typed:
        return [], _SHORT
    asked = " ".join(normal(each, language) for each in sentences(question))
    normals = ["" if _repeats(normal(each, language), asked, language) else normal(each, language) for each in typed]
    own = owned(normals, language)
    spoken = [text if speaks(each, language) else "" for each, text in zip(typed, own, strict=True)]
    if any(spoken):
        return [_Sentence(each, text) for each, text in zip(typed, spoken, strict=True)], None
    if not any(normals):
        return [], _QUESTION
    if any(speaks(each, language) for each in typed):
        return [], None
    return [], _LIST if any(len(each) > 12 for each in typed) else _SHORT


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


def _point(index: int, cues: Cues, known: list[_Sentence], language: str) -> Heard:
    """Look for a point in each sentence, then in each two neighbours."""
    if not cues.groups:
        return Heard(index, "unsure", "", _NOTHING)
    heard, against, near, most = "", "", "", 0.0
    for width in (1, 2):
        for start in range(len(known) - width + 1):
            window = known[start : start + width]
            stands = in_window(cues.groups, [each.said for each in window], language)
            typed = " ".join(each.typed for each in window)
            if all(stand == "for" for stand in stands):
                heard = heard or typed
            elif width == 1 and _opposes(cues, stands, window[0].said, language):
                against = against or typed
            share = sum(stand == "for" for stand in stands) / len(stands)
            if width == 1 and share > most:
                near, most = typed, share
        if heard:
            break
    if heard and against:
        return Heard(index, "unsure", against, _BOTH)
    if heard:
        return Heard(index, "heard", heard, _SAID)
    if against:
        return Heard(index, "contradicted", against, _OPPOSITE)
    return Heard(index, "unsure", near, _PART) if most > 0.5 else Heard(index, "unsure", "", _NOTHING)


def _opposes(cues: Cues, stands: tuple[Stand, ...], said: str, language: str) -> bool:
    """Return whether a sentence says the contrary of a point, and says it without a limit."""
    contrary = "" not in stands or any(
        all(stand == "for" for stand in in_window(groups, [said], language)) for groups in cues.against
    )
    return contrary and not _lifted(cues, said, language)


def _falls(cues: Cues, known: list[_Sentence], language: str, limits: bool) -> str:
    """Return the sentence that asserts a pitfall, "" when none does; "so ..." belongs to the sentence before it.

    `limits`: a limited claim ("if", "may") is not the pitfall; False where the pitfall is one itself.
    """
    for index, each in enumerate(known):
        windows = [[each]]
        for before in reversed(known[max(index - 2, 0) : index]):
            if not before.typed.endswith((";", "；")) and not goes_on(windows[-1][0].said, language):
                break
            windows.append([before, *windows[-1]])
        for window in windows:
            stands = in_window(cues.groups, [one.said for one in window], language)
            if stands and all(stand == "for" for stand in stands):
                lifts = _lifted if limits else _excepted
                if not any(lifts(cues, one.said, language) for one in window):
                    return " ".join(one.typed for one in window)
    return ""


def _lifted(cues: Cues, said: str, language: str) -> bool:
    subjects = [each.pattern for group in cues.groups for each in group if each.wanted is None]
    return hedged(said, language, subjects) or _excepted(cues, said, language)


def _excepted(cues: Cues, said: str, _language: str) -> bool:
    return bool(cues.unless and cues.unless.search(said))
