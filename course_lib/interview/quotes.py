"""Sentences of a card that can be quoted alone, with numbers in them, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from course_lib import fields
from course_lib.catalog import Topic
from course_lib.language import Say

Value = float | int | str
_SHORTEST = 40  # characters beside its numbers: less is a fragment
# What speaks of something that was said before it: how such a sentence begins, and words that point out of it.
_LEANS = re.compile(
    r"(?:They|Its?|That|This|And|But|Nor|Or|So|Then|Giving|In return|Not because|Done|All of|With the|Carried|What"
    r"|Ours|Paired|The (?:most|lossy|big|file|search|cache|payoff|converted)|Sharing|Huffman|Channels of|Confidential"
    r"|[A-Z][a-z]+ed (?:on|to|by|as))\b"
    r"|.*\b(?:[Ii]ts?|they|them|ours|did|such|these|those|that (?:kept|second)|beyond that|the same int4)\b",
    re.DOTALL,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*|\n+")


def quotable(topic: Topic) -> Iterator[Say]:
    """Yield sentences of a topic's answer, their fields not filled: both languages have the same numbers in them."""
    english, chinese = (_sentences(page.answer) for page in (topic.card.en, topic.card.zh))
    told: set[str] = set()
    for sentence in english:
        names = fields.names(sentence)
        other = next((each for each in chinese if set(names) == set(fields.names(each))), "")
        if not names or not other or names[0] in told:
            continue
        if _LEANS.match(sentence) or len(fields.without(sentence)) < _SHORTEST:
            continue
        told.add(names[0])
        yield Say(sentence, other)


def filled(say: Say, numbers: Mapping[str, Value]) -> Say:
    """Return a text with its numbers. Raises FieldError when one is missing, or of another kind."""
    return Say(fields.fill(say.en, numbers), fields.fill(say.zh, numbers))


def names_of(*texts: Say) -> tuple[str, ...]:
    """Return the names of the fields in texts, each once, in the order of the English."""
    return tuple(dict.fromkeys(name for say in texts for text in (say.en, say.zh) for name in fields.names(text)))


def number_in(say: Say, name: str, numbers: Mapping[str, Value]) -> Say:
    """Return one number as a text states it, `3.1` for `{speedup:.1f}`, in both languages."""

    def one(text: str) -> str:
        found = re.search(rf"\{{{name}(?::[^{{}}]*)?\}}", text)
        return fields.fill(found[0], numbers) if found else short(numbers[name])

    return Say(one(say.en), one(say.zh))


def short(value: Value) -> str:
    """Return a number with four digits."""
    return value if isinstance(value, str) else f"{value:.4g}"


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]
