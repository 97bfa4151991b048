"""Small typing errors in English words, mended towards the words that a card listens for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA, Indel

from course_lib.interview.reading.lexicon import lexicon
from course_lib.interview.reading.sentences import normal

_LONG = re.compile(r"[a-z]{7,}")  # shorter words have too many neighbours: "loss" and "lost" are two words


@dataclass(frozen=True)
class Vocabulary:
    """The long words of a card's cues and of the lexicon, as written and as stems."""

    words: frozenset[str]
    stems: frozenset[str]


@lru_cache(maxsize=128)
def vocabulary(listen: tuple[str, ...]) -> Vocabulary:
    """Return the words of `listen`, all entries of a card's page in one language."""
    words = frozenset(_LONG.findall(" ".join((*listen, *_lexicon())).lower()))
    return Vocabulary(words, frozenset(normal(word, "en") for word in words))


def _lexicon() -> Iterable[str]:
    return (phrase for phrases in lexicon().words["en"].values() for phrase in phrases)


def mend(text: str, known: Vocabulary) -> str:
    """Return a sentence in lower case, each unknown long word replaced by the one known word it was meant to be.

    Meant: the same first letter, and one letter too many, one too few, or two neighbours exchanged. A letter in place
    of another is no typing error here, for "internal" is not "interval".
    """
    return _LONG.sub(lambda match: _mended(match[0], known), text.lower())


@lru_cache(maxsize=16384)
def _mended(word: str, known: Vocabulary) -> str:
    if normal(word, "en") in known.stems:
        return word
    near = {other for other in known.words if other[0] == word[0] and _slip(word, other)}
    return min(near) if len({normal(other, "en") for other in near}) == 1 else word


def _slip(word: str, other: str) -> bool:
    if len(word) == len(other):
        return sorted(word) == sorted(other) and OSA.distance(word, other, score_cutoff=1) == 1
    return abs(len(word) - len(other)) == 1 and Indel.distance(word, other, score_cutoff=1) == 1
