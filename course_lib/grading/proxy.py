"""The checker's side: handles on the learner's functions and objects, through which only plain values pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from course_lib.grading import protocol
from course_lib.grading.codec import MAX_BYTES, Reference, decode, encode
from course_lib.grading.faults import Failed, Garbled, LearnerLacks, LearnerRaised, NotPlain, Unusable
from course_lib.grading.shorten import arguments

Ask = Callable[[bytes], bytes]
_TRACE_BYTES = 64 * 2**20


@dataclass
class Trace:
    """What the learner's code put out during one law, as bytes.

    Each event is a pair: the operation that was answered ("call", "get", ...) and the reply, or "asked" and the
    learner's call of one of the check's functions.
    """

    events: list[tuple[str, bytes]] = field(default_factory=list)
    size: int = 0
    complete: bool = True

    def add(self, what: str, payload: bytes) -> None:
        """Keep one event, as long as the whole stays under 64 MB."""
        self.size += len(payload)
        if self.size > _TRACE_BYTES:
            self.complete = False
        else:
            self.events.append((what, payload))


class Checker:
    """Sends requests to a learner's side through `ask`, and answers its calls of the check's functions."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.trace = Trace()
        self._given: dict[int, Callable[..., object]] = {}
        self._numbers: dict[int, int] = {}
        self._pending: BaseException | None = None
        self.last: tuple[str, object] | None = None

    def begin(self) -> None:
        """Start a law: an empty trace, and no handle of an earlier law alive."""
        self._given.clear()
        self._numbers.clear()
        self._pending = self.last = None
        self.trace = Trace()
        self.request("forget", call="")
        self.trace = Trace()

    def fetch(self, names: list[str]) -> dict[str, Any]:
        """Return the learner's objects of these names; a name that is not defined is absent."""
        found: dict[str, Any] = self.request("fetch", names, call="")[0]
        if not isinstance(found, dict):
            raise Garbled("no names in the reply")
        for name, value in found.items():
            if isinstance(value, RemoteObject):
                object.__setattr__(value, "_label", name)  # as the task calls it, whatever the object's own name is
        return {name: found[name] for name in names if name in found}

    def request(self, operation: str, *rest: object, call: str | Callable[[], str]) -> tuple[Any, ...]:
        """Send one request and return the values of the reply.

        Raises:
            LearnerRaised, Unusable: what the learner's code did.
            Failed: raised by a function of the check that the learner's code called.
            NotPlain: the check itself passed something that may not cross over.
            Garbled, Lost, TimeUp: from the transport.
        """
        payload = encode((operation, *rest), self._refer)
        reply = self.ask(payload)
        if self._pending is not None:
            pending, self._pending = self._pending, None
            raise pending
        self.trace.add(operation, reply)
        status, *values = self._read(reply)
        if status == "ok" and values:
            return tuple(values)
        text = call if isinstance(call, str) else call()
        if status == "unusable" and len(values) == 1 and isinstance(values[0], str):
            raise Unusable(values[0], text)
        if status != "raised" or len(values) != 3 or not _is_description(values):
            raise Garbled("a reply of an unknown form")
        raise LearnerRaised(values[0], values[1], values[2], text)

    def answer(self, payload: bytes) -> bytes:
        """Call one of the check's functions for the learner's code. A Failed is kept and raised by `request`."""
        self.trace.add("asked", payload)
        number, args, kwargs = self._read(payload, 3)
        try:
            value = self._given[number](*args, **{str(key): each for key, each in kwargs.items()})
            return encode(("ok", value), self._refer)
        except (Failed, LearnerRaised) as error:
            self._pending = error
            return encode(("raised", "RuntimeError", "the check has ended"), self._refer)
        except Exception as error:
            kind, _, message = protocol.describe(error)
            return encode(("raised", kind, message), self._refer)

    def _read(self, payload: bytes, length: int = 0) -> tuple[Any, ...]:
        if len(payload) > MAX_BYTES + 1024:
            raise Garbled("a message that is too large")
        message = decode(payload, self._resolve)
        if not isinstance(message, tuple) or not message or (length and len(message) != length):
            raise Garbled("a message of an unknown form")
        return message

    def _refer(self, value: object) -> Reference:
        if isinstance(value, RemoteObject):
            return Reference(False, value._number)
        if not callable(value) or isinstance(value, type):
            raise NotPlain(f"a check passed {type(value).__name__}; pass plain values, functions or a SimpleNamespace")
        number = self._numbers.get(id(value))
        if number is None:
            number = len(self._given) + 1
            self._given[number] = value
            self._numbers[id(value)] = number
        return Reference(True, number, 1, getattr(value, "__name__", "function"))

    def _resolve(self, reference: Reference) -> object:
        if reference.mine:
            known = reference.flags & ((1 << len(protocol.NAMES)) - 1)
            return _class_for(known)(self, reference.number, reference.label)
        if reference.number not in self._given:
            raise Garbled("a function that was never passed")
        return self._given[reference.number]


