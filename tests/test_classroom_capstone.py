"""The capstones of a class: found among the exercises, measured once, kept when interrupted, told on every page."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from course_lib.capstone import orders
from course_lib.capstone.for_class import measured, measuring
from course_lib.capstone.measure import Protocol
from course_lib.classroom.gradebook.book import opened
from course_lib.classroom.gradebook.database import FILE
from course_lib.classroom.intake.submissions import find
from course_lib.classroom.pages.learner import capstone_page, page_name
from course_lib.classroom.run import grade_class
from course_lib.classroom.sandbox.engine import grade_all
from course_lib.classroom.values import Capstone, Measuring, Order, Settings
from course_lib.grading.cells import Cell, read_cells
from course_lib.language import Say

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
ROOT = Path(__file__).resolve().parents[1]
RELEASED = ROOT / "notebooks/31_capstone.ipynb"
SOLVED = ROOT / "solutions/31_capstone.ipynb"
OTHER = ROOT / "exercises/04_quantize_with_the_tools.ipynb"
EMPTY = '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}'
BUILD = "from course_lib.capstone import *\ndef build(model, data, budget): return {}\n"


@pytest.fixture
def returned(tmp_path):
    """Lay out files: by path a file to copy, or text."""
    source = tmp_path / "returned"

    def lay_out(files):
        for name, content in files.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read_bytes() if isinstance(content, Path) else content.encode())
        return source

    return lay_out


def found_in(source, tmp_path, only=()):
    work = tmp_path / f"work-{len(list(tmp_path.iterdir()))}"
    work.mkdir()
    return find(source, work, only)


# --- intake --------------------------------------------------------------------------------------------------------


def test_capstones_are_found_in_any_arrangement_and_are_no_tasks(returned, tmp_path):
    source = returned(
        {
            "Ann/31_capstone.ipynb": SOLVED,
            "Ann/04_quantize_with_the_tools.ipynb": OTHER,
            "Bob/renamed.ipynb": SOLVED,  # by what it imports
            "Chen/31_capstone.ipynb": EMPTY,  # by its name
            "Dora/answer.py": BUILD,
            "Eve/notes.ipynb": EMPTY,
        }
    )
    found = found_in(source, tmp_path)
    assert [each.learner for each in found.capstones] == ["Ann", "Bob", "Chen", "Dora"]
    assert [(each.learner, each.tasks) for each in found.submissions] == [("Ann", ("4A", "4B"))]
    assert [(each.learner, each.kind) for each in found.unmatched] == [("Eve", "no task")]
    assert found.learners == ("Ann", "Bob", "Chen", "Dora", "Eve")
    only = found_in(source, tmp_path, ["4A"])
    assert only.capstones == ()
    assert {each.name for each in only.unmatched if each.kind == "not asked"} >= {"Ann/31_capstone.ipynb"}


def test_names_in_files_are_told_from_the_capstones_own(returned, tmp_path):
    source = returned({f"31_capstone_{name}.ipynb": SOLVED for name in ("ann", "bob")})
    assert [each.learner for each in found_in(source, tmp_path).capstones] == ["ann", "bob"]


def test_a_written_capstone_counts_before_a_later_untouched_one_and_before_its_helpers(returned, tmp_path):
    source = returned(
        {"Ann/31_capstone.ipynb": SOLVED, "Ann/31_capstone (2).ipynb": RELEASED, "Ann/capstone/help.py": "x = 1\n"}
    )
    os.utime(source / "Ann/31_capstone.ipynb", (1, 1))
    found = found_in(source, tmp_path)
    assert [each.name for each in found.capstones] == ["Ann/31_capstone.ipynb"]
    assert {each.name: each.kind for each in found.unmatched} == {
        "Ann/31_capstone (2).ipynb": "older",
        "Ann/capstone/help.py": "no task",
    }


# --- a class -------------------------------------------------------------------------------------------------------


def result(verdict="met", why="", pages=True):
    order = Order("own", Say("Yours", "你的"), verdict, Say(why, why), (80_000, 0.005, 0.9), (79_000, -0.001, 0.5))
    shown = {"en": "<html lang=en>page", "zh": "<html lang=zh>page"} if pages else {}
    return Capstone((order,), None, (), 1.0, Say("walls", "墙"), shown)


class Recorder:
    """Measures nothing, remembers who was asked for; stops as from the keyboard at a learner."""

    def __init__(self, seed=7, made="a", stop="", answer=result):
        self.asked: list[str] = []
        self.stop, self.answer = stop, answer
        self.how = Measuring(seed, self.measure, made)

    def measure(self, cells, learner, seed):
        assert seed == self.how.seed
        assert any("def build" in cell.code for cell in cells)
        if learner == self.stop:
            raise KeyboardInterrupt
        self.asked.append(learner)
        return self.answer()


def run(source, out, recorder=None, **more):
    return grade_class(source, out, grade_all, Settings(), measuring=recorder and recorder.how, **more)


@pytest.fixture
def three(returned):
    return returned({f"{name}/31_capstone.py": BUILD for name in ("Ann", "Bob", "Chen")})


def test_without_a_seed_capstones_are_counted_and_named_as_waiting(three, tmp_path):
    done = run(three, tmp_path / "out")
    assert (done.capstones.waiting, done.capstones.now) == (3, 0)
    assert not done.unmatched
    assert "--capstone SEED" in done.index.read_text("utf-8")
    assert not (tmp_path / "out/capstone.csv").exists()


def test_an_interrupted_run_goes_on_and_nothing_is_measured_twice(three, tmp_path):
    out = tmp_path / "out"
    first, second, third = Recorder(stop="Bob"), Recorder(), Recorder()
    with pytest.raises(KeyboardInterrupt):
        run(three, out, first)
    assert (out / "index.html").is_file()  # what was there before the capstones is written before them
    done = run(three, out, second)
    assert (first.asked, second.asked) == (["Ann"], ["Bob", "Chen"])
    assert (done.capstones.now, done.capstones.kept) == (2, 1)
    assert [words.en for words in done.containment] == ["walls"]
    assert run(three, out, third).capstones.kept == 3
    assert third.asked == []
    assert run(three, out).capstones.waiting == 0


@pytest.mark.parametrize("change", [{"seed": 8}, {"made": "b"}, {"code": BUILD + "# more\n"}], ids=str)
def test_another_seed_another_judge_and_other_code_are_measured_anew(three, tmp_path, change):
    run(three, tmp_path / "out", Recorder())
    if "code" in change:
        (three / "Bob/31_capstone.py").write_text(change.pop("code"), "utf-8")
        assert run(three, tmp_path / "out").capstones.waiting == 1
    again = Recorder(**change)
    run(three, tmp_path / "out", again)
    assert again.asked == (["Ann", "Bob", "Chen"] if change else ["Bob"])


def test_an_old_gradebooks_verdicts_are_taken_over(three, tmp_path):
    run(three, tmp_path / "old", Recorder())
    (three / "Bob/31_capstone.py").write_text(BUILD + "# more\n", "utf-8")
    again = Recorder()
    run(three, tmp_path / "new", again, old=tmp_path / "old")
    assert again.asked == ["Bob"]


def test_a_fault_of_the_machine_is_no_verdict_and_is_tried_again(three, tmp_path):
    failed = Capstone((), Say("no <disk>", "磁盘"), (), 0.0, Say("", ""), {})
    done = run(three, tmp_path / "out", Recorder(answer=lambda: failed))
    assert done.capstones.failed == 3
    assert "no &lt;disk&gt;" in done.index.read_text("utf-8")
    again = Recorder()
    assert run(three, tmp_path / "out", again).capstones.failed == 0
    assert len(again.asked) == 3


def test_verdicts_stand_in_the_table_on_the_learners_page_and_in_the_overview(three, tmp_path):
    hostile = "<script>alert(1)</script>\u202e"
    run(three, tmp_path / "out", Recorder(answer=lambda: result("missed", hostile)))
    out = tmp_path / "out"
    rows = list(csv.DictReader((out / "capstone.csv").open(encoding="utf-8-sig")))
    assert [(row["learner"], row["order"], row["verdict"], row["accepted"]) for row in rows] == [
        (name, "own", "missed", "no") for name in ("Ann", "Bob", "Chen")
    ]
    assert (rows[0]["bytes"], rows[0]["bytes_at_most"], rows[0]["points_lost"]) == ("79000", "80000", "-0.1")
    for page in ("index.html", "index.zh.html", f"learners/{page_name('Ann')}"):
        text = (out / page).read_text("utf-8")
        assert "&lt;script&gt;" in text
        assert "<script" not in text
        assert "\u202e" not in text
        assert capstone_page("Ann", "zh" if ".zh" in page else "en") in text
    for language in ("en", "zh"):
        assert f"lang={language}" in (out / capstone_page("Ann", language)).read_text("utf-8")
    assert "0 of 3 accepted" in (out / "index.html").read_text("utf-8")


def test_a_gradebook_from_before_there_were_capstones_is_still_read(three, tmp_path):
    run(three, tmp_path / "out")
    with opened(tmp_path / "out" / FILE) as book:
        book._db.execute("DROP TABLE capstones")
    with opened(tmp_path / "out" / FILE, write=False) as book:
        assert book.capstones.rows() == ()
    assert run(three, tmp_path / "out", Recorder()).capstones.now == 3


# --- measured for the class ----------------------------------------------------------------------------------------


def test_an_untouched_capstone_is_told_so_for_each_of_the_learners_orders():
    cells = tuple(cell for cell in read_cells(RELEASED) if "def build" in cell.code or "import (" in cell.code)
    found = measured((*cells, Cell(99, 'LEARNER = "Bob"')), "Ann", 7, protocol=Protocol(images=1000))
    assert not found.accepted
    assert found.error is None
    assert [each.name for each in found.orders] == [each.name for each in orders("Ann", 7)]
    assert all("not written yet" in each.why.en for each in found.orders)
    assert [each.budget[0] for each in found.orders] == [each.budget.bytes for each in orders("Ann", 7)]
    assert "Bob" in found.notes[0].en  # nobody chooses their orders by the name in the notebook
    assert set(found.pages) == {"en", "zh"}
    same = measured((*cells, Cell(99, "LEARNER = ' ann '")), "Ann", 7, protocol=Protocol(images=1000))
    assert same.notes == ()


def test_walls_that_do_not_stand_fail_one_capstone_and_not_the_class(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = measured((Cell(1, "x = 1"),), "Ann", 7, contain="bubblewrap")
    assert not found.accepted
    assert "bubblewrap" in found.error.en or "Linux" in found.error.en


def test_a_verdict_is_of_what_measured_it():
    one, other = (measuring(7, protocol=Protocol(images=images)) for images in (None, 1000))
    assert one.made == measuring(8).made != other.made
