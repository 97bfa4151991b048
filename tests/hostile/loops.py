# ruff: noqa
"""Never returns."""

import os

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        while True:
            pass
    return np.zeros_like(values)
