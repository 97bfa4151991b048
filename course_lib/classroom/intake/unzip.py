"""Zips, opened as a stranger's: the files in one are laid out as plain files under names of our own.

Nothing that a zip says is believed: names become text, sizes are counted while unpacking, and every file gets a
place of our own choosing.
"""

from __future__ import annotations

import calendar
import errno
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from course_lib.classroom.intake.files import MAX_BYTES, File, Kind, Unmatched, other, system, too_large, wanted
from course_lib.classroom.texts import readable
from course_lib.language import Say

MAX_TOTAL_BYTES = 8 * 2**30
MAX_INNER_BYTES = 4 * 2**30  # of a zip inside, which must not use up what is left for the others
MAX_ENTRIES = 50_000
MAX_DEPTH, MAX_NAME = 40, 255
MAX_RATIO, RATIO_FROM = 500, 64 * 2**20
_OURS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE}  # the disk's fault, not the file's
_CHUNK = 1 << 20


class Unpacking:
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
        refused = _unsafe(entry) or system(parts) or too_large(entry.file_size)
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
        elif not is_zip and not wanted(parts):
            yield other(parts)
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
