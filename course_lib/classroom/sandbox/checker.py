"""The checker: a process that never runs a learner's code, holds the laws, and alone can report a result.

The engine sends it one submission after another on standard input and reads messages from its standard output, both
pickled: both sides are ours. The learner's process is reached through the warm process (`warm.py`) and frames.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from course_lib import catalog
from course_lib.catalog import Topic
from course_lib.classroom.sandbox import preload
from course_lib.classroom.sandbox.warm import NoWalls
from course_lib.classroom.sandbox.workers import Workers
from course_lib.classroom.values import Containment, Limits, Submission
from course_lib.grading.cells import Cell, SourceError, read_cells, tasks_in
from course_lib.grading.faults import Lost
from course_lib.grading.laws import Law, laws_for
from course_lib.grading.remote import RemoteSession
from course_lib.grading.results import Outcome, Result
from course_lib.grading.run import run_laws
from course_lib.grading.shorten import brief_text
from course_lib.language import Say

MEMORY_MB = 8192  # of the checker itself: a damaged file must not take the machine's memory
Note = Callable[..., None]


@dataclass(frozen=True)
class Request:
    """One submission to grade, and what is known from checkers that it has ended.

    Attributes:
        stuck: names of laws that never came back.
        lost: tasks that ended a checker outside of a law.
        done: tasks whose results the engine has already.
    """

    submission: Submission
    seed: int
    limits: Limits
    stuck: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()


def main(contained: Containment) -> None:
    """Serve requests until standard input closes."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a check prints must not stand between the messages
    _limit_memory()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended on the way out

    def note(*message: Any) -> None:
        pickle.dump(message, out)
        out.flush()

    try:
        workers = Workers(contained)
    except NoWalls as error:
        note("refused", str(error))
        return
    note("ready")
    with contextlib.closing(workers), contextlib.suppress(EOFError, BrokenPipeError):
        for request in _requests(sys.stdin.buffer):
            _grade(workers, request, note)


def _requests(stream: BinaryIO) -> Iterator[Request]:
    while True:
        yield pickle.load(stream)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    ceiling = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = MEMORY_MB * 2**20
    if ceiling == resource.RLIM_INFINITY or wanted < ceiling:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (wanted, ceiling))


def _grade(workers: Workers, request: Request, note: Note) -> None:
    """Grade one submission: a note ("result", Result) per task, then ("end", why it could not be read, words)."""
    error: Say | None = None
    try:
        for result in _results(workers, request, note):
            note("result", result)
    except SourceError as refused:
        error = Say(brief_text(str(refused), 300), f"无法批改：{brief_text(str(refused), 300)}")
    except MemoryError:
        error = Say("The file needs too much memory to be read.", "读取该文件需要的内存过多。")
    except Exception as fault:
        what = brief_text(f"{type(fault).__name__}: {fault}", 300)
        error = Say(f"It could not be graded: {what}", f"无法批改：{what}")
    note("end", error, workers.words)


def _results(workers: Workers, request: Request, note: Note) -> Iterator[Result]:
    submission, limits = request.submission, request.limits
    cells = submission.cells if submission.cells is not None else _cells(submission)
    topics = dict(_topic(name) for name in submission.tasks or tasks_in(submission.path, cells))
    tasks = list(topics)
    note("tasks", tasks)
    laws = {task: laws_for(topics[task], task) for task in tasks}
    if workers.warm and any(preload.is_heavy(topic) for topic in topics.values()):
        limits = replace(limits, memory_mb=max(limits.memory_mb, preload.HEAVY_MEMORY_MB))
    session = RemoteSession(cells, limits, workers.starter(list(topics.values()), limits))
    try:
        for task in tasks:
            if task in request.done:
                continue
            if task in request.lost:
                yield _lost(task, laws[task])
                continue
            noted = tuple(_noted(law, request.stuck, note) for law in laws[task])
            found = run_laws(topics[task], noted, session, request.seed, limits.law_seconds)
            yield Result(task, found.outcomes, () if found.passed else session.notes())
    finally:
        session.close()


@functools.cache
def _topic(name: str) -> tuple[str, Topic]:
    """Return the id and the topic of a task; what was found once is not looked up again. Raises ValueError."""
    task = catalog.task_id(name)
    return task, catalog.topic(task)


def _cells(submission: Submission) -> tuple[Cell, ...]:
    path = submission.path
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        raise SourceError(f"{path.name} is not a plain file (a link, a folder or a device); hand in the file itself")
    return read_cells(path)


def _noted(law: Law, stuck: frozenset[str], note: Note) -> Law:
    """Return the law such that the engine knows when it runs; one that ended a checker before is not run again."""

    @functools.wraps(law.function)
    def function(**found: Any) -> None:
        if law.name in stuck:
            raise Lost(
                Say("The check did not end on what your code returned.", "检查未能在你的代码返回的内容上结束。"),
                timeout=True,
            )
        note("law", law.name)
        started = time.monotonic()
        try:
            law.function(**found)
        finally:
            note("law", "", law.task, law.name, time.monotonic() - started)

    return replace(law, function=function)


def _lost(task: str, laws: tuple[Law, ...]) -> Result:
    say = Say("The checker did not survive what your code returned.", "检查程序无法处理你的代码返回的内容。")
    return Result(
        task, tuple(Outcome(law.name, law.sentence, "error", points=0, of=law.points, message=say) for law in laws)
    )
