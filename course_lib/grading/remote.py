"""Grade a learner's file in a process of its own; the checks run here, where that code never was."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from course_lib import catalog
from course_lib.grading.cells import Cell, read_cells, tasks_in
from course_lib.grading.faults import CourseError, Garbled, Lost
from course_lib.grading.frames import CALL, CELL, READY, REPLY, REQUEST, Closed, Deadline, Pipe
from course_lib.grading.judge import LAW_SECONDS
from course_lib.grading.laws import laws_for
from course_lib.grading.process import Worker
from course_lib.grading.proxy import Checker
from course_lib.grading.results import Result
from course_lib.grading.run import run_laws
from course_lib.grading.shorten import brief_text
from course_lib.language import Say

_LIMITED = ("cpu_seconds", "memory_mb", "file_mb", "files", "processes")
_REPORT_BYTES = 1 << 16


@dataclass(frozen=True)
class Limits:
    """What a learner's process may use. Seconds are wall-clock time unless named otherwise.

    Attributes:
        law_seconds: for one law; its outcome is then `timeout`, the others keep their points.
        cell_seconds: for one cell of the file.
        total_seconds: for the whole file.
        cpu_seconds: processor time of one start of the process.
        memory_mb: address space. TensorFlow needs about 8000.
        file_mb: size of one written file.
        files: open files.
    """

    law_seconds: float = LAW_SECONDS
    cell_seconds: float = 45.0
    total_seconds: float = 240.0
    cpu_seconds: int = 60
    memory_mb: int = 4096
    file_mb: int = 64
    files: int = 256


DEFAULT = Limits()


def grade_file(
    path: Path, tasks: tuple[str, ...] | None = None, limits: Limits = DEFAULT, seed: int = 0
) -> list[Result]:
    """Grade a notebook or script.

    Args:
        path: an .ipynb or .py file.
        tasks: which tasks; default: those that the file's name and its calls of `check` and `finish` name.
        limits: what its process may use.
        seed: changes the random inputs of the checks.

    Returns:
        One result per task, in order; `notes` say which cells failed and which limits this platform lacks.

    Raises:
        SourceError: when the file cannot be read as a notebook or script.
        ValueError: for a task that does not exist or whose topic is not written.
    """
    cells = read_cells(path)
    wanted = [catalog.task_id(task) for task in tasks or tasks_in(path, cells)]
    laws = {task: (catalog.topic(task), laws_for(catalog.topic(task), task)) for task in wanted}
    session = RemoteSession(cells, limits)
    try:
        found = [run_laws(topic, each, session, seed, limits.law_seconds) for topic, each in laws.values()]
    finally:
        session.close()
    return [Result(each.task, each.outcomes, () if each.passed else session.notes()) for each in found]


class Running(Protocol):
    """A process that serves a learner's cells on `pipe` (see worker.py), however it was started."""

    pipe: Pipe

    def said(self) -> str:
        """Return what it complained about when it did not start."""
        ...

    def exit_code(self) -> int | None:
        """Return how it ended once its pipe is closed: a code, minus a signal's number, or None."""
        ...

    def kill(self) -> None:
        """End it and all that it started."""
        ...


