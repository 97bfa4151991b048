"""Grade many submissions: lanes side by side, each with a checker process of its own; nothing is kept once it is told.

Whatever a submission does to its checker (end it, hang it in native code), the lane starts another one and grades on:
the law or task where that happened counts as not passed, the other points stay.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from course_lib.classroom.sandbox.checker import Request
from course_lib.classroom.values import Graded, Settings, Submission
from course_lib.grading.results import Result
from course_lib.grading.shorten import brief_text
from course_lib.language import Say

PATIENCE = 120.0  # seconds beyond a submission's own limit in which its checker must say something
LAW_PATIENCE = 30.0  # beyond the limit of a law, in which the checker itself stops it unless it hangs in native code
READ_SECONDS = 60.0  # in which a file must be read; 200 MB of output take five
DEATHS = 20  # of checkers, on one submission
# -I: the current folder may be what was returned, and no module of a learner's must be imported from there.
_PACKAGE_ROOT = Path(__file__).resolve().parents[3]
_START = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from course_lib.classroom.sandbox.checker import main; main({contained!r})"
)


class NotContained(RuntimeError):
    """The containment that was asked for does not work on this machine; the message says why."""


def grade_all(submissions: Iterable[Submission], settings: Settings) -> Iterator[Graded]:
    """Grade submissions and give each back as soon as it is done, in the order in which they finish.

    The iterable is read in the caller's thread, a few ahead, so that a class of any size needs the same memory.
    Leaving the iterator early ends everything that was started.

    Args:
        submissions: what to grade; each path an existing plain file (anything else becomes a Graded with an error).
        settings: how; `jobs` changes the order and the seconds, nothing else.

    Raises:
        NotContained: when `settings.contain` is "bubblewrap" and that does not work here.
        ValueError: when `settings.jobs` is below one.
    """
    if settings.jobs < 1:
        raise ValueError(f"jobs={settings.jobs}: at least one is needed")
    waiting: queue.SimpleQueue[Submission | None] = queue.SimpleQueue()
    finished: queue.SimpleQueue[Graded | BaseException] = queue.SimpleQueue()
    lanes = [Lane(settings, waiting, finished) for _ in range(settings.jobs)]
    source, under_way = iter(submissions), 0
    try:
        while True:
            while under_way < 2 * settings.jobs and (one := next(source, None)) is not None:
                waiting.put(one)
                under_way += 1
            if not under_way:
                return
            done = finished.get()
            under_way -= 1
            if isinstance(done, BaseException):
                raise done
            yield done
    finally:
        for _ in lanes:
            waiting.put(None)
        for lane in lanes:
            lane.close()


class Lane(threading.Thread):
    """One checker at a time, and the thread that talks to it."""

    def __init__(
        self,
        settings: Settings,
        waiting: queue.SimpleQueue[Submission | None],
        finished: queue.SimpleQueue[Graded | BaseException],
    ) -> None:
        super().__init__(name="grading-lane", daemon=True)
        self._settings, self._waiting, self._finished = settings, waiting, finished
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the lane
        self._closed = threading.Event()
        self._words = Say("", "")
        self._deadline = float("inf")
        threading.Thread(target=self._watch, name="grading-watch", daemon=True).start()
        self.start()

    def run(self) -> None:
        """Grade what waits, until there is a None or the lane is closed."""
        while not self._closed.is_set() and (submission := self._waiting.get()) is not None:
            try:
                self._finished.put(self._grade(submission))
            except BaseException as error:
                self._finished.put(error)

    def close(self) -> None:
        """End the checker and with it the warm processes; safe to call again."""
        self._closed.set()
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr]
            for seconds, end in ((0.5, process.terminate), (3.0, process.kill), (5.0, process.kill)):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
                    break
                end()
        self.join(5)
        self._errors.close()

    def _watch(self) -> None:
        while not self._closed.wait(0.5):
            process = self._process
            if process is not None and time.monotonic() > self._deadline:
                process.kill()

    def _grade(self, submission: Submission) -> Graded:
        started = time.monotonic()
        request = Request(submission, self._settings.seed, self._settings.limits)
        results: dict[str, Result] = {}
        tasks: list[str] = []
        timings: list[Any] = []
        limits = self._settings.limits
        patience, law_limit = limits.total_seconds + PATIENCE, limits.law_seconds + LAW_PATIENCE
        for _ in range(DEATHS):
            law = ""
            try:
                self._tell(replace(request, done=frozenset(results)))
                while True:
                    limit = law_limit if law else patience if tasks else READ_SECONDS
                    kind, *values = self._hear(limit)
                    if kind == "tasks":
                        tasks = values[0]
                    elif kind == "law":
                        law = values[0]
                        timings += [tuple(values[1:])] if values[1:] else []
                    elif kind == "result":
                        results[values[0].task] = values[0]
                    elif kind == "end":
                        found = tuple(results[task] for task in tasks if task in results)
                        error, words = values
                        self._words = words
                        seconds = time.monotonic() - started
                        return Graded(submission, found, error, seconds, words.en, words.zh, tuple(timings))
            except (EOFError, OSError, pickle.UnpicklingError):
                self._bury()
                if self._closed.is_set():
                    break
            unfinished = [task for task in tasks if task not in results]
            if law:
                request = replace(request, stuck=request.stuck | {law})
            elif unfinished and unfinished[0] not in request.lost:
                request = replace(request, lost=request.lost | {unfinished[0]})
            else:
                break
        error = Say(
            f"The checker ended, or needed more than {READ_SECONDS:g} seconds, while it read this file"
            f"{self._last_words()}.",
            f"检查程序在读取该文件时异常结束，或读取时间超过 {READ_SECONDS:g} 秒。",
        )
        found = tuple(results[task] for task in tasks if task in results)
        return Graded(submission, found, error, time.monotonic() - started, self._words.en, self._words.zh)

    def _tell(self, request: Request) -> None:
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        pickle.dump(request, self._process.stdin)
        self._process.stdin.flush()

    def _hear(self, seconds: float) -> tuple[Any, ...]:
        assert self._process is not None
        assert self._process.stdout is not None
        self._deadline = time.monotonic() + seconds
        try:
            message: tuple[Any, ...] = pickle.load(self._process.stdout)
        finally:
            self._deadline = float("inf")
        return message

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START.format(root=str(_PACKAGE_ROOT), contained=self._settings.contain)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=os.name == "posix",  # an interrupt from the keyboard is the engine's to handle
        )
        kind, *values = self._hear(PATIENCE)
        if kind == "refused":
            self._bury()
            raise NotContained(f"bubblewrap does not work here: {values[0]}")

    def _bury(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    stream.close()  # type: ignore[union-attr]

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
        return f" ({brief_text(lines[-1], 120)})" if lines else ""
