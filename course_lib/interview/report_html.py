"""A mock interview as one self-contained, accessible HTML page: no script, nothing loaded, nothing by colour alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from urllib.parse import quote

from course_lib.home import course_root
from course_lib.interview.conduct import doubt
from course_lib.interview.exhibits import Exhibit
from course_lib.interview.markdown import markup, paragraphs
from course_lib.interview.mock import Step
from course_lib.interview.report import (
    KINDS,
    NO_MARK,
    RULE,
    STATUS,
    STEPS,
    VERDICTS,
    Finding,
    Redo,
    Report,
    distinct,
    time_used,
)
from course_lib.interview.sections import Section
from course_lib.interview.session import Entry
from course_lib.interview.texts import COLON, ROLE_NAMES, titled
from course_lib.language import Say

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 58rem; padding: 1rem; color: #1a1a1a;
  background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.3rem; margin-top: 2.5rem; } h3 { font-size: 1.05rem; margin-top: 2rem; }
a { color: #0b4f9e; } code { font-size: .92em; overflow-wrap: anywhere; }
blockquote { margin: .5rem 0; padding-left: 1rem; border-left: .25rem solid #6b6b6b; white-space: pre-wrap; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; }
caption { text-align: left; color: #4a4a4a; }
th, td { padding: .25rem .9rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #d9d9d9; }
th[scope="row"] { font-weight: normal; } li { margin: .35rem 0; } .word { font-weight: 600; } .faint { color: #4a4a4a; }
""".strip()


def html_page(found: Report, folder: Path, language: str) -> str:
    """Return the page.

    Args:
        found: what to report.
        folder: where the page will lie; links to lessons and exercises are relative to it.
        language: "en" or "zh".
    """
    return _Page(found, folder, language).whole()


def html_body(found: Report, folder: Path, language: str) -> str:
    """Return what stands inside the page's `main`, for a place that has a page already."""
    return _Page(found, folder, language).body()


def table_html(table: Exhibit, caption: str, width: int = 32) -> str:
    """Return a table; a histogram is a column of its own, beside the numbers that it draws."""
    bars = table.histogram(width)
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    head += '<td aria-hidden="true"></td>' if bars else ""
    rows = []
    for index, (first, *rest) in enumerate(table.rows):
        cells = f'<th scope="row">{escape(first)}</th>' + "".join(f"<td>{escape(each)}</td>" for each in rest)
        cells += f'<td aria-hidden="true">{bars[index]}</td>' if bars else ""
        rows.append(f"<tr>{cells}</tr>")
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption, quote=True)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


