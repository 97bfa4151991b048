"""A user's own data: one .npz file with ``x`` and ``y``."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Dataset


def load_npz(path: str | Path, *, seed: int = 0) -> Dataset:
    """Read ``x`` (n, height, width[, channels]) and ``y`` (n,) and split them 70 / 15 / 15, shuffled by the seed.

    8-bit images are divided by 255; float images must already lie in [0, 1].

    Raises:
        ValueError: the file is not an .npz, lacks x or y, or holds what a Dataset refuses (NaN included).
    """
    path = Path(path)
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path.name} is not an .npz file; write one with numpy.savez(path, x=x, y=y)")
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = {"x", "y"} - set(file.files)
            if missing:
                raise ValueError(f"{path.name} lacks {' and '.join(sorted(missing))}; it holds {sorted(file.files)}")
            x, y = file["x"], file["y"]
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise ValueError(f"{path.name} is damaged: {error}") from error
    if x.ndim == 3:
        x = x[..., np.newaxis]
    if x.dtype == np.uint8:
        x = x.astype(np.float32) / np.float32(255)
    if len(x) < 10 or len(y) != len(x) or y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
        raise ValueError(
            f"{path.name}: need at least 10 images and one integer label each; "
            f"x is {x.dtype} {x.shape}, y is {y.dtype} {y.shape}"
        )
    return _split(path.stem, x.astype(np.float32), y.astype(np.int64), seed)


def _split(name: str, x: NDArray[np.float32], y: NDArray[np.int64], seed: int) -> Dataset:
    order = np.random.default_rng(seed).permutation(len(x))
    train, val, test = np.split(order, [int(0.70 * len(x)), int(0.85 * len(x))])
    return Dataset(name, x[train], y[train], x[val], y[val], x[test], y[test])
