"""A tiny course for the tests of the grader: one topic, two tasks, made in a temporary folder."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

CARD = """
level = "easy"
minutes = {core = 5, whole = 10}
needs = []
roles = ["mobile"]
[en]
title = "Scale a list"
question = "How do you scale?"
hints = {A = ["think of a factor", "multiply each item", "return [k * v for v in values]"]}
tasks = {A = "Write `scale`.", B = "Write `Counter`."}
[zh]
title = "缩放列表"
question = "怎样缩放？"
hints = {A = ["想想系数", "逐个相乘", "return [k * v for v in values]"]}
tasks = {A = "写出 `scale`。", B = "写出 `Counter`。"}
"""

CHECKS = """
import numpy as np

from course_lib.grading import brief, expect, law, raises, unchanged


@law("7A", points=4, en="Every item is multiplied", zh="每一项都乘以系数")
def check_multiplies(scale, rng):
    values = rng.normal(size=5)
    got = scale(values, 3.0)
    expect(np.allclose(got, values * 3.0), en=f"got {brief(got)}", zh=f"得到 {brief(got)}")


@law("7A", points=3, en="The input is not touched", zh="输入保持不变")
def check_input_is_kept(scale):
    unchanged(scale, np.ones(3), 2.0)


@law("7A", points=3, en="A factor that is not a number is refused", zh="系数不是数时报错")
def check_nan_is_refused(scale):
    raises(ValueError, scale, np.ones(2), float("nan"))


@law("7B", points=6, en="It counts what it is given", zh="统计所给的内容")
def check_counts(Counter):
    counter = Counter(["a"])
    counter.add("b")
    counter.add("a")
    expect(counter["a"] == 2 and len(counter) == 2, en=f"a: {counter['a']}", zh=f"a：{counter['a']}")
    expect(sorted(counter) == ["a", "b"], en="iteration", zh="遍历")


@law("7B", points=4, en="It asks the callable once per item", zh="每项只调用一次")
def check_callback(Counter):
    seen = []

    def weight(item):
        seen.append(item)
        expect(len(seen) <= 2, en="more than two calls", zh="超过两次调用")
        return 10

    total = Counter(["x", "y"]).total(weight)
    expect(total == 20, en=f"total {total}", zh=f"总和 {total}")
"""

EXERCISE = """
# %% [markdown]
# {{task:A}}

# %%
import numpy as np
from course_lib import check, finish


def scale(values, factor):
    # BEGIN SOLUTION
    if factor != factor:
        raise ValueError("factor is not a number")
    return np.asarray(values) * factor
    # END SOLUTION


# %%
check("7A")

# %% [markdown]
# {{task:B}}

# %%
class Counter:
    def __init__(self, items):
        # BEGIN SOLUTION
        self.items = {}
        for item in items:
            self.add(item)
        # END SOLUTION

    def add(self, item):
        # BEGIN SOLUTION
        self.items[item] = self.items.get(item, 0) + 1
        # END SOLUTION

    def total(self, weight):
        # BEGIN SOLUTION
        return sum(weight(item) * count for item, count in self.items.items())
        # END SOLUTION

    def __getitem__(self, item):
        return self.items[item]

    def __len__(self):
        return len(self.items)

    def __iter__(self):
        return iter(self.items)


# %%
check("7B")

# %%
finish("07")
"""

WRONG = """
[[A]]
name = "adds_instead"
caught_by = "check_multiplies"
en = "The factor was added, not multiplied."
zh = "加上了系数，而不是相乘。"
code = '''
def scale(values, factor):
    if factor != factor:
        raise ValueError("nan")
    return np.asarray(values) + factor
'''
[[A]]
name = "in_place"
caught_by = "check_input_is_kept"
en = "The caller's array was scaled in place."
zh = "就地修改了调用者的数组。"
code = '''
def scale(values, factor):
    if factor != factor:
        raise ValueError("nan")
    values *= factor
    return values
'''
[[A]]
name = "nan_passes"
caught_by = "check_nan_is_refused"
en = "NaN went through."
zh = "放过了 NaN。"
code = '''
def scale(values, factor):
    return np.asarray(values) * factor
'''
[[B]]
name = "asks_twice"
caught_by = "check_callback"
en = "The callable was asked twice per item."
zh = "每项调用了两次。"
code = '''
_Counter = Counter
class Counter(_Counter):
    def total(self, weight):
        return sum((weight(i) + weight(i)) / 2 * c for i, c in self.items.items())
'''
[[B]]
name = "forgets_the_first"
caught_by = "check_counts"
en = "What the constructor was given is not counted."
zh = "没有统计构造时给的内容。"
code = '''
_Counter = Counter
class Counter(_Counter):
    def __init__(self, items):
        self.items = {}
'''
"""

PARTS = {"card.toml": CARD, "checks.py": CHECKS, "exercise.py": EXERCISE, "wrong.toml": WRONG, "lesson.py": "# %%\n"}


def make_course(root: Path, **changed: str) -> Path:
    """Write the course below `root`; `changed` replaces files by name with `_` for the dot, e.g. checks_py=."""
    folder = root / "topics" / "07_scale_a_list"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in PARTS.items():
        (folder / name).write_text(dedent(changed.get(name.replace(".", "_"), text)), "utf-8")
    return root
