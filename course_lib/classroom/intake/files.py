"""Which files may be opened, and what is said of the others: the rules, whatever the files came in."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from course_lib.grading.cells import MAX_FILE_MB
from course_lib.language import Say

Kind = Literal["older", "damaged", "no task", "no learner", "not asked", "refused", "other", "system"]
CODE = (".ipynb", ".py")
NOTES = ("timestamp.txt", "submission_metadata.yml")  # what nbgrader and Gradescope say about a submission
BLACKBOARD_NOTE = re.compile(r"_attempt_\d{4}(-\d\d){5}\.txt$")
MAX_BYTES = MAX_FILE_MB * 2**20
_SYSTEM_FOLDERS = {".ipynb_checkpoints", "__macosx", "__pycache__", ".git", ".venv", ".idea", ".vscode", ".mypy_cache"}
_SYSTEM_FILES = {".ds_store", "thumbs.db", "desktop.ini", ".gitignore", ".directory"}


@dataclass(frozen=True)
class File:
    """A file that may be opened: where it lay (zips count as folders), where it lies now, when it was changed."""

    parts: tuple[str, ...]
    path: Path
    modified: float

    @property
    def name(self) -> str:
        """Its path inside what was returned, as text."""
        return "/".join(self.parts)


@dataclass(frozen=True)
class Unmatched:
    """A file that does not count, wholly or in part, and why.

    Attributes:
        name: its path inside what was returned.
        kind: "older" (a later one counts), "damaged", "no task", "no learner", "not asked" (its tasks are not graded
            this time), "refused" (unsafe), "other" (neither notebook nor script) or "system" (no person wrote it).
        reason: in a sentence.
        learner: whose it is, as far as is known.
    """

    name: str
    kind: Kind
    reason: Say
    learner: str = ""


def not_plain(mode: int) -> tuple[Kind, Say] | None:
    """Say why a file of this mode is not opened; None for a plain one."""
    if stat.S_ISREG(mode):
        return None
    return "refused", Say("It is a link or a device, not a file.", "这是链接或设备，不是普通文件。")


def too_large(size: int) -> tuple[Kind, Say] | None:
    """Say why a file of so many bytes is not opened; None for one that may be."""
    if size <= MAX_BYTES:
        return None
    return "refused", Say(
        f"It is larger than {MAX_FILE_MB} MB; clear the outputs and hand it in again.",
        f"文件超过 {MAX_FILE_MB} MB；请清除输出后重新提交。",
    )


def system(parts: tuple[str, ...]) -> tuple[Kind, Say] | None:
    """Say that a program made a file, by its path; None for what a person may have written."""
    low = [part.lower() for part in parts]
    if _SYSTEM_FOLDERS.isdisjoint(low) and low and low[-1] not in _SYSTEM_FILES and not low[-1].startswith("._"):
        return None
    return "system", Say("A program made it, not a person.", "由程序自动生成，不是人写的。")


def wanted(parts: tuple[str, ...]) -> bool:
    """True for notebooks, scripts, and what says something about them."""
    name = parts[-1].lower()
    return name.endswith(CODE) or name in NOTES or BLACKBOARD_NOTE.search(name) is not None


def other(parts: tuple[str, ...]) -> Unmatched:
    """Say of a file that it is not what was asked for."""
    return Unmatched(
        "/".join(parts), "other", Say("It is neither a notebook nor a script.", "既不是 notebook，也不是脚本。")
    )
