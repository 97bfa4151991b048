"""Seconds per submission of this engine, of nbgrader's autograde and of Otter's run: the same notebooks and checks.

    python benchmarks/grading.py                       # about a quarter of an hour on two quiet cores
    python benchmarks/grading.py --counts 20 --others 3

A class is "right" (the solution each time) or "mixed" (the solution, the stub and the named wrong answers in turn, so
that misconceptions are recognised, which costs a cold process more than a warm one). Each tool grades each task with
the course's own laws: this engine through its walls (bubblewrap), the others inside the notebook's kernel, by a cell or
a test that calls `course_lib.grading.grade`. nbgrader and Otter get throw-away environments with the versions below,
made with uv in a temporary folder. Everything is timed as a whole, starting included; resident memory is that of the
process that calls `grade_all`. The figures go to benchmarks/grading.csv with the load of the machine.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import psutil

from course_lib import catalog
from course_lib.classroom.sandbox.engine import grade_all
from course_lib.classroom.values import Settings, Submission
from course_lib.grading.reference import wrong_answers

ROOT = Path(__file__).resolve().parent.parent
OURS = "course grade"
BESIDE = 200  # submissions for this engine beside the others
PINS = {"nbgrader": ["nbgrader==0.9.6"], "otter": ["otter-grader==7.0.0"]}
# What the notebooks and the laws import, in the versions of this environment.
SHARED = ("numpy", "platformdirs", "ai-edge-litert", "ml-dtypes", "ipykernel", "scipy", "psutil", "flatbuffers")
FIELDS = [
    "tool",
    "topic",
    "answers",
    "submissions",
    "jobs",
    "seconds_each",
    "seconds",
    "parent_mb_early",
    "parent_mb",
    "cores",
    "load",
]
PURE = {"COURSE_WORKER": "1", "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}  # the notebook's own calls rest


def answers(topic: catalog.Topic, kind: str) -> list[str]:
    """Return the code of a class's answers: right; or right, wrong in every known way, and nothing at all."""
    exercise = (topic.folder / "exercise.py").read_text("utf-8")
    if kind == "right":
        return [exercise]
    region = re.compile(r"^( *)# BEGIN SOLUTION\n.*?# END SOLUTION\n", re.MULTILINE | re.DOTALL)
    stub = region.sub(lambda found: f"{found[1]}raise NotImplementedError\n", exercise)
    return [exercise, *(f"{exercise}\n# %%\n{wrong.code}" for wrong in wrong_answers(topic)), stub]


def notebook(code: str, extra: list[dict]) -> dict:
    """Return a notebook of the code cells of a py:percent text, with `extra` cells at its end."""
    parts = [part.partition("\n") for part in code.split("# %%")]
    sources = [body.strip() for title, _, body in parts if "[markdown]" not in title and body.strip()]
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "source": source,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells + extra}


def klass(topic: catalog.Topic, kind: str, count: int, folder: Path) -> Iterator[Submission]:
    """Write notebooks and yield the submissions of a class."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = answers(topic, kind)
    paths = []
    for number, code in enumerate(kinds):
        path = folder / f"{topic.name}_{number}.ipynb"
        path.write_text(json.dumps(notebook(code, [])), "utf-8")
        paths.append(path)
    for number in range(count):
        yield Submission(f"learner{number}", paths[number % len(paths)], topic.tasks)


def engine(topic: catalog.Topic, kind: str, count: int, jobs: int) -> dict:
    """Grade a class in this process; seconds and resident memory."""
    process, early, points = psutil.Process(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        settings = Settings(jobs=jobs, contain="bubblewrap")
        for number, graded in enumerate(grade_all(klass(topic, kind, count, Path(folder)), settings)):
            assert graded.error is None, graded.error
            points += sum(result.points for result in graded.results)
            if number == count // 10:
                early = process.memory_info().rss
        seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "points": points,
        "parent_mb_early": round(early / 2**20, 1),
        "parent_mb": round(process.memory_info().rss / 2**20, 1),
    }


def environment(tool: str, folder: Path) -> Path:
    """Make an environment with a tool and what the notebooks import; return its folder of programs."""
    from importlib.metadata import PackageNotFoundError, version

    shared = []
    for name in SHARED:
        try:
            shared.append(f"{name}=={version(name)}")
        except PackageNotFoundError:
            continue
    uv = [sys.executable, "-m", "uv"]
    place = folder / f"env-{tool}"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    subprocess.run([*uv, "venv", "-q", "--python", python, str(place)], check=True)
    programs = place / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run(
        [*uv, "pip", "install", "-q", "--python", str(programs / "python"), *PINS[tool], *shared], check=True
    )
    return programs


def _run(command: list[str], folder: Path, programs: Path) -> str:
    """Run a tool's command and return what it printed; a failure shows it."""
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        command, cwd=folder, env={**kept, **PURE, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}")
    return done.stdout + done.stderr


def _law_cells(topic: catalog.Topic) -> list[dict]:
    cells = []
    for task in topic.tasks:
        meta = {"grade": True, "grade_id": f"task-{task}", "locked": True, "points": 10, "schema_version": 3}
        meta |= {"solution": False, "task": False, "cell_type": "code"}
        source = f'from course_lib.grading import grade\nassert grade("{task}", globals()).passed'
        cells.append(
            {
                "cell_type": "code",
                "id": f"task{task}",
                "source": source,
                "metadata": {"nbgrader": meta},
                "outputs": [],
                "execution_count": None,
            }
        )
    return cells


