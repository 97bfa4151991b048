"""Writing parts of a packed file under the name of what they hold, and reading them back within bounds."""

from __future__ import annotations

import numpy as np

from course_lib.packing.errors import PackingError
from course_lib.packing.huffman import Lengths

PARTS = {
    "header": "what it is, its size, the digest, and where each tensor lies",
    "codebooks": "the values that weights take",
    "code tables": "lengths of the Huffman codes",
    "values": "which value each stored weight takes, Huffman coded",
    "gaps": "how many weights lie between stored ones, Huffman coded",
    "rest": "everything else of the file, deflated or LZMA coded",
}
"""Part -> what it holds. Each byte of a packed file belongs to exactly one."""


class Writer:
    """Collects bytes; ``sizes`` counts them by part."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.sizes = dict.fromkeys(PARTS, 0)

    def write(self, part: str, data: bytes) -> None:
        """Append bytes."""
        self.pieces.append(data)
        self.sizes[part] += len(data)

    def number(self, part: str, value: int) -> None:
        """Append a whole number, seven bits to a byte, lowest first; the high bit says that more follow."""
        data = bytearray()
        while value >= 0x80:
            data.append(value & 0x7F | 0x80)
            value >>= 7
        data.append(value)
        self.write(part, bytes(data))

    def lengths(self, part: str, lengths: Lengths) -> None:
        """Append code lengths, four bits each."""
        even = np.concatenate([lengths, np.zeros(len(lengths) % 2, np.uint8)])
        self.write(part, (even[::2] << 4 | even[1::2]).astype(np.uint8).tobytes())

    def append(self, other: Writer) -> None:
        """Append everything that another writer holds."""
        self.pieces += other.pieces
        for part, size in other.sizes.items():
            self.sizes[part] += size

    @property
    def size(self) -> int:
        """Bytes so far."""
        return sum(self.sizes.values())

    def content(self) -> bytes:
        """Return everything written."""
        return b"".join(self.pieces)


class Reader:
    """Reads what a Writer wrote; beyond the end, each method raises PackingError."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def read(self, count: int) -> bytes:
        """Return the next bytes."""
        if count > len(self.data) - self.position:
            raise PackingError(
                f"byte {self.position:,}: {count:,} bytes should follow, {len(self.data) - self.position:,} do"
            )
        self.position += count
        return self.data[self.position - count : self.position]

    def number(self, most: int) -> int:
        """Return a whole number of 0 to ``most``."""
        value, begin = 0, self.position
        for shift in range(0, 70, 7):
            (byte,) = self.read(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value > most or (byte == 0 and shift):
                    break
                return value
        raise PackingError(f"byte {begin:,}: a number from 0 to {most:,} should stand here")

    def lengths(self, count: int) -> Lengths:
        """Return code lengths."""
        packed = np.frombuffer(self.read((count + 1) // 2), np.uint8)
        both: Lengths = np.stack([packed >> 4, packed & 15], axis=1).reshape(-1)
        if count % 2 and both[-1]:
            raise PackingError(f"byte {self.position:,}: padding that is not zero")
        return both[:count]
