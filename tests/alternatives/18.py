"""Topic 18 answered from the statement alone, built otherwise than ours: loops, half precision, Gram matrices."""

import heapq

import numpy as np
from scipy.special import softmax


def topk_targets(logits, k, T):
    if T <= 0 or k < 1 or k > len(logits[0]):
        raise ValueError("k or T")
    idx, prob = [], []
    for row in logits:
        p = softmax(np.asarray(row, dtype=float) / T)
        best = heapq.nlargest(k, range(len(p)), key=p.__getitem__)
        idx.append(best)
        prob.append([p[c] for c in best])
    return np.array(idx, np.int32), np.array(prob, np.float16)


def expand_topk(idx, prob, n):
    rows = []
    for classes, values in zip(idx.tolist(), prob.tolist(), strict=True):
        row = dict(zip(classes, values, strict=True))
        rest = max(0.0, 1.0 - sum(values)) / (n - len(classes)) if n > len(classes) else 0.0
        rows.append([row.get(c, rest) for c in range(n)])
    return np.array(rows, np.float32)


def linear_cka(X, Y):
    if X.shape[0] != Y.shape[0]:
        raise ValueError("rows")
    n = X.shape[0]
    centre = np.eye(n) - 1.0 / n
    K, L = (centre @ (Z @ Z.T) @ centre for Z in (X - X[:1], Y - Y[:1]))
    own = np.sqrt((K * K).sum() * (L * L).sum())
    return np.float64((K * L).sum() / own) if own > 0 else 0
