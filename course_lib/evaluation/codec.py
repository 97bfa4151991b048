"""The input and output contract of a quantized file: real numbers in, real numbers out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def encode(x: NDArray[Any], dtype: Any, scale: float, zero_point: int) -> NDArray[Any]:
    """Return what the file stores for real values: ``round(x / scale) + zero_point``, saturated to the dtype's limits.

    Ties round to even, as XNNPACK's own conversion does. A scale of 0 means "not quantized": floats are cast, integers
    must fit as they are. Values that already have the file's integer dtype are taken as encoded.

    Args:
        x: any shape.

    Raises:
        ValueError: integers where real values are expected (or the reverse), NaN or infinity for an integer input,
            or a plain integer outside the limits.
    """
    x, dtype = np.asarray(x), np.dtype(dtype)
    if dtype.kind == "f":
        if x.dtype.kind != "f":
            raise ValueError(
                f"the file takes {dtype} values, got {x.dtype}; convert on purpose (8-bit images: x / 255)"
            )
        return x.astype(dtype, copy=False)
    if x.dtype == dtype:
        return x
    if dtype.kind not in "iu" or x.dtype.kind not in "iuf":
        raise ValueError(f"the file takes {dtype}, got {x.dtype}")
    limits = np.iinfo(dtype)
    if scale == 0.0:
        if np.any(x != np.rint(x)) or np.any((x < limits.min) | (x > limits.max)):
            raise ValueError(
                f"the file takes plain {dtype} without a scale; give integers in [{limits.min}, {limits.max}]"
            )
        return x.astype(dtype)
    if x.dtype.kind != "f":
        raise ValueError(f"the file takes real values or {dtype} that is already encoded, got {x.dtype}")
    wide = np.float32 if dtype.itemsize <= 2 else np.float64  # 24 bits cannot hold the limits of int32
    stored: NDArray[Any] = np.divide(x, wide(scale), dtype=wide)
    np.rint(stored, out=stored)
    stored += wide(zero_point)
    if not np.isfinite(stored).all():
        raise ValueError(f"NaN or infinity has no {dtype} code; look for a division by zero in the preprocessing")
    np.clip(stored, limits.min, limits.max, out=stored)
    return stored.astype(dtype)


def decode(stored: NDArray[Any], scales: NDArray[Any], zero_points: NDArray[Any], axis: int = 0) -> NDArray[np.float32]:
    """Return the float32 values of a stored tensor: ``(stored - zero_point) * scale``; without scales, a cast.

    Args:
        stored: any shape and numeric dtype.
        scales: empty, one value, or one per slice along ``axis``.
        zero_points: as many as scales.
        axis: the channel axis where there is more than one scale.
    """
    if not len(scales) or stored.dtype.kind == "f":
        return stored.astype(np.float32, copy=False)
    scale, zero_point = np.asarray(scales, np.float32), np.asarray(zero_points, np.float32)
    if len(scales) > 1:
        shape = [1] * stored.ndim
        shape[axis] = len(scales)
        scale, zero_point = scale.reshape(shape), zero_point.reshape(shape)
    return (stored.astype(np.float32) - zero_point) * scale


def decoding(detail: dict[str, Any]) -> dict[str, Any]:
    """Return a LiteRT tensor detail's quantization as the keyword arguments of ``decode``."""
    parameters = detail["quantization_parameters"]
    return {
        "scales": parameters["scales"],
        "zero_points": parameters["zero_points"],
        "axis": parameters["quantized_dimension"],
    }
