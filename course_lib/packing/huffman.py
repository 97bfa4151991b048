"""Canonical Huffman codes of at most 15 bits: lengths, code table, bit stream. The first bit of a byte is its highest.

Only the lengths are stored, four bits each: codes are given out in order of length, then of symbol (RFC 1951, section
3.2.2). A symbol that is alone still takes a bit, so a bit stream is never shorter than its number of symbols.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.packing.errors import PackingError

LONGEST = 15
_CHUNK = 1 << 15
Symbols = NDArray[np.int64]
Lengths = NDArray[np.uint8]


def code_lengths(counts: NDArray[Any]) -> Lengths:
    """Return the optimal code length of each symbol, 0 for one that does not occur, LONGEST at most.

    Where an optimal code would be longer, counts are halved until it is not (as bzip2 does).

    Args:
        counts: how often each symbol occurs, shape (n,), n at most 2**LONGEST.
    """
    lengths = np.zeros(len(counts), np.uint8)
    used = np.flatnonzero(counts)
    if len(used) < 2:
        lengths[used] = 1
        return lengths
    weights = [int(counts[symbol]) for symbol in used]
    while True:
        found = _optimal(weights)
        if max(found) <= LONGEST:
            lengths[used] = found
            return lengths
        weights = [weight // 2 + 1 for weight in weights]


def _optimal(weights: list[int]) -> list[int]:
    parents = [0] * (2 * len(weights) - 1)
    heap = [(weight, node) for node, weight in enumerate(weights)]
    heapq.heapify(heap)
    for node in range(len(weights), len(parents)):
        (one, left), (two, right) = heapq.heappop(heap), heapq.heappop(heap)
        parents[left] = parents[right] = node
        heapq.heappush(heap, (one + two, node))
    depths = [0] * len(parents)
    for node in range(len(parents) - 2, -1, -1):
        depths[node] = depths[parents[node]] + 1
    return depths[: len(weights)]


def codes(lengths: Lengths) -> NDArray[np.int64]:
    """Return the code of each symbol, right-aligned.

    Raises:
        PackingError: the lengths leave bit patterns without a meaning, or give some two.
    """
    used = lengths[lengths > 0].astype(np.int64)
    filled = int(np.sum(1 << (LONGEST - used)))
    if filled != 1 << LONGEST and not (len(used) == 1 and used[0] == 1):
        raise PackingError("a code table whose lengths do not fit together")
    order = np.lexsort((np.arange(len(lengths)), lengths))
    order = order[lengths[order] > 0]
    spans = 1 << (LONGEST - lengths[order].astype(np.int64))
    result = np.zeros(len(lengths), np.int64)
    result[order] = (np.cumsum(spans) - spans) >> (LONGEST - lengths[order].astype(np.int64))
    return result


def encode(symbols: Symbols, lengths: Lengths) -> bytes:
    """Return the bit stream of symbols, padded with zero bits to whole bytes."""
    table = codes(lengths)
    pieces = []
    for begin in range(0, len(symbols), _CHUNK):
        part = symbols[begin : begin + _CHUNK]
        sizes = lengths[part].astype(np.int64)
        starts = np.cumsum(sizes) - sizes
        bits = np.zeros(int(sizes.sum()), np.uint8)
        for bit in range(int(sizes.max(initial=0))):
            has = sizes > bit
            bits[starts[has] + bit] = (table[part[has]] >> (sizes[has] - 1 - bit)) & 1
        pieces.append(bits)
    return np.packbits(np.concatenate(pieces)).tobytes() if pieces else b""


def decode(stream: bytes, count: int, lengths: Lengths) -> Symbols:
    """Return ``count`` symbols of a bit stream.

    Time and memory are in proportion to the stream.

    Raises:
        PackingError: the stream is too short or too long for them, has bits that mean nothing, or a bad table.
    """
    if count > 8 * len(stream):
        raise PackingError(f"{count:,} symbols cannot be in {len(stream):,} bytes")
    symbol_of, length_of = _tables(lengths)
    padded = np.frombuffer(stream + b"\0\0\0", np.uint8).astype(np.int64)
    end, position, found = 8 * len(stream), 0, []
    left = count
    while left:
        first = position // 8
        if first >= len(stream):
            raise PackingError("a bit stream ends before its last symbol")
        stop = min(first + _CHUNK, len(stream))
        three = (padded[first:stop] << 16) | (padded[first + 1 : stop + 1] << 8) | padded[first + 2 : stop + 2]
        windows = (three[:, None] >> (24 - LONGEST - np.arange(8))).ravel() & (2**LONGEST - 1)
        steps = length_of[windows].tobytes()  # how far to go from each bit, were a symbol to begin there
        places, at, limit = [], position - 8 * first, 8 * (stop - first)
        while left and at < limit:
            step = steps[at]
            if step == 0:
                raise PackingError("a bit stream has a code that is not in its table")
            places.append(at)
            at += step
            left -= 1
        found.append(symbol_of[windows[places]])
        position = 8 * first + at
    if position > end or end - position >= 8 or (position % 8 and stream[-1] & (0xFF >> position % 8)):
        raise PackingError("a bit stream does not end where its last symbol ends")
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _tables(lengths: Lengths) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return symbol and length by the next LONGEST bits; length 0 where they mean nothing."""
    symbol_of, length_of = np.zeros(2**LONGEST, np.int64), np.zeros(2**LONGEST, np.uint8)
    table = codes(lengths)
    for symbol in np.flatnonzero(lengths):
        shift = LONGEST - int(lengths[symbol])
        span = slice(int(table[symbol]) << shift, (int(table[symbol]) + 1) << shift)
        symbol_of[span], length_of[span] = symbol, lengths[symbol]
    return symbol_of, length_of
