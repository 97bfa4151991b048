# ruff: noqa
"""Returns two million small lists."""

import numpy as np


def scale(values, factor):
    return [[]] * 2_000_000
