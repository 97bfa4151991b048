# ruff: noqa
"""Returns an array of a terabyte that takes eight bytes, and one of nothing with absurd dimensions."""

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        return np.broadcast_to(np.float64(1.0), (2**37,))
    return np.zeros((0, 2**40, 3))
