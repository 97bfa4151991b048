"""From many trials to the few that deserve a look, and from those to the one to deploy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from course_lib.automation.trial import Trial
from course_lib.evaluation.statistics import paired_difference

Item = TypeVar("Item")
Costs = tuple[float, ...]


def bytes_and_errors(trial: Trial) -> Costs:
    """Return what a deployment pays: bytes of the file, and the fraction of wrong answers."""
    return float(trial.raw_bytes), 1 - trial.accuracy


def pareto(items: Iterable[Item], costs: Callable[[Item], Costs] = bytes_and_errors) -> tuple[Item, ...]:  # type: ignore[assignment]
    """Return the items that no other dominates, by rising costs.

    One dominates another when no cost of it is higher and one is lower. Equal items do not dominate each other: all
    of them stay.

    Args:
        costs: everything that should be low, for one item; the default is for trials.

    Raises:
        ValueError: a cost is NaN, which is neither better nor worse than anything.
    """
    priced = [(costs(item), item) for item in items]
    for cost, item in priced:
        if any(value != value for value in cost):
            raise ValueError(f"a cost of {item!r} is NaN: {cost}")
    kept = [
        (cost, item)
        for cost, item in priced
        if not any(other != cost and all(a <= b for a, b in zip(other, cost, strict=True)) for other, _ in priced)
    ]
    return tuple(item for _, item in sorted(kept, key=lambda pair: pair[0]))


def choose(trials: Iterable[Trial], *, min_accuracy: float | None = None, max_bytes: int | None = None) -> Trial:
    """Return one trial by the epsilon-constraint rule: one objective becomes a bound, the other is optimised.

    With ``max_bytes`` (and perhaps ``min_accuracy`` too) the most accurate that fits; with ``min_accuracy`` alone the
    smallest that is good enough. Ties go to the other objective, then to the first. The bounds are held against what
    was measured; an accuracy is an estimate, so leave room for its interval.

    Args:
        min_accuracy: a fraction in [0, 1].
        max_bytes: of the file.

    Raises:
        ValueError: neither bound is given, one is out of its range, or no trial keeps them; the message names the
            nearest.
    """
    if min_accuracy is None and max_bytes is None:
        raise ValueError("say what may not be exceeded: min_accuracy, max_bytes, or both")
    if min_accuracy is not None and not 0 <= min_accuracy <= 1:
        raise ValueError(f"min_accuracy is a fraction in [0, 1], got {min_accuracy}")
    if max_bytes is not None and max_bytes < 1:
        raise ValueError(f"max_bytes must be 1 or more, got {max_bytes}")
    trials = tuple(trials)
    if not trials:
        raise ValueError("there is no trial to choose from")
    small = [trial for trial in trials if max_bytes is None or trial.raw_bytes <= max_bytes]
    if not small:
        least = min(trials, key=lambda trial: trial.raw_bytes)
        raise ValueError(
            f"nothing fits into {max_bytes:,} bytes: the smallest is {least.name} with {least.raw_bytes:,}"
        )
    fit = [trial for trial in small if min_accuracy is None or trial.accuracy >= min_accuracy]
    if not fit:
        best = max(small, key=lambda trial: trial.accuracy)
        among = "" if max_bytes is None else f" of those with at most {max_bytes:,} bytes"
        raise ValueError(
            f"nothing reaches {100 * (min_accuracy or 0):.2f} %: the best{among} is {best.name} with "
            f"{100 * best.accuracy:.2f} % and {best.raw_bytes:,} bytes"
        )
    if max_bytes is None:
        return min(fit, key=lambda trial: (trial.raw_bytes, -trial.accuracy))
    return min(fit, key=lambda trial: (-trial.accuracy, trial.raw_bytes))


def as_good(chosen: Trial, trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """Return the other trials whose accuracy the samples cannot tell from the chosen one's, smallest first.

    Rows are paired sample by sample; told apart is what Tango's 95 % interval of the difference excludes 0 for. With
    many trials some of these verdicts are chance: it is a warning against reading the last digits, not a test of each.
    """
    found = []
    for other in trials:
        if other is not chosen:
            only_chosen, only_other = int((chosen.right & ~other.right).sum()), int((other.right & ~chosen.right).sum())
            interval = paired_difference(only_chosen, only_other, len(chosen.right))
            if interval.low <= 0 <= interval.high:
                found.append(other)
    return tuple(sorted(found, key=lambda trial: trial.raw_bytes))
