"""The one door between the learner's code and the checks: plain values become bytes and fresh plain values.

Nothing is ever unpickled and no code of the other side runs while bytes are read. Numbers, text, bytes, None,
lists, tuples, dicts, sets, ranges, slices, SimpleNamespaces, NumPy arrays, scalars and dtypes are copied;
a subclass of one of them arrives as the plain kind. Everything else is a *reference*: `refer` says under which
number, `resolve` turns it back into the object (its own side) or into a handle (the other side).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from course_lib.grading import arrays
from course_lib.grading.faults import Garbled, NotPlain

MAX_DEPTH = 60
MAX_ITEMS = 1_000_000
MAX_BYTES = 256 * 2**20
MAX_INT_BYTES = 1 << 17
_PLAIN_TYPES: dict[str, type] = {
    kind.__name__: kind for kind in (bool, int, float, complex, str, bytes, list, tuple, dict, set)
}

_SIMPLE = {b"N": None, b"T": True, b"F": False, b"E": Ellipsis}


@dataclass(frozen=True)
class Reference:
    """An object that stays where it is. `mine` is seen from the sender; flags and label describe it."""

    mine: bool
    number: int
    flags: int = 0
    label: str = ""


Refer = Callable[[object], Reference]
Resolve = Callable[[Reference], object]


def encode(value: object, refer: Refer) -> bytes:
    """Return `value` as bytes.

    Raises:
        NotPlain: when it holds something that may not cross over, contains itself, is nested deeper than
            60 levels, has more than a million items or is larger than 256 MB.
    """
    writer = _Writer(refer)
    writer.put(value, 0)
    return b"".join(writer.parts)


def decode(data: bytes | memoryview, resolve: Resolve) -> Any:
    """Return the fresh plain value that `data` describes.

    Raises:
        Garbled: when the bytes are not what `encode` writes, whoever wrote them.
    """
    reader = _Reader(memoryview(data), resolve)
    try:
        value = reader.get(0)
    except (struct.error, LookupError, UnicodeError, TypeError, ValueError, OverflowError) as error:
        raise Garbled(f"damaged value: {error}") from error
    if reader.at != len(data):
        raise Garbled("bytes after the value")
    return value


class _Writer:
    def __init__(self, refer: Refer) -> None:
        self.parts: list[bytes | memoryview] = []
        self.refer, self.items, self.size = refer, 0, 0
        self.path: set[int] = set()

    def add(self, *parts: bytes | memoryview) -> None:
        for part in parts:
            self.size += len(part)
        if self.size > MAX_BYTES:
            raise NotPlain(f"a value of more than {MAX_BYTES >> 20} MB")
        self.parts.extend(parts)

    def sized(self, tag: bytes, body: bytes) -> None:
        self.add(tag + struct.pack("<Q", len(body)), body)

    def put(self, value: Any, depth: int) -> None:
        self.items += 1
        if self.items > MAX_ITEMS:
            raise NotPlain(f"a value of more than {MAX_ITEMS:,} items")
        kind = type(value)
        if kind is str:  # the commonest kinds first
            self.sized(b"S", value.encode("utf-8", "surrogatepass"))
        elif kind is tuple or kind is list or kind is dict:
            self._container(value, depth)
        elif value is None:
            self.add(b"N")
        elif value is True or value is False:
            self.add(b"T" if value else b"F")
        elif isinstance(value, np.generic):
            self._scalar(value)
        elif isinstance(value, int):
            self._int(int.__index__(value) if type(value) is int else int.__add__(value, 0))
        elif isinstance(value, float):
            self.add(b"D" + struct.pack("<d", float.__float__(value)))
        elif isinstance(value, complex):
            self.add(b"C" + struct.pack("<dd", complex.real.__get__(value), complex.imag.__get__(value)))
        elif isinstance(value, str):
            self.sized(b"S", str.encode(value, "utf-8", "surrogatepass"))
        elif isinstance(value, (bytes, bytearray)):
            self.sized(b"B" if isinstance(value, bytes) else b"b", memoryview(value).tobytes())
        elif isinstance(value, memoryview):
            self.sized(b"B", value.tobytes())
        elif isinstance(value, np.ndarray):
            self.add(b"A", *arrays.pack(value))
        elif isinstance(value, (list, tuple, dict, set, frozenset)) or type(value) is SimpleNamespace:
            self._container(value, depth)
        else:
            self._other(value, depth)

    def _int(self, value: int) -> None:
        if -(2**63) <= value < 2**63:
            self.add(b"I" + struct.pack("<q", value))
            return
        length = value.bit_length() // 8 + 1
        if length > MAX_INT_BYTES:
            raise NotPlain(f"a whole number of more than {MAX_INT_BYTES * 8:,} bits")
        self.sized(b"J", value.to_bytes(length, "little", signed=True))

    def _scalar(self, value: np.generic) -> None:
        try:
            name = arrays.dtype_name(value.dtype)
        except NotPlain:
            raise NotPlain(f"a NumPy scalar of type {type(value).__name__[:60]}") from None
        array = np.empty((), arrays.dtype_from(name))
        array[()] = value
        self.add(b"G", *arrays.pack(array))

    def _container(self, value: Any, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise NotPlain(f"a value nested deeper than {MAX_DEPTH} levels")
        if id(value) in self.path:
            raise NotPlain(f"a {type(value).__name__} that contains itself")
        self.path.add(id(value))
        if isinstance(value, (list, tuple)):
            # The base class's own methods: what a subclass makes of them does not matter.
            self._sequence(
                value, list(list.__iter__(value) if isinstance(value, list) else tuple.__iter__(value)), depth
            )
        elif isinstance(value, dict):
            pairs = list(dict.items(value))
            self._many(b"M", [each for pair in pairs for each in pair], depth)
        elif isinstance(value, SimpleNamespace):
            self._many(b"O", [each for pair in vars(value).items() for each in pair], depth)
        else:
            a_set = isinstance(value, set)
            items = list(set.__iter__(value) if a_set else frozenset.__iter__(value))
            self._many(b"Z" if a_set else b"z", items, depth)
        self.path.discard(id(value))

    def _sequence(self, value: list[Any] | tuple[Any, ...], items: list[Any], depth: int) -> None:
        a_list = isinstance(value, list)
        if not self._packed(b"l" if a_list else b"t", items):
            self._many(b"L" if a_list else b"P", items, depth)

    def _packed(self, tag: bytes, items: list[Any]) -> bool:
        """Long lists of nothing but floats or small ints go over as one block."""
        if len(items) < 32:
            return False
        kinds = set(map(type, items))
        if kinds == {float}:
            block = np.array(items, "<f8")
        elif kinds == {int} and min(items) >= -(2**63) and max(items) < 2**63:
            block = np.array(items, "<i8")
        else:
            return False
        self.items += len(items)
        self.add(tag, block.dtype.kind.encode(), struct.pack("<Q", len(items)), block.tobytes())
        return True

    def _many(self, tag: bytes, items: list[Any], depth: int) -> None:
        if self.items + len(items) > MAX_ITEMS:
            raise NotPlain(f"a value of more than {MAX_ITEMS:,} items")
        self.add(tag + struct.pack("<Q", len(items)))
        for each in items:
            self.put(each, depth + 1)

    def _other(self, value: Any, depth: int) -> None:
        if type(value) is range:
            self.add(b"R")
            self.put((value.start, value.stop, value.step), depth + 1)
        elif type(value) is slice:
            self.add(b"s")
            self.put((value.start, value.stop, value.step), depth + 1)
        elif value is Ellipsis:
            self.add(b"E")
        elif isinstance(value, np.dtype):
            self.sized(b"Y", arrays.dtype_name(value).encode())
        elif _is_scalar_type(value):
            self.sized(b"y", arrays.dtype_name(np.dtype(value)).encode())
        elif isinstance(value, type) and _PLAIN_TYPES.get(value.__name__) is value:
            self.sized(b"k", value.__name__.encode())
        else:
            found = self.refer(value)
            self.add(b"H" if found.mine else b"h", struct.pack("<QQ", found.number, found.flags))
            self.sized(b"", found.label[:200].encode("utf-8", "replace"))


def _is_scalar_type(value: object) -> bool:
    """True for np.int8 and the like, which people pass as a dtype."""
    return isinstance(value, type) and issubclass(value, np.generic) and value.__module__ in ("numpy", "ml_dtypes")


class _Reader:
    def __init__(self, data: memoryview, resolve: Resolve) -> None:
        self.data, self.resolve, self.at, self.items = data, resolve, 0, 0

    def take(self, size: int) -> memoryview:
        if size > len(self.data) - self.at:
            raise Garbled("the value ends too early")
        self.at += size
        return self.data[self.at - size : self.at]

    def size(self) -> int:
        number: int = struct.unpack("<Q", self.take(8))[0]
        return number

    def count(self) -> int:
        count = self.size()
        self.items += count
        if count > len(self.data) - self.at or self.items > 2 * MAX_ITEMS:  # every item has at least one byte
            raise Garbled("more items than bytes")
        return count

    def many(self, depth: int, times: int = 1) -> list[Any]:
        return [self.get(depth + 1) for _ in range(self.count())]

    def pairs(self, depth: int) -> dict[Any, Any]:
        flat = self.many(depth)
        return dict(zip(flat[::2], flat[1::2], strict=True))

    def get(self, depth: int) -> Any:
        if depth > MAX_DEPTH + 2:
            raise Garbled("nested too deeply")
        tag = bytes(self.take(1))
        if tag in _SIMPLE:
            return _SIMPLE[tag]
        if tag == b"I":
            return struct.unpack("<q", self.take(8))[0]
        if tag == b"D":
            return struct.unpack("<d", self.take(8))[0]
        if tag == b"C":
            return complex(*struct.unpack("<dd", self.take(16)))
        if tag == b"S":
            return bytes(self.take(self.size())).decode("utf-8", "surrogatepass")
        if tag in (b"B", b"b"):
            body = bytes(self.take(self.size()))
            return body if tag == b"B" else bytearray(body)
        if tag in (b"A", b"G"):
            array, self.at = arrays.unpack(self.data, self.at)
            return array if tag == b"A" else array[()]
        if tag in (b"L", b"P"):
            items = self.many(depth)
            return items if tag == b"L" else tuple(items)
        if tag in (b"l", b"t"):
            return self._block(tag)
        if tag == b"M":
            return self.pairs(depth)
        if tag in (b"Z", b"z"):
            return set(self.many(depth)) if tag == b"Z" else frozenset(self.many(depth))
        return self._rare(tag, depth)

    def _block(self, tag: bytes) -> list[Any] | tuple[Any, ...]:
        kind = {b"f": "<f8", b"i": "<i8"}.get(bytes(self.take(1)))
        if kind is None:
            raise Garbled("a block of an unknown kind")
        items = np.frombuffer(self.take(8 * self.count()), kind).tolist()
        return items if tag == b"l" else tuple(items)

    def _rare(self, tag: bytes, depth: int) -> Any:
        if tag == b"J":
            size = self.size()
            if size > MAX_INT_BYTES:
                raise Garbled("a whole number that is too long")
            return int.from_bytes(self.take(size), "little", signed=True)
        if tag == b"O":
            return SimpleNamespace(**self.pairs(depth))
        if tag in (b"R", b"s"):
            return (range if tag == b"R" else slice)(*self.get(depth + 1))
        if tag in (b"Y", b"y"):
            dtype = arrays.dtype_from(bytes(self.take(self.size())).decode("ascii"))
            return dtype if tag == b"Y" else dtype.type
        if tag == b"k":
            return _PLAIN_TYPES[bytes(self.take(self.size())).decode("ascii")]
        if tag in (b"H", b"h"):
            number, flags = struct.unpack("<QQ", self.take(16))
            label = bytes(self.take(self.size())).decode("utf-8", "replace")
            return self.resolve(Reference(tag == b"H", number, flags, label))
        raise Garbled(f"no tag {tag!r}")
