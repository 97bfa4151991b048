"""Progress: kept in SQLite, by several processes at once, and never lost to a broken file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from course_lib.grading.progress import Progress, progress
from course_lib.grading.results import Outcome, Result
from course_lib.language import Say

SAY = Say("e", "z")
ROOT = Path(__file__).resolve().parents[1]


def result(task="4A", status="pass", points=10):
    return Result(task, (Outcome("check_x", SAY, status, points, 10),))


@pytest.fixture
def kept(tmp_path):
    return Progress(tmp_path / "home" / "progress.db")


def test_attempts_are_kept_in_order(kept):
    for points in (3, 10, 7):
        kept.save_attempt(result(points=points), where="notebook")
    kept.save_attempt(result("4B", points=1), where="file")
    assert [each["points"] for each in kept.attempts("4A")] == [3, 10, 7]
    assert kept.attempts("4B")[0]["place"] == "file"
    assert kept.attempts("4A")[0]["outcomes"] == {"check_x": "pass"}
    assert kept.best() == {"4A": 10, "4B": 1}
    assert kept.attempts("5A") == []


def test_an_untouched_stub_is_no_attempt(kept):
    kept.save_attempt(result(status="todo", points=0), where="notebook")
    assert not kept.attempted("4A")
    kept.save_attempt(result(status="fail", points=0), where="notebook")
    assert kept.attempted("4A")
    assert not kept.attempted("4B")


def test_hints_advance_and_stay_at_the_last(kept):
    assert [kept.next_hint("4A", 3) for _ in range(5)] == [1, 2, 3, 3, 3]
    assert kept.next_hint("4B", 3) == 1
    assert kept.next_hint("4A", 2) == 2


@pytest.mark.parametrize("value", [3, 2.5, "XNNPACK", "中文", 1e-300])
def test_predictions_and_records_come_back(kept, value):
    kept.save_prediction("04_x", "speedup", 1)
    kept.save_prediction("04_x", "speedup", value)
    kept.save_record("04_x", "speedup", value)
    kept.save_record("05_y", "speedup", "other")
    assert kept.prediction("04_x", "speedup") == value
    assert kept.prediction("05_y", "speedup") is None
    assert kept.records("04_x") == {"speedup": value}


WRITER = """
import sys
from pathlib import Path
from course_lib.grading.progress import Progress
from course_lib.grading.results import Outcome, Result
from course_lib.language import Say
kept = Progress(Path(sys.argv[1]))
outcome = Outcome("check_x", Say("e", "z"), "pass", 10, 10)
for _ in range(40):
    kept.save_attempt(Result("4A", (outcome,)), "notebook")
    kept.next_hint("4A", 1000)
    kept.save_record("t", sys.argv[2], 1)
"""


def test_processes_write_at_the_same_time_and_nothing_is_lost(tmp_path):
    path = tmp_path / "progress.db"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, str(number)], env=environment, stderr=subprocess.PIPE)
        for number in range(4)
    ]
    for writer in writers:
        _, said = writer.communicate(timeout=120)
        assert (writer.returncode, said) == (0, b"")
    kept = Progress(path)
    assert len(kept.attempts("4A")) == 160
    assert kept.next_hint("4A", 1000) == 161
    assert len(kept.records("t")) == 4


@pytest.mark.parametrize("damage", ["junk", "header", "pages"])
def test_a_broken_file_is_set_aside_and_said(kept, capsys, damage):
    for _ in range(80):
        kept.save_attempt(result(), where="notebook")
    with sqlite3.connect(kept.path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    whole = kept.path.read_bytes()
    broken = {
        "junk": b"not a database" * 400,
        "header": b"x" * 100 + whole[100:],
        "pages": whole[:4096] + b"\xff" * (len(whole) - 4096),
    }[damage]
    kept.path.write_bytes(broken)
    kept.save_attempt(result(points=4), where="notebook")
    assert [each["points"] for each in kept.attempts("4A")] == [4]
    (aside,) = kept.path.parent.glob("progress.db.broken-*")
    assert aside.read_bytes() == broken
    assert str(aside) in capsys.readouterr().err


def test_two_broken_files_are_both_kept(kept):
    kept.path.parent.mkdir(parents=True)
    for text in (b"first" * 50, b"second" * 50):
        kept.path.write_bytes(text)
        kept.save_attempt(result(), where="notebook")
    assert len(list(kept.path.parent.glob("progress.db.broken-*"))) == 2


def test_where_nothing_can_be_written_the_course_goes_on_with_one_warning(tmp_path):
    (tmp_path / "file").write_text("in the way")
    kept = Progress(tmp_path / "file" / "progress.db")
    with pytest.warns(RuntimeWarning, match="COURSE_HOME"):
        kept.save_attempt(result(), where="notebook")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kept.save_attempt(result(points=3), where="notebook")
        assert [each["points"] for each in kept.attempts("4A")] == [10, 3]
        assert kept.next_hint("4A", 3) == 1


def test_a_database_of_a_newer_course_is_left_alone(kept):
    kept.save_attempt(result(), where="notebook")
    with sqlite3.connect(kept.path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = kept.path.read_bytes()
    with pytest.warns(RuntimeWarning, match="newer version"):
        Progress(kept.path).save_attempt(result(), where="notebook")
    assert kept.path.read_bytes() == before


def test_progress_follows_course_home(tmp_path, monkeypatch):
    for name in ("a", "b"):
        monkeypatch.setenv("COURSE_HOME", str(tmp_path / name))
        assert progress().path == tmp_path / name / "progress.db"
        assert progress() is progress()


def test_an_empty_result_is_no_attempt(kept):
    kept.save_attempt(Result("4A"), where="notebook")
    assert kept.attempts("4A") == []
