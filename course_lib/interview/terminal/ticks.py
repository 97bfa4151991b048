"""Which points were said, as it is typed: `1 3`, `+2 -1`, `a`, `0`, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.language import Say

MANY = Say(
    "Which points did you say? Numbers such as 1 3, a for all, 0 for none; +2 or -2 changes one mark; Enter takes what "
    "is marked.",
    "你说到了哪几点？输入编号如 1 3，a 表示全部，0 表示没有；+2 或 -2 改动一个标记；直接按回车采用已标记的。",
)
ONE = Say("Did you say this, in substance? 1 for yes, Enter for no.", "大意说到了吗？1 表示是，直接按回车表示否。")


def ticks(line: str, marked: Sequence[bool]) -> set[int] | None:
    """Return the points that were said, counted from 0; None leaves them as they are marked.

    Args:
        line: what was typed.
        marked: for each point, whether it is marked so far.

    Raises:
        ValueError: the line is none of these, or names a point that there is not.
    """
    count, answer = len(marked), line.strip().lower()
    if not answer:
        return None
    if answer in ("a", "all", "全部") or (count == 1 and answer in ("y", "yes", "是")):
        return set(range(count))
    if count == 1 and answer in ("n", "no", "否"):
        return set()
    words = answer.replace(",", " ").replace("，", " ").replace("、", " ").split()
    if all(word[0] in "+-" and word[1:].isdecimal() for word in words):
        added = _places([word for word in words if word[0] == "+"], count)
        taken = _places([word for word in words if word[0] == "-"], count)
        return ({place for place, said in enumerate(marked) if said} | added) - taken
    if not all(word.isdecimal() for word in words):
        raise ValueError(str(Say(f"{line!r} is not understood.", f"没看懂 {line!r}。")))
    return _places([word for word in words if int(word)], count)


def _places(words: Sequence[str], count: int) -> set[int]:
    numbers = [abs(int(word)) for word in words]
    beyond = [number for number in numbers if not 1 <= number <= count]
    if beyond:
        known = (
            Say("the only one is 1", "只有第 1 点")
            if count == 1
            else Say(f"they are 1 to {count}", f"只有 1 到 {count}")
        )
        raise ValueError(
            str(Say(f"There is no point {beyond[0]}; {known.en}.", f"没有第 {beyond[0]} 点，{known.zh}。"))
        )
    return {number - 1 for number in numbers}
