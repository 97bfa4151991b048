# ruff: noqa
"""Leaves a daemon behind that has left its session and keeps writing."""

import os
import time

import numpy as np

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(0.01)
            with open("@HOME@/forged", "a") as file:
                file.write("still here")
    os._exit(0)


def scale(values, factor):
    return np.zeros_like(values)
