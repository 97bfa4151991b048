"""One weight tensor: a codebook, which of its values each weight takes, and how far apart the weights are.

Deep Compression (Han et al. 2016, arXiv:1510.00149, sections 2 to 4): relative index + codebook + Huffman. Two
liberties, both smaller: a gap that is too long is bridged by a symbol of its own instead of a stored zero, and the
longest gap is chosen for each tensor. A tensor without a value that dominates is stored without gaps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.packing import huffman
from course_lib.packing.errors import PackingError
from course_lib.packing.stream import Reader, Writer

MOST_VALUES = 4096
WIDTHS = (1, 2, 4)
_DENSE, _SPARSE = 0, 1
_LONGEST_GAPS = tuple(2**bits - 1 for bits in range(1, 9))
_BITMAP = 32
"""Bytes of a bitmap over all values of one byte: shorter than a list of as many values or more."""

Elements = NDArray[Any]


def pack_tensor(data: bytes, width: int) -> Writer | None:
    """Return the shorter of both forms, or None where there are no elements or more than MOST_VALUES values.

    Args:
        data: the tensor's bytes. width: bytes of an element, 1, 2 or 4, of which data are a multiple.
    """
    elements = np.frombuffer(data, f"<u{width}")
    values, which, counts = np.unique(elements, return_inverse=True, return_counts=True)
    if not 0 < len(values) <= MOST_VALUES:
        return None
    dense = _begin(_DENSE, width)
    _codebook(dense, values, width)
    _coded(dense, "values", which)
    if len(values) == 1:
        return dense
    common = int(counts.argmax())
    places = np.flatnonzero(which != common)
    sparse = _begin(_SPARSE, width)
    sparse.write("codebooks", values[common].tobytes())
    _codebook(sparse, np.delete(values, common), width)
    sparse.number("header", len(places))
    _gaps(sparse, places)
    stored = which[places]
    _coded(sparse, "values", stored - (stored > common))
    return min(dense, sparse, key=lambda form: form.size)


def unpack_tensor(reader: Reader, size: int) -> bytes:
    """Read a tensor of ``size`` bytes back.

    Raises:
        PackingError: what stands there is no such tensor.
    """
    (kind,) = reader.read(1)
    form, width = kind >> 4, kind & 15
    if form not in (_DENSE, _SPARSE) or width not in WIDTHS or size % width:
        raise PackingError(f"byte {reader.position - 1:,}: no tensor of {size:,} bytes begins with {kind:#04x}")
    count, dtype = size // width, f"<u{width}"
    if form == _DENSE:
        values = _read_codebook(reader, dtype)
        return _values(reader, values, count).tobytes()
    common = np.frombuffer(reader.read(width), dtype)
    values = _read_codebook(reader, dtype)
    stored = reader.number(count)
    places = _read_gaps(reader, stored, count)
    elements = np.full(count, common[0], dtype)
    elements[places] = _values(reader, values, stored)
    return elements.tobytes()


def _begin(form: int, width: int) -> Writer:
    writer = Writer()
    writer.write("header", bytes([form << 4 | width]))
    return writer


def _codebook(writer: Writer, values: Elements, width: int) -> None:
    writer.number("codebooks", len(values))
    if width == 1 and len(values) >= _BITMAP:
        present = np.zeros(256, np.uint8)
        present[values] = 1
        writer.write("codebooks", np.packbits(present).tobytes())
    else:
        writer.write("codebooks", values.tobytes())


def _read_codebook(reader: Reader, dtype: str) -> Elements:
    count = reader.number(MOST_VALUES)
    width = np.dtype(dtype).itemsize
    if width == 1 and count >= _BITMAP:
        values = np.flatnonzero(np.unpackbits(np.frombuffer(reader.read(_BITMAP), np.uint8))).astype(dtype)
        if len(values) != count:
            raise PackingError(f"byte {reader.position:,}: a codebook of {len(values)} values, not {count}")
        return values
    return np.frombuffer(reader.read(count * width), dtype)


def _coded(writer: Writer, part: str, symbols: NDArray[Any]) -> None:
    """Append a code table for symbols 0 to their largest, and the symbols; both sizes are known to the reader."""
    lengths = huffman.code_lengths(np.bincount(symbols)) if len(symbols) else np.zeros(0, np.uint8)
    stream = huffman.encode(symbols, lengths)
    writer.lengths("code tables", lengths)
    writer.number("header", len(stream))
    writer.write(part, stream)


def _values(reader: Reader, values: Elements, count: int) -> Elements:
    lengths = reader.lengths(len(values))
    stream = reader.read(reader.number(len(reader.data)))
    return values[huffman.decode(stream, count, lengths)]


def _gaps(writer: Writer, places: NDArray[np.int64]) -> None:
    gaps = np.diff(places, prepend=-1) - 1
    symbols, longest = min((_bridged(gaps, longest) for longest in _LONGEST_GAPS), key=_bits)
    writer.number("header", len(symbols) - len(places))
    writer.number("header", longest)
    writer.number("header", int(symbols.max()) + 1)
    _coded(writer, "gaps", symbols)


def _bridged(gaps: NDArray[np.int64], longest: int) -> tuple[NDArray[np.int64], int]:
    """Write each gap as bridges of ``longest`` weights (symbol ``longest``), then what is left of it."""
    bridges = gaps // longest
    symbols = np.full(int(bridges.sum()) + len(gaps), longest, np.int64)
    symbols[np.cumsum(bridges + 1) - 1] = gaps % longest
    return symbols, longest


def _bits(coded: tuple[NDArray[np.int64], int]) -> int:
    counts = np.bincount(coded[0])
    return int(np.sum(counts * huffman.code_lengths(counts))) + 4 * len(counts)


def _read_gaps(reader: Reader, stored: int, count: int) -> NDArray[np.int64]:
    bridges = reader.number(count)
    longest = reader.number(_LONGEST_GAPS[-1])
    lengths = reader.lengths(reader.number(longest + 1))
    stream = reader.read(reader.number(len(reader.data)))
    symbols = huffman.decode(stream, stored + bridges, lengths)
    ends = symbols != longest
    places: NDArray[np.int64] = np.cumsum(np.where(ends, symbols + 1, symbols))[ends] - 1
    if len(places) != stored or (stored and places[-1] >= count):
        raise PackingError(f"byte {reader.position:,}: gaps that lead outside of their tensor")
    return places
