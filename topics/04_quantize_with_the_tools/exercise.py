# %% [markdown]
# {{exercise_header}}
#
# Two functions that every quantizer contains. NumPy is enough, and a check answers at once.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def choose_qparams(rmin, rmax, qmin=-128, qmax=127):
    # BEGIN SOLUTION
    if not rmin <= rmax:  # NaN fails every comparison, so it is refused here too
        raise ValueError(f"need rmin <= rmax, got {rmin} and {rmax}")
    rmin, rmax = min(rmin, 0.0), max(rmax, 0.0)
    scale = (rmax - rmin) / (qmax - qmin)
    if scale == 0.0:
        return 1.0, int(np.clip(0, qmin, qmax))
    zero_point = round(qmin - rmin / scale)
    return scale, int(np.clip(zero_point, qmin, qmax))
    # END SOLUTION


# %%
check("4A")

# %% [markdown]
# {{task:B}}


# %%
def calibrate(x, method, bits=8, percentile=99.99, bins=2048):
    # BEGIN SOLUTION
    x = np.asarray(x, dtype=np.float64).ravel()
    x = x[~np.isnan(x)]
    if x.size == 0:
        raise ValueError("nothing to calibrate with: x holds no number that is not NaN")
    lo, hi = min(x.min(), 0.0), max(x.max(), 0.0)
    if method == "minmax" or lo == hi:
        return lo, hi
    if method == "percentile":
        low, high = np.percentile(x, [100 - percentile, percentile])
        return min(low, 0.0), max(high, 0.0)

    def mse(fraction):
        a, b = fraction * lo, fraction * hi
        scale = (b - a) / (2**bits - 1)
        steps = np.clip(np.round(x / scale), np.round(a / scale), np.round(b / scale))
        return np.mean((x - scale * steps) ** 2)

    counts, edges = np.histogram(x, bins=bins, range=(lo, hi))

    def kl(fraction):
        kept = np.flatnonzero((edges[1:] > fraction * lo) & (edges[:-1] < fraction * hi))
        inside = counts[kept].astype(np.float64)
        if not inside.any():
            return np.inf  # nothing but clipping
        p = inside.copy()
        p[0] += counts[: kept[0]].sum()  # what is clipped lands on the outermost step
        p[-1] += counts[kept[-1] + 1 :].sum()
        step = np.arange(len(kept)) * 2**bits // len(kept)
        filled = inside > 0
        mass, cells = np.bincount(step, inside), np.bincount(step, filled)
        q = np.where(filled, mass[step] / np.maximum(cells[step], 1), 0.0)
        p, q = p / p.sum(), np.maximum(q / q.sum(), 1e-12)
        return np.sum(p[p > 0] * np.log(p[p > 0] / q[p > 0]))

    if method not in ("mse", "kl"):
        raise ValueError(f"method must be minmax, percentile, mse or kl, got {method!r}")
    fractions = np.linspace(1.0, 0.02, 99)  # 1.0 first: of two equal candidates the wider one wins
    best = min(fractions, key=mse if method == "mse" else kl)
    return best * lo, best * hi
    # END SOLUTION


# %%
check("4B")

# %%
# NBVAL_CHECK_OUTPUT
finish("04")
