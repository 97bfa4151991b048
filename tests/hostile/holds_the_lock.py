# ruff: noqa
"""A thread in native code that never gives the interpreter back."""

import ctypes

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        ctypes.PyDLL(None).sleep(86400)
    return np.zeros_like(values)
