"""Which points of a card an answer says or contradicts, and which pitfalls it falls into, sentence by sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course_lib.interview.reading.cues import Cues, stands, together
from course_lib.interview.reading.polarity import dismissed, goes_on, hedged, sweeping
from course_lib.interview.reading.values import Heard
from course_lib.language import Say

_WIDEST = 3  # sentences side by side that may say one point together

_NOTHING = Say("No sentence of your answer speaks of this.", "你的回答里没有一句谈到这一点。")
_PART = Say(
    "This sentence comes near it. I cannot tell whether it says all of it.",
    "这一句说到了边上，是否说全了，我判断不了。",
)
_BOTH = Say("One sentence says it and another says the opposite.", "一句这么说，另一句又说反了。")
_DOUBT = Say(
    "These are the right words. But your answer falls into pitfalls, so look for yourself what they say.",
    "词是对的；但你的回答里有不止一个误区，这一句到底怎么说的，请自己判断。",
)
_SAID = Say("This says it.", "这里说到了。")
_OPPOSITE = Say("This sounds like the opposite. Is it what you mean?", "听上去说反了：你是这个意思吗？")


@dataclass(frozen=True)
class Sentence:
    """A sentence as typed, and what of it the speaker asserts (normal form, "" when nothing)."""

    typed: str
    said: str


def judge_point(
    index: int, cues: Cues, known: Sequence[Sentence], fallen: Mapping[str, frozenset[int]], language: str
) -> Heard:
    """Look for a point in each sentence, then in two and three neighbours.

    Args:
        index: the point's place on the card.
        cues: what to listen for.
        known: the answer.
        fallen: the sentences that fall into a pitfall, with the points that the pitfall denies; they earn nothing.
        language: "en" or "zh".
    """
    if not cues.groups:
        return Heard(index, "unsure", "", _NOTHING)
    denying = [sentence for sentence, denied in fallen.items() if index in denied]
    opposing = [each.typed for each in known if _opposes(cues, each.said, language)]
    against = next(iter([*opposing, *denying]), "")
    barred = {*opposing, *fallen}
    heard, near, most = "", "", 0.0
    for width in range(1, min(_WIDEST, max(len(cues.groups), 2)) + 1):
        for start in range(len(known) - width + 1):
            window = known[start : start + width]
            if any(each.typed in barred or not each.said for each in window):
                continue
            if together(cues.groups, [each.said for each in window], language):
                heard = heard or " ".join(each.typed for each in window)
            found = stands(cues.groups, window[0].said, language)
            if width == 1 and (share := found.count("for") / len(found)) > most:
                near, most = window[0].typed, share
        if heard:
            break
    if heard and against:
        return Heard(index, "unsure", against, _BOTH)
    if heard:
        return Heard(index, "heard", heard, _SAID)
    if against:
        return Heard(index, "contradicted", against, _OPPOSITE)
    return Heard(index, "unsure", near, _PART) if most > 0.5 else Heard(index, "unsure", "", _NOTHING)


def doubted(point: Heard) -> Heard:
    """Return a heard point as an unsure one: the rest of the answer speaks against it."""
    return Heard(point.point, "unsure", point.sentence, _DOUBT) if point.verdict == "heard" else point


def _opposes(cues: Cues, said: str, language: str) -> bool:
    """Return whether a sentence says the contrary of a point, and says it without a limit."""
    found = stands(cues.groups, said, language)
    needless = any(each.wanted is False for group in cues.groups for each in group)  # "needs no label" is the point
    contrary = "" not in found and ("against" in found or (dismissed(said, language) and not needless))
    contrary = contrary or any(together(groups, [said], language, closely=True) for groups in cues.against)
    if contrary and not sweeping(said, language) and together(cues.groups, [said], language):
        return False  # it says the point and something like its contrary, of different things
    return contrary and not _lifted(cues, said, language)


def falls_into(cues: Cues, known: Sequence[Sentence], language: str, limits: bool) -> str:
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
            if together(cues.groups, [one.said for one in window], language):
                lifted = _lifted if limits else _excepted
                if not any(lifted(cues, one.said, language) for one in window):
                    return " ".join(one.typed for one in window)
    return ""


def _lifted(cues: Cues, said: str, language: str) -> bool:
    subjects = [each.pattern for group in cues.groups for each in group if each.wanted is None]
    return hedged(said, language, subjects) or _excepted(cues, said, language)


def _excepted(cues: Cues, said: str, language: str) -> bool:
    """Return whether a sentence names an exception that makes the claim right: it has to mean it as one."""
    if not cues.unless or not cues.unless.search(said):
        return False
    return not sweeping(said, language)
