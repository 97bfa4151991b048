"""The `course` command: what it prints, its exit codes, and errors in one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course_lib.cli import app
from course_lib.language import language
from tests.grading_course import EXERCISE, make_course

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def course(tmp_path, monkeypatch):
    root = make_course(tmp_path / "course")
    monkeypatch.setenv("COURSE_ROOT", str(root))
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COURSE_LANG", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    return root


@pytest.fixture
def run(capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            app(list(arguments))
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return call


def test_help_lists_the_commands_and_is_quick_and_light():
    code = """
import sys, time
start = time.perf_counter()
from course_lib.cli import app
try:
    app(["--help"])
except SystemExit:
    pass
print([name for name in ("tensorflow", "numpy", "IPython", "nbclient", "rich.table") if name in sys.modules])
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    out = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    for command in ("list", "run", "check", "hint", "solution", "reset", "lang", "train", "lab"):
        assert f"\n  {command} " in out
    assert out.endswith("[]\n")


def test_a_file_that_is_missing_or_damaged_is_named_without_a_system_number(run, tmp_path):
    assert run("inspect", "nowhere.tflite") == (2, "", "course: no such file: nowhere.tflite\n")
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"\x1c\0\0\0TFL3" + bytes(range(200)))
    for command in ("contract", "device"):
        code, _, err = run(command, str(broken))
        assert (code, err.startswith("course: broken: ")) == (2, True)


def test_progress_that_cannot_be_kept_is_one_line_and_the_grade_is_there(course, tmp_path):
    (tmp_path / "file").write_text("")
    work = tmp_path / "work.py"
    work.write_text("def scale(values, factor):\n    return values\n", "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COURSE_HOME": str(tmp_path / "file" / "home")}
    command = [sys.executable, "-c", "from course_lib.cli import app; app(['check', 'work.py', '--task', '7A'])"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert "Task 7A" in done.stdout
    assert done.stderr.startswith("course: Your progress is not kept")
    assert done.stderr.count("\n") == 1


def test_without_a_command_it_shows_the_help(run):
    code, out, _ = run()
    assert code == 0
    assert "Commands:" in out


def test_list_shows_every_topic_with_level_and_points(run, course):
    code, out, _ = run("list")
    assert code == 0
    for words in ("07", "Scale a list", "easy", "5-10", "0/20"):
        assert words in out
    solved(course, run)
    assert "20/20" in run("list")[1]
    (course / "topics" / "07_scale_a_list" / "checks.py").unlink()
    assert "not yet" in run("list")[1]


def solved(course, run):
    path = course / "07_solved.py"
    path.write_text(EXERCISE, "utf-8")
    return run("check", str(path))


def test_check_passes_and_says_so(run, course):
    code, out, err = solved(course, run)
    assert (code, err) == (0, "")
    assert "Task 7A: 10 of 10 points, passed" in out
    assert "Task 7B: 10 of 10 points, passed" in out


def test_check_fails_with_exit_code_one(run, course):
    path = course / "07_mine.py"
    path.write_text(EXERCISE.replace(") * factor", ") + factor"), "utf-8")
    code, out, _ = run("check", str(path))
    assert code == 1
    assert "The factor was added, not multiplied." in out
    assert run("check", str(path), "--task", "7B")[0] == 0
    assert run("check", str(path), "--task", "07a")[0] == 1


def test_check_gives_json(run, course):
    path = course / "any.py"
    path.write_text("def scale(v, f):\n    return 0\n", "utf-8")
    code, out, _ = run("check", str(path), "--task", "7A", "--json")
    report = json.loads(out)
    assert code == 1
    assert (report["passed"], report["results"][0]["task"]) == (False, "7A")
    assert report["results"][0]["outcomes"][0]["status"] == "fail"


def test_what_a_learner_prints_is_not_markup(run, course):
    path = course / "07_x.py"
    path.write_text("def scale(v, f):\n    raise ValueError('[red]\\x1b[2J[/nothing]')\n", "utf-8")
    code, out, _ = run("check", str(path), "--task", "7A")
    assert code == 1
    assert "[red]" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "absent.ipynb"), "there is no file absent.ipynb"),
        (("check", __file__, "--task", "9A"), "no task '9A'; the tasks are 7A, 7B"),
        (("check",), "Missing argument"),
        (("hint", "7C"), "topic 07 has 7A, 7B"),
        (("hint", "7B"), "7B has no hints"),
        (("solution", "x"), "the tasks are 7A, 7B"),
        (("run", "12"), "the topics are 07"),
        (("reset", "07"), "no exercise yet"),
        (("lang", "fr"), "en, zh"),
        (("nonsense",), "No such command"),
        (("list", "--nonsense"), "No such option"),
    ],
)
def test_every_error_is_one_line_and_exit_code_two(run, arguments, words):
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("course: ")
    assert words in err


