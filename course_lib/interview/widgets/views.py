"""What the page shows of a session, as HTML: pure functions of it."""

from __future__ import annotations

from html import escape
from pathlib import Path

from course_lib.catalog import Topic
from course_lib.interview import conduct
from course_lib.interview.markdown import markup, paragraphs
from course_lib.interview.mock import Step
from course_lib.interview.reading import Heard
from course_lib.interview.report import KINDS, VERDICTS, distinct
from course_lib.interview.report_html import table_html
from course_lib.interview.session import Entry, Session
from course_lib.interview.texts import COLON
from course_lib.language import Say


def page(inside: str, language: str) -> str:
    """Wrap a text for the page, in its language and with Jupyter's own look for text, in which links can be seen."""
    code = "zh-CN" if language == "zh" else "en"
    kind = "course-interview jp-RenderedHTMLCommon"
    return f'<div class="{kind}" lang="{code}" style="line-height:1.55;max-width:60rem">{inside}</div>'


def step_html(session: Session, topic: Topic, language: str) -> str:
    """Return the present step: where we are, what is asked, its table, and after an answer what a good one says."""
    step, ticking = session.step, session.phase == "ticking"
    place = f"{session.at + 1}/{len(session.plan.steps)}"
    where = Say(f"{session.at + 1} of {len(session.plan.steps)}: ", f"第 {place} 步：")
    told = f"{where.to(language)}{conduct.head(session).to(language)}"
    if session.over:
        told += f" {conduct.OVER.to(language)}"
    body = f"<h3>{escape(told)}</h3>{paragraphs(step.ask.to(language))}"
    if step.exhibit is not None:
        label = Say(f"A table of lesson {topic.number:02d}", f"第 {topic.number:02d} 课的一张表")
        body += table_html(step.exhibit, (step.exhibit.caption if ticking else label).to(language))
    if ticking:
        body += _answer(step, session.entry, language)
    elif step.kind == "whiteboard" and session.entry.board:
        file = escape(Path(session.entry.board.file).name)
        says = Say("Write your answer in this file of workbook/:", "请把答案写在 workbook/ 的这个文件里：")
        body += f"<p>{escape(says.to(language))} <code>{file}</code></p>"
    return body


def _answer(step: Step, entry: Entry, language: str) -> str:
    """What a good answer says, with the verdicts of the reading beside it."""
    reading = entry.reading
    read = {each.point: each for each in reading.points} if reading else {}
    items = "".join(
        f"<li>{markup(point.to(language))}{_verdict(read.get(place), language)}</li>"
        for place, point in enumerate(step.points)
    )
    parts = [f"<p>{escape(conduct.GOOD_ANSWER.to(language))}</p><ol>{items}</ol>"]
    if reading:
        colon = COLON.to(language)
        parts += [f"<p>{escape(reading.remark.to(language))}</p>"] if reading.remark else []
        parts += [
            f"<p><b>{escape(KINDS['pitfall'].to(language))}</b>{colon}<q>{escape(each.sentence)}</q> "
            f"{markup(step.pitfalls[each.pitfall].to(language))}</p>"
            for each in reading.pitfalls
        ]
        parts += [
            f"<p>{escape(each.text)}{colon}{escape(VERDICTS[each.verdict].to(language))} {escape(each.measured)}</p>"
            for each in distinct(reading.numbers)
        ]
    if step.model:
        label = conduct.IN_A_MINUTE.to(language).rstrip(":：")
        parts.append(f"<details><summary>{label}</summary>{paragraphs(step.model.to(language))}</details>")
    return "".join(parts)


def _verdict(heard: Heard | None, language: str) -> str:
    if heard is None:
        return ""
    quoted = f" <q>{escape(heard.sentence)}</q>" if heard.sentence else ""
    why = conduct.doubt(heard)
    doubt = f" {escape(why.to(language))}" if why else ""
    return f"<br><b>{escape(VERDICTS[heard.verdict].to(language))}</b>{quoted}{doubt}"
