"""The commands that say what to learn next."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from course_lib.cli.commands import app
from course_lib.language import Say, language


@app.command()
def plan(
    date: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day of the interview.")],
    hours: Annotated[float, typer.Option(help="Hours that you can study until then.")],
    role: Annotated[str, typer.Option(help="mobile, embedded or research.")] = "mobile",
) -> None:
    """Plan what to learn until the interview; the start page shows it too."""
    from rich.console import Console
    from rich.table import Table

    from course_lib import catalog, plan, start_page
    from course_lib.grading.progress import progress

    wish = plan.Wish(date.date(), hours, role)
    topics = catalog.topics()
    made = plan.plan(topics, wish, datetime.now().date(), start_page.solved(topics, progress().best()))
    plan.save(wish)
    start_page.refresh()
    table = Table(box=None, pad_edge=False)
    for head in (Say("Day", "日期"), Say("Topic", "主题"), Say("Part", "部分"), Say("Minutes", "分钟")):
        table.add_column(str(head), justify="right" if head.en == "Minutes" else "left")
    before = None
    for step in made.steps:
        day = "" if step.day == before else step.day.isoformat()
        title = f"{step.topic.number:02d} {step.topic.card.page(language()).title}"
        table.add_row(day, title, str(plan.PARTS[step.whole]), str(step.minutes))
        before = step.day
    Console(highlight=False).print(table)
    print(plan.summary(made))
    print(plan.RULE)
