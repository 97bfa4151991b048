"""The packed file: weight tensors by codebook, gaps and Huffman codes where that is shorter, the rest by LZMA.

magic (4) | size | digest (8) | tensors: count, then skipped bytes, size, coded tensor each | the rest: method, stream
"""

from __future__ import annotations

import hashlib
import lzma
import zlib
from dataclasses import dataclass
from typing import Any

from course_lib.inspection import inspect
from course_lib.inspection.dissect import bytes_of
from course_lib.inspection.dtypes import BITS
from course_lib.packing.errors import PackingError
from course_lib.packing.stream import Reader, Writer
from course_lib.packing.tensor import WIDTHS, pack_tensor, unpack_tensor

MAGIC = b"TFP1"
DIGEST_BYTES = 8
LIMIT = 2**28
"""Bytes that ``unpack`` restores unless it is allowed more."""
_SMALLEST, _PLACE_BYTES = 64, 6
_STORED, _DEFLATE, _LZMA = 0, 1, 2
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 2**23}]
Span = tuple[int, int]


@dataclass(frozen=True)
class Packed:
    """A packed file and what its bytes are spent on: ``sizes`` maps each of ``stream.PARTS`` to bytes and adds up.

    ``tensors`` of the weight tensors are coded, ``left`` are in the rest because that is shorter.
    """

    content: bytes
    sizes: dict[str, int]
    tensors: int
    left: int


def pack(model: Any) -> Packed:
    """Return a ``.tflite`` packed without loss; ``unpack`` gives the same bytes. The same model, the same bytes.

    Args:
        model: an Artifact, or the bytes of a ``.tflite``.

    Raises:
        ValueError: the bytes are no ``.tflite``.
    """
    content = bytes_of(model)
    coded = {}
    spans = weight_spans(content)
    for (start, stop), width in sorted(spans.items()):
        data = content[start:stop]
        tensor = pack_tensor(data, width)
        if tensor is not None and tensor.size + _PLACE_BYTES < len(_deflated(data)):
            coded[start, stop] = tensor
    forms = [_assembled(content, coded)] + ([_assembled(content, {})] if coded else [])
    best = min(forms, key=lambda form: form.size)
    tensors = len(coded) if best is forms[0] else 0
    return Packed(best.content(), best.sizes, tensors, len(spans) - tensors)


def _assembled(content: bytes, coded: dict[Span, Writer]) -> Writer:
    writer = Writer()
    writer.write("header", MAGIC)
    writer.number("header", len(content))
    writer.write("header", _digest(content))
    writer.number("header", len(coded))
    rest, position = [], 0
    for (start, stop), tensor in coded.items():
        writer.number("header", start - position)
        writer.number("header", stop - start)
        writer.append(tensor)
        rest.append(content[position:start])
        position = stop
    method, stream = _squeezed(b"".join([*rest, content[position:]]))
    writer.write("header", bytes([method]))
    writer.write("rest", stream)
    return writer


def unpack(data: bytes, *, limit: int = LIMIT) -> bytes:
    """Return the bytes that were packed. Time and memory stay in proportion to their number, ``limit`` at most.

    The digest finds damage, not an attacker: sign the model, and verify what comes out.

    Raises:
        PackingError: (a ValueError) not a packed file, damaged, or larger than ``limit`` when unpacked.
    """
    reader = Reader(data)
    if not data.startswith(MAGIC):
        raise PackingError(f"not a packed model: it has {len(data):,} bytes and begins with {data[:4]!r}")
    reader.read(len(MAGIC))
    size = reader.number(limit)
    digest = reader.read(DIGEST_BYTES)
    pieces: list[tuple[int, bytes]] = []
    left = size
    for _ in range(reader.number(len(data))):
        skipped = reader.number(left)
        length = reader.number(left - skipped)
        left -= skipped + length
        pieces.append((skipped, unpack_tensor(reader, length)))
    (method,) = reader.read(1)
    between = sum(skipped for skipped, _ in pieces)
    rest = _expanded(method, reader.read(len(data) - reader.position), between + left)
    restored, position = [], 0
    for skipped, tensor in pieces:
        restored += [rest[position : position + skipped], tensor]
        position += skipped
    content = b"".join([*restored, rest[position:]])
    if len(content) != size or _digest(content) != digest:
        raise PackingError("the unpacked bytes are not those that were packed: the file was damaged")
    return content


def weight_spans(content: bytes) -> dict[Span, int]:
    """Return the byte range of each stored weight tensor, and the bytes of one of its elements."""
    anatomy = inspect(content)
    spans: dict[Span, int] = {}
    for weight in anatomy.weights:
        span = anatomy.subgraphs[weight.subgraph].tensors[weight.tensor].span
        width = max(1, BITS.get(weight.dtype, 8) // 8)
        if span is not None and width in WIDTHS and span[1] - span[0] >= _SMALLEST:
            spans[span] = width if (span[1] - span[0]) % width == 0 else 1
    return spans


def _squeezed(data: bytes) -> tuple[int, bytes]:
    """Return the shortest of: as it is, deflated, LZMA coded."""
    coded = lzma.compress(data, lzma.FORMAT_RAW, filters=_FILTERS)
    return min([(_STORED, data), (_DEFLATE, _deflated(data)), (_LZMA, coded)], key=lambda form: len(form[1]))


def _deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(data) + deflate.flush()


def _expanded(method: int, stream: bytes, size: int) -> bytes:
    try:
        if method == _STORED:
            data, clean = stream, True
        elif method == _DEFLATE:
            inflate = zlib.decompressobj(-15)
            data = inflate.decompress(stream, size + 1)
            clean = inflate.eof and not inflate.unused_data
        elif method == _LZMA:
            decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS)
            data = decoder.decompress(stream, size + 1)
            clean = decoder.eof and not decoder.unused_data
        else:
            raise PackingError(f"unknown method {method} for the rest of the file")
    except (zlib.error, lzma.LZMAError, EOFError) as problem:
        raise PackingError(f"the rest of the file is damaged: {problem}") from None
    if len(data) != size or not clean:
        raise PackingError(f"the rest of the file should have {size:,} bytes")
    return data


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()[:DIGEST_BYTES]
