"""scikit-learn's digits at 28 x 28: trains in seconds, proves nothing. For smoke tests only."""

from __future__ import annotations

from functools import cache

import numpy as np

from course_lib.core import Dataset

SCALE = 3  # 8 x 8 becomes 24 x 24, and two pixels of border make 28 x 28


@cache
def digits() -> Dataset:
    """Return 1,797 handwritten digits: 1,197 training, 300 validation, 300 test images.

    Float32 in [0, 1], shape (n, 28, 28, 1). Source: UCI ML hand-written digits, as shipped with scikit-learn.
    """
    from sklearn.datasets import load_digits  # imports SciPy: only those who smoke-test pay for it

    raw = load_digits()
    enlarged = np.kron(raw.images / 16, np.ones((SCALE, SCALE)))
    images = np.pad(enlarged, ((0, 0), (2, 2), (2, 2)))[..., np.newaxis].astype(np.float32)
    order = np.random.default_rng(0).permutation(len(images))
    x, y = images[order], raw.target[order].astype(np.int64)
    return Dataset("digits", x[:1197], y[:1197], x[1197:1497], y[1197:1497], x[1497:], y[1497:])
