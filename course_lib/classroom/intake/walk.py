"""The files of a returned folder or zip, one by one: what may be opened is a plain file, the rest is named."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from course_lib.classroom.intake.files import File, Unmatched, not_plain, other, system, too_large, wanted
from course_lib.classroom.intake.unzip import Unpacking
from course_lib.classroom.texts import readable
from course_lib.language import Say


def walk(source: Path, workdir: Path) -> Iterator[File | Unmatched]:
    """Yield every file of a folder or zip, once; zips inside are opened one level deep.

    Args:
        source: a folder or a .zip.
        workdir: an empty folder for what has to be unpacked.

    Raises:
        ValueError: when there is no such folder or zip.
        OSError: when it cannot be read, or `workdir` not written.
    """
    unpacking = Unpacking(workdir)
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


def _folder(source: Path, unpacking: Unpacking) -> Iterator[File | Unmatched]:
    closed: list[OSError] = []
    for folder, folders, names in os.walk(source, onerror=closed.append):
        folders.sort()
        links = [each for each in folders if Path(folder, each).is_symlink()]
        for name in sorted(names + links):
            path = Path(folder, name)
            parts = tuple(readable(part) for part in path.relative_to(source).parts)
            status = path.lstat()
            refused = not_plain(status.st_mode) or system(parts) or too_large(status.st_size)
            if refused:
                yield Unmatched("/".join(parts), *refused)
            elif path.suffix.lower() == ".zip":
                yield from unpacking.inner(path, parts)
            elif wanted(parts):
                yield File(parts, path, status.st_mtime)
            else:
                yield other(parts)
    for error in closed:
        if Path(error.filename) == source:
            raise error
        name = readable(Path(error.filename).relative_to(source).as_posix())
        yield Unmatched(name, "refused", Say("The folder cannot be opened.", "无法打开该文件夹。"))
