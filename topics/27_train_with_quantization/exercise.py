# %% [markdown]
# {{exercise_header}}
#
# The operator that quantization-aware training puts into a network, and the gradient that it pretends to have.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def fake_quant(x, mn, mx, bits=8, narrow=False):
    # BEGIN SOLUTION
    if not mn <= mx:
        raise ValueError(f"need mn <= mx, got {mn} and {mx}")
    x = np.asarray(x, np.float64)
    if mn == mx:
        return np.zeros_like(x)
    first, last = int(narrow), 2**bits - 1
    scale = (mx - mn) / (last - first)
    zero = np.clip(np.round(first - mn / scale), first, last)
    steps = np.clip(np.round(x / scale), first - zero, last - zero)
    return scale * steps
    # END SOLUTION


# %%
check("27A")

# %% [markdown]
# {{task:B}}


# %%
def fake_quant_grad(g, x, mn, mx, bits=8, narrow=False):
    # BEGIN SOLUTION
    g, x = np.asarray(g, np.float64), np.asarray(x, np.float64)
    first, last = int(narrow), 2**bits - 1
    scale = (mx - mn) / (last - first)
    zero = np.clip(np.round(first - mn / scale), first, last)
    below, above = x < scale * (first - zero), x > scale * (last - zero)
    return np.where(below | above, 0.0, g), float(g[below].sum()), float(g[above].sum())
    # END SOLUTION


# %%
check("27B")

# %%
# NBVAL_CHECK_OUTPUT
finish("27")
