"""Topic 27 answered from the statement alone, built otherwise: a list of levels to choose from, and a loop."""

import numpy as np


def levels(mn, mx, bits, narrow):
    """Return the levels in order; the one nearest to zero is moved onto it, and the others with it."""
    count = 2**bits - (1 if narrow else 0)
    step = (mx - mn) / (count - 1)
    at = min(max(int(np.floor(-mn / step + 0.5)), 0), count - 1)
    return np.array([step * (k - at) for k in range(count)])


def fake_quant(x, mn, mx, bits=8, narrow=False):
    if mn != mn or mx != mx or mn > mx:
        raise ValueError("no range")
    if mn == mx:
        return 0 * x
    choice = levels(mn, mx, bits, narrow)
    return choice[np.abs(x[..., None] - choice).argmin(-1)].astype(np.float32)


def fake_quant_grad(g, x, mn, mx, bits=8, narrow=False):
    choice = levels(mn, mx, bits, narrow)
    gx, ends = np.zeros_like(g), [0.0, 0.0]
    for place, value in np.ndenumerate(x):
        if value < choice[0]:
            ends[0] += float(g[place])
        elif value > choice[-1]:
            ends[1] += float(g[place])
        else:
            gx[place] = g[place]
    return [gx, *ends]
