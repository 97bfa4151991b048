"""Render topics/ into notebooks/, exercises/ and solutions/: the only writer of .ipynb files and of measured.toml.

`python tools/build.py` executes and renders every written topic, `... 04 05` these, `... --changed` the stale ones;
`--no-execute` renders the text again and keeps the outputs (refused when code changed); `--check` writes nothing and
fails when a notebook is not what its source renders.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from course_lib.catalog import topic, topics
from course_lib.home import course_root
from tools import modern
from tools.extra import extras
from tools.measured import measured_text, numbers_of
from tools.rendering import KINDS, Page, page_of
from tools.source import BuildError

LESSON_SECONDS = 45


def build(page: Page, *, execute: bool) -> float:
    """Write one notebook (and, for a lesson, measured.toml); return the seconds that its execution took.

    With ``execute=False`` the committed outputs are kept; raises BuildError when other code made them.
    """
    if not execute:
        _write(page.path, page.rendered_again())
        return 0.0
    start = time.perf_counter()
    notebook, records = page.executed()
    seconds = time.perf_counter() - start
    if page.records:
        _write(page.topic.folder / "measured.toml", measured_text(numbers_of(records)))
    _write(page.path, page.finished(notebook))
    return seconds


def _write(path: Path, text: str) -> None:
    """Write through a sibling file, and only what changed: a build that is interrupted leaves the old notebook."""
    if path.is_file() and path.read_text("utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, "utf-8")
    partial.replace(path)


def check(chosen: Sequence[Page]) -> tuple[list[str], list[str]]:
    """Return what is stale, one sentence each, and the notebooks that an older course_lib executed."""
    stale: list[str] = []
    older: list[str] = []
    for page in chosen:
        try:
            reason = page.stale()
        except (BuildError, ValueError) as error:
            reason = str(error)
        if reason:
            stale.append(reason)
        elif page.library_changed():
            older.append(page.relative)
    return stale, older


def orphans(root: Path) -> list[str]:
    """Return a sentence for every notebook that neither a topic nor a page by itself renders."""
    known = {each.name for each in topics(root) if each.written}
    alone = {page.path for page in extras(root)}
    return [
        f"{kind}/{path.name} has no source in topics/; remove it"
        for kind in KINDS
        for path in sorted((root / kind).glob("*.ipynb"))
        if path.stem not in known and path not in alone
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="tools/build.py", description="Render topics/ into notebooks.")
    parser.add_argument("topics", nargs="*", help="numbers such as 04, 00 for the interview, 31 for the capstone")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a notebook is stale")
    parser.add_argument("--no-execute", action="store_true", help="render the text again, keep the outputs")
    parser.add_argument("--changed", action="store_true", help="build only what is stale")
    options = parser.parse_args(arguments)
    root = course_root()
    try:
        pages = extras(root)
        alone = [page for page in pages if f"{page.topic.number:02d}" in options.topics or not options.topics]
        named = [topic(each, root) for each in options.topics if each not in {f"{p.topic.number:02d}" for p in pages}]
        chosen = named if options.topics else [t for t in topics(root) if t.written]
    except ValueError as error:
        return _fail(str(error))
    unwritten = [each.name for each in chosen if not each.written]
    if unwritten:
        return _fail(f"{', '.join(unwritten)}: lesson.py, exercise.py, checks.py or wrong.toml is missing")
    wanted: list[Page] = [*alone, *(page_of(each, kind, root) for each in chosen for kind in KINDS)]
    if options.check:
        return _report(*check(wanted), [] if options.topics else orphans(root)) | _modern("--check")
    return _build_all(wanted, execute=not options.no_execute, only_changed=options.changed) | _modern()


def _modern(*arguments: str) -> int:
    """Render or check the page of modern questions too: it quotes what the lessons measured."""
    if not (course_root() / "docs" / modern.SOURCE).is_file():
        return 0
    try:
        return modern.main(arguments)
    except (BuildError, ValueError) as error:
        return _fail(str(error))


def _report(stale: list[str], older: list[str], orphaned: list[str]) -> int:
    for sentence in [*stale, *orphaned]:
        print(f"error: {sentence}", file=sys.stderr)
    if older:
        print(
            f"warning: course_lib changed since {len(older)} notebook(s) were executed ({older[0]}"
            f"{', ...' if len(older) > 1 else ''}); `python tools/build.py` renews them",
            file=sys.stderr,
        )
    return 1 if stale or orphaned else 0


def _build_all(chosen: Sequence[Page], *, execute: bool, only_changed: bool) -> int:
    failures = 0
    for page in chosen:
        try:
            if only_changed and not page.stale():
                continue
            seconds = build(page, execute=execute)
        except (BuildError, ValueError) as error:
            failures += 1
            print(f"error: {error}", file=sys.stderr)
            continue
        if not os.environ.get("CI"):
            print(f"{page.relative}  {seconds:.1f} s" if execute else page.relative, flush=True)
        if page.kind == "notebooks" and seconds > LESSON_SECONDS:
            lesson = f"{page.topic.number:02d}"
            print(f"warning: lesson {lesson} took {seconds:.0f} s, over {LESSON_SECONDS}", file=sys.stderr)
    return 1 if failures else 0


def _fail(sentence: str) -> int:
    print(f"error: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
