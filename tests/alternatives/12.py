"""Topic 12 answered from the statement alone, built otherwise: Python integers, and one group at a time."""

import numpy as np


def pack_int4(q):
    """Build every byte from two Python integers."""
    flat = [int(value) for value in np.asarray(q).ravel()]
    if any(value not in range(-8, 8) for value in flat):
        raise ValueError("a weight does not fit into four bits")
    flat += [0] * (len(flat) % 2)
    return bytes((first % 16) + 16 * (second % 16) for first, second in zip(flat[::2], flat[1::2], strict=True))


def unpack_int4(p, n):
    """Let the arithmetic right shift carry the sign."""
    signed = np.frombuffer(bytes(p), np.int8)
    if n > 2 * len(signed):
        raise ValueError("not enough bytes")
    out = np.empty(2 * len(signed), np.int8)
    out[1::2] = signed >> 4
    out[::2] = (signed << 4).astype(np.int8) >> 4
    return out[:n]


def nm_mask(w, n=2, m=4):
    """Rank each group by hand; of equals the last ones win."""
    w = np.array(w, copy=True)
    if not 0 < n <= m or w.shape[-1] % m != 0:
        raise ValueError("no such pattern")
    mask = np.zeros(w.size, bool)
    magnitudes = np.abs(w).ravel()
    for start in range(0, w.size, m):
        order = sorted(range(start, start + m), key=lambda index: (magnitudes[index], index))
        mask[order[-n:]] = True
    return mask.reshape(w.shape)
