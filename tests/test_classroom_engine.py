"""Grading a class: the verdicts of `check`, whatever the order, the number of lanes and the state of the files."""

from __future__ import annotations

import errno
import json
import os
import struct
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from course_lib import catalog
from course_lib.classroom.sandbox import contain, engine, preload, seccomp
from course_lib.classroom.sandbox.engine import NotContained, grade_all
from course_lib.classroom.values import Limits, Settings, Submission
from course_lib.grading import grade
from course_lib.grading.reference import solution_namespace, wrong_answers, wrong_namespace
from tests.grading_course import EXERCISE, make_course
from tests.hostile_walls import no_walls

LIMITS = Limits(law_seconds=10, cell_seconds=10, total_seconds=60)
STUB = "def scale(values, factor):\n    raise NotImplementedError\n\nclass Counter:\n    pass\n"
HANGS = (
    EXERCISE + "\n# %%\ndef scale(values, factor):\n    if len(values) == 5:\n        while True:\n            pass\n"
)

walled = pytest.mark.skipif(no_walls() != "", reason=no_walls())


@pytest.fixture(autouse=True)
def course(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path / "course")))
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    return catalog.topic(7)


@pytest.fixture
def hand_in(tmp_path):
    def write(name: str, code: str = EXERCISE, tasks: tuple[str, ...] = ("7A", "7B")) -> Submission:
        path = tmp_path / f"07_{name}.py"
        path.write_text(code, "utf-8")
        return Submission(name, path, tasks)

    return write


def graded(submissions, **settings):
    settings.setdefault("limits", LIMITS)
    return {each.submission.learner: each for each in grade_all(submissions, Settings(**settings))}


def test_each_verdict_is_that_of_check_whatever_the_number_of_lanes(hand_in, course):
    answers = {"right": (EXERCISE, solution_namespace(course)), "stub": (STUB, None)}
    for wrong in wrong_answers(course):
        answers[wrong.name] = (f"{EXERCISE}\n# %%\n{wrong.code}", wrong_namespace(course, wrong))
    submissions = [hand_in(name, code) for name, (code, _) in answers.items()]
    one, two = graded(submissions), graded(submissions, jobs=2)
    assert set(one) == set(two) == set(answers)
    for name, (_, namespace) in answers.items():
        assert one[name].results == two[name].results
        assert one[name].error is None
        if namespace is not None:
            outcomes = [each.outcomes for each in one[name].results]
            assert outcomes == [grade(task, namespace).outcomes for task in ("7A", "7B")]
    assert {each.status for result in one["stub"].results for each in result.outcomes} <= {"todo", "error", "fail"}


def test_one_fresh_process_each_gives_the_same_and_says_what_it_does_not_do(hand_in):
    submissions = [hand_in("right"), hand_in("stub", STUB)]
    plain = graded(submissions, contain="process")
    assert {name: each.results for name, each in plain.items()} == {
        name: each.results for name, each in graded(submissions).items()
    }
    assert "NOT in force" in plain["right"].containment


@walled
def test_the_words_say_that_the_walls_stand(hand_in):
    words = graded([hand_in("right")], contain="bubblewrap")["right"].containment
    assert "bubblewrap: " in words
    assert "NOT" not in words


