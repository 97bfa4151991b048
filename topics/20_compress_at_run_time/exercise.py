# %% [markdown]
# {{exercise_header}}
#
# What a kernel does per call, and what a device can afford to remember about its inputs. NumPy is enough.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def dynamic_quant_matmul(x, wq, sw):
    # BEGIN SOLUTION
    x = np.asarray(x, dtype=np.float64)
    low = np.minimum(x.min(axis=1, keepdims=True), 0.0)
    high = np.maximum(x.max(axis=1, keepdims=True), 0.0)
    scale = np.where(high > low, (high - low) / 255, 1.0)  # a row of zeros keeps scale 1
    zero = np.rint(-128 - low / scale)
    q = np.clip(np.rint(x / scale) + zero, -128, 127)
    acc = (q - zero).astype(np.int32) @ np.asarray(wq).astype(np.int32).T
    return acc * scale * sw
    # END SOLUTION


# %%
check("20A")

# %% [markdown]
# {{task:B}}


# %%
class StreamingHistogram:
    def __init__(self, bins):
        # BEGIN SOLUTION
        if bins < 2 or bins % 2:
            raise ValueError(f"bins must be even and at least 2, got {bins}")
        self.bins = bins
        self.counts = np.zeros(bins, dtype=np.int64)
        self.lo = self.hi = None
        # END SOLUTION

    def update(self, x):
        # BEGIN SOLUTION
        x = np.asarray(x, dtype=np.float64).ravel()
        x = x[np.isfinite(x)]
        if x.size == 0:
            return
        if self.lo is None:
            self.lo, self.hi = float(x.min()), float(x.max())
            if self.lo == self.hi:
                self.hi = self.lo + (abs(self.lo) or 1.0)  # any width will do
        half = self.bins // 2
        while x.max() > self.hi or x.min() < self.lo:
            upwards = x.max() > self.hi
            pairs = self.counts.reshape(half, 2).sum(axis=1)
            empty = np.zeros(half, dtype=np.int64)
            self.counts = np.concatenate([pairs, empty] if upwards else [empty, pairs])
            width = self.hi - self.lo
            if upwards:
                self.hi += width
            else:
                self.lo -= width
        where = (x - self.lo) // ((self.hi - self.lo) / self.bins)
        where = np.clip(where, 0, self.bins - 1).astype(np.int64)
        self.counts = self.counts + np.bincount(where, minlength=self.bins)
        # END SOLUTION

    def quantile(self, q):
        # BEGIN SOLUTION
        total = self.counts.sum()
        if not total or not 0 <= q <= 1:
            raise ValueError(f"need data and 0 <= q <= 1; total {total}, q = {q}")
        below = np.concatenate([[0], np.cumsum(self.counts)])
        target = q * total
        k = min(int(np.searchsorted(below, target, side="right")) - 1, self.bins - 1)
        while self.counts[k] == 0:  # q = 1 falls behind the last counter that holds anything
            k -= 1
        inside = (target - below[k]) / self.counts[k]
        return self.lo + (k + min(inside, 1.0)) * (self.hi - self.lo) / self.bins
        # END SOLUTION


# %%
check("20B")

# %%
# NBVAL_CHECK_OUTPUT
finish("20")
