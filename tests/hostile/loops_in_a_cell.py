# ruff: noqa
"""A cell that never ends and ignores the alarm; the next cell is fine."""

import signal

import numpy as np

signal.signal(signal.SIGALRM, signal.SIG_IGN)
while True:
    pass

# %%
import numpy as np


def scale(values, factor):
    return np.zeros_like(values)
