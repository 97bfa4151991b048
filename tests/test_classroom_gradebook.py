"""From a folder of returned notebooks to a gradebook, tables and pages: resumed, repeatable, safe to open."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from course_lib import catalog
from course_lib.classroom.gradebook.book import opened
from course_lib.classroom.gradebook.database import FILE, GradebookError
from course_lib.classroom.gradebook.row import Row, checks_digest
from course_lib.classroom.gradebook.tables import text, write_tables
from course_lib.classroom.intake.files import Unmatched
from course_lib.classroom.intake.submissions import Found
from course_lib.classroom.pages.counting import overview
from course_lib.classroom.pages.learner import page_name
from course_lib.classroom.pages.site import write_pages
from course_lib.classroom.run import grade_class
from course_lib.classroom.texts import message, readable
from course_lib.classroom.values import Graded, Settings
from course_lib.grading import grade
from course_lib.grading.reference import wrong_answers
from course_lib.grading.results import Misconception, Outcome, Result
from course_lib.language import Say
from tests.grading_course import CHECKS, EXERCISE, make_course

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")

STUB = re.sub(r"( *)# BEGIN SOLUTION.*?# END SOLUTION", r"\1raise NotImplementedError", EXERCISE, flags=re.S)
SLOW = "import time\ntime.sleep(0.25)\n"


def notebook(code):
    cells = [{"cell_type": "code", "metadata": {}, "source": each, "outputs": []} for each in code.split("# %%")]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def answers():
    """Return notebooks by what is in them: the solution, the stub, and every named wrong answer."""
    solution = re.sub(r" *# (BEGIN|END) SOLUTION\n", "", EXERCISE).replace("# %% [markdown]\n", "# %%\n")
    solution = re.sub(r"^# \{\{.*\n", "", solution, flags=re.M)
    stub = re.sub(r"^# \{\{.*\n", "", STUB.replace("# %% [markdown]\n", "# %%\n"), flags=re.M)
    made = {"right": solution, "stub": stub}
    for wrong in wrong_answers(catalog.topic(7)):
        made[wrong.name] = f"{solution}\n# %%\n{wrong.code}"
    return made


@pytest.fixture(autouse=True)
def course(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path / "course")))
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COURSE_LANG", raising=False)
    return tmp_path / "course"


@pytest.fixture
def returned(tmp_path):
    """A class: a learner for every kind of answer, and what else lies around."""
    root = tmp_path / "returned"
    for name, code in answers().items():
        (root / name).mkdir(parents=True)
        (root / name / "07.ipynb").write_text(notebook(code), "utf-8")
    (root / "broken").mkdir()
    (root / "broken/07.ipynb").write_text("{")
    (root / "right/essay.doc").write_text("x")
    return root


def course_grade(source, out, *options, code=0):
    """Run the command in this process and return what it printed."""
    from course_lib.cli import app

    with pytest.MonkeyPatch.context() as patch, io.StringIO() as said:
        patch.setattr(sys, "stdout", said)
        patch.setattr(sys, "stderr", said)
        with pytest.raises(SystemExit) as ended:
            app(["grade", str(source), "--out", str(out), *map(str, options)])
        assert ended.value.code == code, said.getvalue()
        return said.getvalue()


def in_this_process(submissions, chosen):
    """Grade without any protection, which is quick: what is tested with it is what becomes of the results."""
    for each in submissions:
        names = {}
        for cell in each.cells:
            exec(re.sub(r"^(from course_lib|check|finish).*", "", cell.code, flags=re.M), names)
        results = tuple(grade(task, names, seed=chosen.seed) for task in each.tasks)
        yield Graded(each, results, None, 0.01, "none", "无", (("7B", "check_counts", 0.5),))


def graded(source, out, **options):
    return grade_class(source, out, in_this_process, Settings(), **options)


def points(out):
    rows = csv.DictReader((out / "points.csv").read_text("utf-8-sig").splitlines())
    return {row["learner"]: (row["7A"], row["7B"]) for row in rows}


TABLES = ("points.csv", "results.csv", "moodle.csv", "canvas.csv", "unmatched.csv")


def tables(out):
    return {name: (out / name).read_bytes() for name in TABLES}


EXPECTED = {
    "right": ("10", "10"), "stub": ("0", "0"), "broken": ("", ""), "adds_instead": ("6", "10"), "in_place": ("7", "10"),
    "nan_passes": ("7", "10"), "asks_twice": ("10", "6"), "forgets_the_first": ("10", "0"),
}  # fmt: skip


def test_one_command_makes_gradebook_tables_and_pages_whatever_the_jobs(returned, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    said = course_grade(returned, one, "--jobs", 1)
    course_grade(returned, two, "--jobs", 3, "--lang", "zh")
    assert points(one) == EXPECTED
    assert tables(one) == tables(two)
    assert "8 learners; 7 files graded now" in said
    assert len(list((one / "learners").iterdir())) == 8
    rows = list(csv.DictReader((one / "results.csv").read_text("utf-8-sig").splitlines()))
    named = {row["learner"]: row["misconception"] for row in rows if row["misconception"]}
    assert named == {each.name: each.name for each in wrong_answers(catalog.topic(7))}
    assert '<html lang="en">' in (one / "index.html").read_text("utf-8")
    assert '<html lang="zh-CN">' in (two / "index.html").read_text("utf-8")
    page = (one / "learners" / page_name("adds_instead")).read_text("utf-8")
    assert "The factor was added, not multiplied." in page
    assert "加上了系数，而不是相乘。" in page
    again = course_grade(returned, one)
    assert "0 files graded now, 7 stood already" in again
    assert tables(one) == tables(two)


def test_a_run_that_is_killed_loses_at_most_what_was_in_progress(returned, tmp_path):
    for path in returned.glob("*/07.ipynb"):
        if path.parent.name != "broken":
            path.write_text(notebook(SLOW + "# %%" + answers()[path.parent.name]), "utf-8")
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    course_grade(returned, whole)
    program = "from course_lib.cli import app; app()"
    command = [sys.executable, "-c", program, "grade", str(returned), "--out", str(cut), "--jobs", "1"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    done = 0
    for _ in range(600):
        if (cut / FILE).exists() and (done := _count(cut)) >= 3:
            break
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    kept = _count(cut)
    assert 3 <= done <= kept < 7
    said = course_grade(returned, cut)
    assert f"{7 - kept} files graded now, {kept} stood already" in said
    assert tables(cut) == tables(whole)


def test_what_lies_in_the_current_folder_is_never_imported(tmp_path):
    trap = "open(__file__ + '.sprung', 'w'); raise SystemExit('sprung')\n"
    root = tmp_path / "returned"
    for name in ("json", "re", "pickle", "ast", "numpy", "course_lib", "tomllib", "typing", "sitecustomize"):
        (root / name).mkdir(parents=True)
        (root / f"{name}.py").write_text(trap)
        (root / name / "__init__.py").write_text(trap)
    (root / "ann").mkdir()
    (root / "ann/07.py").write_text(answers()["right"])
    program = "from course_lib.cli import app; app()"
    command = [sys.executable, "-P", "-c", program, "grade", ".", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list(root.rglob("*.sprung"))
    assert points(tmp_path / "out") == {"ann": ("10", "10")}
    listed = (tmp_path / "out/unmatched.csv").read_text("utf-8-sig")
    assert listed.count("no task") == 18
    page = (tmp_path / "out/index.html").read_text("utf-8")
    assert "returned" in page
    assert "earlier source" not in page


def _count(out):
    try:
        with sqlite3.connect(f"file:{out / FILE}?mode=ro", uri=True) as db:
            return db.execute("SELECT COUNT(DISTINCT learner) FROM tasks").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def test_another_seed_gives_other_inputs_and_a_changed_file_is_graded_again(returned, tmp_path):
    out = tmp_path / "out"
    assert graded(returned, out).graded == 7
    first = tables(out)
    assert graded(returned, out, seed=5).graded == 7
    assert points(out) == EXPECTED
    assert tables(out)["results.csv"] != first["results.csv"]
    assert graded(returned, out).graded == 0  # with the gradebook's own seed
    (returned / "stub/07.ipynb").write_text(notebook(answers()["right"]), "utf-8")
    done = graded(returned, out)
    assert (done.graded, done.kept) == (1, 6)
    assert points(out) == {**EXPECTED, "stub": ("10", "10")}
    shutil.rmtree(returned / "stub")
    assert graded(returned, out, seed=0).graded == 6
    assert points(out)["stub"] == ("10", "10")  # what was graded stays


def test_a_file_that_could_not_be_graded_is_tried_again(returned, tmp_path):
    def broken(submissions, chosen):
        for each in in_this_process(submissions, chosen):
            bad = each.submission.learner == "right"
            yield replace(each, results=each.results[:1], error=Say("no power", "停电")) if bad else each

    out = tmp_path / "out"
    done = grade_class(returned, out, broken, Settings())
    assert (done.graded, done.failed) == (7, 1)
    assert points(out)["right"] == ("10", "0")
    assert "no power" in (out / "learners" / page_name("right")).read_text("utf-8")
    assert "停电" in (out / "results.csv").read_text("utf-8-sig")
    assert graded(returned, out).graded == 1
    assert points(out) == EXPECTED


# A check that was wrong: it asked NaN to be refused with a TypeError.
TOO_STRICT = CHECKS.replace("raises(ValueError, scale", "raises(TypeError, scale")


def test_fix_check_lists_exactly_whose_points_changed(returned, tmp_path, course):
    checks = course / "topics/07_scale_a_list/checks.py"
    checks.write_text(TOO_STRICT)
    old, new, same = tmp_path / "old", tmp_path / "new", tmp_path / "same"
    graded(returned, old, seed=3)
    before = points(old)
    checks.write_text(CHECKS)
    os.utime(checks, (10**9, 10**9))
    done = graded(returned, new, old=old)
    after = points(new)
    assert after == EXPECTED
    changed = {name for name in after if before[name] != after[name]}
    assert changed == {"right", "adds_instead", "in_place", "asks_twice", "forgets_the_first"}
    assert {each.learner for each in done.changed} == changed
    rows = list(csv.DictReader((new / "changes.csv").read_text("utf-8-sig").splitlines()))
    assert {row["learner"] for row in rows} == changed
    assert all(row["task"] == "7A" and int(row["after"]) - int(row["before"]) == 3 for row in rows)
    assert all("A factor that is not a number is refused" in row["why_en"] and "(+3)" in row["why_en"] for row in rows)
    assert all("系数不是数时报错" in row["why_zh"] for row in rows)
    page = (new / "learners" / page_name("in_place")).read_text("utf-8")
    assert "A check was corrected" in page
    assert "A check was corrected" not in (new / "learners" / page_name("nan_passes")).read_text("utf-8")
    assert points(old) == before  # the record of what was told
    # When nothing was corrected, everything is taken over and nothing is listed; who is gone is named.
    shutil.rmtree(returned / "stub")
    done = graded(returned, same, old=new / FILE)
    assert (done.graded, done.kept, done.changed, done.gone) == (0, 6, (), (("stub", "7A"), ("stub", "7B")))
    assert points(same) == {name: both for name, both in EXPECTED.items() if name != "stub"}
    with pytest.raises(GradebookError, match="another folder"):
        graded(returned, new, old=new)


def test_what_cannot_be_done_is_one_kind_line(returned, tmp_path, course):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("x")
    (tmp_path / "file").write_text("x")
    (tmp_path / "fake").mkdir()
    sqlite3.connect(tmp_path / "fake" / FILE).executescript("CREATE TABLE t (x)")
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out"
    cases = [
        ((tmp_path / "absent", out), "there is no folder or zip"),
        ((tmp_path / "empty", out), "holds no files"),
        ((tmp_path / "file", out), "neither a folder nor a zip"),
        ((returned, tmp_path / "mine"), "holds something else"),
        ((returned, tmp_path / "file"), "is a file"),
        ((returned, tmp_path / "file/out"), "Not a directory"),
        ((returned, "/proc/out"), "/proc/out"),
        ((returned, tmp_path / "fake"), "is not a gradebook of this course"),
        ((returned, returned / "out"), "lies inside"),
        ((returned, out, "--fix-check", tmp_path / "absent"), "there is no gradebook"),
        ((returned, out, "--tasks", "7A,99Z"), "no task '99Z'"),
        ((returned, out, "--lang", "fr"), "no language 'fr'"),
        ((returned, out, "--jobs", "0"), "--jobs"),
    ]
    for arguments, words in cases:
        said = course_grade(*arguments, code=2)
        assert words in said
        assert said.startswith("course: ")
        assert said.count("\n") == 1
    assert not out.exists()


def test_moodle_and_canvas_are_told_points_under_their_own_names_for_people(tmp_path):
    right = notebook(answers()["right"])
    names = (
        "Ann Lee_1234_assignsubmission_file_",
        "Ann Lee_1235_assignsubmission_file_",
        "=Eve_1236_assignsubmission_file_",
    )
    for name in names:
        (tmp_path / "moodle" / name).mkdir(parents=True)
        (tmp_path / "moodle" / name / "07.ipynb").write_text(right, "utf-8")
    (tmp_path / "moodle" / "Zoe_1237_assignsubmission_file_").mkdir()
    (tmp_path / "moodle" / "Zoe_1237_assignsubmission_file_" / "07.ipynb").write_text(right[:300], "utf-8")
    (tmp_path / "canvas").mkdir()
    (tmp_path / "canvas/leeann_LATE_40001_900001_07-1.ipynb").write_text(right, "utf-8")
    graded(tmp_path / "moodle", tmp_path / "one")
    graded(tmp_path / "canvas", tmp_path / "two")
    worksheet = list(csv.DictReader((tmp_path / "one/moodle.csv").read_text("utf-8").splitlines()))
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(worksheet[0])  # without these Moodle takes no sheet
    assert [(each["Identifier"], each["Full name"], each["Grade"], each["7A"]) for each in worksheet] == [
        ("Participant 1236", "'=Eve", "20", "10"),
        ("Participant 1234", "Ann Lee", "20", "10"),
        ("Participant 1235", "Ann Lee", "20", "10"),
        ("", "Zoe", "", ""),  # nothing to import until somebody has looked
    ]
    sheet = list(csv.reader((tmp_path / "two/canvas.csv").read_text("utf-8").splitlines()))
    assert sheet[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "7A", "7B"]
    assert sheet[1][0].strip() == "Points Possible"
    assert sheet[2] == ["leeann", "40001", "", "", "", "10", "10"]


# The gradebook itself

NASTY = [
    *(
        "<script>alert(1)</script>",
        "=1+1",
        "@x",
        "-2",
        "a\0b",
        "\u202eevil",
        "\ud800x",
        "عائشة",
        'O\'Brien "x"',
        "&amp;",
    ),
    *("'; DROP TABLE tasks;--", "{{ 7*7 }}", "陈 <b>", "x" * 300),
]
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(max_size=20))
SAYS = st.builds(Say, TEXTS, TEXTS)
OUTCOMES = st.builds(
    lambda law, sentence, status, of, said, known, fault: Outcome(
        law, sentence, status, of if status == "pass" else 0, of, said, known, course_fault=fault
    ),
    st.uuids().map(str),
    SAYS,
    st.sampled_from(["pass", "fail", "todo", "error", "timeout"]),
    st.just(5),
    st.none() | SAYS,
    st.none() | st.builds(Misconception, st.sampled_from(["one", "two"]), SAYS),
    st.booleans(),
)
ROWS = st.builds(
    lambda learner, task, outcomes, notes, error, file, seed: Row(
        readable(learner), task, Result(task, () if error else tuple(outcomes), tuple(notes)), error, readable(file),
        "code", "checks", seed, 0.5, Say("walls", "围墙"), "class.zip",
    ),
    TEXTS, st.sampled_from(["7A", "7B", "12A"]), st.lists(OUTCOMES, min_size=1, max_size=2), st.lists(SAYS, max_size=1),
    st.none() | SAYS, TEXTS, st.integers(0, 99),
)  # fmt: skip


def clean(value):
    """Return a value with its texts as they are stored."""
    if isinstance(value, Say):
        return Say(message(value.en), message(value.zh))
    if isinstance(value, tuple):
        return tuple(map(clean, value))
    if isinstance(value, Misconception):
        return Misconception(value.name, clean(value.say))
    if isinstance(value, Outcome):
        rest = value.status, value.points, value.of
        said = clean(value.message), clean(value.misconception)
        return Outcome(value.law, clean(value.sentence), *rest, *said, value.course_fault)
    return value


@settings(max_examples=25, deadline=None, phases=set(Phase) - {Phase.shrink}, suppress_health_check=list(HealthCheck))
@given(st.lists(ROWS, max_size=6))
def test_whatever_is_kept_comes_back_and_can_be_shown(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("book")
    last = {(row.learner, row.task): row for row in rows}
    with opened(folder / FILE) as book:
        listed = tuple(Unmatched(row.file, "damaged", clean(Say("no", "否")), row.learner) for row in rows)
        book.begin(Found((), listed), "class.zip")
        book.copy(rows)
        kept = {(learner, row.task): row for learner in book.learners() for row in book.rows(learner)}
        assert set(kept) == set(last)
        for key, row in kept.items():
            assert row.result.outcomes == clean(last[key].result.outcomes)
            assert row.result.notes == clean(last[key].result.notes)
            assert row.error == clean(last[key].error)
            assert row.key == last[key].key
        counted = overview(book)
        assert sum(each.handed_in for each in counted.tasks) == len(last)
        assert [line.learner for line in counted.lines] == list(book.learners())
        pages = write_pages(book, folder, "en", (), (("=x\0\u202e", "7A"),))
        assert len(pages) == len(book.learners()) + 2
        for page in pages:
            elements, attributes = markup_of(page)
            assert elements <= set(ELEMENTS.split())
            assert attributes <= set(ATTRIBUTES.split())
        write_tables(book, folder)
        for name in TABLES:
            for line in csv.reader((folder / name).read_text("utf-8-sig").splitlines(keepends=True)):
                assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in line), line
    with opened(folder / FILE, write=False) as book:
        assert {(learner, row.task) for learner in book.learners() for row in book.rows(learner)} == set(last)


# Every element and attribute that the templates write; a learner's text brings no other.
ELEMENTS = """html head meta title style body main h1 h2 h3 p bdi table caption thead tbody tr th td strong em span ul
    li code details summary div a br figure figcaption svg rect text line"""
ATTRIBUTES = """lang charset content http-equiv name id class dir scope aria-hidden role tabindex aria-label href
    hreflang viewbox width height x y fill text-anchor font-size x1 x2 y1 y2 stroke"""


def markup_of(page):
    """Return the elements and the attributes of a page."""
    elements, named = set(), set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            elements.add(tag)
            named.update(name for name, _ in attributes)

    source = page.read_text("utf-8")
    assert not set(source) & set(map(chr, [*range(9), *range(11, 32), 0x7F, 0x202E]))
    Reader().feed(source)
    return elements, named


@given(st.lists(st.lists(TEXTS | st.integers(0, 99), min_size=1, max_size=4), max_size=4))
def test_no_cell_is_a_formula_and_every_cell_comes_back(lines):
    lines = [[readable(cell) if isinstance(cell, str) else cell for cell in line] for line in lines]
    back = list(csv.reader(io.StringIO(text(lines))))
    for line, read in zip(lines, back, strict=True):
        for cell, found in zip(line, read, strict=True):
            assert found == (str(cell) if not str(found).startswith("'") else found)
            assert found.removeprefix("'") == str(cell).removeprefix("'")
            assert not found.lstrip().startswith(("=", "+", "-", "@"))


@given(TEXTS, TEXTS)
def test_pages_of_different_learners_have_different_safe_names(one, other):
    one, other = readable(one), readable(other)
    assert re.fullmatch(r"[\w-]+\.html", page_name(one))
    assert len(page_name(one).encode()) < 200
    assert (page_name(one) == page_name(other)) == (one == other)


def test_a_file_that_is_no_gradebook_is_left_alone(tmp_path):
    for content in (b"x" * 5000, b"", b"SQLite format 3\0" + b"\1" * 5000):
        path = tmp_path / "x.db"
        path.write_bytes(content)
        with pytest.raises(GradebookError), opened(path, write=False):
            pass
        assert path.read_bytes() == content


def test_the_digest_of_checks_changes_with_what_a_grade_depends_on_and_nothing_else(course):
    topic = catalog.topic(7)
    first = checks_digest(topic)
    for name in ("card.toml", "lesson.py", "checks.py", "wrong.toml", "referee.tflite"):
        path = topic.folder / name
        before = path.read_bytes() if path.exists() else None
        path.write_bytes((before or b"") + b"\n# more\n")
        assert (checks_digest(topic) != first) == (name not in ("card.toml", "lesson.py")), name
        path.unlink() if before is None else path.write_bytes(before)
    assert checks_digest(topic) == first


def test_the_pages_pass_an_accessibility_check(returned, tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        reason = "no Chromium here: install it, for example with `apt-get install chromium`"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the extras: `make setup`")
    from playwright.sync_api import sync_playwright

    (returned / "in_place").rename(returned / "<b>عائشة خان =1")
    out = tmp_path / "out"
    graded(returned, out, language="zh")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in (
            "index.html",
            "index.en.html",
            f"learners/{page_name('<b>عائشة خان =1')}",
            f"learners/{page_name('broken')}",
        ):
            tab = browser.new_page()
            tab.goto((out / name).as_uri())
            tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            found = axe.Axe().run(tab)
            assert found.violations_count == 0, found.generate_report()
            links = tab.evaluate("[...document.querySelectorAll('a')].map(each => decodeURI(each.href).slice(7))")
            assert all(Path(link.partition("#")[0]).is_file() for link in links)
            places = tab.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(each => each.hash.slice(1))")
            assert all(tab.evaluate("id => document.getElementById(id) !== null", place) for place in places)
            assert name != "index.html" or {"everybody", "damaged"} <= set(places)
        browser.close()


def test_the_overview_counts_what_the_rows_say(returned, tmp_path):
    out = tmp_path / "out"
    graded(returned, out)
    with opened(out / FILE, write=False) as book:
        counted = overview(book)
        assert [each.task for each in counted.tasks] == ["7A", "7B"]
        histogram = Counter(
            row.result.points for learner in book.learners() for row in book.rows(learner) if row.task == "7A"
        )
        assert {points: count for points, count in enumerate(counted.tasks[0].histogram) if count} == histogram
        assert {each.learners for each in counted.beliefs} == {(each.name,) for each in wrong_answers(catalog.topic(7))}
        assert sum(count for _, count in counted.containment) == 7
        assert (counted.rare, counted.failed_files, counted.bare) == ((), (), False)
        assert counted.failed[0].not_passed == max(each.not_passed for each in counted.failed)
        assert [each.law for each in counted.late] == ["check_counts"]
        assert (counted.late[0].mean, counted.late[0].longest, counted.late[0].timeouts) == (0.5, 0.5, 0)
        assert not counted.faults


def test_a_notebook_that_nobody_asked_for_is_said_before_it_lowers_everybodys_share(tmp_path):
    root = tmp_path / "returned"
    for number in range(10):
        (root / f"p{number}").mkdir(parents=True)
        code = "def scale(values, factor):\n    return values\n"
        (root / f"p{number}/x.ipynb").write_text(notebook(code), "utf-8")
    (root / "p0/y.ipynb").write_text(notebook('check("7B")\n'), "utf-8")
    graded(root, tmp_path / "out")
    with opened(tmp_path / "out" / FILE, write=False) as book:
        counted = overview(book)
    assert (counted.rare, counted.asked) == (("7B",), ("7A",))
    assert "<code>--tasks 7A</code>" in (tmp_path / "out/index.html").read_text("utf-8")
