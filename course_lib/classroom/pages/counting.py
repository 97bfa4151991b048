"""The numbers of the overview, counted from the gradebook."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

from course_lib.classroom.gradebook.book import Gradebook
from course_lib.classroom.gradebook.row import Row
from course_lib.classroom.intake.signs import task_order
from course_lib.classroom.pages.frame import title
from course_lib.classroom.pages.numbers import Belief, Line, Overview, Property, TaskNumbers
from course_lib.grading.laws import POINTS_PER_TASK
from course_lib.language import Say

LONGEST = 10


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
