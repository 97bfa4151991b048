"""Data for anybody's model: an ``.npz`` with ``x`` and, for what trains or is measured, ``y``."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact, Dataset


@dataclass(frozen=True, eq=False)
class ModelInputs(Dataset):
    """Samples of any shape and range, as the model takes them: float32, all finite.

    The course's own images lie in [0, 1]; somebody else's network may want [-1, 1], or sound. What is right is what it
    was trained with, and nobody here can know.
    """

    def __post_init__(self) -> None:
        for split, x, y in self.splits():
            if x.dtype != np.float32 or x.ndim < 2 or y.shape != (len(x),):
                raise ValueError(f"{self.name}: {split} is {x.dtype} {x.shape} with labels of shape {y.shape}")


def read_inputs(path: Path, *, labelled: bool, seed: int = 0) -> ModelInputs:
    """Read ``x``, shape (n, ...), and ``y``, shape (n,).

    With labels the samples are shuffled by the seed and split 70 / 15 / 15; without, all of them are for calibration.

    Raises:
        ValueError: the file is not an ``.npz``, lacks an array, or one has another type, NaN, or too few rows.
    """
    x, y = _arrays(path, labelled)
    if x.ndim < 2 or not len(x):
        raise ValueError(f"{path.name}: x must have shape (n, ...) with n >= 1, got {x.shape}")
    if not np.issubdtype(x.dtype, np.floating):
        raise ValueError(
            f"{path.name}: x is {x.dtype}, models take float32: convert it as in training, which only you know. For "
            "8-bit images that is often x.astype('float32') / 255"
        )
    broken = int(np.sum(~np.isfinite(x).reshape(len(x), -1).all(axis=1)))
    if broken:
        raise ValueError(
            f"{path.name}: {broken} of {len(x)} samples hold NaN or infinity. Find out where they come from"
        )
    x = x.astype(np.float32)
    if y is None:
        y, parts = np.zeros(len(x), np.int64), [np.arange(len(x)), np.arange(0), np.arange(0)]
    else:
        if y.shape != (len(x),) or not np.issubdtype(y.dtype, np.integer) or len(x) < 10:
            raise ValueError(
                f"{path.name}: need at least 10 samples and one whole-number label each; x is {x.dtype} {x.shape}, y "
                f"is {y.dtype} {y.shape}"
            )
        if y.min() < 0:
            raise ValueError(f"{path.name}: labels count from 0, found {y.min()}")
        order = np.random.default_rng(seed).permutation(len(x))
        parts = np.split(order, [int(0.70 * len(x)), int(0.85 * len(x))])
    y = y.astype(np.int64)
    train, val, test = parts
    return ModelInputs(path.stem, x[train], y[train], x[val], y[val], x[test], y[test])


def check_fit(model: Any, data: Dataset, *, labelled: bool) -> None:
    """Hold samples and labels against what a model takes and gives.

    Raises:
        ValueError: several inputs, another shape or type, or a label that is no class.
    """
    takes, gives, dtype = _ports(model)
    shape = data.x_train.shape[1:]
    if dtype != "float32":
        raise ValueError(f"the model takes {dtype}, the data is float32: start from the float model")
    if len(shape) != len(takes) or any(size not in (None, -1, given) for size, given in zip(takes, shape, strict=True)):
        open_or = ", ".join("any" if size in (None, -1) else str(size) for size in takes)
        advice = ""
        if len(shape) + 1 == len(takes) and takes[-1] == 1:
            advice = ": add the channel axis, x[..., None]"
        raise ValueError(
            f"the model takes x of shape (n, {open_or}), {data.name} holds (n, {', '.join(map(str, shape))}){advice}"
        )
    if labelled:
        highest = max(int(y.max()) for _, _, y in data.splits() if len(y))
        if len(gives) != 1 or gives[0] in (None, -1):
            raise ValueError(f"labels are for a classifier with one score per class; this model gives (n, {gives})")
        if highest >= gives[0]:
            raise ValueError(f"the model has {gives[0]} classes, and {data.name} has the label {highest}")


def _ports(model: Any) -> tuple[tuple[Any, ...], tuple[Any, ...], str]:
    """Return the shapes of input and output without their batch, and the type of the input."""
    if not isinstance(model, Artifact):
        if len(model.inputs) != 1:
            raise ValueError(f"the model has {len(model.inputs)} inputs; data in one array x is for one")
        output = model.outputs[0].shape[1:] if len(model.outputs) == 1 else ()
        return tuple(model.inputs[0].shape[1:]), tuple(output), model.inputs[0].dtype.name
    from course_lib.inspection import inspect

    anatomy = inspect(model)
    if len(anatomy.inputs) != 1:
        names = ", ".join(port.name for port in anatomy.inputs)
        raise ValueError(f"{model.name} has {len(anatomy.inputs)} inputs ({names}); data in one array x is for one")
    [port] = anatomy.inputs
    gives: tuple[Any, ...] = anatomy.outputs[0].shape[1:] if len(anatomy.outputs) == 1 else ()
    return tuple((port.shape_signature or port.shape)[1:]), tuple(gives), port.dtype


def _arrays(path: Path, labelled: bool) -> tuple[NDArray[Any], NDArray[Any] | None]:
    if not path.is_file():
        raise ValueError(f"no data {path}: give an .npz file, numpy.savez(path, x=x{', y=y' * labelled})")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path.name} is not an .npz file; write one with numpy.savez(path, x=x{', y=y' * labelled})")
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = ({"x", "y"} if labelled else {"x"}) - set(file.files)
            if missing:
                what = (
                    "what trains or is measured needs labels" if missing == {"y"} else f"it holds {sorted(file.files)}"
                )
                raise ValueError(f"{path.name} lacks {' and '.join(sorted(missing))}: {what}")
            return file["x"], file["y"] if labelled else None
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise ValueError(f"{path.name} is damaged: {error}") from error
    except ValueError as error:
        raise error if path.name in str(error) else ValueError(f"{path.name}: {error}") from None
