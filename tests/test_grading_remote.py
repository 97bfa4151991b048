"""Strangers' files: graded in a process of their own, each kind of trouble has a clear outcome and harms nothing."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from textwrap import dedent, indent

import psutil
import pytest

from course_lib import catalog
from course_lib.grading import grade
from course_lib.grading.cells import Cell, SourceError
from course_lib.grading.faults import CourseError
from course_lib.grading.reference import wrong_answers, wrong_namespace
from course_lib.grading.remote import Limits, RemoteSession, grade_file
from course_lib.grading.worker import restrict
from tests.grading_course import EXERCISE, make_course

QUICK = Limits(law_seconds=2, cell_seconds=2, total_seconds=60)
HEAD = "import numpy as np, os, sys, ctypes, threading, time, subprocess, signal\n"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")


@pytest.fixture(autouse=True)
def course(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path / "course")))
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    return catalog.topic(7)


@pytest.fixture
def grade_code(tmp_path):
    def run(code, tasks=("7A",), limits=QUICK):
        path = tmp_path / "07_submission.py"
        path.write_text(code, "utf-8")
        return grade_file(path, tasks, limits)

    return run


def scale(body, before=""):
    """A file whose `scale` does `body` and then answers rightly, but for NaN."""
    function = (
        "def scale(values, factor):\n" + indent(dedent(body), "    ") + "\n    return np.asarray(values) * factor\n"
    )
    return HEAD + before + "\n# %%\n" + function


def statuses(result):
    return [each.status for each in result.outcomes]


def test_the_solution_passes_as_it_does_here(grade_code, course):
    results = grade_code(EXERCISE, tasks=None)
    assert [(each.task, each.points, each.passed, each.notes) for each in results] == [
        ("7A", 10, True, ()),
        ("7B", 10, True, ()),
    ]


def test_a_notebook_is_graded_like_a_script(tmp_path):
    cells = [
        {"cell_type": "code", "source": part, "metadata": {}, "outputs": [], "execution_count": None}
        for part in EXERCISE.split("# %%\n")[1:]
    ]
    path = tmp_path / "07_mine.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}), "utf-8")
    assert all(result.passed for result in grade_file(path))


def test_wrong_answers_get_the_same_verdict_in_both_places(grade_code, course):
    for wrong in wrong_answers(course):
        there = grade_code(f"{EXERCISE}\n# %%\n{wrong.code}", tasks=(wrong.task,))[0]
        here = grade(wrong.task, wrong_namespace(course, wrong))
        assert there.outcomes == here.outcomes
        assert any(each.misconception and each.misconception.name == wrong.name for each in there.outcomes)


REAL = [topic for topic in catalog.topics(Path(__file__).resolve().parents[1]) if topic.written]


@pytest.mark.parametrize("real", REAL, ids=lambda topic: topic.name)
def test_a_written_topic_gets_the_same_verdict_in_both_places(monkeypatch, tmp_path, real):
    monkeypatch.delenv("COURSE_ROOT")
    first = {wrong.task: wrong for wrong in reversed(wrong_answers(real))}
    path = tmp_path / f"{real.name}.py"
    path.write_text((real.folder / "exercise.py").read_text("utf-8"), "utf-8")
    assert all(result.passed for result in grade_file(path))
    for wrong in first.values():
        path.write_text(f"{(real.folder / 'exercise.py').read_text('utf-8')}\n# %%\n{wrong.code}", "utf-8")
        (there,) = grade_file(path, (wrong.task,))
        assert there.outcomes == grade(wrong.task, wrong_namespace(real, wrong)).outcomes
        assert not there.passed


def test_a_stub_is_still_to_do(grade_code):
    (result,) = grade_code("def scale(values, factor):\n    raise NotImplementedError\n")
    assert set(statuses(result)) == {"todo"}


def test_a_failing_cell_does_not_stop_the_later_ones_and_is_reported(grade_code):
    (result,) = grade_code("x = 1\ny = x / 0\n# %%\nclass Broken(\n# %%\n" + scale("pass"))
    assert statuses(result) == ["pass", "pass", "fail"]
    assert [note.en for note in result.notes] == [
        "Cell 1, line 2 stopped with ZeroDivisionError: division by zero",
        "Cell 2, line 1 stopped with SyntaxError: '(' was never closed",
    ]


def test_a_name_that_a_failed_cell_should_have_made_says_so(grade_code):
    (result,) = grade_code("1 / 0\ndef scale(v, f):\n    return v\n")
    assert set(statuses(result)) == {"todo"}
    assert "ZeroDivisionError" in result.outcomes[0].message.en


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("os._exit(0)", "error", "exit code 0"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "error", "SIGSEGV"),
        ("ctypes.string_at(0)", "error", "SIGSEGV"),
        ("os.abort()", "error", "SIGABRT"),
        ("sys.exit(3)", "error", "SystemExit: 3"),
        ("while True: pass", "timeout", "never ends"),
        ("time.sleep(1000)", "timeout", "never ends"),
        ("return np.ones(10 * 2**27)", "error", "MemoryError"),
        ("return 'x' * (300 * 2**20)", "fail", "256 MB"),
        ("return scale(values, factor)", "error", "RecursionError"),
        ("raise KeyboardInterrupt", "error", "KeyboardInterrupt"),
        ("open('big', 'wb').write(bytes(100 * 2**20))", "error", "File too large"),
        ("kept = [open('f', 'w') for _ in range(1000)]", "error", "Too many open files"),
        ("return input()", "error", "EOFError"),
        ("os.close(3); os.close(4); os.closerange(3, 200)", "error", "connection|exit code"),
        ("return [[]] * 2_000_000", "fail", "1,000,000 items"),
    ],
)
def test_each_kind_of_trouble_has_its_outcome(grade_code, body, status, words):
    limits = QUICK if status == "timeout" else Limits()  # a busy machine may need seconds to make 300 MB
    (result,) = grade_code(scale(f"if len(values) == 5:\n    {body}"), limits=limits)
    assert statuses(result) == [status, "pass", "fail"], str(result)
    assert re.search(words, result.outcomes[0].message.en)
    assert result.points == 3


def test_processor_time_is_limited(grade_code):
    limits = Limits(law_seconds=20, cpu_seconds=1)
    (result,) = grade_code(scale("while len(values) == 5: pass"), limits=limits)
    assert statuses(result) == ["timeout", "pass", "fail"]
    assert "processor time" in result.outcomes[0].message.en


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("while True: pass", "stopped after 2 seconds"),
        ("import os; os._exit(7)", "exit code 7"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import time\nwhile True:\n  try: time.sleep(9)\n  except BaseException: pass", "time limit"),
        ("import signal, time\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: pass", "time limit"),
    ],
)
def test_a_cell_that_hangs_or_kills_is_left_out(grade_code, monkeypatch, cell, words):
    monkeypatch.setattr(RemoteSession, "cell_grace", 1.0)
    (result,) = grade_code(cell + "\n# %%\n" + scale("pass"))
    assert statuses(result) == ["pass", "pass", "fail"]
    assert words in result.notes[0].en


def test_the_whole_file_has_a_limit(grade_code):
    limits = Limits(law_seconds=30, total_seconds=2)
    start = time.monotonic()
    (result,) = grade_code(scale("while True: pass"), limits=limits)
    assert set(statuses(result)) == {"timeout"}
    assert time.monotonic() - start < 30


@pytest.mark.parametrize(
    "code",
    [
        "import builtins\nbuiltins.isinstance = lambda *_: True\nbuiltins.len = lambda _: 5",
        "np.allclose = lambda *_, **__: True",
        "import course_lib.grading.laws as laws\nlaws.expect = lambda *_, **__: None\nlaws.raises = laws.expect",
        "class Equal:\n    __eq__ = lambda *_: True\n    __array__ = lambda *_, **__: np.ones(5)\nresult = Equal()",
        "print('Task 7A: 10 of 10 points, passed', flush=True)",
        "import atexit\natexit.register(os._exit, 0)",
        "import gc\n[o.clear() for o in gc.get_objects() if type(o) is dict and '_own' in o]",
    ],
)
def test_tricks_score_what_the_function_deserves(grade_code, code):
    wrong = scale("return globals().get('result', 0)", before=code)
    (result,) = grade_code(wrong)
    assert not result.passed
    assert statuses(result)[0] in ("fail", "error")
    assert statuses(result)[2] in ("fail", "error")


FORGERY = """
import struct, threading
def forge():
    from course_lib.grading.codec import encode
    body = encode(("ok", 1.0), None)
    frame = struct.pack("<cQ", b"R", len(body)) + body
    for fd in range(3, 12):
        try:
            os.write(fd, {payload})
        except OSError:
            pass
