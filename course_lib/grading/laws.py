"""Laws: properties that any right answer has. Authors of checks use `law`, `expect`, `raises`, `unchanged`."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from course_lib.catalog import Topic
from course_lib.grading.faults import CourseError, Failed, LearnerRaised, Unusable
from course_lib.grading.proxy import RemoteObject, call_watched
from course_lib.language import Say

POINTS_PER_TASK = 10
_Function = TypeVar("_Function", bound=Callable[..., None])
_loaded: dict[Path, tuple[int, tuple[Law, ...]]] = {}


@dataclass(frozen=True)
class Law:
    """One property of a task: its name is the function's, its parameters are the learner's names."""

    task: str
    name: str
    points: int
    sentence: Say
    function: Callable[..., None]

    @property
    def wants(self) -> tuple[str, ...]:
        """The learner's names that the law needs (its parameters without `rng`)."""
        return tuple(name for name in _parameters(inspect.unwrap(self.function)) if name != "rng")

    @property
    def wants_rng(self) -> bool:
        """True when the law has a parameter `rng`."""
        return "rng" in _parameters(inspect.unwrap(self.function))

    def generator(self, seed: int) -> np.random.Generator:
        """Random numbers that depend on the task, the law and the seed alone, on every machine."""
        digest = hashlib.sha256(f"{self.task}/{self.name}/{seed}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:16], "little"))


@cache
def _parameters(function: Callable[..., None]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def law(task: str, *, points: int, en: str, zh: str) -> Callable[[_Function], _Function]:
    """Mark a function of checks.py as a law of `task`.

    Args:
        task: "4A".
        points: a whole number above zero; the laws of a task sum to ten.
        en, zh: the property in one sentence, as a learner reads it.
    """
    if not isinstance(points, int) or points < 1:
        raise CourseError(f"a law of {task} has points={points!r}; a whole number above zero is needed")

    def mark(function: _Function) -> _Function:
        function.law = Law(task, function.__name__, points, Say(en, zh), function)  # type: ignore[attr-defined]
        return function

    return mark


def expect(condition: object, *, en: str, zh: str) -> None:
    """Fail the law unless `condition` is true. The sentences say what was seen, never the hidden answer."""
    if not condition:
        raise Failed(en, zh)


def raises(kind: type[Exception], function: Callable[..., object], *args: Any, **kwargs: Any) -> LearnerRaised:
    """Call the learner's function and fail the law unless it raises `kind` or a subclass.

    Returns what was raised. A stub's NotImplementedError passes on (the task is still to do), unless that is
    the kind asked for.
    """
    try:
        value = function(*args, **kwargs)
    except LearnerRaised as error:
        if isinstance(error, Unusable) or (error.is_a(NotImplementedError) and kind is not NotImplementedError):
            raise
        if error.is_a(kind):
            return error
        raise Failed(
            f"{error.call} raised {error.kind} instead of {kind.__name__}.",
            f"{error.call} 抛出的是 {error.kind}，而不是 {kind.__name__}。",
        ) from None
    from course_lib.grading.shorten import arguments, brief

    name = getattr(function, "_label", getattr(function, "__name__", "the function"))
    call = f"{name}({arguments(args, kwargs)})"
    raise Failed(
        f"{call} returned {brief(value)}; it should raise {kind.__name__}.",
        f"{call} 返回了 {brief(value)}，本应抛出 {kind.__name__}。",
    )


def unchanged(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call the learner's function, fail the law when it changed an argument in place, return what it returned."""
    if not isinstance(function, RemoteObject):
        raise TypeError("unchanged() needs one of the learner's functions")
    value, changed = call_watched(function, args, kwargs, watch=True)
    if changed:
        place = changed[0].removeprefix("argument ")
        named = f" {place}" if place == changed[0] else f"第 {place} 个参数"
        raise Failed(
            f"{function._label} changed {changed[0]} in place; work on a copy.",
            f"{function._label} 就地修改了{named}；请在副本上运算。",
        )
    return value


def source(function: Any) -> str:
    """Return the source text of the learner's function (for laws about how it is written).

    Raises:
        LearnerRaised: OSError when the text is not known.
    """
    text: str = function._checker.request("source", function, call=f"the source of {function._label}")[0]
    return text


def laws_of(topic: Topic) -> tuple[Law, ...]:
    """Return the laws in a topic's checks.py, in its order (loaded again when the file changed).

    Raises:
        CourseError: when the topic has no checks yet, or they are not as they must be.
    """
    path = topic.folder / "checks.py"
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        raise CourseError(f"topic {topic.number:02d} has no checks yet ({topic.name} is not written)") from None
    known = _loaded.get(path)
    if known is None or known[0] != stamp:
        _loaded[path] = known = (stamp, _load(topic, path))
    return known[1]


def laws_for(topic: Topic, task: str) -> tuple[Law, ...]:
    """Return the laws of one task, in display order. Raises CourseError when there are none."""
    found = tuple(each for each in laws_of(topic) if each.task == task)
    if not found:
        raise CourseError(f"topics/{topic.name}/checks.py has no law for {task}")
    return found


def _load(topic: Topic, path: Path) -> tuple[Law, ...]:
    name = f"course_checks_{topic.name}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CourseError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except CourseError:
        raise
    except Exception as error:
        raise CourseError(f"topics/{topic.name}/checks.py: {type(error).__name__}: {error}") from error
    found = tuple(each.law for each in vars(module).values() if isinstance(getattr(each, "law", None), Law))
    for task in topic.tasks:
        total = sum(each.points for each in found if each.task == task)
        if total != POINTS_PER_TASK:
            raise CourseError(f"topics/{topic.name}/checks.py: the laws of {task} sum to {total} points, not 10")
    strange = [each for each in found if each.task not in topic.tasks]
    if strange:
        raise CourseError(f"topics/{topic.name}/checks.py: {strange[0].name} is for {strange[0].task}, no such task")
    return found
