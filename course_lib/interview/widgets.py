"""A mock interview on a notebook page: the terminal's interview with controls, reachable with the keyboard alone.

The controls stay the same from step to step and only change what they say, so that the focus stays where it is. What
is seen is also written: the time in words, points with their verdicts in words, tables as tables.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets

from course_lib import catalog
from course_lib.card import ROLES
from course_lib.home import course_root
from course_lib.interview import mock, store
from course_lib.interview import session as machine
from course_lib.interview.defend import own_numbers
from course_lib.interview.mock import SPEAK_SECONDS, Step
from course_lib.interview.report import KINDS, NO_MARK, STEPS, VERDICTS, report
from course_lib.interview.report_html import html_body, html_page, markup, table_html
from course_lib.interview.session import Session
from course_lib.interview.texts import speaking
from course_lib.interview.whiteboard import grade, write_stub
from course_lib.language import Say, language

_NOTE = Say(
    "Run this cell to hold a mock interview here; or type `course interview` in a terminal. Nothing leaves this "
    "machine.",
    "运行此单元格即可在这里进行模拟面试；也可以在终端输入 `course interview`。任何内容都不会离开这台机器。",
)
_LABELS = {
    "begin": Say("Begin", "开始"),
    "resume": Say("Go on where you stopped", "从上次停下的地方继续"),
    "role": Say("Role", "岗位"),
    "minutes": Say("Minutes", "分钟"),
    "seed": Say("Seed", "种子"),
    "answer": Say("Answer (optional, to have it read)", "回答（可选，供课程阅读）"),
    "keep": Say("Answer (optional, kept in the report; compare it yourself)", "回答（可选，留在报告里，由你自己对照）"),
    "clock": Say(f"Start the {SPEAK_SECONDS} seconds", f"开始 {SPEAK_SECONDS} 秒计时"),
    "answered": Say("I have answered", "我答完了"),
    "next": Say("Next", "下一步"),
    "skip": Say("Pass over", "跳过"),
    "check": Say("Have the file checked", "检查该文件"),
    "hint": Say("Hint", "提示"),
    "done": Say("Done, go on", "做完了，继续"),
    "save": Say("Write the report as a page", "把报告写成网页"),
    "again": Say("A new interview", "再来一次"),
}
_WIDE = ipywidgets.Layout(width="100%")


def interview() -> None:
    """Show the interview's controls in a notebook, or a line that says how to begin where there is no kernel."""
    text = str(_NOTE)
    if "IPython" not in sys.modules:
        print(text)
        return
    import IPython.display

    if IPython.get_ipython() is None:
        print(text)
        return
    html = f"<p><i>{markup(_NOTE.en)} <span lang='zh'>{markup(_NOTE.zh)}</span></i></p>"
    live = dict(Panel().box._repr_mimebundle_())
    display: Any = IPython.display.display  # it carries no types
    display(live | {"text/html": html, "text/plain": text}, raw=True)


