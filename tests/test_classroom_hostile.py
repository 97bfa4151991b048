"""Files that want points they did not earn, or the grader's ruin: each gets its verdict, and the next file is graded.

`hostile/verdicts.toml` says what each must get. Between any two of them an honest file is graded.
"""

from __future__ import annotations

import queue
import re
import socket
import time
import tomllib
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from course_lib.classroom.sandbox import engine
from course_lib.classroom.sandbox.engine import Lane
from course_lib.classroom.values import Graded, Limits, Settings, Submission
from course_lib.grading.cells import Cell
from tests.grading_course import EXERCISE, make_course
from tests.hostile_walls import no_walls

HOSTILE = Path(__file__).parent / "hostile"
VERDICTS = tomllib.loads((HOSTILE / "verdicts.toml").read_text("utf-8"))
LONG = Limits(law_seconds=10, cell_seconds=10, total_seconds=40, memory_mb=640, disk_mb=32, disk_files=500)
SHORT = replace(LONG, law_seconds=0.7, cell_seconds=0.7, total_seconds=8)
SEED = 2718  # not the usual one: some have precomputed what the checks ask for that
LETTERS = {"pass": "p", "fail": "f", "error": "e", "timeout": "t", "todo": "o"}

pytestmark = pytest.mark.skipif(no_walls() != "", reason=no_walls())


@dataclass
class Room:
    """A lane that grades, and the places that no submission may reach."""

    folder: Path
    port: int
    token: str
    waiting: queue.SimpleQueue
    finished: queue.SimpleQueue
    lane: Lane

    def grade(self, code: str, tasks: tuple[str, ...], limits: Limits, name: str = "07_attack.py") -> Graded:
        path = self.folder / "submissions" / name
        path.write_text(code, "utf-8")
        # The lane reads its settings anew for every submission.
        self.lane._settings = Settings(seed=SEED, limits=limits, contain="bubblewrap")
        self.waiting.put(Submission("ann", path, tasks))
        done = self.finished.get(timeout=120)
        assert isinstance(done, Graded), done
        return done

    def hostile(self, name: str) -> Graded:
        verdict = VERDICTS[name]
        text = (HOSTILE / f"{name}.py").read_text("utf-8")
        places = {"@COURSE@": "course", "@HOME@": "home"}
        for mark, place in places.items():
            text = text.replace(mark, str(self.folder / place))
        text = text.replace("@PORT@", str(self.port)).replace("@TOKEN@", self.token)
        return self.grade(text, (verdict.get("task", "7A"),), SHORT if verdict.get("short") else LONG)

    def contents(self) -> dict[str, bytes]:
        """What no submission may change."""
        files = [each for place in ("course", "home") for each in (self.folder / place).rglob("*") if each.is_file()]
        return {str(each): each.read_bytes() for each in files if "__pycache__" not in each.parts}

    def processes(self) -> list[psutil.Process]:
        """What runs below the checker: bubblewrap, its process 1, the warm process."""
        return psutil.Process(self.lane._process.pid).children(recursive=True)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classroom")
    token = f"t{uuid.uuid4().hex}"
    for name in ("submissions", "home"):
        (folder / name).mkdir()
    (folder / "home" / "canary").write_text("untouched")
    (folder / "submissions" / f"{token}_honest.py").write_text(EXERCISE)
    waiting, finished = queue.SimpleQueue(), queue.SimpleQueue()
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as server:
        patch.setenv("COURSE_ROOT", str(make_course(folder / "course")))
        patch.setenv("COURSE_HOME", str(folder / "home"))
        lane = Lane(Settings(contain="bubblewrap"), waiting, finished)
        found = Room(folder, server.getsockname()[1], token, waiting, finished, lane)
        found.grade(EXERCISE, (), LONG)  # or the first test would pay for starting
        yield found
        waiting.put(None)
        lane.close()


def letters(graded: Graded) -> str:
    (result,) = graded.results
    return "".join(LETTERS[each.status] for each in result.outcomes)


@pytest.mark.parametrize("name", VERDICTS)
def test_it_gets_what_its_functions_deserve_and_harms_nothing(room, name):
    verdict = VERDICTS[name]
    before, processes = room.contents(), len(room.processes())
    if "after" in verdict:
        room.hostile(verdict["after"])
    graded = room.hostile(name)
    assert graded.error is None
    assert re.fullmatch(verdict["statuses"], letters(graded)), str(graded.results[0])
    if "says" in verdict:
        first = next(each for each in graded.results[0].outcomes if each.message)
        assert re.search(verdict["says"], first.message.en)
    assert graded.seconds < 10
    assert sum(len(note.en) for result in graded.results for note in result.notes) < 5000
    honest = room.grade(EXERCISE, (), LONG)
    assert [(each.task, each.points) for each in honest.results] == [("7A", 10), ("7B", 10)], str(honest.results)
    assert honest.error is None
    assert room.contents() == before
    assert len(room.processes()) == processes


