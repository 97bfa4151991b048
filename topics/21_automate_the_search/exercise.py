# %% [markdown]
# {{exercise_header}}
#
# The two decisions that a pipeline makes without you: which file to ship, and which candidate deserves another measurement.

# %%
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from course_lib import check, finish


def classes(interpreter, fed):
    """Run samples one by one, already in the type of the file's input, and return their classes."""
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    found = []
    for sample in fed:
        interpreter.set_tensor(source["index"], sample[None])
        interpreter.invoke()
        found.append(interpreter.get_tensor(target["index"])[0].argmax())
    return np.array(found)


# %% [markdown]
# {{task:A}}


# %%
def smallest_passing(candidates, x, y, floor):
    # BEGIN SOLUTION
    best = None
    for name, tflite in candidates.items():
        try:
            interpreter = Interpreter(model_content=tflite)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError):  # not a file, or an operator that this runtime has not
            continue
        source, fed = interpreter.get_input_details()[0], x
        if source["dtype"] != np.float32:
            scale, zero_point = source["quantization"]
            limits = np.iinfo(source["dtype"])
            steps = np.round(x / scale) + zero_point
            fed = np.clip(steps, limits.min, limits.max).astype(source["dtype"])
        accuracy = np.mean(classes(interpreter, fed) == y)
        if accuracy >= floor and (best is None or len(tflite) < len(candidates[best])):
            best = name
    return best
    # END SOLUTION


# %%
check("21A")

# %% [markdown]
# {{task:B}}


# %%
def successive_halving(cfgs, score, min_budget=1, eta=2):
    # BEGIN SOLUTION
    if not cfgs or eta < 2:
        raise ValueError(f"need configurations and eta >= 2, got {len(cfgs)} and {eta}")
    alive, budget, total = list(range(len(cfgs))), min_budget, 0
    while True:
        scores = {place: score(cfgs[place], budget) for place in alive}
        total += budget * len(alive)
        if len(alive) == 1:
            return cfgs[alive[0]], total
        failed_last = {place: (np.isnan(s), -s, place) for place, s in scores.items()}
        alive = sorted(alive, key=failed_last.get)[: max(1, len(alive) // eta)]
        budget *= eta
    # END SOLUTION


# %%
check("21B")

# %%
# NBVAL_CHECK_OUTPUT
finish("21")
