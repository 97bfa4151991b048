"""The learner's own copies of the exercises: made once, never overwritten, reset beside a dated backup."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from course_lib import catalog
from course_lib.home import course_root

FOLDER = "workbook"
ORIGIN = ".origin.json"
# nbval compares a cell with this tag to its stored output, and a learner's copy starts without outputs.
_COMPARED = "nbval-check-output"


def prepare(root: Path | None = None) -> list[Path]:
    """Copy every exercise that `workbook/` does not have yet, without outputs; return the new copies in order.

    Args:
        root: the folder that holds `exercises/`; default `course_root()`.

    Raises:
        OSError: when `workbook/` cannot be written.
        ValueError: when an exercise is not a notebook; the message names it.
    """
    base = root or course_root()
    made = []
    for source in _sources(base):
        copy = base / FOLDER / source.name
        if copy.exists():
            continue
        fresh = _fresh(source)
        if _write_new(copy, fresh):
            _remember(base, source.name, fresh)
            made.append(copy)
    return made


def changed(root: Path | None = None) -> list[Path]:
    """Return the learner's copies whose exercise has changed since they were made; nothing is replaced."""
    base = root or course_root()
    origin = _origin(base)
    return [
        base / FOLDER / source.name
        for source in dict.fromkeys((*_sources(base), *_pages(base)))
        if source.name in origin
        and (base / FOLDER / source.name).exists()
        and origin[source.name] != _digest(_fresh(source))
    ]


def reset(which: str | int, root: Path | None = None) -> tuple[Path, Path | None]:
    """Put a fresh copy of a topic's exercise in place and keep the learner's under a name with the date.

    Args:
        which: the topic, as `catalog.topic` takes it: 4, "04", "4A"; or "00" for the interview's page, "31" for the
            capstone.
        root: the folder that holds `topics/` and `exercises/`; default `course_root()`.

    Returns:
        The fresh copy, and the backup (None when there was no copy to keep).

    Raises:
        ValueError: no such topic, or it has no exercise yet.
    """
    base = root or course_root()
    source = next((page for page in _pages(base) if str(which) == page.name[:2]), None)
    if source is None:
        topic = catalog.topic(which, base)
        source = base / "exercises" / f"{topic.name}.ipynb"
        if not source.is_file():
            raise ValueError(f"topic {topic.number:02d} has no exercise yet: it is being written")
    copy = base / FOLDER / source.name
    fresh = _fresh(source)
    backup = _back_up(copy) if copy.exists() else None
    replace(copy, fresh)
    _remember(base, source.name, fresh)
    return copy, backup


def place(relative: str, root: Path | None = None) -> tuple[Path, bool]:
    """Copy one rendered notebook into the workbook unless it is there; return the copy and whether it is new.

    Args:
        relative: such as "notebooks/31_capstone.ipynb".
        root: the folder that holds it; default `course_root()`.

    Raises:
        ValueError: it is missing or no notebook.
        OSError: `workbook/` cannot be written.
    """
    base = root or course_root()
    source = base / relative
    if not source.is_file():
        raise ValueError(f"{relative} is missing: `git checkout` it, or build it anew")
    copy = base / FOLDER / source.name
    fresh = _fresh(source)
    if copy.exists() or not _write_new(copy, fresh):
        return copy, False
    _remember(base, source.name, fresh)
    return copy, True


def _sources(base: Path) -> list[Path]:
    """Every exercise, and the page that is worked in without being one (00, the interview)."""
    return [*sorted((base / "notebooks").glob("00_*.ipynb")), *sorted((base / "exercises").glob("*.ipynb"))]


def _pages(base: Path) -> list[Path]:
    """What is worked in and belongs to no topic: 00, the interview, and 31, the capstone."""
    return [page for number in ("00", "31") for page in sorted((base / "notebooks").glob(f"{number}_*.ipynb"))]


def _fresh(source: Path) -> bytes:
    """Return the notebook as a learner gets it: no outputs, no counts, nothing that compares them."""
    try:
        notebook = json.loads(source.read_text("utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
            metadata = cell["metadata"]
            tags = [tag for tag in metadata.pop("tags", []) if tag != _COMPARED]
            if tags:
                metadata["tags"] = tags
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{source} is not a notebook ({error}); `git checkout` it, or build it anew") from error
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _origin(base: Path) -> dict[str, str]:
    """Return file name -> digest of the exercise that the learner's copy was made from."""
    try:
        origin = json.loads((base / FOLDER / ORIGIN).read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # lost or damaged: costs announcements, never work
    return origin if isinstance(origin, dict) else {}


def _remember(base: Path, name: str, fresh: bytes) -> None:
    origin = {**_origin(base), name: _digest(fresh)}
    replace(base / FOLDER / ORIGIN, (json.dumps(origin, indent=1, sort_keys=True) + "\n").encode())


def _back_up(copy: Path) -> Path:
    """Keep the copy's bytes in a new file beside it; two within one second get two files."""
    content = copy.read_bytes()
    moment = f"{datetime.now():%Y-%m-%d_%H%M%S}"
    number = 1
    while True:
        suffix = f"-{number}" if number > 1 else ""
        backup = copy.with_name(f"{copy.stem}.{moment}{suffix}{copy.suffix}")
        if _write_new(backup, content):
            return backup
        number += 1


@contextlib.contextmanager
def _complete(path: Path, content: bytes) -> Iterator[Path]:
    """Yield a file in the same folder that holds all of `content`; it is gone afterwards, unless it was moved."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        part.chmod(0o644)
        yield part
    finally:
        part.unlink(missing_ok=True)


def replace(path: Path, content: bytes) -> None:
    """Write a file at once: a reader, or a crash, sees the old bytes or the new ones."""
    with _complete(path, content) as part:
        part.replace(path)


def _write_new(path: Path, content: bytes) -> bool:
    """Write a file at once, but never over another; False when the name is taken."""
    with _complete(path, content) as part:
        try:
            path.hardlink_to(part)
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            if path.exists():
                return False
            part.replace(path)
    return True
