# %% [markdown]
# {{exercise_header}}
#
# The class report and the test that you will defend in front of somebody who wants to ship. NumPy or plain Python is enough.

# %%
import math

import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def prf(y, p, n_classes):
    # BEGIN SOLUTION
    y, p = np.asarray(y, dtype=np.int64), np.asarray(p, dtype=np.int64)
    per_class = []
    for label in range(n_classes):
        hits = int(np.sum((y == label) & (p == label)))
        claimed, there = int(np.sum(p == label)), int(np.sum(y == label))
        precision = hits / claimed if claimed else 0.0
        recall = hits / there if there else 0.0
        # 2pr / (p + r) in counts: one denominator, and it is 0 only when the class never occurs anywhere
        f1 = 2 * hits / (claimed + there) if claimed + there else 0.0
        per_class.append((precision, recall, f1))
    return {
        "per_class": per_class,
        "macro_f1": sum(f1 for _, _, f1 in per_class) / n_classes,
        "accuracy": float(np.mean(y == p)),
    }
    # END SOLUTION


# %%
check("13A")

# %% [markdown]
# {{task:B}}


# %%
def mcnemar_exact(ref_ok, new_ok):
    # BEGIN SOLUTION
    ref_ok, new_ok = np.asarray(ref_ok, dtype=bool), np.asarray(new_ok, dtype=bool)
    if ref_ok.shape != new_ok.shape:
        raise ValueError(f"not the same images: {ref_ok.shape} and {new_ok.shape}")
    regressions = int(np.sum(ref_ok & ~new_ok))
    fixes = int(np.sum(new_ok & ~ref_ok))
    flips, fewer = regressions + fixes, min(regressions, fixes)
    # Whole numbers until the very end: 0.5**flips is 0.0 in floating point from 1,075 flips on.
    ways, tail = 1, 0
    for k in range(fewer + 1):
        tail += ways
        ways = ways * (flips - k) // (k + 1)  # C(flips, k + 1) from C(flips, k)
    p_value = min(1.0, math.exp(math.log(2 * tail) - flips * math.log(2)))
    return {"regressions": regressions, "fixes": fixes, "p_value": p_value}
    # END SOLUTION


# %%
check("13B")

# %%
# NBVAL_CHECK_OUTPUT
finish("13")
