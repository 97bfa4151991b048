"""A session with the cards of today: which ones, one after the other, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from course_lib.language import Say

if TYPE_CHECKING:
    from course_lib import plan
    from course_lib.catalog import Topic
    from course_lib.cli.asking import Screen
    from course_lib.grading.progress import Progress
    from course_lib.interview.flashcards import Flashcard
    from course_lib.interview.memory import Remembered, Session

MINUTES_A_CARD = 0.7
REPEATS = 2  # how often a card that was failed comes back in one session

KEPT = Say("What you answered is kept.", "已答的都已保存。")
_ALOUD = Say("Answer out loud, then press Enter.", "先大声说出你的回答，再按回车。")
_LISTENS = Say("An interviewer listens for:", "面试官想听到的：")
_HOW = Say(
    "Did you know it? 1 no, 2 with effort, 3 well, 4 at once (q ends):",
    "答得怎么样？1 不会，2 费力，3 不错，4 脱口而出（q 结束）：",
)


def see_today(kept: Progress, code: str, n: int | None) -> None:
    """Show the cards that are due today and some new ones, at most `n`, and keep each answer as it is given."""
    from course_lib import catalog, plan
    from course_lib.cli.asking import Ended, Screen
    from course_lib.interview import flashcards, memory, reviews
    from course_lib.interview.quiz import question
    from course_lib.interview.texts import titled

    day, wish = date.today(), plan.saved()
    interview = wish.day if wish and wish.day >= day else None
    seen = memory.replay(reviews.load(kept))
    topics = study_order(catalog.topics(), wish if interview else None, kept.best(), seen, day)
    cards = [card for topic in topics for card in flashcards.ids(topic)]
    found = memory.session(cards, seen, day, interview)
    screen = Screen()
    chosen = [*found.again, *found.new][:n]
    for line in _announce(found, len(chosen), day, interview, wish_is_past=wish is not None and interview is None):
        screen.show(line)
    seed, wanted = 10 * day.toordinal(), set(chosen)
    needed = [topic for topic in topics if wanted.intersection(flashcards.ids(topic))]
    of = {card.id: card for card in flashcards.flashcards(needed, code, seed)}
    queue, tries, done = list(chosen), dict.fromkeys(chosen, 0), set[str]()
    try:
        while queue:
            card = of[queue.pop(0)]
            screen.gap()
            left = Say(f"{len(queue) + 1} to go", f"还剩 {len(queue) + 1}")
            kind = flashcards.KIND_NAMES[card.kind]
            screen.show(f"{left} · {titled(card.topic, code)} · {kind}")
            if card.asked and tries[card.id]:  # its options in another order, so that no place is learned
                again = question(card.topic, card.asked.index, code, seed + tries[card.id])
                card = replace(card, asked=again)
            rating = _see(screen, card, kept)
            done.add(card.id)
            tries[card.id] += 1
            if rating == memory.AGAIN and tries[card.id] <= REPEATS:
                queue.append(card.id)
    except Ended:
        pass
    seen = memory.replay(reviews.load(kept))
    rest = memory.session(cards, seen, day, interview)
    screen.gap()
    screen.show(
        _closing(len(done), rest, memory.upcoming([seen[each] for each in cards if each in seen], day, interview))
    )


def _see(screen: Screen, card: Flashcard, kept: Progress) -> int:
    """Show a card, keep how it went, and return the rating."""
    from course_lib.interview import memory, reviews

    def keep(rating: int) -> int:
        reviews.add(kept, [memory.Review(memory.now(), card.id, rating, "today")])
        return rating

    if card.asked:
        rating = keep(memory.GOOD if screen.ask(card.asked) else memory.AGAIN)
        screen.explain(card.asked)
        return rating
    screen.card(card.front, style="bold")
    if screen.typed:
        screen.read(_ALOUD)
    screen.card(card.back, indent=2)
    if card.points:
        screen.show(_LISTENS, indent=2)
    for point in card.points:
        screen.card(point, indent=2, mark="- ")
    return keep(screen.number(_HOW, 4))


def study_order(
    topics: Sequence[Topic],
    wish: plan.Wish | None,
    best: dict[str, int],
    seen: dict[str, Remembered],
    day: date,
) -> list[Topic]:
    """Return the topics in the order in which their cards are begun.

    First what was worked on, then the plan up to the interview and nothing that it does not reach; without a plan the
    road of the first interview, then the rest.
    """
    from course_lib import plan, start_page

    written = {topic.number: topic for topic in topics if topic.written}
    names = {card.split("/")[0] for card in seen}
    begun = [n for n, topic in written.items() if topic.name in names or any(best.get(task, 0) for task in topic.tasks)]
    if wish:
        steps = plan.plan(topics, wish, day, start_page.solved(topics, best)).steps
        order = [*begun, *(step.topic.number for step in steps)]
    else:
        order = [*begun, *plan.ROADS[0].topics, *written]
    return [written[number] for number in dict.fromkeys(order) if number in written]


def _announce(found: Session, chosen: int, day: date, interview: date | None, *, wish_is_past: bool) -> list[Say]:
    """Say how much there is today, and what the day of the interview makes of it."""
    from course_lib.interview.memory import NEW_AT_MOST

    again, new, minutes = len(found.again), len(found.new), max(1, round(MINUTES_A_CARD * chosen))
    said = [
        Say(
            f"Today: {again} to see again, {new} new. Now {chosen}, about {minutes} min; q ends at any moment.",
            f"今天：复习 {again} 张，新卡 {new} 张。这次 {chosen} 张，约 {minutes} 分钟；随时输入 q 结束。",
        )
        if chosen
        else Say("Nothing is due today.", "今天没有要复习的。")
    ]
    if interview is None:
        past = Say("The day in your plan is past. ", "计划里的面试日期已过。") if wish_is_past else Say("", "")
        said.append(
            Say(
                f"{past.en}Tell `course plan` the day of your interview: then nothing is put off beyond it.",
                f"{past.zh}用 `course plan` 填写面试日期，复习就不会排到那天之后。",
            )
        )
        return said
    days = (interview - day).days
    if days == 0:
        said.append(Say("The interview is today: nothing new any more.", "面试就在今天：不再上新卡。"))
    elif days == 1:
        said.append(Say("The interview is tomorrow: a day for looking again.", "面试就在明天：今天以复习为主。"))
    else:
        said.append(
            Say(f"The interview is on {interview} (days left: {days}).", f"面试日期：{interview}（还有 {days} 天）。")
        )
    over = found.later - NEW_AT_MOST * max(0, days - 2)
    if over > 0:
        said.append(
            Say(f"{over} cards of your plan will not be seen before it.", f"计划中有 {over} 张卡到时看不到。")
            if days < 2
            else Say(
                f"At {NEW_AT_MOST} new a day, {over} cards of your plan will not be seen before it.",
                f"按每天 {NEW_AT_MOST} 张新卡，计划中有 {over} 张到时看不到。",
            )
        )
    return said


def _closing(done: int, rest: Session, upcoming: date | None) -> Say:
    left = len(rest.again) + len(rest.new)
    if left and not done:
        return Say(f"{left} left for today.", f"今天还剩 {left} 张。")
    if left:
        return Say(f"{done} seen, {left} left for today. {KEPT.en}", f"已看 {done} 张，今天还剩 {left} 张。{KEPT.zh}")
    later = Say(f" Next: {upcoming}.", f"下次：{upcoming}。") if upcoming else Say("", "")
    if not done:
        return Say(f"Done for today.{later.en}", f"今天的任务完成。{later.zh}")
    return Say(f"{done} seen; done for today.{later.en}", f"已看 {done} 张，今天的任务完成。{later.zh}")
