"""Which wheels a machine needs, and fetching them: the locks, with their hashes, read for a machine other than this."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker

PYTHONS = ("3.11", "3.12", "3.13")
LATEST = 30  # a patch level that no Python of these has reached: what a lock asks of "at least" holds
LOCKS = {"full": "requirements.lock", "core": "requirements-core.lock"}
_ENTRY = re.compile(
    r"^(?P<pin>[\w.\-\[\]]+==[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\\n]+?))?\s*(?P<hashes>(?:\\\n\s+--hash=\S+\s*)*)$", re.M
)


@dataclass(frozen=True)
class Target:
    """A kind of machine: what pip calls it (newest first), and how it answers the markers of a lock."""

    tags: tuple[str, ...]
    sys_platform: str
    platform_system: str
    platform_machine: str

    def answers(self, python: str, patch: int) -> dict[str, str]:
        """Return the marker environment of CPython `python`.`patch` there (PEP 508)."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{python}.{patch}",
            "os_name": "nt" if self.sys_platform == "win32" else "posix",
            "platform_machine": self.platform_machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": self.platform_system,
            "platform_version": "",
            "python_full_version": f"{python}.{patch}",
            "python_version": python,
            "sys_platform": self.sys_platform,
            "extra": "",
        }


def _linux(machine: str) -> Target:
    glibc = tuple(f"manylinux_2_{minor}_{machine}" for minor in (28, 27, 26, 24, 17, 12, 5))
    old = (f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"manylinux1_{machine}", f"linux_{machine}")
    return Target(glibc + old, "linux", "Linux", machine)


def _mac(machine: str, oldest: int) -> Target:
    tags = tuple(f"macosx_{major}_0_{kind}" for major in range(14, oldest - 1, -1) for kind in (machine, "universal2"))
    return Target((*tags, "macosx_10_9_universal2"), "darwin", "Darwin", machine)


TARGETS = {
    "linux-x86_64": _linux("x86_64"),
    "linux-aarch64": _linux("aarch64"),
    "macos-arm64": _mac("arm64", 11),
    "windows-x86_64": Target(("win_amd64",), "win32", "Windows", "AMD64"),
}


def requirements(lock: str, target: Target, python: str) -> str:
    """Return the lines of a lock that count on a machine, without their markers and with their hashes.

    pip evaluates markers for the machine that it runs on, even when it downloads for another: so it must not see any.
    A marker on the patch level (3.11.5) may go either way, and then both lines are kept.

    Raises:
        ValueError: a line of the lock is not understood.
    """
    kept = []
    for entry in _entries(lock):
        marker = entry["marker"]
        if not marker or any(Marker(marker).evaluate(target.answers(python, patch)) for patch in (0, LATEST)):
            kept.append(entry["pin"] + " " + entry["hashes"].strip())
    return "\n".join(kept) + "\n"


def _entries(lock: str) -> list[re.Match[str]]:
    found = list(_ENTRY.finditer(lock))
    pins = re.findall(r"^[^\s#].*", lock, re.M)
    if len(found) != len(pins):
        known = {match.group().splitlines()[0] for match in found}
        odd = next(line for line in pins if line not in known)
        raise ValueError(f"a line of the lock is not a pinned package: {odd!r}; `python start.py lock` writes it anew")
    return found


def fetch(lock: Path, target: str, python: str, into: Path) -> None:
    """Download the wheels of one kind of machine; what is there already, with the right hash, is kept.

    Raises:
        OSError: no network, a full disk, or a package without a wheel for that machine; the message ends with pip's.
    """
    into.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(_rounds(requirements(lock.read_text("utf-8"), TARGETS[target], python))):
        with tempfile.TemporaryDirectory() as folder:
            listed = Path(folder) / f"{number}.txt"
            listed.write_text(text, encoding="utf-8")
            tags = [argument for tag in TARGETS[target].tags for argument in ("--platform", tag)]
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
            command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--implementation", "cp"]
            command += [
                "--python-version",
                f"{python}.{LATEST}",
                *tags,
                "--dest",
                str(into),
                "--requirement",
                str(listed),
            ]
            done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            last = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr.strip()]
            raise OSError(f"wheels for {target}, Python {python}: {last[-1][:300]}")


def _rounds(text: str) -> list[str]:
    """Part the lines so that no package stands twice in one: pip refuses two versions in one download."""
    rounds: list[dict[str, str]] = []
    for line in re.findall(r"^\S.*(?:\n\s+.*)*", text, re.M):
        name = line.partition("==")[0]
        free = next((each for each in rounds if name not in each), None)
        if free is None:
            rounds.append(free := {})
        free[name] = line
    return ["\n".join(each.values()) + "\n" for each in rounds]