def test_without_bubblewrap_the_words_say_why_and_asking_for_it_is_an_error(hand_in, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    words = graded([hand_in("right")])["right"].containment
    assert "bubblewrap was not used" in words
    assert "NOT in force" in words
    with pytest.raises(NotContained, match="bubblewrap"):
        graded([hand_in("right")], contain="bubblewrap")


def test_a_bubblewrap_that_does_not_work_is_noticed(hand_in, monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: no permissions to create a new namespace' >&2\nexit 1\n", "utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = graded([hand_in("right")])["right"]
    assert "no permissions" in found.containment or "NOT in force" in found.containment
    assert [each.points for each in found.results] == [10, 10]


def test_what_one_law_costs_in_time_is_not_taken_from_the_others(hand_in):
    limits = replace(LIMITS, law_seconds=0.8)
    found = graded([hand_in("hangs", HANGS)], limits=limits)["hangs"]
    statuses = [[each.status for each in result.outcomes] for result in found.results]
    assert statuses[0][0] == "timeout"
    assert statuses[1] == ["pass", "pass"]
    assert found.results[1].points == 10


def test_another_seed_asks_other_questions(hand_in):
    table = (
        "import numpy as np\ndef scale(values, factor):\n    if len(values) == 5:\n"
        "        raise KeyError(float(values[0]))\n    return values\n"
    )
    said = [str(graded([hand_in("asks", table)], seed=seed)["asks"].results[0].outcomes[0].message) for seed in (0, 5)]
    assert "KeyError" in said[0]
    assert said[0] != said[1]


def test_submissions_are_read_a_few_ahead_and_leaving_early_ends_everything(hand_in):
    taken = []

    def endless():
        submission = hand_in("right")
        while True:
            taken.append(1)
            yield submission

    others = set(psutil.Process().children(recursive=True))  # of tests that ran before in this process
    found = grade_all(endless(), Settings(jobs=2, limits=LIMITS))
    for _ in range(3):
        assert next(found).results[0].points == 10
    assert len(taken) <= 3 + 4
    below = set(psutil.Process().children(recursive=True)) - others
    assert below
    found.close()
    _, alive = psutil.wait_procs(below, timeout=10)
    assert alive == []


def test_leaving_while_a_submission_runs_without_end_ends_it_too(hand_in):
    others = set(psutil.Process().children(recursive=True))
    found = grade_all([hand_in("right"), hand_in("hangs", HANGS)], Settings(limits=LIMITS))
    next(found)
    time.sleep(0.3)
    below = set(psutil.Process().children(recursive=True)) - others
    assert below
    found.close()
    _, alive = psutil.wait_procs(below, timeout=10)
    assert alive == []


def notebook(code: str = EXERCISE, **more: object) -> dict:
    cell = {"cell_type": "code", "source": code, "metadata": {}, "outputs": [], "execution_count": None}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell], **more}


def _truncated(path: Path) -> None:
    path.write_text(json.dumps(notebook())[:-200], "utf-8")


def _other_kernel(path: Path) -> None:
    path.write_text(json.dumps(notebook(metadata={"kernelspec": {"language": "R", "name": "ir"}})), "utf-8")


def _old_format(path: Path) -> None:
    path.write_text(json.dumps({"nbformat": 3, "worksheets": []}), "utf-8")


def _junk(path: Path) -> None:
    path.write_bytes(os.urandom(100_000))


def _link(path: Path) -> None:
    target = path.with_name("elsewhere.ipynb")
    target.write_text(json.dumps(notebook()), "utf-8")
    path.symlink_to(target)


def _nested(path: Path) -> None:
    path.write_text('{"cells": ' + "[" * 200_000, "utf-8")


def _cells_of_nothing(path: Path) -> None:
    path.write_text(json.dumps(notebook(cells=[{"cell_type": "code", "source": [1, 2]}, None, 3])), "utf-8")


DAMAGED = {
    "truncated": _truncated,
    "other kernel": _other_kernel,
    "old format": _old_format,
    "junk": _junk,
    "empty": lambda path: path.write_bytes(b""),
    "nothing but zeros": lambda path: path.write_bytes(bytes(1000)),
    "nested": _nested,
    "cells of nothing": _cells_of_nothing,
    "folder": lambda path: path.mkdir(),
    "missing": lambda path: None,
}
if os.name == "posix":
    DAMAGED |= {"link": _link, "pipe": os.mkfifo}


def test_a_damaged_file_is_an_error_with_a_sentence_and_the_next_one_is_graded(tmp_path, hand_in):
    submissions = []
    for number, (name, damage) in enumerate(DAMAGED.items()):
        path = tmp_path / f"07_damaged_{number}.ipynb"
        damage(path)
        submissions.append(Submission(name, path, ("7A",)))
    unknown = Submission("unknown task", hand_in("x").path, ("99Z",))
    nameless = Submission("no task", tmp_path / "x.py")
    nameless.path.write_text("x = 1\n", "utf-8")
    found = graded([*submissions, unknown, nameless, hand_in("right")])
    for name in [*DAMAGED, "unknown task", "no task"]:
        assert found[name].results == ()
        assert found[name].error is not None
        assert found[name].error.en
        assert found[name].error.zh != found[name].error.en
    assert [each.points for each in found["right"].results] == [10, 10]


