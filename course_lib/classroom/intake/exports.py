"""Whose file is this, where a learning-management system or nbgrader wrote the path?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from course_lib.classroom.intake.notes import BLACKBOARD, Notes, Parts

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+(?:_.*)?")
_CANVAS = re.compile(r"(?:LATE_)?(?P<name>[^/]*?[^\W\d][^/]*?)_(?:LATE_)?(?P<id>\d{3,})_(?P<sub>\d{3,})_(?P<rest>.+)")
_EXCHANGE = re.compile(r"(?P<name>[^+]+)\+[^+]+\+(?P<stamp>\d{4}-\d\d-\d\d[ T][\d:. -]+\w*)(?:\+.*)?")
_HEAD = "blackboard"
_GRADESCOPE = re.compile(r"submission_\d+")
_AGAIN = re.compile(r"-(\d+)$")


@dataclass(frozen=True)
class Owner:
    """Who returned a file.

    Attributes:
        name: as it is shown.
        ids: what an export knows them by: "moodle" (participant), "canvas" (user).
        stamp: when it was returned, as the layout says it (sorts as text); "" when it does not.
        number: of the resubmission, as the layout counts it.
    """

    name: str
    ids: tuple[tuple[str, str], ...] = ()
    stamp: str = ""
    number: int = 0


def by_export(paths: Sequence[Parts], notes: Notes) -> list[Owner | None]:
    """Return the owner of every path that a known export wrote, in order; None for the others."""
    matches = [_match(parts, notes) for parts in paths]
    trusted = _trusted(paths, [match[1] if match else None for match in matches])
    return _usernames([match[0] if match and match[1] in trusted else None for match in matches])


def _trusted(paths: Sequence[Parts], depths: list[int | None]) -> set[int]:
    """Return the depths at which an export's names stand: at every level above, most folders must hold them.

    Otherwise a learner could put a folder with another's name, as an export writes it, into their own, as deep and
    as often as they like.
    """

    def most(depth: int, level: int) -> bool:
        everywhere = {parts[:level] for parts in paths}
        there = {parts[:level] for parts, each in zip(paths, depths, strict=True) if each == depth}
        return 2 * len(there) >= len(everywhere)

    known = {each for each in depths if each is not None}
    return {depth for depth in known if all(most(depth, level) for level in range(1, depth + 1))}


def _match(parts: Parts, notes: Notes) -> tuple[Owner, int] | None:
    """Return the owner and the depth of the name when a known export wrote this path; the outermost counts."""
    for depth, part in enumerate(parts):
        here = parts[: depth + 1]
        if part == "submitted" and depth + 2 < len(parts):
            return Owner(parts[depth + 1], stamp=notes.times.get(parts[: depth + 3], "")), depth
        if match := _MOODLE.fullmatch(part):
            return Owner(match["name"], (("moodle", match["id"]),)), depth
        if match := _EXCHANGE.fullmatch(part):
            return Owner(match["name"], stamp=match["stamp"]), depth
        if match := BLACKBOARD.fullmatch(part):
            known = notes.blackboard.get((*here[:-1], match["head"]))
            ids = () if known else ((_HEAD, match["head"]),)
            return Owner(known or match["head"], ids, stamp=match["stamp"]), depth
        if _GRADESCOPE.fullmatch(part):
            name, stamp = notes.gradescope.get(here, (part, ""))
            return Owner(name, stamp=stamp), depth
        if match := _CANVAS.fullmatch(part):
            again = _AGAIN.search(match["rest"].rpartition(".")[0] or match["rest"])
            return Owner(match["name"], (("canvas", match["id"]),), number=int(again[1][:9]) if again else 0), depth
    return None


def _usernames(found: list[Owner | None]) -> list[Owner | None]:
    """Take the assignment's name off Blackboard's "assignment_username", as far as it is the same for everybody."""
    heads = sorted({owner.name for owner in found if owner and owner.ids and owner.ids[0][0] == _HEAD})
    if not heads:
        return found
    first, last = heads[0], heads[-1]
    same = next((at for at, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1), len(first))
    cut = first.rfind("_", 0, same) + 1
    return [
        replace(owner, name=owner.name[cut:] or owner.name, ids=())
        if owner and owner.ids and owner.ids[0][0] == _HEAD
        else owner
        for owner in found
    ]
