"""A course of one tiny topic in a folder of its own: tests of the build and the rules are fast and cannot drift."""

from __future__ import annotations

from pathlib import Path

NAME = "01_double_it"


def _quiz(question: str, right: str, wrong: str, why: str) -> str:
    options = ((right, "true"), (wrong, "false"), (f"{wrong}?", "false"))
    rows = ", ".join(f'{{text = "{text}", correct = {correct}, why = "{why}"}}' for text, correct in options)
    return ", ".join(f'{{q = "{question} {n}", options = [{rows}]}}' for n in (2, 3, 4))


CARD = """
level = "easy"
minutes = {core = 1, whole = 2}
needs = []
roles = ["mobile"]
sources = [{title = "Arithmetic", url = "https://example.org/arithmetic"}]

[en]
title = "Double it"
question = "How do you double a number?"
answer = "Twice {measured_ratio:.1f}, so $\\\\frac{a}{b}$ and `{kept}` stay."
points = [{text = "It is {measured_ratio:.2f} times as large.", evidence = "measured_ratio", listen = [
    "times as large"]},
  {text = "It is linear.", evidence = "kind", listen = ["+linear"]},
  {text = "It is exact.", evidence = "kind", listen = ["+exact"]}]
pitfalls = [{says = "Adding two doubles.", why = "Only for 2.", costs = "Everything else.", listen = [
    "adding two"]}]
followups = [{q = "And half?", a = "Divide."}, {q = "Zero?", a = "Zero."}, {q = "NaN?", a = "NaN."}]
hints = {A = ["Think.", "Add.", "x + x"], B = ["Think.", "Subtract.", "-x"]}
tasks = {A = "Write `double(x)`.", B = "Write `negate(x)`."}
quiz = [QUIZ_EN]

[zh]
title = "翻倍"
question = "怎样把一个数翻倍？"
answer = "两倍就是 {measured_ratio:.1f}。"
points = [{text = "大了 {measured_ratio:.2f} 倍。", evidence = "measured_ratio", listen = ["大了"]},
  {text = "它是线性的。", evidence = "kind", listen = ["+线性"]},
  {text = "它是精确的。", evidence = "kind", listen = ["+精确"]}]
pitfalls = [{says = "加二就是翻倍。", why = "只对 2 成立。", costs = "其余全错。", listen = ["加二"]}]
followups = [{q = "减半呢？", a = "除以二。"}, {q = "零呢？", a = "还是零。"}, {q = "NaN 呢？", a = "还是 NaN。"}]
hints = {A = ["想一想。", "做加法。", "x + x"], B = ["想一想。", "做减法。", "-x"]}
tasks = {A = "写出 `double(x)`。", B = "写出 `negate(x)`。"}
quiz = [QUIZ_ZH]
"""
CARD = CARD.replace("QUIZ_EN", _quiz("What is twice", "Right", "Less", "Count it."))
CARD = CARD.replace("QUIZ_ZH", _quiz("两倍是多少？", "对", "少了", "数一数。"))

LESSON = """
# %% [markdown]
# {{header}}

# %% [markdown]
# After this lesson you can
#
# - **double** a number (1A),
# - **negate** a number (1B),
# - **prove** both in one line (check_double).
#
# Predict first.

# %%
from course_lib.lesson import playground, predict, receipt, record, reveal, show, style, table

predict("ratio", "How many times larger?", zh="大几倍？", unit="x")

# %% [markdown]
# ## The experiment
# Because seeing is believing.


# %%
import matplotlib.pyplot as plt

with style():
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.plot([0, 1], [0, 2])
    ax.set_xlabel("x")
    ax.set_ylabel("2x")
show(fig, alt="A straight line from the origin to one and two", caption="Doubling is linear.", caption_zh="线性。")


# %% [markdown]
# The same, to play with.


# %%
def line(slope):
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.plot([0, 1], [0, slope])
    ax.set_xlabel("x")
    ax.set_ylabel("y")
    return fig


playground(line, alt="A straight line from the origin with a slope", slope=(0.0, 3.0, 0.5))
show(line(1.0), alt="A straight line from the origin with slope one", caption="One setting.", caption_zh="一种设置。")

# %% [markdown]
# Measured:

# %%
# NBVAL_CHECK_OUTPUT
record("measured_ratio", 2.0000004)
record("kind", "exact")
table([{"x": 1, "twice": 2}, {"x": 2000, "twice": 4000}], caption="Doubling")

# %% [markdown]
# ## Deeper
# {{myths}}

# %%
assert 3 + 2 != 2 * 3

# %% [markdown]
# ## Reveal
# {{answer}}
# {{followups}}
#
# ## What this does not show
# Other numbers.
#
# {{sources}}
# {{exercise}}
# {{next}}

# %%
reveal("ratio", 2.0)

# %% [markdown]
# What this run did:

# %%
# NBVAL_CHECK_OUTPUT
receipt()
"""

EXERCISE = '''
# %% [markdown]
# {{exercise_header}}

# %%
from course_lib.grading import check, finish

# %% [markdown]
# {{task:A}}


# %%
def double(x):
    """Twice x."""
    # BEGIN SOLUTION
    total = sum((x, x))
    return total
    # END SOLUTION


# %%
check("1A")

# %% [markdown]
# {{task:B}}


# %%
def negate(x):
    # BEGIN SOLUTION
    return 0 - x
    # END SOLUTION


# %%
check("1B")

# %%
# NBVAL_CHECK_OUTPUT
finish("01")
'''

CHECKS = """
from course_lib.grading import expect, law


@law("1A", points=10, en="twice as large", zh="是两倍")
def check_double(double, rng):
    x = float(rng.uniform(3, 9))
    y = double(x)
    expect(y == 2 * x, en=f"double({x:.3f}) gave {y}", zh=f"double({x:.3f}) 得到 {y}")


@law("1B", points=10, en="the sum with x is zero", zh="与 x 的和为零")
def check_negate(negate, rng):
    x = float(rng.uniform(3, 9))
    expect(negate(x) + x == 0, en="the sum is not zero", zh="和不为零")
"""

WRONG = """
[[A]]
name = "added_two"
caught_by = "check_double"
en = "2 was added."
zh = "加了 2。"
code = "def double(x): return x + 2"
[[A]]
name = "squared"
caught_by = "check_double"
en = "x was squared."
zh = "求了平方。"
code = "def double(x): return x * x"
[[A]]
name = "halved"
caught_by = "check_double"
en = "x was halved."
zh = "除以了 2。"
code = "def double(x): return x / 2"
[[B]]
name = "inverted"
caught_by = "check_negate"
en = "The reciprocal was taken."
zh = "取了倒数。"
code = "def negate(x): return 1 / x"
[[B]]
name = "unchanged"
caught_by = "check_negate"
en = "x came back unchanged."
zh = "原样返回了 x。"
code = "def negate(x): return x"
[[B]]
name = "minus_one"
caught_by = "check_negate"
en = "1 was subtracted."
zh = "减了 1。"
code = "def negate(x): return x - 1"
"""

FILES = {"card.toml": CARD, "lesson.py": LESSON, "exercise.py": EXERCISE, "checks.py": CHECKS, "wrong.toml": WRONG}


def write(root: Path, **changed: str) -> Path:
    """Write the course under ``root`` and return the topic's folder; ``lesson_py="..."`` replaces that file."""
    folder = root / "topics" / NAME
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(changed.get(name.replace(".", "_"), text).lstrip(), "utf-8")
    return folder
