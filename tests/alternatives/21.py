"""Right solutions of topic 21, built differently from ours, from the statement alone."""

import heapq
import math

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def smallest_passing(candidates, x, y, floor):
    """From the smallest file upwards, all samples in one batch, outputs dequantized; stop at the first that passes."""
    sizes = [(len(tflite), place, name) for place, (name, tflite) in enumerate(candidates.items())]
    for _, _, name in sorted(sizes):
        try:
            runner = Interpreter(model_content=bytes(candidates[name]))
            (enter,), (leave,) = runner.get_input_details(), runner.get_output_details()
            runner.resize_tensor_input(enter["index"], x.shape)
            runner.allocate_tensors()
        except Exception:
            continue
        values = x
        if np.issubdtype(enter["dtype"], np.integer):
            scale, zero = enter["quantization"]
            bounds = np.iinfo(enter["dtype"])
            values = np.rint(x / np.float64(scale) + zero).clip(bounds.min, bounds.max).astype(enter["dtype"])
        runner.set_tensor(enter["index"], values)
        runner.invoke()
        scores = runner.get_tensor(leave["index"]).astype(np.float64)
        if np.issubdtype(leave["dtype"], np.integer):
            scale, zero = leave["quantization"]
            scores = scale * (scores - zero)
        hits = sum(int(row.argmax()) == int(label) for row, label in zip(scores, y, strict=True))
        if hits / len(y) >= floor:
            return name
    return None


def successive_halving(cfgs, score, min_budget=1, eta=2):
    """Call itself with the survivors, which stay in their order; a heap finds who they are."""
    if len(cfgs) == 0 or eta <= 1:
        raise ValueError("nothing to do, or never done")
    worth = []
    for cfg in cfgs:
        value = float(score(cfg, min_budget))
        worth.append(-math.inf if math.isnan(value) else value)
    cost = min_budget * len(cfgs)
    if len(cfgs) == 1:
        return cfgs[0], cost
    kept = heapq.nlargest(max(1, len(cfgs) // eta), range(len(cfgs)), key=lambda place: (worth[place], -place))
    best, rest = successive_halving([cfgs[place] for place in sorted(kept)], score, min_budget * eta, eta)
    return best, cost + rest
