"""What the controls of the page are called."""

from __future__ import annotations

from course_lib.language import Say

LABELS = {
    "begin": Say("Begin", "开始"),
    "resume": Say("Go on where you stopped", "从上次停下的地方继续"),
    "role": Say("Role", "岗位"),
    "minutes": Say("Minutes", "分钟"),
    "seed": Say("Seed", "种子"),
    "answer": Say("Answer (optional, to have it read)", "回答（可选，供课程阅读）"),
    "keep": Say("Answer (optional, kept in the report; compare it yourself)", "回答（可选，留在报告里，由你自己对照）"),
    "answered": Say("I have answered", "我答完了"),
    "next": Say("Next", "下一步"),
    "skip": Say("Pass over", "跳过"),
    "check": Say("Have the file checked", "检查该文件"),
    "hint": Say("Hint", "提示"),
    "done": Say("Done, go on", "做完了，继续"),
    "save": Say("Write the report as a page", "把报告写成网页"),
    "again": Say("A new interview", "再来一次"),
}


def clock(seconds: int) -> Say:
    """Name the button that starts the clock."""
    return Say(f"Start the {seconds} seconds", f"开始 {seconds} 秒计时")


def ticked(place: int, count: int) -> Say:
    """Name the box of a point, `place` counted from 0."""
    if count == 1:
        return Say("I said this, in substance", "大意说到了")
    return Say(f"Point {place + 1}: I said it", f"第 {place + 1} 点：我说到了")
