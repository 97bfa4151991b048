"""Run a topic's lesson from its first cell to its last, and give back the tables that it showed."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.catalog import Topic
from course_lib.home import course_root
from course_lib.language import Say

CELL_SECONDS = 300


@dataclass(frozen=True)
class LessonTable:
    """A table that a lesson showed: its caption and its rows, which share their columns."""

    name: str
    caption: str
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class LessonRun:
    """What one run of a lesson recorded: numbers by name, and tables in the order shown."""

    numbers: dict[str, float | int | str]
    tables: tuple[LessonTable, ...]


def run_lesson(topic: Topic, started: Callable[[int, int], None] | None = None) -> LessonRun:
    """Execute the topic's rendered notebook (its source when it is not rendered) in a kernel of this Python.

    The numbers also go to the learner's progress, as when the notebook is run by hand. The notebook is not changed.

    Args:
        topic: which lesson.
        started: called with (cells begun, cells in all) before each code cell.

    Raises:
        ValueError: when there is no lesson yet, or one of its cells fails; the message is one line.
        KeyboardInterrupt: on Ctrl-C, with the kernel ended.
    """
    import nbformat
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = _read(topic)
    total = sum(cell.cell_type == "code" for cell in notebook.cells)
    begun = 0

    def on_cell(cell: nbformat.NotebookNode, cell_index: int) -> None:
        nonlocal begun
        if cell.cell_type == "code":
            begun += 1
            if started is not None:
                started(begun, total)

    # Only the kernel of this interpreter: a kernelspec in somebody's home could name another Python.
    specs = KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True)
    folder = course_root() / "notebooks"
    client = NotebookClient(
        notebook,
        km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs),
        timeout=CELL_SECONDS,
        extra_arguments=["--log-level=CRITICAL"],
        resources={"metadata": {"path": str(folder if folder.is_dir() else course_root())}},
        on_cell_start=on_cell,
    )
    with tempfile.TemporaryDirectory(prefix="course-run-") as scratch:
        record = Path(scratch, "record.jsonl")
        paths = filter(None, (str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH")))
        environment = {
            **os.environ,
            "COURSE_RECORD": str(record),
            "COURSE_TOPIC": topic.name,
            "PYTHONPATH": os.pathsep.join(paths),
            "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
        }
        kernel_log = Path(scratch, "kernel.log")
        try:
            with kernel_log.open("wb") as errors:  # the runtimes chat there while they end
                client.execute(env=environment, cleanup_kc=True, stderr=errors)
        except CellExecutionError as error:
            raise ValueError(_failed(topic, begun, f"{error.ename}: {error.evalue}")) from None
        except (CellTimeoutError, DeadKernelError) as error:
            last = kernel_log.read_text("utf-8", errors="replace").strip().splitlines()[-1:]
            raise ValueError(_failed(topic, begun, "\n".join([str(error), *last]))) from None
        except AssertionError:
            if client.km is None:  # Ctrl-C: nbclient ends the kernel in its own signal handler, then misses it
                raise KeyboardInterrupt from None
            raise
        lines = record.read_text("utf-8").splitlines() if record.exists() else []
    return _gather([json.loads(line) for line in lines])


def _read(topic: Topic) -> Any:
    import nbformat

    rendered = course_root() / "notebooks" / f"{topic.name}.ipynb"
    if rendered.is_file():
        return nbformat.read(rendered, as_version=4)  # type: ignore[no-untyped-call]
    source = topic.folder / "lesson.py"
    if not source.is_file():
        raise ValueError(
            str(Say(f"topic {topic.number:02d} has no lesson yet", f"第 {topic.number:02d} 题的课程还没有写好"))
        )
    import jupytext

    return jupytext.read(source, fmt="py:percent")


def _failed(topic: Topic, cell: int, what: str) -> str:
    lines = [line.strip() for line in what.strip().splitlines() if line.strip()]
    return f"lesson {topic.name} stopped in code cell {cell}: {' '.join(lines)[:300]}"


def _gather(entries: list[dict[str, Any]]) -> LessonRun:
    numbers = {entry["name"]: entry["value"] for entry in entries if "name" in entry}
    tables = tuple(
        LessonTable(entry["table"], str(entry.get("caption", "")), tuple(entry["rows"]))
        for entry in entries
        if "table" in entry
    )
    return LessonRun(numbers, tables)
