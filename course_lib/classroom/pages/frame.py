"""What every page has: its head, its words, and the rule that what a learner wrote is text and nothing else.

Words carry the meaning, colour is never needed; nothing is loaded and nothing runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from course_lib import catalog
from course_lib.classroom.texts import message
from course_lib.grading.laws import POINTS_PER_TASK
from course_lib.grading.render import MARKS, WORDS
from course_lib.language import Say

VERDICTS = {
    "met": Say("accepted", "通过"),
    "not shown": Say("accepted (a bound is not shown to be kept)", "通过（有一项未能证明）"),
    "missed": Say("not accepted", "未通过"),
}
_TAGS = {"en": "en", "zh": "zh-CN"}
_HEAD = """<!DOCTYPE html>
<html lang="{{ lang_tag }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<title>{{ page_title }}</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.55 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
bdi, code, .why { overflow-wrap: anywhere; }
thead th { white-space: nowrap; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 2.2rem; border-top: 1px solid; padding-top: .8rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: bold; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #8886; }
th[scope=row] { font-weight: normal; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.w { white-space: nowrap; }
.sum { font-size: 1.35rem; font-weight: bold; }
.why { margin: .25rem 0 0; white-space: pre-wrap; }
.box { border: 2px solid; padding: .2rem 1rem; margin: 1rem 0; }
.wide { overflow-x: auto; }
.wide table { width: auto; }
.wide td:first-child, .wide th:first-child { min-width: 8rem; }
figure { margin: 1.2rem 0; }
svg { display: block; max-width: 100%; height: auto; }
summary { cursor: pointer; font-weight: bold; padding: .4rem 0; }
@media print { details { display: none; } body { max-width: none; } }
</style>
</head>
"""


def render(body: str, language: str, heading: Say, **values: Any) -> str:
    """Return a page.

    Args:
        body: a template, without the head.
        language: "en" or "zh": what comes first.
        heading: the page's title.
        values: what the template shows.
    """
    say: dict[str, Callable[[str, str], str]] = {"en": lambda en, _zh: en, "zh": lambda _en, zh: zh}
    frame = {
        "lang": language,
        "other": other_language(language),
        "lang_tag": _TAGS[language],
        "tags": _TAGS,
        "page_title": heading.to(language),
        "say": say,
        "title": title,
        "ten": POINTS_PER_TASK,
        "words": WORDS,
        "marks": MARKS,
    }
    return _template(_HEAD + body).render(**frame, **values)


def title(task: str) -> Say:
    """Return the title of a task's topic; its id when the course no longer has it."""
    try:
        card = catalog.topic(task).card
    except ValueError:
        return Say(task, task)
    return Say(card.en.title, card.page("zh").title)


def other_language(language: str) -> str:
    """Return the language that comes second."""
    return {"en": "zh", "zh": "en"}[language]


@cache
def _template(text: str) -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, finalize=_visible
    )
    return environment.from_string(text)


def _visible(value: object) -> object:
    """Make text fit to be shown; what is markup already is ours."""
    return message(value) if isinstance(value, str) and not isinstance(value, Markup) else value
