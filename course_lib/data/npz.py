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
    return _split(Path(path).stem, *_arrays(Path(path)), seed)


def read_samples(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Read all of ``x`` (n, ...) and ``y`` (n,) as a model of one's own takes them: features, sound, any range.

    8-bit images are divided by 255, and get a channel axis when they have none.

    Raises:
        ValueError: as `load_npz`; x holds NaN or infinity.
    """
    x, y = _arrays(path)
    broken = int(np.sum(~np.isfinite(x).reshape(len(x), -1).all(axis=1)))
    if broken:
        raise ValueError(f"{path.name}: {broken} of {len(x)} samples hold NaN or infinity")
    return x, y


def _arrays(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
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
            f"{path.name}: need at least 10 samples and one integer label each; "
            f"x is {x.dtype} {x.shape}, y is {y.dtype} {y.shape}"
        )
    return x.astype(np.float32), y.astype(np.int64)


def _split(name: str, x: NDArray[np.float32], y: NDArray[np.int64], seed: int) -> Dataset:
    order = np.random.default_rng(seed).permutation(len(x))
    train, val, test = np.split(order, [int(0.70 * len(x)), int(0.85 * len(x))])
    return Dataset(name, x[train], y[train], x[val], y[val], x[test], y[test])
