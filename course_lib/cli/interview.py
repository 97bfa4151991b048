"""`course interview`: a timed mock interview with the keyboard alone."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from course_lib.cli.commands import app
from course_lib.language import Say

if TYPE_CHECKING:
    from course_lib.interview.session import Session


@app.command()
def interview(
    minutes: Annotated[int | None, typer.Option(help="How long, from 10 to 90; 30 by default.")] = None,
    role: Annotated[
        str | None, typer.Option(help="mobile, embedded or research; by default that of course plan, else mobile.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="The same seed asks the same; a new one each day by default.")
    ] = None,
    lang: Annotated[str | None, typer.Option(help="en or zh, for this interview only.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the interview that was stopped.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write the report as an HTML page, too.")] = None,
) -> None:
    """Hold a timed mock interview.

    Questions to answer out loud, a table to diagnose, a task at the whiteboard, your own numbers to defend. Works
    offline. It is kept after every step. With --resume and nothing to go on with, the last report is shown again.
    """
    from rich.console import Console

    from course_lib import catalog, plan
    from course_lib.interview import mock, session, store
    from course_lib.interview.defend import own_numbers
    from course_lib.interview.terminal import Interview, Stopped, show_report
    from course_lib.language import speaking

    console = Console(highlight=False)
    topics = catalog.topics()
    with speaking(lang) as code:
        if report is not None:  # before the interview, and not after it
            _can_be_written(report)
        going = _kept(minutes, role, seed) if resume else None
        if going is None:
            wish = plan.saved()
            wanted = role or (wish.role if wish else "mobile")
            chosen = int(f"{datetime.now():%Y%m%d}") if seed is None else seed
            made = mock.plan(topics, wanted, 30 if minutes is None else minutes, chosen, own_numbers(topics))
            going = session.start(made, code, datetime.now())
            left = store.put_away()
            if left:
                print(
                    Say(
                        f"The interview that was not finished is kept as {left}; as current.json it can be resumed.",
                        f"未完成的面试保存在 {left}；改名为 current.json 后可以继续。",
                    )
                )
            store.save(going)
        elif lang:
            going = session.speak(going, code)
    if going.phase != "done":
        running = Interview(going, topics, console)
        try:
            going = running.run()
        except (Stopped, KeyboardInterrupt):
            kept = Say("\nKept. `course interview --resume` goes on.", "\n已保存。`course interview --resume` 继续。")
            print(kept.to(running.session.language), file=sys.stderr)
            raise typer.Exit(0) from None
    show_report(going, topics, console)
    if report is not None:
        from course_lib.interview.report import report as summarize
        from course_lib.interview.report_html import html_page

        report.write_text(html_page(summarize(going, topics), report.parent, going.language), "utf-8")
        print(Say(f"Report: {report}", f"报告：{report}").to(going.language))


def _kept(minutes: int | None, role: str | None, seed: int | None) -> Session:
    """Return the interview that was stopped, else the last report. Its plan stands, so nothing can be chosen anew."""
    from course_lib.interview import store

    if (minutes, role, seed) != (None, None, None):
        raise ValueError(
            str(
                Say(
                    "--resume goes on with what was planned: leave out --minutes, --role and --seed",
                    "--resume 按原计划继续：请去掉 --minutes、--role 和 --seed",
                )
            )
        )
    found = store.current() or store.last_finished()
    if found is None:
        raise ValueError(
            str(
                Say(
                    "there is no mock interview to resume; `course interview` begins one",
                    "没有可以继续的模拟面试；`course interview` 开始一次",
                )
            )
        )
    return found


def _can_be_written(page: Path) -> None:
    """Raise ValueError, or OSError, where the report will not be able to be written; its folder is made."""
    if page.is_dir():
        raise ValueError(
            str(Say(f"{page} is a folder; name a file for --report", f"{page} 是文件夹；--report 要给文件名"))
        )
    page.parent.mkdir(parents=True, exist_ok=True)
