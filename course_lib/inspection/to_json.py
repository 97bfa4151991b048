"""An anatomy as plain values.

Keys:
    file_bytes, gzip_bytes (level 9); sections {name: bytes}, their sum is file_bytes;
    scheme (one word), recipes {recipe: number of weights};
    ops {name: count}, ops_by_dtype {name: {dtype: count}}, custom_ops [name];
    inputs, outputs [{name, tensor, dtype, shape, shape_signature, scale, zero_point, bytes}];
    subgraphs [{index, name, operators, tensors, inputs, outputs, macs, peak_live_bytes}];
    signatures [{name, subgraph, inputs {name: tensor index}, outputs}];
    operators [{subgraph, index, op, custom, version, dtype, activation, inputs, outputs, macs, weight_bytes,
        activation_bytes, live_bytes, custom_options}];
    tensors [{subgraph, index, name, dtype, shape, role, buffer, stored_bytes, scale, zero_point, scales, axis, block,
        sparse}], tensors_by_dtype {dtype: count};
    weights [{subgraph, tensor, name, dtype, shape, bytes, elements, sparse}], largest first;
    unpacked [{subgraph, tensor, name, stored, used, via, stored_bytes, used_bytes}];
    sparse_tensors [{name, shape, formats, block_map, traversal_order, stored_bytes, dense_bytes}];
    float_islands [{subgraph, operators, names}];
    macs, unknown_macs [name], weight_bytes, activation_bytes, peak_live_bytes;
    metadata [{name, buffer, bytes, text}], associated_files [{name, bytes, packed_bytes}];
    unreferenced [{start, stop, what}]; description, version, notes [sentence].
Numbers are Python numbers, absent values null, names at most 1,001 characters.
"""

import math
from dataclasses import asdict
from typing import Any

from course_lib.inspection.anatomy import Anatomy
from course_lib.inspection.graph import Operator, Subgraph, Tensor


def to_json(anatomy: Anatomy) -> dict[str, object]:
    """Return the anatomy as dicts, lists, strings, finite numbers, booleans and None."""
    return {
        "file_bytes": anatomy.file_bytes,
        "gzip_bytes": anatomy.gzip_bytes,
        "sections": anatomy.sections,
        "scheme": anatomy.scheme,
        "recipes": anatomy.recipes,
        "ops": anatomy.ops,
        "ops_by_dtype": anatomy.ops_by_dtype,
        "custom_ops": list(anatomy.custom_ops),
        "inputs": [_plain(asdict(port)) for port in anatomy.inputs],
        "outputs": [_plain(asdict(port)) for port in anatomy.outputs],
        "subgraphs": [_subgraph(graph) for graph in anatomy.subgraphs],
        "signatures": [
            {"name": s.name, "subgraph": s.subgraph, "inputs": dict(s.inputs), "outputs": dict(s.outputs)}
            for s in anatomy.signatures
        ],
        "operators": [_operator(index, op) for index, op in anatomy.operators],
        "tensors": [_tensor(graph.index, tensor) for graph in anatomy.subgraphs for tensor in graph.tensors],
        "tensors_by_dtype": anatomy.tensors_by_dtype,
        "weights": [_plain(asdict(weight)) for weight in anatomy.weights],
        "unpacked": [_plain(asdict(item)) for item in anatomy.unpacked],
        "sparse_tensors": [_sparse(tensor) for tensor in anatomy.sparse_tensors],
        "float_islands": [_plain(asdict(island)) for island in anatomy.float_islands],
        "macs": anatomy.macs,
        "unknown_macs": list(anatomy.unknown_macs),
        "weight_bytes": sum(op.weight_bytes for _, op in anatomy.operators),
        "activation_bytes": sum(op.activation_bytes for _, op in anatomy.operators),
        "peak_live_bytes": anatomy.peak_live_bytes,
        "metadata": [_plain(asdict(entry)) for entry in anatomy.metadata],
        "associated_files": [asdict(file) for file in anatomy.associated_files],
        "unreferenced": [{"start": c.start, "stop": c.stop, "what": c.label} for c in anatomy.unreferenced],
        "description": anatomy.description,
        "version": anatomy.version,
        "notes": list(anatomy.notes),
    }


def _subgraph(graph: Subgraph) -> dict[str, object]:
    return {
        "index": graph.index,
        "name": graph.name,
        "operators": len(graph.operators),
        "tensors": len(graph.tensors),
        "inputs": list(graph.inputs),
        "outputs": list(graph.outputs),
        "macs": sum(op.macs or 0 for op in graph.operators),
        "peak_live_bytes": max((op.live_bytes for op in graph.operators), default=0),
    }


def _operator(subgraph: int, op: Operator) -> dict[str, object]:
    return {
        "subgraph": subgraph,
        "index": op.index,
        "op": op.name,
        "custom": op.custom,
        "version": op.version,
        "dtype": op.dtype,
        "activation": op.activation,
        "inputs": list(op.inputs),
        "outputs": list(op.outputs),
        "macs": op.macs,
        "weight_bytes": op.weight_bytes,
        "activation_bytes": op.activation_bytes,
        "live_bytes": op.live_bytes,
        "custom_options": None if op.custom_options is None else _plain(dict(op.custom_options)),
    }


def _tensor(subgraph: int, tensor: Tensor) -> dict[str, object]:
    quantization = tensor.quantization
    scales = 0 if quantization is None else len(quantization.scale)
    zero_points = 0 if quantization is None else len(quantization.zero_point)
    return {
        "subgraph": subgraph,
        "index": tensor.index,
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "role": tensor.role,
        "buffer": tensor.buffer,
        "stored_bytes": tensor.stored_bytes,
        "scale": _plain(float(quantization.scale[0])) if quantization is not None and scales == 1 else None,
        "zero_point": int(quantization.zero_point[0]) if quantization is not None and zero_points == 1 else None,
        "scales": scales,
        "axis": None if quantization is None else quantization.axis,
        "block": None if quantization is None else quantization.block,
        "sparse": tensor.sparsity is not None,
    }


def _sparse(tensor: Tensor) -> dict[str, object]:
    described = asdict(tensor.sparsity) if tensor.sparsity is not None else {}
    sizes = {"stored_bytes": tensor.stored_bytes, "dense_bytes": tensor.bytes}
    plain: dict[str, object] = _plain({"name": tensor.name, "shape": tensor.shape, **described, **sizes})
    return plain


def _plain(value: Any) -> Any:
    """Return the value with tuples as lists, and numbers that JSON cannot write (NaN, infinities) as strings."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
