"""The files of a returned folder or zip, one by one: what may be opened is laid out as plain files, the rest is named.

Nothing that a zip says is believed: names become text, sizes are counted while unpacking, and every file gets a
place of our own choosing.
"""

from __future__ import annotations

import calendar
import errno
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from course_lib.classroom.texts import readable
from course_lib.grading.cells import MAX_FILE_MB
from course_lib.language import Say

Kind = Literal["older", "damaged", "no task", "no learner", "not asked", "refused", "other", "system"]

CODE = (".ipynb", ".py")
NOTES = ("timestamp.txt", "submission_metadata.yml")  # what nbgrader and Gradescope say about a submission
BLACKBOARD_NOTE = re.compile(r"_attempt_\d{4}(-\d\d){5}\.txt$")
MAX_BYTES = MAX_FILE_MB * 2**20
MAX_TOTAL_BYTES = 8 * 2**30
MAX_INNER_BYTES = 4 * 2**30  # of a zip inside, which must not use up what is left for the others
MAX_ENTRIES = 50_000
MAX_DEPTH, MAX_NAME = 40, 255
MAX_RATIO, RATIO_FROM = 500, 64 * 2**20
NOTE_BYTES = 4 * 2**20
_SYSTEM_FOLDERS = {".ipynb_checkpoints", "__macosx", "__pycache__", ".git", ".venv", ".idea", ".vscode", ".mypy_cache"}
_SYSTEM_FILES = {".ds_store", "thumbs.db", "desktop.ini", ".gitignore", ".directory"}
_OURS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE}  # the disk's fault, not the file's
_CHUNK = 1 << 20
_NO_CODE = Say("It is neither a notebook nor a script.", "既不是 notebook，也不是脚本。")
_TWICE = Say("The zip holds this name twice; the last one counts.", "该 zip 中此文件名出现多次，以最后一个为准。")


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


def walk(source: Path, workdir: Path) -> Iterator[File | Unmatched]:
    """Yield every file of a folder or zip, once; zips inside are opened one level deep.

    Args:
        source: a folder or a .zip.
        workdir: an empty folder for what has to be unpacked.

    Raises:
        ValueError: when there is no such folder or zip.
        OSError: when it cannot be read, or `workdir` not written.
    """
    unpacking = _Unpacking(workdir)
    if source.is_dir():
        yield from _folder(source, unpacking)
    elif not source.exists():
        raise ValueError(f"there is no folder or zip {source}")
    elif not zipfile.is_zipfile(source):
        raise ValueError(f"{source.name} is neither a folder nor a zip; unpack it first")
    else:
        try:
            yield from unpacking.open(source, (), nested=True)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise ValueError(f"{source.name} is a damaged zip: {error}") from None


def _folder(source: Path, unpacking: _Unpacking) -> Iterator[File | Unmatched]:
    closed: list[OSError] = []
    for folder, folders, names in os.walk(source, onerror=closed.append):
        folders.sort()
        links = [each for each in folders if Path(folder, each).is_symlink()]
        for name in sorted(names + links):
            path = Path(folder, name)
            parts = tuple(readable(part) for part in path.relative_to(source).parts)
            status = path.lstat()
            refused = _not_plain(status.st_mode) or _system(parts) or _too_large(status.st_size)
            if refused:
                yield Unmatched("/".join(parts), *refused)
            elif path.suffix.lower() == ".zip":
                yield from unpacking.inner(path, parts)
            elif _wanted(parts):
                yield File(parts, path, status.st_mtime)
            else:
                yield _other(parts)
    for error in closed:
        if Path(error.filename) == source:
            raise error
        name = readable(Path(error.filename).relative_to(source).as_posix())
        yield Unmatched(name, "refused", Say("The folder cannot be opened.", "无法打开该文件夹。"))


