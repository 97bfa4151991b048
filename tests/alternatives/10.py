"""Topic 10 answered from the statement alone, built otherwise than our solution: plain Python, no NumPy arrays."""

import random
import statistics
from math import floor


def percentile(ordered, q):
    """Interpolate linearly between the neighbours of position q * (n - 1)."""
    position = q * (len(ordered) - 1)
    below = floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def latency_summary(samples, warmup=0):
    """Copy, cut, sort, read off."""
    if warmup < 0 or warmup >= len(samples):
        raise ValueError("no runs left")
    ordered = sorted(float(sample) for sample in samples[warmup:])
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
    summary = {name: percentile(ordered, q) for name, q in shares.items()}
    return summary | {"n": len(ordered), "mean": statistics.fmean(ordered), "min": ordered[0]}


def bootstrap_speedup(a, b, n=2000, level=0.95, seed=0):
    """Redraw with random.choices, n times, and sort the ratios."""
    a, b, dice = [float(x) for x in a], [float(x) for x in b], random.Random(seed)
    ratios = sorted(
        statistics.median(dice.choices(a, k=len(a))) / statistics.median(dice.choices(b, k=len(b))) for _ in range(n)
    )
    tail = (1 - level) / 2
    ratio = statistics.median(a) / statistics.median(b)
    return [ratio, percentile(ratios, tail), percentile(ratios, 1 - tail)]
