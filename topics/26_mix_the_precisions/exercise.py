# %% [markdown]
# {{exercise_header}}
#
# A number format by its bits, and the optimisation that decides where bits go. NumPy is enough.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def to_bf16(x):
    # BEGIN SOLUTION
    x = np.array(x, np.float32)
    bits = x.view(np.uint32)
    even = (bits >> np.uint32(16)) & np.uint32(1)  # 1 where the upper half is odd
    rounded = (bits + np.uint32(0x7FFF) + even) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(x), np.float32(np.nan), rounded.view(np.float32))
    # END SOLUTION


# %%
check("26A")

# %% [markdown]
# {{task:B}}


# %%
def allocate_bits(sizes, err, budget):
    # BEGIN SOLUTION
    states = [(0, 0.0, ())]  # bits used, error, choice; more bits always mean less error
    for size, menu in zip(sizes, err, strict=True):
        reached = [
            (used + size * bits, error + e, (*choice, bits))
            for used, error, choice in states
            for bits, e in menu.items()
            if used + size * bits <= budget
        ]
        states = []
        for state in sorted(reached):
            if not states or state[1] < states[-1][1]:
                states.append(state)
    return states[-1][2] if states else None
    # END SOLUTION


# %%
check("26B")

# %%
# NBVAL_CHECK_OUTPUT
finish("26")
