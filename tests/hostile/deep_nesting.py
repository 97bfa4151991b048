# ruff: noqa
"""Returns lists nested five times, and a hundred thousand times."""

import numpy as np


def scale(values, factor):
    found = []
    for _ in range(100_000 if len(values) == 3 else 50):
        found = [found]
    return found
