"""NumPy arrays, scalars and dtypes as bytes: which are allowed, and how they stay honest."""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np

from course_lib.grading.faults import Garbled, NotPlain

_NATIVE = re.compile(r"[<>|](?:b1|[iu][1248]|f[248]|c(?:8|16))")
_EXTRA = frozenset(
    [
        "bfloat16",
        "int2",
        "int4",
        "uint2",
        "uint4",
        "float4_e2m1fn",
        "float6_e2m3fn",
        "float6_e3m2fn",
        "float8_e3m4",
        "float8_e4m3",
        "float8_e4m3b11fnuz",
        "float8_e4m3fn",
        "float8_e4m3fnuz",
        "float8_e5m2",
        "float8_e5m2fnuz",
        "float8_e8m0fnu",
    ]
)
MAX_DIMENSIONS = 32


def dtype_name(dtype: np.dtype[Any]) -> str:
    """Return the name under which a dtype crosses over: `<f4`, `|b1`, `bfloat16`.

    Raises:
        NotPlain: for objects, text, dates and structured dtypes.
    """
    name = dtype.str.replace("=", "<")
    if dtype.names is None and dtype.subdtype is None and _NATIVE.fullmatch(name) and dtype.kind in "biufc":
        return name
    if dtype.name in _EXTRA and dtype.names is None:
        return dtype.name
    raise NotPlain(f"an array of dtype {str(dtype)[:60]}; numbers and booleans may be used")


def dtype_from(name: str) -> np.dtype[Any]:
    """The inverse of `dtype_name`. Raises Garbled for any other name."""
    if _NATIVE.fullmatch(name):
        native: np.dtype[Any] = np.dtype(name)
        return native
    if name in _EXTRA:
        import ml_dtypes

        kind = getattr(ml_dtypes, name, None)
        if kind is not None:
            extra: np.dtype[Any] = np.dtype(kind)
            return extra
    raise Garbled(f"no dtype {name[:40]!r}")


def pack(array: np.ndarray) -> list[bytes | memoryview]:
    """Return the parts of an array's encoding: dtype, order, shape, data (C order, or F where it is only F).

    Other memory layouts (strided, negative steps) arrive contiguous.
    """
    if isinstance(array, np.ma.MaskedArray):
        raise NotPlain("a masked array; return its data, or a plain array")
    array = np.asarray(array)  # a subclass (matrix, memmap) arrives as the plain array that it holds
    name = dtype_name(array.dtype).encode()
    if array.ndim > MAX_DIMENSIONS:
        raise NotPlain(f"an array of {array.ndim} dimensions; at most {MAX_DIMENSIONS} may be used")
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    flat = array.ravel(order="F" if fortran else "C")
    head = struct.pack(f"<BBB{array.ndim}q", len(name), fortran, array.ndim, *array.shape)
    return [head + name, struct.pack("<Q", flat.nbytes), flat.view(np.uint8).data if flat.size else b""]


def unpack(data: memoryview, at: int) -> tuple[np.ndarray, int]:
    """Read one packed array at offset `at`; return a fresh, writable array and the offset after it.

    Booleans other than 0 and 1 and the spare bits of 4-bit numbers are cleaned, so that no forged
    bytes behave as a number that NumPy does not know.

    Raises:
        Garbled: when the bytes do not describe an array.
    """
    try:
        length, fortran, ndim = struct.unpack_from("<BBB", data, at)
        if ndim > MAX_DIMENSIONS:
            raise Garbled("too many dimensions")
        shape = struct.unpack_from(f"<{ndim}q", data, at + 3)
        at += 3 + 8 * ndim
        dtype = dtype_from(bytes(data[at : at + length]).decode("ascii"))
        (size,) = struct.unpack_from("<Q", data, at + length)
    except (struct.error, UnicodeDecodeError) as error:
        raise Garbled("a damaged array") from error
    at += length + 8
    count = 1
    for side in shape:
        count *= side
    if min(shape, default=0) < 0 or count * dtype.itemsize != size or at + size > len(data):
        raise Garbled("an array whose size does not fit its shape")
    flat = np.frombuffer(data[at : at + size], np.uint8).copy().view(dtype) if size else np.empty(0, dtype)
    return _clean(flat).reshape(shape, order="F" if fortran else "C"), at + size


def _clean(flat: np.ndarray) -> np.ndarray:
    if flat.dtype == np.bool_:
        return np.not_equal(flat.view(np.uint8), 0)
    if flat.dtype.name in ("int2", "int4", "uint2", "uint4"):
        wide = np.int8 if flat.dtype.name.startswith("int") else np.uint8
        return flat.astype(wide).astype(flat.dtype)
    return flat
