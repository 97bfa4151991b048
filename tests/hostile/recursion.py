# ruff: noqa
"""Calls itself without end, with Python's own limit raised."""

import sys

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        sys.setrecursionlimit(10**9)
        return scale(values, factor)
    return np.zeros_like(values)
