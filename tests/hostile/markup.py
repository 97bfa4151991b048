# ruff: noqa
"""Returns and raises markup and control characters, for whoever shows the message."""

import numpy as np


def scale(values, factor):
    raise KeyError("<script>alert(1)</script>\x1b[2J\x00\u202e10/10")
