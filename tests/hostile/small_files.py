# ruff: noqa
"""Makes a hundred thousand empty files."""

import os

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        for number in range(100_000):
            open(str(number), "w").close()
    return np.zeros_like(values)
