# ruff: noqa
"""Returns arrays of objects, structures and dates."""

import numpy as np


def scale(values, factor):
    if factor != factor:
        return np.array(["2020-01-01"], "datetime64[D]")
    if len(values) == 5:
        return np.array([object()] * 5, dtype=object)
    return np.zeros(3, [("a", "f8"), ("b", "O")])
