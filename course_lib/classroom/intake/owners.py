"""Whose file is this? What the paths of exports and of hand-made folders say about the learner.

When in doubt one learner is taken for two, never two for one: the first shows in the gradebook, the second would
hide somebody's work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from course_lib.catalog import Topic
from course_lib.classroom.intake.by_hand import by_hand
from course_lib.classroom.intake.exports import Owner, by_export
from course_lib.classroom.intake.notes import Notes, Parts


def owners(files: Sequence[tuple[Parts, tuple[str, ...]]], notes: Notes, topics: Sequence[Topic]) -> list[Owner | None]:
    """Return the owner of every file, in order; None where the path says nothing.

    Args:
        files: for each its path inside what was returned, and the tasks that it holds.
        notes: what lay beside them.
        topics: whose names are no learner's names.
    """
    found = by_export([parts for parts, _ in files], notes)
    left = [index for index, owner in enumerate(found) if owner is None]
    for index, name in zip(left, by_hand([files[index] for index in left], topics), strict=True):
        found[index] = Owner(name) if name else None
    return _apart(found)


def _apart(found: list[Owner | None]) -> list[Owner | None]:
    """Give two people of one name their numbers."""
    ids: dict[str, set[object]] = defaultdict(set)
    for owner in found:
        if owner:
            ids[owner.name].add(owner.ids)
    return [
        replace(owner, name=f"{owner.name} ({owner.ids[0][1]})")
        if owner and owner.ids and len(ids[owner.name]) > 1
        else owner
        for owner in found
    ]
