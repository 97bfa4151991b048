"""Answers that nobody thought about: each replaces what a learner would write, and must earn next to nothing."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

KINDS = ("None", "zeros", "the first argument", "noise")


def namespaces(solution: Mapping[str, Any], names: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield, per kind of thoughtlessness, the solution's namespace with ``names`` replaced."""
    for kind in KINDS:
        replaced = {name: _replace(solution[name], kind) for name in names}
        yield kind, dict(solution) | replaced


def _replace(value: Any, kind: str) -> Any:
    if inspect.isclass(value):
        methods = {
            name: _function(member, kind, method=True)
            for name, member in vars(value).items()
            if inspect.isfunction(member) and (not name.startswith("__") or name == "__call__")
        }
        return type(value.__name__, (value,), methods)
    return _function(value, kind) if callable(value) else _like(value, kind, np.random.default_rng(0))


def _function(right: Callable[..., Any], kind: str, *, method: bool = False) -> Callable[..., Any]:
    rng = np.random.default_rng(0)

    def thoughtless(*args: Any, **kwargs: Any) -> Any:
        if kind == "None":
            return None
        given = args[1:] if method else args
        if kind == "the first argument":
            return given[0] if given else None
        # Of the right form: what the solution returns tells the type and the shape, and nothing else.
        try:
            return _like(right(*(copy.deepcopy(each) for each in args), **kwargs), kind, rng)
        except Exception:
            return 0.0

    return thoughtless


def _like(value: Any, kind: str, rng: np.random.Generator) -> Any:
    """Return zeros or noise of the type and shape of ``value``; None for what is not plain."""
    if kind == "None" or value is None:
        return None
    if isinstance(value, Mapping):
        return {key: _like(item, kind, rng) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_like(item, kind, rng) for item in value)
    if isinstance(value, set | frozenset):
        return type(value)()
    if isinstance(value, str | bytes):
        noise = rng.integers(97, 123, len(value), dtype=np.uint8).tobytes() if kind == "noise" else b"\0" * len(value)
        return noise if isinstance(value, bytes) else noise.decode() if kind == "noise" else ""
    if isinstance(value, bool | int | float | complex | np.ndarray | np.generic):
        array = _array(np.asarray(value), kind, rng)
        return array if isinstance(value, np.ndarray) else array[()] if isinstance(value, np.generic) else array.item()
    return None


def _array(right: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    if kind != "noise":
        return np.zeros_like(right)
    if right.dtype.kind in "iu":
        limits = np.iinfo(right.dtype)
        low, high = max(limits.min, -100), min(limits.max, 100)
        return rng.integers(low, high, right.shape).astype(right.dtype)
    if right.dtype.kind == "b":
        return rng.random(right.shape) < 0.5
    return rng.normal(size=right.shape).astype(right.dtype)
