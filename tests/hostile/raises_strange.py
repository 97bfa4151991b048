# ruff: noqa
"""Raises exceptions whose text raises, whose class lies, and that no one expects."""

import numpy as np


class Strange(Exception):
    def __str__(self):
        raise SystemExit(0)

    __repr__ = __str__


class Failed(BaseException):
    __module__ = "builtins"
    __qualname__ = "ValueError "


def scale(values, factor):
    if len(values) == 5:
        raise Strange
    if len(values) == 3:
        raise GeneratorExit
    raise Failed("factor is not a number")
