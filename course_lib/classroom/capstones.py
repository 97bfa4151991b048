"""The capstones of a class: measured one after the other, each kept as soon as it is; what stands is not redone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.classroom.gradebook.book import Gradebook
from course_lib.classroom.gradebook.capstones import CapstoneRow
from course_lib.classroom.intake.submissions import Returned
from course_lib.classroom.values import Measuring


@dataclass(frozen=True)
class Measured:
    """What became of the capstones: measured now, kept from before, failed for the machine's reasons, not measured."""

    now: int = 0
    kept: int = 0
    failed: int = 0
    waiting: int = 0


def measure_all(
    returned: Sequence[Returned], book: Gradebook, how: Measuring | None, before: Gradebook | None = None
) -> Measured:
    """Measure the capstones that were returned, unless the gradebook has their verdict.

    Args:
        returned: one a learner.
        book: where verdicts go, and stand.
        how: None: nothing is measured, only counted.
        before: an old gradebook, whose verdicts are taken over where they would come out the same.
    """
    have = {row.learner: row for row in book.capstones.rows() if row.result.error is None}
    if how is None:
        waiting = sum(each.learner not in have or have[each.learner].code != each.digest for each in returned)
        return Measured(kept=len(returned) - waiting, waiting=waiting)
    key = {each.learner: (each.digest, how.made, how.seed) for each in returned}
    for row in before.capstones.rows() if before else ():
        if row.result.error is None and key.get(row.learner) == row.key and row.learner not in have:
            book.capstones.save(row)
            have[row.learner] = row
    due = [each for each in returned if each.learner not in have or have[each.learner].key != key[each.learner]]
    failed = 0
    for number, each in enumerate(due, 1):
        result = how.measure(each.cells or (), each.learner, how.seed)
        failed += result.error is not None
        book.capstones.save(CapstoneRow(each.learner, result, each.name, *key[each.learner]))
        how.watch(number, len(due))
    return Measured(now=len(due), kept=len(returned) - len(due), failed=failed)
