"""Words that mean the same in an answer, in both languages, and words that mean the opposite (`lexicon.toml`).

The terms of the course come from `glossary.toml`, where each English word has its Chinese one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from course_lib.home import course_root
from course_lib.interview.reading.sentences import normal

_FILE = Path(__file__).with_name("lexicon.toml")


@dataclass(frozen=True)
class Lexicon:
    """`words[language][normal form of a phrase]` are all phrases that mean the same, itself included."""

    words: Mapping[str, Mapping[str, tuple[str, ...]]]
    opposites: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def synonyms(self, phrase: str, language: str) -> tuple[str, ...]:
        """Return what means the same as `phrase`, or the phrase alone."""
        return self.words[language].get(normal(phrase, language), (phrase,))

    def opposite(self, phrase: str, language: str) -> tuple[str, ...]:
        """Return what means the opposite of `phrase`; () when the lexicon knows none."""
        return self.opposites[language].get(normal(phrase, language), ())


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the lexicon with the glossary's terms, read once.

    Raises:
        ValueError: when lexicon.toml gives one phrase to two concepts, or names an opposite that it does not have.
    """
    concepts = tomllib.loads(_FILE.read_text("utf-8"))
    words: dict[str, dict[str, tuple[str, ...]]] = {"en": {}, "zh": {}}
    opposites: dict[str, dict[str, tuple[str, ...]]] = {"en": {}, "zh": {}}
    for name, concept in concepts.items():
        other = concept.get("opposite")
        if other and other not in concepts:
            raise ValueError(f"{_FILE.name} [{name}]: no concept {other!r}")
        # Who speaks Chinese uses English words among the Chinese ones, and not the other way round.
        for language, own in (("en", concept["en"]), ("zh", [*concept["zh"], *concept["en"]])):
            against = concepts[other] if other else {"en": [], "zh": []}
            for phrase in (normal(each, language) for each in [*own, name]):
                if words[language].get(phrase, tuple(own)) != tuple(own):
                    raise ValueError(f"{_FILE.name} [{name}]: {phrase!r} belongs to another concept too")
                words[language][phrase] = tuple(own)
                opposites[language][phrase] = tuple(against[language] + (against["en"] if language == "zh" else []))
    for english, chinese in _glossary().items():
        for phrase in (normal(english, "zh"), normal(chinese, "zh")):
            known = words["zh"].get(phrase, (phrase,))
            words["zh"][phrase] = tuple(dict.fromkeys((*known, english, chinese)))
    return Lexicon(words, opposites)


def _glossary() -> dict[str, str]:
    path = course_root() / "glossary.toml"
    if not path.is_file():  # a course in a folder of its own, as in tests
        return {}
    tables = tomllib.loads(path.read_text("utf-8"))
    return {english.lower(): chinese.lower() for table in tables.values() for english, chinese in table.items()}
