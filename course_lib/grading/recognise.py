"""Which misconception is this? A failed law is replayed on the named wrong answers, and the outputs are compared."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from course_lib.catalog import Topic
from course_lib.grading.codec import Reference, decode
from course_lib.grading.faults import CourseError, Garbled, TimeUp
from course_lib.grading.judge import Judged
from course_lib.grading.laws import Law
from course_lib.grading.limits import time_limit
from course_lib.grading.proxy import Trace
from course_lib.grading.reference import Wrong, reference_run, wrong_answers, wrong_run
from course_lib.grading.results import Misconception

RTOL = 1e-9
SECONDS = 10.0


def recognise(topic: Topic, laws: tuple[Law, ...], judged: Mapping[str, Judged], seed: int) -> dict[str, Misconception]:
    """Return, by law, the misconception whose outputs equal the learner's on that law.

    A wrong answer matches a law when that law fails it too, everything that it put out equals what the learner's
    code put out, and at least one of these outputs differs from the solution's. When several match, the one that
    matches on the most failed laws wins, then the one that this law is said to catch, then the first.
    """
    try:
        with time_limit(SECONDS):
            return _recognise(topic, laws, judged, seed)
    except (CourseError, TimeUp, Garbled, RecursionError, MemoryError):
        return {}  # the course's files are broken, or the values strange: no sentence is better than a wrong one


def _recognise(
    topic: Topic, laws: tuple[Law, ...], judged: Mapping[str, Judged], seed: int
) -> dict[str, Misconception]:
    failed = [law for law in laws if judged[law.name].status in ("fail", "error") and _useful(judged[law.name])]
    if not failed:
        return {}
    candidates = [each for each in wrong_answers(topic) if each.task == laws[0].task]
    matches = {law.name: [each for each in candidates if _matches(topic, law, each, judged, seed)] for law in failed}
    shared = {each.name: _shared(topic, laws, each, judged, seed) for law in failed for each in matches[law.name]}
    found = {}
    for law in failed:
        best = max(
            matches[law.name],
            key=lambda each: (shared[each.name], each.caught_by == law.name),
            default=None,
        )
        if best is not None:
            found[law.name] = Misconception(best.name, best.say)
    return found


def _useful(judged: Judged) -> bool:
    return judged.trace.complete and not judged.course_fault and any(name != "fetch" for name, _ in judged.trace.events)


def _matches(topic: Topic, law: Law, wrong: Wrong, judged: Mapping[str, Judged], seed: int) -> bool:
    theirs = judged[law.name].trace
    other = wrong_run(topic, law, wrong, seed)
    if other.status not in ("fail", "error") or not same_trace(theirs, other.trace):
        return False
    right = reference_run(topic, law, seed)
    if right is None or not same_trace(theirs, right.trace, prefix=True):
        return True
    # Equal values: then only a type can be wrong, and it must be the same wrong type.
    differs = not same_trace(theirs, right.trace, strict=True, prefix=True)
    return differs and same_trace(theirs, other.trace, strict=True)


def _shared(topic: Topic, laws: tuple[Law, ...], wrong: Wrong, judged: Mapping[str, Judged], seed: int) -> int:
    """On how many laws of the task the wrong answer puts out what the learner's code put out."""
    return sum(
        same_trace(judged[law.name].trace, wrong_run(topic, law, wrong, seed).trace)
        for law in laws
        if judged[law.name].status in ("pass", "fail", "error")
    )


def same_trace(a: Trace, b: Trace, *, strict: bool = False, prefix: bool = False) -> bool:
    """True when two traces hold equal outputs; with `prefix` the second may go on after the first ends.

    Numbers are equal within 1e-9 relative (or a few units in the last place of a shorter float); `strict` also
    compares types and dtypes. Exceptions are compared by kind.
    """
    if len(a.events) > len(b.events) or (len(a.events) != len(b.events) and not prefix):
        return False
    return all(
        first[0] == second[0] and (first[1] == second[1] or alike(_read(first[1]), _read(second[1]), strict))
        for first, second in zip(a.events, b.events, strict=False)
    )


def _read(payload: bytes) -> Any:
    message = decode(payload, _Handle)
    if isinstance(message, tuple) and message and message[0] == "raised":
        return message[:2]  # the kind; messages are free
    return message


class _Handle:
    """A reference in a trace: what can be compared of it is what it can do."""

    def __init__(self, reference: Reference) -> None:
        self.key = (reference.mine, reference.flags)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Handle) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def alike(a: Any, b: Any, strict: bool = False) -> bool:
    """True when two plain values are equal within the tolerance of `same_trace`."""
    if strict and type(a) is not type(b):
        return False
    if _is_number(a) and _is_number(b):
        return _same_array(np.asarray(a), np.asarray(b), strict)
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        left, right = _as_array(a), _as_array(b)
        return left is not None and right is not None and _same_array(left, right, strict)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(alike(x, y, strict) for x, y in zip(a, b, strict=True))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(alike(a[key], b[key], strict) for key in a)
    if isinstance(a, Set) and isinstance(b, Set):
        return a == b
    return type(a) is type(b) and bool(a == b)


def _is_number(value: object) -> bool:
    return isinstance(value, (bool, int, float, complex, np.generic))


def _as_array(value: Any) -> np.ndarray | None:
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (list, tuple)) or _is_number(value):
        try:
            array = np.asarray(value)
        except (ValueError, OverflowError):
            return None
        return array if array.dtype.kind in "biufc" else None
    return None


def _same_array(a: np.ndarray, b: np.ndarray, strict: bool) -> bool:
    if a.shape != b.shape or (strict and a.dtype != b.dtype):
        return False
    kinds = {_kind(a), _kind(b)}
    if "o" in kinds or len(kinds) > 1:
        return bool(len(kinds) == 1 and np.array_equal(a, b))
    if kinds != {"f"}:
        return bool(np.array_equal(a, b))
    rtol = max(RTOL, _precision(a), _precision(b))
    wide = np.complex128 if "c" in (a.dtype.kind, b.dtype.kind) else np.float64
    with np.errstate(invalid="ignore"):  # a signalling NaN is compared, not computed with
        return bool(np.allclose(a.astype(wide), b.astype(wide), rtol=rtol, atol=1e-300, equal_nan=True))


def _kind(array: np.ndarray) -> str:
    return {"b": "b", "i": "i", "u": "i", "f": "f", "c": "f", "V": "f" if "float" in array.dtype.name else "i"}.get(
        array.dtype.kind, "o"
    )


def _precision(array: np.ndarray) -> float:
    """A few units in the last place of floats shorter than 64 bits, which no order of summation preserves."""
    return {"float32": 1e-6, "complex64": 1e-6, "float16": 4e-3, "bfloat16": 3e-2}.get(array.dtype.name, 0.0)
