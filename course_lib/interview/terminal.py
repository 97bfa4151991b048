"""A mock interview in a terminal, with the keyboard alone; through a pipe every prompt takes one line.

Everything that is asked for is written out, so that a screen reader and a pipe hear all of it. The session is saved
after every step; the end of the input, or Ctrl-C, keeps it.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.catalog import Topic
from course_lib.interview import session as machine
from course_lib.interview import store
from course_lib.interview.mock import SPEAK_SECONDS, Step
from course_lib.interview.report import KINDS, NO_MARK, STEPS, VERDICTS, distinct, report
from course_lib.interview.report_text import told
from course_lib.interview.session import Session
from course_lib.interview.texts import COLON, plain, speaking, wrapped
from course_lib.interview.whiteboard import grade, write_stub
from course_lib.language import LANGUAGES, Say

if TYPE_CHECKING:
    from rich.console import Console

_KEYS = Say(
    "Keys at every prompt: s passes over, q stops (it is kept; --resume goes on), en or zh changes the language. "
    "Enter after each.",
    "任何提示处：s 跳过，q 停下（会保存，用 --resume 继续），en 或 zh 切换语言；之后按回车。",
)
_SPEAK = Say(
    f"Answer out loud, {SPEAK_SECONDS} seconds. Enter when you are done.",
    f"请出声回答，{SPEAK_SECONDS} 秒。说完按回车。",
)
_TYPE = Say(
    "Type your answer to have it read, end it with an empty line; Enter alone goes without.",
    "想让课程读你的回答就打字，以空行结束；直接按回车则不读。",
)
_KEEP = Say(
    "Type your answer to keep it in the report, end it with an empty line; Enter alone goes without. This one you "
    "compare yourself: it is not read.",
    "想把回答留在报告里就打字，以空行结束；直接按回车则不留。这一步课程不读，由你自己对照。",
)
_TICK = Say(
    "Which points did you say? Numbers such as 1 3, a for all, 0 for none; +2 or -2 changes one mark; Enter takes "
    "what "
    "is marked.",
    "你说到了哪几点？输入编号如 1 3，a 表示全部，0 表示没有；+2 或 -2 改动一个标记；直接按回车采用已标记的。",
)
_TICK_ONE = Say(
    "Did you say this, in substance? 1 for yes, Enter for no.", "大意说到了吗？1 表示是，直接按回车表示否。"
)
_BOARD = Say(
    "Enter has the file checked, a path has that file checked, h gives a hint, d goes on when you are done.",
    "按回车检查该文件；输入路径则检查那个文件；h 给提示；d 做完了，继续。",
)
_OVER = Say("The planned time is over. Go on as long as you like.", "计划的时间到了。想继续就继续。")


class Stopped(Exception):
    """The candidate stops here; the session is kept."""


class Interview:
    """One run of a session: asks on a console, reads lines, saves after every step."""

    def __init__(
        self, session: Session, topics: Sequence[Topic], console: Console, read: Callable[[], str] | None = None
    ) -> None:
        self.session, self.console = session, console
        self.topics = {topic.name: topic for topic in topics}
        self._read = read or input
        self._since = time.monotonic()
        self._told_over = session.over

    def run(self) -> Session:
        """Ask until the end; returns the finished session, or raises Stopped with what is so far kept."""
        self.say(_KEYS, NO_MARK, self._outline())
        while self.session.phase != "done":
            self._since = time.monotonic()
            at, step = self.session.at, self.session.step
            try:
                self._step(step)
            except _Skip:
                pass_over = machine.skip if self.session.phase == "asking" else _leave_ticks
                self._to(pass_over(self.session, self._spent()))
            used = self.session.entries[at].seconds
            if used > 60 * step.minutes:
                self.say(_longer(used / 60, step.minutes))
            if self.session.over and not self._told_over:
                self._told_over = True
                self.say(_OVER)
        return self.session

    def _outline(self) -> Say:
        """What is coming, and whose numbers are to be defended."""
        plan = self.session.plan
        asked = sum(step.kind == "question" for step in plan.steps)
        whose = (
            Say("your own", "你自己的")
            if plan.own
            else Say("the course's: you have run no lesson yet", "课程的，因为你还没跑过课程")
        )
        return Say(
            f"{plan.minutes} minutes, {len(plan.steps)} steps: {asked} questions with follow-ups, a table, a "
            "whiteboard, "
            f"numbers to defend ({whose.en}). --seed {plan.seed} asks the same again.",
            f"{plan.minutes} 分钟，{len(plan.steps)} 步：{asked} 道提问（附追问）、一张表、一道白板题、"
            f"要辩护的数字（{whose.zh}）。用 --seed {plan.seed} 可以再问同样的题。",
        )

    def say(self, *texts: Say | str) -> None:
        """Print texts in the session's language, as they are."""
        for text in texts:
            words = text.to(self.session.language) if isinstance(text, Say) else text
            if self.session.language == "zh":
                words = wrapped(words, self.console.width - 2)  # a stop may stand over the edge
            self.console.print(words, markup=False, highlight=False)

    def _to(self, session: Session) -> None:
        self.session = session
        store.save(session)

    def _spent(self) -> float:
        now = time.monotonic()
        spent, self._since = now - self._since, now
        return spent

    def _step(self, step: Step) -> None:
        self._head(step)
        if step.kind == "whiteboard":
            self._board(step)
            return
        if self.session.phase == "asking":
            self._ask(step)
        self._tick(step)

    def _head(self, step: Step) -> None:
        topic = self.topics[step.topic]
        number, total = self.session.at + 1, len(self.session.plan.steps)
        left = self.session.plan.minutes - self.session.seconds / 60
        name = STEPS[step.kind]
        self.console.print()
        self.console.rule(f"{number}/{total}", align="left", style="")
        if step.kind in ("question", "whiteboard"):
            name = Say(f"{name.en}, {step.level}", f"{name.zh}，{_LEVELS[step.level].zh}")
        self.say(
            Say(
                f"{name.en}. {step.minutes} min; {left:.0f} of {self.session.plan.minutes} left.",
                f"{name.zh}。{step.minutes} 分钟；剩 {left:.0f}/{self.session.plan.minutes} 分钟。",
            )
        )
        self.console.print()
        self.say(Say(plain(step.ask.en), plain(step.ask.zh)))
        if step.exhibit is not None:
            from rich.table import Table

            bars = step.exhibit.histogram(24)
            table = Table(box=None, pad_edge=False, title=None, header_style="")
            for column in (*step.exhibit.columns, *(("",) if bars else ())):
                table.add_column(column, overflow="fold")
            for index, row in enumerate(step.exhibit.rows):
                table.add_row(*row, *((bars[index],) if bars else ()))
            self.console.print()
            self.console.print(table)
            origin = Say(
                f"(a table of lesson {topic.number:02d}; its caption comes with the answer)",
                f"（第 {topic.number:02d} 课的表；表题随答案给出）",
            )
            self.say(origin)

    def _ask(self, step: Step) -> None:
        self.console.print()
        first = self._line(_SPEAK, seconds=SPEAK_SECONDS)
        lines = [first] if first else []
        if not lines:
            lines += [line] if (line := self._line(_TYPE if step.kind == "question" else _KEEP)) else []
        while lines and (more := self._line(None)):
            lines.append(more)
        text = "\n".join(lines).strip()
        reading = None
        if text and step.kind == "question":
            from course_lib.interview.reading import read_answer

            reading = read_answer(self.topics[step.topic], text, self.session.language)
        self._to(machine.answer(self.session, text, self._spent(), reading))

    def _tick(self, step: Step) -> None:
        entry = self.session.entry
        read = {each.point: each for each in entry.reading.points} if entry.reading else {}
        self.console.print()
        if entry.reading and entry.reading.remark:
            self.say(entry.reading.remark)
        if step.exhibit is not None:
            caption = step.exhibit.caption
            self.say(Say(f"The table: {caption.en}", f"表题：{caption.zh}"), "")
        self.say(Say("A good answer says:", "好的回答会说到："))
        for place, point in enumerate(step.points):
            mark = "[x]" if place < len(entry.said) and entry.said[place] else "[ ]"
            self.say(Say(f"{place + 1}. {mark} {plain(point.en)}", f"{place + 1}. {mark} {plain(point.zh)}"))
            heard = read.get(place)
            if heard:
                word = VERDICTS[heard.verdict].to(self.session.language)
                colon = COLON.to(self.session.language)
                self.say(f"     {word}{colon}{heard.sentence}" if heard.sentence else f"     {word}")
                if heard.sentence and heard.verdict == "unsure":
                    self.say(Say(f"     {heard.why.en}", f"     {heard.why.zh}"))
        self._read_aloud(step)
        while True:
            answer = self._line(_TICK if len(step.points) > 1 else _TICK_ONE).lower()
            points = _points(answer, self.session.entry.said)
            beyond = [point + 1 for point in points or () if not 0 <= point < len(step.points)]
            if points is not _WRONG and not beyond:
                self._to(machine.tick(self.session, points, self._spent()))
                break
            if points is not _WRONG:
                high = len(step.points)
                self.say(
                    Say(
                        f"There is no point {beyond[0]}; they are 1 to {high}.",
                        f"没有第 {beyond[0]} 点，只有 1 到 {high}。",
                    )
                )
                continue
            self.say(Say(f"{answer!r} is not understood.", f"没看懂 {answer!r}。"))
        if step.model:
            self.say(Say("\nIn sixty seconds:\n", "\n六十秒回答：\n"))
            self.say(Say(plain(step.model.en), plain(step.model.zh)))

    def _read_aloud(self, step: Step) -> None:
        reading = self.session.entry.reading
        if reading is None:
            return
        for fallen in reading.pitfalls:
            word, pitfall = KINDS["pitfall"], step.pitfalls[fallen.pitfall]
            self.say(
                Say(
                    f"! {word.en}: {fallen.sentence}\n  {plain(pitfall.en)}",
                    f"! {word.zh}：{fallen.sentence}\n  {plain(pitfall.zh)}",
                )
            )
        for number in distinct(reading.numbers):
            verdict, real = VERDICTS[number.verdict], number.measured
            measured = Say(f" (measured {real})", f"（实测 {real}）") if real else Say("", "")
            self.say(Say(f"# {number.text}: {verdict.en}{measured.en}", f"# {number.text}：{verdict.zh}{measured.zh}"))

    def _board(self, step: Step) -> None:
        kept = self.session.entry.board
        if kept is None or not Path(kept.file).is_file():
            path = write_stub(self.topics[step.topic], step.task, self.session.language)
            self._to(machine.board(self.session, str(path)))
        else:
            path = Path(kept.file)
        self.console.print()
        self.say(Say(f"Write your answer in {path}", f"请把答案写在 {path}"))
        while True:
            line = self._line(_BOARD)
            if line == "h":
                from course_lib.grading import hint

                with speaking(self.session.language):
                    self.say(str(hint(step.task)))
                continue
            if line == "d":
                self._to(machine.skip(self.session, self._spent()))
                return
            chosen = Path(line).expanduser() if line else path
            try:
                result = grade(chosen, step.task)
            except ValueError as error:
                self.say(str(error))
                continue
            from course_lib.grading.render import text

            self._to(machine.checked(self.session, result, self._spent()))
            with speaking(self.session.language):
                self.say(text(result))
            if result.passed:
                self._to(machine.skip(self.session, self._spent()))
                return

    def _line(self, prompt: Say | None, seconds: int = 0) -> str:
        """Read one line; the keys that work everywhere are handled here."""
        while True:
            if prompt is not None:
                self.say(prompt)
            line = self._timed(seconds) if seconds else self._raw()
            word = line.strip().lower()
            if word == "q":
                raise Stopped
            if word in LANGUAGES:
                self._to(machine.speak(self.session, word))
                self._head(self.session.step)
                continue
            if word == "s":
                raise _Skip
            return line.strip()

    def _raw(self) -> str:
        if self.console.is_terminal:
            self.console.print("> ", end="")
        try:
            return self._read()
        except EOFError:
            raise Stopped from None

    def _timed(self, seconds: int) -> str:
        """Read a line beside a countdown, which goes on past its end: it tells, it does not stop anybody."""
        if not self.console.is_terminal:
            return self._raw()
        ended = threading.Event()

        def count() -> None:
            for left in range(seconds, -1, -1):
                bar = "■" * round(20 * left / seconds)
                sys.stdout.write(f"\r{left:3d} s {bar:<20} ")
                sys.stdout.flush()
                if ended.wait(1):
                    return
            sys.stdout.write(f"\r{Say('time!', '时间到！').to(self.session.language)}{' ' * 24}\a\n> ")
            sys.stdout.flush()

        clock = threading.Thread(target=count, daemon=True)
        clock.start()
        try:
            return self._read()
        except EOFError:
            raise Stopped from None
        finally:
            ended.set()
            clock.join(2)