def test_every_hostile_file_has_a_verdict_and_no_verdict_is_without_a_file():
    assert {path.stem for path in HOSTILE.glob("*.py")} == set(VERDICTS)
    assert len(VERDICTS) >= 40


def test_the_one_that_looks_for_the_usual_seed_would_find_it(room):
    """What another seed costs the attack is the attack's whole worth."""
    path = room.folder / "submissions" / "07_seed.py"
    path.write_text((HOSTILE / "knows_the_usual_seed.py").read_text("utf-8"), "utf-8")
    room.lane._settings = Settings(seed=0, limits=LONG, contain="bubblewrap")
    room.waiting.put(Submission("ann", path, ("7A",)))
    assert letters(room.finished.get(timeout=60)) == "ppf"


def test_without_walls_the_attacks_that_look_around_would_succeed(room, monkeypatch):
    """The fixtures are able to cheat: what stops them is the containment, not their weakness."""
    from course_lib.grading.remote import grade_file

    monkeypatch.setenv("COURSE_ROOT", str(room.folder / "course"))
    code = (HOSTILE / "symbolic_links.py").read_text("utf-8").replace("@HOME@", str(room.folder / "home"))
    path = room.folder / "07_links.py"
    path.write_text(code, "utf-8")
    assert grade_file(path, ("7A",), seed=SEED)[0].points == 7


@pytest.mark.parametrize(
    "code",
    ["(" * 100_000, "x" + "()" * 100_000, "-" * 300_000 + "1", "x = " + "[" * 90 + "]" * 90, "def f(\x00): pass"],
    ids=["brackets", "calls", "minus", "lists", "null"],
)
def test_a_source_that_no_compiler_likes_costs_its_own_points_only(room, code):
    graded = room.grade(f"{code}\n# %%\n{EXERCISE}", ("7A",), LONG)
    assert graded.error is not None or letters(graded) == "ppp"
    assert room.grade(EXERCISE, ("7A",), LONG).results[0].passed


def test_a_checker_that_is_killed_is_replaced_and_the_submission_graded(room):
    """Whatever ends the checker itself: the law in which it happened is lost, the others are not."""
    code = (
        "import time\ndef scale(v, f):\n    if len(v) == 5:\n        time.sleep(3)\n    v = v * 1\n"
        "    if f != f:\n        raise ValueError\n    return v * f\n"
    )
    path = room.folder / "submissions" / "07_slow.py"
    path.write_text(code, "utf-8")
    room.lane._settings = Settings(seed=SEED, limits=LONG, contain="bubblewrap")
    room.waiting.put(Submission("ann", path, ("7A",)))
    time.sleep(1.5)
    room.lane._process.kill()
    assert letters(room.finished.get(timeout=60)) == "tpp"
    assert room.grade(EXERCISE, ("7A",), LONG).results[0].passed


HANGS_THE_CHECKER = """
import gc, struct
import numpy as np
from course_lib.grading.frames import Pipe

pipe = next(each for each in gc.get_objects() if type(each) is Pipe)
prime = 2**61 - 1  # whose multiples all have the hash 0


def colliding(count):
    items = b"".join(b"J" + struct.pack("<Q", 11) + (k * prime).to_bytes(11, "little") for k in range(1, count + 1))
    return b"P" + struct.pack("<Q", 2) + b"S" + struct.pack("<Q", 2) + b"ok" + b"Z" + struct.pack("<Q", count) + items


def scale(values, factor):
    if len(values) == 5:
        pipe.send(b"R", colliding(120_000))
    return np.zeros_like(values)
"""


def test_a_value_that_would_take_the_checker_hours_costs_the_law_in_which_it_came(room, monkeypatch):
    monkeypatch.setattr(engine, "LAW_PATIENCE", 1.0)
    graded = room.grade(HANGS_THE_CHECKER, ("7A", "7B"), replace(LONG, law_seconds=2))
    assert [each.status for each in graded.results[0].outcomes] == ["timeout", "pass", "fail"]
    assert graded.error is None
    assert room.grade(EXERCISE, ("7A",), LONG).results[0].passed


def test_cells_that_were_read_already_are_what_is_graded(room):
    room.lane._settings = Settings(seed=SEED, limits=LONG, contain="bubblewrap")
    cells = (Cell(1, "import numpy as np\ndef scale(v, f):\n    return np.zeros_like(v)"),)
    room.waiting.put(Submission("ann", room.folder / "absent.ipynb", ("7A",), cells))
    assert letters(room.finished.get(timeout=60)) == "fpf"


def test_the_fixtures_leave_no_process_behind(room):
    room.grade(EXERCISE, ("7A",), LONG)
    assert len(room.processes()) <= 4
    assert (room.folder / "home" / "canary").exists()
