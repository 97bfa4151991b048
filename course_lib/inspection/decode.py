"""From decoded tables to the graph: every index is checked here, so that nothing behind it has to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.inspection.decode_tensor import as_array, decode_tensor
from course_lib.inspection.errors import ModelError
from course_lib.inspection.flex import flexbuffer
from course_lib.inspection.graph import Metadata, Operator, Signature, Subgraph, Tensor
from course_lib.inspection.schema import schema
from course_lib.inspection.tree import Node, Span
from course_lib.inspection.walk import Walker

MAX_CALLS = 100
MAX_REFERENCES = 5_000_000
"""Operator inputs and outputs of a whole file."""
_PLACEHOLDER = 1  # the value of Buffer.offset in a file whose constants stay inside the flatbuffer


@dataclass(frozen=True)
class Decoded:
    """What the file says, before anything is concluded. ``spans``: buffer -> byte range of its content, or None."""

    description: str
    version: int
    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...]
    metadata: tuple[Metadata, ...]
    spans: tuple[Span | None, ...]


def decode(root: Node, walker: Walker) -> Decoded:
    """Turn the Model node into values. Raises ModelError for any index, shape or range that does not fit."""
    spans = tuple(_span(node, walker, f"buffer {index}") for index, node in enumerate(root["buffers"] or ()))
    codes = [_code(node) for node in root["operator_codes"] or ()]
    nodes = root["subgraphs"] or ()
    if not nodes:
        raise ModelError("the model has no subgraph: nothing to run")
    operators = (op for node in nodes for op in node["operators"] or ())
    if sum(len(op[key]) for op in operators for key in ("inputs", "outputs") if op[key] is not None) > MAX_REFERENCES:
        raise ModelError(f"the operators name more than {MAX_REFERENCES:,} inputs and outputs")
    subgraphs = tuple(_subgraph(index, node, spans, codes, len(nodes), walker) for index, node in enumerate(nodes))
    signatures = tuple(_signature(node, subgraphs, index) for index, node in enumerate(root["signature_defs"] or ()))
    metadata = [_metadata(node["name"] or "", node["buffer"], spans, walker.content) for node in root["metadata"] or ()]
    named = {entry.buffer for entry in metadata}
    metadata += [
        _metadata(_identifier(spans, int(buffer), walker.content), int(buffer), spans, walker.content)
        for buffer in as_array(root["metadata_buffer"])
        if int(buffer) not in named
    ]
    return Decoded(root["description"] or "", root["version"], subgraphs, signatures, tuple(metadata), spans)


def _span(node: Node, walker: Walker, where: str) -> Span | None:
    """Return where a buffer's bytes are: in the flatbuffer, or at an absolute offset behind it (files over 2 GB)."""
    data: Span | None = node["data"]
    if data is not None or node["offset"] <= _PLACEHOLDER:
        return data
    start, stop = node["offset"], node["offset"] + node["size"]
    walker.check(start, stop, f"{where}, stored behind the flatbuffer")
    walker.claim(start, stop, "data", where)
    return start, stop


def _code(node: Node) -> tuple[str, bool, int]:
    number = max(node["deprecated_builtin_code"], node["builtin_code"])
    name = schema().enums["BuiltinOperator"].get(number, f"BUILTIN_{number}")
    if name == "CUSTOM":
        return node["custom_code"] or "CUSTOM", True, node["version"]
    return name, False, node["version"]


def _subgraph(
    index: int,
    node: Node,
    spans: tuple[Span | None, ...],
    codes: list[tuple[str, bool, int]],
    count: int,
    walker: Walker,
) -> Subgraph:
    where = f"subgraph {index}"
    tensors = tuple(decode_tensor(i, t, spans, f"{where}, tensor {i}") for i, t in enumerate(node["tensors"] or ()))
    inputs = _indices(node["inputs"], len(tensors), 0, f"{where}, inputs")
    outputs = _indices(node["outputs"], len(tensors), 0, f"{where}, outputs")
    operators = tuple(
        _operator(i, op, tensors, codes, count, walker, f"{where}, operator {i}")
        for i, op in enumerate(node["operators"] or ())
    )
    return Subgraph(index, node["name"] or "", tensors, operators, inputs, outputs)