"""


@pytest.mark.parametrize(
    "payload", ["frame * 50", "b'\\xff' * 64", "b'D' + bytes(8)", "struct.pack('<cQ', b'R', 2**62)"]
)
@pytest.mark.parametrize("when", ["in a cell", "in a call"])
def test_bytes_written_to_the_pipe_never_make_a_pass(grade_code, payload, when):
    before = FORGERY.replace("{payload}", payload) + ("forge()\n" if when == "in a cell" else "")
    (result,) = grade_code(scale("forge() if len(values) == 5 else 0\nreturn None", before=before))
    assert not result.passed
    assert statuses(result)[0] != "pass"


def test_a_forked_child_does_not_speak_for_its_parent(grade_code):
    (result,) = grade_code(scale("os.fork()"))
    assert statuses(result) == ["pass", "pass", "fail"]


def test_nothing_that_was_started_lives_on(grade_code, tmp_path):
    pids = tmp_path / "pids"
    body = f"""
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    daemon = os.fork()
    if daemon == 0:
        os.setsid()
        if os.fork() == 0:
            open({str(pids)!r}, "a").write(f"{{os.getpid()}} {{child.pid}} ")
            time.sleep(600)
        os._exit(0)
    threading.Thread(target=time.sleep, args=(600,)).start()
    time.sleep(0.2)
    """
    (result,) = grade_code(scale(body))
    assert statuses(result) == ["pass", "pass", "fail"]
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 6
    deadline = time.monotonic() + 20
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in started):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_learner_s_code_sees_a_bare_environment(grade_code, monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    out = tmp_path / "seen.json"
    code = f"""
    import json, os, sys
    json.dump({{"env": dict(os.environ), "cwd": os.getcwd(), "files": os.listdir(), "path": sys.path,
               "argv": sys.argv, "stdin": sys.stdin.read(), "main": __name__}}, open({str(out)!r}, "w"))
    """
    grade_code(dedent(code) + "\n# %%\n" + scale("pass"))
    seen = json.loads(out.read_text())
    assert "SECRET_TOKEN" not in seen["env"]
    assert "hunter2" not in json.dumps(seen)
    assert seen["env"]["COURSE_HOME"] != os.environ["COURSE_HOME"]
    assert seen["env"]["HOME"] == seen["cwd"]
    assert not Path(seen["cwd"]).exists(), "the temporary folder is removed"
    assert str(tmp_path) not in seen["path"]
    assert (seen["stdin"], seen["main"]) == ("", "__main__")


def test_the_learner_s_progress_is_not_written_from_a_worker(grade_code, tmp_path):
    grade_code(EXERCISE, tasks=None)
    assert not (tmp_path / "home").exists()


def test_dataclasses_pickles_and_source_work_as_in_a_notebook(tmp_path):
    code = """
    import dataclasses, pickle, inspect
    @dataclasses.dataclass
    class Point:
        x: "int" = 1
    copied = pickle.loads(pickle.dumps(Point(3))).x
    def f(): return 1
    text = inspect.getsource(f)
    display(copied)
    """
    session = RemoteSession((Cell(1, dedent(code)),), QUICK)
    checker = session.checker()
    checker.begin()
    found = checker.fetch(["copied", "text"])
    session.close()
    assert not session.notes()
    assert found == {"copied": 3, "text": "def f(): return 1\n"}


def test_many_reports_on_cells_do_not_flood(grade_code):
    code = """
    import os, struct, json
    body = json.dumps({"cell": 1, "kind": "x" * 5000, "message": "\\x1b[2J" * 1000, "line": 10**4000}).encode()
    for fd in range(3, 12):
        try:
            for _ in range(50): os.write(fd, struct.pack("<cQ", b"P", len(body)) + body)
        except OSError: pass
    """
    (result,) = grade_code(dedent(code) + "\n# %%\n" + scale("pass"))
    assert result.notes
    assert all(len(note.en) < 400 and "\x1b" not in note.en for note in result.notes)


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    path = tmp_path / "07_x.ipynb"
    path.write_text("{", "utf-8")
    with pytest.raises(SourceError, match="damaged"):
        grade_file(path)


def test_a_worker_that_cannot_start_is_the_course_s_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    path = tmp_path / "07_x.py"
    path.write_text("pass", "utf-8")
    with pytest.raises(CourseError, match="did not start"):
        grade_file(path)


def test_where_limits_are_missing_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    assert restrict({"cpu_seconds": 1, "memory_mb": 1}) == ["cpu_seconds", "memory_mb"]


def test_a_law_that_hangs_in_the_check_itself_ends(tmp_path, monkeypatch, grade_code):
    checks = """
    from course_lib.grading import law

    @law("7A", points=10, en="e", zh="z")
    def check_hangs(scale):
        n = scale([1], 1)
        while n != 3:
            pass

    @law("7B", points=10, en="e", zh="z")
    def check_b(Counter):
        pass
    """
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path / "other", checks_py=checks)))
    monkeypatch.setattr(RemoteSession, "grace", 0.2)
    (result,) = grade_code(scale("return 4"), limits=Limits(law_seconds=0.5))
    assert statuses(result) == ["timeout"]
