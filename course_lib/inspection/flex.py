"""A bounded reader of FlexBuffers: the self-describing bytes in which custom operators keep their options."""

import struct
from typing import Any

from course_lib.inspection.errors import ModelError

MAX_VALUES = 1000
MAX_DEPTH = 8
_NULL, _INT, _UINT, _FLOAT, _KEY, _STRING, _INDIRECT_INT, _INDIRECT_UINT, _INDIRECT_FLOAT, _MAP, _VECTOR = range(11)
_TYPED, _TYPED_FLOAT, _BLOB, _BOOL = (11, 12), 13, 25, 26
_CODES = {1: "b", 2: "h", 4: "i", 8: "q"}
_FLOAT_CODES = {2: "e", 4: "f", 8: "d"}


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.left = MAX_VALUES

    def number(self, position: int, width: int, codes: dict[int, str], unsigned: bool = False) -> Any:
        code = codes.get(width)
        if code is None or position < 0 or position + width > len(self.content):
            raise ModelError("malformed FlexBuffer")
        return struct.unpack_from("<" + (code.upper() if unsigned else code), self.content, position)[0]

    def unsigned(self, position: int, width: int) -> int:
        return int(self.number(position, width, _CODES, unsigned=True))

    def value(self, position: int, parent_width: int, packed: int, depth: int) -> Any:
        self.left -= 1
        if self.left < 0 or depth > MAX_DEPTH:
            raise ModelError("FlexBuffer too large")
        kind, width = packed >> 2, 1 << (packed & 3)
        if kind == _NULL:
            return None
        if kind in (_INT, _UINT, _BOOL):
            number = self.number(position, parent_width, _CODES, unsigned=kind != _INT)
            return bool(number) if kind == _BOOL else number
        if kind == _FLOAT:
            return self.number(position, parent_width, _FLOAT_CODES)
        target = position - self.unsigned(position, parent_width)
        if kind in (_INDIRECT_INT, _INDIRECT_UINT):
            return self.number(target, width, _CODES, unsigned=kind == _INDIRECT_UINT)
        if kind == _INDIRECT_FLOAT:
            return self.number(target, width, _FLOAT_CODES)
        if kind == _KEY:
            return self.key(target)
        size = self.unsigned(target - width, width)
        if kind in (_STRING, _BLOB):
            return self.content[target : target + min(size, 200)].decode("utf-8", "replace") if target >= 0 else ""
        if kind == _VECTOR:
            return self.vector(target, width, size, depth)
        if kind == _MAP:
            keys = target - 3 * width
            keys_at = keys - self.unsigned(keys, width)
            keys_width = self.unsigned(keys + width, width)
            names = [self.key(at - self.unsigned(at, keys_width)) for at in self.steps(keys_at, keys_width, size)]
            return dict(zip(names, self.vector(target, width, size, depth), strict=True))
        if kind in _TYPED or kind == _TYPED_FLOAT:
            element = {11: _INT, 12: _UINT, 13: _FLOAT}[kind]
            return [self.value(at, width, element << 2, depth + 1) for at in self.steps(target, width, size)]
        return f"type {kind}"

    def steps(self, start: int, width: int, count: int) -> range:
        if count > self.left or width not in _CODES:
            raise ModelError("FlexBuffer too large or malformed")
        return range(start, start + count * width, width)

    def vector(self, target: int, width: int, size: int, depth: int) -> list[Any]:
        types = target + size * width
        return [
            self.value(at, width, self.unsigned(types + index, 1), depth + 1)
            for index, at in enumerate(self.steps(target, width, size))
        ]

    def key(self, position: int) -> str:
        end = self.content.find(b"\0", position, position + 200) if position >= 0 else -1
        if end < 0:
            raise ModelError("malformed FlexBuffer key")
        return self.content[position:end].decode("utf-8", "replace")


def flexbuffer(content: bytes) -> dict[str, Any] | None:
    """Decode custom options that are a FlexBuffer map (the usual case) into a dict of plain values.

    Returns None for anything else: some operators keep a C struct there, and the file does not say which.
    """
    if len(content) < 3:
        return None
    width, packed = content[-1], content[-2]
    if width not in _CODES or packed >> 2 != _MAP:
        return None
    try:
        value = _Reader(content).value(len(content) - 2 - width, width, packed, 0)
    except ModelError:
        return None
    return value if isinstance(value, dict) else None
