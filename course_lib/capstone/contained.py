"""Run a learner's file where it can do no harm, and get its deliveries out as plain values."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.capstone import inside, values
from course_lib.capstone.budgets import Order
from course_lib.capstone.materials import model
from course_lib.classroom.sandbox.warm import NoWalls
from course_lib.classroom.sandbox.workers import Workers
from course_lib.classroom.values import Containment, Limits
from course_lib.grading.cells import Cell, read_cells
from course_lib.grading.faults import CourseError, Garbled, LearnerRaised, Lost, NotPlain
from course_lib.grading.remote import RemoteSession
from course_lib.grading.shorten import brief_text
from course_lib.language import Say

LIMITS = Limits(law_seconds=120.0, cell_seconds=60.0, total_seconds=600.0, cpu_seconds=400, memory_mb=6144)


@dataclass(frozen=True)
class Built:
    """What one call of `build` gave: a delivery, or why there is none."""

    delivery: values.Delivery | None
    fault: Say | None
    seconds: float


@dataclass
class Session:
    """A learner's file that has been read; `words` say how its process is held, `walled` whether by bubblewrap."""

    remote: RemoteSession
    words: Say
    walled: bool
    limits: Limits
    _broken: Say | None = field(default=None)

    def build(self, order: Order) -> Built:
        """Call the learner's `build` for one order. Never raises for what the learner's code did."""
        begin = time.perf_counter()
        delivery, fault = self._build(order)
        return Built(delivery, fault, time.perf_counter() - begin)

    def notes(self) -> tuple[Say, ...]:
        """Return which cells failed."""
        return self.remote.notes()

    def _build(self, order: Order) -> tuple[values.Delivery | None, Say | None]:
        budget = order.budget
        try:
            checker = self.remote.checker(self.limits.law_seconds)
            checker.begin()
            found = checker.fetch(["build", "capstone_answer"])
            if "build" not in found or "capstone_answer" not in found:
                missing = Say("The file defines no function `build`.", "文件里没有定义函数 `build`。")
                return None, self.remote.why_missing() or missing
            plain = found["capstone_answer"](
                model(order.model).content, budget.bytes, budget.max_drop, budget.latency_ratio
            )
            return values.from_plain(plain), None
        except Lost as lost:
            self.remote.abandon()
            return None, lost.say
        except values.Unfit as unfit:
            return None, unfit.say
        except LearnerRaised as raised:
            if raised.kind == "NotImplementedError":
                return None, Say("`build` is not written yet.", "`build` 还没有写。")
            what = brief_text(f"{raised.kind}: {raised.message}" if raised.message else raised.kind, 300)
            return None, Say(f"build stopped with {what}", f"build 出错：{what}")
        except (Garbled, NotPlain) as garbled:
            self.remote.abandon()
            why = brief_text(str(garbled), 200)
            return None, Say(f"What build returned could not be read: {why}.", f"无法读取 build 返回的内容：{why}。")


@contextmanager
def session(
    source: Path | tuple[Cell, ...], contain: Containment = "auto", limits: Limits = LIMITS
) -> Iterator[Session]:
    """Lend a process for a learner's file; it and all that it started end with the block.

    Args:
        source: an .ipynb or .py file, or the code that is in one.
        contain: as in `classroom.Settings`.
        limits: for the file, and `law_seconds` for each call of `build`.

    Raises:
        SourceError: the file cannot be read as a notebook or script.
        ValueError: the containment that was asked for does not work here.
    """
    cells = read_cells(source) if isinstance(source, Path) else source
    number = max((cell.number for cell in cells), default=0) + 1
    try:
        workers = Workers(contain)
    except NoWalls as error:
        raise ValueError(str(error)) from error
    remote = RemoteSession((*cells, Cell(number, inside.CELL)), limits, workers.starter([], limits))
    try:
        yield Session(remote, workers.words, workers.warm, limits)
    except CourseError as error:
        raise ValueError(str(error)) from error
    finally:
        remote.close()
        workers.close()
