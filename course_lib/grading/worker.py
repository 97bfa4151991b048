"""The process that runs a stranger's notebook and then answers the checker's requests. It asserts nothing.

Started by `remote.py`. The pipe is moved away from descriptors 0 and 1, so that what the learner's code prints or
reads never touches it; children do not inherit it. Bytes forged on it are only values: the checker judges them.
"""

from __future__ import annotations

import builtins
import json
import linecache
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from course_lib.grading.faults import TimeUp
from course_lib.grading.frames import CALL, CELL, READY, REPLY, REQUEST, Closed, Pipe
from course_lib.grading.learner import Learner
from course_lib.grading.limits import time_limit
from course_lib.grading.printed import Printed
from course_lib.grading.protocol import MESSAGE_LENGTH, describe

_PRINTED = 4000


def main() -> None:
    """Read the configuration, run the cells, serve until the pipe closes."""
    serve(os.dup(0), os.dup(1))


def serve(read_fd: int, write_fd: int) -> None:
    """Do the worker's work on two descriptors, and end the process."""
    pipe = _own_pipe(read_fd, write_fd)
    try:
        configuration = json.loads(pipe.receive()[1])
        notes = restrict(configuration["limits"])
        namespace = _fresh_main()
        _run_cells(pipe, namespace, configuration)
        pipe.send(READY, json.dumps(notes).encode())
        _serve(pipe, namespace)
    except Closed:
        pass
    os._exit(0)  # threads that the learner's code left running must not keep the process


def restrict(limits: Mapping[str, int]) -> list[str]:
    """Set resource limits; return the names of those that this platform does not have."""
    try:
        import resource
    except ImportError:  # Windows
        return sorted(limits)
    wanted = {
        "cpu_seconds": (resource.RLIMIT_CPU, limits["cpu_seconds"], limits["cpu_seconds"] + 2),
        "memory_mb": (resource.RLIMIT_AS, limits["memory_mb"] * 2**20, limits["memory_mb"] * 2**20),
        "file_mb": (resource.RLIMIT_FSIZE, limits["file_mb"] * 2**20, limits["file_mb"] * 2**20),
        "files": (resource.RLIMIT_NOFILE, limits["files"], limits["files"]),
        "core": (resource.RLIMIT_CORE, 0, 0),
    }
    if "processes" in limits:
        wanted["processes"] = (resource.RLIMIT_NPROC, limits["processes"], limits["processes"])
    missing = []
    for name, (which, soft, hard) in wanted.items():
        try:
            ceiling = resource.getrlimit(which)[1]
            if ceiling != resource.RLIM_INFINITY:
                soft, hard = min(soft, ceiling), min(hard, ceiling)
            resource.setrlimit(which, (soft, hard))
        except (OSError, ValueError):
            missing.append(name)
    return missing


def _own_pipe(read_fd: int, write_fd: int) -> Pipe:
    """Make a pipe of two descriptors that no child inherits; 0, 1 and 2 become the null device."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor, inheritable=True)
    os.close(null)
    pipe = Pipe(read_fd, write_fd)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=pipe.close)
    sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - lives as long as the process
    sys.stdout = sys.stderr = Printed(_PRINTED)
    return pipe


def _fresh_main() -> dict[str, Any]:
    module = ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    module.__dict__["display"] = lambda *_args, **_kwargs: None  # IPython offers it in every notebook
    sys.modules["__main__"] = module
    return module.__dict__


def _run_cells(pipe: Pipe, namespace: dict[str, Any], configuration: Mapping[str, Any]) -> None:
    """Run the cells in order. One that fails is reported and does not stop the later ones."""
    skip = set(configuration["skip"])
    for number, code in configuration["cells"]:
        if number in skip:
            continue
        pipe.send(CELL, json.dumps({"cell": number}).encode())
        failure = _run_cell(number, code, namespace, configuration["cell_seconds"])
        if failure:
            pipe.send(CELL, json.dumps({"cell": number, **failure}).encode())


def _run_cell(number: int, code: str, namespace: dict[str, Any], seconds: float) -> dict[str, Any] | None:
    filename = f"<cell {number}>"
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    try:
        with time_limit(seconds):
            compiled: CodeType = compile(code, filename, "exec", dont_inherit=True)
            exec(compiled, namespace)
    except TimeUp:
        return {"kind": "TimeUp", "message": "", "line": 0}
    except BaseException as error:
        kind, _, message = describe(error)
        if isinstance(error, SyntaxError):
            message = error.msg  # without the file and line, which are said anyway
        return {"kind": kind[:60], "message": message[:MESSAGE_LENGTH], "line": _line(error, filename)}
    return None


def _line(error: BaseException, filename: str) -> int:
    """The last line of the cell that took part, or the line of a syntax error."""
    if isinstance(error, SyntaxError) and error.filename == filename:
        return error.lineno or 0
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == filename]
    return lines[-1] if lines else 0


def _serve(pipe: Pipe, namespace: dict[str, Any]) -> None:
    learner = Learner(namespace, lambda payload: ask(payload))

    def ask(payload: bytes) -> bytes:
        pipe.send(CALL, payload)
        while True:
            letter, answer = pipe.receive()
            if letter == REPLY:
                return answer
            pipe.send(REPLY, learner.handle(answer))  # the check's function calls the learner's code in turn

    while True:
        letter, payload = pipe.receive()
        if letter == REQUEST:
            pipe.send(REPLY, learner.handle(payload))


if __name__ == "__main__":
    main()
