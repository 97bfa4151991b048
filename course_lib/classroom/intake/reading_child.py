"""Reads returned notebooks in a process of its own: whatever a file does to the reader, the grader goes on.

Nothing in a file is run. One line of JSON asks for a file, one line of JSON answers.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
import warnings
from pathlib import Path
from typing import Any

from course_lib.grading.cells import _CHECK, _FINISH, Cell, SourceError, read_cells

MEMORY_MB = 2560
MAX_CODE = 4 * 2**20
_DEFINED = re.compile(r"^(?:async +def|def|class) +(\w+)|^(\w+) *(?::[^=\n]*)?=[^=]", re.MULTILINE)


def digest_of(node: ast.AST) -> str:
    """Return what a definition is, whatever its layout and comments."""
    return hashlib.sha256(ast.dump(node).encode("utf-8", "replace")).hexdigest()[:16]


def definitions(code: str) -> dict[str, str]:
    """Return the names that a cell defines at top level, each with the digest of what it is; "" when unknown."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
        found: dict[str, str] = {}
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found[node.name] = "stub" if _bare(node) else digest_of(node)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
                found.update(dict.fromkeys(names, ""))
        return found
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return {one or other: "" for one, other in _DEFINED.findall(code)}


def _bare(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """True when there is nothing in a function but a docstring and `raise NotImplementedError`."""
    body = [each for each in node.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    if isinstance(node, ast.ClassDef) or len(body) != 1 or not isinstance(body[0], ast.Raise):
        return not body
    raised = body[0].exc
    name = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(name, ast.Name) and name.id == "NotImplementedError"


def read(path: Path) -> dict[str, Any]:
    """Return the cells of a file and what it is recognised by: calls of check and finish, definitions.

    Raises:
        SourceError: when it cannot be read.
    """
    cells: tuple[Cell, ...] = read_cells(path)
    if sum(len(cell.code) for cell in cells) > MAX_CODE:
        raise SourceError(f"{path.name} holds more than {MAX_CODE >> 20} MB of code")
    found: dict[str, str] = {}
    for cell in cells:
        found.update(definitions(cell.code))
    code = "\n".join(cell.code for cell in cells)
    return {
        "cells": [[cell.number, cell.code] for cell in cells],
        "checks": sorted(set(_CHECK.findall(code))),
        "finishes": sorted(set(_FINISH.findall(code))),
        "names": found,
    }


def main() -> None:
    """Answer until the input ends."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MB << 20, MEMORY_MB << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        pass  # where there is no such limit, the process is at least another one
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        try:
            answer = read(Path(json.loads(line)))
        except SourceError as error:
            answer = {"error": str(error)}
        except (MemoryError, RecursionError):
            answer = {"error": "it needs too much memory to be read"}
        out.write(json.dumps(answer).encode() + b"\n")
        out.flush()


if __name__ == "__main__":
    main()
