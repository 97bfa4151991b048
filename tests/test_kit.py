"""The offline kit: the right wheels for other machines, no answers on the stick, an install without an index."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from course_lib import catalog
from course_lib.kit import DAYS, PYTHONS, TARGETS, agenda, agenda_page, make_kit, wheels
from course_lib.kit.folder import made

ROOT = Path(__file__).resolve().parent.parent
CLOSED = "http://127.0.0.1:9/simple"
THIS = ".".join(map(str, sys.version_info[:2]))
SOLVED = "BEGIN SOLUTION"


def no_wheels(lock, target, python, into):
    into.mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    """A kit without wheels: what is copied does not depend on them."""
    out = tmp_path_factory.mktemp("kit") / "usb"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wheels, "fetch", no_wheels)
        steps = list(make_kit(out, ["linux-x86_64"], ["3.12"]))
    assert len(steps) == 3
    return out


@pytest.mark.parametrize("lock", wheels.LOCKS.values())
@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("python", PYTHONS)
def test_a_lock_keeps_what_that_machine_installs(lock, name, python):
    text = (ROOT / lock).read_text("utf-8")
    kept = wheels.requirements(text, TARGETS[name], python)
    assert ";" not in kept  # pip would ask this machine
    assert kept.count("==") == len(re.findall(r"^\S", kept, re.M))
    assert "--hash=sha256:" in kept
    have = set(re.findall(r"^([\w.-]+)==", kept, re.M))
    for line in re.findall(r"^[\w.-]+==.*", text, re.M):
        wanted = Requirement(line.rstrip("\\ "))
        answers = TARGETS[name].answers(python, 9)
        if wanted.marker is None or Marker(str(wanted.marker)).evaluate(answers):
            assert wanted.name in have
    windows = {"colorama", "pywinpty"}
    assert windows & have == (windows if name.startswith("windows") else set())
    assert ("pexpect" in have) != name.startswith("windows")


def test_this_machine_is_among_what_its_lock_keeps():
    """The filter agrees with pip and uv: what they installed here is what it keeps."""
    if f"linux-{os.uname().machine}" not in TARGETS:
        pytest.skip("no kit is made for this machine")
    from importlib.metadata import distributions

    # The environment's own folders: setuptools puts older copies of some packages on the path once it is imported.
    folders = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    text = (ROOT / "requirements-core.lock").read_text("utf-8")
    kept = wheels.requirements(text, TARGETS[f"linux-{os.uname().machine}"], THIS)
    here = {re.sub(r"[-_.]+", "-", each.name).lower(): each.version for each in distributions(path=folders)}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", kept, re.M):
        if name != "soupsieve":  # pinned twice, by the patch level
            assert here[re.sub(r"[-_.]+", "-", name).lower()] == version


def test_a_line_that_is_no_pin_is_named():
    with pytest.raises(ValueError, match=r"numpy>=2.*start.py lock"):
        wheels.requirements("numpy>=2\n", TARGETS["linux-x86_64"], "3.12")


def test_nothing_on_the_stick_holds_an_answer(kit):
    learner = kit / "learner"
    assert not (learner / "course/solutions").exists()
    assert not (learner / "course/docs/31_capstone.py").exists()
    assert (learner / "course/notebooks/31_capstone.ipynb").is_file()
    assert not (learner / "course/tests").exists()
    answers = set()
    for path in [*(ROOT / "topics").glob("*/exercise.py"), ROOT / "docs/31_capstone.py"]:
        for region in re.findall(rf"# {SOLVED}\n(.*?)# END SOLUTION", path.read_text("utf-8"), re.S):
            answers.add(region.strip())
    assert len(answers) >= 2
    for path in learner.rglob("*"):
        if path.suffix in (".py", ".ipynb", ".toml", ".md"):
            text = path.read_text("utf-8")
            assert not [answer for answer in answers if len(answer) > 60 and answer in text], path
    key = list((kit / "instructor/key").rglob("*.ipynb"))
    assert (kit / "instructor/key/docs/31_capstone.py").is_file()
    assert len(key) == len(list((ROOT / "solutions").glob("*.ipynb")))


def test_a_check_and_its_misconception_need_no_solution(kit, tmp_path):
    code = (
        "import tomllib, pathlib, sys\n"
        "import numpy as np\n"
        "from course_lib import check\n"
        "wrong = tomllib.loads(next(pathlib.Path(sys.argv[1]).glob('topics/04_*/wrong.toml')).read_text('utf-8'))\n"
        "exec(wrong['A'][0]['code'])\n"
        "check('4A')\n"
    )
    course = kit / "learner/course"
    env = {**os.environ, "COURSE_ROOT": str(course), "COURSE_HOME": str(tmp_path), "COURSE_LANG": "en"}
    env["PYTHONPATH"] = str(course)
    done = subprocess.run(
        [sys.executable, "-c", code, str(course)], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert "Recognised: The range was taken as it came." in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("sh"), reason="no POSIX shell")
def test_the_installer_names_the_python_it_wants(kit, tmp_path):
    script = kit / "learner/install.sh"
    assert subprocess.run(["sh", "-n", str(script)]).returncode == 0
    assert r"sh \"$target/start-lab.sh\"" in script.read_text("utf-8")  # to be pasted, with a space in the path too
    for name in ("dirname", "sh"):
        (tmp_path / name).symlink_to(shutil.which(name))
    bare = {"PATH": str(tmp_path), "HOME": str(tmp_path)}  # no Python on it
    done = subprocess.run([str(tmp_path / "sh"), str(script)], env=bare, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Python 3.12" in done.stderr
    assert not (tmp_path / "litert-course").exists()


def test_windows_lines_end_as_windows_wants_them(kit):
    text = (kit / "learner/install.bat").read_bytes()
    assert text.count(b"\r\n") == text.count(b"\n") > 10
    assert b"@PYTHONS@" not in text


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="not a kit"):
        list(make_kit(tmp_path, ["linux-x86_64"], ["3.12"]))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("platforms", "pythons", "tier", "said"),
    [
        (["amiga"], ["3.12"], "core", "linux-x86_64, linux-aarch64, macos-arm64, windows-x86_64"),
        (["linux-x86_64"], ["2.7"], "core", "3.11, 3.12, 3.13"),
        (["linux-x86_64"], ["3.12"], "huge", "full, core"),
        ([], ["3.12"], "core", "at least one"),
    ],
)
def test_what_is_unknown_lists_what_is_known(tmp_path, platforms, pythons, tier, said):
    with pytest.raises(ValueError, match=said):
        list(make_kit(tmp_path / "usb", platforms, pythons, tier))
    assert not (tmp_path / "usb").exists()


@pytest.mark.parametrize("day", DAYS)
def test_an_agenda_has_no_gap_and_fits_its_name(day):
    slots = agenda(catalog.topics(), day)
    clock = [int(slot.start[:2]) * 60 + int(slot.start[3:]) for slot in slots]
    assert clock[0] == 9 * 60
    assert all(then - now == slot.minutes for now, then, slot in zip(clock, clock[1:], slots, strict=False))
    whole = sum(slot.minutes for slot in slots)
    assert {"half-day": 180 <= whole <= 240, "one-day": 360 <= whole <= 480}[day]
    assert day in ("half-day", "one-day")
    page = agenda_page(catalog.topics())
    assert all(slot.what.en in page and slot.what.zh in page for slot in slots)


@pytest.mark.skipif(sys.platform != "linux" or f"linux-{os.uname().machine}" not in TARGETS, reason="Linux only")
def test_a_kit_installs_with_the_index_switched_off(tmp_path):
    """The whole way: make it, carry it off, install from it where every index is a closed port, and grade with it."""
    try:
        for _ in make_kit(tmp_path / "usb", [f"linux-{os.uname().machine}"], [THIS]):
            pass
    except OSError as error:
        pytest.skip(f"the kit's wheels cannot be fetched here: {error}")
    assert made(tmp_path / "usb").wheels > 100
    stick = tmp_path / "stick"
    (tmp_path / "usb/learner").rename(stick)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": CLOSED}
    env |= {"UV_DEFAULT_INDEX": CLOSED, "UV_CACHE_DIR": str(tmp_path / "uv"), "PIP_NO_CACHE_DIR": "1"}
    env |= {"http_proxy": CLOSED, "https_proxy": CLOSED, "COURSE_HOME": str(tmp_path / "home")}
    course = tmp_path / "course"
    done = subprocess.run(["sh", str(stick / "install.sh"), str(course)], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (course / "start-lab.sh").is_file()
    mine = course / "workbook/04_quantize_with_the_tools.ipynb"
    mine.write_text(mine.read_text("utf-8").replace("NotImplementedError", "KeyError"), encoding="utf-8")
    kept = mine.read_bytes()
    again = subprocess.run(["sh", str(stick / "install.sh"), str(course)], env=env, capture_output=True, text=True)
    assert again.returncode == 0
    assert mine.read_bytes() == kept  # a second run keeps the learner's work
    command = [str(course / ".venv/bin/course"), "check"]
    solved = next((tmp_path / "usb/instructor/key/solutions").glob("04_*.ipynb"))
    assert subprocess.run([*command, str(solved)], env=env, capture_output=True).returncode == 0
    assert subprocess.run([*command, str(mine)], env=env, capture_output=True).returncode == 1


def test_a_hub_gives_each_learner_a_folder_and_leaves_the_shared_one_alone(kit, tmp_path):
    shared = tmp_path / "srv"
    shutil.copytree(kit / "learner/course", shared)
    shutil.copytree(ROOT / "docs", shared / "docs", dirs_exist_ok=True)
    (shared / ".venv").symlink_to(sys.prefix)

    def listing():
        return sorted((str(path), path.stat().st_mtime_ns) for path in shared.rglob("*") if path.is_file())

    env = {**os.environ, "HOME": str(tmp_path), "COURSE_HOME": str(tmp_path / "progress"), "PYTHONPATH": str(shared)}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    before = listing()
    command = ["sh", str(shared / "docs/jupyterhub_home.sh"), str(shared)]
    subprocess.run(command, env=env, check=True, capture_output=True)
    home = tmp_path / "litert-course"
    mine = sorted((home / "workbook").glob("*.ipynb"))
    assert {path.name for path in mine} == {
        *(path.name for path in (shared / "exercises").glob("*.ipynb")),
        "00_interview.ipynb",
    }
    mine[0].write_text("mine", encoding="utf-8")
    subprocess.run(command, env=env, check=True, capture_output=True)
    assert mine[0].read_text("utf-8") == "mine"
    assert (home / "notebooks").is_symlink()
    assert listing() == before
