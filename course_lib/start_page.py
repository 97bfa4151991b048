"""The page that JupyterLab opens on: the thirty topics, what is done, and where to begin.

It is Markdown (with a little HTML that JupyterLab lets through), because a preview opens at once and needs no kernel.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from course_lib import catalog, plan, workbook
from course_lib.home import course_root
from course_lib.language import Say, language

FILE = "START.md"
POINTS_PER_TASK = 10

_TITLE = Say("TFLite model compression: thirty interview questions", "TFLite 模型压缩：三十道面试题")
_OTHER = Say("<b>中文：</b>`course lang zh`", "<b>English:</b> `course lang en`")  # for who reads the other one
_BEGIN = Say("Where to begin", "从这里开始")
_HOW = Say(
    "<b>How a topic goes.</b> Read the lesson and run it: it asks for your guess first, then measures. Then do the "
    'exercise, in your own copy: `check("4A")` says at once what holds and what does not, `hint("4A")` helps in three '
    "steps. The points below are counted anew each time the course is started.",
    "<b>每个主题怎么学。</b>先读并运行课程：它先请你预测，再测量。然后在你自己的副本里做练习："
    '`check("4A")` 立刻告诉你哪些成立、哪些不成立，`hint("4A")` 分三步给提示。下面的分数在每次启动课程时重新统计。',
)
_HEAD = (
    Say("#", "#"),
    Say("Topic", "主题"),
    Say("Level", "难度"),
    Say("Minutes, core / all", "分钟，核心 / 全部"),
    Say("Lesson", "课程"),
    Say("Exercise", "练习"),
    Say("Points", "分数"),
)
_LEVELS = {"easy": Say("easy", "简单"), "medium": Say("medium", "中等"), "hard": Say("hard", "困难")}
_WRITING = Say("being written", "编写中")
_LESSON = Say("lesson", "课程")
_EXERCISE = Say("exercise", "练习")
_ROADS = Say("Four roads", "四条路线")
_PLAN = Say("Your plan", "你的计划")
_NO_PLAN = Say(
    "An interview soon? In a terminal: `course plan --date 2026-12-08 --hours 12 --role mobile`, with your "
    "figures. It picks and orders the topics for the time there is.",
    "快要面试了？在终端运行 `course plan --date 2026-12-08 --hours 12 --role mobile`"
    "（换成你自己的日期、小时数和岗位），它会按可用时间挑选并排好主题。",
)
_MODERN = Say(
    "Eighteen more questions that interviewers ask today, with answers",
    "面试官今天还会问的十八个问题，附回答",
)
_MOCK = Say("The mock interview", "模拟面试")
_MOCK_MORE = Say(
    ": questions out loud against the clock, a table to diagnose, a whiteboard, your own numbers to defend. "
    "Also `course interview` in a terminal.",
    "：计时出声回答、读表诊断、白板题、为自己的数字辩护。也可在终端运行 `course interview`。",
)
_FOOT = Say(
    "This page is written anew at every start. Your exercises in this folder never are: `course reset 04` puts a "
    "fresh one in place and keeps yours beside it.",
    "本页在每次启动时重新生成；此文件夹里的练习不会被覆盖：`course reset 04` 会放一份新的，并把你的保留在旁边。",
)


@dataclass(frozen=True)
class Row:
    """One topic as the page shows it. `lesson` and `exercise` are links from `workbook/`, "" where there is none."""

    number: int
    title: str
    question: str
    level: str
    core: int
    whole: int
    needs: tuple[str, ...]
    written: bool
    lesson: str
    exercise: str
    points: int
    of: int

    @property
    def done(self) -> bool:
        """True when every task is solved completely."""
        return self.written and self.points >= self.of


def rows(best: Mapping[str, int], root: Path | None = None) -> list[Row]:
    """Describe all topics in the learner's language.

    Args:
        best: task id ("4A") -> the most points that the learner has had for it, 0 to 10; nothing for none.
        root: the folder that holds `topics/`; default `course_root()`.

    Raises:
        CardError: a card cannot be read; the message names it.
    """
    base = root or course_root()
    found = []
    for topic in catalog.topics(base):
        card = topic.card
        page = card.page(language())
        lesson, exercise = f"notebooks/{topic.name}.ipynb", f"{workbook.FOLDER}/{topic.name}.ipynb"
        found.append(
            Row(
                number=topic.number,
                title=page.title,
                question=page.question,
                level=str(_LEVELS[card.level]),
                core=card.minutes.core,
                whole=card.minutes.whole,
                needs=card.needs,
                written=topic.written,
                lesson=f"../{lesson}" if topic.written and (base / lesson).is_file() else "",
                exercise=f"{topic.name}.ipynb" if topic.written and (base / exercise).is_file() else "",
                points=sum(best.get(task, 0) for task in topic.tasks) if topic.written else 0,
                of=POINTS_PER_TASK * len(topic.tasks),
            )
        )
    return found


def next_topic(topics: Sequence[Row]) -> Row | None:
    """Choose where to go on: what was begun, else the first whose needs are met; None when all written are done."""
    open_ones = [row for row in topics if row.written and not row.done]
    met = {f"{row.number:02d}" for row in topics if row.done or not row.written}
    begun = [row for row in open_ones if row.points]
    ready = [row for row in open_ones if met.issuperset(row.needs)]
    return next(iter(begun + ready + open_ones), None)


def solved(topics: Sequence[catalog.Topic], best: Mapping[str, int]) -> list[int]:
    """Return the numbers of the topics whose every task is solved completely."""
    return [
        topic.number
        for topic in topics
        if topic.written and all(best.get(task, 0) >= POINTS_PER_TASK for task in topic.tasks)
    ]


def page(
    topics: Sequence[Row],
    stale: Sequence[int] = (),
    made: plan.Plan | None = None,
    modern: str = "",
    mock: str = "",
) -> str:
    """Render the page in the learner's language.

    Args:
        topics: from `rows`.
        stale: numbers of the topics whose exercise has changed since the learner's copy was made.
        made: the learner's plan, if they asked for one.
        modern: link to the page of modern questions, "" where there is none.
        mock: link to the page of the mock interview, "" where there is none.
    """
    written = [row for row in topics if row.written]
    points, of, done = (
        sum(row.points for row in written),
        sum(row.of for row in written),
        sum(row.done for row in written),
    )
    later = len(topics) - len(written)
    summary = Say(
        f"{done} of {len(written)} topics done, {points} of {of} points"
        + (f"; {later} of {len(topics)} topics are still being written." if later else "."),
        f"已完成 {done}/{len(written)} 个主题，得 {points}/{of} 分"
        + (f"；共 {len(topics)} 个主题，其中 {later} 个仍在编写。" if later else "。"),
    )
    parts = [
        f"# {_TITLE}",
        f'<progress value="{points}" max="{max(of, 1)}" style="width:100%"></progress>\n\n{summary} {_OTHER}',
        f"## {_BEGIN}",
        _where(next_topic(topics), begun=points > 0),
        str(_HOW),
        *(_changed(number) for number in stale),
        f"## {_PLAN}",
        _plan(topics, made) if made else str(_NO_PLAN),
        *([f"[{_MOCK}]({mock}){_MOCK_MORE}"] if mock else []),
        f"## {_ROADS}",
        *(_road(road, topics) for road in plan.ROADS),
        _table(topics),
        *([f"[{_MODERN}]({modern})"] if modern else []),
        f"---\n\n{_FOOT}",
    ]
    return "\n\n".join(parts) + "\n"


def _where(row: Row | None, *, begun: bool) -> str:
    if row is None:
        return str(
            Say(
                "Everything that is written so far is done. `course list` shows your points in the terminal.",
                "目前写好的主题都已完成。在终端里用 `course list` 查看分数。",
            )
        )
    verb = Say("Go on with", "继续学习") if begun else Say("Start with", "先学")
    minutes = Say(
        f"{row.core} minutes for its core, {row.whole} with everything.",
        f"核心 {row.core} 分钟，全部 {row.whole} 分钟。",
    )
    title = f"{row.number:02d} · {_inline(row.title)}"
    name = f"[{title}]({row.lesson})" if row.lesson else title
    exercise = f"  →  [{_EXERCISE}]({row.exercise})" if row.exercise else ""
    return f"{verb} **{name}**{exercise}\n\n> {_inline(row.question)}\n\n{minutes}"


def _road(road: plan.Road, topics: Sequence[Row]) -> str:
    """One line of the map: the stations in order, those that are done ticked."""
    known = {row.number: row for row in topics}
    stations = [known[number] for number in road.topics if number in known]
    hours = sum(row.core for row in stations) / 60
    much = Say(f"cores {hours:.1f} h", f"核心共 {hours:.1f} 小时")
    return f"**{road.name}** ({much}): {' → '.join(_station(row) for row in stations)}"


def _station(row: Row) -> str:
    name = f"{row.number:02d} {_inline(row.title)}"
    return (f"[{name}]({row.lesson})" if row.lesson else name) + (" ✓" if row.done else "")


def _plan(topics: Sequence[Row], made: plan.Plan) -> str:
    known = {row.number: row for row in topics}
    days: dict[date, list[str]] = {}
    for step in made.steps:
        minutes = Say(f"{step.minutes} min", f"{step.minutes} 分钟")
        name = f"{_station(known[step.topic.number])} ({plan.PARTS[step.whole]}, {minutes})"
        days.setdefault(step.day, []).append(name)
    lines = [f"- **{day.isoformat()}**: {'; '.join(names)}" for day, names in days.items()]
    return "\n".join([*lines, "", str(plan.summary(made)), "", str(plan.RULE)])


def _changed(number: int) -> str:
    exercise = Say(f"The exercise of topic {number:02d}", f"主题 {number:02d} 的练习")
    what = {0: _MOCK, 31: Say("The capstone", "结业项目")}.get(number, exercise)
    return str(
        Say(
            f"<b>{what.en} has changed</b> since your copy was made. Yours still works; "
            f"`course reset {number:02d}` in a terminal puts the new one in place and keeps yours beside it.",
            f"<b>{what.zh}已更新</b>，而你的副本是旧的。你的副本仍可使用；"
            f"在终端运行 `course reset {number:02d}` 会放入新版，并把你的保留在旁边。",
        )
    )


def _table(topics: Sequence[Row]) -> str:
    head = "".join(f'<th style="text-align:left">{text}</th>' for text in _HEAD)
    body = "\n".join(_table_row(row) for row in topics)
    open_table = '<table style="width:100%;table-layout:auto">'
    return f"{open_table}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _table_row(row: Row) -> str:
    faint = ' style="opacity:.75"' if row.written else ""  # two steps of fading would be too pale to read
    title = f"<b>{html.escape(row.title)}</b><br><span{faint}>{html.escape(row.question)}</span>"
    lesson = f'<a href="{row.lesson}">{_LESSON}</a>' if row.lesson else ""
    exercise = f'<a href="{row.exercise}">{_EXERCISE}</a>' if row.exercise else ""
    points = f"{row.points} / {row.of}{' ✓' if row.done else ''}"
    last = [lesson, exercise, points] if row.written else [f"<i>{str(_WRITING).replace(' ', '&nbsp;')}</i>", "", ""]
    cells = [f"{row.number:02d}", title, row.level, f"{row.core} / {row.whole}", *last]
    style = "text-align:left" if row.written else "text-align:left;opacity:.65"
    return "<tr>" + "".join(f'<td style="{style}">{cell}</td>' for cell in cells) + "</tr>"


def _inline(text: str) -> str:
    """Escape what Markdown would take for markup in one line of text."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>#" else char for char in " ".join(text.split()))


