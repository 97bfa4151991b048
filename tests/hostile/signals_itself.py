# ruff: noqa
"""Sends itself SIGKILL."""

import os
import signal

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return np.zeros_like(values)
