"""From decoded tables to tensors, with their quantization and sparsity."""

import numpy as np

from course_lib.inspection.dtypes import dtype_name
from course_lib.inspection.errors import ModelError
from course_lib.inspection.graph import Quantization, Sparsity, Tensor
from course_lib.inspection.schema import schema
from course_lib.inspection.tree import Node, Span

MAX_RANK = 32
MAX_ELEMENTS = 2**62


def decode_tensor(index: int, node: Node, spans: tuple[Span | None, ...], where: str) -> Tensor:
    """Return tensor ``index`` of a subgraph; raise ModelError for a shape or buffer that cannot be."""
    shape = _shape(node["shape"], where)
    signature = _shape(node["shape_signature"], where)
    if node["buffer"] >= max(len(spans), 1):
        raise ModelError(f"{where}: its data are in buffer {node['buffer']}, but the file has {len(spans)} buffers")
    tensor = Tensor(
        index=index,
        name=node["name"] or "",
        dtype=dtype_name(node["type"]),
        shape=shape,
        shape_signature=signature if any(size < 0 for size in signature) else None,
        buffer=node["buffer"],
        span=spans[node["buffer"]] if spans else None,
        external=node["external_buffer"] > 0,
        quantization=_quantization(node["quantization"]),
        sparsity=_sparsity(node["sparsity"]),
        is_variable=bool(node["is_variable"]),
    )
    if tensor.elements > MAX_ELEMENTS:
        raise ModelError(f"{where}: its shape {list(shape)} means {tensor.elements:.1e} elements")
    return tensor


def _shape(array: np.ndarray | None, where: str) -> tuple[int, ...]:
    if array is None:
        return ()
    if len(array) > MAX_RANK:
        raise ModelError(f"{where}: {len(array)} dimensions, more than {MAX_RANK}")
    shape: tuple[int, ...] = tuple(array.tolist())
    if any(size < -1 for size in shape):
        raise ModelError(f"{where}: a negative dimension in its shape {list(shape)}")
    return shape


def _quantization(node: Node | None) -> Quantization | None:
    if node is None:
        return None
    scale, zero_point = as_array(node["scale"], "<f4"), as_array(node["zero_point"])
    details = node["details"] or {}
    if not len(scale) and "scales" not in details:
        return None
    block = details.get("block_size") or None
    axis = node["quantized_dimension"] if len(scale) > 1 or block else None
    return Quantization(scale, zero_point, axis, block, details.get("scales"), details.get("zero_points"))


def _sparsity(node: Node | None) -> Sparsity | None:
    if node is None:
        return None
    formats = schema().enums["DimensionType"]
    order, blocks = as_array(node["traversal_order"]), as_array(node["block_map"])
    dimensions = node["dim_metadata"] or ()
    if max(len(order), len(blocks), len(dimensions)) > 2 * MAX_RANK:
        raise ModelError(f"a sparse tensor is described with {max(len(order), len(dimensions))} dimensions")
    names = tuple(formats.get(dimension["format"], "UNKNOWN").lower() for dimension in dimensions)
    return Sparsity(tuple(order.tolist()), tuple(blocks.tolist()), names)


def as_array(array: np.ndarray | None, dtype: str = "<i8") -> np.ndarray:
    """Return a vector that may be absent as an array, empty then."""
    return np.zeros(0, dtype) if array is None else array