def write(root: Path | None = None) -> tuple[Path, list[Path], list[Path]]:
    """Copy new exercises to `workbook/` and write the start page beside them.

    Returns:
        The page, the exercises that were copied now, and the copies whose exercise has changed since.
    """
    from course_lib.grading.progress import progress

    base = root or course_root()
    made, stale = workbook.prepare(base), workbook.changed(base)
    numbers = [int(path.name[:2]) for path in stale]
    best = progress().best()
    modern = f"docs/modern_questions{'.zh' if language() == 'zh' else ''}.md"
    link = f"../{modern}" if (base / modern).is_file() else ""
    mock = next((each.name for each in (base / "notebooks").glob("00_*.ipynb")), "")  # its copy was made above
    text = page(rows(best, base), numbers, _made(catalog.topics(base), best), link, mock)
    path = base / workbook.FOLDER / FILE
    workbook.replace(path, text.encode())
    return path, made, stale


def refresh(root: Path | None = None) -> bool:
    """Write the page again where there is one already; False when there is none, or it cannot be written.

    For commands that change what it shows: their own work is done, so a page that stays old is no error of theirs.
    """
    base = root or course_root()
    if not (base / workbook.FOLDER / FILE).is_file():
        return False
    try:
        write(base)
    except (OSError, ValueError):
        return False
    return True


