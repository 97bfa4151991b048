# %% [markdown]
# {{exercise_header}}
#
# The two functions behind every honest latency report. NumPy is enough; nothing here runs a model or looks at a clock.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def latency_summary(samples, warmup=0):
    # BEGIN SOLUTION
    if warmup < 0:
        raise ValueError(f"warmup counts runs, so it cannot be {warmup}")
    kept = np.asarray(samples, dtype=np.float64)[
        warmup:
    ]  # in the order of time: sort later, not first
    if kept.size == 0:
        raise ValueError(
            f"{len(samples)} samples and a warm-up of {warmup} leave nothing to report"
        )
    p50, p90, p99 = np.percentile(kept, [50, 90, 99])
    return {
        "n": int(kept.size),
        "mean": float(kept.mean()),
        "min": float(kept.min()),
        "p50": float(p50),
        "p90": float(p90),
        "p99": float(p99),
    }
    # END SOLUTION


# %%
check("10A")

# %% [markdown]
# {{task:B}}


# %%
def bootstrap_speedup(a, b, n=2000, level=0.95, seed=0):
    # BEGIN SOLUTION
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    rng = np.random.default_rng(seed)

    def medians(times):
        """Return the medians of n resamples, each as large as the sample itself."""
        return np.median(times[rng.integers(0, len(times), (n, len(times)))], axis=1)

    ratios = medians(a) / medians(b)  # drawn independently: the runs of A and B are not pairs
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return float(np.median(a) / np.median(b)), float(low), float(high)
    # END SOLUTION


# %%
check("10B")

# %%
# NBVAL_CHECK_OUTPUT
finish("10")