def _operator(
    index: int,
    node: Node,
    tensors: tuple[Tensor, ...],
    codes: list[tuple[str, bool, int]],
    subgraphs: int,
    walker: Walker,
    where: str,
) -> Operator:
    if node["opcode_index"] >= len(codes):
        raise ModelError(f"{where}: operator code {node['opcode_index']}, but the file has {len(codes)}")
    name, custom, version = codes[node["opcode_index"]]
    inputs = _indices(node["inputs"], len(tensors), -1, f"{where} ({name}), inputs")
    outputs = _indices(node["outputs"], len(tensors), -1, f"{where} ({name}), outputs")
    options = dict(node["builtin_options"] or node["builtin_options2"] or {})
    options.pop("table", None)
    first = next((i for i in (*outputs, *inputs) if i >= 0), None)
    span = node["custom_options"]
    if span is None and node["large_custom_options_offset"] > _PLACEHOLDER:
        start = node["large_custom_options_offset"]
        span = start, start + node["large_custom_options_size"]
        walker.check(*span, f"{where} ({name}), custom options behind the flatbuffer")
        walker.claim(*span, "operators", f"{where} ({name}), custom options")
    custom_options = None if span is None else flexbuffer(walker.content[span[0] : min(span[1], span[0] + 100_000)])
    activation = schema().enums["ActivationFunctionType"].get(options.get("fused_activation_function", 0), "UNKNOWN")
    return Operator(
        index=index,
        name=name,
        custom=custom,
        version=version,
        dtype="none" if first is None else tensors[first].dtype,
        inputs=inputs,
        outputs=outputs,
        activation=None if activation == "NONE" else activation.lower(),
        options=options,
        custom_options=custom_options,
        calls=_calls(options, subgraphs, f"{where} ({name})"),
    )


def _calls(options: dict[str, Any], subgraphs: int, where: str) -> tuple[int, ...]:
    called: list[int] = []
    for key, value in options.items():
        if "subgraph" in key and value is not None:
            called += value[: MAX_CALLS + 1].tolist() if isinstance(value, np.ndarray) else [value]
    if len(called) > MAX_CALLS:
        raise ModelError(f"{where}: runs more than {MAX_CALLS} subgraphs")
    wrong = [index for index in called if not 0 <= index < subgraphs]
    if wrong:
        raise ModelError(f"{where}: runs subgraph {wrong[0]}, but the file has {subgraphs}")
    return tuple(dict.fromkeys(called))


def _signature(node: Node, subgraphs: tuple[Subgraph, ...], index: int) -> Signature:
    where = f"signature {index}"
    if node["subgraph_index"] >= len(subgraphs):
        raise ModelError(f"{where}: belongs to subgraph {node['subgraph_index']}, but the file has {len(subgraphs)}")
    count = len(subgraphs[node["subgraph_index"]].tensors)
    maps = []
    for entries in (node["inputs"] or (), node["outputs"] or ()):
        _indices([entry["tensor_index"] for entry in entries], count, 0, where)
        maps.append({entry["name"] or "": entry["tensor_index"] for entry in entries})
    return Signature(node["signature_key"] or "", node["subgraph_index"], *maps)


def _metadata(name: str, buffer: int, spans: tuple[Span | None, ...], content: bytes) -> Metadata:
    if not 0 <= buffer < len(spans):
        raise ModelError(f"metadata {name!r}: in buffer {buffer}, but the file has {len(spans)} buffers")
    start, stop = spans[buffer] or (0, 0)
    short = content[start:stop].rstrip(b"\0") if stop - start <= 200 else b""
    text = short.decode("ascii", "replace")
    return Metadata(name, buffer, stop - start, text if text and text.isprintable() and "�" not in text else None)


def _identifier(spans: tuple[Span | None, ...], buffer: int, content: bytes) -> str:
    """Name metadata that has no name by the identifier of the flatbuffer that it is, such as MSMD."""
    span = spans[buffer] if 0 <= buffer < len(spans) else None
    name = content[span[0] + 4 : span[0] + 8] if span and span[1] - span[0] >= 8 else b""
    return name.decode("ascii") if name.isalnum() else ""


def _indices(values: Iterable[int] | None, count: int, lowest: int, where: str) -> tuple[int, ...]:
    """Return tensor indices as a tuple; -1, an optional input that is left out, only where ``lowest`` allows it."""
    if values is None:
        return ()
    indices = tuple(values.tolist()) if isinstance(values, np.ndarray) else tuple(values)
    for index in indices:
        if not lowest <= index < count:
            raise ModelError(f"{where}: tensor {index}, but the subgraph has {count} tensors")
    return indices
