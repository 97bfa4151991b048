"""A time limit around code in this process: a law that never ends becomes a TimeUp."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from course_lib.grading.faults import TimeUp


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeUp in the body after `seconds`, and again every half second while it goes on.

    In the main thread of a POSIX system by SIGALRM (the earlier handler and timer are put back); elsewhere by an
    asynchronous exception, which cannot interrupt a call into C.
    """
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        with _alarm(seconds):
            yield
    else:
        with _thread_timer(seconds):
            yield


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    running = True

    def ring(_number: int, _frame: FrameType | None) -> None:
        if running:
            raise TimeUp

    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, ring)
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        running = False  # a late alarm must not interrupt the putting back
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler if handler is not None else signal.SIG_DFL)
        if remaining:
            left = max(remaining - (time.monotonic() - started), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


@contextmanager
def _thread_timer(seconds: float) -> Iterator[None]:
    target = ctypes.c_ulong(threading.get_ident())
    done = threading.Event()

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(target, ctypes.py_object(TimeUp))
            wait = 0.5

    watcher = threading.Thread(target=watch, name="law-time-limit", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        _end(watcher, done)


def _end(watcher: threading.Thread, done: threading.Event) -> None:
    """Return when the watcher has ended and nothing it sent is still on its way.

    What is on its way is let in, here. To take it back with a null exception would leave CPython 3.11 checking for it
    for ever: every later line is slower, and one that a debugger traces never ends.
    """
    while True:
        try:
            done.set()
            watcher.join()
            for _ in range(2):  # going round is where Python looks
                pass
            return
        except TimeUp:
            continue
