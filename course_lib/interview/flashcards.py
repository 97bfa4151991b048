"""What is worth remembering of a topic, as cards: its quiz, its question, what is asked next, what people get wrong.

A card's id holds the topic's folder, the kind and a count, and no text: an id stays when a text is improved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.catalog import Topic
from course_lib.interview.quiz import Asked, question
from course_lib.interview.texts import filler, has_cards
from course_lib.language import LANGUAGES, Say

KINDS = ("quiz", "question", "followup", "pitfall")
KIND_NAMES = {
    "quiz": Say("multiple choice", "选择题"),
    "question": Say("the interview question", "面试题"),
    "followup": Say("a follow-up", "追问"),
    "pitfall": Say("what you will hear", "常见说法"),
}
_WRONG = Say("Somebody says: “{}” What is wrong with it?", "有人说：“{}” 错在哪里？")
_COSTS = Say("It costs: {}", "代价：{}")


@dataclass(frozen=True)
class Flashcard:
    """One card in one language. `asked` is there for a quiz question alone; of it `back` holds the right options.

    `points` are what an interviewer listens for, of the topic's question alone.
    """

    id: str
    topic: Topic
    kind: str
    front: str
    back: str
    points: tuple[str, ...] = ()
    asked: Asked | None = None


def flashcards(topics: Sequence[Topic], language: str = "en", seed: int = 0) -> tuple[Flashcard, ...]:
    """Return the cards of the topics, topic by topic in the order given.

    A topic that is not written, or whose lesson never ran, has none.

    Args:
        topics: where they come from.
        language: "en" or "zh".
        seed: shuffles the options of the quiz questions.

    Raises:
        ValueError: an unknown language.
        CardError: a card cannot be read, or names a number that was not measured.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no language {language!r}; choose one of: {', '.join(LANGUAGES)}")
    return tuple(card for topic in topics if has_cards(topic) for card in _of_topic(topic, language, seed))


def ids(topic: Topic) -> tuple[str, ...]:
    """Return the ids of a topic's cards without making the cards."""
    page = topic.card.en
    counts = (len(page.quiz), 1, len(page.followups), len(page.pitfalls)) if has_cards(topic) else (0, 0, 0, 0)
    return tuple(_id(topic, kind, index) for kind, count in zip(KINDS, counts, strict=True) for index in range(count))


def _of_topic(topic: Topic, language: str, seed: int) -> list[Flashcard]:
    page, fill = topic.card.page(language), filler(topic)
    cards = []
    for index in range(len(page.quiz)):
        asked = question(topic, index, language, seed)
        right = "\n".join(option.text for option in asked.options if option.correct)
        cards.append(Flashcard(asked.id, topic, "quiz", asked.question, right, asked=asked))
    points = tuple(fill(point.text) for point in page.points)
    cards.append(
        Flashcard(_id(topic, "question", 0), topic, "question", fill(page.question), fill(page.answer), points)
    )
    for index, next_one in enumerate(page.followups):
        cards.append(Flashcard(_id(topic, "followup", index), topic, "followup", fill(next_one.q), fill(next_one.a)))
    for index, pitfall in enumerate(page.pitfalls):
        front = _WRONG.to(language).format(fill(pitfall.says))
        back = f"{fill(pitfall.why)}\n\n{_COSTS.to(language).format(fill(pitfall.costs))}"
        cards.append(Flashcard(_id(topic, "pitfall", index), topic, "pitfall", front, back))
    return cards


def _id(topic: Topic, kind: str, index: int) -> str:
    return f"{topic.name}/{kind}/{index}"
