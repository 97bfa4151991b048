"""Topic 08 answered from the statement alone, built otherwise than our solution: a table of steps, grouping by key."""

import math
from itertools import accumulate, groupby

import numpy as np


def encode_input(x, dtype, scale, zp):
    """Look for the nearest of all the real values that the type can store."""
    if scale == 0:
        return np.array(x, dtype=dtype)
    if any(math.isnan(value) for value in np.ravel(x)):
        raise ValueError("not a number")
    codes = np.arange(np.iinfo(dtype).min, np.iinfo(dtype).max + 1)
    between = (codes[:-1] + 0.5 - zp) * scale
    return codes[np.searchsorted(between, np.asarray(x, np.float64))].astype(dtype)


def find_float_islands(ops):
    """Number the stretches between integer outputs, then group the float operators by that number."""
    stretch = list(accumulate(not dtype.startswith("float") for _, dtype in ops))
    members = [
        (number, index)
        for index, ((name, dtype), number) in enumerate(zip(ops, stretch, strict=True))
        if dtype.startswith("float") and name not in ("QUANTIZE", "DEQUANTIZE")
    ]
    return [[index for _, index in group] for _, group in groupby(members, key=lambda pair: pair[0])]
