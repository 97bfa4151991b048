# ruff: noqa
"""Returns a list that contains itself, and a dict that does."""

import numpy as np


def scale(values, factor):
    found = {}
    found["a"] = [found]
    return found if len(values) == 5 else list(found.values())