def _made(topics: Sequence[catalog.Topic], best: Mapping[str, int]) -> plan.Plan | None:
    """Return the plan that the learner asked for, made anew from today; None when the day is past."""
    wish, today = plan.saved(), date.today()
    return plan.plan(topics, wish, today, solved(topics, best)) if wish and wish.day >= today else None


def _read_only(root: Path) -> Say:
    """Say what to do with a copy of the course that belongs to somebody else."""
    folder, links = root / workbook.FOLDER, f"`sh {root}/docs/jupyterhub_home.sh {root}`"
    return Say(
        f"{folder} is not yours to write in: make a clone of your own, or a folder of links to this one with {links}",
        f"{folder} 对你是只读的：请自己克隆一份，或运行 {links} 建一个链接文件夹",
    )


def main() -> int:
    """Prepare `workbook/` for a start; every foreseeable fault is one line on stderr and exit code 1."""
    try:
        _, made, stale = write()
    except PermissionError:
        print(f"course: {_read_only(course_root())}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"course: {error}", file=sys.stderr)
        return 1
    if made:
        names = [path.name for path in made]
        listed = ", ".join(names) if len(names) < 4 else f"{names[0]} to {names[-1]}"
        print(f"course: {len(made)} new in {workbook.FOLDER}/: {listed}")
    for copy in stale:
        number = copy.name[:2]
        print(f"course: {copy.name} has changed since your copy was made; `course reset {number}` renews it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
