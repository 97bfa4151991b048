"""From bytes to nested values: follow the schema from the root table to every object that it reaches."""

from collections import Counter
from typing import Any

import numpy as np

from course_lib.inspection.errors import ModelError
from course_lib.inspection.schema import WIDTHS, Field, schema
from course_lib.inspection.walk import Walker

Node = dict[str, Any]
"""A decoded table: field name -> number, str, array, Span, Node, list of Nodes; None or the default if absent."""
Span = tuple[int, int]
"""Byte range (start, stop) of a byte vector's content. Never copied: weights stay where they are."""

_NUMPY = {"bool": "?", "i8": "<i1", "u8": "<u1", "i16": "<i2", "u16": "<u2", "i32": "<i4", "u32": "<u4"}
_NUMPY |= {"i64": "<i8", "u64": "<u8", "f32": "<f4", "f64": "<f8"}
_STRUCT = {"bool": "B", "i8": "b", "u8": "B", "i16": "h", "u16": "H", "i32": "i", "u32": "I", "i64": "q", "u64": "Q"}
_STRUCT |= {"f32": "f", "f64": "d"}
_SECTIONS = {
    "Model": "header",
    "Buffer": "buffers",
    "ExternalBuffer": "buffers",
    "ExternalBufferGroup": "buffers",
    "CustomQuantization": "quantization",
    "BlockwiseQuantization": "quantization",
    "MultiAxisQuantization": "quantization",
    "QuantizationParameters": "quantization",
    "Int32Vector": "sparsity",
    "Uint16Vector": "sparsity",
    "Uint8Vector": "sparsity",
    "DimensionMetadata": "sparsity",
    "SparsityParameters": "sparsity",
    "VariantSubType": "tensors",
    "Tensor": "tensors",
    "SubGraph": "subgraphs",
    "Metadata": "metadata",
    "TensorMap": "signatures",
    "SignatureDef": "signatures",
}
_LIMITS = {"SubGraph": 10_000, "Operator": 150_000}
_LIMIT = 300_000
_UNIQUE = frozenset({"SubGraph", "Tensor", "Operator"})
_PREFIX_AND_IDENTIFIER = 12


class TreeReader:
    """Decodes tables into nodes, each once; ``unknown`` collects what a newer schema than ours has written."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.unknown: set[str] = set()
        self._schema = schema()
        self._nodes: dict[tuple[int, str], Node] = {}
        self._vectors: dict[tuple[int, str], Any] = {}
        self._listed: Counter[str] = Counter()

    def model(self) -> Node:
        """Decode the Model table that the file's first bytes point to.

        Raises ModelError when the file is no ``.tflite`` or is malformed, saying which object at which byte.
        """
        walker = self.walker
        prefix = 0
        if walker.content[4:8] != b"TFL3":
            if walker.content[8:12] != b"TFL3" or walker.number("I", 0, "size prefix") != walker.size - 4:
                raise ModelError(f"not a .tflite file: {_what_it_is(walker.content)}")
            prefix = 4
        walker.claim(0, prefix + 8, "header", "root offset and file identifier")
        return self.table(walker.follow(prefix, "root"), "Model", "model")

    def table(self, position: int, kind: str, where: str) -> Node:
        """Decode the table of type ``kind`` at ``position`` and everything that it refers to."""
        known = self._nodes.get((position, kind))
        if known is not None:
            if kind in _UNIQUE:
                raise ModelError(f"{where}: the {kind} table at byte {position:,} is listed twice")
            self.walker.repeat(where)
            return known
        section = _SECTIONS.get(kind, "operators")
        declared, slots = self.walker.table(position, where)
        node: Node = {}
        stop = 4
        for field in self._schema.tables[kind]:
            offset = slots[field.slot] if field.slot < len(slots) else 0
            if offset == 0:
                node[field.name] = field.default if field.kind == "scalar" else None
                continue
            if offset < 4:
                raise ModelError(f"{where}.{field.name}: lies at offset {offset}, inside the table's own header")
            width = WIDTHS[field.of] if field.kind == "scalar" else 4
            if offset + width > stop:
                stop = offset + width
            if field.kind == "scalar":
                node[field.name] = self.walker.number(_STRUCT[field.of], position + offset, where)
            else:
                node[field.name] = self._reference(position + offset, field, node, section, f"{where}.{field.name}")
        if len(slots) > self._schema.slots[kind] and any(slots[self._schema.slots[kind] :]):
            self.unknown.add(f"{kind} has fields that this reader's schema does not know")
            stop = max(stop, declared)
        self.walker.check(position, position + stop, where)
        self.walker.claim(position, position + stop, section, where)
        self._nodes[position, kind] = node
        return node

    def _reference(self, position: int, field: Field, node: Node, section: str, where: str) -> Any:
        target = self.walker.follow(position, where)
        if field.kind == "string":
            return self.walker.string(target, where)
        if field.kind == "table":
            return self.table(target, field.of, where)
        if field.kind == "vector":
            return self._vector(target, field, section, where)
        kind = self._schema.unions[field.of].get(node[f"{field.name}_type"])
        if kind is None:
            self.unknown.add(f"{field.of} {node[field.name + '_type']} is not in this reader's schema")
            return None
        return self.table(target, kind, where) | {"table": kind}

    def _vector(self, position: int, field: Field, section: str, where: str) -> Any:
        known = self._vectors.get((position, field.of))
        if known is None:
            known = self._vectors[position, field.of] = self._read_vector(position, field, section, where)
        return known

    def _read_vector(self, position: int, field: Field, section: str, where: str) -> Any:
        walker = self.walker
        width = WIDTHS.get(field.of, 4)
        start, count = walker.vector(position, width, where)
        stop = start + count * width
        if field.of == "u8":
            data = field.name == "data"
            walker.claim(position, start if data else stop, section, where)
            walker.claim(start, stop if data else start, "data", where)
            return start, stop
        if field.of in WIDTHS:
            walker.claim(position, stop, section, where)
            return np.frombuffer(walker.content, _NUMPY[field.of], count, start)
        self._listed[field.of] += count
        limit = _LIMITS.get(field.of, _LIMIT)
        if self._listed[field.of] > limit:
            raise ModelError(f"{where}: the file lists more than {limit:,} {field.of}s")
        walker.claim(position, stop, _SECTIONS.get(field.of, "operators"), where)
        if field.of == "string":
            return [walker.string(walker.follow(at, where), where) for at in range(start, stop, 4)]
        return [
            self.table(walker.follow(at, f"{where}[{index}]"), field.of, f"{where}[{index}]")
            for index, at in enumerate(range(start, stop, 4))
        ]


def _what_it_is(content: bytes) -> str:
    if len(content) < _PREFIX_AND_IDENTIFIER:
        return f"it has {len(content)} bytes, too few for a header" if content else "it is empty"
    kinds = {
        b"PK\x03\x04": "it is a zip archive: unpack a .task bundle, `course compress` a .keras file",
        b"\x89HDF": "it is an HDF5 file: `course compress` converts a Keras model",
        b"\x1f\x8b": "it is gzip-compressed: decompress it first",
        b"LITERTLM": "it is a .litertlm bundle: unpack it first",
        b"GGUF": "it is a GGUF file, of another runtime",
        b"\x08": "it looks like a protocol buffer (ONNX or SavedModel): convert the model first",
    }
    for magic, kind in kinds.items():
        if content.startswith(magic):
            return kind
    return f"bytes 4 to 8 should read b'TFL3', they read {content[4:8]!r}"
