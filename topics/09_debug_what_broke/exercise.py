# %% [markdown]
# {{exercise_header}}
#
# The instrument and the treatment: find the layer where two runs part, and even out channels without changing the function. NumPy is enough.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def first_divergent(ref, got, thr_db=20.0):
    # BEGIN SOLUTION
    if ref.keys() != got.keys():
        raise ValueError(f"layers in one run only: {sorted(ref.keys() ^ got.keys())}")
    for name in ref:
        a, b = np.asarray(ref[name]), np.asarray(got[name])
        if a.shape != b.shape:
            raise ValueError(f"{name} has shape {a.shape} in one run and {b.shape} in the other")
    for name in ref:
        a = np.asarray(ref[name], dtype=np.float64)  # int8 would wrap, float16 overflow
        signal, noise = np.sum(a**2), np.sum((a - got[name]) ** 2)
        if noise == 0:
            continue  # equal is good, silence included
        if not (signal > 0 and 10 * np.log10(signal / noise) >= thr_db):
            return name  # NaN fails every comparison, so it ends here too
    return None
    # END SOLUTION


# %%
check("9A")

# %% [markdown]
# {{task:B}}


# %%
def cross_layer_equalize(W1, b1, W2):
    # BEGIN SOLUTION
    W1, b1, W2 = (np.asarray(a, dtype=np.float64) for a in (W1, b1, W2))
    r1, r2 = np.abs(W1).max(axis=1), np.abs(W2).max(axis=0)
    alive = (r1 > 0) & (r2 > 0)  # a dead channel has no range to share
    s = np.ones_like(r1)
    s[alive] = np.sqrt(r1[alive] / r2[alive])
    return W1 / s[:, None], b1 / s, W2 * s, s
    # END SOLUTION


# %%
check("9B")

# %%
# NBVAL_CHECK_OUTPUT
finish("09")
