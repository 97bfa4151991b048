"""Questions in the terminal: shown in words that need no colour, answered by the keyboard or through a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from course_lib.interview.paper import Paper
from course_lib.language import Say

if TYPE_CHECKING:
    from course_lib.interview.quiz import Asked

_RIGHT = Say("✓ Right.", "✓ 答对了。")
_NOT_RIGHT = Say("✗ Not right.", "✗ 不对。")
_CHOSEN = Say("Yours, {}: {}", "你选的 {}：{}")
_SOLUTION = Say("Right is {}: {}", "正确的是 {}：{}")
_SECTION = Say("Lesson: {}", "课程：{}")


class Ended(Exception):
    """The learner has had enough: q, Ctrl-C, or the input is at its end."""


class Screen(Paper):
    """The terminal of one command: paper to write on, and a keyboard."""

    def __init__(self) -> None:
        super().__init__()
        self.typed = sys.stdin.isatty()
        self.chosen: frozenset[int] = frozenset()
        if hasattr(sys.stdin, "reconfigure"):
            sys.stdin.reconfigure(errors="replace")  # a stray byte in a pipe is a wrong answer, no crash

    def read(self, prompt: object) -> str:
        """Return a line of the learner's.

        Raises:
            Ended: at the end of the input, after Ctrl-C, or for "q".
        """
        try:
            line = input(f"{prompt} ").strip()
        except (EOFError, KeyboardInterrupt):
            print()
            raise Ended from None
        if not self.typed:
            print(line)  # a pipe does not show what it is given
        if line.lower() in {"q", "quit", "exit"}:
            raise Ended
        return line

    def number(self, prompt: object, high: int) -> int:
        """Return a number from 1 to `high`; anything else is explained and asked again.

        Raises:
            Ended: as `read`.
        """
        (number,) = self.numbers(prompt, high, 1)
        return number

    def numbers(self, prompt: object, high: int, count: int) -> tuple[int, ...]:
        """Return `count` different numbers from 1 to `high`, in order.

        Raises:
            Ended: as `read`.
        """
        while True:
            line = self.read(prompt)
            parts = line.replace(",", " ").replace("，", " ").replace("、", " ").split()
            try:
                found = tuple(sorted({int(part) for part in parts}))
            except ValueError:
                found = ()
            if len(found) == count and all(1 <= each <= high for each in found):
                return found
            wanted = Say(
                f"Type {'a number' if count == 1 else f'{count} numbers'} from 1 to {high}, or q to end.",
                f"请输入{'一个' if count == 1 else f' {count} 个'} 1 到 {high} 的数字，或输入 q 结束。",
            )
            self.show(wanted, indent=2)

    def ask(self, asked: Asked) -> bool:
        """Show a quiz question and its options, and return whether the right ones were chosen; says nothing of it.

        The choice stays in `chosen`, for `explain`.

        Raises:
            Ended: as `read`.
        """
        self.card(asked.question, style="bold")
        for place, option in enumerate(asked.options, 1):
            self.card(option.text, indent=2, mark=f"{place}  ")
        count = len(asked.right)
        if count > 1:
            self.show(Say(f"{count} of them are right.", f"其中 {count} 个正确。"), indent=2)
        high = len(asked.options)
        prompt = Say(f"Your answer (1 to {high}, q ends):", f"你的答案（1 到 {high}，q 结束）：")
        self.chosen = frozenset(number - 1 for number in self.numbers(prompt, high, count))
        return asked.answered(self.chosen)

    def explain(self, asked: Asked) -> None:
        """Say whether the last choice was right, why, what is right, and where the lesson shows it."""
        right = asked.answered(self.chosen)
        self.show(_RIGHT if right else _NOT_RIGHT, style="green" if right else "red")
        for place in [*sorted(self.chosen - asked.right), *sorted(asked.right)]:
            head = _SOLUTION if place in asked.right else _CHOSEN
            option = asked.options[place]
            if place in asked.right and right:
                self.card(option.why, indent=2)
            else:
                self.card(str(head).format(place + 1, option.text), indent=2)
                self.card(option.why, indent=4)
        self.line(str(_SECTION).format(asked.link.url), indent=2)
