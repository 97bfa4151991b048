"""What goes into grading a class and what comes out, in plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from course_lib.grading import remote
from course_lib.grading.cells import Cell
from course_lib.grading.results import Result
from course_lib.language import Say

Containment = Literal["auto", "bubblewrap", "process"]


@dataclass(frozen=True)
class Limits(remote.Limits):
    """What one submission may use: a file's limits, and those that only walls can hold.

    Attributes:
        disk_mb: everything that a submission writes, together.
        disk_files: how many files and folders it may make.
        processes: processes and threads at one time, its own included.
    """

    disk_mb: int = 128
    disk_files: int = 4096
    processes: int = 64


@dataclass(frozen=True)
class Submission:
    """One file that one learner returned.

    Attributes:
        learner: who returned it, as the gradebook names them.
        path: an .ipynb or .py, already known to be a plain file.
        tasks: which tasks to grade ("4A", ...); empty: those that the file's name and its calls name.
        cells: its code, when it was read already; None: the engine reads `path`.
    """

    learner: str
    path: Path
    tasks: tuple[str, ...] = ()
    cells: tuple[Cell, ...] | None = None


@dataclass(frozen=True)
class Settings:
    """How to grade.

    Attributes:
        jobs: submissions at the same time; changes no verdict.
        seed: of the checks' random inputs.
        limits: for each submission.
        contain: "auto" takes bubblewrap where it works; "bubblewrap" is an error where it does not; "process" is
            one fresh process each.
    """

    jobs: int = 1
    seed: int = 0
    limits: Limits = field(default_factory=Limits)
    contain: Containment = "auto"


@dataclass(frozen=True)
class Graded:
    """What one submission earned.

    Attributes:
        submission: which.
        results: one per task, in the order of the tasks; empty when the file could not be read.
        error: why it could not be read or graded; None when it was.
        seconds: wall-clock time that it took.
        containment: which protection was in force, and which was not, in English words.
        containment_zh: the same in Chinese.
        law_seconds: (task, law, wall-clock seconds) of every law that was run.
    """

    submission: Submission
    results: tuple[Result, ...]
    error: Say | None
    seconds: float
    containment: str
    containment_zh: str = ""
    law_seconds: tuple[tuple[str, str, float], ...] = ()


@dataclass(frozen=True)
class Order:
    """One order of a capstone, and how what was delivered stood.

    Attributes:
        name: "practice", "own" or "second".
        title: as it is shown.
        verdict: "met", "not shown" (which is accepted) or "missed".
        why: what is not met, or why there is no file; empty when all is met.
        budget: bytes, accuracy below the float model's (a fraction), time relative to it: at most.
        found: the same of the file, as measured; None when nothing was.
    """

    name: str
    title: Say
    verdict: str
    why: Say
    budget: tuple[int, float, float]
    found: tuple[int, float, float] | None


@dataclass(frozen=True)
class Capstone:
    """What one learner's capstone came to.

    Attributes:
        orders: in order; empty when there is an error.
        error: why it could not be measured, for reasons that are not the learner's.
        notes: cells that failed, and what the instructor should know.
        seconds: wall-clock time that it took.
        containment: which protection was in force.
        pages: by language, the page that the candidate can show; empty when there is an error.
    """

    orders: tuple[Order, ...]
    error: Say | None
    notes: tuple[Say, ...]
    seconds: float
    containment: Say
    pages: Mapping[str, str] = field(repr=False)

    @property
    def accepted(self) -> bool:
        """True when every order is."""
        return bool(self.orders) and all(each.verdict != "missed" for each in self.orders)

    @property
    def good(self) -> int:
        """How many orders are accepted."""
        return sum(each.verdict != "missed" for each in self.orders)


@dataclass(frozen=True)
class Measuring:
    """How the capstones of a class are measured, one at a time: times are compared.

    Attributes:
        seed: of the course, from which the orders are drawn.
        measure: takes the code, the learner and the seed; returns whatever the code does.
        made: a digest of what measures; another one means that everything is measured again.
        watch: told after every capstone how many of how many are measured.
    """

    seed: int
    measure: Callable[[tuple[Cell, ...], str, int], Capstone]
    made: str
    watch: Callable[[int, int], None] = lambda _done, _of: None
