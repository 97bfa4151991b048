"""What the reader found in a typed answer: a checklist with evidence, and no mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from course_lib.language import Say


@dataclass(frozen=True)
class Heard:
    """One point of the card. `sentence`: what shows it, up to three neighbours joined by a space; "" for nothing."""

    point: int
    verdict: Literal["heard", "contradicted", "unsure"]
    sentence: str
    why: Say


@dataclass(frozen=True)
class Fallen:
    """A pitfall that the answer asserts, and the sentence (or neighbours, joined by a space) that asserts it."""

    pitfall: int
    sentence: str


@dataclass(frozen=True)
class NumberSaid:
    """A number with its unit, as it was typed, beside the measured one (`measured`, "" when there is none)."""

    text: str
    verdict: Literal["agrees", "disagrees", "unknown"]
    measured: str
    sentence: str


@dataclass(frozen=True)
class Reading:
    """All of it. `remark` says why nothing can be heard in the whole answer, where that is so."""

    points: tuple[Heard, ...]
    pitfalls: tuple[Fallen, ...]
    numbers: tuple[NumberSaid, ...]
    remark: Say | None
