# ruff: noqa
"""Ends the process with code 0 in a cell; a later cell is fine."""

import os

import numpy as np

os._exit(0)

# %%
import numpy as np


def scale(values, factor):
    return np.zeros_like(values)
