"""The learner's side: holds the namespace that the learner's code made, and does what the checker asks.

In a notebook it lives in the same process as the checker, otherwise in a worker. It never learns what a check
asserts: it only sees calls.
"""

from __future__ import annotations

import builtins
import inspect
import threading
from collections.abc import Callable, Mapping
from typing import Any

from course_lib.grading import protocol
from course_lib.grading.codec import Reference, decode, encode
from course_lib.grading.faults import NotPlain, TimeUp

Ask = Callable[[bytes], bytes]
_ARRAY_LIBRARIES = ("tensorflow", "keras", "tf_keras", "torch", "jax", "jaxlib", "pandas")


class Learner:
    """Serves requests on `namespace`; `ask` sends a call of a checker's function and returns the reply."""

    def __init__(self, namespace: Mapping[str, object], ask: Ask) -> None:
        self.namespace, self._ask = namespace, ask
        self._own: dict[int, object] = {}
        self._given: dict[int, object] = {}
        self._numbers: dict[int, Reference] = {}
        self._thread = 0
        self._last = 0

    def handle(self, payload: bytes) -> bytes:
        """Carry out one request and return the reply; only TimeUp escapes."""
        self._thread = threading.get_ident()
        try:
            operation, *rest = decode(payload, self._resolve)
            reply = ("ok", *getattr(self, f"_do_{operation}")(*rest))
            return encode(reply, self._refer)
        except TimeUp:
            raise
        except NotPlain as error:
            return encode(("unusable", str(error)[:300]), self._refer)
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the learner's too
            return encode(("raised", *protocol.describe(error)), self._refer)

    # Requests

    def _do_fetch(self, names: list[str]) -> tuple[object]:
        return ({name: self.namespace[name] for name in names if name in self.namespace},)

    def _do_call(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], watch: bool) -> tuple[Any, ...]:
        if not watch:
            return (target(*args, **kwargs),)
        watched = {**{f"argument {index + 1}": each for index, each in enumerate(args)}, **kwargs}
        before = {name: encode(each, self._refer) for name, each in watched.items()}
        value = target(*args, **kwargs)
        return value, [name for name, each in watched.items() if self._differs(each, before[name])]

    def _differs(self, value: object, before: bytes) -> bool:
        try:
            return encode(value, self._refer) != before
        except NotPlain:
            return True

    def _do_get(self, target: object, name: str) -> tuple[object]:
        return (getattr(target, name),)

    def _do_set(self, target: object, name: str, value: object) -> tuple[object]:
        setattr(target, name, value)
        return (None,)

    def _do_method(self, target: object, name: str, args: tuple[object, ...]) -> tuple[object]:
        return (protocol.METHODS[name](target, *args),)

    def _do_source(self, target: Any) -> tuple[str]:
        if not isinstance(target, type):
            return (inspect.getsource(target),)
        # A notebook's classes have no file to be found in, but their methods do.
        methods = [each for each in vars(target).values() if inspect.isfunction(each)]
        return (f"class {target.__name__}:\n" + "\n".join(inspect.getsource(each) for each in methods),)

    def _do_forget(self) -> tuple[None]:
        for table in (self._own, self._given, self._numbers):
            table.clear()
        return (None,)

    # References

    def _refer(self, value: Any) -> Reference:
        found = self._numbers.get(id(value))
        if found is not None:
            return found
        if type(value).__module__.split(".")[0] in _ARRAY_LIBRARIES and hasattr(type(value), "__array__"):
            raise NotPlain(f"a {type(value).__module__.split('.')[0]} {type(value).__name__}; return a NumPy array")
        self._last += 1
        reference = Reference(True, self._last, protocol.flags_of(value), protocol.label_of(value))
        self._own[self._last] = value
        self._numbers[id(value)] = reference
        return reference

    def _resolve(self, reference: Reference) -> object:
        if not reference.mine:  # "mine" is the sender's: this one is ours, coming home
            return self._own[reference.number]
        if reference.number not in self._given:
            function = self._function(reference.number, reference.label)
            self._given[reference.number] = function
            self._numbers[id(function)] = Reference(False, reference.number)
        return self._given[reference.number]

    def _function(self, number: int, label: str) -> Callable[..., object]:
        def given(*args: object, **kwargs: object) -> object:
            if threading.get_ident() != self._thread:
                raise RuntimeError(f"{label} must be called from the thread in which your function was called")
            reply = decode(self._ask(encode((number, args, kwargs), self._refer)), self._resolve)
            if reply[0] == "ok":
                return reply[1]
            kind = getattr(builtins, reply[1], RuntimeError)
            raise kind(reply[2]) if issubclass(kind, Exception) else RuntimeError(reply[2])

        given.__name__ = given.__qualname__ = label
        return given