class RemoteObject:
    """A learner's object that stays on the learner's side: attributes, calls and protocols work through it."""

    __slots__ = ("_checker", "_label", "_number")

    def __init__(self, checker: Checker, number: int, label: str) -> None:
        object.__setattr__(self, "_checker", checker)
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_label", label)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._checker.request("get", self, name, call=f"{self._label}.{name}")[0]
        except LearnerRaised as error:
            if error.is_a(AttributeError):
                raise LearnerLacks(error.kind, error.kinds, error.message, error.call) from None
            raise

    def __setattr__(self, name: str, value: object) -> None:
        self._checker.request("set", self, name, value, call=f"{self._label}.{name} = …")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteObject) and (other._checker, other._number) == (self._checker, self._number)

    def __hash__(self) -> int:
        return hash(self._number)

    def __repr__(self) -> str:
        return f"<{self._label}>"


def _call(self: RemoteObject, /, *args: Any, **kwargs: Any) -> Any:
    return call_watched(self, args, kwargs, watch=False)[0]


def call_watched(target: RemoteObject, args: tuple[Any, ...], kwargs: dict[str, Any], watch: bool) -> tuple[Any, ...]:
    """Call the learner's `target`; with `watch` a second value lists the arguments that it changed in place."""
    reply: tuple[Any, ...] = target._checker.request(
        "call", target, args, kwargs, watch, call=lambda: f"{target._label}({arguments(args, kwargs)})"
    )
    target._checker.last = (target._label, reply[0])
    return reply


def _method(name: str) -> Callable[..., Any]:
    def method(self: RemoteObject, *args: Any) -> Any:
        passed = () if name == "__exit__" else args
        try:
            return self._checker.request("method", self, name, passed, call=f"{self._label}.{name}")[0]
        except LearnerRaised as error:
            if name == "__next__" and error.is_a(StopIteration):
                raise StopIteration from None
            if name == "__getitem__" and error.is_a(IndexError):
                # `for` over __getitem__ ends with an IndexError
                raise _LearnerIndexError(error.kind, error.kinds, error.message, error.call) from None
            raise

    return method


class _LearnerIndexError(LearnerRaised, IndexError):
    """An IndexError of the learner's __getitem__."""


@cache
def _class_for(flags: int) -> type[RemoteObject]:
    """A handle class that defines exactly the protocols which the learner's class defines."""
    methods: dict[str, Any] = {
        name: _call if name == protocol.CALL else _method(name)
        for bit, name in enumerate(protocol.NAMES)
        if flags >> bit & 1
    }
    return type("RemoteObject", (RemoteObject,), {"__slots__": (), **methods})


def _is_description(values: list[Any]) -> bool:
    kind, kinds, message = values
    return (
        isinstance(kind, str)
        and isinstance(message, str)
        and isinstance(kinds, tuple)
        and all(isinstance(each, str) for each in kinds)
    )
