"""A bounds-checked reader of flatbuffers that remembers which bytes belong to what.

Every object that is reached (vtable, table, vector, string, buffer) claims its byte range once. Objects may be shared:
a vtable by many tables, a data vector by many buffers. They may not overlap, so all claims together never exceed the
file. That is also what bounds time and memory on a hostile file: whoever claims more bytes than there are is refused.
"""

import itertools
import struct
from typing import NamedTuple

from course_lib.inspection.errors import ModelError

MAX_OBJECTS = 2_000_000
"""Objects read from one file before it is refused; the largest language models hold some hundred thousand."""
MAX_REPEATS = 100_000
"""References to a table that was already read. Writers share vtables, not tables, except for a few empty ones."""


class Claim(NamedTuple):
    """The bytes ``start`` to ``stop`` (exclusive) hold one object of a section; ``label`` says which."""

    start: int
    stop: int
    section: str
    label: str


class Walker:
    """Reads little-endian values from ``content`` and collects claims; out of bounds, each method raises ModelError."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = len(content)
        self.claims: dict[tuple[int, int], Claim] = {}
        self._claimed = 0
        self._repeats = 0
        self._vtables: dict[int, tuple[int, tuple[int, ...]]] = {}

    def claim(self, start: int, stop: int, section: str, label: str) -> None:
        """Claim a byte range. The same range may be claimed again (sharing): the first claim names it."""
        if start >= stop or (start, stop) in self.claims:
            return
        self.claims[start, stop] = Claim(start, stop, section, label)
        self._claimed += stop - start
        if self._claimed > self.size or len(self.claims) > MAX_OBJECTS:
            check_disjoint(sorted(self.claims.values()))
            raise ModelError(f"{label}: more than {MAX_OBJECTS:,} objects in one file")

    def repeat(self, where: str) -> None:
        """Count a reference to a table that was read before, which costs the writer four bytes and the reader more."""
        self._repeats += 1
        if self._repeats > MAX_REPEATS:
            raise ModelError(f"{where}: more than {MAX_REPEATS:,} references to tables that were already read")

    def check(self, start: int, stop: int, where: str) -> None:
        """Raise ModelError unless the range lies in the file."""
        if not 0 <= start <= stop <= self.size:
            raise ModelError(
                f"{where}: bytes {start:,} to {stop:,} lie outside the file, which has {self.size:,} bytes"
            )

    def number(self, code: str, position: int, where: str) -> int:
        """Read one integer (``code`` as in ``struct``: B, H, I, i, Q) at a byte position."""
        self.check(position, position + struct.calcsize(code), where)
        value: int = struct.unpack_from("<" + code, self.content, position)[0]
        return value

    def follow(self, position: int, where: str) -> int:
        """Return where the unsigned offset stored at ``position`` points to; offsets only ever point forward."""
        offset = self.number("I", position, where)
        if offset == 0:
            raise ModelError(f"{where}: the offset at byte {position:,} is zero, so it points at itself")
        if position + offset + 4 > self.size:
            raise ModelError(
                f"{where}: the offset at byte {position:,} points to byte {position + offset:,}, "
                f"beyond the end of the file ({self.size:,} bytes): is it truncated?"
            )
        return position + offset

    def table(self, position: int, where: str) -> tuple[int, tuple[int, ...]]:
        """Return the declared size of the table at ``position`` and the offset of each slot in it (0: absent).

        The caller claims the table's bytes by the fields that it finds. The declared size is not to be trusted: writers
        in Python share a vtable between tables whose slots agree, and the size that it states is that of the first.
        """
        vtable = position - self.number("i", position, where)
        layout = self._vtables.get(vtable)
        if layout is None:
            layout = self._vtables[vtable] = self._vtable(vtable, where)
        return layout

    def _vtable(self, position: int, where: str) -> tuple[int, tuple[int, ...]]:
        where = f"{where}: vtable"
        length, size = self.number("H", position, where), self.number("H", position + 2, where)
        if length < 4 or length % 2 or size < 4:
            raise ModelError(f"{where} at byte {position:,} is malformed: {length} bytes long, for a table of {size}")
        self.check(position, position + length, where)
        slots: tuple[int, ...] = struct.unpack_from(f"<{length // 2 - 2}H", self.content, position + 4)
        self.claim(position, position + length, "vtables", where)
        return size, slots

    def vector(self, position: int, width: int, where: str) -> tuple[int, int]:
        """Return (first byte, element count) of the vector at ``position``, its elements ``width`` bytes each."""
        count = self.number("I", position, where)
        if position + 4 + count * width > self.size:
            raise ModelError(
                f"{where}: a vector at byte {position:,} says it holds {count:,} elements of {width} bytes, "
                f"more than the file has ({self.size:,} bytes): is it truncated?"
            )
        return position + 4, count

    def string(self, position: int, where: str) -> str:
        """Read and claim a string, at most its first thousand characters; bytes that are not UTF-8 are replaced."""
        start, count = self.vector(position, 1, where)
        if self.number("B", start + count, where) != 0:
            raise ModelError(f"{where}: the string at byte {position:,} does not end with a zero byte")
        self.claim(position, start + count + 1, "strings", where)
        text = self.content[start : start + min(count, 4000)].decode("utf-8", "replace")
        return text if len(text) <= 1000 else text[:1000] + "…"


def check_disjoint(claims: list[Claim]) -> None:
    """Raise ModelError when two claims of a sorted list share a byte."""
    for before, after in itertools.pairwise(claims):
        if after.start < before.stop:
            raise ModelError(
                f"two objects overlap: {before.label} has bytes {before.start:,} to {before.stop:,}, "
                f"{after.label} has bytes {after.start:,} to {after.stop:,}"
            )
