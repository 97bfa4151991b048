# ruff: noqa
"""Stops itself, as Ctrl-Z does."""

import os
import signal

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        os.kill(os.getpid(), signal.SIGSTOP)
    return np.zeros_like(values)