def nbgrader(topic: catalog.Topic, kind: str, count: int, folder: Path, programs: Path) -> float:
    """Autograde a class with nbgrader; return the seconds."""
    course = folder / f"nbgrader-{topic.number}-{kind}"
    for place in ("source", "submitted"):
        (course / place).mkdir(parents=True)
    (course / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "c"\nc.ClearSolutions.enforce_metadata = False\n', "utf-8"
    )
    (course / "source" / "ps").mkdir()
    kinds = answers(topic, kind)
    path = course / "source" / "ps" / "p.ipynb"
    path.write_text(json.dumps(notebook(kinds[0], _law_cells(topic))), "utf-8")
    _run([str(programs / "nbgrader"), "generate_assignment", "ps"], course, programs)
    for number in range(count):
        place = course / "submitted" / f"learner{number}" / "ps"
        place.mkdir(parents=True)
        text = json.dumps(notebook(kinds[number % len(kinds)], _law_cells(topic)))
        (place / "p.ipynb").write_text(text, "utf-8")
    started = time.perf_counter()
    _run([str(programs / "nbgrader"), "autograde", "ps"], course, programs)
    seconds = time.perf_counter() - started
    made = list((course / "autograded").rglob("p.ipynb"))
    assert len(made) == count, f"{len(made)} of {count} were graded"
    return seconds


def otter(topic: catalog.Topic, kind: str, count: int, folder: Path, programs: Path) -> float:
    """Run Otter's autograder on a class, one submission after the other (no Docker); return the seconds."""
    course = folder / f"otter-{topic.number}-{kind}"
    (course / "tests").mkdir(parents=True)
    for task in topic.tasks:
        code = f">>> from course_lib.grading import grade\n>>> grade('{task}', globals()).passed\nTrue"
        case = {"code": code, "hidden": False, "locked": False, "points": 10}
        suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
        test = {"name": f"q{task}", "points": 10, "suites": [suite]}
        (course / "tests" / f"q{task}.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n", "utf-8")
    _run([str(programs / "otter"), "generate", "-t", "tests", "--no-environment"], course, programs)
    kinds = answers(topic, kind)
    started = time.perf_counter()
    for number in range(count):
        place = course / f"s{number}"
        place.mkdir()
        shutil.copy(course / "autograder.zip", place)
        (place / "p.ipynb").write_text(json.dumps(notebook(kinds[number % len(kinds)], [])), "utf-8")
        _run([str(programs / "otter"), "run", "-a", "autograder.zip", "p.ipynb"], place, programs)
        assert (place / "results.json").is_file()
    return time.perf_counter() - started


def main() -> None:
    """Measure and write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--topics", type=int, nargs="+", default=[5, 25], help="25 has LiteRT in its exercise")
    parser.add_argument("--counts", type=int, nargs="+", default=[20, 200, 1000])
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--others", type=int, default=12, help="submissions for nbgrader, a third for Otter; 0: neither"
    )
    parser.add_argument("--one", nargs=4, metavar=("TOPIC", "KIND", "COUNT", "JOBS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        number, kind, count, jobs = arguments.one
        print(json.dumps(engine(catalog.topic(number), kind, int(count), int(jobs))))
        return
    rows: list[dict] = []

    def note(tool: str, topic: int, kind: str, count: int, jobs: int, seconds: float, **more: float) -> None:
        load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
        row = {"tool": tool, "topic": topic, "answers": kind, "submissions": count, "jobs": jobs, "load": load}
        row |= {
            "seconds": round(seconds, 2),
            "seconds_each": round(seconds / count, 4),
            "cores": os.cpu_count(),
            **more,
        }
        rows.append(row)
        with (ROOT / "benchmarks" / "grading.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        print(" ".join(f"{name}={row[name]}" for name in FIELDS if name in row), flush=True)

    def ours(number: int, kind: str, count: int, jobs: int) -> None:
        command = [sys.executable, __file__, "--one", str(number), kind, str(count), str(jobs)]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environ)
        found = json.loads(done.stdout)
        found.pop("points")
        note(OURS, number, kind, count, jobs, found.pop("seconds"), **found)

    with tempfile.TemporaryDirectory(prefix="grading-benchmark-") as name:
        folder = Path(name)
        programs = {tool: environment(tool, folder) for tool in PINS if arguments.others}
        for number in arguments.topics:
            for kind in ("right", "mixed"):
                # Side by side, so that the load is the same for all three.
                ours(number, kind, BESIDE, 1)
                for tool, run, count in (
                    ("nbgrader", nbgrader, arguments.others),
                    ("otter", otter, arguments.others // 3),
                ):
                    if count:
                        seconds = run(catalog.topic(number), kind, count, folder, programs[tool])
                        note(PINS[tool][0], number, kind, count, 1, seconds)
                ours(number, kind, BESIDE, 1)
    for number in arguments.topics:
        for jobs in arguments.jobs:
            for count in arguments.counts:
                ours(number, "mixed", count, jobs)
    _ratios(rows)


def _ratios(rows: list[dict]) -> None:
    """Print how many times longer the others take than this engine took before and after them."""
    for topic, kind in dict.fromkeys((row["topic"], row["answers"]) for row in rows):
        these = [row for row in rows if (row["topic"], row["answers"]) == (topic, kind)]
        each = [row["seconds_each"] for row in these if row["tool"] == OURS and row["submissions"] == BESIDE][:2]
        for row in these:
            if row["tool"] != OURS:
                print(
                    f"topic {topic}, {kind}: {row['tool']} takes {row['seconds_each'] / fmean(each):.0f} times as long"
                )
    print(f"Python {platform.python_version()} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
