"""Topic 07 answered from the statement alone, built otherwise than our solution: means of outputs, a cache."""

import math

import numpy as np


def bias_correct(W, Wq, b, x_mean):
    """Compare the mean outputs of the two layers, row by row, in float32."""
    new = np.array(b, np.float32)
    for j, (row, rounded) in enumerate(zip(W, Wq, strict=True)):
        wanted = math.fsum(w * x for w, x in zip(row, x_mean, strict=True))
        found = math.fsum(float(w) * x for w, x in zip(rounded, x_mean, strict=True))
        new[j] += wanted - found
    return new


def min_float_layers(metric, n, target):
    """Recurse over sets, and remember what was measured."""
    known = {}

    def measured(kept):
        if kept not in known:
            known[kept] = metric(kept)
        return known[kept]

    def grow(order):
        value = measured(frozenset(order))
        rest = set(range(n)) - set(order)
        if value >= target or not rest:
            return order, value
        return grow((*order, min(rest, key=lambda k: (-measured(frozenset({*order, k})), k))))

    layers, value = grow(())
    return list(layers), np.float64(value)
