"""Multiple-choice questions from the cards: which ones, in which order, and what an answer is worth knowing about.

Everything here is a pure function of topics and a seed: the same seed asks the same questions with the same order of
options in both languages, on every machine and in every version of Python (the order comes from SHA-256).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from course_lib.card import LEVELS
from course_lib.catalog import Topic
from course_lib.interview.sections import Section, section_about
from course_lib.interview.texts import filler, has_cards
from course_lib.language import LANGUAGES, Say


@dataclass(frozen=True)
class Choice:
    """One option as it is shown, with the reason why it is right or wrong."""

    text: str
    correct: bool
    why: str


@dataclass(frozen=True)
class Asked:
    """One question as it is asked.

    `index` counts the topic's questions from 0, whatever the order asked. `options` are shuffled; one of them or more
    are correct, and at least one is not.
    """

    topic: Topic
    index: int
    question: str
    options: tuple[Choice, ...]

    @property
    def id(self) -> str:
        """The question's name in the progress and in decks, `04_quantize_with_the_tools/quiz/0`: no text is in it."""
        return f"{self.topic.name}/quiz/{self.index}"

    @property
    def right(self) -> frozenset[int]:
        """The positions of the correct options, counted from 0."""
        return frozenset(place for place, option in enumerate(self.options) if option.correct)

    @property
    def link(self) -> Section:
        """The section of the lesson that answers it (reads the lesson's source)."""
        return section_about(self.topic, quiz=self.index)

    def answered(self, chosen: Collection[int]) -> bool:
        """True when exactly the correct options were chosen."""
        return frozenset(chosen) == self.right


def questions(
    topics: Sequence[Topic], language: str = "en", n: int | None = None, level: str | None = None, seed: int = 0
) -> tuple[Asked, ...]:
    """Choose and shuffle questions.

    Args:
        topics: where they come from; a topic that is not yet written, or whose lesson never ran, gives none.
        language: "en" or "zh". It changes the texts alone, never the choice or an order.
        n: how many at most, 1 or more; all by default. Every topic is asked once before one is asked again.
        level: "easy", "medium" or "hard": only topics of this level.
        seed: decides the order of the questions and of the options.

    Raises:
        ValueError: an unknown language or level, or fewer than one question wanted.
        CardError: a card cannot be read, or names a number that was not measured.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no language {language!r}; choose one of: {', '.join(LANGUAGES)}")
    if level is not None and level not in LEVELS:
        said = ", ".join(LEVELS)
        raise ValueError(str(Say(f"no level {level!r}; choose one of: {said}", f"没有难度 {level!r}；可选：{said}")))
    if n is not None and n < 1:
        raise ValueError(str(Say(f"at least one question has to be asked, got {n}", f"至少要问一题；给的是 {n}")))
    rounds: list[tuple[int, str, Topic, int]] = []
    for topic in topics:
        if has_cards(topic) and level in (None, topic.card.level):
            count = len(topic.card.page(language).quiz)
            places = sorted(range(count), key=lambda index, topic=topic: _draw(seed, topic, index))  # type: ignore[misc]
            rounds += [(turn, _draw(seed, topic, index), topic, index) for turn, index in enumerate(places)]
    rounds.sort(key=lambda each: each[:2])
    fillers: dict[str, Callable[[str], str]] = {}
    asked = []
    for _, _, topic, index in rounds[:n]:
        fill = fillers.setdefault(topic.name, filler(topic))
        asked.append(_ask(topic, index, language, seed, fill))
    return tuple(asked)


def question(topic: Topic, index: int, language: str = "en", seed: int = 0) -> Asked:
    """Return one question of a topic, `index` counted from 0, its options shuffled by the seed.

    Raises:
        IndexError: the topic has no such question.
        CardError: as `questions`.
    """
    return _ask(topic, index, language, seed, filler(topic))


def _ask(topic: Topic, index: int, language: str, seed: int, fill: Callable[[str], str]) -> Asked:
    quiz = topic.card.page(language).quiz[index]
    order = sorted(range(len(quiz.options)), key=lambda place: _draw(seed, topic, index, place))
    options = (quiz.options[place] for place in order)
    shuffled = tuple(Choice(fill(each.text), each.correct, fill(each.why)) for each in options)
    return Asked(topic, index, fill(quiz.q), shuffled)


def _draw(seed: int, topic: Topic, *places: int) -> str:
    """A ticket: whoever draws the smaller one comes first."""
    return hashlib.sha256(repr((seed, topic.name, *places)).encode()).hexdigest()
