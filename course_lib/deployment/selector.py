"""Which variant of a model to run now: the most accurate that meets the deadline, without flapping between two."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """A model of the ladder: its accuracy (any scale, larger is better) and its p95 latency in milliseconds when cool.

    Raises:
        ValueError: a latency that is not positive and finite, or an accuracy that is not finite.
    """

    name: str
    accuracy: float
    p95_ms: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.p95_ms) and self.p95_ms > 0 and math.isfinite(self.accuracy)):
            raise ValueError(f"{self.name}: p95_ms must be positive and finite, accuracy finite: {self}")


@dataclass(frozen=True)
class VariantSelector:
    """``VariantSelector(ladder).pick(deadline_ms=10, slowdown=1.6, current=ladder[0])``. It keeps no state.

    A loaded graph cannot be compressed while it runs; what can change is which graph runs. All variants must share one
    input and output contract (``verified.interface_differences``).

    Args:
        variants: one or more, with different names.
        margin: headroom, as a fraction of the latency, that a more accurate variant needs before it replaces the
            current one. Going down needs none: a missed deadline is not waited for.

    Raises:
        ValueError: no variants, two of one name, or a margin that is negative or not finite.
    """

    variants: tuple[Variant, ...]
    margin: float = 0.2

    def __post_init__(self) -> None:
        names = [variant.name for variant in self.variants]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"need one or more variants with different names, got {names}")
        if not (math.isfinite(self.margin) and self.margin >= 0):
            raise ValueError(f"the margin must be a finite number, 0 or more, got {self.margin}")

    def pick(self, deadline_ms: float, slowdown: float = 1.0, current: Variant | None = None) -> Variant:
        """Return the variant to run next.

        The current one stays while it meets the deadline and nothing more accurate meets it with headroom. Otherwise
        the most accurate that meets it is taken; of equals the faster, then the one listed first. When none meets it,
        the fastest runs.

        Args:
            deadline_ms: time that the answer may take.
            slowdown: how many times slower the device is than when the latencies were taken; a hot phone has 1.5 to 2.
            current: what runs now, None at the start.

        Raises:
            ValueError: the deadline or the slow-down is not a positive number, or current is not of the ladder.
        """
        if not (deadline_ms > 0 and slowdown > 0):
            raise ValueError(f"deadline and slow-down must be positive, got {deadline_ms} and {slowdown}")
        if current is not None and current not in self.variants:
            raise ValueError(f"{current.name} is none of {', '.join(variant.name for variant in self.variants)}")
        fitting = [variant for variant in self.variants if variant.p95_ms * slowdown <= deadline_ms]
        if not fitting:
            return min(self.variants, key=lambda variant: variant.p95_ms)
        if current not in fitting:
            return max(fitting, key=_better)
        roomy = [variant for variant in fitting if variant.p95_ms * slowdown * (1 + self.margin) <= deadline_ms]
        better = [variant for variant in roomy if variant.accuracy > current.accuracy]
        return max(better, key=_better, default=current)

    def follow(self, trace: Iterable[tuple[float, float]]) -> tuple[Variant, ...]:
        """Return the picks along a trace of (deadline_ms, slowdown), each pick the current one of the next."""
        picks: list[Variant] = []
        for deadline_ms, slowdown in trace:
            picks.append(self.pick(deadline_ms, slowdown, picks[-1] if picks else None))
        return tuple(picks)


def _better(variant: Variant) -> tuple[float, float]:
    return variant.accuracy, -variant.p95_ms
