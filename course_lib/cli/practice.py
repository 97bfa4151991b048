"""The commands to practise with: a quiz, what is due today, an Anki deck, and how far you are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from course_lib.cli.commands import app
from course_lib.language import Say, speaking

if TYPE_CHECKING:
    from course_lib.catalog import Topic

Lang = Annotated[str | None, typer.Option("--lang", metavar="en|zh", help="The language of this command alone.")]


@app.command()
def quiz(
    topic: Annotated[str | None, typer.Argument(metavar="NN", help="A topic, such as 04; all without it.")] = None,
    level: Annotated[str | None, typer.Option(help="Only easy, medium or hard topics.")] = None,
    n: Annotated[int, typer.Option("--n", help="How many questions.")] = 10,
    seed: Annotated[int | None, typer.Option(help="The same questions in the same order; new ones without it.")] = None,
    lang: Lang = None,
) -> None:
    """Answer multiple-choice questions; each answer is explained.

    Type the number of an option. q ends; what you answered is kept.
    """
    with speaking(lang) as code:
        from random import randrange

        from course_lib import catalog
        from course_lib.cli.asking import Ended, Screen
        from course_lib.grading.progress import progress
        from course_lib.interview import memory, reviews
        from course_lib.interview.quiz import questions
        from course_lib.interview.texts import LEVEL_NAMES, titled

        drawn = randrange(1000) if seed is None else seed
        topics = [catalog.topic(topic)] if topic else catalog.topics()
        asked = questions(topics, code, n, level, drawn)
        if not asked:
            raise ValueError(_nothing_to_ask(topics, level))
        screen, missed, done = Screen(), [], 0
        if len(asked) < n and topic:
            screen.show(Say(f"This topic has {len(asked)} questions.", f"这个主题共 {len(asked)} 道题。"))
        try:
            for number, each in enumerate(asked, 1):
                screen.show(
                    f"{number}/{len(asked)} · {titled(each.topic, code)} · {LEVEL_NAMES[each.topic.card.level]}"
                )
                right = screen.ask(each)
                rating = memory.GOOD if right else memory.AGAIN
                reviews.add(progress(), [memory.Review(memory.now(), each.id, rating, "quiz")])
                done += 1
                screen.explain(each)
                screen.gap()
                missed += [] if right else [each]
        except Ended:
            pass
        if not done:
            screen.show(Say("Nothing was answered.", "没有作答。"))
            return
        screen.show(_score(done - len(missed), done, len(asked)))
        if missed:
            screen.show(Say("To read again:", "建议重读："))
        for each in missed:
            screen.line(each.link.url, indent=2)
        screen.show(Say(f"The same quiz again: --seed {drawn}", f"重做同一份测验：--seed {drawn}"))


@app.command()
def today(
    n: Annotated[
        int | None, typer.Option("--n", min=1, help="At most so many cards; all that are due without it.")
    ] = None,
    lang: Lang = None,
    export: Annotated[Path | None, typer.Option(metavar="FILE", help="Write your reviews to this JSON file.")] = None,
    take: Annotated[
        Path | None, typer.Option("--import", metavar="FILE", help="Add the reviews of such a file to yours.")
    ] = None,
) -> None:
    """See the cards that are due today, and a few new ones.

    FSRS chooses the days, up to that of your interview (course plan). q ends; what you answered is kept.
    """
    with speaking(lang) as code:
        from course_lib.cli.today import see_today
        from course_lib.grading.progress import progress
        from course_lib.interview import reviews

        kept = progress()
        if take:
            count = reviews.add(kept, reviews.read(take))
            print(Say(f"Reviews added, which were not here before: {count}.", f"新增复习记录：{count} 条。"))
        if export:
            mine = reviews.load(kept)
            reviews.save(mine, export)
            print(Say(f"Reviews written to {export}: {len(mine)}.", f"写入 {export} 的复习记录：{len(mine)} 条。"))
        if not (take or export):
            see_today(kept, code, n)


@app.command()
def deck(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: tflite-interview-LANG.apkg here.")] = None,
    lang: Lang = None,
) -> None:
    """Write an Anki deck with the cards of all topics.

    A later export updates the cards in Anki and keeps what Anki knows about you.
    """
    with speaking(lang) as code:
        import time

        from course_lib import catalog
        from course_lib.interview.deck import write

        path = out or Path(f"tflite-interview-{code}.apkg")
        found = write(catalog.topics(), code, path, time.time())
        print(
            Say(
                f"{path}: {found.cards} cards in the deck “{found.deck}”, read back and whole. In Anki: File, Import.",
                f"{path}：牌组“{found.deck}”共 {found.cards} 张卡片，已读回校验。在 Anki 中：文件 → 导入。",
            )
        )


@app.command("progress")
def show_progress(
    lang: Lang = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it too: .png, .svg or .pdf.")] = None,
) -> None:
    """Show what you have learned and when, your weakest topics, and readiness per role by a rule that is shown."""
    with speaking(lang) as code:
        from course_lib import catalog, plan
        from course_lib.cli import standing
        from course_lib.grading.progress import progress
        from course_lib.interview import memory, picture, readiness, reviews

        if plot:
            picture.check(plot)
        kept, day, wish = progress(), date.today(), plan.saved()
        mine = reviews.load(kept)
        target = wish.day if wish and wish.day > day else day + timedelta(days=1)
        ready = readiness.readiness(catalog.topics(), kept.best(), memory.replay(mine), target)
        days = standing.days(kept.history(), mine)
        standing.show(ready, days, code, wish.role if wish else None, target)
        if plot:
            print(f"{plot}: {picture.save(ready, days, plot)}")


def _score(right: int, done: int, of: int) -> Say:
    from course_lib.cli.today import KEPT

    early = Say(f"Ended after {done} of {of}: ", f"答了 {of} 题中的 {done} 题：") if done < of else Say("", "")
    return Say(f"{early.en}{right} of {done} right. {KEPT.en}", f"{early.zh}答对 {right}/{done}。{KEPT.zh}")


def _nothing_to_ask(topics: Sequence[Topic], level: str | None) -> str:
    if len(topics) == 1 and topics[0].card.page("en").quiz:
        number, of = topics[0].number, topics[0].card.level
        return str(Say(f"topic {number:02d} is {of}, not {level}", f"第 {number:02d} 题的难度是 {of}，不是 {level}"))
    numbers = ", ".join(f"{topic.number:02d}" for topic in topics)
    return str(Say(f"no quiz is written yet for {numbers}", f"{numbers} 还没有测验题"))
