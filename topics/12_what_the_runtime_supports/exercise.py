# %% [markdown]
# {{exercise_header}}
#
# Two formats that the matrix is full of: one that the runtime reads, and one that it does not.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def pack_int4(q):
    # BEGIN SOLUTION
    q = np.asarray(q).ravel()
    if q.size and (q.min() < -8 or q.max() > 7):
        raise ValueError(f"int4 holds -8 to 7, got {q.min()} to {q.max()}")
    nibbles = np.zeros(q.size + q.size % 2, np.uint8)
    nibbles[: q.size] = q.astype(np.int8).view(np.uint8) & 0x0F
    return nibbles[0::2] | nibbles[1::2] << 4
    # END SOLUTION


def unpack_int4(p, n):
    # BEGIN SOLUTION
    p = np.asarray(p, np.uint8)
    if n > 2 * p.size:
        raise ValueError(f"{p.size} bytes hold {2 * p.size} weights, {n} were asked for")
    nibbles = np.stack([p & 0x0F, p >> 4], axis=1).ravel()[:n].astype(np.int8)
    return (nibbles ^ 8) - 8  # 8 to 15 become -8 to -1
    # END SOLUTION


# %%
check("12A")

# %% [markdown]
# {{task:B}}


# %%
def nm_mask(w, n=2, m=4):
    # BEGIN SOLUTION
    w = np.asarray(w)
    if not 1 <= n <= m:
        raise ValueError(f"n of m needs 1 <= n <= m, got {n} of {m}")
    if w.shape[-1] % m:
        raise ValueError(f"the last dimension, {w.shape[-1]}, is no multiple of {m}")
    groups = np.abs(w).reshape(-1, m)
    largest = np.argsort(-groups, axis=1, kind="stable")[:, :n]
    mask = np.zeros(groups.shape, bool)
    np.put_along_axis(mask, largest, True, axis=1)
    return mask.reshape(w.shape)
    # END SOLUTION


# %%
check("12B")

# %%
# NBVAL_CHECK_OUTPUT
finish("12")
