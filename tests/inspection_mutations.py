"""Seeded damage to real files: what a bad download, a bad tool or an attacker does."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

EXTREMES = (0, 1, 2, 4, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1)


def flip_bits(model: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(model)
    for position in rng.integers(0, len(model), rng.integers(1, 9)):
        damaged[position] ^= 1 << rng.integers(0, 8)
    return bytes(damaged)


def truncate(model: bytes, rng: np.random.Generator) -> bytes:
    return model[: rng.integers(0, len(model))]


def splice(model: bytes, rng: np.random.Generator) -> bytes:
    """Copy a stretch of the file over another, move it, or cut it out."""
    start, length, at = rng.integers(0, len(model)), rng.integers(1, 64), rng.integers(0, len(model))
    piece = model[start : start + length]
    kind = rng.integers(0, 3)
    if kind == 0:
        return model[:at] + piece + model[at + len(piece) :]
    return model[:at] + piece + model[at:] if kind == 1 else model[:start] + model[start + length :]


def edit_offset(model: bytes, rng: np.random.Generator) -> bytes:
    """Overwrite aligned 32-bit words, most of them offsets and lengths, with nasty ones or with one from elsewhere."""
    damaged = bytearray(model)
    for _ in range(rng.integers(1, 4)):
        at = 4 * rng.integers(0, len(model) // 4)
        old = struct.unpack_from("<I", model, at)[0]
        kind = rng.integers(0, 3)
        if kind == 0:
            value = EXTREMES[rng.integers(0, len(EXTREMES))]
        elif kind == 1:
            value = struct.unpack_from("<I", model, 4 * rng.integers(0, len(model) // 4))[0]
        else:
            value = (old + int(rng.integers(-64, 65))) % 2**32
        struct.pack_into("<I", damaged, at, value)
    return bytes(damaged)


def edit_structure(model: bytes, rng: np.random.Generator) -> bytes:
    """Flip bits of the part behind the weights only, where tables and vtables are: a flipped weight breaks nothing."""
    start = max(0, len(model) - 6000)
    return model[:start] + flip_bits(model[start:], rng)


KINDS = (flip_bits, truncate, splice, edit_offset, edit_structure)


def mutations(model: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield ``count`` damaged copies, the kinds in turn, each with its name."""
    rng = np.random.default_rng(seed)
    for index in range(count):
        kind = KINDS[index % len(KINDS)]
        yield f"{kind.__name__} {index} (seed {seed})", kind(model, rng)
