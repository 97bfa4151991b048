"""A learner's file: what code it holds, which tasks it answers, and what is wrong with it in one line."""

from __future__ import annotations

import json

import pytest

from course_lib.grading.cells import Cell, SourceError, read_cells, tasks_in, without_magics
from tests.grading_course import make_course


@pytest.fixture(autouse=True)
def course(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path / "course")))


def notebook(*cells, **changed):
    body = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
    return json.dumps({**body, **changed})


def code(source):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}


def test_code_cells_of_a_notebook_in_order_numbered_as_seen(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text(
        notebook(code(["a = 1\n", "b = 2"]), {"cell_type": "markdown", "source": "x"}, code("c = 3")), "utf-8"
    )
    assert read_cells(path) == (Cell(1, "a = 1\nb = 2"), Cell(3, "c = 3"))


def test_cells_of_a_script(tmp_path):
    path = tmp_path / "s.py"
    path.write_text("import os\n# %% [markdown]\n# text\n# %%\na = 1\n# %% title\nb = 2\n", "utf-8-sig")
    assert read_cells(path) == (Cell(1, "import os\n"), Cell(3, "a = 1\n"), Cell(4, "b = 2\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("", "not valid JSON"),
        (notebook(code("a"))[:-20], "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "format 4"),
        (notebook(nbformat=3), "format 4"),
        (notebook(cells={}), "format 4"),
        (notebook(code(5)), "cell 1 has no text"),
        (notebook(code([1])), "cell 1 has no text"),
        (notebook(metadata={"kernelspec": {"language": "R"}}), "for r, not for Python"),
        (notebook(metadata={"language_info": {"name": "julia"}}), "for julia"),
    ],
)
def test_a_damaged_notebook_says_what_is_wrong(tmp_path, text, message):
    path = tmp_path / "n.ipynb"
    path.write_text(text, "utf-8")
    with pytest.raises(SourceError, match=message):
        read_cells(path)


def test_cells_that_are_no_objects_are_passed_over(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text(notebook("text", None, code("a = 1")), "utf-8")
    assert read_cells(path) == (Cell(3, "a = 1"),)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "binary.ipynb").write_bytes(b"\xff\xfe\x00junk")
    (tmp_path / "folder.py").mkdir()
    for name, message in (
        ("x.txt", "only .ipynb and .py"),
        ("absent.py", "there is no file"),
        ("binary.ipynb", "not text"),
        ("folder.py", "cannot be read"),
    ):
        with pytest.raises(SourceError, match=message):
            read_cells(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text", "tasks"),
    [
        ("x.py", 'check("7B")\ncheck("07A")\ncheck("7B")', ("7B", "7A")),
        ("07_scale_a_list.py", "pass", ("7A", "7B")),
        ("x.py", 'finish("07")', ("7A", "7B")),
        ("07_mine.py", 'check("7B")', ("7A", "7B")),
        ("x.py", 'result = course_lib.check("7A")', ("7A",)),
        ("x.py", '# check("7B")\ncheck("7A")', ("7A",)),
    ],
)
def test_tasks_come_from_the_name_and_the_calls(tmp_path, name, text, tasks):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    assert tasks_in(path, read_cells(path)) == tasks


@pytest.mark.parametrize("text", ["pass", 'check("8A")', '# check("7A")', "check(task)"])
def test_a_file_without_a_task_says_what_to_do(tmp_path, text):
    path = tmp_path / "x.py"
    path.write_text(text, "utf-8")
    with pytest.raises(SourceError, match="--task"):
        tasks_in(path, read_cells(path))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("%matplotlib inline\na = 1", "pass\na = 1"),
        ("!pip install x", "pass"),
        ("if a:\n    %timeit b\n", "if a:\n    pass\n"),
        ("%%bash\nrm x", ""),
        ("a = (7\n% 4)", "a = (7\n% 4)"),
        ("text = '''\n!not a command\n'''", "text = '''\n!not a command\n'''"),
    ],
)
def test_magics_are_taken_out_and_python_is_kept(before, after):
    assert without_magics(before) == after
