"""What the page's controls do: each button moves the session on, and the page shows what comes next."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from course_lib import catalog
from course_lib.home import course_root
from course_lib.interview import conduct, mock, store
from course_lib.interview import session as machine
from course_lib.interview.defend import own_numbers
from course_lib.interview.markdown import paragraphs
from course_lib.interview.report import NO_MARK, report
from course_lib.interview.report_html import html_body, html_page
from course_lib.interview.session import Session
from course_lib.interview.widgets import labels
from course_lib.interview.widgets.clock import Clock
from course_lib.interview.widgets.controls import Controls
from course_lib.interview.widgets.views import page, step_html
from course_lib.language import Say, speaking


class Panel:
    """The controls, and the session that they move. `box` is what is displayed."""

    def __init__(self) -> None:
        self.topics = catalog.topics()
        self.known = {topic.name: topic for topic in self.topics}
        self.session: Session | None = None
        self.controls = Controls()
        self.box = self.controls.box
        self.clock = Clock(self._tell_time)
        self._since = time.monotonic()
        self._note = ""
        for place, button in enumerate(self.controls.buttons):
            button.on_click(lambda _button, place=place: self.press(place))
        self.controls.language.observe(self._speak, names="value")
        self.show()

    @property
    def language(self) -> str:
        """The language of the page, "en" or "zh"."""
        code: str = self.controls.language.value
        return code

    # What is shown

    def show(self) -> None:
        """Show the present step, or the beginning, or the report."""
        state, controls = self.session, self.controls
        asking = state is not None and state.phase == "asking" and state.step.kind != "whiteboard"
        controls.arrange(
            setup=state is None,
            asking=asking,
            read=state is None or state.phase == "done" or conduct.is_read(state.step),
            ticking=state is not None and state.phase == "ticking",
        )
        if state is None:
            body = f"<p>{escape(controls.say(NO_MARK))}</p>"
            controls.name("begin", "resume" if (store.folder() / "current.json").is_file() else "")
        elif state.phase == "done":
            body = html_body(report(state, self.topics), _folder(), self.language)
            body = body.replace("<a href", '<a target="_blank" href')  # this page stays
            controls.name("save", "again")
        else:
            body = step_html(state, self.known[state.step.topic], self.language)
            self._name(state)
        controls.screen.value = page(body, self.language)
        controls.told.value = self._note

    def _name(self, state: Session) -> None:
        if state.phase == "ticking":
            self.controls.offer(state.entry.said)
            self.controls.name("next")
        elif state.step.kind == "whiteboard":
            self.controls.name("check", "hint", "done")
        else:
            self.controls.timer.value = ""
            self.controls.name("answered", labels.clock(state.step.speak), "skip")

    def _tell_time(self, html: str) -> None:
        self.controls.timer.value = page(html, self.language)

    # What the buttons do

    def press(self, place: int) -> None:
        """Do what the button in this place is for now; a fault is told on the page, where a traceback is not seen."""
        act = self._acts()[place]
        if act == self._start_clock:
            act()
            return
        self.clock.stop()
        self._note = ""
        try:
            with speaking(self.language):
                act()
        except Exception as error:
            self._note = f'<p role="alert">{escape(str(error) or type(error).__name__)}</p>'
        self.show()

    def _acts(self) -> tuple[Callable[[], None], ...]:
        state = self.session
        if state is None:
            return self._begin, self._resume
        if state.phase == "done":
            return self._save, self._again
        if state.phase == "ticking":
            return (self._ticked,)
        if state.step.kind == "whiteboard":
            return self._check, self._hint, self._skipped
        return self._answered, self._start_clock, self._skipped

    def _begin(self) -> None:
        own, chosen = own_numbers(self.topics), self.controls
        plan = mock.plan(self.topics, chosen.role.value, chosen.minutes.value, chosen.seed.value, own)
        store.put_away()
        self._to(machine.start(plan, self.language, datetime.now()))

    def _resume(self) -> None:
        kept = store.current()
        if kept is None:
            raise ValueError(
                str(Say("What was kept could not be read; it was set aside.", "保存的内容无法读取，已另存一旁。"))
            )
        self.controls.language.value = kept.language
        self._to(kept)

    def _again(self) -> None:
        self.session = None

    def _answered(self) -> None:
        state, text = self._state, self.controls.typed.value.strip()
        self._to(conduct.answered(state, self.known[state.step.topic], text, self._spent()))
        self.controls.typed.value = ""

    def _ticked(self) -> None:
        self._to(machine.tick(self._state, self.controls.ticked, self._spent()))

    def _skipped(self) -> None:
        self._to(machine.skip(self._state, self._spent()))
        self.controls.typed.value = ""

    def _check(self) -> None:
        from course_lib.grading.render import html

        board = self._state.entry.board
        assert board is not None
        state, result = conduct.checked(self._state, Path(board.file), self._spent())
        self._to(state)
        self._note = html(result)

    def _hint(self) -> None:
        from course_lib.grading import hint

        self._note = paragraphs(str(hint(self._state.step.task)))

    def _save(self) -> None:
        state = self._state
        stamp = "".join(char for char in state.began if char.isdigit())
        path = _folder() / f"interview_{stamp}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html_page(report(state, self.topics), path.parent, self.language), "utf-8")
        self._note = f"<p>{escape(str(Say('Written:', '已写入：')))} <code>workbook/{path.name}</code></p>"

    def _start_clock(self) -> None:
        self.clock.start(self._state.step.speak, lambda: self.language)

    # The session

    @property
    def _state(self) -> Session:
        assert self.session is not None
        return self.session

    def _to(self, state: Session) -> None:
        if state.phase == "asking" and state.step.kind == "whiteboard":
            state = conduct.at_board(state, self.known[state.step.topic])
        self.session = state
        self._since = time.monotonic()
        store.save(state)

    def _spent(self) -> float:
        return time.monotonic() - self._since

    def _speak(self, _change: Any) -> None:
        if self.session is not None and self.session.language != self.language:
            self.session = machine.speak(self.session, self.language)
            if self.session.phase != "done":
                store.save(self.session)
        self.show()


def _folder() -> Path:
    return course_root() / "workbook"
