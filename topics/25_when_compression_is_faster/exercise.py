# %% [markdown]
# {{exercise_header}}
#
# First the question that decides most speed arguments: what did the delegate leave? Then the instruction that int8 without VNNI has to live with, saturation included.

# %%
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from course_lib import check, finish, float_tflite
from course_lib.evaluation.runtime import open_interpreter

_ = open_interpreter(float_tflite("baseline"))  # the first one of a process prints a greeting

# %% [markdown]
# {{task:A}}


# %%
def not_delegated(tflite):
    # BEGIN SOLUTION
    interpreter = Interpreter(model_content=tflite)
    interpreter.allocate_tensors()
    entries = interpreter._get_ops_details()
    own = [entry for entry in entries if entry["op_name"] != "DELEGATE"]
    parts = [entry for entry in entries if entry["op_name"] == "DELEGATE"]
    writer = {int(tensor): index for index, entry in enumerate(own) for tensor in entry["outputs"]}
    taken = set()
    for part in parts:
        border = {int(tensor) for tensor in part["inputs"]}
        waiting = [int(tensor) for tensor in part["outputs"]]
        while waiting:
            tensor = waiting.pop()
            index = writer.get(tensor)
            if tensor in border or index is None or index in taken:
                continue
            taken.add(index)
            waiting.extend(int(source) for source in own[index]["inputs"])
    return [index for index in range(len(own)) if index not in taken]
    # END SOLUTION


# %%
check("25A")

# %% [markdown]
# {{task:B}}


# %%
def maddubs(u8, s8):
    # BEGIN SOLUTION
    u8, s8 = np.asarray(u8), np.asarray(s8)
    if u8.shape != s8.shape or u8.ndim == 0 or u8.shape[-1] % 2:
        raise ValueError(
            f"need two equal shapes with an even last axis, got {u8.shape}, {s8.shape}"
        )
    products = u8.astype(np.int32) * s8.astype(np.int32)
    sums = products[..., 0::2] + products[..., 1::2]
    return np.clip(sums, -32768, 32767).astype(np.int16)
    # END SOLUTION


# %%
check("25B")

# %%
# NBVAL_CHECK_OUTPUT
finish("25")
