"""`course capstone`: the notebook and the budget; with --check, the verdict and a page to show."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from course_lib.cli.commands import app
from course_lib.language import Say, speaking

if TYPE_CHECKING:
    from course_lib.capstone.grade import Done


@app.command()
def capstone(
    check: Annotated[Path | None, typer.Option(metavar="FILE", help="Measure this notebook or script.")] = None,
    learner: Annotated[str, typer.Option(help="Whose orders, as the instructor writes the name.")] = "",
    out: Annotated[Path | None, typer.Option(metavar="PAGE.html", help="With --check: write the page.")] = None,
    seed: Annotated[int, typer.Option(help="The course's seed, if the instructor gave one.")] = 0,
    lang: Annotated[str | None, typer.Option(help="en or zh, for this command only.")] = None,
    no_contain: Annotated[
        bool, typer.Option("--no-contain", help="Without bubblewrap's walls: only for code you trust.")
    ] = False,
) -> None:
    """Put the capstone into the workbook and show the budget; with --check, measure a file.

    The capstone is one function that meets a budget of bytes, accuracy and time on two models. The exit code of --check
    is 0 when every order is accepted, 1 when one is not, 2 for a mistake in the command.
    """
    with speaking(lang) as language:
        if check is None:
            if out is not None:
                raise ValueError(str(Say("--out needs --check FILE", "--out 需要 --check FILE")))
            _start(learner, seed)
            return
        from course_lib.capstone.grade import grade

        if not learner:
            print(Say("No --learner: the practice order alone.", "没有 --learner：只测练习单。"))
        begin = time.perf_counter()
        outcome = grade(check, learner, seed, contain="process" if no_contain else "auto", watch=_tell)
        for note in outcome.notes:
            print(note)
        good = sum(each.accepted for each in outcome.done)
        seconds = f"{time.perf_counter() - begin:.0f}"
        print(
            Say(
                f"{good} of {len(outcome.done)} orders accepted, {seconds} s",
                f"{len(outcome.done)} 单中 {good} 单通过，{seconds} 秒",
            )
        )
        if out is not None:
            from course_lib.capstone.page import html_page
            from course_lib.core.files import write_whole

            out.parent.mkdir(parents=True, exist_ok=True)
            write_whole(out, html_page(outcome, language))
            print(Say(f"Page: {out}", f"页面：{out}"))
    raise typer.Exit(0 if outcome.accepted else 1)


def _start(learner: str, seed: int) -> None:
    """Copy the notebook, unless it is there, and show the orders."""
    from course_lib import workbook
    from course_lib.capstone.budgets import in_words, orders

    path, fresh = workbook.place("notebooks/31_capstone.ipynb")
    print(Say(f"Your notebook: {path}", f"你的 notebook：{path}"), "" if fresh else Say("(kept)", "（已有，保留）"))
    for order in orders(learner, seed):
        print(f"{order.title}\n  {in_words(order.budget)}")
    if not learner:
        print(
            Say(
                'Two more orders are drawn for you: course capstone --learner "Your name"',
                '另有两单为你抽取：course capstone --learner "你的名字"',
            )
        )


def _tell(done: Done) -> None:
    from course_lib.capstone.judge import MARKS, WORDS

    print(f"{MARKS[done.verdict]} {done.order.title}  ({done.build_seconds:.1f} s)")
    if done.fault is not None:
        print(f"    {done.fault}")
    for demand in done.demands:
        verdict = f"{MARKS[demand.verdict]} {demand.title} ({WORDS[demand.verdict]})"
        print(f"    {verdict}: {demand.asked}\n        {demand.found}")
