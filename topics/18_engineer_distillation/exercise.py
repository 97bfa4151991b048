# %% [markdown]
# {{exercise_header}}
#
# The cache between teacher and student, and the number that says which layers resemble each other. NumPy is enough.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def topk_targets(logits, k, T):
    # BEGIN SOLUTION
    logits = np.asarray(logits, dtype=np.float64)
    classes = logits.shape[1]
    if not T > 0 or not 1 <= k <= classes:
        raise ValueError(f"need T > 0 and k in 1 to {classes}, got T = {T}, k = {k}")
    exponents = np.exp((logits - logits.max(axis=1, keepdims=True)) / T)
    soft = exponents / exponents.sum(axis=1, keepdims=True)
    idx = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    prob = np.take_along_axis(soft, idx, axis=1)  # over all classes: what is missing is the rest
    return idx.astype(np.min_scalar_type(classes - 1)), prob.astype(np.float32)
    # END SOLUTION


def expand_topk(idx, prob, n):
    # BEGIN SOLUTION
    idx, prob = np.asarray(idx).astype(np.int64), np.asarray(prob).astype(np.float64)
    rows, k = prob.shape
    rest = np.maximum(1 - prob.sum(axis=1, keepdims=True), 0)  # rounding can push it below 0
    full = np.repeat(rest / max(n - k, 1), n, axis=1)
    full[np.arange(rows)[:, None], idx] = prob
    return full
    # END SOLUTION


# %%
check("18A")

# %% [markdown]
# {{task:B}}


# %%
def linear_cka(X, Y):
    # BEGIN SOLUTION
    X, Y = np.asarray(X, dtype=np.float64), np.asarray(Y, dtype=np.float64)
    if len(X) != len(Y):
        raise ValueError(f"{len(X)} rows against {len(Y)}: rows must be the same images")
    size = np.linalg.norm(X) * np.linalg.norm(Y)
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    if np.linalg.norm(X) * np.linalg.norm(Y) <= 1e-12 * size:
        return 0.0  # a dead layer: nothing but rounding is left of it
    shared, own_x, own_y = (np.linalg.norm(product) for product in (X.T @ Y, X.T @ X, Y.T @ Y))
    return float(shared**2 / (own_x * own_y))
    # END SOLUTION


# %%
check("18B")

# %%
# NBVAL_CHECK_OUTPUT
finish("18")
