"""What is shown of a step: the question with its table, and the points of a good answer with what was read."""

from __future__ import annotations

from course_lib.catalog import Topic
from course_lib.interview import conduct
from course_lib.interview.mock import Step
from course_lib.interview.paper import Paper
from course_lib.interview.report import KINDS, VERDICTS, distinct
from course_lib.interview.session import Entry, Session
from course_lib.interview.terminal.tables import drawn
from course_lib.interview.texts import COLON
from course_lib.language import Say

_INDENT = 7  # under the text of a point


def show_step(paper: Paper, session: Session, topic: Topic) -> None:
    """Show where we are and what is asked, with its table."""
    step, language = session.step, session.language
    paper.gap()
    paper.console.rule(f"{session.at + 1}/{len(session.plan.steps)}", align="left", style="")
    paper.show(conduct.head(session).to(language))
    paper.gap()
    paper.card(step.ask.to(language))
    if step.exhibit is not None:
        paper.gap()
        paper.console.print(drawn(step.exhibit, paper.console.width))
        origin = Say(
            f"(a table of lesson {topic.number:02d}; its caption comes with the answer)",
            f"（第 {topic.number:02d} 课的表；表题随答案给出）",
        )
        paper.show(origin.to(language))
    paper.gap()


def show_points(paper: Paper, step: Step, entry: Entry, language: str) -> None:
    """Show a good answer and its points, marked as they stand, with what was read in a typed answer beside them."""
    paper.gap()
    if step.exhibit is not None:
        caption = step.exhibit.caption
        paper.show(Say(f"The table: {caption.en}", f"表题：{caption.zh}").to(language))
        paper.gap()
    if step.model:
        paper.show(conduct.IN_A_MINUTE.to(language))
        paper.gap()
        paper.card(step.model.to(language))
        paper.gap()
    if entry.reading and entry.reading.remark:
        paper.show(entry.reading.remark.to(language))
    read = {each.point: each for each in entry.reading.points} if entry.reading else {}
    paper.show(conduct.GOOD_ANSWER.to(language))
    for place, point in enumerate(step.points):
        mark = "[x] " if place < len(entry.said) and entry.said[place] else "[ ] "
        paper.card(point.to(language), mark=f"{place + 1}. {mark}")
        heard = read.get(place)
        if heard:
            word, sentence = VERDICTS[heard.verdict].to(language), heard.sentence
            paper.show(f"{word}{COLON.to(language)}{sentence}" if sentence else word, indent=_INDENT)
            why = conduct.doubt(heard)
            if why:
                paper.show(why.to(language), indent=_INDENT)
    _show_reading(paper, step, entry, language)


def _show_reading(paper: Paper, step: Step, entry: Entry, language: str) -> None:
    if entry.reading is None:
        return
    colon = COLON.to(language)
    for fallen in entry.reading.pitfalls:
        paper.show(f"{KINDS['pitfall'].to(language)}{colon}{fallen.sentence}", mark="! ")
        paper.card(step.pitfalls[fallen.pitfall].to(language), indent=2)
    for number in distinct(entry.reading.numbers):
        real = number.measured
        measured = Say(f" (measured {real})", f"（实测 {real}）").to(language) if real else ""
        paper.show(f"{number.text}{colon}{VERDICTS[number.verdict].to(language)}{measured}", mark="# ")
