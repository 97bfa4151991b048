"""Topic 06 answered from the statement alone, built otherwise than our solution: SciPy, einsum, image by image."""

import numpy as np
from scipy.special import logsumexp, rel_entr, softmax


def kd_loss(zs, zt, y, T=4.0, alpha=0.9):
    if T <= 0:
        raise ValueError("temperature")
    if alpha < 0 or alpha > 1:
        raise ValueError("alpha")
    total = 0.0
    for s, t, label in zip(zs, zt, y, strict=True):
        probability = softmax(t / T)
        own = s / T - logsumexp(s / T)
        soft = rel_entr(probability, 1.0).sum() - probability @ own
        total += alpha * T * T * soft + (1 - alpha) * (logsumexp(s) - s[label])
    return np.float64(total / len(y))


def kd_grad(zs, zt, y, T, alpha):
    rows = []
    for s, t, label in zip(zs, zt, y, strict=True):
        hard = softmax(s) - (np.arange(len(s)) == label)
        rows.append((alpha * T * (softmax(s / T) - softmax(t / T)) + (1 - alpha) * hard) / len(y))
    return np.stack(rows)
