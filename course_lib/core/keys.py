"""Content addresses: the same configuration, inputs and versions give the same key, on every machine."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import cache
from typing import Any

import numpy as np

from course_lib.core.environment import installed

# A new release of any of these may change a result, so it changes the key.
VERSIONED = (
    "course-lib",
    "ai-edge-litert",
    "litert-quantizer",
    "tensorflow",
    "tensorflow-model-optimization",
    "numpy",
)


def key(*values: Any) -> str:
    """Return the SHA-256 (hexadecimal) of values and of the versions that they depend on.

    Accepts plain values, arrays, frozen dataclasses (type and fields) and Keras models (configuration and weights).

    Raises:
        TypeError: a value has no canonical form.
    """
    text = json.dumps([canonical(value) for value in values] + [_versions()], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: Any) -> Any:
    """Return a JSON value that differs whenever the given value differs."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return {"int": str(value)}  # 1 and 1.0 and True are different configurations
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, bytes):
        return {"bytes": hashlib.sha256(value).hexdigest()}
    if isinstance(value, np.ndarray | np.generic):
        array = np.ascontiguousarray(value)
        if array.dtype.hasobject:
            raise TypeError("an object array has no canonical form; use a numeric dtype")
        return {"array": [str(array.dtype), list(array.shape), hashlib.sha256(array.tobytes()).hexdigest()]}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: canonical(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"type": f"{type(value).__module__}.{type(value).__qualname__}", "fields": fields}
    if isinstance(value, dict):
        return {"dict": sorted(([canonical(k), canonical(v)] for k, v in value.items()), key=json.dumps)}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [canonical(item) for item in value]}
    if isinstance(value, set | frozenset):
        return {"set": sorted((canonical(item) for item in value), key=json.dumps)}
    if hasattr(value, "get_config") and hasattr(value, "get_weights"):  # a Keras model, without importing Keras
        return {"model": value.to_json(), "weights": [canonical(weight) for weight in value.get_weights()]}
    raise TypeError(f"{type(value).__name__} has no canonical form; pass numbers, text, arrays or dataclasses")


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    return tuple((package, installed(package)) for package in VERSIONED)