def test_hints_and_the_solution(run, course):
    assert "think of a factor" in run("hint", "7A")[1]
    assert "multiply each item" in run("hint", "07a")[1]
    assert "opens after your first attempt" in run("solution", "7A")[1]
    solved(course, run)
    assert "return np.asarray(values) * factor" in run("solution", "7A")[1]


def test_the_language_is_kept(run):
    assert language() == "en"
    code, out, _ = run("lang", "zh")
    assert code == 0
    assert "中文" in out
    assert language() == "zh"
    assert "想想系数" in run("hint", "7A")[1]
    assert "题目" in run("list")[1]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [("zh_CN.UTF-8", "zh"), ("zh-TW", "zh"), ("en_GB", "en"), ("de", "en"), ("", "en"), ("ZH", "zh")],
)
def test_a_locale_chooses_the_language(monkeypatch, wanted, code):
    monkeypatch.setenv("COURSE_LANG", wanted)
    assert language() == code


LESSON = """
# %%
import json, os
def tell(**entry):
    with open(os.environ["COURSE_RECORD"], "a") as file:
        file.write(json.dumps(entry) + "\\n")
# %%
tell(table="sizes", caption="Sizes [bytes]", rows=[{"model": "float", "bytes": 351000, "ratio": 1.0},
                                                   {"model": "int8", "bytes": 94000, "ratio": 3.734}])
tell(name="ratio", value=3.734)
"""


def test_run_prints_the_lesson_s_tables(run, course):
    (course / "topics" / "07_scale_a_list" / "lesson.py").write_text(LESSON, "utf-8")
    code, out, _ = run("run", "07")
    assert code == 0
    for words in ("Sizes [bytes]", "model", "351,000", "3.734", "int8"):
        assert words in out


def test_run_says_in_which_cell_a_lesson_stopped(run, course):
    (course / "topics" / "07_scale_a_list" / "lesson.py").write_text("# %%\na = 1\n# %%\na / 0\n", "utf-8")
    code, _, err = run("run", "07")
    assert code == 2
    assert "lesson 07_scale_a_list stopped in code cell 2: ZeroDivisionError: division by zero" in err
    (course / "topics" / "07_scale_a_list" / "lesson.py").unlink()
    assert "has no lesson yet" in run("run", "07")[2]


def test_a_kernel_that_dies_is_said_with_its_last_words(run, course):
    code = "# %%\nimport os\nos.write(2, b'out of luck')\nos.abort()\n"
    (course / "topics" / "07_scale_a_list" / "lesson.py").write_text(code, "utf-8")
    status, _, err = run("run", "07")
    assert status == 2
    assert "stopped in code cell 1" in err
    assert "out of luck" in err


@pytest.mark.parametrize("lesson", ["a = 1\n", "a / 0\n"], ids=["ends", "stops"])
def test_run_leaves_no_kernel_behind(run, course, lesson):
    (course / "topics" / "07_scale_a_list" / "lesson.py").write_text("# %%\n" + lesson, "utf-8")
    before = set(psutil.Process().children(recursive=True))
    run("run", "07")
    assert not [left.cmdline() for left in psutil.Process().children(recursive=True) if left not in before]


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is another thing there")
def test_ctrl_c_ends_a_lesson_without_a_traceback(course, tmp_path):
    begun = tmp_path / "begun"
    code = f"# %%\nimport pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)\n"
    (course / "topics" / "07_scale_a_list" / "lesson.py").write_text(code, "utf-8")
    command = [sys.executable, "-c", "from course_lib.cli import app; app(['run', '07'])"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        for _ in range(300):
            if begun.exists():
                break
            time.sleep(0.1)
        os.killpg(child.pid, signal.SIGINT)  # as a terminal does: to the kernel too
        _, err = child.communicate(timeout=30)
    finally:
        child.kill()
    assert child.returncode == 130
    assert "Traceback" not in err


def test_lab_says_how(run):
    assert "python start.py lab" in run("lab")[1]


def test_train_hands_over_and_says_how_good_the_result_is(run, monkeypatch, tmp_path):
    import course_lib.automation.train as automation

    seen = []

    def train_and_save(name, *, full, out):
        seen.append((name, full, out))
        return {"accuracy_test": 0.9234}

    monkeypatch.setattr(automation, "train_and_save", train_and_save)
    code, text, _ = run("train", "baseline", "--full", "--out", str(tmp_path))
    assert (code, seen) == (0, [("baseline", True, tmp_path)])
    assert "92.34 %" in text
