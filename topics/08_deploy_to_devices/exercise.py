# %% [markdown]
# {{exercise_header}}
#
# Two functions for the door between an app and a file: what goes in, and what to look for before it ships. NumPy is enough.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def encode_input(x, dtype, scale, zp):
    # BEGIN SOLUTION
    x, dtype = np.asarray(x), np.dtype(dtype)
    if scale == 0:  # the file stores real values
        return x.astype(dtype)
    if np.isnan(x).any():
        raise ValueError(
            "NaN has no integer code; look for a division by zero in the preprocessing"
        )
    limits = np.iinfo(dtype)
    steps = np.round(x / scale) + zp
    return np.clip(steps, limits.min, limits.max).astype(dtype)
    # END SOLUTION


# %%
check("8A")

# %% [markdown]
# {{task:B}}


# %%
def find_float_islands(ops):
    # BEGIN SOLUTION
    islands, island = [], []
    for index, (name, out_dtype) in enumerate(ops):
        if not out_dtype.startswith("float"):
            islands.append(island)
            island = []
        elif name != "DEQUANTIZE":  # it puts out floats, and computes none
            island.append(index)
    return [each for each in [*islands, island] if each]
    # END SOLUTION


# %%
check("8B")

# %%
# NBVAL_CHECK_OUTPUT
finish("08")
