"""A small model answers, and asks a large one when it is not sure. How sure is enough is decided on validation data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact, Dataset
from course_lib.evaluation import predict
from course_lib.evaluation.measuring import class_outputs
from course_lib.evaluation.statistics import probabilities


@dataclass(frozen=True)
class Threshold:
    """Below ``confidence`` the large model is asked. Cost (per sample) and accuracy are those on the samples it was
    chosen on; ``escalated`` is the fraction of them that both models run on.

    The mean cost hides the worst case, which is both models: a deadline has to allow for the sum.
    """

    confidence: float
    cost: float
    accuracy: float
    escalated: float


@dataclass(frozen=True)
class Cascade:
    """``Cascade(small, large, threshold)(x)``: class probabilities, each row from the model that answered it.

    Args:
        confidence: largest probability of the small model below which the large one is asked; 0 never asks, more than
            1 always does.
    """

    small: Artifact
    large: Artifact
    confidence: float

    def __call__(self, x: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Run samples, shape (n, ...); return probabilities of shape (n, classes) and who was escalated, shape (n,).

        Raises:
            ValueError: a model does not load or run, x does not fit, or the two differ in their number of classes.
        """
        answers = probabilities(predict(self.small, x))
        escalated = answers.max(1) < self.confidence
        if escalated.any():
            second = probabilities(predict(self.large, np.asarray(x)[escalated]))
            if second.shape[1] != answers.shape[1]:
                raise ValueError(
                    f"{self.small.name} has {answers.shape[1]} classes, {self.large.name} {second.shape[1]}"
                )
            answers = answers.copy()
            answers[escalated] = second
        return answers, escalated

    @classmethod
    def on_validation(
        cls,
        small: Artifact,
        large: Artifact,
        data: Dataset,
        *,
        cost_small: float,
        cost_large: float,
        min_accuracy: float | None = None,
    ) -> tuple[Cascade, Threshold]:
        """Choose the threshold on the validation split and return the cascade with what to expect of it.

        Args:
            cost_small, cost_large: of one sample, in any unit (median latencies, energies).
            min_accuracy: to reach on validation; None asks for what the large model alone reaches there.

        Raises:
            ValueError: no threshold reaches it, or the models do not classify the data.
        """
        x, y = data.x_val, data.y_val
        first = probabilities(class_outputs(small, x, y))
        second = class_outputs(large, x, y)
        right_small, right_large = first.argmax(1) == y, second.argmax(1) == y
        wanted = float(np.mean(right_large)) if min_accuracy is None else min_accuracy
        threshold = choose_threshold(
            first.max(1), right_small, right_large, cost_small=cost_small, cost_large=cost_large, min_accuracy=wanted
        )
        if threshold is None:
            best = max(float(np.mean(right_small)), float(np.mean(right_large)))
            raise ValueError(f"no threshold reaches {wanted:.4f} on validation; the better model alone has {best:.4f}")
        return cls(small, large, threshold.confidence), threshold


def choose_threshold(
    confidence: NDArray[Any],
    right_small: NDArray[Any],
    right_large: NDArray[Any],
    *,
    cost_small: float,
    cost_large: float,
    min_accuracy: float,
) -> Threshold | None:
    """Return the cheapest threshold that reaches an accuracy, of equal cost the more accurate; None when none does.

    Tried are 0 (never ask), every confidence that occurs, and infinity (always ask).

    Args:
        confidence: of the small model, shape (n,), n at least 1.
        right_small, right_large: whether each model is right, shape (n,).
        cost_small, cost_large: of one sample, 0 or more.
        min_accuracy: a fraction.

    Raises:
        ValueError: no samples, shapes that differ, NaN, or a negative cost.
    """
    scores = np.asarray(confidence, np.float64)
    small, large = np.asarray(right_small, bool), np.asarray(right_large, bool)
    if scores.ndim != 1 or not len(scores) or scores.shape != small.shape or scores.shape != large.shape:
        raise ValueError(f"need three vectors of one length from 1, got {scores.shape}, {small.shape}, {large.shape}")
    if np.isnan(scores).any() or not (cost_small >= 0 and cost_large >= 0) or math.isnan(min_accuracy):
        raise ValueError("confidences, costs and the accuracy must be numbers, costs 0 or more")
    order = np.argsort(scores, kind="stable")
    # The k least confident are escalated; k only where the next confidence is another one.
    gains = np.concatenate([[0], np.cumsum(large[order].astype(int) - small[order].astype(int))])
    ordered = scores[order]
    counts = np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1, [len(ordered)]])
    accuracies = (small.sum() + gains[counts]) / len(scores)
    costs = cost_small + counts / len(scores) * cost_large
    enough = np.flatnonzero(accuracies >= min_accuracy - 1e-12)
    if not len(enough):
        return None
    best = min(enough, key=lambda i: (costs[i], -accuracies[i], counts[i]))
    count = int(counts[best])
    limit = 0.0 if count == 0 else math.inf if count == len(ordered) else float(ordered[count])
    return Threshold(limit, float(costs[best]), float(accuracies[best]), count / len(scores))
