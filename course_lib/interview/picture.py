"""A picture of the progress: readiness by topic, and what was done when. Its labels are English, as in all figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.interview.readiness import CHECKS, MEMORY, QUIZ, Ready, by_role, weakest
from course_lib.interview.texts import ROLE_NAMES
from course_lib.language import Say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
# Colours that colour-blind readers can tell apart (Okabe and Ito), and hatches for who sees none.
_PARTS = (
    ("checks", CHECKS, "#0072B2", ""),
    ("quiz", QUIZ, "#E69F00", "///"),
    ("memory", MEMORY, "#009E73", "..."),
)


@dataclass(frozen=True)
class Day:
    """What was done on a day: exercises passed for the first time, answers given to quiz questions and cards."""

    day: date
    passed: tuple[str, ...]
    answers: int


def description(ready: Sequence[Ready], days: Sequence[Day]) -> Say:
    """Say what the picture shows, for who cannot see it."""
    shares = [(ROLE_NAMES[role], f"{100 * value:.0f}") for role, value in by_role(ready).items()]
    lowest = [(f"{each.topic.number:02d}", f"{100 * each.whole:.0f}") for each in weakest(ready, 3)]
    roles = Say(
        ", ".join(f"{name.en} {share} %" for name, share in shares),
        "，".join(f"{name.zh} {share}%" for name, share in shares),
    )
    low = Say(
        ", ".join(f"{number} ({share} %)" for number, share in lowest),
        "、".join(f"{number}（{share}%）" for number, share in lowest),
    )
    passed, answers = sum(len(each.passed) for each in days), sum(each.answers for each in days)
    span = f"{days[0].day} – {days[-1].day}" if days else "-"
    return Say(
        f"Three panels. Left, a bar for each of {len(ready)} topics: readiness from 0 to 100 %, stacked from checks, "
        f"quiz and memory. By role: {roles.en}. Lowest: {low.en}. Right, added up by day ({span}): {passed} exercises "
        f"passed above, {answers} answers given below.",
        f"三幅图。左：{len(ready)} 个主题各一条横条，准备度 0 到 100%，由检查、测验和记忆叠加而成。"
        f"各岗位：{roles.zh}。最低：{low.zh}。"
        f"右：按天累计（{span}），上为通过的练习 {passed} 个，下为作答 {answers} 次。",
    )


def draw(ready: Sequence[Ready], days: Sequence[Day]) -> Figure:
    """Draw the picture. `days` are in order, without the days on which nothing was done."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(11, max(7.5, 1.6 + 0.27 * len(ready))), layout="constrained")
    panels = figure.subplot_mosaic([["bars", "passed"], ["bars", "answers"]], width_ratios=(3, 2))
    _bars(panels["bars"], ready)
    dates = [each.day.toordinal() for each in days]
    for name, counts, colour, marker, label in (
        ("passed", [len(each.passed) for each in days], "#0072B2", "o-", "Exercises passed"),
        ("answers", [each.answers for each in days], "#D55E00", "s--", "Answers given"),
    ):
        axis = panels[name]
        if days:
            axis.plot(dates, list(accumulate(counts)), marker, color=colour)
            axis.set_xlim(dates[0] - 1, dates[-1] + 1)
            axis.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True))
            axis.xaxis.set_major_formatter(lambda number, _place: date.fromordinal(round(number)).isoformat())
            axis.tick_params(axis="x", rotation=60, labelsize=8)
        else:
            axis.set_xticks([])
            axis.text(0.5, 0.5, "Nothing was done yet.", ha="center", transform=axis.transAxes)
        axis.set(xlabel="Day", ylabel=f"{label} (count, added up)", ylim=(0, max(1, 1.15 * sum(counts))))
        axis.yaxis.set_major_locator(MaxNLocator(integer=True))
    panels["passed"].set_title("What was done when")
    for axis in panels.values():
        axis.grid(alpha=0.3)
        axis.set_axisbelow(True)
    return figure


def _bars(axis: Axes, ready: Sequence[Ready]) -> None:
    names = [f"{each.topic.number:02d}  {_short(each.topic.card.en.title)}" for each in ready]
    left = [0.0] * len(ready)
    for part, weight, colour, hatch in _PARTS:
        widths = [100 * weight * float(getattr(each, part)) for each in ready]
        label = f"{part} (at most {100 * weight:.0f} %)"
        axis.barh(names, widths, left=left, color=colour, hatch=hatch, edgecolor="white", label=label)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    for place, whole in enumerate(left):
        axis.annotate(f"{whole:.0f}", (whole, place), xytext=(3, 0), textcoords="offset points", va="center", size=8)
    axis.set(xlim=(0, 107), xlabel="Readiness (%)", ylabel="Topic")
    axis.set_title("Readiness by topic", pad=30)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(_PARTS), fontsize=8, frameon=False)
    axis.margins(y=0.01)
    axis.invert_yaxis()
    axis.tick_params(axis="y", labelsize=8)


def check(path: Path) -> None:
    """Refuse a file that `save` cannot draw into.

    Raises:
        ValueError: the file's ending is none of FORMATS.
    """
    if path.suffix.lower() not in FORMATS:
        raise ValueError(
            str(
                Say(
                    f"{path}: the ending must be one of {', '.join(FORMATS)}",
                    f"{path}：扩展名须为 {'、'.join(FORMATS)} 之一",
                )
            )
        )


def save(ready: Sequence[Ready], days: Sequence[Day], path: Path) -> Say:
    """Write the picture to a file, with its description inside the file, and return the description.

    Raises:
        ValueError: the file's ending is none of FORMATS.
        OSError: it cannot be written there.
    """
    check(path)
    alt = description(ready, days)
    title = "Readiness for the interview"
    subject = {".png": "Description", ".svg": "Description", ".pdf": "Subject"}[path.suffix.lower()]
    path.parent.mkdir(parents=True, exist_ok=True)
    draw(ready, days).savefig(path, dpi=150, metadata={"Title": title, subject: alt.en})
    return alt


def _short(title: str) -> str:
    return title if len(title) <= 38 else f"{title[:37].rstrip()}…"
