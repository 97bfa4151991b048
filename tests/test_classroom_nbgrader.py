"""The exported course in the real nbgrader: it generates, releases no solution, and grades as our checks do."""

import csv
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

from course_lib import catalog
from course_lib.classroom.nbgrader import export

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT = "04_quantize_with_the_tools"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    out = tmp_path_factory.mktemp("nbgrader")
    topics = [topic for topic in catalog.topics() if topic.written]
    written = list(export(topics, out))
    assert [path.stem for path in written] == [topic.name for topic in topics]
    return out


def test_every_assignment_has_one_graded_cell_a_task_and_ids_of_its_own(course):
    for topic in catalog.topics():
        if not topic.written:
            continue
        notebook = nbformat.read(course / "source" / topic.name / f"{topic.name}.ipynb", as_version=4)
        nbformat.validate(notebook)
        cells = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
        assert len({cell.grade_id for cell in cells}) == len(cells)
        assert sum(cell.grade for cell in cells) == len(topic.tasks)
        assert sum(cell.get("points", 0) for cell in cells) == 10 * len(topic.tasks)
        answers = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
        assert answers
        assert all("# BEGIN SOLUTION" in cell.source and "# END SOLUTION" in cell.source for cell in answers)
        assert not any(cell.get("outputs") for cell in notebook.cells)


def test_a_config_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("# mine\n")
    list(export([catalog.topic(4)], tmp_path))
    assert (tmp_path / "nbgrader_config.py").read_text() == "# mine\n"


def test_a_copy_without_solutions_says_so(tmp_path):
    topic = catalog.topic(4)
    with pytest.raises(ValueError, match="not in this copy"):
        list(export([topic], tmp_path, root=tmp_path))


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory):
    """Install nbgrader apart, since it switches server extensions on for every environment that it is installed in."""
    target = tmp_path_factory.mktemp("packages")
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--python", sys.executable, "--target", str(target), "-r", str(ROOT / "tests/nbgrader.lock")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nbgrader cannot be fetched here: {done.stderr.strip()[-200:]}")
    return target


def test_a_stock_nbgrader_generates_and_grades(course, nbgrader, tmp_path):
    env = {
        **os.environ,
        "PYTHONPATH": f"{nbgrader}{os.pathsep}{ROOT}",
        "COURSE_HOME": str(tmp_path),
        "HOME": str(tmp_path),
    }
    env |= {"COURSE_ROOT": str(ROOT), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def run(*arguments):
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=course, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    run("generate_assignment", ASSIGNMENT)
    source = course / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    released = course / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    assert "SOLUTION" not in released.read_text("utf-8")
    assert "raise NotImplementedError" in released.read_text("utf-8")

    wrong = nbformat.read(source, as_version=4)
    first = tomllib.loads((catalog.topic(4).folder / "wrong.toml").read_text("utf-8"))["A"][0]
    assert first["name"] == "range_not_widened"
    next(cell for cell in wrong.cells if "def choose_qparams" in cell.source).source = first["code"]
    submissions = {
        "right": source.read_text("utf-8"),
        "stub": released.read_text("utf-8"),
        "wrong": nbformat.writes(wrong),
    }
    for who, text in submissions.items():
        path = course / "submitted" / who / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    run("autograde", ASSIGNMENT)
    run("export")
    with (course / "grades.csv").open(encoding="utf-8") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"right": 20.0, "stub": 0.0, "wrong": 16.0}
