"""Topic 20 answered from the statement alone, built otherwise than our solution: row by row, and exact edges."""

import math

import numpy as np


def dynamic_quant_matmul(x, wq, sw):
    """Row by row in float32, with Python integers for the sums; the zero point is found from the upper end."""
    scales = np.broadcast_to(np.asarray(sw, np.float32), (len(wq),))
    sums_of_weights = wq.astype(int).sum(1)
    y = np.zeros((len(x), len(wq)), np.float32)
    for i, row in enumerate(np.asarray(x, np.float32)):
        low, high = min(0, row.min()), max(0, row.max())
        if low == high:
            continue
        scale = np.float32(high - low) / np.float32(255)
        zero = int(np.rint(127 - high / scale))
        codes = np.minimum(127, np.maximum(-128, np.rint(row / scale).astype(int) + zero))
        products = wq.astype(int) @ codes
        y[i] = (products - zero * sums_of_weights) * scale * scales
    return y


class StreamingHistogram:
    """Counters in a list over [lo, lo + bins * width]; the quantile by walking."""

    def __init__(self, bins):
        if not isinstance(bins, int) or bins <= 0 or bins & 1:
            raise ValueError("an even number of bins, please")
        self.counts = [0] * bins
        self.width = None

    @property
    def hi(self):
        return self.lo + len(self.counts) * self.width

    def update(self, x):
        values = [v for v in np.asarray(x, float).ravel().tolist() if math.isfinite(v)]
        if not values:
            return
        if self.width is None:
            self.lo = min(values)
            self.width = (max(values) - self.lo) / len(self.counts) or 1e-3
        for v in values:
            self.add(v)

    def add(self, v):
        n = len(self.counts)
        while v > self.hi or v < self.lo:
            merged = [self.counts[2 * i] + self.counts[2 * i + 1] for i in range(n // 2)]
            if v > self.hi:
                self.counts = merged + [0] * (n // 2)
            else:
                self.lo -= n * self.width
                self.counts = [0] * (n // 2) + merged
            self.width *= 2
        self.counts[min(n - 1, int((v - self.lo) / self.width))] += 1

    def quantile(self, q):
        total = sum(self.counts)
        if total == 0 or q < 0 or q > 1:
            raise ValueError("no data yet, or q outside [0, 1]")
        seen = 0
        for i, count in enumerate(self.counts):
            seen += count
            if count and seen >= q * total:
                return self.lo + (i + 0.5) * self.width
        return self.hi