class _Page:
    def __init__(self, found: Report, folder: Path, language: str) -> None:
        self.found, self.folder, self.language = found, folder, language

    def say(self, en: str, zh: str) -> str:
        return escape(Say(en, zh).to(self.language))

    def of(self, say: Say) -> str:
        return escape(say.to(self.language))

    def whole(self) -> str:
        return (
            f'<!DOCTYPE html>\n<html lang="{"zh-CN" if self.language == "zh" else "en"}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{self.title()}</title><style>{_STYLE}</style></head>\n"
            f"<body><main>\n{self.body()}\n</main></body></html>\n"
        )

    def title(self) -> str:
        role = ROLE_NAMES[self.found.session.plan.role]
        return self.say(f"Mock interview, {role.en}", f"模拟面试：{role.zh}")

    def body(self) -> str:
        session = self.found.session
        began = escape(session.began.replace("T", " "))
        facts = self.say(
            f"Seed {session.plan.seed}. {len(session.entries)} of {len(session.plan.steps)} steps. ",
            f"种子 {session.plan.seed}。完成 {len(session.entries)}/{len(session.plan.steps)} 步。",
        )
        body = [
            f"<h1>{self.title()}</h1><p>{began}. {facts}{self.of(time_used(session))}</p><p>{self.of(NO_MARK)}</p>",
            self.findings(Say("Strengths", "做得好的"), self.found.strengths, Say("None noted.", "没有记录。")),
            self.findings(Say("Gaps", "差距"), self.found.gaps, Say("None noted.", "没有记录。")),
            self.redo(),
            f"<h2>{self.say('Step by step', '逐步回顾')}</h2>",
            *(self.step(index, step) for index, step in enumerate(session.plan.steps)),
        ]
        return "\n".join(body)

    def link(self, path: str, label: str, anchor: str = "") -> str:
        target = course_root() / path
        try:
            where = Path(os.path.relpath(target, self.folder.resolve())).as_posix()
            href = quote(where) + anchor
        except ValueError:  # another drive of Windows
            href = target.as_uri() + anchor
        return f'<a href="{escape(href, quote=True)}">{label}</a>'

    def section(self, section: Section) -> str:
        anchor = section.url.partition("#")[2]
        label = section.heading or Say("the lesson, from its beginning", "课程开头").to(self.language)
        return self.link(section.notebook, escape(label), f"#{anchor}" if anchor else "")

    def findings(self, head: Say, found: Iterable[Finding], none: Say) -> str:
        items = "".join(f"<li>{self.finding(each)}</li>" for each in found)
        inside = f"<ul>{items}</ul>" if items else f"<p>{self.of(none)}</p>"
        return f"<h2>{self.of(head)}</h2>{inside}"

    def finding(self, found: Finding) -> str:
        number = found.step + 1
        quoted = f" <q>{escape(found.sentence)}</q>" if found.sentence else ""
        where = f'<span class="faint">{self.say(f" (step {number})", f"（第 {number} 步）")}</span>'
        word = f'<span class="word">{self.of(KINDS[found.kind])}</span>'
        return f"{word}{where}{self.of(COLON)}{markup(found.text.to(self.language))}{quoted}"

    def redo(self) -> str:
        head = f"<h2>{self.say('What to redo, in order', '接下来重做什么（按顺序）')}</h2>"
        if not self.found.redo:
            return f"{head}<p>{self.say('Nothing stood out.', '没有特别需要重做的。')}</p>"
        items = "".join(f"<li>{self.again(each)}</li>" for each in self.found.redo)
        return f"{head}<p>{self.of(RULE)}</p><ol>{items}</ol>"

    def again(self, redo: Redo) -> str:
        title = escape(titled(redo.topic, self.language))
        sections = self.say("; ", "；").join(self.section(each) for each in redo.sections)
        counts = self.say(", ", "，").join(
            f"{self.of(KINDS[kind])}{self.of(COLON)}{sum(each.kind == kind for each in redo.reasons)}"
            for kind in dict.fromkeys(each.kind for each in redo.reasons)
        )
        exercise = self.link(redo.exercise, f"{self.say('exercise', '练习')} {redo.topic.number:02d}")
        return (
            f"<strong>{title}</strong>{self.say(' (', '（')}{counts}"
            f"{self.say(f', weight {redo.weight})', f'，权重 {redo.weight}）')}<br>"
            f"{self.say('Lesson: ', '课程：')}{sections}{self.say('. ', '。')}{exercise}"
        )

    def step(self, index: int, step: Step) -> str:
        topic = self.found.topics[step.topic]
        title = escape(titled(topic, self.language))
        head = f"<h3>{index + 1}. {self.of(STEPS[step.kind])} · {title}</h3>"
        ask = paragraphs(step.ask.to(self.language))
        if step.kind == "whiteboard":
            ask = f"<p>{markup(step.ask.to(self.language).strip().splitlines()[0].lstrip('# '))}</p>"
        entries = self.found.session.entries
        if index >= len(entries):
            return f"{head}{ask}<p>{self.say('Not reached.', '没有做到这一步。')}</p>"
        return head + ask + "".join(self.details(step, entries[index]))

    def details(self, step: Step, entry: Entry) -> Iterator[str]:
        minutes = self.say(
            f"{entry.seconds:.0f} s of {step.minutes} min.", f"用时 {entry.seconds:.0f} 秒，预算 {step.minutes} 分钟。"
        )
        skipped = f" {self.of(KINDS['skipped'])}{self.say('.', '。')}" if entry.skipped else ""
        yield f'<p class="faint">{minutes}{skipped}</p>'
        if step.exhibit is not None:
            yield table_html(step.exhibit, step.exhibit.caption.to(self.language))
        if entry.text:
            yield f"<p>{self.say('Your answer:', '你的回答：')}</p><blockquote>{escape(entry.text)}</blockquote>"
        if entry.reading and entry.reading.remark:
            yield f"<p>{self.of(entry.reading.remark)}</p>"
        if step.points:
            yield self.points(step, entry)
        if entry.reading:
            yield from self.reading(step, entry)
        if entry.board:
            yield self.board(entry)
        if step.model:
            label = self.say("A good answer", "参考回答")
            yield f"<details><summary>{label}</summary>{paragraphs(step.model.to(self.language))}</details>"

    def points(self, step: Step, entry: Entry) -> str:
        heads = [Say("Point", "要点"), Say("Your word", "你的判断")]
        read = {each.point: each for each in entry.reading.points} if entry.reading else {}
        if read:
            heads += [Say("Read in your answer", "从回答中读到")]
        rows = []
        for place, point in enumerate(step.points):
            said = place < len(entry.said) and entry.said[place]
            own = self.say("said", "说到了") if said else self.say("not said", "没说到")
            if place in entry.overruled:
                own += self.say(" (you overruled the reading)", "（你推翻了读出的结果）")
            cells = [f'<th scope="row">{markup(point.to(self.language))}</th>', f"<td>{own}</td>"]
            if read:
                heard = read.get(place)
                told = self.of(VERDICTS[heard.verdict]) if heard else ""
                quoted = f"<br><q>{escape(heard.sentence)}</q>" if heard and heard.sentence else ""
                why = doubt(heard) if heard else None
                cells.append(f"<td>{told}{quoted}{f'<br>{self.of(why)}' if why else ''}</td>")
            rows.append(f"<tr>{''.join(cells)}</tr>")
        head = "".join(f'<th scope="col">{self.of(each)}</th>' for each in heads)
        label = self.say("What a good answer says", "好的回答会说到")
        return f"<table><caption>{label}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"

    def reading(self, step: Step, entry: Entry) -> Iterator[str]:
        assert entry.reading is not None
        for fallen in entry.reading.pitfalls:
            word = self.of(KINDS["pitfall"])
            text = markup(step.pitfalls[fallen.pitfall].to(self.language))
            yield f'<p><span class="word">{word}</span>{self.of(COLON)}<q>{escape(fallen.sentence)}</q> {text}</p>'
        items = "".join(
            f"<li>{escape(each.text)}{self.of(COLON)}{self.of(VERDICTS[each.verdict])}"
            + (f"{self.say(', measured', '，实测')} {escape(each.measured)}" if each.measured else "")
            + "</li>"
            for each in distinct(entry.reading.numbers)
        )
        if items:
            yield f"<p>{self.say('Numbers:', '数字：')}</p><ul>{items}</ul>"

    def board(self, entry: Entry) -> str:
        board = entry.board
        assert board is not None
        told = self.say(f"{board.points} of {board.of} points by the checks, checked {board.checks} times.",
                        f"检查得 {board.points}/{board.of} 分，共检查 {board.checks} 次。")  # fmt: skip
        if not board.checks:
            told = self.say("Not checked.", "没有检查。")
        rows = "".join(
            f'<tr><th scope="row">{self.of(law.sentence)}</th><td>{self.of(STATUS.get(law.status, Say("?", "?")))}</td>'
            f"<td>{self.of(law.message) if law.message else ''}</td></tr>"
            for law in board.laws
        )
        head = "".join(
            f'<th scope="col">{self.say(en, zh)}</th>'
            for en, zh in (("Property", "性质"), ("Outcome", "结果"), ("Seen", "看到的"))
        )
        table = f"<table><caption>{told}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        file = f"<p>{self.say('File: ', '文件：')}<code>{escape(Path(board.file).name)}</code></p>"
        return file + (table if rows else f"<p>{told}</p>")
