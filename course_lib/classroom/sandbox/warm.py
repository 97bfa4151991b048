"""The checker's side of the warm process: start it, ask it for a child, end the child, notice how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from course_lib.classroom.sandbox import contain, linux
from course_lib.classroom.sandbox.zygote import MESSAGE
from course_lib.classroom.values import Limits
from course_lib.grading.faults import CourseError
from course_lib.grading.frames import Pipe
from course_lib.grading.shorten import brief_text

START_SECONDS = 120.0  # TensorFlow takes ten on a quiet machine
END_SECONDS = 20.0
_PACKAGE_ROOT = Path(__file__).resolve().parents[3]
_START = (
    "import sys; sys.path[0] = {root!r}; "
    "from course_lib.classroom.sandbox.zygote import main; main({fd}, {own}, {preload!r})"
)


class NoWalls(RuntimeError):
    """The warm process could not be held in on this machine; the message says why."""


class Zygote:
    """A running warm process. One submission at a time."""

    def __init__(self, preload: tuple[str, ...]) -> None:
        """Start it and wait until it has imported `preload` and tried its walls. Raises NoWalls."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        program = _START.format(
            root=str(_PACKAGE_ROOT), fd=theirs.fileno(), own=os.getuid() != 0, preload=list(preload)
        )
        with theirs:
            self._process = subprocess.Popen(
                contain.command(["-s", "-c", program]),
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                cwd="/",
            )
        said = self._receive(START_SECONDS)
        if said.get("kind") != "ready":
            self.close()
            raise NoWalls(brief_text(str(said.get("why") or self._last_words() or "it did not start"), 300))
        self.filtered = "calls" not in said["missing"]

    def start(self, limits: Limits) -> WarmWorker:
        """Fork a child for one submission. Raises CourseError when the warm process is gone."""
        ours, theirs = socket.socketpair()
        room = {
            "user": linux.NOBODY + os.getpid(),
            "memory_mb": limits.memory_mb,
            "disk_mb": limits.disk_mb,
            "disk_files": limits.disk_files,
            "processes": limits.processes,
        }
        with theirs:
            try:
                message = json.dumps({"kind": "start", "room": room}).encode()
                socket.send_fds(self._control, [message], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise CourseError(f"the warm process is gone: {error}") from None
        return WarmWorker(self, ours.detach())

    def ended(self, seconds: float) -> str | None:
        """Return how the submission ended ("exit 0", "signal 9", ...), or None when it has not within `seconds`."""
        said = self._receive(seconds)
        return str(said["how"]) if said.get("kind") == "ended" else None

    def end(self) -> str:
        """End the submission with all that it started; return how it ended."""
        with contextlib.suppress(OSError):
            self._control.send(json.dumps({"kind": "kill"}).encode())
        how = self.ended(END_SECONDS)
        if how is None:
            self.close()  # the next start says so, and the checker makes a new one
        return how or ""

    @property
    def alive(self) -> bool:
        """False after the process ended or could not end a submission."""
        return self._control.fileno() >= 0 and self._process.poll() is None

    def close(self) -> None:
        """End the warm process; with process 1 of its namespaces everything in it ends."""
        self._control.close()
        self._process.kill()
        self._process.wait()

    def _receive(self, seconds: float) -> dict[str, Any]:
        if self._control.fileno() < 0:
            return {}
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if not poll.poll(max(seconds, 0) * 1000):
            return {}
        with contextlib.suppress(OSError, ValueError):
            return dict(json.loads(self._control.recv(MESSAGE)))
        return {}

    def _last_words(self) -> str:
        self._errors.seek(0)
        return self._errors.read(20_000).decode("utf-8", "replace").strip()[-300:]


class WarmWorker:
    """A submission's process, as `RemoteSession` wants it."""

    def __init__(self, zygote: Zygote, descriptor: int) -> None:
        self._zygote = zygote
        self._how: str | None = None
        self.pipe = Pipe(descriptor, descriptor, stop=self._nothing)

    def said(self) -> str:
        """Return why it did not start."""
        return self._how or ""

    def exit_code(self) -> int | None:
        """Return how a process ended that closed its pipe; one that lives on is ended and None returned."""
        end = time.monotonic() + 1
        while self._how is None and time.monotonic() < end and self._zygote.alive:
            self._how = self._zygote.ended(end - time.monotonic())
        kind, _, value = (self._how or "").partition(" ")
        if kind == "exit":
            return int(value)
        if kind == "signal":
            return -int(value)
        return -9 if kind in ("memory", "processes") else None

    def kill(self) -> None:
        """End it with all that it started; its folder goes with its mounts."""
        if self._how is None:
            self._how = self._zygote.end()
        self.pipe.close()

    def _nothing(self) -> None:
        """Pipes can be polled here: nothing has to be ended for a deadline."""