class _Skip(Exception):
    """The step is passed over."""


_WRONG: set[int] = {-1}
_LEVELS = {"easy": Say("easy", "简单"), "medium": Say("medium", "中等"), "hard": Say("hard", "困难")}


def _longer(used: float, planned: int) -> Say:
    return Say(
        f"That took {used:.1f} minutes; {planned} were planned.", f"这一步用了 {used:.1f} 分钟，计划 {planned} 分钟。"
    )


def _leave_ticks(session: Session, seconds: float) -> Session:
    """Passing over the ticking leaves the points as they are marked; the answer counts."""
    return machine.tick(session, None, seconds)


def _points(answer: str, marked: Sequence[bool]) -> set[int] | None:
    """Read "1 3", "+2 -1", "a", "0" or nothing as points counted from 0; `_WRONG` when it is none of them."""
    count = len(marked)
    if not answer:
        return None
    if answer in ("a", "all") or (answer in ("y", "yes", "是") and count == 1):
        return set(range(count))
    words = answer.replace(",", " ").replace("，", " ").replace("、", " ").split()
    if all(word[0] in "+-" and word[1:].isdecimal() for word in words):
        added = {int(word[1:]) - 1 for word in words if word[0] == "+"}
        taken = {int(word[1:]) - 1 for word in words if word[0] == "-"}
        return ({place for place, said in enumerate(marked) if said} | added) - taken
    if not all(word.isdecimal() for word in words):
        return _WRONG
    return {int(word) - 1 for word in words if word != "0"}


def show_report(session: Session, topics: Sequence[Topic], console: Console) -> None:
    """Print the report of a session in its language."""
    from rich.padding import Padding
    from rich.text import Text

    for line in told(report(session, topics), session.language):
        if ".ipynb" in line:  # a path is one word, to be copied
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            text = line.lstrip()
            indent = len(line) - len(text)
            if session.language == "zh":
                text = wrapped(text, console.width - 2 - indent)
            console.print(Padding(Text(text), (0, 0, 0, indent), expand=False) if text else "")
