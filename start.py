"""Set the course up and start it: `python start.py lab`. Standard library only; `make lab` is the same thing.

Everything goes into `.venv` beside this file. The set-up downloads once; with nothing changed it costs next to nothing,
and one that was interrupted is begun anew. TIER=core in the environment leaves TensorFlow out; COURSE_WHEELS names a
folder of wheels to install from in place of the network (`course kit` makes one).
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterator

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "course-setup.json"
LOG = VENV / "course-setup.log"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST, NEWEST = (3, 11), (3, 13)
LOCKS = {"full": "requirements.lock", "core": "requirements-core.lock"}
EXTRAS = "requirements-extras.lock"
GIGABYTES = {"full": 4, "core": 1}  # measured: 2.7 and 0.7 with the downloads; room to unpack
START_PAGE = "workbook/START.md"

# A course that promises no network after the set-up must not ask for news, updates or extensions either.
LAB_CONFIG = {
    "LabApp": {
        "news_url": None,
        "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "extension_manager": "readonly",
    }
}
LAB_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
}
# A new kernel warns of unencrypted TCP in the terminal; it listens on this machine alone, and signs its messages.
KERNEL_CONFIG = {"IPKernelApp": {"log_level": 40}}

COMMANDS = {
    "lab": "set up, then open the course in JupyterLab (options after it go to JupyterLab)",
    "test": "set up with the test tools, then run every test (with arguments: pytest with these alone)",
    "setup": "only set up",
    "lint": "ruff and mypy",
    "build": "render notebooks/, exercises/ and solutions/ from topics/",
    "lock": "resolve the lock files and environment.yml from pyproject.toml (--upgrade, --check)",
    "help": "this list",
}
# What is in uv's or pip's output -> what it means for whoever reads it. The first match counts.
FAULTS = (
    (
        r"no space left|disk full|not enough space|os error (?:28|112)\b|errno 28",
        "the disk is full: free some space (UV_CACHE_DIR moves the download cache), then run this again",
    ),
    (
        r"certificate.verify.failed|invalid peer certificate|unknownissuer",
        "the network's certificate is not trusted (a proxy?): point SSL_CERT_FILE at its CA file, then run this again",
    ),
    (
        r"hash mismatch|do not match the hashes",
        "a downloaded file is not the one that was locked: try another network or mirror, and report it if it stays",
    ),
    (
        r"connection (?:refused|reset)|connectionerror|name resolution|unreachable|timed out|failed to fetch",
        "no network: the set-up has to download once; connect (or set PIP_INDEX_URL to a mirror), then run this again",
    ),
    (
        # A folder of wheels is incomplete, or was made for another machine: what a kit's user must hear first.
        r"not found in the provided package locations|no matching distribution found",
        "the wheels lack what this machine needs: `course kit --platform .. --python ..` adds it; then run this again",
    ),
    (
        r"no wheels? with a matching|doesn't have a source distribution or wheel|no compatible wheel|no usable wheels",
        "some package has no build for this machine: the README lists the platforms; TIER=core needs fewer of them",
    ),
)


class Stop(Exception):
    """Ends the program with one line that says what is wrong and what to do."""


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> None:
    """Raise Stop unless `version` is one the locks were made for and has what makes environments."""
    this = ".".join(map(str, version))
    if not OLDEST <= tuple(version[:2]) <= NEWEST:
        better = other_python()
        how = (
            f"run `{better} start.py ...` instead, or `make PYTHON={better} ...`"
            if better
            else "get 3.12 from https://www.python.org/downloads/ or your package manager"
        )
        raise Stop(f"this course needs Python 3.11 to 3.13, and this is {this}: {how}")
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise Stop(
            f"this Python {this} lacks venv or ensurepip: install it (Debian and Ubuntu: "
            f"apt install python{version[0]}.{version[1]}-venv), then run this again"
        )


def other_python() -> str | None:
    """Return the name of a Python on the PATH that would do, or None."""
    test = f"import sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    for name in ("python3.13", "python3.12", "python3.11", "python3", "python"):
        # The PATH may hold stubs that only print an error: what counts is that it runs.
        with contextlib.suppress(OSError):
            if shutil.which(name) and subprocess.run([name, "-c", test], capture_output=True).returncode == 0:
                return name
    return None


def check_room(gigabytes: int) -> None:
    """Raise Stop unless that much disk is free where the course lies."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < gigabytes:
        smaller = "; TIER=core needs 1 GB" if gigabytes > GIGABYTES["core"] else ""
        raise Stop(
            f"{free:.1f} GB free in {ROOT}, and the set-up needs {gigabytes} GB: free some and run this again{smaller}"
        )


