"""What goes into grading a class and what comes out, in plain values."""

from __future__ import annotations

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
