"""The contract of a model: what its inputs and outputs are."""

from dataclasses import dataclass

import numpy as np

from course_lib.inspection.graph import Tensor


@dataclass(frozen=True)
class Port:
    """One input or output of the model: what the caller has to pass, or gets. real = scale * (value - zero_point)."""

    name: str
    tensor: str
    dtype: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...] | None
    scale: float | None
    zero_point: int | None
    bytes: int | None


def port(tensor: Tensor, name: str | None) -> Port:
    """Describe a tensor as an input or output, under its signature's name if it has one."""
    quantization = tensor.quantization
    single = quantization is not None and len(quantization.scale) == 1
    return Port(
        name=name or tensor.name,
        tensor=tensor.name,
        dtype=tensor.dtype,
        shape=tensor.shape,
        shape_signature=tensor.shape_signature,
        scale=float(quantization.scale[0]) if quantization is not None and single else None,
        zero_point=_zero_point(quantization.zero_point) if quantization is not None and single else None,
        bytes=tensor.bytes,
    )


def _zero_point(values: np.ndarray) -> int:
    return int(values[0]) if len(values) else 0