def set_up(tier: str, *, extras: bool) -> bool:
    """Bring `.venv` to what the locks say; True when there was something to do.

    `extras` adds what only tests need; once added, it is kept up to date by every set-up.
    """
    with alone():
        have = read_stamp()
        want = wanted(tier, extras=extras or bool(have.get("extras")))
        if have == want and PYTHON.is_file():
            return False
        check_python()
        create = must_create(have, want)
        check_room(GIGABYTES[tier] if create or have.get("tier") != tier else GIGABYTES["core"])
        began = time.monotonic()
        if create or have:
            VENV.mkdir(exist_ok=True)
            STAMP.write_text(json.dumps({"unfinished": True, "extras": want["extras"]}), encoding="utf-8")
        if create:
            empty_venv()
            base = getattr(sys, "_base_executable", sys.executable)  # not a Python that was just deleted
            quietly("making .venv", [base, "-m", "venv", str(VENV)])
        install(tier, extras=want["extras"], leave=have.get("tier"))
        write_json(VENV / "etc/jupyter/jupyter_lab_config.json", LAB_CONFIG)
        write_json(VENV / "share/jupyter/lab/settings/overrides.json", LAB_SETTINGS)
        write_json(VENV / "etc/ipython/ipython_kernel_config.json", KERNEL_CONFIG)
        write_json(STAMP, want)
        say(f"set up in {time.monotonic() - began:.0f} s")
        return True


def empty_venv() -> None:
    """Delete what is in `.venv`, except the stamp: killed half-way, the next run still knows that it is ours."""
    for path in VENV.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != STAMP:
            path.unlink()


def install(tier: str, *, extras: bool, leave: str | None) -> None:
    """Install the locked requirements and the project; `leave` is the tier that was there before."""
    uv = [str(PYTHON), "-m", "uv", "pip"]
    requirements = [LOCKS[tier]] + [EXTRAS] * extras
    source = wheels()
    bootstrap_uv(source)
    if not source:
        share_mirror()
    if leave == "full" and tier == "core":
        gone = sorted(names(LOCKS["full"]) - names(*requirements))
        quietly("removing TensorFlow", [*uv, "uninstall", "--python", str(PYTHON), *gone])
    whence = f"from {source[-1]}" if source else "the first time they are downloaded"
    say(f"installing {len(names(*requirements))} packages ({tier} tier); {whence}")
    files = [argument for lock in requirements for argument in ("-r", lock)]
    quietly("installing", [*uv, "install", "--python", str(PYTHON), "--require-hashes", "--no-build", *source, *files])
    quietly(
        "adding the course",
        [*uv, "install", "--python", str(PYTHON), "--offline", "--no-deps", "--no-build-isolation", "-e", "."],
    )


def wheels() -> list[str]:
    """Return what tells pip and uv to install from the folder `COURSE_WHEELS` alone; nothing when it is not set."""
    folder = os.environ.get("COURSE_WHEELS")
    if not folder:
        return []
    path = Path(folder).expanduser().resolve()
    if not any(path.glob("*.whl")):
        raise Stop(f"COURSE_WHEELS={folder} holds no wheels: name the kit's folder `wheels`, or unset it to download")
    return ["--no-index", "--find-links", str(path)]


def bootstrap_uv(source: list[str]) -> None:
    """Let the environment's own pip install uv in the locked version, by hash."""
    block = re.search(r"^uv==(\S+).*?(?=^\S|\Z)", (ROOT / LOCKS["core"]).read_text(encoding="utf-8"), re.M | re.S)
    if block is None:
        raise Stop(f"{LOCKS['core']} has no uv in it: run `git checkout {LOCKS['core']}`, then this again")
    found = subprocess.run([str(PYTHON), "-m", "uv", "--version"], capture_output=True, text=True)
    if found.stdout.split()[1:2] == [block[1]]:
        return
    only_uv = VENV / "uv.lock"
    only_uv.write_text(block[0], encoding="utf-8")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "--retries", "1", "--timeout", "20"]
    fetch = [*pip, "install", "--require-hashes", "--only-binary", ":all:", *source, "-r", str(only_uv)]
    quietly("fetching uv", fetch)


