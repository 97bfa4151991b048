"""From the values of an activation to the range that int8 will spend its steps on.

A wide range keeps outliers and makes every step coarse; a narrow one clips them and is fine everywhere else. Each
calibrator settles that trade by another rule. All ranges contain 0, because zero padding and ReLU need it exactly.

Sources: minimum and maximum, Jacob et al. 2018 (arXiv:1712.05877); percentile and KL divergence, Migacz 2017, "8-bit
inference with TensorRT", and Wu et al. 2020 (arXiv:2004.09602); least squares, Nagel et al. 2021 (arXiv:2106.08295).
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Range = tuple[float, float]
Points = NDArray[np.float64]

# Candidate ranges: the full one scaled by each of these. Of two that are equally good the wider one wins.
FRACTIONS = np.linspace(1.0, 0.01, 100)
BINS = 2048
CELLS = 1 << 16


@dataclass(frozen=True)
class Calibrator(abc.ABC):
    """Called with the values of one activation, returns its range ``(low, high)`` with ``low <= 0 <= high``."""

    def __call__(self, x: NDArray[Any]) -> Range:
        """Return the range.

        Raises:
            ValueError: no values, or NaN or infinity among them.
        """
        values = np.asarray(x, np.float64).ravel()
        if not values.size:
            raise ValueError("there is nothing to calibrate with: x holds no value")
        if not np.isfinite(values).all():
            raise ValueError("x holds NaN or infinity: a range that ends there is no range. Find out where they arise")
        low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
        return (low, high) if low == high else self._choose(values, low, high)

    @abc.abstractmethod
    def _choose(self, values: Points, low: float, high: float) -> Range:
        """Return the range, given the widest one, which is not empty."""


@dataclass(frozen=True)
class MinMax(Calibrator):
    """The smallest and the largest value: nothing is clipped, and one outlier decides the step of all."""

    def _choose(self, values: Points, low: float, high: float) -> Range:
        return low, high


@dataclass(frozen=True)
class Percentile(Calibrator):
    """Clip what lies beyond a percentile on either side.

    Args:
        percent: in (50, 100]; 99.99 clips one value in ten thousand at each end.

    Raises:
        ValueError: percent is outside (50, 100].
    """

    percent: float = 99.99

    def __post_init__(self) -> None:
        if not 50 < self.percent <= 100:
            raise ValueError(f"percent must lie in (50, 100], got {self.percent}")

    def _choose(self, values: Points, low: float, high: float) -> Range:
        below, above = np.percentile(values, [100 - self.percent, self.percent])
        return min(float(below), 0.0), max(float(above), 0.0)


@dataclass(frozen=True)
class _Searched(Calibrator):
    """Try the full range and narrower ones, and keep the one of the smallest loss.

    Args:
        bits: of the activation, 2 to 16.

    Raises:
        ValueError: bits is outside 2 to 16.
    """

    bits: int = 8

    def __post_init__(self) -> None:
        if isinstance(self.bits, bool) or not isinstance(self.bits, int) or not 2 <= self.bits <= 16:
            raise ValueError(f"bits must be a whole number from 2 to 16, got {self.bits!r}")

    def _choose(self, values: Points, low: float, high: float) -> Range:
        points, weights = compress(values, low, high)
        losses = [self._loss(points, weights, float(fraction), low, high) for fraction in FRACTIONS]
        best = float(FRACTIONS[int(np.argmin(losses))])
        return best * low, best * high

    @abc.abstractmethod
    def _loss(self, points: Points, weights: Points, fraction: float, low: float, high: float) -> float:
        """Return the loss of the range ``(fraction * low, fraction * high)``."""


@dataclass(frozen=True)
class LeastSquares(_Searched):
    """The range of the smallest mean squared error between a value and its quantized one, clipping included."""

    def _loss(self, points: Points, weights: Points, fraction: float, low: float, high: float) -> float:
        scale = fraction * (high - low) / (2**self.bits - 1)
        first = np.rint(fraction * low / scale)
        steps = np.clip(np.rint(points / scale), first, first + 2**self.bits - 1)
        return float(np.average((points - scale * steps) ** 2, weights=weights))


@dataclass(frozen=True)
class KullbackLeibler(_Searched):
    """The range of the smallest divergence of the quantized histogram from the clipped one (TensorRT's rule).

    Clipped values count at the ends; a step spreads its mass evenly over those of its bins that are not empty.
    """

    def _loss(self, points: Points, weights: Points, fraction: float, low: float, high: float) -> float:
        counts, edges = np.histogram(points, bins=BINS, range=(low, high), weights=weights)
        # The bins that the candidate covers, if only in part; what lies beyond is clipped onto the two at the ends.
        first = int(np.searchsorted(edges, fraction * low, side="right")) - 1
        last = int(np.searchsorted(edges, fraction * high, side="left"))
        inside = counts[first:last]
        clipped = inside.copy()
        clipped[0] += counts[:first].sum()
        clipped[-1] += counts[last:].sum()
        step = np.arange(len(inside)) * min(2**self.bits, len(inside)) // len(inside)
        filled = inside > 0
        shared = np.bincount(step, inside) / np.maximum(np.bincount(step, filled), 1)
        merged = np.where(filled, shared[step], 0.0)
        if not merged.any():
            return float("inf")
        p, q = clipped / clipped.sum(), np.maximum(merged / merged.sum(), 1e-12)
        present = p > 0
        return float(np.sum(p[present] * np.log(p[present] / q[present])))


def compress(values: Points, low: float, high: float) -> tuple[Points, Points]:
    """Return (points, weights) that stand for the values: the mean and the count of each of 65,536 bins.

    A few millions of values, tried a hundred times, would take minutes; the bins are far finer than any step of 8 bits.
    """
    if len(values) <= CELLS:
        return values, np.ones_like(values)
    cell = np.minimum((values - low) * (CELLS / (high - low)), CELLS - 1).astype(np.int64)
    counts = np.bincount(cell, minlength=CELLS)
    sums = np.bincount(cell, values, minlength=CELLS)
    present = counts > 0
    return sums[present] / counts[present], counts[present].astype(np.float64)