class _Unpacking:
    """Unpacks zips into a folder under names of our own, and counts what they unpack to."""

    def __init__(self, workdir: Path) -> None:
        self.workdir, self._count, self._left = workdir, 0, MAX_TOTAL_BYTES

    def inner(self, path: Path, parts: tuple[str, ...]) -> Iterator[File | Unmatched]:
        """Open a zip that was found inside, within limits of its own; a damaged one is a file like any other."""
        others, self._left = self._left, MAX_INNER_BYTES
        try:
            yield from self.open(path, (*parts[:-1], parts[-1][:-4]), nested=False)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            if isinstance(error, OSError) and error.errno in _OURS:
                raise
            say = Say("It is damaged: it cannot be opened as a zip.", "文件已损坏：无法作为 zip 打开。")
            yield Unmatched("/".join(parts), "damaged", say)
        finally:
            self._left = others

    def open(self, path: Path, inside: tuple[str, ...], *, nested: bool) -> Iterator[File | Unmatched]:
        """Yield the files of a zip; `nested` opens the zips in it."""
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            last = {_zip_name(entry): index for index, entry in enumerate(entries)}
            for index, entry in enumerate(entries):
                name = _zip_name(entry)
                parts = (*inside, *(readable(part) for part in re.split(r"[\\/]+", name) if part not in ("", ".")))
                if index >= MAX_ENTRIES:
                    say = f"The zip holds more than {MAX_ENTRIES} files.", f"该 zip 中的文件超过 {MAX_ENTRIES} 个。"
                    yield Unmatched("/".join(parts), "refused", Say(*say))
                elif name.endswith(("/", "\\")) and not entry.file_size and "\0" not in entry.orig_filename:
                    continue
                else:
                    yield from self._entry(archive, entry, parts, again=last[name] != index, nested=nested)

    def _entry(
        self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, parts: tuple[str, ...], *, again: bool, nested: bool
    ) -> Iterator[File | Unmatched]:
        shown = "/".join(parts) or readable(entry.orig_filename) or "?"
        refused = _unsafe(entry) or _system(parts) or _too_large(entry.file_size)
        if again and not refused:
            refused = (
                "refused",
                Say(
                    "The zip holds this name twice; the last one counts.", "该 zip 中此文件名出现多次，以最后一个为准。"
                ),
            )
        is_zip = parts[-1:] != () and parts[-1].lower().endswith(".zip")
        if refused:
            yield Unmatched(shown, *refused)
        elif is_zip and not nested:
            say = Say("It is a zip inside a zip inside; unpack it first.", "zip 嵌套过深，请先解压。")
            yield Unmatched(shown, "refused", say)
        elif not is_zip and not _wanted(parts):
            yield _other(parts)
        else:
            taken = self._unpack(archive, entry, parts[-1])
            if isinstance(taken, Say):
                yield Unmatched(shown, "refused", taken)
            elif is_zip:
                yield from self.inner(taken, parts)
                taken.unlink(missing_ok=True)
            else:
                yield File(parts, taken, _time(entry))

    def _unpack(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Path | Say:
        """Write one entry to a file of its own and return that, or say why it was not taken."""
        self._count += 1
        folder = self.workdir / f"{self._count:06d}"
        folder.mkdir(parents=True)
        path = folder / (re.sub(r"[^\w.-]", "_", Path(name).stem, flags=re.ASCII)[:60] + Path(name).suffix.lower())
        limit = min(MAX_BYTES, self._left)
        if entry.file_size > RATIO_FROM:
            limit = min(limit, max(RATIO_FROM, entry.compress_size * MAX_RATIO))
        size = 0
        try:
            with archive.open(entry) as packed, path.open("xb") as out:
                while chunk := packed.read(_CHUNK):
                    size += len(chunk)
                    if size > limit:
                        break
                    out.write(chunk)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
            path.unlink(missing_ok=True)
            return Say(f"It cannot be unpacked: {readable(str(error))[:120]}", "无法解压：数据已损坏或格式不支持。")
        if size > limit:
            path.unlink(missing_ok=True)
            return Say(
                "It unpacks to far more than it should; clear the outputs and hand it in again.",
                "解压后大得不合理；请清除输出后重新提交。",
            )
        self._left -= size
        return path


def _unsafe(entry: zipfile.ZipInfo) -> tuple[Kind, Say] | None:
    name = entry.orig_filename
    mode = entry.external_attr >> 16
    parts = re.split(r"[\\/]", name)
    outside = ".." in parts or name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name)
    if outside or "\0" in name or set(parts) <= {"", "."}:
        return "refused", Say("Its name points outside the zip.", "文件名指向 zip 之外。")
    if len(parts) > MAX_DEPTH or any(len(part) > MAX_NAME for part in parts):
        return "refused", Say("Its name is too long.", "文件名过长。")
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "refused", Say("It is a link or a device, not a file.", "这是链接或设备，不是普通文件。")
    if entry.flag_bits & 0x1:
        return "refused", Say("It is encrypted; hand it in without a password.", "文件已加密；请去掉密码后提交。")
    return None


def _not_plain(mode: int) -> tuple[Kind, Say] | None:
    if stat.S_ISREG(mode):
        return None
    return "refused", Say("It is a link or a device, not a file.", "这是链接或设备，不是普通文件。")


def _too_large(size: int) -> tuple[Kind, Say] | None:
    if size <= MAX_BYTES:
        return None
    return "refused", Say(
        f"It is larger than {MAX_FILE_MB} MB; clear the outputs and hand it in again.",
        f"文件超过 {MAX_FILE_MB} MB；请清除输出后重新提交。",
    )


def _system(parts: tuple[str, ...]) -> tuple[Kind, Say] | None:
    low = [part.lower() for part in parts]
    if _SYSTEM_FOLDERS.isdisjoint(low) and low and low[-1] not in _SYSTEM_FILES and not low[-1].startswith("._"):
        return None
    return "system", Say("A program made it, not a person.", "由程序自动生成，不是人写的。")


def _wanted(parts: tuple[str, ...]) -> bool:
    name = parts[-1].lower()
    return name.endswith(CODE) or name in NOTES or BLACKBOARD_NOTE.search(name) is not None


def _other(parts: tuple[str, ...]) -> Unmatched:
    return Unmatched(
        "/".join(parts), "other", Say("It is neither a notebook nor a script.", "既不是 notebook，也不是脚本。")
    )


def _time(entry: zipfile.ZipInfo) -> float:
    try:
        return float(calendar.timegm((*entry.date_time, 0, 0, 0)))
    except (ValueError, OverflowError):
        return 0.0


def _zip_name(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name; one not marked as UTF-8 is that nevertheless, or Chinese, or code page 437."""
    if entry.flag_bits & 0x800 or entry.filename.isascii():
        return entry.filename
    raw = entry.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename
