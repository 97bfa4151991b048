"""start.py: what a learner can meet on a bare machine is one line, and the set-up does only what is left to do."""

import ast
import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import namedtuple
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CLOSED = "http://127.0.0.1:9/simple"  # nothing listens on the discard port: refused at once, no name to look up
Usage = namedtuple("Usage", "total used free")


def load(root: Path):
    """Import start.py as if it lay in `root`."""
    spec = importlib.util.spec_from_file_location("start_under_test", ROOT / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    venv = root / ".venv"
    python = venv / module.PYTHON.relative_to(module.VENV)
    for name, value in {
        "ROOT": root,
        "VENV": venv,
        "PYTHON": python,
        "STAMP": venv / module.STAMP.name,
        "LOG": venv / module.LOG.name,
    }.items():
        setattr(module, name, value)
    return module


@pytest.fixture
def start(tmp_path, monkeypatch):
    """start.py in a folder of its own whose steps are noted in `start.steps` instead of run."""
    for name in ("pyproject.toml", "requirements.lock", "requirements-core.lock", "requirements-extras.lock"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.delenv("TIER", raising=False)
    module = load(tmp_path)
    module.steps = []

    def note(doing, command):
        module.steps.append(command)
        if command[1:3] == ["-m", "venv"]:
            module.PYTHON.parent.mkdir(parents=True)
            module.PYTHON.touch()

    module.quietly = note
    module.bootstrap_uv = lambda source: None
    module.share_mirror = lambda: None
    module.prepare_workbook = lambda: None
    module.become = lambda command: module.steps.append(command) or 0
    return module


def said(capsys) -> str:
    """Return the one line on stderr."""
    text = capsys.readouterr().err
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


# What a learner meets


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 8, 18), (3, 10, 13), (3, 14, 0), (4, 0, 0)])
def test_another_python_is_told_which_ones_do_and_where_to_get_one(start, monkeypatch, capsys, version):
    monkeypatch.setattr(start, "other_python", lambda: None)
    check = start.check_python
    monkeypatch.setattr(start, "check_python", lambda: check(version))
    assert start.main(["lab"]) == 1
    line = said(capsys)
    assert "3.11 to 3.13" in line
    assert ".".join(map(str, version)) in line
    assert "python.org" in line
    assert start.steps == []


def test_another_python_is_told_of_a_fitting_one_that_is_here(start, monkeypatch, capsys):
    monkeypatch.setattr(start, "other_python", lambda: "python3.12")
    with pytest.raises(start.Stop, match=r"python3\.12 start\.py.*make PYTHON=python3\.12"):
        start.check_python((3, 9, 1))


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 7), (3, 13, 1)])
def test_the_supported_pythons_pass(start, version):
    start.check_python(version)


def test_start_py_is_readable_by_python_3_8():
    ast.parse((ROOT / "start.py").read_text("utf-8"), feature_version=(3, 8))


def old_pythons() -> list[str]:
    """Return the paths of Pythons that are too old and really run."""
    found = []
    for minor in (8, 9, 10):
        path = shutil.which(f"python3.{minor}")
        candidates = [path] if path else []
        candidates += map(str, Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
        for each in candidates:
            if subprocess.run([each, "-c", ""], capture_output=True).returncode == 0:
                found.append(each)
                break
    return found


def test_an_old_python_that_is_really_here_gets_the_line():
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no Python 3.8 to 3.10 on this machine")
    for python in pythons:
        done = subprocess.run([python, ROOT / "start.py", "lab"], capture_output=True, text=True)
        assert done.returncode == 1
        assert re.fullmatch(r"course: .*needs Python 3\.11 to 3\.13, and this is 3\.\d+\.\d+: .*\n", done.stderr)


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_that_cannot_make_environments_is_told_what_to_install(start, monkeypatch, capsys, missing):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else real(name))
    assert start.main(["setup"]) == 1
    assert re.search(r"lacks venv or ensurepip.*apt install python3\.\d+-venv", said(capsys))


@pytest.mark.parametrize(
    ("tier", "free", "enough"),
    [("full", 3.9, False), ("full", 4.1, True), ("core", 0.9, False), ("core", 1.1, True)],
)
def test_a_full_disk_is_noticed_before_anything_is_written(start, monkeypatch, capsys, tier, free, enough):
    monkeypatch.setenv("TIER", tier)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, int(free * 1e9)))
    assert start.main(["setup"]) == (0 if enough else 1)
    if not enough:
        assert f"{free:.1f} GB free" in said(capsys)
        assert not start.VENV.exists()


