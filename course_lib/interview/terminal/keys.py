"""What is typed at a prompt: a line, or one of the keys that work at every prompt."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.interview.paper import Paper
from course_lib.interview.terminal.countdown import countdown
from course_lib.language import LANGUAGES, Say

KEYS = Say(
    "Keys at every prompt: s passes over, q stops (it is kept; --resume goes on), en or zh changes the language. "
    "Enter after each.",
    "任何提示处：s 跳过，q 停下（会保存，用 --resume 继续），en 或 zh 切换语言；之后按回车。",
)
TIME = Say("Time! Finish your sentence.", "时间到，把这句说完。")


class Stopped(Exception):
    """The candidate stops here; the session is kept."""


class Skipped(Exception):
    """The step is passed over."""


class Switched(Exception):
    """Another language is wanted, the argument."""


class Keyboard:
    """Lines of the candidate's, whether they are typed or come through a pipe."""

    def __init__(self, paper: Paper, read: Callable[[], str] | None = None) -> None:
        self.paper = paper
        self._read = read or input

    def ask(self, prompt: str, seconds: int = 0, over: str = "") -> str:
        """Show a prompt, "" for one more line, and return what is typed, under a countdown where `seconds` is not 0.

        Raises:
            Stopped: for q, and at the end of the input.
            Skipped: for s.
            Switched: for the code of a language.
        """
        if prompt:
            self.paper.show(prompt)
        line = self._line(seconds, over)
        word = line.lower()
        if word == "q":
            raise Stopped
        if word == "s":
            raise Skipped
        if word in LANGUAGES:
            raise Switched(word)
        return line

    def _line(self, seconds: int = 0, over: str = "") -> str:
        with countdown(self.paper.console, seconds, over):
            if self.paper.console.is_terminal:
                self.paper.console.print("> ", end="")
            try:
                return self._read().strip()
            except EOFError:
                raise Stopped from None
