# ruff: noqa
"""An object with an array interface that changes each time it is read."""

import numpy as np


class Liar:
    times = 0

    @property
    def __array_interface__(self):
        Liar.times += 1
        return {"shape": (5,), "typestr": "<f8", "version": 3, "data": np.full(5, Liar.times).tobytes()}


def scale(values, factor):
    return Liar()
