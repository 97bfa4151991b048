"""What the author of a card listens for (`listen` on a point or a pitfall), and where an answer says it.

Each entry of `listen` is one group, alternatives separated by `|`; all groups have to be found:

- `"zeros | prune"`: one of these words or phrases. The words of a phrase stand in this order and close together.
- `"+same size | -smaller"`: a claim. What follows `+` has to be asserted, what follows `-` denied ("not smaller"); said
  the other way round, or by its opposite in lexicon.toml ("bigger"), the point is contradicted.
- `"against zeros & file & +smaller"`: who says all of this in one sentence contradicts the point, too.
- `"unless gzip | download"`: a sentence with one of these neither contradicts the point nor falls into the pitfall.

Phrases stand for all their synonyms in lexicon.toml and glossary.toml; inflections and small typing errors are
overlooked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from course_lib.interview.reading.lexicon import lexicon
from course_lib.interview.reading.polarity import negated, turns
from course_lib.interview.reading.sentences import normal

Stand = Literal["for", "against", ""]
_CLOSE = {"en": 110, "zh": 40}  # the same for what contradicts a point
_REACH = {"en": 160, "zh": 60}  # characters of the normal form within which all groups of a point have to stand


@dataclass(frozen=True)
class Alternative:
    """A phrase and its synonyms as one pattern; `wanted`: True for `+`, False for `-`, else None (a subject)."""

    pattern: re.Pattern[str]
    wanted: bool | None
    opposite: re.Pattern[str] | None


Group = tuple[Alternative, ...]


@dataclass(frozen=True)
class Cues:
    """The groups of one point or pitfall, the groups that contradict it, and what lifts a contradiction."""

    groups: tuple[Group, ...]
    against: tuple[tuple[Group, ...], ...]
    unless: re.Pattern[str] | None


@lru_cache(maxsize=2048)
def compile_cues(listen: tuple[str, ...], language: str) -> Cues:
    """Return the cues of a `listen` (see the module's text) for answers in "en" or "zh"."""
    groups, against, unless = [], [], []
    for entry in listen:
        if entry.startswith("unless "):
            unless += [text.strip() for text in entry.removeprefix("unless ").split("|")]
        elif entry.startswith("against "):
            against.append(tuple(_group(text, language) for text in entry.removeprefix("against ").split("&")))
        else:
            groups.append(_group(entry, language))
    lifted = [word for text in unless for word in lexicon().synonyms(text, language)]
    return Cues(tuple(groups), tuple(against), _pattern(lifted, language) if lifted else None)


def _group(text: str, language: str) -> Group:
    return tuple(_alternative(each.strip(), language) for each in text.split("|"))


def _alternative(text: str, language: str) -> Alternative:
    wanted = {"+": True, "-": False}.get(text[0])
    phrase = (text if wanted is None else text[1:].strip()).lower()
    opposite = lexicon().opposite(phrase, language) if wanted is not None else ()
    return Alternative(
        _pattern(lexicon().synonyms(phrase, language), language),
        wanted,
        _pattern(opposite, language) if opposite else None,
    )


def _pattern(phrases: Iterable[str], language: str) -> re.Pattern[str]:
    """Compile phrases to one pattern over the normal form: at most two words (six characters) between two words."""
    gap = r"(?: [^\s,;:()?!\u2014]+){0,2} " if language == "en" else r"[^,;:()?!。、]{0,6}?"
    found = []
    for phrase in sorted(set(phrases), key=lambda each: (-len(each), each)):
        pieces = phrase.split() if language == "zh" else [phrase]
        words = [re.escape(word) for piece in pieces for word in normal(piece, language).split()]
        if not words:
            continue
        if language == "zh":  # a Latin word ends where Latin letters end
            words = [
                re.sub(r"^(?=[a-z0-9])", r"(?<![a-z0-9])", re.sub(r"(?<=[a-z])$", r"s?(?![a-z])", w)) for w in words
            ]
        found.append(gap.join(words))
    pattern = "|".join(found)
    return re.compile(rf"(?<!\S)(?:{pattern})(?!\S)" if language == "en" else pattern)


def stand(group: Group, text: str, language: str) -> Stand:
    """Return whether a sentence (normal form) says one alternative of `group`, says its contrary, or neither."""
    return "for" if (found := _said(group, text, language)).places else "against" if found.contrary else ""


def stands(groups: Iterable[Group], text: str, language: str) -> tuple[Stand, ...]:
    """Return the stand of each group in one sentence."""
    return tuple(stand(group, text, language) for group in groups)


def together(groups: tuple[Group, ...], texts: Iterable[str], language: str, *, closely: bool = False) -> bool:
    """Return whether neighbouring sentences say all groups close together.

    What stands far apart in a long sentence, or in the first and the last of three, is seldom one thought. `closely`:
    nothing that turns the sentence stands between ("zeros leave the file alone, but the download is smaller").
    """
    reach = _CLOSE[language] if closely else _REACH[language]
    said = list(texts)
    whole = " ".join(said)
    joined = 0
    places: list[list[tuple[int, int]]] = [[] for _ in groups]
    for text in said:
        for index, group in enumerate(groups):
            places[index] += [(joined + start, joined + end) for start, end in _said(group, text, language).places]
        joined += len(text) + 1
    if not groups or not all(places):
        return False
    starts = sorted(start for each in places for start, _ in each)
    return any(
        all(any(start >= first and end <= until for start, end in each) for each in places)
        for first in starts
        for until in [min(first + reach, _turn(whole, first, language)) if closely else first + reach]
    )


def _turn(text: str, start: int, language: str) -> int:
    """Return where the sentence next turns after `start`."""
    found = turns(language).search(text, start)
    return found.start() if found else len(text)


@dataclass(frozen=True)
class _Said:
    """Where a sentence says a group, and whether it says the contrary."""

    places: tuple[tuple[int, int], ...]
    contrary: bool


@lru_cache(maxsize=8192)
def _said(group: Group, text: str, language: str) -> _Said:
    places, contrary = [], False
    for alternative in group:
        for match in alternative.pattern.finditer(text):
            wanted = alternative.wanted
            if wanted is None or wanted != negated(text, match.start(), match.end(), language):
                places.append(match.span())
            else:
                contrary = True
        for match in alternative.opposite.finditer(text) if alternative.opposite else ():
            if not negated(text, match.start(), match.end(), language):
                if alternative.wanted is False:
                    places.append(match.span())
                else:
                    contrary = True
    return _Said(tuple(places), contrary)
