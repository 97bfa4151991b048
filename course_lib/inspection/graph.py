"""The model as operators and tensors: frozen values, no runtime behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.inspection.dtypes import dense_bytes


@dataclass(frozen=True, eq=False)
class Quantization:
    """real = scale * (q - zero_point). One scale per tensor, per index of ``axis``, or per block.

    scale: float32, [1] per tensor, [n] per channel, [0] per block. zero_point: int64, one or as many.
    axis: the dimension that the scales run along, None when there is only one.
    block: elements of a block that share a scale, None unless blockwise; its scales are then tensor ``scales_tensor``.
    """

    scale: np.ndarray
    zero_point: np.ndarray
    axis: int | None
    block: int | None = None
    scales_tensor: int | None = None
    zero_points_tensor: int | None = None


@dataclass(frozen=True)
class Sparsity:
    """How a sparse constant is stored: the order in which dimensions are traversed, and which are compressed."""

    traversal_order: tuple[int, ...]
    block_map: tuple[int, ...]
    formats: tuple[str, ...]


@dataclass(frozen=True)
class Tensor:
    """One tensor of a subgraph.

    shape: as stored; a dimension of unknown size counts as 1. shape_signature: has -1 there, None if all are known.
    span: byte range of the constant's data in the file, None for a computed tensor; ``stored_bytes`` is its length.
    bytes: size in memory when dense, None for strings and resources.
    role: input, output, variable, activation, weights, biases, constants, quantization (scales of blocks), or
    dequantized (computed from constants alone, so the same in every run).
    """

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...] | None
    buffer: int
    span: tuple[int, int] | None
    external: bool
    quantization: Quantization | None
    sparsity: Sparsity | None
    is_variable: bool
    role: str = "activation"

    @property
    def elements(self) -> int:
        """Number of elements of the dense tensor."""
        product = 1
        for size in self.shape:
            product *= max(size, 1) if size < 0 else size
        return product

    @property
    def bytes(self) -> int | None:
        """Bytes of the dense tensor, None for strings and resources."""
        return dense_bytes(self.dtype, self.elements)

    @property
    def stored_bytes(self) -> int:
        """Bytes that the tensor's constant data take in the file, 0 when it is computed."""
        return 0 if self.span is None else self.span[1] - self.span[0]

    @property
    def is_constant(self) -> bool:
        """Whether the file, or a file beside it, holds this tensor's values."""
        return self.external or (self.span is not None and self.span[1] > self.span[0])


@dataclass(frozen=True)
class Operator:
    """One operator, in execution order.

    name: the builtin's (``CONV_2D``) or the custom code. dtype: of its first output (or of its first input).
    activation: the fused one (``relu6``), None without. calls: subgraphs that it runs.
    macs: multiply-accumulates, None when they cannot be known (custom operators, unknown shapes).
    weight_bytes, activation_bytes: constants read, and tensors read and written, once each.
    live_bytes: activations that are alive while it runs.
    """

    index: int
    name: str
    custom: bool
    version: int
    dtype: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    activation: str | None
    options: Mapping[str, Any]
    custom_options: Mapping[str, Any] | None
    calls: tuple[int, ...]
    macs: int | None = 0
    weight_bytes: int = 0
    activation_bytes: int = 0
    live_bytes: int = 0


@dataclass(frozen=True)
class Subgraph:
    """Tensors, and operators in execution order; ``inputs`` and ``outputs`` are tensor indices."""

    index: int
    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Signature:
    """A named entry point: argument and result names -> tensor index in ``subgraph``."""

    name: str
    subgraph: int
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]


@dataclass(frozen=True)
class Metadata:
    """An entry of the model's metadata: its buffer's size, and the content when it is short readable text."""

    name: str
    buffer: int
    bytes: int
    text: str | None
