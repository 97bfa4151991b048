# %% [markdown]
# {{exercise_header}}
#
# When to prune, and what: the two decisions that every pruning tool makes at every step.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def polynomial_sparsity(step, s_i, s_f, begin, end, power=3):
    # BEGIN SOLUTION
    if end <= begin:
        raise ValueError(f"the schedule must end after it begins, got {begin} and {end}")
    passed = min(max((step - begin) / (end - begin), 0.0), 1.0)
    return s_f + (s_i - s_f) * (1 - passed) ** power
    # END SOLUTION


# %%
check("5A")

# %% [markdown]
# {{task:B}}


# %%
def magnitude_mask(w, sparsity):
    # BEGIN SOLUTION
    if not 0 <= sparsity <= 1:  # NaN fails every comparison
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    w = np.asarray(w)
    keep = np.ones(w.size, bool)
    smallest_first = np.argsort(np.abs(w).ravel(), kind="stable")
    keep[smallest_first[: round(sparsity * w.size)]] = False
    return keep.reshape(w.shape)
    # END SOLUTION


# %%
check("5B")

# %%
# NBVAL_CHECK_OUTPUT
finish("05")
