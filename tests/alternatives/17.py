"""Topic 17 answered from the statement alone, built otherwise than our solution: slices, bits, rounding twice."""

from fractions import Fraction

import numpy as np


def quantize_weights_per_axis(W, axis=0, bits=8):
    """Walk over the slices; float32 scales, and ties rounded away from zero."""
    W = np.array(W, np.float32)
    top = (1 << (bits - 1)) - 1
    flat = W.reshape(1, -1) if axis is None else np.moveaxis(W, axis, 0).reshape(W.shape[axis], -1)
    scales, rows = [], []
    for row in flat:
        largest = float(max(row.max(), -row.min()))
        scale = largest / top or 1.0
        steps = np.floor(np.abs(row) / np.float32(scale) + 0.5) * np.sign(row)
        scales.append(scale)
        rows.append(np.minimum(np.maximum(steps, -top), top))
    q = np.array(rows)
    if axis is None:
        return q.reshape(W.shape).astype(np.int8), scales[0]
    q = q.reshape(np.moveaxis(W, axis, 0).shape)
    return np.moveaxis(q, 0, axis).astype(np.int8), np.array(scales, np.float32)


def quantize_multiplier(M):
    """Double or halve a fraction until it has 31 bits."""
    if M != M or M < 0 or float("inf") == M:
        raise ValueError("M has to be a number, zero or more")
    exact, shift = Fraction(M) * 2**31, 0
    while exact and round(exact) >= 2**31:
        exact, shift = exact / 2, shift + 1
    while exact and round(exact) < 2**30:
        exact, shift = exact * 2, shift - 1
    return (0, 0) if not exact or shift < -31 else (round(exact), shift)


def qlinear_int8(xq, zx, wq, bq, mult, shift, zo):
    """Fold the zero point into the bias, then round as gemmlowp does: the product's upper half, then the shift."""
    outputs, _inputs = wq.shape
    mult = np.broadcast_to(np.asarray(mult), outputs).tolist()
    shift = np.broadcast_to(np.asarray(shift), outputs).tolist()
    y = np.empty((len(xq), outputs), np.int8)
    for j in range(outputs):
        row = wq[j].astype(np.int64)
        start = int(bq[j]) - zx * int(row.sum())
        for i in range(len(xq)):
            acc = start + int(np.dot(row, xq[i].astype(np.int64)))
            left, right = max(shift[j], 0), max(-shift[j], 0)
            upper = ((acc << left) * mult[j] + (1 << 30)) >> 31
            if right:
                upper = (upper + (1 << (right - 1))) >> right
            y[i, j] = max(-128, min(127, upper + zo))
    return y
