# %% [markdown]
# {{exercise_header}}
#
# Two ideas that carry language models over to few bits. NumPy is enough.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def smooth_scales(X, W, alpha=0.5):
    # BEGIN SOLUTION
    x, w = np.abs(X).max(axis=0).astype(np.float64), np.abs(W).max(axis=0).astype(np.float64)
    alive = (x > 0) & (w > 0)
    x, w = np.where(alive, x, 1.0), np.where(alive, w, 1.0)  # a dead channel gets 1 / 1
    return x**alpha / w ** (1 - alpha)
    # END SOLUTION


# %%
check("30A")

# %% [markdown]
# {{task:B}}


# %%
def gptq(W, X, bits=4, damp=0.01):
    # BEGIN SOLUTION
    W, X = np.array(W, np.float64), np.asarray(X, np.float64)  # a copy of W: it is consumed
    most = 2 ** (bits - 1) - 1
    scale = np.abs(W).max(axis=1) / most
    scale[scale == 0] = 1.0
    hessian = X.T @ X
    dead = np.diag(hessian) == 0
    hessian[dead, dead] = 1.0  # no input, no error to compensate
    hessian += damp * np.diag(hessian).mean() * np.eye(len(hessian))
    upper = np.linalg.cholesky(np.linalg.inv(hessian)).T
    rounded = np.zeros_like(W)
    for j in range(W.shape[1]):
        rounded[:, j] = scale * np.clip(np.rint(W[:, j] / scale), -most, most)
        error = (W[:, j] - rounded[:, j]) / upper[j, j]
        W[:, j + 1 :] -= np.outer(error, upper[j, j + 1 :])  # the columns to come make up for it
    return rounded
    # END SOLUTION


# %%
check("30B")

# %%
# NBVAL_CHECK_OUTPUT
finish("30")
