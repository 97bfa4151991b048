"""When to see a card again: FSRS, and never after the interview.

What is known of a card is a replay of its reviews, so the log of reviews is all that has to be kept. Days are the
learner's local days; times are UTC.

Source: Ye et al. 2022, "A Stochastic Shortest Path Algorithm for Optimizing Spaced Repetition Scheduling" (FSRS;
py-fsrs with its default parameters, which want nine of ten cards recalled when they are due).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

SOURCES = ("quiz", "today")
AGAIN, HARD, GOOD, EASY = 1, 2, 3, 4
NEW_A_DAY = 10  # without a date
NEW_AT_MOST = 40  # with one that is near
LAST_LOOKS = 7  # days before the interview over which everything that is safe is seen once more


@dataclass(frozen=True)
class Review:
    """One answer: when (aware, in UTC), to which card, how it went (1 again, 2 hard, 3 good, 4 easy), and where."""

    at: datetime
    card: str
    rating: int
    source: str

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or self.at.utcoffset() != timedelta(0):
            raise ValueError(f"a review's time is in UTC, got {self.at}")
        if not self.card:
            raise ValueError("a review is of a card, got no id")
        if self.rating not in (AGAIN, HARD, GOOD, EASY):
            raise ValueError(f"a review's rating is 1 to 4, got {self.rating!r}")
        if self.source not in SOURCES:
            raise ValueError(f"a review's source is one of {', '.join(SOURCES)}, got {self.source!r}")


@dataclass(frozen=True)
class Remembered:
    """What is known of a card that was seen: first and last review, how the last one went, and the state of FSRS."""

    card: str
    first: datetime
    last: datetime
    rating: int
    state: Any

    def recall(self, day: date) -> float:
        """Return the expected probability, 0 to 1, of knowing it on a day; one day after the last review at least."""
        days = max(1, (day - _local(self.last)).days)
        expected: float = _scheduler().get_card_retrievability(self.state, self.last + timedelta(days=days))
        return expected

    def due(self, interview: date | None = None) -> date | None:
        """Return the day to see it again.

        With an interview that is still to come when it was last seen, never after that day: what would be due later
        has its last look on one of the days before (which one, its id decides, so that they spread). None when it was
        seen so late that FSRS expects it to be known on the day.
        """
        wanted, seen = _local(self.state.due), _local(self.last)
        if interview is None or seen > interview or wanted <= interview:
            return wanted
        spread = int(hashlib.sha256(self.card.encode()).hexdigest(), 16) % LAST_LOOKS
        look = interview - timedelta(days=1 + spread)
        return look if look > seen else None


@dataclass(frozen=True)
class Session:
    """What to see today: cards seen before, the most endangered first, then new ones; and the new left for later."""

    again: tuple[str, ...]
    new: tuple[str, ...]
    later: int


def replay(reviews: Iterable[Review]) -> dict[str, Remembered]:
    """Return what is known after some reviews, in whatever order they are given, by card."""
    from fsrs import Card, Rating

    seen: dict[str, Remembered] = {}
    for review in sorted(reviews, key=lambda each: (each.at, each.card)):
        before = seen.get(review.card)
        state = before.state if before else Card(card_id=0, due=review.at)
        state, _ = _scheduler().review_card(state, Rating(review.rating), review.at)
        first = before.first if before else review.at
        seen[review.card] = Remembered(review.card, first, review.at, review.rating, state)
    return seen


def session(
    cards: Sequence[str], seen: Mapping[str, Remembered], today: date, interview: date | None = None
) -> Session:
    """Choose what to see today.

    Args:
        cards: ids in the order in which new ones are to be seen; what was seen and is not among them is left alone.
        seen: from `replay`.
        today: the local day.
        interview: its day; one that is past counts as none.
    """
    coming = interview if interview and interview >= today else None
    known = [seen[card] for card in cards if card in seen]
    due = [each for each in known if (when := each.due(coming)) is not None and when <= today]
    due.sort(key=lambda each: (each.recall(today), each.card))
    unseen = [card for card in cards if card not in seen]
    begun = sum(_local(each.first) == today for each in known)
    new = unseen[: max(0, _quota(len(unseen) + begun, today, coming) - begun)]
    return Session(tuple(each.card for each in due), tuple(new), len(unseen) - len(new))


def upcoming(seen: Iterable[Remembered], today: date, interview: date | None = None) -> date | None:
    """Return the next day after today on which something seen is due; None when nothing is."""
    coming = interview if interview and interview >= today else None
    days = [when for each in seen if (when := each.due(coming)) is not None and when > today]
    return min(days, default=None)


def _quota(unseen: int, today: date, interview: date | None) -> int:
    """How many new cards a day takes: an even share of the days before the eve, which is for looking again.

    On the eve a few may still be new; on the day of the interview nothing is.
    """
    left = (interview - today).days if interview else None
    if left == 0:
        return 0
    if left is None or left == 1:
        return NEW_A_DAY
    return min(NEW_AT_MOST, -(-unseen // (left - 1)))


def _local(when: datetime) -> date:
    return when.astimezone().date()


@cache
def _scheduler() -> Any:
    """FSRS without chance: a failed card comes back in the same session, every other one after a day or more."""
    from fsrs import Scheduler

    steps = (timedelta(minutes=10),)
    return Scheduler(learning_steps=steps, relearning_steps=steps, enable_fuzzing=False)


def now() -> datetime:
    """The present time as reviews have it."""
    return datetime.now(UTC)
