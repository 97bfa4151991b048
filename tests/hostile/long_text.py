# ruff: noqa
"""Returns thirty megabytes of text, and exceptions with as much."""

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        return "10 of 10 points " * (30 * 2**16)
    raise ValueError("pass " * 10_000_000)
