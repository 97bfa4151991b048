# %% [markdown]
# {{exercise_header}}
#
# One function that reads the door plate of a file, and one that does what every delegate does before it computes anything.

# %%
from itertools import groupby

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def parse_tflite_header(buf):
    # BEGIN SOLUTION
    if len(buf) < 8:
        raise ValueError(f"{len(buf)} bytes are too few: a .tflite begins with 8 bytes of header")
    if bytes(buf[4:8]) != b"TFL3":
        raise ValueError(f"not a .tflite: bytes 4 to 7 read {bytes(buf[4:8])!r}, not b'TFL3'")
    root_offset = int.from_bytes(buf[:4], "little")
    if root_offset >= len(buf):
        raise ValueError(f"the root table would begin at {root_offset}, beyond {len(buf)} bytes")
    return {"root_offset": root_offset, "identifier": "TFL3"}
    # END SOLUTION


# %%
check("1A")

# %% [markdown]
# {{task:B}}


# %%
def partition_delegate(ops, supported, min_nodes=1):
    # BEGIN SOLUTION
    def runs(flags):
        grouped = groupby(enumerate(flags), key=lambda pair: pair[1])
        return [(flag, [index for index, _ in run]) for flag, run in grouped]

    taken = [op in supported for op in ops]
    for flag, segment in runs(taken):
        if flag and len(segment) < min_nodes:
            for index in segment:
                taken[index] = False
    return runs(taken)  # what fell back now has the flag of its neighbours, so it joins them
    # END SOLUTION


# %%
check("1B")

# %%
# NBVAL_CHECK_OUTPUT
finish("01")
