"""What an instructor wants to know about a class, as numbers: what the overview shows."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean, median

from course_lib.grading.laws import POINTS_PER_TASK
from course_lib.language import Say

RARE = 0.1  # of the learners: who hands in so much more may have done so unasked


@dataclass(frozen=True)
class TaskNumbers:
    """How one task went. `histogram[p]` is how many learners have p points, 0 to 10."""

    task: str
    title: Say
    histogram: tuple[int, ...]
    errors: int

    @property
    def handed_in(self) -> int:
        """How many learners were graded for it."""
        return sum(self.histogram)

    @property
    def passed(self) -> int:
        """How many have all points."""
        return self.histogram[-1]

    @property
    def mean(self) -> float:
        """Mean points of those who handed it in."""
        return mean(self._points())

    @property
    def median(self) -> float:
        """Median points of those who handed it in."""
        return float(median(self._points()))

    def _points(self) -> list[int]:
        return [points for points, count in enumerate(self.histogram) for _ in range(count)] or [0]


@dataclass(frozen=True)
class Belief:
    """A misconception, and who shows it."""

    task: str
    say: Say
    learners: tuple[str, ...]


@dataclass(frozen=True)
class Property:
    """A property, how many were judged on it, and how many did not pass, by status."""

    task: str
    law: str
    sentence: Say
    judged: int
    statuses: tuple[tuple[str, int], ...]
    message: Say | None
    seconds: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean seconds that it took."""
        return mean(self.seconds or (0.0,))

    @property
    def longest(self) -> float:
        """The most seconds that it took."""
        return max(self.seconds, default=0.0)

    @property
    def not_passed(self) -> int:
        """How many did not pass; a task still to do is no failure."""
        return sum(count for status, count in self.statuses if status not in ("pass", "todo"))

    @property
    def timeouts(self) -> int:
        """How many ran into the time limit."""
        return dict(self.statuses).get("timeout", 0)


@dataclass(frozen=True)
class Line:
    """One learner in the table: points by task (None: not handed in), and the sum."""

    learner: str
    points: tuple[int | None, ...]

    @property
    def total(self) -> int:
        """All points."""
        return sum(each or 0 for each in self.points)


@dataclass(frozen=True)
class Overview:
    """Everything on the instructor's page that is counted.

    Attributes:
        tasks: in the course's order.
        lines: the learners.
        beliefs: misconceptions, the commonest first.
        failed: properties that somebody did not pass, the most failed first.
        late: properties by the time that they took, the slowest first.
        slow: (seconds, learner, file) of the slowest files.
        faults: properties whose check is itself broken.
        containment: by what was in force, how many files.
        earlier: how many grades are from an earlier source.
        failed_files: learner and task of what could not be graded.
    """

    tasks: tuple[TaskNumbers, ...]
    lines: tuple[Line, ...]
    beliefs: tuple[Belief, ...]
    failed: tuple[Property, ...]
    late: tuple[Property, ...]
    slow: tuple[tuple[float, str, str], ...]
    faults: tuple[Property, ...]
    containment: tuple[tuple[Say, int], ...]
    earlier: int
    failed_files: tuple[tuple[str, str], ...]

    @property
    def of(self) -> int:
        """Points that can be had."""
        return POINTS_PER_TASK * len(self.tasks)

    @property
    def rare(self) -> tuple[str, ...]:
        """Tasks that few handed in: one learner's extra notebook must not lower everybody's share unnoticed."""
        found = tuple(each.task for each in self.tasks if each.handed_in <= RARE * len(self.lines))
        return found if len(found) < len(self.tasks) else ()

    @property
    def asked(self) -> tuple[str, ...]:
        """The other tasks."""
        return tuple(each.task for each in self.tasks if each.task not in self.rare)

    @property
    def bare(self) -> bool:
        """True when some protection was not in force."""
        return any("NOT in force" in words.en for words, _ in self.containment)
