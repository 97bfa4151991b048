# ruff: noqa
"""Returns NaN, infinities, signalling NaN and denormals."""

import numpy as np


def scale(values, factor):
    signalling = np.array([0x7FF0000000000001], "<u8").view("<f8")[0]
    return np.array([np.nan, np.inf, -np.inf, 5e-324, signalling])
