"""Topic 26 answered from the statement alone, built otherwise: by exact fractions of a step, and by recursion."""

from functools import cache

import numpy as np


def to_bf16(x):
    """Find the step of each value from its exponent and let rint break the ties."""
    x = np.asarray(x, np.float32)
    with np.errstate(all="ignore"):
        _, exponent = np.frexp(x.astype(np.float64))
        step = np.exp2(np.maximum(exponent - 8, -133).astype(np.float64))  # 2**-133: the smallest subnormal
        near = np.rint(x.astype(np.float64) / step) * step
        near = np.where(np.isfinite(x), near, x.astype(np.float64))
        return np.where(np.abs(near) > 3.3896e38, np.copysign(np.inf, near), near).astype(np.float32)


def allocate_bits(sizes, err, budget):
    """Decide the last layers first; remember what is best for each amount that is left."""

    @cache
    def best(layer, left):
        if layer == len(sizes):
            return 0.0, []
        options = []
        for bits in err[layer]:
            cost = sizes[layer] * bits
            rest = best(layer + 1, left - cost) if cost <= left else None
            if rest is not None:
                options.append((err[layer][bits] + rest[0], [bits, *rest[1]]))
        return min(options, default=None)

    found = best(0, budget)
    return found and found[1]
