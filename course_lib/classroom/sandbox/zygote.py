"""The warm process: it has imported everything once and forks a child per submission. It sees no check, no solution.

Started by `warm.py` inside bubblewrap, with a socket to the checker as its only way out. One message starts a
submission and brings the descriptor on which the child will talk to the checker; the child never has the socket.
A submission is two processes: process 1 of its namespaces, which waits and counts, and the learner's.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from course_lib.classroom.sandbox import linux

THREADS = 2  # what a process may have when it forks: its own, and one that NumPy or TensorFlow keeps asleep
MESSAGE = 1 << 16
FONTS = "/fonts"


def main(descriptor: int, user_namespace: bool, preload: list[str]) -> None:
    """Import `preload`, say so on the socket `descriptor`, and serve until it closes."""
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))  # the checker's own is lower than TensorFlow needs
    try:
        if user_namespace:
            linux.own_user_namespace()
        _import(preload)
        assert_quiet()
        namespaces = linux.PidNamespaces()
        gc.collect()
        gc.freeze()
        _send(control, "ready", missing=_try_out(namespaces))
        while _serve(control, namespaces):
            pass
    except BaseException:
        _send(control, "broken", why=traceback.format_exc(limit=3)[-600:])
    os._exit(0)


def _import(names: list[str]) -> None:
    """Import modules, and names of modules written as "module:name"; what is not installed is left to the cells."""
    for each in names:
        module, _, name = each.partition(":")
        with contextlib.suppress(ImportError):
            found = importlib.import_module(module)
            if name and not hasattr(found, name):
                importlib.import_module(f"{module}.{name}")
    # What every child needs: its program, and the chances that it makes the same for all.
    import random  # noqa: F401

    import numpy.ma  # the codec asks for it
    import numpy.random  # noqa: F401

    from course_lib.grading import worker  # noqa: F401


def _send(control: socket.socket, kind: str, **values: Any) -> None:
    with contextlib.suppress(OSError):  # the checker is gone, then this process ends as well
        control.send(json.dumps({"kind": kind, **values}).encode())


def _serve(control: socket.socket, namespaces: linux.PidNamespaces) -> bool:
    """Wait for one message and do what it asks. Returns False when the checker closed the socket."""
    message, descriptors, _, _ = socket.recv_fds(control, MESSAGE, 1)
    if not message:
        return False
    asked = json.loads(message)
    if asked["kind"] != "start":  # the end of a submission that had ended by itself
        return True
    assert_quiet()
    room = linux.Room(**asked["room"])
    read_fd, write_fd = os.pipe()
    first = namespaces.fork()
    if first == 0:
        os.close(read_fd)
        control.close()
        _first(descriptors[0], write_fd, room)
    os.close(write_fd)
    os.close(descriptors[0])
    _wait(control, read_fd, first)
    return True


def assert_quiet() -> None:
    """Raise AssertionError when this process has more threads than may be there when it forks."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads <= THREADS, f"{threads} threads in the process that forks"


def _wait(control: socket.socket, read_fd: int, first: int) -> None:
    """Wait until the submission has ended or is to be ended, and tell the checker how it ended."""
    poll = select.poll()
    poll.register(read_fd, select.POLLIN)
    poll.register(control, select.POLLIN)
    ready = {descriptor for descriptor, _ in poll.poll()}
    if read_fd not in ready:
        if not control.recv(MESSAGE):
            os._exit(0)  # and with process 1 of these namespaces everything ends
        os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    said = os.read(read_fd, 400).decode("utf-8", "replace")
    os.close(read_fd)
    _send(control, "ended", how=said)


def _first(descriptor: int, report: int, room: linux.Room) -> None:
    """Process 1 of a submission: furnish, fork the learner's process, wait for it, say how it ended."""
    try:
        linux.furnish(room)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        child = os.fork()
        if child == 0:
            os.close(report)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
            _learner(descriptor, room)
        os.close(descriptor)
        how, value = linux.watch(child, room)
        os.write(report, f"{how} {value}".encode())
    except BaseException as error:
        os.write(report, f"fault {type(error).__name__}: {error}".encode()[:400])
    finally:
        os._exit(0)


def _learner(descriptor: int, room: linux.Room) -> None:
    """The learner's process: no privileges, no descriptor but its own, an empty folder; then the worker's program."""
    try:
        linux.give_up_privileges(room.user)
        _settle()
        own = os.dup2(descriptor, 3) if descriptor != 3 else 3
        os.set_inheritable(own, False)
        os.closerange(4, 4096)
        from course_lib.grading import worker

        worker.serve(own, own)
    finally:
        os._exit(70)


def _settle() -> None:
    """Go to the empty folder, and make what depends on chance the same for every submission."""
    os.chdir(linux.DISK)
    for fonts in Path(FONTS).glob("fontlist-*.json") if Path(FONTS).is_dir() else ():
        cache = Path(".cache/matplotlib")
        cache.mkdir(parents=True, exist_ok=True)
        (cache / fonts.name).symlink_to(fonts)
    sys.modules["random"].seed(0)
    sys.modules["numpy.random"].seed(0)


def _try_out(namespaces: linux.PidNamespaces) -> list[str]:
    """Run one empty submission that looks whether the walls stand; return what is missing.

    Raises:
        OSError: when the walls cannot be built, or the learner could not read the interpreter.
    """
    user = linux.NOBODY + os.getpid()
    room = linux.Room(user, memory_mb=1024, disk_mb=1, disk_files=16, processes=8)
    read_fd, write_fd = os.pipe()
    first = namespaces.fork()
    if first == 0:
        said = "fault"
        try:
            linux.furnish(room)
            filtered = linux.give_up_privileges(room.user)
            _settle()
            Path("a").write_bytes(b"a")
            for folder in (Path(os.__file__).parent, Path(linux.__file__).parent):
                next(folder.glob("*.py")).read_bytes()
            said = "ok" if filtered else "calls"
        except BaseException as error:
            said = f"fault {type(error).__name__}: {error}"
        finally:
            os.write(write_fd, said.encode()[:400])
            os._exit(0)
    os.close(write_fd)
    said = os.read(read_fd, 400).decode("utf-8", "replace")
    os.close(read_fd)
    os.waitpid(first, 0)
    if said not in ("ok", "calls"):
        raise OSError(said or "the trial submission ended without a word")
    return [] if said == "ok" else ["calls"]
