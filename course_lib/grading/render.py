"""A result as text for terminals and as HTML for notebooks. Words carry the meaning; colour is never needed."""

from __future__ import annotations

from html import escape

from course_lib.grading.results import Outcome, Result
from course_lib.language import Say, language

WORDS = {
    "pass": Say("pass", "通过"),
    "fail": Say("fail", "未通过"),
    "todo": Say("to do", "待完成"),
    "error": Say("error", "出错"),
    "timeout": Say("timeout", "超时"),
}
MARKS = {"pass": "✓", "fail": "✗", "todo": "○", "error": "!", "timeout": "…"}
_PASSED = Say("passed", "已通过")
_NOT_PASSED = Say("not passed yet", "尚未通过")
_LIKELY = Say("Recognised: ", "识别出的误解：")
_HEAD = (Say("Property", "性质"), Say("Outcome", "结果"), Say("Points", "得分"))
# Inherited text colour on the notebook's own background: readable in light and dark themes alike.
_CELL = "text-align:left;vertical-align:top;padding:.3em .8em .3em 0;white-space:normal"


def headline(result: Result) -> str:
    """Return the first line: task, points, verdict."""
    verdict = _PASSED if result.passed else _NOT_PASSED
    return str(
        Say(
            f"Task {result.task}: {result.points} of {result.of} points, {verdict.en}",
            f"任务 {result.task}：{result.points}/{result.of} 分，{verdict.zh}",
        )
    )


def text(result: Result) -> str:
    """Return the result as plain text, the same on every run."""
    if not result.outcomes:
        return ""
    lines = [headline(result)]
    told: set[str] = set()
    for each in result.outcomes:
        word = str(WORDS[each.status])
        space = " " * (8 - sum(2 if character > "\u2e7f" else 1 for character in word))  # Chinese is two columns wide
        lines.append(f"  {MARKS[each.status]} {word}{space}{each.points}/{each.of}  {each.sentence}")
        lines += [" " * 14 + line for detail in details(each, told) for line in detail.splitlines()]
    for note in result.notes:
        lines += ["  " + line for line in str(note).splitlines()]
    return "\n".join(lines)


def details(outcome: Outcome, told: set[str]) -> list[str]:
    """Return what is said under a law: what was seen and the misconception, each only once in a result."""
    found = [str(outcome.message)] if outcome.message else []
    if outcome.misconception:
        found.append(f"{_LIKELY}{outcome.misconception.say}")
    new = [each for each in found if each not in told]
    told.update(new)
    return new


def html(result: Result) -> str:
    """Return the result as an accessible HTML table."""
    if not result.outcomes:
        return ""
    told: set[str] = set()
    head = "".join(f'<th scope="col" style="{_CELL}">{escape(str(each))}</th>' for each in _HEAD)
    rows = "".join(_row(each, told) for each in result.outcomes)
    notes = "".join(f'<pre style="white-space:pre-wrap">{escape(str(note))}</pre>' for note in result.notes)
    return (
        f'<div class="course-result" lang="{language()}"><table style="border-collapse:collapse">'
        f'<caption style="text-align:left;font-weight:bold;caption-side:top;color:inherit">'
        f"{escape(headline(result))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{notes}</div>"
    )


def _row(outcome: Outcome, told: set[str]) -> str:
    seen = "".join(f"<br>{escape(each)}" for each in details(outcome, told))
    word = f'<span aria-hidden="true">{MARKS[outcome.status]}</span> {escape(str(WORDS[outcome.status]))}'
    return (
        f'<tr><th scope="row" style="{_CELL};font-weight:normal"><b>{escape(str(outcome.sentence))}</b>{seen}</th>'
        f'<td style="{_CELL};white-space:nowrap">{word}</td>'
        f'<td style="{_CELL};white-space:nowrap">{outcome.points}/{outcome.of}</td></tr>'
    )