class RemoteSession:
    """A learner's cells in a worker process, which is started again whenever it was lost."""

    cell_grace = 5.0  # seconds in which a worker may stop a cell by itself, which keeps what the cell had defined
    grace = 3.0  # the checker's own limit comes after the worker's, so that a slow worker is told from a slow check

    def __init__(
        self, cells: tuple[Cell, ...], limits: Limits = DEFAULT, start: Callable[[], Running] = Worker
    ) -> None:
        self._cells, self._limits, self._worker_from = cells, limits, start
        self._numbers = [cell.number for cell in cells]
        self._end = time.monotonic() + limits.total_seconds
        self._deadline = self._end
        self._failures: dict[int, Say] = {}
        self._skip: set[int] = set()
        self._unlimited: tuple[str, ...] = ()
        self._worker: Running | None = None
        self._checker: Checker | None = None

    def checker(self, seconds: float = LAW_SECONDS) -> Checker:
        """Return the live checker's side and start the clock of one law. Raises Lost when the time is over."""
        if self._checker is None:
            self._start()
        assert self._checker is not None
        self._deadline = min(time.monotonic() + seconds, self._end)
        return self._checker

    def abandon(self) -> None:
        """Kill the worker and everything it started; the next law gets a fresh one."""
        if self._worker is not None:
            self._worker.kill()
        self._worker = self._checker = None

    close = abandon

    def why_missing(self) -> Say | None:
        """Say which cells failed, when some did."""
        if not self._failures:
            return None
        first = self._failures[min(self._failures)]
        return Say(f"A cell failed: {first.en}", f"有单元格运行失败：{first.zh}")

    def notes(self) -> tuple[Say, ...]:
        """Return a sentence for every cell that failed, and one when limits could not be set."""
        said = [self._failures[number] for number in sorted(self._failures)][:10]
        if self._unlimited:
            names = ", ".join(self._unlimited)
            said.append(Say(f"Not limited on this platform: {names}.", f"本平台未能限制：{names}。"))
        return tuple(said)

    def _start(self) -> None:
        """Start workers until one has run the cells; a cell that kills or hangs its worker is left out then."""
        while True:
            if time.monotonic() > self._end:
                raise Lost(_overall(self._limits), timeout=True)
            worker = self._worker = self._worker_from()
            running, started = 0, False
            try:
                worker.pipe.send(REQUEST, self._configuration(), self._end)
                while True:
                    grace = min(self.cell_grace, self._limits.cell_seconds)
                    self._deadline = min(time.monotonic() + self._limits.cell_seconds + grace, self._end)
                    letter, payload = worker.pipe.receive(self._deadline)
                    if letter == READY:
                        missing = _json(payload, list)
                        self._unlimited = tuple(name for name in (*_LIMITED, "core") if name in missing)
                        break
                    if letter != CELL:
                        raise Garbled("a message out of turn")
                    started = True
                    report = _json(payload, dict)
                    running = report.get("cell", 0)
                    if running not in self._numbers:
                        raise Garbled("a report on no cell")
                    if "kind" in report:
                        self._failures[running] = _failure(running, report, self._limits)
                self._checker = Checker(self._ask)
                return
            except (Closed, Deadline, Garbled) as gone:
                say = self._why(worker, gone).say
                worker.kill()
                self._worker = None
                if not started:
                    raise CourseError(f"the grading process did not start: {worker.said() or say.en}") from None
                if running not in self._numbers or running in self._skip:
                    raise Lost(say) from None
                self._skip.add(running)
                self._failures[running] = Say(f"Cell {running}: {say.en}", f"单元格 {running}：{say.zh}")

    def _configuration(self) -> bytes:
        limits = {name: getattr(self._limits, name) for name in _LIMITED if hasattr(self._limits, name)}
        return json.dumps(
            {
                "cells": [[cell.number, cell.code] for cell in self._cells],
                "skip": sorted(self._skip),
                "cell_seconds": self._limits.cell_seconds,
                "limits": limits,
            }
        ).encode()

    def _ask(self, payload: bytes) -> bytes:
        worker, checker = self._worker, self._checker
        assert worker is not None
        assert checker is not None
        try:
            worker.pipe.send(REQUEST, payload, self._deadline)
            while True:
                letter, answer = worker.pipe.receive(self._deadline)
                if letter == REPLY:
                    return answer
                if letter != CALL:
                    raise Garbled("a message out of turn")
                worker.pipe.send(REPLY, checker.answer(answer), self._deadline)
        except (Closed, Deadline) as gone:
            raise self._why(worker, gone) from None

    def _why(self, worker: Running, gone: Exception) -> Lost:
        """Say why the worker is gone."""
        if isinstance(gone, Garbled):
            return Lost(Say(f"Its answer could not be read: {gone}.", f"无法读取它的回应：{gone}。"))
        if isinstance(gone, Deadline):
            if time.monotonic() >= self._end:
                return Lost(_overall(self._limits), timeout=True)
            return Lost(
                Say(
                    "Stopped at the time limit: is there a loop that never ends?", "到达时限，已停止：是不是有死循环？"
                ),
                timeout=True,
            )
        code = worker.exit_code()
        if code is None:
            return Lost(Say("Your code closed the connection to the checker.", "你的代码关闭了与检查程序的连接。"))
        if -code in (getattr(signal, "SIGXCPU", 0), getattr(signal, "SIGKILL", 0)):
            seconds = self._limits.cpu_seconds
            return Lost(
                Say(
                    f"Stopped: it used more than {seconds} seconds of processor time, or too much memory.",
                    f"已停止：处理器时间超过 {seconds} 秒，或占用内存过多。",
                ),
                timeout=True,
            )
        if code < 0:
            name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
            return Lost(
                Say(
                    f"Python itself crashed ({name}): too deep a recursion, or a fault in native code.",
                    f"Python 解释器崩溃（{name}）：递归太深，或本地代码出错。",
                )
            )
        return Lost(
            Say(
                f"Your code ended the process (exit code {code}); return instead of exiting.",
                f"你的代码结束了整个进程（退出码 {code}）；请用 return，不要退出。",
            )
        )


def _json(payload: bytes, kind: type) -> Any:
    """Read a report, which is short: a long one is the learner's, and would take gigabytes."""
    if len(payload) > _REPORT_BYTES:
        raise Garbled("a report that is too long")
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        raise Garbled("a damaged report") from None
    if not isinstance(found, kind):
        raise Garbled("a report of an unknown form")
    return found


def _failure(number: int, report: dict[str, Any], limits: Limits) -> Say:
    kind = brief_text(str(report["kind"]), 60)
    if kind == "TimeUp":
        seconds = f"{limits.cell_seconds:g}"
        return Say(
            f"Cell {number} was stopped after {seconds} seconds.", f"单元格 {number} 运行 {seconds} 秒后被停止。"
        )
    line = report.get("line")
    where = Say(f", line {line}", f"第 {line} 行") if isinstance(line, int) and 0 < line < 10**6 else Say("", "")
    message = brief_text(str(report.get("message", "")), 200)
    what = f"{kind}: {message}" if message else kind
    return Say(f"Cell {number}{where.en} stopped with {what}", f"单元格 {number}{where.zh}出错：{what}")


def _overall(limits: Limits) -> Say:
    seconds = f"{limits.total_seconds:g}"
    return Say(f"The whole file took more than {seconds} seconds.", f"整个文件运行超过了 {seconds} 秒。")
