"""How ready for an interview, from checks passed, quiz and memory alone.

What was typed or said in a mock interview has no part in it: nobody should have a reason to type for a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from course_lib.card import ROLES
from course_lib.catalog import Topic
from course_lib.interview.flashcards import ids
from course_lib.interview.memory import AGAIN, Remembered
from course_lib.interview.texts import has_cards
from course_lib.language import Say

CHECKS, QUIZ, MEMORY = 0.5, 0.2, 0.3  # the weights; they sum to 1
POINTS_PER_TASK = 10
RULE = Say(
    f"The rule: readiness in a topic is {100 * CHECKS:.0f} % checks (points earned in its exercises, of all there "
    f"are), {100 * QUIZ:.0f} % quiz (its questions whose last answer was right) and {100 * MEMORY:.0f} % memory (the "
    "share of its cards that you are expected to know on the day of the interview, tomorrow without a date; a card "
    "never seen counts as unknown). A role's readiness is the mean over its topics. What you type or say in a mock "
    "interview is not part of it.",
    f"规则：一个主题的准备度 = {CHECKS:.0%} 检查（练习得分占满分的比例）+ {QUIZ:.0%} 测验（最近一次答对的题所占比例）"
    f"+ {MEMORY:.0%} 记忆（预计面试当天还记得的卡片所占比例，没有日期则按明天算；没看过的卡片按不会算）。"
    "一个岗位的准备度是其各主题的平均值。模拟面试中输入或说出的回答不计入。",
)


@dataclass(frozen=True)
class Ready:
    """One topic: three shares, each from 0 to 1."""

    topic: Topic
    checks: float
    quiz: float
    memory: float

    @property
    def whole(self) -> float:
        """The weighted sum, 0 to 1."""
        return CHECKS * self.checks + QUIZ * self.quiz + MEMORY * self.memory


def readiness(
    topics: Sequence[Topic], best: Mapping[str, int], seen: Mapping[str, Remembered], day: date
) -> tuple[Ready, ...]:
    """Say how ready somebody is, topic by topic; topics without cards (not yet written) are left out.

    Args:
        topics: in order.
        best: task id ("4A") -> the most points that were earned for it, 0 to 10.
        seen: what is known of the cards that were seen, from `memory.replay`.
        day: for which the memory is estimated.
    """
    return tuple(_ready(topic, best, seen, day) for topic in topics if has_cards(topic))


def by_role(ready: Sequence[Ready]) -> dict[str, float]:
    """Return the mean readiness, 0 to 1, over the topics of each role; a role without topics is left out."""
    of_role = {role: [each.whole for each in ready if role in each.topic.card.roles] for role in ROLES}
    return {role: sum(values) / len(values) for role, values in of_role.items() if values}


def weakest(ready: Sequence[Ready], count: int = 5, role: str | None = None) -> tuple[Ready, ...]:
    """Return the topics with the lowest readiness, the lowest first; of equals the easier, then the earlier one."""
    among = [each for each in ready if role is None or role in each.topic.card.roles]
    levels = {"easy": 0, "medium": 1, "hard": 2}
    among.sort(key=lambda each: (round(each.whole, 6), levels[each.topic.card.level], each.topic.number))
    return tuple(among[:count])


def _ready(topic: Topic, best: Mapping[str, int], seen: Mapping[str, Remembered], day: date) -> Ready:
    cards = ids(topic)
    quiz = [card for card in cards if "/quiz/" in card]
    points = sum(min(POINTS_PER_TASK, best.get(task, 0)) for task in topic.tasks)
    right = sum(card in seen and seen[card].rating != AGAIN for card in quiz)
    known = sum(seen[card].recall(day) for card in cards if card in seen)
    return Ready(
        topic,
        checks=points / (POINTS_PER_TASK * len(topic.tasks)),
        quiz=right / max(1, len(quiz)),
        memory=known / max(1, len(cards)),
    )
