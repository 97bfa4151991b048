# %% [markdown]
# {{exercise_header}}
#
# The two halves of an integer layer: the weights in the file, and the arithmetic that uses them. NumPy is enough.

# %%
import math

import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def quantize_weights_per_axis(W, axis=0, bits=8):
    # BEGIN SOLUTION
    W = np.asarray(W, dtype=np.float64)
    limit = 2 ** (bits - 1) - 1
    others = None if axis is None else tuple(d for d in range(W.ndim) if d != axis % W.ndim)
    peak = np.abs(W).max(axis=others, keepdims=True)
    s = np.where(peak > 0, peak / limit, 1.0)  # a dead channel would divide by zero
    q = np.clip(np.rint(W / s), -limit, limit).astype(np.int8)
    return q, s.ravel()
    # END SOLUTION


# %%
check("17A")

# %% [markdown]
# {{task:B}}


# %%
def quantize_multiplier(M):
    # BEGIN SOLUTION
    if not 0 <= M < math.inf:  # NaN fails every comparison, so it is refused here too
        raise ValueError(f"a multiplier is a finite number of at least 0, got {M}")
    fraction, shift = math.frexp(M)
    m0 = round(fraction * 2**31)
    if m0 == 2**31:  # the fraction rounded up to 1
        m0, shift = 2**30, shift + 1
    return (m0, shift) if m0 and shift >= -31 else (0, 0)
    # END SOLUTION


def qlinear_int8(xq, zx, wq, bq, mult, shift, zo):
    # BEGIN SOLUTION
    acc = (xq.astype(np.int32) - zx) @ wq.astype(np.int32).T + bq
    right = 31 - np.asarray(shift, dtype=np.int64)
    half = np.left_shift(np.int64(1), right - 1)
    scaled = (acc * np.asarray(mult, dtype=np.int64) + half) >> right
    return np.clip(scaled + zo, -128, 127).astype(np.int8)
    # END SOLUTION


# %%
check("17B")

# %%
# NBVAL_CHECK_OUTPUT
finish("17")
