"""Topic 03 answered from the statement alone, built otherwise than our solution: intervals, and eigenvectors."""

import numpy as np


def kmeans_share(w, k, iters=50, keep_zero=False):
    """Sort once; the weights of a value are then an interval, and its ends are the midpoints."""
    w = np.asarray(w, dtype=np.float32)
    numbers = [float(v) for v in w.ravel() if not (keep_zero and v == 0)]
    numbers.sort()
    places = k - 1 if keep_zero else k
    if len(set(numbers)) <= places:
        book = sorted(set(numbers))
    else:
        low, high = numbers[0], numbers[-1]
        book = [low + (high - low) * j / max(places - 1, 1) for j in range(places)]
        run = np.concatenate([[0.0], np.cumsum(numbers)])
        for _ in range(iters):
            ends = np.searchsorted(numbers, (np.array(book[1:]) + book[:-1]) / 2)
            cuts = [0, *ends, len(numbers)]
            moved = [(run[b] - run[a]) / (b - a) if b > a else v for a, b, v in zip(cuts, cuts[1:], book, strict=False)]
            if moved == book:
                break
            book = moved
    middle = (np.array(book[1:]) + book[:-1]) / 2
    idx = np.searchsorted(middle, w)
    if keep_zero:  # the zero comes first
        return np.array([0.0, *book], np.float32), np.where(w == 0, 0, idx + 1)
    return np.array(book, np.float32), idx


def svd_compress(W, rank):
    W = np.asarray(W)
    if rank < 1 or rank > min(W.shape):
        raise ValueError("no such rank")
    if W.shape[0] < W.shape[1]:
        A, B = svd_compress(W.T, rank)
        return B.T, A.T
    squared, V = np.linalg.eigh(W.T @ W)
    V = V[:, ::-1][:, :rank]
    root = np.maximum(squared[::-1][:rank], 0.0) ** 0.25
    left = W @ V  # columns of length sigma
    lengths = np.linalg.norm(left, axis=0)
    A = left / np.where(lengths > 1e-12, lengths, 1.0) * root
    return A, (V * root).T
