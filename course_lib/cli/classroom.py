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
    capstone: Annotated[
        int | None,
        typer.Option(metavar="SEED", help="Measure the capstones, too: the seed you told the learners. A minute each."),
    ] = None,
    no_contain: Annotated[
        bool,
        typer.Option("--no-contain", help="One process per file without bubblewrap's walls: only for code you trust."),
    ] = False,
) -> None:
    """Grade a class: a folder or zip of returned notebooks.

    Writes gradebook.db, CSV tables, a page for every learner and index.html, the overview. Capstones are listed, and
    measured with --capstone. Failed tasks are results: the exit code is 0 when everything was graded, 1 when a file
    could not be, 2 for a mistake in the command.
    """
    from course_lib.classroom.run import grade_class
    from course_lib.classroom.sandbox.engine import NotContained, grade_all
    from course_lib.classroom.values import Containment, Settings

    chosen = lang or language()
    if chosen not in LANGUAGES:
        raise ValueError(f"no language {chosen!r}; choose one of: {', '.join(LANGUAGES)}")
    contain: Containment = "process" if no_contain else "auto"
    settings = Settings(jobs=jobs or _processors(), contain=contain)
    only = [task.strip() for task in tasks.split(",") if task.strip()]
    try:
        with _bars() as (watch, watch_capstones):
            how = None
            if capstone is not None:
                from course_lib.capstone.for_class import measuring

                how = measuring(capstone, contain, watch=watch_capstones)
            done = grade_class(
                source, out, grade_all, settings,
                seed=seed, language=chosen, only=only, old=fix_check, measuring=how, watch=watch,
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
    raise typer.Exit(1 if done.failed or done.capstones.failed else 0)


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _bars() -> Iterator[tuple[Watch, Watch]]:
    """Lend a progress bar for files and one for capstones on a terminal; elsewhere nothing is printed on the way."""
    if not sys.stderr.isatty() or os.environ.get("CI"):
        yield (lambda _done, _of: None), (lambda _done, _of: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        line = progress.add_task(str(Say("grading", "评分中")), total=None)
        other = progress.add_task(str(Say("capstones", "结业项目")), total=None, visible=False)
        yield (
            lambda done, of: progress.update(line, completed=done, total=of),
            lambda done, of: progress.update(other, completed=done, total=of, visible=True),
        )


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
    _tell_capstones(done)
    for words in done.containment:
        print(Say(f"Protection: {words.en}", f"防护：{words.zh}"))
    quiet = {"system", "older", "not asked"}
    loud = {kind: count for kind, count in sorted(done.unmatched.items()) if kind not in quiet}
    for kind, count in loud.items():
        print(Say(f"{KINDS[kind].en}: {count}", f"{KINDS[kind].zh}：{count}"))
    if loud:
        print(Say("Which ones, and why, is in unmatched.csv.", "是哪些文件、为什么，见 unmatched.csv。"))
    if done.changed is not None:
        print(Say(f"{len(done.changed)} changes of points:", f"{len(done.changed)} 处分数变化："))
    for change in done.changed or ():
        why = "; ".join(str(each) for each in change.why)
        print(f"  {change.learner}  {change.task}  {change.before} -> {change.after}  {why}")
    if done.gone:
        print(Say(f"Not handed in this time: {len(done.gone)}.", f"这次没有提交：{len(done.gone)}。"))
    print(done.index)


def _tell_capstones(done: Done) -> None:
    found = done.capstones
    if found.waiting:
        print(
            Say(
                f"{found.waiting} capstones not measured; --capstone SEED does, about a minute each.",
                f"{found.waiting} 份结业项目未测量；加 --capstone SEED 进行测量，每份约一分钟。",
            )
        )
    elif found.now or found.kept:
        print(
            Say(
                f"Capstones: {found.now} measured now, {found.kept} stood already.",
                f"结业项目：本次测量 {found.now} 份，{found.kept} 份此前已测。",
            )
        )
    if found.failed:
        print(
            Say(
                f"{found.failed} capstones could not be measured; see the overview.",
                f"{found.failed} 份结业项目无法测量，见概览页。",
            )
        )
