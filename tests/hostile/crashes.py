# ruff: noqa
"""Reads address zero."""

import ctypes

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        ctypes.string_at(0)
    return np.zeros_like(values)