def test_an_unknown_tier_is_told_the_known_ones(start, monkeypatch, capsys):
    monkeypatch.setenv("TIER", "cor")
    assert start.main(["lab"]) == 1
    assert re.search("TIER=cor .*TIER=core.*TIER=full", said(capsys))


def test_an_environment_of_another_program_and_python_is_not_touched(start, capsys):
    start.VENV.mkdir()
    (start.VENV / "pyvenv.cfg").write_text("version = 3.9.1\n", "utf-8")
    assert start.main(["setup"]) == 1
    assert "delete it" in said(capsys)
    assert (start.VENV / "pyvenv.cfg").is_file()
    assert start.steps == []


@pytest.mark.parametrize(
    ("output", "meaning"),
    [
        ("error: Failed to install: x\n  Caused by: No space left on device (os error 28)", "disk is full"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("  Caused by: invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
        ("error: Failed to fetch: `https://x`\n Caused by: dns error\n Caused by: failed to lookup", "no network"),
        ("NewConnectionError(...): Failed to establish a new connection: [Errno 111] Connection refused", "no network"),
        ("error: Hash mismatch for `x==1`\n", "not the one that was locked"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the one that was locked"),
        ("we can conclude that all versions have no wheels with a matching platform tag", "no build for this machine"),
        ("  cause: Because x was not found in the provided package locations and you require x==1,", "course kit"),
        ("ERROR: No matching distribution found for uv==0.13.9", "course kit"),
        ("one\n\n  something nobody foresaw\n", "something nobody foresaw"),
        ("", "printed nothing"),
    ],
)
def test_what_pip_and_uv_say_becomes_one_line_of_what_to_do(start, output, meaning):
    line = start.explain("installing", output)
    assert meaning in line
    assert "\n" not in line
    assert "this again" in line or "another network" in line or "README" in line


def test_a_folder_without_wheels_is_named(start, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_WHEELS", str(tmp_path))
    assert start.main(["setup"]) == 1
    assert "holds no wheels" in said(capsys)
    (tmp_path / "x-1-py3-none-any.whl").touch()
    assert start.wheels() == ["--no-index", "--find-links", str(tmp_path)]


def test_a_step_that_fails_is_explained_from_its_own_output_alone(tmp_path):
    start = load(tmp_path)
    start.VENV.mkdir()
    start.LOG.write_text("No space left on device\n", "utf-8")  # of an earlier step
    with pytest.raises(start.Stop, match="out of ideas") as stop:
        start.quietly("thinking", [sys.executable, "-c", "raise SystemExit('out of ideas')"])
    assert str(start.LOG) in str(stop.value)


# What the set-up does


def noted(start, what: str) -> list[list[str]]:
    return [step for step in start.steps if what in step]


def test_a_second_set_up_runs_nothing(start):
    assert start.set_up("full", extras=False)
    assert noted(start, "venv")
    assert noted(start, "install")
    start.steps.clear()
    assert not start.set_up("full", extras=False)
    assert start.steps == []


@pytest.mark.parametrize("changed", ["pyproject.toml", "requirements.lock"])
def test_what_changed_is_installed_into_the_same_environment(start, changed):
    start.set_up("full", extras=False)
    start.steps.clear()
    with (start.ROOT / changed).open("a") as file:
        file.write("# changed\n")
    assert start.set_up("full", extras=False)
    assert noted(start, "install")
    assert not noted(start, "venv")


def test_the_locks_of_other_tiers_do_not_count(start):
    start.set_up("core", extras=False)
    for name in ("requirements.lock", "requirements-extras.lock"):
        (start.ROOT / name).write_text("", "utf-8")
    assert not start.set_up("core", extras=False)


def test_every_install_is_by_hash_and_never_builds(start):
    start.set_up("full", extras=True)
    (locked,) = [step for step in noted(start, "install") if "-r" in step]
    assert {"--require-hashes", "--no-build", "requirements.lock", "requirements-extras.lock"} <= set(locked)
    (project,) = [step for step in noted(start, "install") if "-e" in step]
    assert {"--no-deps", "--no-build-isolation", "--offline"} <= set(project)


def test_going_to_the_core_tier_removes_tensorflow_and_nothing_that_the_core_needs(start):
    start.set_up("full", extras=False)
    start.steps.clear()
    start.set_up("core", extras=False)
    (uninstall,) = noted(start, "uninstall")
    gone = set(uninstall[uninstall.index("--python") + 2 :])
    assert {"tensorflow", "tf-keras", "keras"} <= gone
    assert not gone & start.names("requirements-core.lock")
    start.steps.clear()
    start.set_up("full", extras=False)
    assert not noted(start, "uninstall")
    assert noted(start, "requirements.lock")


def test_test_tools_once_installed_are_kept_up_to_date_and_kept(start):
    start.set_up("full", extras=True)
    start.steps.clear()
    assert not start.set_up("full", extras=False)
    start.set_up("core", extras=False)
    assert noted(start, "requirements-extras.lock")
    (uninstall,) = noted(start, "uninstall")
    assert not set(uninstall) & start.names("requirements-extras.lock")


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_killed_set_up_is_begun_anew(start, step):
    note = start.quietly

    def killed(doing, command):
        note(doing, command)
        if len(start.steps) == step:
            raise KeyboardInterrupt

    start.quietly = killed
    with pytest.raises(KeyboardInterrupt):
        start.set_up("core", extras=True)
    (start.VENV / "half").touch()
    start.quietly = note
    start.steps.clear()
    assert start.set_up("core", extras=False)
    assert noted(start, "venv")
    assert noted(start, "requirements-extras.lock"), "the test tools were forgotten"
    assert not (start.VENV / "half").exists()
    assert not start.set_up("core", extras=False)


def test_a_kill_while_the_old_environment_is_deleted_leaves_it_known_as_ours(start, monkeypatch):
    start.set_up("core", extras=False)
    (start.ROOT / "requirements-core.lock").write_text("", "utf-8")
    stamp = json.loads(start.STAMP.read_text("utf-8"))
    start.STAMP.write_text(json.dumps({**stamp, "root": "/elsewhere"}), "utf-8")

    def killed(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        start.set_up("core", extras=False)
    monkeypatch.undo()
    assert start.set_up("core", extras=False)


@pytest.mark.parametrize("damage", ["", "{", "[]", "null"])
def test_a_damaged_stamp_is_a_set_up_that_did_not_finish(start, damage):
    start.set_up("core", extras=False)
    start.STAMP.write_text(damage, "utf-8")
    start.steps.clear()
    assert start.set_up("core", extras=False)
    assert noted(start, "venv")


def test_a_moved_folder_or_a_python_that_went_away_makes_the_environment_anew(start):
    start.set_up("core", extras=False)
    for key, value in (("root", "/elsewhere"), ("python", "3.99")):
        stamp = json.loads(start.STAMP.read_text("utf-8"))
        start.STAMP.write_text(json.dumps({**stamp, key: value}), "utf-8")
        start.steps.clear()
        assert start.set_up("core", extras=False)
        assert noted(start, "venv"), key
    start.PYTHON.unlink()
    start.steps.clear()
    assert start.set_up("core", extras=False)
    assert noted(start, "venv")


def test_an_environment_that_somebody_made_with_this_python_is_used(start):
    start.PYTHON.parent.mkdir(parents=True)
    start.PYTHON.touch()
    version = ".".join(map(str, sys.version_info[:3]))
    (start.VENV / "pyvenv.cfg").write_text(f"version = {version}\n", "utf-8")
    (start.VENV / "theirs").touch()
    assert start.set_up("core", extras=False)
    assert not noted(start, "venv")
    assert (start.VENV / "theirs").exists()


def test_two_set_ups_at_once_take_turns(start):
    order = []
    inside, go = threading.Event(), threading.Event()

    def first():
        with start.alone():
            inside.set()
            go.wait(30)
            order.append("first")

    def second():
        with start.alone():
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(30)
    threads[1].start()
    time.sleep(0.2)  # time for the second to get in, if it could
    go.set()
    for thread in threads:
        thread.join(30)
    assert order == ["first", "second"]


def test_uv_comes_by_hash_in_the_locked_version_through_the_environments_pip(tmp_path, monkeypatch):
    start = load(tmp_path)
    shutil.copy(ROOT / "requirements-core.lock", tmp_path)
    start.VENV.mkdir()
    steps = []
    start.quietly = lambda doing, command: steps.append(command)
    older = subprocess.CompletedProcess([], 0, stdout="uv 0.0.1 (an older one)")
    monkeypatch.setattr(start.subprocess, "run", lambda *_, **__: older)
    start.bootstrap_uv([])
    ((*_, path),) = steps
    assert {"--require-hashes", "--only-binary"} <= set(steps[0])
    text = Path(path).read_text("utf-8")
    assert re.fullmatch(r"uv==[\d.]+ \\\n(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+(?: +#.*\n)*", text)


def test_uv_uses_the_mirror_that_pip_was_given_unless_it_has_its_own(tmp_path, monkeypatch):
    start = load(tmp_path)
    start.PYTHON = Path(sys.executable)
    for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = http://mirror.invalid/simple\n", "utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    start.share_mirror()
    assert os.environ.pop("UV_DEFAULT_INDEX") == "http://mirror.invalid/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "http://other.invalid/simple")
    start.share_mirror()
    assert os.environ.pop("UV_DEFAULT_INDEX") == "http://other.invalid/simple"
    monkeypatch.setenv("UV_INDEX_URL", "http://own.invalid/simple")
    start.share_mirror()
    assert "UV_DEFAULT_INDEX" not in os.environ


# The commands


@pytest.mark.parametrize("failing", [set(), {"tests"}, {"rendered notebooks"}, {"tests", "rendered notebooks"}])
def test_every_part_runs_and_a_failing_one_fails_the_whole_and_is_named(start, monkeypatch, capsys, failing):
    ran = []

    def run(command):
        part = "rendered notebooks" if "--nbval-lax" in command else "tests"
        ran.append(part)
        return 2 if part in failing else 0

    monkeypatch.setattr(start, "run", run)
    assert start.main(["test"]) == (1 if failing else 0)
    assert ran == ["tests", "rendered notebooks"]
    closing = capsys.readouterr().out.splitlines()[-2:]
    assert {line.split(": ")[1] for line in closing if "FAILED" in line} == failing
    assert all("ok" in line for line in closing if "FAILED" not in line)


@pytest.mark.parametrize(("tier", "lessons"), [("full", True), ("core", False)])
def test_the_core_tier_does_not_run_what_trains_and_says_so(start, monkeypatch, capsys, tier, lessons):
    monkeypatch.setenv("TIER", tier)
    commands = []
    monkeypatch.setattr(start, "run", lambda command: commands.append(command) or 0)
    assert start.main(["test"]) == 0
    assert {"exercises", "solutions"} <= set(commands[1])
    assert ("notebooks" in commands[1]) is lessons
    assert ("not run in the core tier" in capsys.readouterr().out) is not lessons


def test_lint_runs_both_and_fails_with_either(start, monkeypatch):
    for bad in ("ruff", "mypy", None):
        ran = []

        def run(command, bad=bad, ran=ran):
            ran.append(command[2])
            return int(command[2] == bad)

        monkeypatch.setattr(start, "run", run)
        assert start.main(["lint"]) == int(bad is not None)
        assert ran == ["ruff", "mypy"]


@pytest.mark.parametrize(
    ("user", "display", "flags"),
    [(0, ":0", {"--allow-root", "--no-browser"}), (1000, "", {"--no-browser"}), (1000, ":0", set())],
)
def test_lab_opens_no_browser_where_none_can_open(start, monkeypatch, user, display, flags):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", "")
    monkeypatch.setenv("PATH", os.environ["PATH"])
    assert start.main(["lab", "--port", "9000"]) == 0
    assert os.environ["PATH"].split(os.pathsep)[0] == str(start.PYTHON.parent), "its terminals lack `course`"
    command = start.steps[-1]
    assert {"--allow-root", "--no-browser"} & set(command) == flags
    assert command[-2:] == ["--port", "9000"]


def test_help_lists_every_command_and_make_has_them_all(start, capsys):
    assert start.main([]) == 0
    text = capsys.readouterr().out
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert set(phony.split()) == set(start.COMMANDS)
    assert all(re.search(rf"^  {name} ", text, re.M) for name in start.COMMANDS)


@pytest.mark.skipif(not shutil.which("make"), reason="no make on this machine")
def test_make_calls_start_py_with_a_fitting_python():
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["make", "-C", ROOT], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert "python start.py COMMAND" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
def test_a_polite_kill_ends_the_running_step_too(tmp_path):
    (tmp_path / ".venv").mkdir()
    shutil.copy(ROOT / "start.py", tmp_path)
    step = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    script = (
        "import signal, sys, start; signal.signal(signal.SIGTERM, lambda *_: sys.exit(143));"
        f"start.quietly('sleeping', [sys.executable, '-c', {step!r}])"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path)
    log = tmp_path / ".venv" / "course-setup.log"
    deadline = time.monotonic() + 30
    while not (log.exists() and log.read_text("utf-8").strip()[-1:].isdigit()) and time.monotonic() < deadline:
        time.sleep(0.05)
    child = int(log.read_text("utf-8").split()[-1])
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


# For real, once: no network, then a core set-up that recovers, then nothing to do, then JupyterLab


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of the course without an environment or a learner's things."""
    folder = tmp_path_factory.mktemp("clone") / "a course"  # a space in the path must not matter
    skip = (".venv", ".git", "workbook", ".*_cache", "__pycache__", "*.egg-info", "build", ".hypothesis")
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*skip))
    return folder


def bare(clone: Path) -> dict[str, str]:
    """Return an environment in which the clone, and not the course that runs these tests, is found."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "COURSE_ROOT")}
    return {**env, "TIER": "core", "COURSE_HOME": str(clone.parent / "home")}


def call(clone: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    env = {**bare(clone), **environment}
    command = [sys.executable, str(clone / "start.py"), *arguments]
    return subprocess.run(command, cwd=clone.parent, env=env, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def offline(clone):
    """The outcome of a first set-up that reaches no index, with nothing cached."""
    config = clone.parent / "pip.conf"  # an empty one: this machine's own may name folders to install from
    config.touch()
    nowhere = {"PIP_CONFIG_FILE": str(config), "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": "", "PIP_NO_CACHE_DIR": "1"}
    return call(clone, "setup", PIP_INDEX_URL=CLOSED, **nowhere)


@pytest.fixture(scope="module")
def installed(clone, offline):
    """The outcome of the next set-up, with the network back."""
    done = call(clone, "setup")
    if "no network" in done.stderr and not os.environ.get("CI"):
        pytest.skip("a real set-up needs the network")
    return done


def test_without_network_the_set_up_stops_with_one_line(clone, offline):
    assert offline.returncode == 1
    assert re.fullmatch(r"course: no network: .*run this again\n", offline.stderr)


def test_uv_without_network_is_explained_as_well(clone, installed, tmp_path):
    start = load(clone)
    env = {"UV_HTTP_RETRIES": "0", "UV_CACHE_DIR": str(tmp_path), "UV_DEFAULT_INDEX": CLOSED, "UV_FIND_LINKS": ""}
    command = [sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--python", sys.executable, "--reinstall"]
    done = subprocess.run([*command, "rich"], env={**os.environ, **env}, capture_output=True, text=True)
    assert done.returncode != 0
    assert "no network" in start.explain("installing", done.stderr)


def test_the_next_set_up_recovers_and_installs_the_core_without_tensorflow(clone, installed):
    assert installed.returncode == 0, installed.stderr
    python = load(clone).PYTHON
    program = (
        "import course_lib, ai_edge_litert, importlib.util; print(course_lib.__file__);"
        "print(importlib.util.find_spec('tensorflow'))"
    )
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, cwd=clone.parent, env=bare(clone))
    assert done.stdout.splitlines() == [str(clone / "course_lib" / "__init__.py"), "None"], done.stderr


def test_the_set_up_copies_the_exercises_and_writes_the_start_page(clone, installed):
    workbook = clone / "workbook"
    exercises = {path.name for path in (clone / "exercises").glob("*.ipynb")}
    assert {path.name for path in workbook.glob("*.ipynb")} == exercises | {"00_interview.ipynb"}
    assert (workbook / "START.md").is_file()


def test_a_set_up_with_nothing_changed_runs_no_installer(clone, installed):
    log = load(clone).LOG
    before = log.read_bytes()
    again = call(clone, "setup")
    assert again.returncode == 0
    assert "nothing to do" in again.stdout
    assert log.read_bytes() == before


def test_lab_serves_the_start_page_and_asks_nobody_for_news(clone, installed):
    env = {**bare(clone), "DISPLAY": ""}
    command = [sys.executable, str(clone / "start.py"), "lab", "--port", "0", "--no-browser"]
    with (clone.parent / "lab.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=clone.parent)
    try:
        deadline = time.monotonic() + 120
        address = None
        while address is None and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
            text = (clone.parent / "lab.log").read_text("utf-8", errors="replace")
            address = re.search(r"(http://127\.0\.0\.1:\d+)(/lab/tree/workbook/START\.md)\?token=(\w+)", text)
        assert address, text
        server, page, token = address.groups()

        def get(path: str) -> str:
            request = urllib.request.Request(server + path, headers={"Authorization": f"token {token}"})
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.read().decode()

        config = json.loads(re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', get(page), re.S)[1])
        assert config["news"] == {"disabled": True}
        start_page = json.loads(get("/api/contents/workbook/START.md?type=file"))["content"]
        assert len(re.findall(r"<tr><td", start_page)) == 30
        settings = json.loads(get("/lab/api/settings/@jupyterlab/apputils-extension:notification"))
        assert settings["schema"]["properties"]["fetchNews"]["default"] == "false"
        viewer = json.loads(get("/lab/api/settings/@jupyterlab/docmanager-extension:plugin"))
        assert viewer["schema"]["properties"]["defaultViewers"]["default"]["markdown"] == "Markdown Preview"
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
