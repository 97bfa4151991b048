"""What a corrected check changed: whose points, by how much, and through which property."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from course_lib.classroom.gradebook.book import Gradebook
from course_lib.classroom.gradebook.row import Row
from course_lib.grading.render import WORDS
from course_lib.language import Say


@dataclass(frozen=True)
class Change:
    """One learner's points for one task, before and after, and why they differ."""

    learner: str
    task: str
    before: int
    after: int
    why: tuple[Say, ...]


def changes(old: Gradebook, new: Gradebook) -> Iterator[Change]:
    """Yield what differs in points between two gradebooks, by learner and task; what only one of them has does not."""
    for learner in new.learners():
        before = {row.task: row for row in old.rows(learner)}
        for row in new.rows(learner):
            earlier = before.get(row.task)
            if earlier and earlier.result.points != row.result.points:
                yield Change(learner, row.task, earlier.result.points, row.result.points, tuple(_why(earlier, row)))


def missing(old: Gradebook, new: Gradebook) -> tuple[tuple[str, str], ...]:
    """Return (learner, task) of what the old gradebook has and the new one has not: it was not handed in this time."""
    there = {(learner, row.task) for learner in new.learners() for row in new.rows(learner)}
    return tuple(
        key for learner in old.learners() for row in old.rows(learner) if (key := (learner, row.task)) not in there
    )


def _why(before: Row, after: Row) -> Iterator[Say]:
    """Say what a difference comes from: another file, another seed, and every property whose outcome changed."""
    if before.code != after.code:
        yield Say("Another answer was handed in.", "提交的答案不同。")
    if before.seed != after.seed:
        yield Say(f"The seed was {before.seed}, now {after.seed}.", f"种子由 {before.seed} 变为 {after.seed}。")
    for error in (after.error,) if after.error else ():
        yield Say(f"Now: {error.en}", f"现在：{error.zh}")
    earlier = {each.law: each for each in before.result.outcomes}
    now = {each.law: each for each in after.result.outcomes}
    for law in dict.fromkeys([*now, *earlier]):
        one, other = earlier.get(law), now.get(law)
        if one and other and (one.status, one.points, one.of) != (other.status, other.points, other.of):
            was, now_is, gain = WORDS[one.status], WORDS[other.status], other.points - one.points
            had, has = f"{one.points}/{one.of}", f"{other.points}/{other.of}"
            yield Say(
                f"{other.sentence.en}: {was.en}, {had}; now {now_is.en}, {has} ({gain:+d})",
                f"{other.sentence.zh}：原为{was.zh}，{had}；现为{now_is.zh}，{has}（{gain:+d}）",
            )
        elif other and not one:
            yield Say(
                f"{other.sentence.en}: a new property, {other.points}/{other.of}",
                f"{other.sentence.zh}：新增的性质，{other.points}/{other.of}",
            )
        elif one and not other:
            yield Say(
                f"{one.sentence.en}: no longer a property, it was {one.points}/{one.of}",
                f"{one.sentence.zh}：此性质已取消，原为 {one.points}/{one.of}",
            )
