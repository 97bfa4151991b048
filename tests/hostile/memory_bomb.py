# ruff: noqa
"""Takes ten gigabytes."""

import os

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        return np.ones(10 * 2**27)
    return np.zeros_like(values)
