"""How to write checks: what an author of `topics/NN_slug/checks.py` needs to know.

    from course_lib.grading import brief, expect, law, raises, unchanged

    @law("4A", points=2, en="0.0 survives the round trip exactly", zh="0.0 往返后分毫不差")
    def check_zero_is_exact(choose_qparams, rng):
        scale, zp = choose_qparams(-1.0, 2.0)
        expect((0 - zp) * scale + zp * scale == 0.0, en=f"zero_point is {brief(zp)}", zh=f"zero_point 为 {brief(zp)}")

**A law** is a function. Its parameters are the learner's names (functions, classes, constants), plus `rng` when
it wants random numbers: a `numpy.random.Generator` seeded by task, law and seed, the same on every machine.
Points of a task's laws sum to ten; a law gives all its points or none. Laws are shown in the file's order.
Files beside checks.py are read with `Path(__file__)`.

**expect(condition, en=, zh=)** fails the law unless the condition is true: one sentence with what was *seen*,
never the hidden answer. **raises(kind, f, *args)** fails it unless the learner's `f` raises that kind or a
subclass (of any package: matching is by qualified name, so `cryptography.exceptions.InvalidTag` works); returns
the LearnerRaised. **unchanged(f, *args)** calls `f`, fails the law when it changed an argument in place, and
returns what it returned. **source(f)** is the text of the learner's function, for laws on how it is written
(parse it with `ast`, never run it). **brief(value)** is a value in a few words, for messages. Anything else
that a check does with values is plain Python and NumPy.

**Only plain values pass, copied both ways**: None, bool, int, float, complex, str, bytes, bytearray, list,
tuple, dict, set, frozenset, range, slice, SimpleNamespace, NumPy arrays and scalars of numbers or booleans
(ml_dtypes included), dtypes, and `np.int8` or `float` themselves. What the learner does to an array that you
passed does not reach yours. Subclasses arrive plain: a namedtuple as a tuple, np.matrix as an array, an IntEnum
as an int. Arrays keep dtype, byte order, shape and C or Fortran order; strided ones arrive contiguous; all
arrive writable. Two arguments that are one object arrive as two. Limits: 60 levels, a million items outside
arrays, 256 MB. Tensors of other libraries are refused with the advice to return a NumPy array.

**The learner's objects are handles.** Functions, classes, instances, bound methods, generators: you call them,
read and set attributes (not `__dunder__`), and `hasattr`, `len`, `in`, `[]`, `for`, `next`, `with`, `float()`,
`int()`, `bool()` work when the learner's class defines them. A handle may be passed back to any of the
learner's functions, inside lists too. `==` on handles is identity, and there is no arithmetic: no object can
pretend to equal everything. A handle is good for the law in which it came.

**Your functions may be passed**, alone or inside containers; the learner's code calls them (from the thread in
which it was called), the arguments come to you as plain values or handles. Pass several as a
`types.SimpleNamespace(encode=f, decode=g)`. An `expect` that fails inside such a function fails the law at
once, whatever the learner's code does next. A ValueError (any builtin exception) that you raise there reaches
the learner's code as that kind. Instances of your own classes cannot be passed.

**Exceptions** arrive as `LearnerRaised` with `kind`, `kinds`, `message`, `call`, and `error.is_a(ValueError)`.
Uncaught it becomes the outcome *error* ("f(3) raised KeyError: 3"), NotImplementedError the outcome *todo*. If
your own code raises (unpacking None, indexing a float), the law is run on the topic's solution: when that
passes, the learner's value has the wrong form (outcome *fail*, the message shows the value); when it does not,
the check is broken and says so. So there is no need to guard every unpacking, but a sentence of your own is
better where beginners will often be.

**Time**: a law has five seconds and should need a hundredth of one; after one timeout the others get one second
each.

**Recognition**: when a law fails, it is replayed on each wrong answer in wrong.toml. A wrong answer runs in the
namespace of exercise.py, the solution, with its own definitions in their place (bare expressions at top level
are left out of both). It is named when it fails that law too, and everything it put out on the way (return
values, exceptions by kind, calls of your functions) equals what the learner's code put out, and that differs
from the solution's. So let a law call the learner's code where wrong answers differ, before it asserts; draw
inputs from `rng` or write them down; and keep solution and wrong answers deterministic.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_lib.grading.assistance import NotPassed, finish, hint, solution
    from course_lib.grading.faults import CourseError, Failed, LearnerRaised
    from course_lib.grading.laws import Law, expect, law, raises, source, unchanged
    from course_lib.grading.results import Misconception, Outcome, Result
    from course_lib.grading.run import check, grade
    from course_lib.grading.shorten import brief

_HOME = {
    "assistance": ("NotPassed", "finish", "hint", "solution"),
    "shorten": ("brief",),
    "faults": ("CourseError", "Failed", "LearnerRaised"),
    "laws": ("Law", "expect", "law", "raises", "source", "unchanged"),
    "results": ("Misconception", "Outcome", "Result"),
    "run": ("check", "grade"),
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}
__all__ = [
    "CourseError",
    "Failed",
    "Law",
    "LearnerRaised",
    "Misconception",
    "NotPassed",
    "Outcome",
    "Result",
    "brief",
    "check",
    "expect",
    "finish",
    "grade",
    "hint",
    "law",
    "raises",
    "solution",
    "source",
    "unchanged",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        value = getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
