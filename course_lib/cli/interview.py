"""`course interview`: a timed mock interview with the keyboard alone."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from course_lib.cli.commands import app
from course_lib.language import Say


@app.command()
def interview(
    minutes: Annotated[int, typer.Option(help="How long, from 10 to 90.")] = 30,
    role: Annotated[str, typer.Option(help="mobile, embedded or research.")] = "mobile",
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

    from course_lib import catalog
    from course_lib.interview import mock, session, store
    from course_lib.interview.defend import own_numbers
    from course_lib.interview.terminal import Interview, Stopped, show_report
    from course_lib.language import speaking

    console = Console(highlight=False)
    topics = catalog.topics()
    going = store.current() if resume else None
    if resume and going is None:
        going = store.last_finished()
        if going is None:
            raise ValueError(str(Say("there is no mock interview to resume", "没有可以继续的模拟面试")))
    if going is None:
        chosen = int(f"{datetime.now():%Y%m%d}") if seed is None else seed
        with speaking(lang) as code:
            plan = mock.plan(topics, role, minutes, chosen, own_numbers(topics))
        going = session.start(plan, code, datetime.now())
        left = store.put_away()
        if left:
            print(Say(f"The interview that was not finished is kept as {left}.", f"未完成的面试保存在 {left}。"))
        store.save(going)
    elif lang:
        going = session.speak(going, lang)
    if going.phase != "done":
        try:
            going = Interview(going, topics, console).run()
        except (Stopped, KeyboardInterrupt):
            print(
                Say("\nKept. `course interview --resume` goes on.", "\n已保存。`course interview --resume` 继续。"),
                file=sys.stderr,
            )
            raise typer.Exit(0) from None
    show_report(going, topics, console)
    if report is not None:
        from course_lib.interview.report import report as summarize
        from course_lib.interview.report_html import html_page

        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(html_page(summarize(going, topics), report.parent, going.language), "utf-8")
        print(Say(f"Report: {report}", f"报告：{report}").to(going.language))
