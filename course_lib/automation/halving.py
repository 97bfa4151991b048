"""Successive halving: try everything cheaply, and spend what is saved on those that look good.

It trusts that the cheap score ranks as the dear one does. Where it does not, the true winner is dropped in the first
round and nothing afterwards can tell: topic 21 shows one such case.

Source: Jamieson and Talwalkar 2016, Non-stochastic Best Arm Identification and Hyperparameter Optimization (AISTATS).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from course_lib.automation.sweep import sweep
from course_lib.automation.trial import Trial
from course_lib.core import Artifact, Dataset, Recipe

Model = Any
Candidate = TypeVar("Candidate")


@dataclass(frozen=True)
class Rung(Generic[Candidate]):
    """One round: everybody still in it, scored with the same budget, best first; the first ``kept`` went on."""

    budget: int
    ranked: tuple[tuple[Candidate, float], ...]
    kept: int


@dataclass(frozen=True)
class Halving(Generic[Candidate]):
    """All rounds, and who was left. ``spent`` is the sum of all budgets, over all candidates."""

    best: Candidate
    rungs: tuple[Rung[Candidate], ...]

    @property
    def spent(self) -> int:
        """Budget spent in all, in the unit of the budgets."""
        return sum(rung.budget * len(rung.ranked) for rung in self.rungs)


def halving(
    candidates: Sequence[Candidate],
    score: Callable[[Sequence[Candidate], int], Sequence[float]],
    *,
    min_budget: int,
    max_budget: int,
    eta: int = 2,
) -> Halving[Candidate]:
    """Score everybody with ``min_budget``, keep one in ``eta``, multiply the budget by ``eta``, until one is left.

    Args:
        score: scores candidates with a budget, higher is better; a whole round at once, so that it can run in parallel.
            Equal scores keep the order of the candidates; NaN ranks last.
        max_budget: what a candidate may cost at most; the last round gets it if it is reached.
        eta: 2 or more.

    Raises:
        ValueError: no candidates, or an argument out of its range.
    """
    if not candidates:
        raise ValueError("there is no candidate")
    if eta < 2 or not 1 <= min_budget <= max_budget:
        raise ValueError(
            f"need eta >= 2 and 1 <= min_budget <= max_budget, got eta {eta}, budgets {min_budget} and {max_budget}"
        )
    alive, budget, rungs = list(candidates), min_budget, []
    while True:
        scores = [float(value) for value in score(alive, budget)]
        ranked = sorted(zip(alive, scores, strict=True), key=lambda pair: (pair[1] != pair[1], -pair[1]))
        last = len(alive) == 1 or budget == max_budget
        kept = 1 if last else max(1, len(alive) // eta)
        rungs.append(Rung(budget, tuple(ranked), kept))
        if last:
            return Halving(ranked[0][0], tuple(rungs))
        alive = [candidate for candidate, _ in ranked[:kept]]
        budget = min(budget * eta, max_budget)


def halve(
    recipes: Sequence[Recipe],
    model: Model | Artifact,
    data: Dataset,
    *,
    min_images: int,
    max_images: int | None = None,
    eta: int = 2,
    rank: Callable[[Trial], float] = lambda trial: trial.accuracy,
    **options: Any,
) -> Halving[Recipe]:
    """Halve recipes by accuracy on more and more validation images. An artifact is made once and measured repeatedly.

    Args:
        min_images: validation images of the first round.
        max_images: of the last; None is all of them.
        rank: turns a trial into its score.
        options: as for ``sweep``: cache, workers, scheduler.

    Raises:
        ValueError: as ``sweep`` and ``halving`` do. A recipe that fails ranks last.
    """
    most = len(data.y_val) if max_images is None else max_images

    def score(alive: Sequence[Recipe], images: int) -> list[float]:
        found = sweep(alive, model, data, images=images, **{"split": "val"} | options)
        ranks = {trial.name: rank(trial) for trial in found.trials}
        return [ranks.get(recipe.name, float("nan")) for recipe in alive]

    return halving(recipes, score, min_budget=min(min_images, most), max_budget=most, eta=eta)
