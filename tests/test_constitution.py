"""Every rule of the constitution can be broken: a good course keeps all, one change breaks the one it should."""

from __future__ import annotations

import shutil

import nbformat
import pytest

from course_lib.catalog import topic
from tests import cards, constitution, fake_course, pages
from tools import build

NAME = fake_course.NAME
RULES = {rule.__name__: rule for rule in (*constitution.RULES, *cards.RULES, *pages.RULES)}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    fake_course.write(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_ROOT", str(root))
        assert build.main([]) == 0
    return root


@pytest.fixture
def course(built, tmp_path, monkeypatch):
    root = tmp_path / "course"
    shutil.copytree(built, root)
    monkeypatch.setenv("COURSE_ROOT", str(root))
    return root


def breaches(root, name):
    return list(RULES[name](topic(1, root), root))


@pytest.mark.parametrize("name", RULES)
def test_a_good_course_keeps_every_rule(course, name):
    assert breaches(course, name) == []


# rule -> changes of one file, each of which breaks it: (file, old, new, words of the complaint)
BROKEN = [
    ("solution_passes", "exercise.py", "sum((x, x))", "x * x", "the solution gets 0 of 10"),
    ("wrong_answers_are_caught", "wrong.toml", "x + 2", "x + x", "added_two: check_double says pass"),
    ("wrong_answers_are_caught", "wrong.toml", 'caught_by = "check_negate"', 'caught_by = "check_nothing"', "no law"),
    ("wrong_answers_are_caught", "wrong.toml", "x * x", "x + 2.0", "squared: taken for added_two"),
    (
        "every_law_catches",
        "wrong.toml",
        '[[B]]\nname = "minus_one"',
        '[[A]]\nname = "minus_one"',
        "1B: 2 wrong answers",
    ),
    (
        "every_law_catches",
        "wrong.toml",
        '"check_double"',
        '"check_negate"',
        "no wrong answer is caught by check_double",
    ),
    ("every_law_catches", "wrong.toml", '"squared"', '"halved"', "the same name"),
    ("trivial_answers_earn_little", "checks.py", "y == 2 * x", "y is None", "returning None earns 10"),
    ("trivial_answers_earn_little", "checks.py", "y == 2 * x", "y == 0", "returning zeros earns 10"),
    ("trivial_answers_earn_little", "checks.py", "y == 2 * x", "y == x", "returning the first argument earns 10"),
    ("trivial_answers_earn_little", "checks.py", "y == 2 * x", "isinstance(y, float)", "returning noise earns 10"),
    (
        "no_solution_line_survives",
        "exercise.py",
        "from course",
        "x = 1\ntotal = sum((x, x))\nfrom course",
        "still says",
    ),
    ("checks_only_look", "checks.py", "from course", "import tensorflow.lite\nfrom course", "imports tensorflow.lite"),
    ("checks_only_look", "checks.py", "from course", "from course_lib import techniques\nfrom course", "techniques"),
    ("languages_agree", "card.toml", 'title = "翻倍"', 'titel = "翻倍"', "differ in titel, title"),
    ("languages_agree", "card.toml", ', {q = "NaN 呢？", a = "还是 NaN。"}', "", "3 in [en], 2 in [zh]"),
    ("languages_agree", "card.toml", "两倍就是 {measured_ratio:.1f}", "两倍就是二", "quote different numbers"),
    ("chinese_is_chinese", "card.toml", "怎样把一个数翻倍？", "How do you double it?", "no Chinese"),
    (
        "chinese_is_chinese",
        "card.toml",
        "只对 2 成立。",
        "注意 it only holds for the number two and no other one",
        "English sentence",
    ),
    ("chinese_is_chinese", "checks.py", "是两倍", "is twice", "law check_double: no Chinese"),
    ("chinese_is_chinese", "wrong.toml", "加了 2。", "plus two added", "wrong answer added_two: no Chinese"),
    ("card_is_complete", "card.toml", '"做加法。", ', "", "needs three hints"),
    ("card_is_complete", "card.toml", ', {q = "NaN 呢？", a = "还是 NaN。"}', "", "three followups"),
    ("numbers_are_measured", "card.toml", "{measured_ratio:.1f}", "{unknown:.1f}", "{unknown} was not recorded"),
    ("numbers_are_measured", "card.toml", 'evidence = "kind"', 'evidence = "sort"', "'sort' was not recorded"),
    ("numbers_are_measured", "card.toml", "Everything else.", "It is 3.2x slower.", "3.2 is typed"),
    ("numbers_are_measured", "card.toml", "大了 {", "大了37倍，{", "37 is typed"),
    ("own_points_are_heard", "card.toml", ', listen = ["加二"]', "", "[zh] pitfalls[0] has no `listen`"),
    ("own_points_are_heard", "card.toml", '["+linear"]', '["-linear"]', "[en] points[1]: its own text is not heard"),
    ("own_points_are_heard", "card.toml", '"adding two"]', '"+exact"]', "points[2]: its own text falls into"),
    ("truths_are_no_pitfalls", "card.toml", '"adding two"]', '"+twice"]', "[en] answer falls into pitfalls[0]"),
    ("truths_are_no_pitfalls", "card.toml", '"+linear"]', '"-twice"]', "[en] answer contradicts points[1]"),
    ("lesson_has_its_parts", "lesson.py", "# {{sources}}", "#", "no {{sources}}"),
    ("lesson_has_its_parts", "lesson.py", 'reveal("ratio", 2.0)', "pass", "'ratio' is never revealed"),
    ("lesson_has_its_parts", "lesson.py", 'reveal("ratio"', 'reveal("ration"', "'ration' is revealed, never predicted"),
    ("lesson_has_its_parts", "lesson.py", "predict(", "print(", "no predict()"),
    ("lesson_has_its_parts", "lesson.py", "show(", "print(", "no show()"),
    ("lesson_has_its_parts", "lesson.py", "show(line(", "print(line(", "no show() beside the playground"),
    ("lesson_has_its_parts", "lesson.py", "playground(", "print(", "no playground()"),
    ("lesson_has_its_parts", "lesson.py", "assert 3", "print(3", "asserts nothing"),
    ("lesson_has_its_parts", "lesson.py", "# - **negate** a number (1B),", "#", "2 objectives"),
    ("lesson_has_its_parts", "lesson.py", "(check_double)", "", "names no task, no law"),
    ("lesson_has_its_parts", "lesson.py", "(1B)", "(quiz)", "no objective leads to task 1B"),
    ("lesson_has_its_parts", "lesson.py", "table([", "print([", "no table()"),
    ("lesson_has_its_parts", "lesson.py", "What this does not show", "Limits", "no section"),
    ("lesson_has_its_parts", "lesson.py", "# NBVAL_CHECK_OUTPUT\nreceipt()", "receipt()", "not a compared receipt"),
    ("lesson_explains_itself", "lesson.py", "# %%\nassert", "# %%\nx = 1\n\n# %%\nassert", "no text before this cell"),
    (
        "lesson_explains_itself",
        "lesson.py",
        "# ## Deeper",
        "# Why\n\n# %%\nx = 1\n" * 9 + "\n# %% [markdown]\n#",
        "experiments",
    ),
    ("notebooks_are_rendered", "card.toml", "Only for 2.", "Just for 2.", "--no-execute 01"),
    ("measured_is_of_this_run", "measured.toml", 'kind = "exact"', 'sort = "exact"', "measured.toml holds"),
]


@pytest.mark.parametrize(
    ("rule", "file", "old", "new", "words"), BROKEN, ids=[f"{index}-{row[0]}" for index, row in enumerate(BROKEN)]
)
def test_a_rule_can_be_broken(course, rule, file, old, new, words):
    path = course / "topics" / NAME / file
    text = path.read_text("utf-8")
    assert old in text
    if old == "assert 3":
        text = text.replace(" != 2 * 3", ")")
    path.write_text(text.replace(old, new), "utf-8")
    said = breaches(course, rule)
    assert any(words in sentence for sentence in said), said


def test_every_rule_has_been_broken():
    others = {"solution_passes_remotely", "stub_is_todo", "figures_can_be_read"}
    assert {row[0] for row in BROKEN} | others == set(RULES)


def swap(course, target, source):
    shutil.copy(course / source / f"{NAME}.ipynb", course / target / f"{NAME}.ipynb")


def test_a_stub_where_the_solution_should_be(course):
    swap(course, "solutions", "exercises")
    assert any(
        "graded in another process, the solution gets 0" in each
        for each in breaches(course, "solution_passes_remotely")
    )


def test_a_solution_where_the_stub_should_be(course):
    swap(course, "exercises", "solutions")
    assert any("on the stub check_double says pass" in each for each in breaches(course, "stub_is_todo"))


def test_a_stub_that_does_not_run(course):
    path = course / "exercises" / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    notebook.cells.insert(1, nbformat.v4.new_code_cell("1 / 0"))
    nbformat.write(notebook, path)
    assert any("ZeroDivisionError" in each for each in breaches(course, "stub_is_todo"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            {"text/html": '<figure><img src="data:image/png;base64,AA"><figcaption>c</figcaption>'},
            "without a description",
        ),
        ({"text/html": f'<figure><img alt="{"x" * 30}" src="data:image/png;base64,AA">'}, "without a caption"),
        ({"text/html": f'<img alt="{"x" * 30}" src="{"A" * 120_000}"><figcaption>'}, "a figure of 90 KB"),
        ({"image/png": "AA"}, "use show()"),
    ],
)
def test_figures_that_cannot_be_read(course, data, words):
    path = course / "notebooks" / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    notebook.cells[2].outputs.append(nbformat.v4.new_output("display_data", data=data))
    nbformat.write(notebook, path)
    assert any(words in each for each in breaches(course, "figures_can_be_read"))


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("It is 3.2x faster, 92.25 % against 0.96.", ["3.2", "92.25", "0.96"]),
        ("精度92%，快37倍。", ["92", "37"]),
        ("int8, 28x28, float16, 100 images, 0.5 point, `12.7`, $x_{37}$, {name:.1f}, ICLR 2016", []),
        ("1,024 and 351,272 bytes, -128 to 127", ["1,024", "351,272", "128", "127"]),
        ("It ends with 47.", ["47"]),
    ],
)
def test_what_counts_as_a_typed_number(text, typed):
    assert cards.typed_numbers(text) == typed
