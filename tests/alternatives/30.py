"""Topic 30 answered from the statement alone, built otherwise: channel by channel, and a shrinking inverse."""

import math

import numpy as np


def smooth_scales(X, W, alpha=0.5):
    """One channel at a time, through logarithms."""
    scales = []
    for x, w in zip(np.asarray(X).T, np.asarray(W).T, strict=True):
        largest_x, largest_w = (max(abs(float(v)) for v in values) for values in (x, w))
        if largest_x == 0 or largest_w == 0:
            scales.append(1.0)
        else:
            scales.append(math.exp(alpha * math.log(largest_x) - (1 - alpha) * math.log(largest_w)))
    return np.array(scales, np.float32)


def gptq(W, X, bits=4, damp=0.01):
    """Optimal brain quantization in fixed order: after each column its row and column leave the inverse."""
    top = 2 ** (bits - 1) - 1
    w = np.asarray(W, np.float64).copy()
    x = np.asarray(X, np.float64)
    h = 2 * x.T @ x
    for j in range(len(h)):
        if not x[:, j].any():
            h[j, j] = 2.0
    inverse = np.linalg.inv(h + damp * np.trace(h) / len(h) * np.eye(len(h)))
    step = np.max(np.abs(w), axis=1) / top
    out = np.empty_like(w)
    for j in range(w.shape[1]):
        for i in range(len(w)):
            code = 0 if step[i] == 0 else min(top, max(-top, round(w[i, j] / step[i])))
            out[i, j] = code * step[i]
        gap = (w[:, j] - out[:, j]) / inverse[j, j]
        w -= gap[:, None] * inverse[j]
        inverse -= np.outer(inverse[:, j], inverse[j]) / inverse[j, j]
        inverse[j, j] = max(inverse[j, j], 0.0)
    return out
