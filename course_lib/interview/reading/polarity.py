"""Whether a text asserts what it mentions: negation, double negation, hedges, and myths quoted to be denied.

Everything works on the normal form (see `sentences.normal`); the words are in polarity.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from course_lib.interview.reading.sentences import stem

_REACH = {"en": 7, "zh": 12}  # words or characters between a negation and what it negates


def _patterns() -> dict[str, dict[str, re.Pattern[str]]]:
    tables = tomllib.loads(Path(__file__).with_name("polarity.toml").read_text("utf-8"))
    found: dict[str, dict[str, re.Pattern[str]]] = {}
    for name, table in tables.items():
        english = re.sub(r"(?<![\\a-z])[a-z]{4,}", lambda word: stem(word[0]), "|".join(table["en"]))
        found[name] = {"en": re.compile(english), "zh": re.compile("|".join(table["zh"]))}
    return found


_WORDS = _patterns()


def negated(text: str, start: int, end: int, language: str) -> bool:
    """Return whether `text[start:end]` stands under an odd number of negations.

    Args:
        text: a sentence in normal form.
        start, end: where the words stand.
        language: "en" or "zh".
    """
    before = text[:start]
    borders = list(_WORDS["border"][language].finditer(before))
    scope = before[borders[-1].end() :] if borders else before
    scope = " ".join(scope.split()[-_REACH["en"] :]) + " " if language == "en" else scope[-_REACH["zh"] :]
    scope = scope.replace("rather than", "ratherthan").replace("instead of", "insteadof")
    scope = re.sub(r"\bwithout(?= (?:\S+ ){3})", "·", scope)  # "without a tag" denies the tag, not the sentence
    scope = _WORDS["no_negation"][language].sub(lambda match: "·" * len(match[0]), scope)
    count = len(_WORDS["not"][language].findall(scope))
    frames = list(_WORDS["frame"][language].finditer(before))
    if frames and not _WORDS["contrast"][language].search(before[frames[-1].end() :]):
        inner = scope[max(len(scope) - (len(before) - frames[-1].end()), 0) :]
        count = 1 + len(_WORDS["not"][language].findall(inner))
    count += bool(_WORDS["after"][language].match(text[end:]))
    return count % 2 == 1


def hedged(text: str, language: str, subjects: Iterable[re.Pattern[str]] = ()) -> bool:
    """Return whether a sentence limits what it says: then it neither contradicts a point nor falls into a pitfall.

    "If the file runs, it is supported" limits nothing where `subjects` (what the cue speaks of) stand in the condition;
    "if you want it smaller, prune" states a wish. "It is faster if a kernel exists" does limit, unless the sentence
    speaks of everything and always.
    """
    if _WORDS["hedge"][language].search(text):
        return True
    known = list(subjects)
    if sweeping(text, language):
        return False
    for limit in _WORDS["condition"][language].finditer(text):
        clause = re.split(r"[,;:]|\bthen\b", text[limit.end() :])[0]
        if not any(subject.search(clause) for subject in known):
            return True
    return False


def sweeping(text: str, language: str) -> bool:
    """Return whether a sentence claims something of everything, for certain: then no exception is meant."""
    return bool(_WORDS["universal"][language].search(text)) and not _WORDS["turn"][language].search(text)


def turns(language: str) -> re.Pattern[str]:
    """Return the words at which a sentence turns to something else or to the contrary."""
    return _WORDS["turns"][language]


def dismissed(text: str, language: str) -> bool:
    """Return whether a sentence calls what it speaks of needless ("no need to ...")."""
    return bool(_WORDS["dismiss"][language].search(text))


def goes_on(text: str, language: str) -> bool:
    """Return whether a sentence draws its subject from the one before it ("so they are ...")."""
    return bool(_WORDS["goes_on"][language].match(text))


def owned(normals: list[str], language: str) -> list[str]:
    """Return the sentences (normal forms) with everything blanked that the speaker quotes, asks or denies.

    "First I ask: which constraint binds?" stays: who says what he asks says something.

    "People say that int8 is always faster, but the kernel decides" keeps "but the kernel decides".
    """
    found: list[str] = []
    for text in normals:
        if found and _WORDS["denies_before"][language].search(text):
            found[-1] = ""
        asked = text.rstrip().endswith("?") and not _WORDS["asks"][language].search(text)
        found.append("" if asked else _own(text, language))
    return found


def _own(text: str, language: str) -> str:
    contrast = _WORDS["contrast"][language]
    for denied in reversed(list(_WORDS["denied"][language].finditer(text))):
        # "but that is wrong" denies what stands before the "but"
        borders = [each for each in contrast.finditer(text[: denied.start()]) if denied.start() - each.end() > 8]
        text = f"{text[: borders[-1].start()] if borders else ''} , {text[denied.end() :]}"
    while others := _WORDS["others"][language].search(text):
        back = contrast.search(text, others.end())
        text = f"{text[: others.start()]} , {text[back.start() :] if back else ''}"
    return text
