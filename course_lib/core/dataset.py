"""Images and labels, split three ways, each split with one use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training, validation and test images with their labels.

    Images are float32 in [0, 1], shape (n, height, width, channels); labels are int64, shape (n,). Training and
    calibration use ``train``; thresholds, searches and choices use ``val``; only reports use ``test``.

    Raises:
        ValueError: a split has another dtype, a rank other than 4, a value outside [0, 1] or NaN, or as many labels
            as it has not images.
    """

    name: str
    x_train: NDArray[np.float32] = field(repr=False)
    y_train: NDArray[np.int64] = field(repr=False)
    x_val: NDArray[np.float32] = field(repr=False)
    y_val: NDArray[np.int64] = field(repr=False)
    x_test: NDArray[np.float32] = field(repr=False)
    y_test: NDArray[np.int64] = field(repr=False)
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for split, x, y in self.splits():
            where = f"{self.name}: {split}"
            if x.dtype != np.float32 or x.ndim != 4:
                raise ValueError(
                    f"{where} images must be float32 of shape (n, height, width, channels), got {x.dtype} {x.shape}"
                )
            if y.shape != (len(x),):
                raise ValueError(f"{where} has {len(x)} images but labels of shape {y.shape}")
            if len(x) and not (x.min() >= 0 and x.max() <= 1):  # NaN fails both comparisons
                raise ValueError(
                    f"{where} images must lie in [0, 1], found {x.min():g} to {x.max():g}. Divide 8-bit images by 255."
                )

    def splits(self) -> Iterator[tuple[str, NDArray[np.float32], NDArray[np.int64]]]:
        """Yield (split name, images, labels) for train, val and test."""
        for split in SPLITS:
            yield split, getattr(self, f"x_{split}"), getattr(self, f"y_{split}")

    @property
    def classes(self) -> int:
        """Number of classes: the highest label of any split, plus one."""
        return 1 + max(int(y.max()) for _, _, y in self.splits() if len(y))
