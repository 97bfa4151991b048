"""A page for every learner and one for the instructor, in both languages, as plain HTML files.

Everything that a learner wrote is data here: escaped, made visible, and without the power to load or run anything.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from course_lib.classroom import templates
from course_lib.classroom.archive import Unmatched
from course_lib.classroom.changes import Change
from course_lib.classroom.gradebook import Gradebook
from course_lib.classroom.overview import LONGEST, overview, title
from course_lib.classroom.texts import message, readable, write_at_once
from course_lib.grading.laws import POINTS_PER_TASK
from course_lib.grading.render import MARKS, WORDS
from course_lib.language import Say

FOLDER = "learners"
TABLES = ("points.csv", "results.csv", "moodle.csv", "canvas.csv", "unmatched.csv")
KINDS = {
    "no learner": Say("It is not known whose they are", "不知道属于谁"),
    "no task": Say("No task was recognised", "没有认出任务"),
    "damaged": Say("Cannot be read", "无法读取"),
    "refused": Say("Refused, because they are unsafe or too large", "因不安全或过大而拒绝"),
    "older": Say("A later answer counts instead", "以更晚的提交为准"),
    "not asked": Say("Not graded this time", "这次不评"),
    "other": Say("Neither notebook nor script", "既不是 notebook 也不是脚本"),
    "system": Say("Made by programs", "由程序生成"),
}
_ATTENTION = ("no learner", "no task", "damaged", "refused")
_TAGS = {"en": "en", "zh": "zh-CN"}


def write_pages(
    book: Gradebook,
    folder: Path,
    language: str,
    changed: Sequence[Change] | None = None,
    gone: Sequence[tuple[str, str]] = (),
) -> list[Path]:
    """Write index.html (the overview), index.en.html or index.zh.html (in the other language) and the learners' pages.

    Args:
        book: what is shown.
        folder: where; the learners' pages go into `learners/` in it.
        language: "en" or "zh": what comes first.
        changed: whose points a corrected check changed; None when nothing was compared.
        gone: learner and task of what was in the old gradebook only.

    Raises:
        OSError: when the folder cannot be written.
    """
    (folder / FOLDER).mkdir(exist_ok=True)
    unmatched, by_learner = book.unmatched(), _by_learner(book.unmatched())
    own: dict[str, list[Change]] = defaultdict(list)
    for change in changed or ():
        own[change.learner].append(change)
    pages, made = {learner: f"{FOLDER}/{page_name(learner)}" for learner in book.learners()}, []
    for learner, page in pages.items():
        made.append(folder / page)
        text = _learner(book, learner, language, own[learner], by_learner.get(learner, []))
        write_at_once(made[-1], text.encode())
    other = _other(language)
    counted = overview(book)
    for lang, name, elsewhere in (
        (language, "index.html", f"index.{other}.html"),
        (other, f"index.{other}.html", "index.html"),
    ):
        text = _template(templates.OVERVIEW).render(
            **_frame(lang, Say("The class: overview", "班级概览")),
            o=counted,
            pages=_links(pages),
            other_page=elsewhere,
            source=book.about("source"),
            seed=book.about("seed"),
            tables=[*TABLES, *(["changes.csv"] if changed else [])],
            compared=changed is not None,
            changed=changed or (),
            gone=gone,
            unmatched=_by_kind(unmatched),
            attention=[each for each in _by_kind(unmatched) if each[0] in _ATTENTION],
            kinds=KINDS,
            longest=LONGEST,
        )
        made.append(folder / name)
        write_at_once(made[-1], text.encode())
    return made


def page_name(learner: str) -> str:
    """Return the name of a learner's page: readable, safe on every system, different for different learners."""
    stem = re.sub(r"[^\w]+", "-", readable(learner)).strip("-_")[:40]
    return f"{stem or 'learner'}-{hashlib.sha256(learner.encode()).hexdigest()[:8]}.html"


def _learner(
    book: Gradebook,
    learner: str,
    language: str,
    changed: list[Change],
    others: list[Unmatched],
) -> str:
    rows = book.rows(learner)
    return _template(templates.LEARNER).render(
        **_frame(language, Say(f"{learner}: results", f"{learner}：成绩")),
        learner=learner,
        rows=rows,
        total=sum(row.result.points for row in rows),
        of=POINTS_PER_TASK * len(rows),
        passed=sum(row.result.passed for row in rows),
        changed=changed,
        others=others,
    )


def _frame(language: str, heading: Say) -> dict[str, Any]:
    """Return what every template needs."""
    say: dict[str, Callable[[str, str], str]] = {"en": lambda en, _zh: en, "zh": lambda _en, zh: zh}
    return {
        "lang": language,
        "other": _other(language),
        "lang_tag": _TAGS[language],
        "tags": _TAGS,
        "page_title": heading.to(language),
        "say": say,
        "title": title,
        "ten": POINTS_PER_TASK,
        "words": WORDS,
        "marks": MARKS,
    }


@cache
def _template(text: str) -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, finalize=_visible
    )
    return environment.from_string(text)


def _visible(value: object) -> object:
    """Make text fit to be shown; what is markup already is ours."""
    return message(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _by_learner(unmatched: Iterable[Unmatched]) -> Mapping[str, list[Unmatched]]:
    found: dict[str, list[Unmatched]] = defaultdict(list)
    for each in unmatched:
        if each.kind != "system":
            found[each.learner].append(each)
    return found


def _by_kind(unmatched: Iterable[Unmatched]) -> list[tuple[str, list[Unmatched]]]:
    """Group by kind, what needs the instructor's attention first."""
    order = list(KINDS)
    ranked = sorted(unmatched, key=lambda each: order.index(each.kind))
    return [(kind, list(rows)) for kind, rows in groupby(ranked, key=lambda each: each.kind)]


def _links(pages: Mapping[str, str]) -> Mapping[str, str]:
    """Return the pages as addresses."""
    from urllib.parse import quote

    return {learner: quote(page) for learner, page in pages.items()}


def _other(language: str) -> str:
    return {"en": "zh", "zh": "en"}[language]
