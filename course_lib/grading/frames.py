"""Frames on a pipe: one letter, eight bytes of length, the payload; reading and writing end at a deadline."""

from __future__ import annotations

import os
import select
import struct
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from course_lib.grading.codec import MAX_BYTES
from course_lib.grading.faults import Garbled

HEADER = struct.Struct("<cQ")
REQUEST, REPLY, CALL, CELL, READY = b"Q", b"R", b"C", b"P", b"D"
_LETTERS = (REQUEST, REPLY, CALL, CELL, READY)
_T = TypeVar("_T")


class Deadline(Exception):
    """The deadline passed before a frame was complete."""


class Closed(Exception):
    """The other side closed the pipe."""


class Pipe:
    """Two file descriptors with frames on them. Without a deadline it blocks (the worker's side)."""

    def __init__(self, read_fd: int, write_fd: int, stop: Callable[[], None] | None = None) -> None:
        self._in, self._out, self._stop = read_fd, write_fd, stop
        self._read = bytearray()
        self._polls = hasattr(select, "poll")  # not on Windows, where `stop` kills the worker at the deadline
        if self._polls and stop is not None:
            os.set_blocking(read_fd, False)
            os.set_blocking(write_fd, False)

    def send(self, letter: bytes, payload: bytes, deadline: float | None = None) -> None:
        """Write one frame. Raises Closed, or Deadline when it is not written at `deadline` (monotonic seconds)."""
        view = memoryview(HEADER.pack(letter, len(payload)) + payload)
        while view:
            try:
                view = view[self._timed(partial(os.write, self._out, view), deadline) :]
            except BlockingIOError:
                self._poll(self._out, select.POLLOUT, deadline)
            except OSError:
                raise Closed from None

    def receive(self, deadline: float | None = None) -> tuple[bytes, bytes]:
        """Read one frame. Raises Closed, Deadline, or Garbled when the header makes no sense."""
        if deadline is not None and time.monotonic() > deadline:
            raise Deadline  # also when the other side sends without end
        self._fill(HEADER.size, deadline)
        letter, size = HEADER.unpack_from(self._read)
        if letter not in _LETTERS or size > MAX_BYTES + 4096:
            raise Garbled("bytes that are not a message")
        end = HEADER.size + size
        self._fill(end, deadline)
        payload = bytes(memoryview(self._read)[HEADER.size : end])
        del self._read[:end]
        return letter, payload

    def close(self) -> None:
        """Close both descriptors."""
        for descriptor in {self._in, self._out}:
            try:
                os.close(descriptor)
            except OSError:
                continue

    def _fill(self, size: int, deadline: float | None) -> None:
        """Read until at least `size` bytes are there. What comes after them is the next frame's."""
        while len(self._read) < size:
            try:
                part = self._timed(partial(os.read, self._in, 1 << 16 if size < 1 << 16 else 1 << 20), deadline)
            except BlockingIOError:
                self._poll(self._in, select.POLLIN, deadline)
                continue
            except OSError:
                raise Closed from None
            if not part:
                raise Closed
            self._read += part

    def _poll(self, descriptor: int, event: int, deadline: float | None) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = None if deadline is None else (deadline - time.monotonic()) * 1000
        if (left is not None and left <= 0) or not poll.poll(left):
            raise Deadline

    def _timed(self, work: Callable[[], _T], deadline: float | None) -> _T:
        """Do blocking work; where pipes cannot be polled a timer ends the worker at the deadline."""
        if self._polls or self._stop is None or deadline is None:
            return work()
        fired = threading.Event()

        def expire() -> None:
            fired.set()
            if self._stop is not None:
                self._stop()

        timer = threading.Timer(max(deadline - time.monotonic(), 0), expire)
        timer.start()
        try:
            return work()
        finally:
            timer.cancel()
            if fired.is_set():
                raise Deadline
