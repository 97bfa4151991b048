# %% [markdown]
# {{exercise_header}}
#
# The two sums that belong in front of every benchmark: what a layer costs, and which of its costs decides.

# %%
from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def conv_cost(h, w, cin, cout, k, stride=1, padding="same", depthwise=False, bias=True):
    # BEGIN SOLUTION
    if padding == "same":
        rows, columns = -(-h // stride), -(-w // stride)  # rounds up
    elif padding == "valid":
        rows, columns = (h - k) // stride + 1, (w - k) // stride + 1
    else:
        raise ValueError(f"padding must be same or valid, got {padding!r}")
    channels = cin if depthwise else cout
    per_output = k * k * (1 if depthwise else cin)
    return {
        "out": (rows, columns, channels),
        "params": per_output * channels + (channels if bias else 0),
        "macs": rows * columns * channels * per_output,
    }
    # END SOLUTION


# %%
check("2A")

# %% [markdown]
# {{task:B}}


# %%
def roofline(macs, bytes_moved, peak_gmacs, bw_gbs):
    # BEGIN SOLUTION
    if not (peak_gmacs > 0 and bw_gbs > 0 and bytes_moved > 0 and macs >= 0):
        raise ValueError("peak_gmacs, bw_gbs and bytes_moved must be positive, macs not negative")
    computing, moving = macs / (peak_gmacs * 1e9), bytes_moved / (bw_gbs * 1e9)
    return {
        "latency_s": max(computing, moving),
        "bound": "compute" if computing >= moving else "memory",
        "intensity": macs / bytes_moved,
    }
    # END SOLUTION


# %%
check("2B")

# %%
# NBVAL_CHECK_OUTPUT
finish("02")
