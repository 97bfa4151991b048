"""The process in which a learner's code runs: how it starts, what it sees, and how all of it is ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

from course_lib.grading.frames import Pipe
from course_lib.grading.shorten import brief_text

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
# -I ignores the environment and the current folder, so the package's place is said outright.
_START = "import sys; sys.path.insert(0, {root!r}); from course_lib.grading.worker import main; main()"
_MARK = "COURSE_WORKER_ID"


class Worker:
    """One started process with its pipe and its temporary folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="course-grade-"))
        _lend_fonts(self.folder)
        self.mark = uuid.uuid4().hex
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START.format(root=str(_PACKAGE_ROOT))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self.folder,
            env=environment(self.folder, self.mark),
            start_new_session=os.name == "posix",
            close_fds=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        # Descriptors of our own: the file objects' buffers must not stand between.
        read_fd, write_fd = os.dup(self.process.stdout.fileno()), os.dup(self.process.stdin.fileno())
        self.process.stdin.close()
        self.process.stdout.close()
        self.pipe = Pipe(read_fd, write_fd, stop=self._end)

    def said(self) -> str:
        """Return what the interpreter wrote before the learner's code began."""
        if self._errors.closed:
            return ""
        self._errors.seek(0)
        lines = self._errors.read(20_000).decode("utf-8", "replace").strip().splitlines()
        return brief_text(lines[-1], 200) if lines else ""

    def exit_code(self) -> int | None:
        """Return the exit code of a process that closed its pipe; one that lives on is ended."""
        try:
            return self.process.wait(2)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End the process, its group, and what carries its mark; remove its folder."""
        self._end()
        self.process.wait()
        for pid in _marked(self.mark):
            _kill(pid)
        self.pipe.close()
        self._errors.close()
        shutil.rmtree(self.folder, onerror=_make_removable)

    def _end(self) -> None:
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()


def environment(folder: Path, mark: str) -> dict[str, str]:
    """Return the whole environment of a worker: nothing of ours but what Python needs to start."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "COURSE_LANG", "LD_LIBRARY_PATH") if name in os.environ}
    place = str(folder)
    return {
        **kept,
        "PATH": os.defpath,
        "HOME": place,
        "TMPDIR": place,
        "TEMP": place,
        "COURSE_HOME": str(folder / "course_home"),
        "COURSE_WORKER": "1",
        _MARK: mark,
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "MALLOC_ARENA_MAX": "2",  # otherwise every thread reserves address space, which is what is limited
        "OPENBLAS_NUM_THREADS": "2",
        "OMP_NUM_THREADS": "2",
    }


def _marked(mark: str) -> list[int]:
    """Return the processes that inherited a worker's environment, wherever they went (Linux only)."""
    proc = Path("/proc")
    if not proc.is_dir():
        return []
    found = []
    for entry in proc.iterdir():
        if entry.name.isdigit():
            try:
                if f"{_MARK}={mark}".encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return


def _make_removable(function: Any, path: str, _error: object) -> None:
    """The learner's code may have taken its folder's permissions away."""
    try:
        Path(path).parent.chmod(0o700)
        Path(path).chmod(0o700)
        function(path)
    except OSError:
        return


def _lend_fonts(folder: Path) -> None:
    """Copy matplotlib's list of fonts, which takes seconds to make, into the worker's own cache."""
    caches = [os.environ.get("MPLCONFIGDIR", ""), str(Path.home() / ".cache" / "matplotlib")]
    for listed in (path for cache in caches if cache for path in Path(cache).glob("fontlist-*.json")):
        target = folder / ".cache" / "matplotlib"
        target.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            shutil.copy(listed, target)
