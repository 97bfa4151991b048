"""Topic 25 answered from the statement alone, built otherwise than our solution: marking backwards, plain integers."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def not_delegated(tflite):
    """Judge every operator by what can be reached from a part's outputs in the reversed graph, part by part."""
    interpreter = Interpreter(model_content=tflite)
    interpreter.allocate_tensors()
    entries = interpreter._get_ops_details()
    parts = [entry for entry in entries if entry["op_name"] == "DELEGATE"]
    own = entries[: len(entries) - len(parts)]
    inside = set()
    for part in parts:
        wanted = set(map(int, part["outputs"]))
        for index in range(len(own) - 1, -1, -1):  # the file is in execution order: one pass from the end is enough
            made = set(map(int, own[index]["outputs"]))
            if made & wanted and not made & set(map(int, part["inputs"])):
                inside.add(index)
                wanted |= set(map(int, own[index]["inputs"])) - set(map(int, part["inputs"]))
    return np.array(sorted(set(range(len(own))) - inside), int)


def maddubs(u8, s8):
    """Loop over pairs in Python's integers."""
    if np.shape(u8) != np.shape(s8) or np.shape(u8)[-1] % 2:
        raise ValueError("pairs, please")
    flat, weights = np.ravel(u8).tolist(), np.ravel(s8).tolist()
    sums = [flat[i] * weights[i] + flat[i + 1] * weights[i + 1] for i in range(0, len(flat), 2)]
    kept = [max(-(2**15), min(2**15 - 1, each)) for each in sums]
    return np.array(kept, np.int16).reshape(*np.shape(u8)[:-1], np.shape(u8)[-1] // 2)