class Panel:
    """The controls, and the session that they move. `box` is what is displayed."""

    def __init__(self) -> None:
        self.topics = catalog.topics()
        self.known = {topic.name: topic for topic in self.topics}
        self.session: Session | None = None
        self._since = time.monotonic()
        self._clock: asyncio.Task[None] | None = None
        self._note = ""
        self.language = ipywidgets.Dropdown(
            options=[("English", "en"), ("中文", "zh")], value=language(), description="Language / 语言"
        )
        self.role = ipywidgets.Dropdown(options=ROLES, value="mobile")
        self.minutes = ipywidgets.BoundedIntText(value=30, min=mock.SHORTEST, max=mock.LONGEST)
        self.seed = ipywidgets.BoundedIntText(value=int(f"{datetime.now():%Y%m%d}"), min=0, max=10**9)
        self.screen = ipywidgets.HTML()
        self.timer = ipywidgets.HTML()
        self.typed = ipywidgets.Textarea(layout=_WIDE, rows=4)
        self.points = ipywidgets.VBox()
        self.told = ipywidgets.HTML()
        self.main, self.second, self.third = (ipywidgets.Button() for _ in range(3))
        for control in (self.language, self.role, self.minutes, self.seed, self.typed):
            control.style.description_width = "initial"
        for button, press in ((self.main, self._main), (self.second, self._second), (self.third, self._third)):
            button.layout.width = "auto"
            button.on_click(press)
        self.language.observe(self._speak, names="value")
        self.setup = ipywidgets.VBox([self.role, self.minutes, self.seed])
        buttons = ipywidgets.HBox([self.main, self.second, self.third], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.box = ipywidgets.VBox(
            [self.language, self.setup, self.screen, self.timer, self.typed, self.points, buttons, self.told]
        )
        self.show()

    def say(self, say: Say) -> str:
        """Return a text in the language of the page."""
        return say.to(self.language.value)

    # What is shown

    def show(self) -> None:
        """Show the present step, or the beginning, or the report."""
        for control, name in ((self.role, "role"), (self.minutes, "minutes"), (self.seed, "seed")):
            control.description = self.say(_LABELS[name])
        state = self.session
        asking = state is not None and state.phase == "asking" and state.step.kind != "whiteboard"
        read = (
            state is None or state.phase == "done" or state.step.kind == "question"
        )  # the others are compared by hand
        self.typed.description = self.say(_LABELS["answer" if read else "keep"])
        _shown(self.setup, state is None)
        _shown(self.typed, asking)
        _shown(self.timer, asking)
        _shown(self.points, state is not None and state.phase == "ticking")
        if state is None:
            self._beginning()
        elif state.phase == "done":
            self._end(state)
        else:
            self._step(state, state.step)

    def _beginning(self) -> None:
        open_one = (store.folder() / "current.json").is_file()
        self.screen.value = self._page(f"<p>{escape(self.say(NO_MARK))}</p>")
        self.told.value = self._note
        self._buttons("begin", "resume" if open_one else "", "")

    def _step(self, state: Session, step: Step) -> None:
        topic = self.known[step.topic]
        left = max(0.0, state.plan.minutes - state.seconds / 60)
        head = self.say(
            Say(
                f"{state.at + 1} of {len(state.plan.steps)}: {STEPS[step.kind].en}. {step.minutes} min; "
                f"{left:.0f} of {state.plan.minutes} left.",
                f"第 {state.at + 1}/{len(state.plan.steps)} 步：{STEPS[step.kind].zh}。{step.minutes} 分钟；"
                f"剩 {left:.0f}/{state.plan.minutes} 分钟。",
            )
        )
        if state.over:
            head += " " + self.say(
                Say("The planned time is over; go on as long as you like.", "计划的时间到了，想继续就继续。")
            )
        body = f"<h3>{escape(head)}</h3>{self._markdown(self.say(step.ask))}"
        if step.exhibit is not None:
            shown = state.phase == "ticking"
            label = self.say(Say(f"A table of lesson {topic.number:02d}", f"第 {topic.number:02d} 课的一张表"))
            body += table_html(step.exhibit, self.say(step.exhibit.caption) if shown else label)
        if state.phase == "ticking":
            self.screen.value = self._page(body + self._answer(state, step))
            self._tickboxes(state, step)
            self._buttons("next", "", "")
        elif step.kind == "whiteboard":
            board = state.entry.board
            file = escape(Path(board.file).name) if board else ""
            where = self.say(
                Say("Write your answer in this file of workbook/:", "请把答案写在 workbook/ 的这个文件里：")
            )
            self.screen.value = self._page(f"{body}<p>{escape(where)} <code>{file}</code></p>")
            self._buttons("check", "hint", "done")
        else:
            self.screen.value = self._page(body)
            self.timer.value = ""
            self._buttons("answered", "clock", "skip")
        self.told.value = self._note

    def _answer(self, state: Session, step: Step) -> str:
        """What a good answer says, with the verdicts of the reading beside it."""
        reading = state.entry.reading
        read = {each.point: each for each in reading.points} if reading else {}
        items = []
        for place, point in enumerate(step.points):
            heard = read.get(place)
            verdict = f"<br><b>{escape(self.say(VERDICTS[heard.verdict]))}</b>" if heard else ""
            quoted = f" <q>{escape(heard.sentence)}</q>" if heard and heard.sentence else ""
            doubt = heard is not None and heard.verdict == "unsure" and heard.sentence
            why = f" {escape(self.say(heard.why))}" if heard and doubt else ""
            items.append(f"<li>{markup(self.say(point))}{verdict}{quoted}{why}</li>")
        parts = [f"<p>{escape(self.say(Say('A good answer says:', '好的回答会说到：')))}</p><ol>{''.join(items)}</ol>"]
        if reading:
            parts += [f"<p>{escape(self.say(reading.remark))}</p>"] if reading.remark else []
            parts += [
                f"<p><b>{escape(self.say(KINDS['pitfall']))}</b>: <q>{escape(each.sentence)}</q> "
                f"{markup(self.say(step.pitfalls[each.pitfall]))}</p>"
                for each in reading.pitfalls
            ]
            parts += [
                f"<p>{escape(each.text)}: {escape(self.say(VERDICTS[each.verdict]))} {escape(each.measured)}</p>"
                for each in reading.numbers
            ]
        if step.model:
            label = self.say(Say("In sixty seconds", "六十秒回答"))
            parts.append(f"<details><summary>{label}</summary>{self._markdown(self.say(step.model))}</details>")
        return "".join(parts)

    def _tickboxes(self, state: Session, step: Step) -> None:
        said = state.entry.said
        one = len(step.points) == 1
        self.points.children = [
            ipywidgets.Checkbox(
                value=place < len(said) and said[place],
                indent=False,
                description=self.say(
                    Say("I said this, in substance", "大意说到了")
                    if one
                    else Say(f"Point {place + 1}: I said it", f"第 {place + 1} 点：我说到了")
                ),
            )
            for place in range(len(step.points))
        ]

    def _end(self, state: Session) -> None:
        body = html_body(report(state, self.topics), self._folder(), self.language.value)
        self.screen.value = self._page(body.replace("<a href", '<a target="_blank" href'))  # this page stays
        self.told.value = self._note
        self._buttons("save", "again", "")

    def _page(self, inside: str) -> str:
        code = "zh-CN" if self.language.value == "zh" else "en"
        kind = "course-interview jp-RenderedHTMLCommon"  # Jupyter's own look for text: links can be seen
        return f'<div class="{kind}" lang="{code}" style="line-height:1.55;max-width:60rem">{inside}</div>'

    def _markdown(self, text: str) -> str:
        lines = [line.lstrip("#").strip() for line in text.strip().splitlines() if line.strip()]
        return "".join(f"<p>{markup(line)}</p>" for line in lines)

    def _buttons(self, *names: str) -> None:
        for button, name in zip((self.main, self.second, self.third), names, strict=True):
            _shown(button, bool(name))
            if name:
                button.description = self.say(_LABELS[name])

    def _folder(self) -> Path:
        return course_root() / "workbook"

    # What the buttons do

    def _main(self, _button: object) -> None:
        state = self.session
        if state is None:
            self._try(self._begin)
        elif state.phase == "done":
            self._try(self._save)
        elif state.phase == "ticking":
            self._try(self._ticked)
        elif state.step.kind == "whiteboard":
            self._try(self._check)
        else:
            self._try(self._answered)

    def _second(self, _button: object) -> None:
        state = self.session
        if state is None:
            self._try(self._resume)
        elif state.phase == "done":
            self.session = None
            self._try(lambda: None)
        elif state.step.kind == "whiteboard":
            self._try(self._hint)
        else:
            self._start_clock()

    def _third(self, _button: object) -> None:
        self._try(self._skipped)

    def _try(self, act: Callable[[], None]) -> None:
        """Do it and show what is next; a fault is told on the page, since a callback's traceback is seen by nobody."""
        self._stop_clock()
        self._note = ""
        try:
            act()
        except Exception as error:
            self._note = f'<p role="alert">{escape(str(error) or type(error).__name__)}</p>'
        self.show()

    def _begin(self) -> None:
        own = own_numbers(self.topics)
        plan = mock.plan(self.topics, self.role.value, self.minutes.value, self.seed.value, own)
        store.put_away()
        self._to(machine.start(plan, self.language.value, datetime.now()))

    def _resume(self) -> None:
        kept = store.current()
        if kept is None:
            raise ValueError(
                self.say(Say("What was kept could not be read; it was set aside.", "保存的内容无法读取，已另存一旁。"))
            )
        self.language.value = kept.language
        self._to(kept)

    def _answered(self) -> None:
        assert self.session is not None
        step, text = self.session.step, self.typed.value.strip()
        reading = None
        if text and step.kind == "question":
            from course_lib.interview.reading import read_answer

            reading = read_answer(self.known[step.topic], text, self.language.value)
        self._to(machine.answer(self.session, text, self._spent(), reading))
        self.typed.value = ""

    def _ticked(self) -> None:
        assert self.session is not None
        said = {place for place, box in enumerate(self.points.children) if box.value}
        self._to(machine.tick(self.session, said, self._spent()))

    def _skipped(self) -> None:
        assert self.session is not None
        self._to(machine.skip(self.session, self._spent()))
        self.typed.value = ""

    def _check(self) -> None:
        assert self.session is not None
        board = self.session.entry.board
        assert board is not None
        from course_lib.grading.render import html

        result = grade(Path(board.file), self.session.step.task)
        self._to(machine.checked(self.session, result, self._spent()))
        with speaking(self.language.value):
            self._note = html(result)

    def _hint(self) -> None:
        assert self.session is not None
        from course_lib.grading import hint

        with speaking(self.language.value):
            self._note = self._markdown(str(hint(self.session.step.task)))

    def _save(self) -> None:
        assert self.session is not None
        stamp = "".join(char for char in self.session.began if char.isdigit())
        path = self._folder() / f"interview_{stamp}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html_page(report(self.session, self.topics), path.parent, self.language.value), "utf-8")
        self._note = f"<p>{escape(self.say(Say('Written:', '已写入：')))} <code>workbook/{path.name}</code></p>"

    def _to(self, state: Session) -> None:
        if state.phase == "asking" and state.step.kind == "whiteboard":
            board = state.entry.board
            if board is None or not Path(board.file).is_file():
                path = write_stub(self.known[state.step.topic], state.step.task, self.language.value)
                state = machine.board(state, str(path))
        self.session = state
        self._since = time.monotonic()
        store.save(state)

    def _spent(self) -> float:
        return time.monotonic() - self._since

    def _speak(self, _change: object) -> None:
        if self.session is not None and self.session.language != self.language.value:
            self.session = machine.speak(self.session, self.language.value)
            if self.session.phase != "done":
                store.save(self.session)
        self.show()

    # The clock

    def _start_clock(self) -> None:
        self._stop_clock()
        try:
            self._clock = asyncio.get_running_loop().create_task(self._count())
        except RuntimeError:  # outside a kernel nothing ticks
            self.timer.value = self._left(SPEAK_SECONDS)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    async def _count(self) -> None:
        for left in range(SPEAK_SECONDS, -1, -1):
            self.timer.value = self._left(left)
            await asyncio.sleep(1)

    def _left(self, left: int) -> str:
        words = (
            Say(f"{left} seconds left", f"还剩 {left} 秒")
            if left
            else Say("Time. Finish your sentence.", "时间到，把这句说完。")
        )
        bar = f'<progress aria-hidden="true" max="{SPEAK_SECONDS}" value="{left}"></progress>'
        return self._page(f'<p role="timer">{bar} {escape(self.say(words))}</p>')


def _shown(control: Any, visible: bool) -> None:
    control.layout.display = None if visible else "none"
