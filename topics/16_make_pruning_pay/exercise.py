# %% [markdown]
# {{exercise_header}}
#
# First the surgery that makes pruning fast, then the format that makes zeros small, and the point where it does not.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def prune_conv_channels(W1, b1, W2, keep):
    # BEGIN SOLUTION
    channels = np.arange(W1.shape[-1])
    keep = np.asarray(keep)
    kept = channels[keep] if keep.dtype == bool else np.unique(keep.astype(int))
    if kept.size == 0:
        raise ValueError("keep at least one channel: a layer without outputs computes nothing")
    return W1[..., kept], b1[kept], W2[:, :, kept, :]
    # END SOLUTION


# %%
check("16A")

# %% [markdown]
# {{task:B}}


# %%
def csr_encode(W):
    # BEGIN SOLUTION
    W = np.asarray(W)
    rows, columns = np.nonzero(W)
    ptr = np.concatenate([[0], np.cumsum(np.count_nonzero(W, axis=1))])
    return {"data": W[rows, columns], "idx": columns.astype(np.int32), "ptr": ptr.astype(np.int32)}
    # END SOLUTION


def csr_matvec(c, x):
    # BEGIN SOLUTION
    products = np.asarray(c["data"], dtype=np.float64) * np.asarray(x)[c["idx"]]
    sums = np.concatenate([[0.0], np.cumsum(products)])
    ends = np.asarray(c["ptr"])
    return sums[ends[1:]] - sums[ends[:-1]]
    # END SOLUTION


def csr_breakeven(shape):
    # BEGIN SOLUTION
    rows, columns = shape
    # 4 bytes for each value, index and pointer: 8 * nnz + 4 * (rows + 1) = 4 * rows * columns
    return 1 - (rows * columns - (rows + 1)) / (2 * rows * columns)
    # END SOLUTION


# %%
check("16B")

# %%
# NBVAL_CHECK_OUTPUT
finish("16")
