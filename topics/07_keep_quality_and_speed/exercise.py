# %% [markdown]
# {{exercise_header}}
#
# Two rungs of the ladder: the repair that costs one vector, and the search for the layers that stay float. NumPy is enough.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def bias_correct(W, Wq, b, x_mean):
    # BEGIN SOLUTION
    shift = (np.asarray(Wq, dtype=np.float64) - W) @ x_mean  # what rounding adds, on average
    return b - shift
    # END SOLUTION


# %%
check("7A")

# %% [markdown]
# {{task:B}}


# %%
def min_float_layers(metric, n, target):
    # BEGIN SOLUTION
    layers, value = [], metric(frozenset())
    while value < target and len(layers) < n:
        left = [layer for layer in range(n) if layer not in layers]
        tried = [metric(frozenset([*layers, layer])) for layer in left]
        best = tried.index(max(tried))  # the first of equals, so the lowest index
        layers.append(left[best])
        value = tried[best]
    return layers, value
    # END SOLUTION


# %%
check("7B")

# %%
# NBVAL_CHECK_OUTPUT
finish("07")
