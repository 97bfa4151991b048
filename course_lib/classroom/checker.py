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
from course_lib.classroom import contain, preload
from course_lib.classroom.values import Containment, Limits, Submission
from course_lib.classroom.warm import NoWalls, WarmWorker, Zygote
from course_lib.grading.cells import Cell, SourceError, read_cells, tasks_in
from course_lib.grading.faults import CourseError, Lost
from course_lib.grading.laws import Law, laws_for
from course_lib.grading.process import Worker
from course_lib.grading.remote import RemoteSession, Running
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
        house = House(contained)
    except NoWalls as error:
        note("refused", str(error))
        return
    note("ready")
    with contextlib.closing(house), contextlib.suppress(EOFError, BrokenPipeError):
        for request in _requests(sys.stdin.buffer):
            _grade(house, request, note)


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


class House:
    """Where learners' processes come from: warm processes behind walls, or one fresh process each."""

    def __init__(self, contained: Containment) -> None:
        """Try the walls. Raises NoWalls when "bubblewrap" is asked for and does not work here."""
        self._zygotes: dict[bool, Zygote] = {}
        self._failed: dict[bool, str] = {}
        self._tasks: dict[str, tuple[str, Topic]] = {}
        self.words = contain.joined(contain.ALONE, contain.NOT_ALONE)
        self.warm = False
        if contained == "process":
            return
        reason = contain.obstacle()
        try:
            if reason:
                raise NoWalls(reason)
            filtered = self._zygote(False).filtered
        except NoWalls as error:
            if contained == "bubblewrap":
                raise
            self.words = contain.joined(contain.ALONE, contain.NOT_ALONE, contain.because(str(error)))
            return
        self.warm = True
        self.words = contain.joined(contain.CONTAINED, contain.CALLS if filtered else contain.NO_CALLS)

    def starter(self, topics: list[Topic], limits: Limits) -> Callable[[], Running]:
        """Return what starts a process for the exercises of these topics."""
        if not self.warm:
            return Worker
        heavy = any(preload.is_heavy(topic) for topic in topics)

        def start() -> WarmWorker:
            if heavy in self._failed:
                raise CourseError(self._failed[heavy])
            try:
                return self._zygote(heavy).start(limits)
            except NoWalls as error:
                self._failed[heavy] = f"the warm process did not start: {error}"
                raise CourseError(self._failed[heavy]) from None

        return start

    def topics(self, named: tuple[str, ...]) -> dict[str, Topic]:
        """Return the topic of each task, by its id, in order; what was found once is not looked up again.

        Raises:
            ValueError: for a task that does not exist.
        """
        for name in named:
            if name not in self._tasks:
                task = catalog.task_id(name)
                self._tasks[name] = task, catalog.topic(task)
        return dict(self._tasks[name] for name in named)

    def close(self) -> None:
        """End the warm processes."""
        for zygote in self._zygotes.values():
            zygote.close()

    def _zygote(self, heavy: bool) -> Zygote:
        known = self._zygotes.get(heavy)
        if known is None or not known.alive:
            if known is not None:
                known.close()
            self._zygotes[heavy] = known = Zygote(preload.imports(catalog.topics(), heavy))
        return known


def _grade(house: House, request: Request, note: Note) -> None:
    """Grade one submission: a note ("result", Result) per task, then ("end", why it could not be read, words)."""
    error: Say | None = None
    try:
        for result in _results(house, request, note):
            note("result", result)
    except SourceError as refused:
        error = Say(brief_text(str(refused), 300), f"无法批改：{brief_text(str(refused), 300)}")
    except MemoryError:
        error = Say("The file needs too much memory to be read.", "读取该文件需要的内存过多。")
    except Exception as fault:
        what = brief_text(f"{type(fault).__name__}: {fault}", 300)
        error = Say(f"It could not be graded: {what}", f"无法批改：{what}")
    note("end", error, house.words)


def _results(house: House, request: Request, note: Note) -> Iterator[Result]:
    submission, limits = request.submission, request.limits
    cells = submission.cells if submission.cells is not None else _cells(submission)
    topics = house.topics(submission.tasks or tasks_in(submission.path, cells))
    tasks = list(topics)
    note("tasks", tasks)
    laws = {task: laws_for(topics[task], task) for task in tasks}
    if house.warm and any(preload.is_heavy(topic) for topic in topics.values()):
        limits = replace(limits, memory_mb=max(limits.memory_mb, preload.HEAVY_MEMORY_MB))
    session = RemoteSession(cells, limits, house.starter(list(topics.values()), limits))
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
