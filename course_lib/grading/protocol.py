"""What both sides agree on: which operations a handle offers, and how exceptions are described."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

CALL = "__call__"
# What `for`, `with`, `len`, `in`, `[...]` and conversions need; the order is the bit in a reference's flags.
METHODS: dict[str, Callable[..., Any]] = {
    CALL: lambda target, *args, **kwargs: target(*args, **kwargs),
    "__len__": len,
    "__getitem__": operator.getitem,
    "__setitem__": operator.setitem,
    "__contains__": operator.contains,
    "__iter__": iter,
    "__next__": next,
    "__enter__": lambda target: type(target).__enter__(target),
    "__exit__": lambda target, *_: type(target).__exit__(target, None, None, None),
    "__float__": float,
    "__int__": int,
    "__bool__": bool,
}
NAMES = tuple(METHODS)
MESSAGE_LENGTH = 300


def flags_of(value: object) -> int:
    """Return one bit per operation of METHODS that the class of `value` defines."""
    defined = {name for kind in type(value).__mro__ for name in vars(kind)}
    return sum(1 << bit for bit, name in enumerate(NAMES) if name in defined)


def label_of(value: object) -> str:
    """Return the name of a function or class, otherwise the name of the object's class."""
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else type(value).__name__


def describe(error: BaseException) -> tuple[str, tuple[str, ...], str]:
    """Return an exception's kind, the qualified names of its classes, and its message (shortened)."""
    kinds = tuple(f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)[:20]
    try:
        message = str(error)[:MESSAGE_LENGTH]
    except Exception:  # a learner's __str__ may raise too
        message = ""
    return type(error).__name__, kinds, message
