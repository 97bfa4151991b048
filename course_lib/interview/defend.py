"""Defend your numbers: questions about what this learner's own runs of the lessons measured.

What was predicted wrongly, what is another number than the course's, what refutes a colleague, and what stands behind
a sentence. Where no lesson was run, the numbers are the course's, and the question says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from course_lib.catalog import Topic
from course_lib.interview.defences import KINDS, Challenge, all_of
from course_lib.interview.quotes import Value
from course_lib.interview.rubric import Numbers


@dataclass(frozen=True)
class Own:
    """What this learner's runs recorded and what they predicted, by topic and name."""

    records: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    predictions: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)


def own_numbers(topics: Sequence[Topic]) -> Own:
    """Return what the learner's progress holds (under COURSE_HOME)."""
    from course_lib.grading.progress import progress

    kept = progress()
    records = {topic.name: kept.records(topic.name) for topic in topics}
    predictions = {topic.name: kept.predictions(topic.name) for topic in topics}
    return Own(
        {name: values for name, values in records.items() if values},
        {name: values for name, values in predictions.items() if values},
    )


def challenges(topics: Sequence[Topic], own: Own, rng: Random, count: int) -> tuple[Challenge, ...]:
    """Choose questions about numbers, the learner's own before the course's.

    Each topic is asked about once before one is asked again, and the kinds take turns: a wrong prediction, a number
    that differs from the course's, a colleague to refute, a sentence to stand behind. Numbers of the course fill what
    is left.

    Args:
        topics: where numbers may come from.
        own: the learner's.
        rng: decides among equals.
        count: how many, fewer only where there are no more.
    """
    mine = [each for topic in topics for each in all_of(topic, _own(topic, own))]
    chosen = _in_turn(mine, rng, count)
    if len(chosen) < count:
        asked = {(each.topic.name, each.kind, each.name) for each in chosen}
        theirs = [
            each for topic in topics for each in all_of(topic, Numbers(topic.measured, topic.measured, {}, False))
        ]
        fresh = [each for each in theirs if (each.topic.name, each.kind, each.name) not in asked]
        chosen += _in_turn(fresh, rng, count - len(chosen), chosen)
    return tuple(chosen)


def _own(topic: Topic, own: Own) -> Numbers:
    records, predictions = (of.get(topic.name, {}) for of in (own.records, own.predictions))
    return Numbers(records, topic.measured, predictions, mine=True)


def _in_turn(pool: Sequence[Challenge], rng: Random, count: int, before: Sequence[Challenge] = ()) -> list[Challenge]:
    """Draw from a pool: of the topics that were asked least the kind that was asked least."""
    left = rng.sample(list(pool), len(pool))
    topics, kinds = Counter(each.topic.name for each in before), Counter(each.kind for each in before)
    chosen: list[Challenge] = []
    while left and len(chosen) < count:
        each = min(left, key=lambda one: (topics[one.topic.name], kinds[one.kind], KINDS.index(one.kind)))
        left.remove(each)
        topics[each.topic.name] += 1
        kinds[each.kind] += 1
        chosen.append(each)
    return chosen
