"""The committed notebooks pass the gates, and `COURSE_STRICT=1 pytest --nbval-lax` on a workbook is a grade."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from course_lib import workbook
from course_lib.catalog import topics
from course_lib.home import course_root
from tests import gates
from tools.extra import extras
from tools.rendering import KINDS

ROOT = course_root()
WRITTEN = [topic for topic in topics() if topic.written]
COMMITTED = [path for kind in KINDS for path in sorted((ROOT / kind).glob("*.ipynb"))]


@pytest.mark.parametrize("page", extras(ROOT), ids=lambda page: page.relative)
def test_a_page_by_itself_is_what_its_source_renders(page):
    assert page.stale() is None


def test_every_written_topic_has_its_three_notebooks_and_nothing_else_is_there():
    wanted = {f"{kind}/{topic.name}.ipynb" for kind in KINDS for topic in WRITTEN}
    wanted |= {page.relative for page in extras(ROOT)}
    assert "notebooks/00_interview.ipynb" in wanted
    assert {path.relative_to(ROOT).as_posix() for path in COMMITTED} == wanted


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: f"{path.parent.name}/{path.stem[:2]}")
def test_gates(path):
    assert gates.problems(path) == []


def learners_copy(tmp_path, name, kind):
    """Put what a learner has in a workbook: a rendered notebook without outputs and without compared cells."""
    source = tmp_path / name / "exercises" / f"{WRITTEN[0].name}.ipynb"
    source.parent.mkdir(parents=True)
    shutil.copy(ROOT / kind / source.name, source)
    (copy,) = workbook.prepare(tmp_path / name)
    return copy


def grade(*copies, home, strict):
    """Return what pytest says, and which cells of which learner failed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST") and k != "COURSE_STRICT"}
    environment |= {"COURSE_HOME": str(home), "PYTHONPATH": str(ROOT)} | ({"COURSE_STRICT": "1"} if strict else {})
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-rA"]
    folder = copies[0].parents[2]
    run = subprocess.run(
        [*command, *(str(copy.relative_to(folder)) for copy in copies)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    failed = re.findall(r"^FAILED (\w+)/workbook/\S+::Cell (\d+)", run.stdout, re.MULTILINE)
    return run, [(name, int(cell)) for name, cell in failed]


def last_cell(copy):
    cells = nbformat.read(copy, as_version=nbformat.NO_CONVERT).cells
    return sum(cell.cell_type == "code" for cell in cells) - 1


def test_a_stub_and_half_a_solution_are_red(tmp_path):
    stub, half = learners_copy(tmp_path, "stub", "exercises"), learners_copy(tmp_path, "half", "exercises")
    notebook = nbformat.read(half, as_version=nbformat.NO_CONVERT)
    solved = nbformat.read(ROOT / "solutions" / half.name, as_version=nbformat.NO_CONVERT)
    first = next(
        i
        for i, cell in enumerate(notebook.cells)
        if "raise NotImplementedError" in cell.source and cell.cell_type == "code"
    )
    notebook.cells[first].source = solved.cells[first].source
    nbformat.write(notebook, half)
    run, failed = grade(stub, half, home=tmp_path / "home", strict=True)
    assert run.returncode == 1, run.stdout[-3000:]
    # Every other cell runs: the grade is told once, at the end, by finish().
    assert sorted(failed) == [("half", last_cell(half)), ("stub", last_cell(stub))]
    tasks = WRITTEN[0].tasks
    assert f"not passed: {tasks[0]} (0 of 10 points), {tasks[1]} (0 of 10 points)" in run.stdout
    assert re.search(rf"not passed: {tasks[1]} \(\d+ of 10 points\);", run.stdout)


def test_a_solution_is_green(tmp_path):
    run, failed = grade(learners_copy(tmp_path, "solved", "solutions"), home=tmp_path / "home", strict=True)
    assert (run.returncode, failed) == (0, []), run.stdout[-3000:]


def test_without_strict_an_unsolved_exercise_runs(tmp_path):
    run, failed = grade(learners_copy(tmp_path, "stub", "exercises"), home=tmp_path / "home", strict=False)
    assert (run.returncode, failed) == (0, []), run.stdout[-3000:]
