"""The code of a learner's file: notebooks (.ipynb, format 4) and scripts (.py, cells marked with `# %%`)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import catalog

MAX_FILE_MB = 300
MAX_CELLS = 20_000
_CHECK = re.compile(r"^[^#\n]*\bcheck\(\s*[\"'](\d{1,2}[A-Za-z])[\"']", re.MULTILINE)
_FINISH = re.compile(r"^[^#\n]*\bfinish\(\s*[\"']?(\d{1,2})\b", re.MULTILINE)
_MAGIC = re.compile(r"^([^\S\n]*)(?:%(?!%)|!).*$", re.MULTILINE)
_MARKER = re.compile(r"^# ?%%(.*)$", re.MULTILINE)


class SourceError(ValueError):
    """A file holds no code that can be graded; the message says what is wrong with it."""


@dataclass(frozen=True)
class Cell:
    """A code cell: its number among all cells, counted from 1 as a reader counts, and its code."""

    number: int
    code: str


def read_cells(path: Path) -> tuple[Cell, ...]:
    """Return the code cells of a notebook or script in order, with IPython's magics taken out.

    Raises:
        SourceError: when the file is missing, damaged, too large, of another format, or not Python.
    """
    if path.suffix not in (".ipynb", ".py"):
        raise SourceError(f"{path.name}: only .ipynb and .py files can be checked")
    try:
        if path.stat().st_size > MAX_FILE_MB * 2**20:
            raise SourceError(f"{path.name} is larger than {MAX_FILE_MB} MB; clear the outputs and save it again")
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SourceError(f"there is no file {path}") from None
    except UnicodeDecodeError:
        raise SourceError(f"{path.name} is not text (UTF-8)") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None
    cells = _notebook(text, path.name) if path.suffix == ".ipynb" else _script(text)
    return tuple(Cell(cell.number, without_magics(cell.code)) for cell in cells)


def tasks_in(path: Path, cells: tuple[Cell, ...]) -> tuple[str, ...]:
    """Return the tasks that a file answers: those of the topic in its name, and of its `check` and `finish` calls.

    Raises:
        SourceError: when there is none.
    """
    known = catalog.topics()
    found: list[str] = []
    name = re.match(r"(\d\d)_", path.name)
    numbers = [int(name[1])] if name else []
    code = "\n".join(cell.code for cell in cells)
    numbers += [int(number) for number in _FINISH.findall(code)]
    for topic in known:
        if topic.number in numbers:
            found += topic.tasks
    for written in _CHECK.findall(code):
        try:
            found.append(catalog.task_id(written))
        except ValueError:
            continue
    if not found:
        raise SourceError(
            f'{path.name}: no task found; name the file 04_….ipynb, call check("4A") in it, or use --task'
        )
    return tuple(dict.fromkeys(found))


def without_magics(code: str) -> str:
    """Return a cell's code with `%magic` and `!command` lines replaced by `pass`; a `%%magic` cell is emptied."""
    if code.lstrip().startswith("%%"):
        return ""
    return code if _is_python(code) else _MAGIC.sub(r"\1pass", code)


def _is_python(code: str) -> bool:
    """True when the code compiles as it is: then a line that begins with % is the rest of an expression."""
    try:
        compile(code, "cell", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _notebook(text: str, name: str) -> list[Cell]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise SourceError(f"{name} is damaged: it is not valid JSON; save it again from JupyterLab") from None
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list) or data.get("nbformat") != 4:
        raise SourceError(f"{name} is not a notebook of format 4; open it in JupyterLab and save it again")
    if len(data["cells"]) > MAX_CELLS:
        raise SourceError(f"{name} holds more than {MAX_CELLS:,} cells")
    language = _language(data.get("metadata"))
    if language not in ("", "python"):
        raise SourceError(f"{name} is a notebook for {language[:30]}, not for Python")
    cells = []
    for number, cell in enumerate(data["cells"], 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", "")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            raise SourceError(f"{name} is damaged: cell {number} has no text")
        cells.append(Cell(number, source))
    return cells


def _language(metadata: Any) -> str:
    for key, field in (("kernelspec", "language"), ("language_info", "name")):
        found = metadata.get(key) if isinstance(metadata, dict) else None
        if isinstance(found, dict) and isinstance(found.get(field), str):
            return str(found[field]).lower()
    return ""


def _script(text: str) -> list[Cell]:
    pieces = _MARKER.split(text)
    cells = [Cell(1, pieces[0])]
    for number, (title, body) in enumerate(zip(pieces[1::2], pieces[2::2], strict=True), 2):
        if "[markdown]" not in title and "[md]" not in title and "[raw]" not in title:
            cells.append(Cell(number, body.removeprefix("\n")))
    return [cell for cell in cells if cell.code.strip()]
