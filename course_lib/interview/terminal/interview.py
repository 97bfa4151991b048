"""One run of a session in a terminal: ask, take the answer, have the points ticked, and keep it after every step."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from course_lib.catalog import Topic
from course_lib.interview import conduct, store
from course_lib.interview import session as machine
from course_lib.interview.mock import Step
from course_lib.interview.paper import Paper
from course_lib.interview.report import NO_MARK
from course_lib.interview.session import Session
from course_lib.interview.terminal.board import at_the_board
from course_lib.interview.terminal.keys import KEYS, TIME, Keyboard, Skipped, Stopped, Switched
from course_lib.interview.terminal.ticks import MANY, ONE, ticks
from course_lib.interview.terminal.views import show_points, show_step
from course_lib.language import Say, speaking

if TYPE_CHECKING:
    from rich.console import Console

_TYPE = Say(
    "Type your answer to have it read, end it with an empty line; Enter alone goes without.",
    "想让课程读你的回答就打字，以空行结束；直接按回车则不读。",
)
_KEEP = Say(
    "Type your answer to keep it in the report, end it with an empty line; Enter alone goes without. This one you "
    "compare yourself: it is not read.",
    "想把回答留在报告里就打字，以空行结束；直接按回车则不留。这一步课程不读，由你自己对照。",
)
_MORE = Say("Go on; an empty line ends your answer.", "可以继续输入；空行结束回答。")
_MUCH = 30  # seconds beyond the plan of a step before it is worth a word


class Interview:
    """A session that goes on: asks on a console, reads lines, saves after every step."""

    def __init__(
        self, session: Session, topics: Sequence[Topic], console: Console, read: Callable[[], str] | None = None
    ) -> None:
        self.session = session
        self.topics = {topic.name: topic for topic in topics}
        self.paper = Paper(console)
        self.keyboard = Keyboard(self.paper, read)
        self._since = time.monotonic()
        self._told_over = session.over

    def run(self) -> Session:
        """Ask until the end; returns the finished session, or raises Stopped with what is so far kept."""
        self.say(KEYS, NO_MARK, self._outline())
        while self.session.phase != "done":
            at, step = self.session.at, self.session.step
            with speaking(self.session.language):  # the checks, the hints and the errors, too
                try:
                    self._step(step)
                except Skipped:
                    self._pass_over()
                except Switched as wanted:  # the step is shown again, in that language
                    self._keep(machine.speak(self.session, str(wanted)))
                    continue
            self._tell_time(self.session.entries[at].seconds, step)
        return self.session

    def say(self, *texts: Say) -> None:
        """Print texts in the session's language, as they are."""
        for each in texts:
            self.paper.show(each.to(self.session.language))

    def _outline(self) -> Say:
        """What is coming, and whose numbers are to be defended; or where it goes on."""
        plan, number = self.session.plan, self.session.at + 1
        if self.session.entries:
            began = self.session.began.replace("T", " ")
            return Say(
                f"This is the interview that began at {began}; it goes on at step {number} of {len(plan.steps)}.",
                f"继续 {began} 开始的面试，从第 {number} 步（共 {len(plan.steps)} 步）接着来。",
            )
        asked = sum(step.kind == "question" for step in plan.steps)
        whose = (
            Say("your own", "你自己的")
            if plan.own
            else Say("the course's, for want of your own", "课程的，因为还没有你自己的")
        )
        return Say(
            f"{plan.minutes} minutes, {len(plan.steps)} steps: {asked} questions with follow-ups, a table, a "
            f"whiteboard, numbers to defend ({whose.en}). --seed {plan.seed} asks the same again.",
            f"{plan.minutes} 分钟，{len(plan.steps)} 步：{asked} 道提问（附追问）、一张表、一道白板题、"
            f"要辩护的数字（{whose.zh}）。用 --seed {plan.seed} 可以再问同样的题。",
        )

    def _keep(self, session: Session) -> None:
        self.session = session
        store.save(session)

    def _spent(self) -> float:
        now = time.monotonic()
        spent, self._since = now - self._since, now
        return spent

    def _step(self, step: Step) -> None:
        topic = self.topics[step.topic]
        show_step(self.paper, self.session, topic)
        if step.kind == "whiteboard":
            at_the_board(self.keyboard, self.session, topic, self._spent, self._keep)
            return
        if self.session.phase == "asking":
            self._ask(step, topic)
        self._tick(step)

    def _ask(self, step: Step, topic: Topic) -> None:
        language = self.session.language
        aloud = Say(
            f"Answer out loud, {step.speak} seconds. Enter when you are done.",
            f"请出声回答，{step.speak} 秒。说完按回车。",
        )
        begun = self.keyboard.ask(aloud.to(language), step.speak, TIME.to(language))
        if begun:
            self.say(_MORE)
        else:
            begun = self.keyboard.ask((_TYPE if conduct.is_read(step) else _KEEP).to(language))
        lines, stopped = [begun], False
        while lines[-1]:
            try:
                lines.append(self.keyboard.ask(""))
            except Stopped:  # what was typed so far is an answer
                stopped = True
                break
        text = "\n".join(lines).strip()
        self._keep(conduct.answered(self.session, topic, text, self._spent()))
        if stopped:
            raise Stopped

    def _tick(self, step: Step) -> None:
        language = self.session.language
        show_points(self.paper, step, self.session.entry, language)
        prompt = MANY if len(step.points) > 1 else ONE
        while True:
            line = self.keyboard.ask(prompt.to(language))
            try:
                said = ticks(line, self.session.entry.said)
            except ValueError as error:
                self.paper.show(error)
                continue
            self._keep(machine.tick(self.session, said, self._spent()))
            return

    def _pass_over(self) -> None:
        """Pass over the step; at the ticking the points stay as they are marked, and the answer counts."""
        spent = self._spent()
        ticking = self.session.phase == "ticking"
        self._keep(machine.tick(self.session, None, spent) if ticking else machine.skip(self.session, spent))

    def _tell_time(self, used: float, step: Step) -> None:
        if used > 60 * step.minutes + _MUCH:
            self.say(
                Say(
                    f"That took {used / 60:.1f} min; planned: {step.minutes}.",
                    f"这一步用了 {used / 60:.1f} 分钟，计划 {step.minutes} 分钟。",
                )
            )
        if self.session.over and not self._told_over:
            self._told_over = True
            self.say(conduct.OVER)
