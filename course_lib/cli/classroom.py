"""The commands for instructors."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from course_lib.cli.commands import app
from course_lib.language import LANGUAGES, Say, language

if TYPE_CHECKING:
    from course_lib.classroom.run import Done, Watch


@app.command()
def grade(
    source: Annotated[Path, typer.Argument(metavar="FOLDER_OR_ZIP", help="The returned notebooks.")],
    out: Annotated[Path, typer.Option(help="Where the gradebook, tables and pages go; a rerun continues there.")],
    jobs: Annotated[int | None, typer.Option(min=1, help="How many at the same time; changes no result.")] = None,
    seed: Annotated[int | None, typer.Option(help="Changes the random inputs of the checks.")] = None,
    lang: Annotated[str | None, typer.Option(help="en or zh: what comes first on the pages.")] = None,
    tasks: Annotated[str, typer.Option(metavar="04A,16B", help="Only these tasks.")] = "",
    fix_check: Annotated[
        Path | None,
        typer.Option(metavar="OLD_GRADEBOOK", help="Regrade after a check was corrected; list whose points changed."),
    ] = None,
    no_contain: Annotated[
        bool,
        typer.Option("--no-contain", help="One process per file without bubblewrap's walls: only for code you trust."),
    ] = False,
) -> None:
    """Grade a class: a folder or zip of returned notebooks.

    Writes gradebook.db, CSV tables, a page for every learner and index.html, the overview. Failed tasks are results:
    the exit code is 0 when everything was graded, 1 when a file could not be, 2 for a mistake in the command.
    """
    from course_lib.classroom.run import grade_class
    from course_lib.classroom.sandbox.engine import NotContained, grade_all
    from course_lib.classroom.values import Settings

    chosen = lang or language()
    if chosen not in LANGUAGES:
        raise ValueError(f"no language {chosen!r}; choose one of: {', '.join(LANGUAGES)}")
    settings = Settings(jobs=jobs or _processors(), contain="process" if no_contain else "auto")
    only = [task.strip() for task in tasks.split(",") if task.strip()]
    try:
        with _bar() as watch:
            done = grade_class(
                source, out, grade_all, settings,
                seed=seed, language=chosen, only=only, old=fix_check, watch=watch,
            )  # fmt: skip
    except NotContained as error:
        raise ValueError(str(error)) from error
    except KeyboardInterrupt:
        print(
            Say("Interrupted; the same command goes on from here.", "已中断；再次运行同一命令会从这里继续。"),
            file=sys.stderr,
        )
        raise typer.Exit(130) from None
    _tell(done)
    raise typer.Exit(1 if done.failed else 0)


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _bar() -> Iterator[Watch]:
    """Lend a progress bar on a terminal; elsewhere nothing is printed on the way."""
    if not sys.stderr.isatty() or os.environ.get("CI"):
        yield lambda _done, _of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        line = progress.add_task(str(Say("grading", "评分中")), total=None)
        yield lambda done, of: progress.update(line, completed=done, total=of)


def _tell(done: Done) -> None:
    from course_lib.classroom.pages.overview import KINDS

    print(
        Say(
            f"{done.learners} learners; {done.graded} files graded now, {done.kept} stood already.",
            f"{done.learners} 名学习者；本次评分 {done.graded} 个文件，{done.kept} 个此前已评。",
        )
    )
    if done.failed:
        print(
            Say(
                f"{done.failed} files could not be graded; see the overview.",
                f"{done.failed} 个文件无法评分，见概览页。",
            )
        )
    for words in done.containment:
        print(Say(f"Protection: {words.en}", f"防护：{words.zh}"))
    quiet = {"system", "older", "not asked"}
    for kind, count in sorted(done.unmatched.items()):
        if kind not in quiet:
            print(Say(f"{KINDS[kind].en}: {count}", f"{KINDS[kind].zh}：{count}"))
    if done.changed is not None:
        print(Say(f"{len(done.changed)} changes of points:", f"{len(done.changed)} 处分数变化："))
    for change in done.changed or ():
        why = "; ".join(str(each) for each in change.why)
        print(f"  {change.learner}  {change.task}  {change.before} -> {change.after}  {why}")
    if done.gone:
        print(Say(f"Not handed in this time: {len(done.gone)}.", f"这次没有提交：{len(done.gone)}。"))
    print(done.index)
