"""The kit's folders: `learner/` goes on the sticks, `instructor/` stays with whoever teaches."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib import catalog
from course_lib.home import course_root
from course_lib.kit import wheels
from course_lib.kit.agenda import agenda_page

INSTALLERS = Path(__file__).with_name("installers")
KEPT_APART = "# The solution of this exercise is kept by whoever teaches; the check works without it.\n\n"
# What a learner in a room does not need, or should not find by looking around.
_LEFT_OUT = ("solutions/", "tests/", "benchmarks/", "tools/", ".ci/", ".github/", "docs/31_capstone.py")


@dataclass(frozen=True)
class Kit:
    """What was made: the two folders, the number of wheels and the bytes that go on a stick."""

    learner: Path
    instructor: Path
    wheels: int
    stick_bytes: int


def make_kit(
    out: Path, platforms: Sequence[str], pythons: Sequence[str], tier: str = "core", root: Path | None = None
) -> Iterator[str]:
    """Make the kit step by step; each step's name is yielded before it runs.

    Args:
        out: a new or empty folder, or one that holds an earlier kit.
        platforms: keys of `wheels.TARGETS`.
        pythons: among `wheels.PYTHONS`.
        tier: "core" (everything but training and converting) or "full".
        root: the course; default `course_root()`.

    Raises:
        ValueError: an unknown platform, Python or tier, or a folder that holds something else.
        OSError: wheels cannot be fetched, or the disk is full.
    """
    base = root or course_root()
    _check(out, platforms, pythons, tier)
    for python in pythons:
        for platform in platforms:
            yield f"wheels for {platform}, Python {python} ({tier} tier)"
            wheels.fetch(base / wheels.LOCKS[tier], platform, python, out / "learner/wheels")
    yield "the course without its answers"
    _course(base, out / "learner/course")
    _installers(out / "learner", pythons, tier)
    yield "the instructor's part"
    _instructor(base, out / "instructor")


def made(out: Path) -> Kit:
    """Say what a finished kit holds."""
    files = [path for path in (out / "learner").rglob("*") if path.is_file()]
    count = sum(path.suffix == ".whl" for path in files)
    return Kit(out / "learner", out / "instructor", count, sum(path.stat().st_size for path in files))


def _check(out: Path, platforms: Sequence[str], pythons: Sequence[str], tier: str) -> None:
    for given, known, what in (
        (platforms, tuple(wheels.TARGETS), "platform"),
        (pythons, wheels.PYTHONS, "Python"),
        ((tier,), tuple(wheels.LOCKS), "tier"),
    ):
        for each in given:
            if each not in known:
                raise ValueError(f"no {what} {each!r}; there are {', '.join(known)}")
        if not given:
            raise ValueError(f"name at least one {what}: {', '.join(known)}")
    if out.exists() and {path.name for path in out.iterdir()} - {"learner", "instructor"}:
        raise ValueError(f"{out} holds something that is not a kit: name a new folder")


def _tracked(base: Path) -> list[str]:
    """Return the course's files, relative: what git knows, or without git everything but what set-up and use made."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=base, capture_output=True, text=True)
    if done.returncode == 0 and done.stdout:
        return [name for name in done.stdout.split("\0") if name and (base / name).is_file()]
    ours = {".venv", "workbook", "build", ".git", ".ruff_cache", ".mypy_cache", ".pytest_cache"}
    found = (path.relative_to(base) for path in base.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if not ours & set(path.parts) and "__pycache__" not in path.parts)


def _course(base: Path, target: Path) -> None:
    """Copy the course; each exercise's source becomes what the learner's notebook holds."""
    if target.exists():
        shutil.rmtree(target)
    for name in _tracked(base):
        if name.startswith(_LEFT_OUT):
            continue
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("topics/") and path.name == "exercise.py":
            stub = base / "exercises" / f"{path.parent.name}.ipynb"
            path.write_text(KEPT_APART + _code(stub), encoding="utf-8")
        else:
            shutil.copyfile(base / name, path)


def _code(notebook: Path) -> str:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code") + "\n"


def _installers(target: Path, pythons: Sequence[str], tier: str) -> None:
    values = {"@PYTHONS@": " ".join(pythons), "@TIER@": tier}
    for source in sorted(INSTALLERS.iterdir()):
        text = source.read_text("utf-8")
        for mark, value in values.items():
            text = text.replace(mark, value)
        path = target / source.name
        end = "\r\n" if path.suffix == ".bat" else "\n"
        path.write_text(text, encoding="utf-8", newline=end)
        if path.suffix in (".sh", ".command"):
            path.chmod(0o755)


def _instructor(base: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    for name in _tracked(base):
        exercise = name.startswith("topics/") and name.endswith("/exercise.py")
        if exercise or name.startswith(("solutions/", "docs/31_capstone.py")):
            path = target / "key" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(base / name, path)
    target.mkdir(parents=True, exist_ok=True)
    (target / "AGENDA.md").write_text(agenda_page(catalog.topics(base)), encoding="utf-8")
    for name in ("docs/classroom.md", "docs/classroom.zh.md"):
        if (base / name).is_file():
            shutil.copyfile(base / name, target / Path(name).name)
