"""Intervals and tests for accuracies, and distances between outputs."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Interval


def wilson(right: int, n: int, level: float = 0.95) -> Interval:
    """Return the Wilson score interval of a proportion: inside [0, 1] and honest at 0 and 1, where Wald has no width.

    Source: Wilson (1927), JASA 22; recommended by Brown, Cai and DasGupta (2001), Statistical Science 16.

    Raises:
        ValueError: not 0 <= right <= n with n >= 1, or a level outside (0, 1).
    """
    if not 0 <= right <= n or n < 1:
        raise ValueError(f"need 0 <= right <= n and n >= 1, got {right} of {n}")
    z = quantile(level)
    p, square = right / n, z * z / n
    centre = (p + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(p * (1 - p) / n + square / (4 * n))
    # At the ends the formula is exactly 0 or 1; rounding would leave 1e-17.
    return Interval(0.0 if right == 0 else centre - half, 1.0 if right == n else centre + half, level)


def quantile(level: float) -> float:
    """Return z with P(-z < Z < z) = level for a standard normal Z."""
    if not 0 < level < 1:
        raise ValueError(f"a confidence level lies between 0 and 1, got {level}")
    return NormalDist().inv_cdf((1 + level) / 2)


def sqnr_db(reference: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the signal-to-quantization-noise ratio in decibels: ``10 log10(sum(ref^2) / sum((ref - other)^2))``.

    Infinite when both are equal, minus infinity when the reference is zero and the other is not.

    Raises:
        ValueError: shapes differ, or a value is NaN or infinite.
    """
    one, two = np.asarray(reference, np.float64), np.asarray(other, np.float64)
    if one.shape != two.shape:
        raise ValueError(f"shapes differ: {one.shape} and {two.shape}")
    signal, noise = float(np.sum(one * one)), float(np.sum((one - two) ** 2))
    if not (math.isfinite(signal) and math.isfinite(noise)):
        raise ValueError("NaN or infinity in the values: the ratio means nothing")
    return decibels(signal, noise)


def decibels(signal: float, noise: float) -> float:
    """Return ``10 log10(signal / noise)``: infinite without noise, minus infinity with nothing else."""
    if noise == 0.0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal else -math.inf


def kind_of_scores(scores: NDArray[Any]) -> Literal["probabilities", "logits"]:
    """Tell probabilities (in [0, 1], rows summing to 1 within what int8 outputs lose) from logits."""
    inside = float(scores.min(initial=0.0)) >= 0.0 and float(scores.max(initial=0.0)) <= 1.0
    # An int8 softmax has steps of 1/256: each class may be off by half a step.
    slack = 1e-3 + scores.shape[1] / 512
    return "probabilities" if inside and bool(np.all(np.abs(scores.sum(1) - 1) <= slack)) else "logits"


def probabilities(scores: NDArray[Any]) -> NDArray[np.float64]:
    """Return rows of probabilities, shape (n, classes); logits go through a softmax, probabilities are kept."""
    scores = np.asarray(scores, np.float64)
    if kind_of_scores(scores) == "probabilities":
        return scores
    exponentials = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(1, keepdims=True))


def calibration_error(scores: NDArray[Any], y: NDArray[Any], bins: int = 15) -> float:
    """Return the expected calibration error in [0, 1]: the mean gap between confidence and accuracy.

    ``sum over bins of (n_bin / n) * |accuracy_bin - confidence_bin|`` over equal-width bins (low, high] of the largest
    probability. Source: Guo et al. (2017), On Calibration of Modern Neural Networks, equation 3 (15 bins).

    Args:
        scores: probabilities or logits, shape (n, classes).
        y: labels, shape (n,).
    """
    rows = probabilities(scores)
    confidence = rows.max(1)
    right = (rows.argmax(1) == y).astype(np.float64)
    index = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(index, right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(rows))


def mcnemar(only_a: int, only_b: int) -> float:
    """Return the two-sided p-value of McNemar's exact test on the discordant pairs.

    Under "both models are equally often right", each of the pairs that only one gets right is a fair coin. Source:
    McNemar (1947), Psychometrika 12, in its exact (binomial) form.

    Args:
        only_a: samples that only model A gets right.
        only_b: samples that only model B gets right.
    """
    if only_a < 0 or only_b < 0:
        raise ValueError(f"counts cannot be negative: {only_a}, {only_b}")
    if only_a + only_b == 0:
        return 1.0
    from scipy.stats import binomtest  # two seconds to import

    return float(binomtest(only_a, only_a + only_b, 0.5).pvalue)


def paired_difference(only_a: int, only_b: int, n: int, level: float = 0.95) -> Interval:
    """Return Tango's score interval for accuracy(B) - accuracy(A) measured on the same n samples.

    It inverts the score test, keeps its coverage with few discordant pairs, and has width when there are none, where
    the Wald interval claims certainty. Source: Tango (1998), Statistics in Medicine 17:891-908; recommended by
    Fagerland, Lydersen and Laake (2014), Statistics in Medicine 33:2850-2875.

    Raises:
        ValueError: not 0 <= only_a + only_b <= n with n >= 1.
    """
    if min(only_a, only_b) < 0 or only_a + only_b > n or n < 1:
        raise ValueError(f"need only_a + only_b <= n, got {only_a} + {only_b} of {n}")
    from scipy.optimize import brentq

    z = quantile(level)
    difference = (only_b - only_a) / n
    edge = 1 - 1e-12

    def below(d: float) -> float:
        return tango_score(only_a, only_b, n, d) - z

    def above(d: float) -> float:
        return tango_score(only_a, only_b, n, d) + z

    low = -1.0 if below(-edge) < 0 else float(brentq(below, -edge, min(difference, edge)))
    high = 1.0 if above(edge) > 0 else float(brentq(above, max(difference, -edge), edge))
    return Interval(low, high, level)


def tango_score(only_a: int, only_b: int, n: int, d: float) -> float:
    """Return Tango's score statistic for the hypothesis accuracy(B) - accuracy(A) = d, -1 < d < 1; it falls with d.

    The probability of "only A" under the hypothesis is its constrained maximum-likelihood estimate, the larger root of
    a quadratic (Tango 1998, equation 4).
    """
    a = 2.0 * n
    b = -only_a - only_b + (2 * n - only_b + only_a) * d
    c = -only_a * d * (1 - d)
    root = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
    variance = n * (2 * root + d * (1 - d))
    surprise = only_b - only_a - n * d
    if surprise == 0.0:
        return 0.0
    return math.copysign(1e9, surprise) if variance <= 0 else surprise / math.sqrt(variance)
