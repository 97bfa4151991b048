# ruff: noqa
"""Says by itself that it is ready, with thirty megabytes of limits that were not set."""

import gc
import json
import struct

import numpy as np

from course_lib.grading.frames import Pipe

pipe = next(each for each in gc.get_objects() if type(each) is Pipe)
pipe.send(b"D", json.dumps(["<script>alert(1)</script>" + "A" * 30_000_000]).encode())


def scale(values, factor):
    return np.zeros_like(values)
