# %% [markdown]
# {{exercise_header}}
#
# Two ways to say a matrix with fewer numbers: fewer different values, and fewer directions.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def kmeans_share(w, k, iters=50, keep_zero=False):
    # BEGIN SOLUTION
    w = np.asarray(w)
    flat = w.ravel().astype(np.float64)
    live = flat != 0 if keep_zero else np.ones(flat.size, bool)
    budget = k - 1 if keep_zero else k
    values = np.unique(flat[live])
    if len(values) > budget:
        centres = np.linspace(values[0], values[-1], budget)
        for _ in range(iters):
            nearest = np.abs(flat[live, None] - centres).argmin(1)
            sizes = np.bincount(nearest, minlength=budget)
            sums = np.bincount(nearest, flat[live], minlength=budget)
            centres = np.where(sizes > 0, sums / np.maximum(sizes, 1), centres)
        values = centres
    codebook = np.concatenate([values, [0.0]]) if keep_zero else values
    codes = np.full(flat.size, len(codebook) - 1)  # with keep_zero the last code is the zero
    codes[live] = np.abs(flat[live, None] - values).argmin(1)
    return codebook, codes.reshape(w.shape)
    # END SOLUTION


# %%
check("3A")

# %% [markdown]
# {{task:B}}


# %%
def svd_compress(W, rank):
    # BEGIN SOLUTION
    W = np.asarray(W, dtype=np.float64)
    if not 1 <= rank <= min(W.shape):
        raise ValueError(f"rank must lie in [1, {min(W.shape)}] for a matrix {W.shape}, got {rank}")
    U, singular, Vt = np.linalg.svd(W, full_matrices=False)
    share = np.sqrt(
        singular[:rank]
    )  # half of each singular value to either side, in the sense of a product
    return U[:, :rank] * share, share[:, None] * Vt[:rank]
    # END SOLUTION


# %%
check("3B")

# %%
# NBVAL_CHECK_OUTPUT
finish("03")
