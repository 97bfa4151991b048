# ruff: noqa
"""Sleeps for a day."""

import time

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        time.sleep(86400)
    return np.zeros_like(values)
