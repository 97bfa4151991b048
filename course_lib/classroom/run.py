"""From a folder or zip of returned notebooks to a gradebook, tables and pages; what is there already is not redone."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from course_lib import catalog
from course_lib.classroom.capstones import Measured, measure_all
from course_lib.classroom.gradebook.book import Gradebook, opened
from course_lib.classroom.gradebook.changes import Change, changes, missing
from course_lib.classroom.gradebook.database import FILE, GradebookError
from course_lib.classroom.gradebook.row import Row, checks_digest
from course_lib.classroom.gradebook.tables import write_tables
from course_lib.classroom.intake.signs import CAPSTONE
from course_lib.classroom.intake.submissions import Found, Returned, find, with_tasks
from course_lib.classroom.pages.site import write_pages
from course_lib.classroom.values import Graded, Measuring, Settings, Submission
from course_lib.language import Say

Grade = Callable[[Iterable[Submission], Settings], Iterator[Graded]]
Watch = Callable[[int, int], None]


@dataclass(frozen=True)
class Done:
    """What a run came to.

    Attributes:
        graded: files graded now.
        kept: files whose grades stood already.
        failed: files that could not be graded.
        learners: in the gradebook.
        unmatched: by kind, how many files do not count.
        containment: which protections were in force now.
        changed: whose points changed; None when nothing was compared.
        gone: learner and task that only the old gradebook has.
        capstones: what became of them.
        index: the overview.
    """

    graded: int
    kept: int
    failed: int
    learners: int
    unmatched: Mapping[str, int]
    containment: tuple[Say, ...]
    changed: tuple[Change, ...] | None
    gone: tuple[tuple[str, str], ...]
    capstones: Measured
    index: Path


def grade_class(
    source: Path,
    out: Path,
    grade: Grade,
    settings: Settings,
    *,
    seed: int | None = None,
    language: str = "en",
    only: Sequence[str] = (),
    old: Path | None = None,
    measuring: Measuring | None = None,
    watch: Watch = lambda _done, _of: None,
) -> Done:
    """Grade what was returned and write everything that is told about it into `out`.

    Args:
        source: a folder or zip of notebooks.
        out: a folder; new, empty, or that of an earlier run, which is then continued.
        grade: grades submissions in any order (`course_lib.classroom.engine.grade_all`).
        settings: how; the seed in it is not used.
        seed: of the checks' random inputs; default: that of the old gradebook, of the one in `out`, or 0.
        language: "en" or "zh": what stands first on the pages.
        only: the tasks to grade; none: all that are found.
        old: an earlier gradebook (or its folder): what it has from the same answers and checks is taken over, the rest
            is graded anew, and whose points changed is listed.
        measuring: how capstones are measured, after everything else is graded and written; None: they are not.
        watch: told after every file how many of how many are graded.

    Raises:
        ValueError: when the class, the folder or the old gradebook is not what it must be; one sentence.
        OSError: when something cannot be read or written.
    """
    source, out = source.expanduser(), out.expanduser()
    wanted = tuple(catalog.task_id(task) for task in only)
    wanted += (CAPSTONE,) if wanted and measuring else ()
    old = _old(old, out) if old else None
    _usable(source, out)
    with tempfile.TemporaryDirectory(prefix="course-class-") as workdir:
        found = find(source, Path(workdir), wanted)  # with the code in it: what was unpacked need not stay
    if not (found.submissions or found.unmatched or found.capstones):
        raise ValueError(f"{source} holds no files")
    with ExitStack() as stack:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)  # grades are nobody else's business
        book = stack.enter_context(opened(out / FILE))
        before = stack.enter_context(opened(old, write=False)) if old else None
        seed = int((before and before.about("seed")) or book.about("seed") or 0) if seed is None else seed
        label = source.resolve().name
        book.begin(found, label)
        book.note(seed=str(seed))
        checks = _checks(found)
        if before:
            book.copy(_standing(before, found, checks, seed, book.keys()))
        pending = _pending(found, checks, seed, book.keys())
        failed, shields = 0, {}
        for number, graded in enumerate(grade(pending, replace(settings, seed=seed)), 1):
            book.save(graded, checks, seed, label)
            failed += graded.error is not None
            if graded.containment:
                shields[graded.containment] = Say(graded.containment, graded.containment_zh or graded.containment)
            watch(number, len(pending))
        changed = tuple(changes(before, book)) if before else None
        gone = missing(before, book) if before else ()

        def write(capstones: Measured) -> Path:
            write_tables(book, out, changed or ())
            pages = write_pages(book, out, language, changed, gone, capstones.waiting)
            return next(page for page in pages if page.name == "index.html")

        capstones = measure_all(found.capstones, book, None, None)
        index = write(capstones)
        if measuring:
            capstones = measure_all(found.capstones, book, measuring, before)
            index = write(capstones)
            words = [row.result.containment for row in book.capstones.rows() if capstones.now]
            shields |= {each.en: each for each in words if each.en}
        return Done(
            graded=len(pending),
            kept=len(found.submissions) - len(pending),
            failed=failed,
            learners=len(book.learners()),
            unmatched=Counter(each.kind for each in found.unmatched),
            containment=tuple(shields[words] for words in sorted(shields)),
            changed=changed,
            gone=gone,
            capstones=capstones,
            index=index,
        )


def _usable(source: Path, out: Path) -> None:
    """Refuse a source that is not there and an output folder that is not ours."""
    if not source.exists():
        raise ValueError(f"there is no folder or zip {source}")
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; --out needs a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / FILE).is_file():
        raise ValueError(f"{out} holds something else; --out needs a new folder, or that of an earlier course grade")
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise ValueError(f"{out} lies inside {source}; put --out beside it, not into what was returned")


def _old(old: Path, out: Path) -> Path:
    """Return the file of an old gradebook. Raises GradebookError."""
    old = old.expanduser()
    path = old / FILE if old.is_dir() else old
    if not path.is_file():
        raise GradebookError(f"there is no gradebook {path}")
    if path.resolve() == (out / FILE).resolve():
        raise GradebookError(
            f"{path} is the old gradebook itself; give --out another folder, so that the old points stay on record"
        )
    return path


def _checks(found: Found) -> dict[str, str]:
    """Return by task the digest of what it is checked with."""
    tasks = sorted({task for each in found.submissions for task in each.tasks})
    topics = {task: catalog.topic(task) for task in tasks}
    digests = {topic.number: checks_digest(topic) for topic in topics.values()}
    return {task: digests[topic.number] for task, topic in topics.items()}


def _pending(
    found: Found, checks: Mapping[str, str], seed: int, have: Mapping[tuple[str, str], tuple[str, str, int]]
) -> list[Returned]:
    """Return what is still to grade: files with the tasks whose grade is missing or from other code, checks or seed."""
    pending = []
    for each in found.submissions:
        due = [task for task in each.tasks if have.get((each.learner, task)) != (each.digest, checks[task], seed)]
        if due:
            pending.append(with_tasks(each, due))
    return pending


def _standing(
    before: Gradebook,
    found: Found,
    checks: Mapping[str, str],
    seed: int,
    have: Mapping[tuple[str, str], tuple[str, str, int]],
) -> Iterator[Row]:
    """Yield the rows of an old gradebook that would come out the same, and that the new one does not have."""
    for each in found.submissions:
        keys = {task: (each.digest, checks[task], seed) for task in each.tasks}
        for row in before.rows(each.learner):
            same = row.error is None and keys.get(row.task) == row.key
            if same and have.get((each.learner, row.task)) != row.key:
                yield replace(row, file=each.name)
