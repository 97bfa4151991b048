# ruff: noqa
"""Sends frames with absurd lengths and half a header."""

import gc
import os
import struct

import numpy as np

from course_lib.grading.frames import Pipe

pipe = next(each for each in gc.get_objects() if type(each) is Pipe)
os.write(pipe._out, b"R" + struct.pack("<Q", 2**63))


def scale(values, factor):
    return np.zeros_like(values)
