"""What an instructor wants to know about a class, counted from the gradebook."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean, median

from course_lib import catalog
from course_lib.classroom.gradebook import Gradebook, Row
from course_lib.classroom.signs import task_order
from course_lib.grading.laws import POINTS_PER_TASK
from course_lib.language import Say

LONGEST = 10
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


def overview(book: Gradebook) -> Overview:
    """Count a gradebook; one learner's rows are in memory at a time."""
    tasks, source = book.tasks(), book.about("source")
    histograms = {task: [0] * (POINTS_PER_TASK + 1) for task in tasks}
    errors: Counter[str] = Counter()
    files: dict[tuple[str, str], tuple[float, Say]] = {}
    beliefs: dict[tuple[str, str], tuple[Say, list[str]]] = {}
    laws = _Laws()
    lines, earlier, failed = [], 0, []
    for learner in book.learners():
        rows = {row.task: row for row in book.rows(learner)}
        for task, row in rows.items():
            histograms[task][min(row.result.points, POINTS_PER_TASK)] += 1
            if row.error is not None:
                errors[task] += 1
                failed.append((learner, task))
            files[learner, row.file] = (row.seconds, row.containment)
            earlier += row.source != source
            laws.add(row)
            shown = {each.misconception for each in row.result.outcomes if each.misconception}
            for known in sorted(shown, key=lambda each: each.name):
                beliefs.setdefault((task, known.name), (known.say, []))[1].append(learner)
        lines.append(Line(learner, tuple(rows[task].result.points if task in rows else None for task in tasks)))
    numbers = (TaskNumbers(task, title(task), tuple(histograms[task]), errors[task]) for task in tasks)
    ranked = sorted(beliefs.items(), key=lambda item: (-len(item[1][1]), task_order(item[0][0]), item[0][1]))
    return Overview(
        tasks=tuple(numbers),
        lines=tuple(lines),
        beliefs=tuple(Belief(task, say, tuple(who)) for (task, _), (say, who) in ranked),
        failed=laws.ranked(lambda each: each.not_passed),
        late=laws.ranked(lambda each: each.mean),
        slow=tuple(sorted(((seconds, *key) for key, (seconds, _) in files.items()), reverse=True)[:LONGEST]),
        faults=laws.faults(),
        containment=tuple(Counter(words for _, words in files.values() if words.en).most_common()),
        earlier=earlier,
        failed_files=tuple(failed),
    )


def title(task: str) -> Say:
    """Return the title of a task's topic; its id when the course no longer has it."""
    try:
        card = catalog.topic(task).card
    except ValueError:
        return Say(task, task)
    return Say(card.en.title, card.page("zh").title)


class _Laws:
    """Counts outcomes by property."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._sentences: dict[tuple[str, str], Say] = {}
        self._faults: dict[tuple[str, str], Say | None] = {}
        self._seconds: dict[tuple[str, str], list[float]] = defaultdict(list)

    def add(self, row: Row) -> None:
        for each in row.result.outcomes:
            key = row.task, each.law
            self._counts[key][each.status] += 1
            self._sentences[key] = each.sentence
            if each.law in row.law_seconds:
                self._seconds[key].append(row.law_seconds[each.law])
            if each.course_fault:
                self._faults.setdefault(key, each.message)

    def ranked(self, weight: Callable[[Property], float]) -> tuple[Property, ...]:
        found = [each for each in map(self._property, self._counts) if weight(each)]
        return tuple(sorted(found, key=lambda each: -weight(each)))

    def faults(self) -> tuple[Property, ...]:
        return tuple(map(self._property, self._faults))

    def _property(self, key: tuple[str, str]) -> Property:
        counts = self._counts[key]
        statuses = tuple(sorted(counts.items()))
        return Property(
            *key, self._sentences[key], counts.total(), statuses, self._faults.get(key), tuple(self._seconds[key])
        )
