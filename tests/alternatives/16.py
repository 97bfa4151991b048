"""Topic 16 answered from the statement alone, built otherwise than our solution: deleting, and loops."""

import numpy as np


def prune_conv_channels(W1, b1, W2, keep):
    keep = list(keep)
    if keep and isinstance(keep[0], bool | np.bool_):
        keep = [channel for channel, stays in enumerate(keep) if stays]
    drop = [channel for channel in range(len(b1)) if channel not in keep]
    if len(drop) == len(b1):
        raise ValueError("nothing is kept")
    return np.delete(W1, drop, 3), np.delete(b1, drop), np.delete(W2, drop, 2)


def csr_encode(W):
    data, idx, ptr = [], [], [0]
    for row in W.tolist():
        for column, value in enumerate(row):
            if value != 0:
                data.append(value)
                idx.append(column)
        ptr.append(len(data))
    return {"data": data, "idx": idx, "ptr": ptr}


def csr_matvec(c, x):
    rows = zip(c["ptr"][:-1], c["ptr"][1:], strict=True)
    return [sum(float(c["data"][k]) * float(x[c["idx"][k]]) for k in range(a, b)) for a, b in rows]


def csr_breakeven(shape):
    rows, columns = shape
    kept = (4 * rows * columns - 4 * (rows + 1)) / 8
    return (rows * columns - kept) / (rows * columns)
