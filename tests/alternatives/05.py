"""Topic 05 answered from the statement alone, built otherwise than our solution: cases, and sorting pairs."""

import numpy as np


def polynomial_sparsity(step, s_i, s_f, begin, end, power=3):
    if not begin < end:
        raise ValueError("begin must come before end")
    if step <= begin:
        return np.float32(s_i)
    if step >= end:
        return np.float32(s_f)
    left = np.float64(end - step) / np.float64(end - begin)
    return s_i + (s_f - s_i) * (1 - left**power)


def magnitude_mask(w, sparsity):
    if np.isnan(sparsity) or sparsity < 0 or sparsity > 1:
        raise ValueError("no such share")
    flat = [abs(float(v)) for v in np.ravel(w)]
    order = sorted(range(len(flat)), key=lambda i: (flat[i], i))
    gone = set(order[: int(np.rint(sparsity * len(flat)))])
    return np.array([i not in gone for i in range(len(flat))]).reshape(np.shape(w)).tolist()