def test_two_hundred_megabytes_of_output_are_not_the_answers_fault(tmp_path):
    path = tmp_path / "07_long.ipynb"
    content = notebook()
    content["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "@"}]
    head, tail = json.dumps(content).split("@")
    with path.open("w", encoding="utf-8") as file:
        file.write(head)
        for _ in range(200):
            file.write("10 of 10 points " * 2**16)
        file.write(tail)
    before = psutil.Process().memory_info().rss
    found = graded([Submission("ann", path)])["ann"]
    assert [each.points for each in found.results] == [10, 10]
    assert psutil.Process().memory_info().rss - before < 50 * 2**20
    path.unlink()


def test_a_file_that_is_read_without_end_is_given_up_and_the_next_one_is_graded(tmp_path, hand_in, monkeypatch):
    path = tmp_path / "07_bomb.ipynb"
    path.write_text('{"nbformat": 4, "cells": [], "x": [' + "{}," * 2 * 10**7 + "{}]}", "utf-8")
    monkeypatch.setattr(engine, "READ_SECONDS", 0.2)
    lane = grade_all([Submission("bomb", path, ("7A",)), hand_in("right")], Settings(limits=LIMITS))
    found = next(lane)
    assert found.results == ()
    assert "0.2 seconds" in found.error.en
    monkeypatch.setattr(engine, "READ_SECONDS", 60.0)
    assert next(lane).submission.learner == "right"


def test_what_is_imported_once_is_what_exercises_import_and_no_answer(course, tmp_path):
    names = preload.imports((course,), heavy=False)
    assert "numpy" in names
    root = make_course(tmp_path / "heavy", exercise_py="import tensorflow.lite\nfrom math import sqrt\n")
    (heavy,) = catalog.topics(root)
    assert preload.is_heavy(heavy)
    assert not preload.is_heavy(course)
    assert "math:sqrt" in preload.imports((heavy,), heavy=False)
    assert "tensorflow.lite" not in preload.imports((heavy,), heavy=False)
    assert "tensorflow.lite" in preload.imports((heavy,), heavy=True)
    assert not any("checks" in name or "exercise" in name for name in names)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_a_process_with_more_than_two_threads_does_not_fork():
    from course_lib.classroom.sandbox.zygote import assert_quiet

    done = threading.Event()
    threads = [threading.Thread(target=done.wait) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        with pytest.raises(AssertionError, match="threads"):
            assert_quiet()
    finally:
        done.set()
        for thread in threads:
            thread.join()


@walled
def test_no_solution_and_nobodys_home_is_on_bubblewraps_command_line(course, tmp_path):
    seen = contain.command(["-c", "pass"])
    bound = [Path(seen[at + 1]) for at, each in enumerate(seen) if each == "--ro-bind"]
    for secret in [course.folder / name for name in ("exercise.py", "checks.py", "wrong.toml")] + [tmp_path / "home"]:
        assert not any(each == secret or each in secret.parents for each in bound)
    assert course.folder / "card.toml" in bound
    assert Path(__file__).parent not in bound
    assert Path(__file__).parents[1] not in bound
    assert "--unshare-net" in seen


def returned(program: bytes, machine: int, number: int, argument: int = 0) -> int:
    """What a filter answers to one system call: an interpreter of the few BPF instructions that it uses."""
    data = struct.pack("=IIQQ", number, machine, 0, argument)
    lines = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    at, held = 0, 0
    while True:
        code, yes, no, value = lines[at]
        at += 1
        if code == 0x20:
            held = struct.unpack_from("=I", data, value)[0]
        elif code == 0x06:
            return value
        else:
            true = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
            at += yes if true else no


@pytest.mark.parametrize(("machine", "column", "audit"), [("x86_64", 0, 0xC000003E), ("aarch64", 1, 0xC00000B7)])
def test_the_filter_refuses_what_it_lists_and_nothing_else(machine, column, audit):
    program = seccomp.program(machine)
    refused = {numbers[column] for numbers in seccomp._REFUSED.values()}
    clone, clone3, socket = (each[column] for each in (seccomp._CLONE, seccomp._CLONE3, seccomp._SOCKET))
    allow, error = 0x7FFF0000, 0x00050000
    for number in range(500):
        found = returned(program, audit, number)
        if number in refused:
            assert found == error | errno.EPERM
        elif number == clone3:
            assert found == error | errno.ENOSYS
        elif number != socket:
            assert found == allow, number
    assert returned(program, audit, clone, 0x01200011) == allow  # what fork asks for
    for bit in (0x00020000, 0x10000000, 0x20000000, 0x40000000, 0x08000000):
        assert returned(program, audit, clone, bit | 17) == error | errno.EPERM
    for family in range(46):
        expected = allow if family in (1, 2, 10) else error | errno.EAFNOSUPPORT
        assert returned(program, audit, socket, family) == expected
    assert returned(program, 0x40000003, 20) == 0x80000000  # 32-bit calls end the process
    if machine == "x86_64":
        assert returned(program, audit, 0x40000000 | 39) == error | errno.EPERM
    assert seccomp.program("riscv64") is None
