"""A countdown above the line that is typed. It goes on past its end: it tells, it does not stop anybody."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_CELLS = 20
# Save the cursor, go to the line above, clear it and write, and come back to what is being typed.
_ABOVE = "\x1b7\x1b[1A\r\x1b[2K{}\x1b8"


@contextmanager
def countdown(console: Console, seconds: int, over: str) -> Iterator[None]:
    """Count down in a line of its own while the block reads one; nothing where a terminal cannot, or for 0 seconds.

    Args:
        console: where to write; through a pipe, and in a terminal that cannot move its cursor, nothing is written.
        seconds: from where to count.
        over: said at the end, with the terminal's bell.
    """
    if not seconds or not console.is_terminal or console.is_dumb_terminal or console.legacy_windows:
        yield
        return
    ended = threading.Event()

    def count() -> None:
        for left in range(seconds - 1, 0, -1):
            if ended.wait(1):
                return
            _write(_ABOVE.format(_bar(left, seconds)))
        if not ended.wait(1):
            _write(_ABOVE.format(over) + "\a")

    _write(f"{_bar(seconds, seconds)}\n")
    clock = threading.Thread(target=count, daemon=True)
    clock.start()
    try:
        yield
    finally:
        ended.set()
        clock.join(2)


def _bar(left: int, seconds: int) -> str:
    return f"{left:3d} s {'■' * round(_CELLS * left / seconds)}"


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
