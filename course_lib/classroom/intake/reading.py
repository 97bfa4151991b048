"""What is in the returned files, read by a process that may die of them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.grading.cells import Cell
from course_lib.language import Say

SECONDS = 60.0
# -I: the current folder may be what was returned, and no module of a learner's must be imported from there.
_PACKAGE_ROOT = Path(__file__).resolve().parents[3]
_START = "import sys; sys.path.insert(0, {root!r}); from course_lib.classroom.intake.reading_child import main; main()"
_IN_CHINESE = (
    ("not valid JSON", "文件已损坏：不是有效的 JSON，请在 JupyterLab 中重新保存。"),
    ("not a notebook of format 4", "不是第 4 版格式的 notebook，请在 JupyterLab 中打开并重新保存。"),
    ("is a notebook for", "这个 notebook 使用的不是 Python 内核。"),
    ("is not text", "文件不是文本（UTF-8）。"),
    ("larger than", "文件太大；请清除输出后重新保存。"),
    ("has no text", "文件已损坏：有单元格没有文本。"),
    ("000 cells", "单元格太多，无法评分。"),
    ("MB of code", "代码太多，无法评分。"),
    ("too much memory", "读取它需要的内存过多。"),
    ("too long", "读取它花费的时间过长。"),
)


@dataclass(frozen=True)
class Content:
    """What is in a file.

    Attributes:
        cells: its code.
        checks: the tasks of its `check("4A")` calls, as written.
        finishes: the topics of its `finish("04")` calls, as written.
        names: what it defines at top level, each with a digest of how ("stub" for an empty one).
    """

    cells: tuple[Cell, ...]
    checks: tuple[str, ...]
    finishes: tuple[str, ...]
    names: dict[str, str]


@contextmanager
def reader() -> Iterator[Reader]:
    """Lend a reader and end its process afterwards."""
    lent = Reader()
    try:
        yield lent
    finally:
        lent.close()


class Reader:
    """Asks a child process for the content of files, and starts another when that one is gone."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def read(self, path: Path) -> Content | Say:
        """Return what is in a file, or why that cannot be said."""
        try:
            answer = self._ask(path)
        except (OSError, ValueError, TimeoutError) as error:
            self.close()
            late = isinstance(error, TimeoutError)
            return _say("it takes too long" if late else "it needs too much memory to be read")
        if "error" in answer:
            return _say(str(answer["error"]).removeprefix(f"{path.name}").removeprefix(str(path)).lstrip(": "))
        cells = tuple(Cell(number, code) for number, code in answer["cells"])
        return Content(cells, tuple(answer["checks"]), tuple(answer["finishes"]), dict(answer["names"]))

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def _ask(self, path: Path) -> dict[str, Any]:
        if self._child is None:
            command = [sys.executable, "-I", "-c", _START.format(root=str(_PACKAGE_ROOT))]
            pipe = subprocess.PIPE
            self._child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(str(path)).encode() + b"\n")
        child.stdin.flush()
        late = threading.Event()

        def stop() -> None:
            late.set()
            child.kill()

        watch = threading.Timer(SECONDS, stop)
        watch.daemon = True
        watch.start()
        try:
            line = child.stdout.readline()
        finally:
            watch.cancel()
        if late.is_set():
            raise TimeoutError
        found: dict[str, Any] = json.loads(line)  # an empty line, when the process is gone, is a ValueError
        return found


def _say(english: str) -> Say:
    chinese = next((zh for part, zh in _IN_CHINESE if part in english), "无法读取该文件。")
    return Say(
        f"It {english}." if english.startswith(("is ", "holds ", "cannot ")) else f"It cannot be read: {english}.",
        chinese,
    )