def share_mirror() -> None:
    """Point uv at the mirror that pip was configured with, unless uv has its own: uv does not read pip's settings."""
    if os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL"):
        return
    listed = subprocess.run([str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    configured = re.search(r"^(?:global|install)\.index-url='(.+)'$", listed, re.M)
    mirror = os.environ.get("PIP_INDEX_URL") or (configured and configured[1])
    if mirror:
        os.environ["UV_DEFAULT_INDEX"] = mirror


def names(*locks: str) -> set[str]:
    """Return the names of the packages in these lock files."""
    return {name for lock in locks for name in re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text("utf-8"), re.M)}


def must_create(have: dict[str, Any], want: dict[str, Any]) -> bool:
    """Tell whether `.venv` has to be made from nothing; Stop when that would delete somebody else's."""
    if not VENV.exists() or not any(VENV.iterdir()):
        return True
    if have:
        return not PYTHON.is_file() or any(have.get(key) != want[key] for key in ("root", "python"))
    config = VENV / "pyvenv.cfg"
    text = config.read_text(encoding="utf-8") if config.is_file() else ""
    if PYTHON.is_file() and re.search(rf"^version(?:_info)? *= *{re.escape(want['python'])}\b", text, re.M):
        return False
    raise Stop("the folder .venv was made by another program and another Python: delete it, then run this again")


def wanted(tier: str, *, extras: bool) -> dict[str, Any]:
    """Describe the finished set-up: equal descriptions need no work. A moved folder breaks .venv, so `root` counts."""
    inputs = [ROOT / name for name in ("pyproject.toml", LOCKS[tier], *([EXTRAS] * extras))]
    digest = hashlib.sha256(json.dumps([LAB_CONFIG, LAB_SETTINGS]).encode())
    for path in inputs:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    python = ".".join(map(str, sys.version_info[:2]))
    return {"tier": tier, "extras": extras, "python": python, "root": str(ROOT), "inputs": digest.hexdigest()}


def read_stamp() -> dict[str, Any]:
    """Return what the last set-up left; {} when there was none, and no `root` when it did not finish."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        return stamp if isinstance(stamp, dict) else {"unfinished": True}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        return {"unfinished": True}


def write_json(path: Path, value: object) -> None:
    """Write `value`; after a crash the file is the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    part.replace(path)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one set-up run at a time: `make lab` and `make test` in two terminals share one `.venv`."""
    with Path(__file__).open("rb") as handle:
        with contextlib.suppress(ImportError, OSError):  # Windows, or a file system without locks: go without
            import fcntl

            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another set-up is running here; waiting for it")
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def quietly(doing: str, command: list[str]) -> None:
    """Run a step of the set-up with its output in the log; turn a failure into one line."""
    began, shown = time.monotonic(), sys.stderr.isatty()
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()  # before the step writes there too
        start = log.tell()
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    code = process.wait(timeout=1)
                    break
                if shown:
                    print(f"\r{doing} ... {time.monotonic() - began:.0f} s ", end="", file=sys.stderr, flush=True)
        finally:
            process.kill()
            process.wait()
            if shown:
                print("\r" + " " * 40 + "\r", end="", file=sys.stderr)
    if code:
        raise Stop(explain(doing, LOG.read_bytes()[start:].decode(errors="replace")))


def explain(doing: str, output: str) -> str:
    """Say in one line what a failed step's output means and what to do."""
    for pattern, meaning in FAULTS:
        if re.search(pattern, output, re.I):
            return meaning
    last = (output.strip().splitlines() or ["it printed nothing"])[-1].strip()
    return f"{doing} failed ({last[:120]}): the whole output is in {LOG}; mend that and run this again"


def lab(arguments: list[str]) -> int:
    """Write the start page and become JupyterLab."""
    prepare_workbook()
    command = [str(PYTHON), "-m", "jupyterlab", f"--ServerApp.root_dir={ROOT}", "--log-level=ERROR"]
    command.append(f"--LabApp.default_url=/lab/tree/{START_PAGE}")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    headless = sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    command += ["--allow-root"] * root + ["--no-browser"] * (root or headless)
    # The terminals in JupyterLab know the `course` command; a login shell, its choice when headless, would forget it.
    shell = os.environ.get("SHELL") or "sh"
    command += [f"--ServerApp.terminado_settings=shell_command={shell}"] * (os.name == "posix")
    os.environ["PATH"] = f"{PYTHON.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    # Tabs of the learner's other projects are not this course's, nor the other way round.
    os.environ["JUPYTERLAB_WORKSPACES_DIR"] = str(VENV / "share/jupyter/lab/workspaces")
    say("JupyterLab prints its address below; Ctrl-C twice ends it")
    return become(command + arguments)


def prepare_workbook() -> None:
    """Copy new exercises into the learner's folder, say what changed, write the start page."""
    if run([str(PYTHON), "-m", "course_lib.start_page"]):
        raise Stop("the start page could not be written, for the reason above: mend that and run this again")


def test(arguments: list[str], tier: str) -> int:
    """Run every part, whatever the others did; 1 when any failed, each named at the end."""
    pytest = [str(PYTHON), "-m", "pytest"]
    if arguments:
        return run([*pytest, *arguments])
    two = ["-n", "2", "--dist", "loadscope"]
    rendered = ["exercises", "solutions"] + ["notebooks"] * (tier == "full")
    if tier == "core":
        say("the lessons are not run in the core tier: they train and convert")
    parts = {"tests": [*pytest, *two, "--timeout=300", "tests"]}
    parts["rendered notebooks"] = [*pytest, *two, "--nbval-lax", "--nbval-current-env", *rendered]
    lines, failed = [], 0
    for name, command in parts.items():
        began = time.monotonic()
        say(f"running: {name}")
        code = run(command)
        failed += bool(code)
        lines.append(f"{name}: {f'FAILED (exit {code})' if code else 'ok'}, {time.monotonic() - began:.0f} s")
    for line in lines:
        say(line)
    return int(failed > 0)


def lint() -> int:
    """Run ruff and mypy, both."""
    codes = [run([str(PYTHON), "-m", *tool]) for tool in (["ruff", "check", "."], ["mypy"])]
    return int(any(codes))


def run(command: list[str]) -> int:
    """Run a command in the course's folder and return its exit code."""
    return subprocess.call(command, cwd=ROOT)


def become(command: list[str]) -> int:
    """Replace this process where that works, so that signals go to the program itself."""
    os.chdir(ROOT)
    if os.name == "posix":
        os.execv(command[0], command)
    return run(command)


def say(text: str) -> None:
    """Print a line, at once, so that it keeps its place among the output of the programs that are run."""
    print(f"course: {text}", flush=True)


def main(arguments: list[str]) -> int:
    """Run one command; every foreseeable fault is one line on stderr and exit code 1."""
    listing = "\n".join(f"  {name:6} {what}" for name, what in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="start.py",
        usage="python start.py COMMAND   (or: make COMMAND)",
        description="commands:\n" + listing + "\n\nTIER=core in the environment leaves TensorFlow out.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    parser.add_argument("command", choices=list(COMMANDS), nargs="?", default="help", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.command == "help":
        parser.print_help()
        return 0
    try:
        check_python()
        tier = os.environ.get("TIER", "").strip().lower() or "full"
        if tier not in LOCKS:
            raise Stop(f"TIER={tier} is unknown: TIER=core leaves TensorFlow out, TIER=full (the default) does not")
        fresh = set_up(tier, extras=options.command in ("test", "lint", "build", "lock"))
        if options.command == "setup":
            prepare_workbook()
            say(f"{'ready' if fresh else 'nothing to do'}: `python start.py lab` (or `make lab`) opens the course;")
            say(f"the `course` command is {PYTHON.with_name('course').relative_to(ROOT)}, on the PATH in JupyterLab")
            return 0
        if options.command == "lint":
            return lint()
        if options.command in ("build", "lock"):
            return run([str(PYTHON), f"tools/{options.command}.py", *options.rest])
        return lab(options.rest) if options.command == "lab" else test(options.rest, tier)
    except Stop as stop:
        print(f"course: {stop}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\ncourse: stopped; run the same command again and it goes on", file=sys.stderr)
    except OSError as error:
        print(f"course: {error}: mend that and run this again", file=sys.stderr)
    return 1


if __name__ == "__main__":
    # A polite kill ends the step that is running too; its half-made .venv is then made anew by the next run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
