"""Topic 09 answered from the statement alone, built otherwise than our solution: amplitudes, loops, logarithms."""

import math

import numpy as np


def first_divergent(ref, got, thr_db=20.0):
    """Compare root mean squares of flat lists of Python floats."""
    if sorted(ref) != sorted(got):
        raise ValueError("other layers")
    pairs = [(name, np.array(ref[name], np.longdouble), np.array(got[name], np.longdouble)) for name in ref]
    if any(a.shape != b.shape for _, a, b in pairs):
        raise ValueError("other shapes")

    def diverged(a, b):
        if not np.isfinite(b).all():
            return True
        error = math.sqrt(float(np.square(a - b).sum()))
        size = math.sqrt(float(np.square(a).sum()))
        return error > 0 and (size == 0 or 20 * (math.log10(size) - math.log10(error)) < thr_db)

    return next((name for name, a, b in pairs if diverged(a, b)), None)


def cross_layer_equalize(W1, b1, W2):
    """Walk over the channels in float32, with geometric means as exponentials of mean logarithms."""
    W1, b1, W2 = (np.array(a, np.float32) for a in (W1, b1, W2))
    s = []
    for c in range(len(b1)):
        ranges = float(max(abs(w) for w in W1[c])), float(max(abs(w) for w in W2[:, c]))
        if min(ranges) == 0:
            s.append(1.0)
            continue
        goal = math.exp(sum(math.log(r) for r in ranges) / 2)
        s.append(ranges[0] / goal)
        W1[c] *= goal / ranges[0]
        b1[c] *= goal / ranges[0]
        W2[:, c] *= goal / ranges[1]
    return [W1, b1, W2, s]
