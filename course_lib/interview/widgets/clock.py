"""The seconds to answer out loud, on the page: in words, with a bar beside them; they stop nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from html import escape

from course_lib.language import Say


class Clock:
    """Counts down in the kernel's event loop; `show` takes the HTML of each second."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._task: asyncio.Task[None] | None = None

    def start(self, seconds: int, language: Callable[[], str]) -> None:
        """Begin anew. `language` is asked at every second: it may change while the clock runs."""
        self.stop()
        try:
            self._task = asyncio.get_running_loop().create_task(self._count(seconds, language))
        except RuntimeError:  # outside a kernel nothing ticks
            self._show(_left(seconds, seconds, language()))

    def stop(self) -> None:
        """Stop counting."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _count(self, seconds: int, language: Callable[[], str]) -> None:
        for left in range(seconds, -1, -1):
            self._show(_left(left, seconds, language()))
            await asyncio.sleep(1)


def _left(left: int, seconds: int, language: str) -> str:
    words = (
        Say(f"{left} seconds left", f"还剩 {left} 秒")
        if left
        else Say("Time. Finish your sentence.", "时间到，把这句说完。")
    )
    bar = f'<progress aria-hidden="true" max="{seconds}" value="{left}"></progress>'
    return f'<p role="timer">{bar} {escape(words.to(language))}</p>'
