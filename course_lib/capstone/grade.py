"""Grade a learner's file: build behind walls, read what came out, measure it elsewhere, judge it here.

Nothing of the learner's runs any more while a file is measured: what keeps the processor busy then makes the interval
of a ratio wide, and a wide interval misses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from course_lib.capstone.budgets import Order, orders
from course_lib.capstone.contained import LIMITS, Built, session
from course_lib.capstone.gate import refusal
from course_lib.capstone.judge import Demand, Verdict, judge
from course_lib.capstone.materials import model
from course_lib.capstone.measure import Measured, NotMeasured, Protocol, measure
from course_lib.capstone.values import Delivery
from course_lib.classroom.values import Containment, Limits
from course_lib.core import Environment
from course_lib.grading.cells import Cell
from course_lib.language import Say


@dataclass(frozen=True)
class Done:
    """One order: what came, what was measured, and the verdict per demand; or `fault`, why there is none."""

    order: Order
    delivery: Delivery | None
    measured: Measured | None
    demands: tuple[Demand, ...]
    fault: Say | None
    build_seconds: float

    @property
    def accepted(self) -> bool:
        """True when there is a file and no demand is missed."""
        return bool(self.demands) and all(each.verdict != "missed" for each in self.demands)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of its demands."""
        if not self.accepted:
            return "missed"
        return "not shown" if any(each.verdict == "not shown" for each in self.demands) else "met"


@dataclass(frozen=True)
class Outcome:
    """A learner's capstone. `containment` says in words how the learner's code was held."""

    learner: str
    seed: int
    done: tuple[Done, ...]
    notes: tuple[Say, ...]
    containment: Say
    environment: Environment
    when: str
    seconds: float

    @property
    def accepted(self) -> bool:
        """True when every order is."""
        return all(each.accepted for each in self.done)


def grade(
    source: Path | tuple[Cell, ...],
    learner: str = "",
    seed: int = 0,
    *,
    protocol: Protocol | None = None,
    contain: Containment = "auto",
    limits: Limits = LIMITS,
    watch: Callable[[Done], None] = lambda _done: None,
) -> Outcome:
    """Grade a file on the orders of a learner.

    Args:
        source: the learner's .ipynb or .py, which defines `build`, or the code that is in it.
        learner: whose orders; nobody's are the practice order alone.
        seed: of the course.
        protocol: how to measure; default all test images.
        contain, limits: how the learner's code is held.
        watch: told of each order as soon as it is judged.

    Raises:
        SourceError: the file cannot be read.
        ValueError: the containment that was asked for does not work here.
    """
    begin, done = perf_counter(), []
    with session(source, contain, limits) as running:
        built = [(order, running.build(order)) for order in orders(learner, seed)]
        notes, words, walled = running.notes(), running.words, running.walled
    for order, each in built:
        done.append(judged(order, each, protocol or Protocol(), walled=walled))
        watch(done[-1])
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return Outcome(learner, seed, tuple(done), notes, words, Environment.here(), when, perf_counter() - begin)


def judged(order: Order, built: Built, protocol: Protocol, *, walled: bool = False) -> Done:
    """Measure and judge what one call of `build` gave; whatever is in the file, this returns.

    `walled` runs the file behind bubblewrap's walls, too.
    """
    delivery, seconds = built.delivery, built.seconds
    if delivery is None:
        return Done(order, None, None, (), built.fault, seconds)
    fault = refusal(delivery.tflite, run=not walled)
    if fault is not None:
        return Done(order, delivery, None, (), fault, seconds)
    try:
        measured = measure(delivery.artifact, model(order.model), protocol, walled=walled)
        return Done(order, delivery, measured, judge(order, delivery, measured), None, seconds)
    except (NotMeasured, ValueError) as error:
        said = Say(f"the file could not be measured: {error}", f"文件无法测量：{error}")
        return Done(order, delivery, None, (), said, seconds)
