# ruff: noqa
"""Leaves a hundred threads running that are not daemons."""

import threading
import time

import numpy as np


def scale(values, factor):
    if len(values) == 5:
        for _ in range(100):
            threading.Thread(target=time.sleep, args=(86400,)).start()
    return np.zeros_like(values)
