# ruff: noqa
"""Gives LiteRT damaged models, one after the other, and runs what it accepts."""

import struct

import numpy as np

from ai_edge_litert.interpreter import Interpreter


def scale(values, factor):
    if len(values) == 5:
        for seed in range(200):
            rng = np.random.default_rng(seed)
            model = bytearray(rng.bytes(400))
            model[0:8] = struct.pack("<I", rng.integers(4, 200)) + b"TFL3"
            try:
                interpreter = Interpreter(model_content=bytes(model))
                interpreter.allocate_tensors()
                interpreter.invoke()
            except (ValueError, RuntimeError):
                continue
    return np.zeros_like(values)
