"""Find the submissions in what was returned: every file is one that counts, or is listed with the reason."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from course_lib.classroom.intake.exports import Owner
from course_lib.classroom.intake.files import CODE, File, Unmatched
from course_lib.classroom.intake.notes import NOTE_BYTES, read_notes
from course_lib.classroom.intake.owners import owners
from course_lib.classroom.intake.reading import Content, reader
from course_lib.classroom.intake.signs import CAPSTONE, CAPSTONE_TOPIC, Recognised, Signs, all_signs
from course_lib.classroom.intake.walk import walk
from course_lib.classroom.texts import readable
from course_lib.classroom.values import Submission
from course_lib.grading.cells import Cell
from course_lib.language import Say


@dataclass(frozen=True)
class Returned(Submission):
    """A submission that was found.

    Attributes:
        name: the file's path inside what was returned.
        digest: of its code; outputs and text do not count.
        ids: what an export knows the learner by: ("moodle", "1234").
    """

    name: str = ""
    digest: str = ""
    ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Found:
    """What was returned: the files that count, by learner and task, the capstones among them apart, and all others."""

    submissions: tuple[Returned, ...]
    unmatched: tuple[Unmatched, ...]
    capstones: tuple[Returned, ...] = ()

    @property
    def learners(self) -> tuple[str, ...]:
        """Everybody of whom something was found, readable or not."""
        returned = {each.learner for each in (*self.submissions, *self.capstones)}
        names = returned | {each.learner for each in self.unmatched}
        return tuple(sorted(names - {""}))


@dataclass(frozen=True)
class _Read:
    file: File
    content: Content | Say
    recognised: Recognised


def find(source: Path, workdir: Path, only: Iterable[str] = ()) -> Found:
    """Find the submissions in a folder or zip.

    Of several answers of one learner to one task the latest counts (what the layout says about its time, then the
    file's own), but an answer before an untouched exercise.

    Args:
        source: a folder or a .zip.
        workdir: an empty folder for what has to be unpacked; a file in it is gone as soon as it is read.
        only: the tasks that are wanted ("4A"; `signs.CAPSTONE` is one); none: all.

    Raises:
        ValueError: when there is no such folder or zip.
        OSError: when it cannot be read, or `workdir` not written.
    """
    signs = all_signs()
    read, unmatched, beside = [], [], []
    with reader() as child:
        for each in walk(source, workdir):
            if isinstance(each, Unmatched):
                unmatched.append(each)
                continue
            ours = each.path.is_relative_to(workdir)
            if each.parts[-1].lower().endswith(CODE):
                read.append(_look(each, child.read(each.path), signs))
                if ours:
                    each.path.unlink()  # or many learners' zips together would fill the disk
                continue
            if ours and each.path.stat().st_size > NOTE_BYTES:
                os.truncate(each.path, NOTE_BYTES)
            beside.append(each)
            kind = Say("It says something about a submission; it is none.", "这是提交的附带信息，本身不是提交。")
            unmatched.append(Unmatched(each.name, "system", kind))
    topics = (*signs.topics, CAPSTONE_TOPIC)
    owned = owners([(each.file.parts, each.recognised.tasks) for each in read], read_notes(beside), topics)
    if read and not any(owned):
        stem = readable(source.resolve().stem if source.is_file() else source.resolve().name)
        owned = [Owner(stem)] * len(read)  # one learner's own folder
    chosen, others = _choose(list(zip(read, owned, strict=True)), frozenset(only))
    order = sorted([*unmatched, *others], key=lambda each: (each.name, each.kind))
    chosen.sort(key=lambda each: (each.learner, each.name))
    tasks = [(each, [task for task in each.tasks if task != CAPSTONE]) for each in chosen]
    submissions = tuple(with_tasks(each, mine) for each, mine in tasks if mine)
    capstones = tuple(with_tasks(each, [CAPSTONE]) for each in chosen if CAPSTONE in each.tasks)
    return Found(submissions, tuple(order), capstones)


def _look(file: File, content: Content | Say, signs: Signs) -> _Read:
    empty = Content((), (), (), {})
    return _Read(file, content, signs.recognise(empty if isinstance(content, Say) else content, file.parts))


def _choose(read: list[tuple[_Read, Owner | None]], only: frozenset[str]) -> tuple[list[Returned], list[Unmatched]]:
    """Divide the files into those that count and those that do not."""
    best: dict[tuple[str, str], tuple[_Read, Owner]] = {}
    usable: list[tuple[_Read, Owner]] = []
    unmatched: list[Unmatched] = []
    for each, owner in read:
        problem = _problem(each, owner, only)
        if problem:
            unmatched.append(problem)
        elif owner:
            usable.append((each, owner))
            for task in each.recognised.tasks:
                key = owner.name, task
                if (not only or task in only) and (key not in best or _later((each, owner), best[key], task)):
                    best[key] = each, owner
    submissions = []
    for each, owner in usable:
        mine = tuple(task for task in each.recognised.tasks if not only or task in only)
        kept = tuple(task for task in mine if best[owner.name, task][0] is each)
        lost: dict[str, list[str]] = defaultdict(list)
        for task in mine:
            if task not in kept:
                lost[best[owner.name, task][0].file.name].append(task)
        unmatched += [_older(each, owner, winner, tasks, kept) for winner, tasks in lost.items()]
        if kept:
            assert isinstance(each.content, Content)
            cells = each.content.cells
            file = each.file
            submissions.append(
                Returned(owner.name, file.path, kept, cells, name=file.name, digest=_digest(cells), ids=owner.ids)
            )
    return submissions, unmatched


def _problem(each: _Read, owner: Owner | None, only: frozenset[str]) -> Unmatched | None:
    """Say why a file cannot count at all."""
    name, tasks, learner = each.file.name, each.recognised.tasks, owner.name if owner else ""
    if isinstance(each.content, Say):
        return Unmatched(name, "damaged", each.content, learner)
    if not tasks:
        say = Say(
            "No task of the course was recognised in it: neither a call of check nor a function that a task asks for.",
            "没有认出课程中的任务：既没有 check 调用，也没有任务要求的函数。",
        )
        alone = len(each.file.parts) == 1 and not (owner and owner.ids)  # then the name may be no person's
        learner = "" if alone or not name.lower().endswith(".ipynb") else learner
        return Unmatched(name, "no task", say, learner)
    if owner is None:
        say = Say(
            "It is not known whose it is: put it into a folder with the learner's name.",
            "不知道是谁的：请放进以学习者姓名命名的文件夹。",
        )
        return Unmatched(name, "no learner", say)
    if only and only.isdisjoint(tasks):
        listed = ", ".join(tasks)
        return Unmatched(
            name,
            "not asked",
            Say(f"Its tasks are not graded this time: {listed}.", f"这次不评这些任务：{listed}。"),
            learner,
        )
    return None


def _later(one: tuple[_Read, Owner], other: tuple[_Read, Owner], task: str) -> bool:
    return _rank(*one, task) > _rank(*other, task)


def _rank(each: _Read, owner: Owner, task: str) -> tuple[bool, str, int, float, int, str]:
    copy = re.search(r"(?:[Cc]opy ?|\()(\d+)\)?\.\w+$", each.file.parts[-1])
    number = int(copy[1][:9]) if copy else 0
    answered = task in each.recognised.answered
    return answered, owner.stamp, owner.number, each.file.modified, number, each.file.name


def _older(each: _Read, owner: Owner, winner: str, tasks: list[str], kept: tuple[str, ...]) -> Unmatched:
    listed, rest = ", ".join(tasks), ", ".join(kept)
    en, zh = f"For {listed} {winner} counts instead.", f"{listed} 以 {winner} 为准。"
    if kept:
        en, zh = f"{en} Its {rest} counts.", f"{zh}其中 {rest} 仍然有效。"
    return Unmatched(each.file.name, "older", Say(en, zh), owner.name)


def _digest(cells: tuple[Cell, ...]) -> str:
    code = json.dumps([[cell.number, cell.code] for cell in cells])
    return hashlib.sha256(code.encode()).hexdigest()[:32]


def with_tasks(each: Returned, tasks: Iterable[str]) -> Returned:
    """Return a submission of which only these tasks are graded."""
    return replace(each, tasks=tuple(tasks))
