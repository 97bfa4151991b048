"""A page for every learner and one for the instructor, in both languages, as plain HTML files.

Everything that a learner wrote is data here: escaped, made visible, and without the power to load or run anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from course_lib.classroom.gradebook.book import Gradebook
from course_lib.classroom.gradebook.changes import Change
from course_lib.classroom.intake.files import Unmatched
from course_lib.classroom.pages.counting import overview
from course_lib.classroom.pages.frame import other_language
from course_lib.classroom.pages.learner import capstone_page, learner_page, page_name
from course_lib.classroom.pages.overview import overview_page
from course_lib.classroom.texts import write_at_once

FOLDER = "learners"


def write_pages(
    book: Gradebook,
    folder: Path,
    language: str,
    changed: Sequence[Change] | None = None,
    gone: Sequence[tuple[str, str]] = (),
    waiting: int = 0,
) -> list[Path]:
    """Write index.html (the overview), index.en.html or index.zh.html (in the other language) and the learners' pages.

    The page of a measured capstone, which a candidate can show, goes into `capstones/`, in both languages.

    Args:
        book: what is shown.
        folder: where; the learners' pages go into `learners/` in it.
        language: "en" or "zh": what comes first.
        changed: whose points a corrected check changed; None when nothing was compared.
        gone: learner and task of what was in the old gradebook only.
        waiting: how many capstones were handed in and not measured.

    Raises:
        OSError: when the folder cannot be written.
    """
    (folder / FOLDER).mkdir(exist_ok=True)
    others = _by_learner(book.unmatched())
    own: dict[str, list[Change]] = defaultdict(list)
    for change in changed or ():
        own[change.learner].append(change)
    capstones = {row.learner: row for row in book.capstones.rows()}
    pages, made = {learner: f"{FOLDER}/{page_name(learner)}" for learner in book.learners()}, []
    for learner, page in pages.items():
        made.append(folder / page)
        capstone = capstones.get(learner)
        text = learner_page(book, learner, language, own[learner], others.get(learner, []), capstone)
        write_at_once(made[-1], text.encode())
        for lang, shown in capstone.result.pages.items() if capstone else ():
            made.append(folder / capstone_page(learner, lang))
            made[-1].parent.mkdir(exist_ok=True)
            write_at_once(made[-1], shown.encode())
    other = other_language(language)
    counted = overview(book)
    for lang, name, elsewhere in (
        (language, "index.html", f"index.{other}.html"),
        (other, f"index.{other}.html", "index.html"),
    ):
        text = overview_page(
            book, counted, lang,
            pages=pages, other_page=elsewhere, changed=changed, gone=gone, waiting=waiting,
        )  # fmt: skip
        made.append(folder / name)
        write_at_once(made[-1], text.encode())
    return made


def _by_learner(unmatched: Iterable[Unmatched]) -> Mapping[str, list[Unmatched]]:
    found: dict[str, list[Unmatched]] = defaultdict(list)
    for each in unmatched:
        if each.kind != "system":
            found[each.learner].append(each)
    return found
