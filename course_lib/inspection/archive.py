"""The zip archive that metadata tools append to a ``.tflite``: label files that travel with the model."""

import struct
from dataclasses import dataclass

from course_lib.inspection.walk import Claim, check_disjoint

_END, _ENTRY, _LOCAL, _DESCRIPTOR = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04", b"PK\x07\x08"
_LONGEST_TAIL = 22 + 65_535


@dataclass(frozen=True)
class AssociatedFile:
    """A file in the appended archive: its name, its size once unpacked and the bytes that it takes packed."""

    name: str
    bytes: int
    packed_bytes: int


def associated_files(content: bytes, after: int) -> tuple[tuple[AssociatedFile, ...], list[Claim]]:
    """Return the files of a zip archive that lies behind byte ``after``, and the byte ranges of its parts.

    Both are empty when there is none, or when its directory does not describe bytes that are there: what cannot be
    explained stays unreferenced. Nothing is unpacked.
    """
    end = content.rfind(_END, max(after, len(content) - _LONGEST_TAIL))
    if end < 0 or end + 22 > len(content):
        return (), []
    count, length, offset, comment = struct.unpack_from("<HIIH", content, end + 10)
    directory = end - length
    if directory < after or end + 22 + comment > len(content):
        return (), []
    claims = [Claim(end, end + 22 + comment, "archive", "end of the archive's directory")]
    files = []
    position = directory
    for _ in range(count):
        if position + 46 > end or not content.startswith(_ENTRY, position):
            return (), []
        flags, packed, size, name_length, extra, remark = struct.unpack_from("<8xH10xII3H", content, position)
        name = content[position + 46 : position + 46 + name_length].decode("utf-8", "replace")
        local = struct.unpack_from("<I", content, position + 42)[0] + directory - offset
        stop = _local_stop(content, local, packed, bool(flags & 8))
        if local < after or stop is None:
            return (), []
        entry = 46 + name_length + extra + remark
        claims += [
            Claim(local, stop, "archive", f"associated file {name}"),
            Claim(position, position + entry, "archive", f"directory entry of {name}"),
        ]
        files.append(AssociatedFile(name, size, packed))
        position += entry
    try:
        check_disjoint(sorted(claims))
    except ValueError:
        return (), []
    return tuple(files), claims


def _local_stop(content: bytes, local: int, packed: int, has_descriptor: bool) -> int | None:
    if local < 0 or local + 30 > len(content) or not content.startswith(_LOCAL, local):
        return None
    name, extra = struct.unpack_from("<HH", content, local + 26)
    stop: int = local + 30 + name + extra + packed
    if has_descriptor:
        stop += 16 if content.startswith(_DESCRIPTOR, stop) else 12
    return stop if stop <= len(content) else None
