"""What nbval lets through in a committed notebook. Every gate yields sentences that begin with the cell."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from tools.execute import ADDRESSES, PATHS, readable

MAX_BYTES = 1_000_000
# A statement that calls one of these leaves an output; if none is stored, it was cleared.
SPEAKING = {
    "print",
    "display",
    "show",
    "table",
    "predict",
    "reveal",
    "receipt",
    "playground",
    "check",
    "hint",
    "finish",
}
# IPython runs these words as commands although they parse as Python names.
AUTOMAGIC = {"ls", "ll", "cd", "pwd", "who", "whos", "clear", "cls", "history", "hist", "ps", "env", "pip", "conda"}
ERROR_WORDS = re.compile(r"UsageError|\bERROR:|command not found|Traceback \(most recent call last\)")
WARNINGS = re.compile(r"\b\w*Warning:|^WARNING\b|^W\d{4} ", re.MULTILINE)

Cell = Any
Notebook = Any


def problems(path: Path) -> list[str]:
    """Return everything that the gates find in one notebook file."""
    found = [f"{path.stat().st_size / 1e6:.1f} MB; the limit is 1 MB"] if path.stat().st_size > MAX_BYTES else []
    return found + problems_of(nbformat.read(path, as_version=nbformat.NO_CONVERT))


def problems_of(notebook: Notebook) -> list[str]:
    """Return everything that the gates find in a notebook."""
    return [sentence for gate in GATES for sentence in gate(notebook)]


def code_cells(notebook: Notebook) -> Iterator[tuple[int, Cell]]:
    """Yield index and cell."""
    return ((index, cell) for index, cell in enumerate(notebook.cells) if cell.cell_type == "code")


def tags(cell: Cell) -> set[str]:
    """Return a cell's tags, and the NBVAL comments in its code spelled as tags."""
    comments = re.findall(r"^\s*#\s*(NBVAL_\w+)", cell.source, re.MULTILINE)
    return {*cell.metadata.get("tags", ()), *(comment.lower().replace("_", "-") for comment in comments)}


def shell_and_magics(notebook: Notebook) -> Iterator[str]:
    """A command or a magic reports its failure as text: nbval sees a cell that ran."""
    for index, cell in code_cells(notebook):
        transformed = TransformerManager().transform_cell(cell.source)
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:
            what = "shell command or magic" if "get_ipython()" in transformed else "line that is not Python"
            yield f"cell {index}: a {what}"
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id == "get_ipython":
                yield f"cell {index}: a shell command or magic through get_ipython()"
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Name) and node.value.id in AUTOMAGIC:
                yield f"cell {index}: `{node.value.id}` runs as a command"


def skipped(notebook: Notebook) -> Iterator[str]:
    """nbval passes over what asks for it."""
    for index, cell in code_cells(notebook):
        for tag in sorted({"nbval-skip", "skip-execution"} & tags(cell)):
            yield f"cell {index}: {tag}"


def promised_exception(notebook: Notebook) -> Iterator[str]:
    """A cell that may raise need not: the exception it is there to show can be missing."""
    for index, cell in code_cells(notebook):
        may_raise = {"raises-exception", "nbval-raises-exception"} & tags(cell)
        raised = any(output.output_type == "error" for output in cell.outputs)
        if may_raise and not raised:
            yield f"cell {index}: should raise, but no error is stored"
        if raised and not may_raise:
            yield f"cell {index}: an error is stored"


def swallowed_asserts(notebook: Notebook) -> Iterator[str]:
    """An assertion inside a try that catches it asserts nothing."""
    for index, cell in code_cells(notebook):
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:
            continue  # shell_and_magics reports it
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Try)
                and any(isinstance(inner, ast.Assert) for line in node.body for inner in ast.walk(line))
                and any(_catches_assertion(handler) for handler in node.handlers)
            ):
                yield f"cell {index}: an assert in a try that catches it"


def _catches_assertion(handler: ast.ExceptHandler) -> bool:
    if any(isinstance(node, ast.Raise) for line in handler.body for node in ast.walk(line)):
        return False
    caught = (
        {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else {"Exception"}
    )
    return bool(caught & {"AssertionError", "Exception", "BaseException"})


def unexecuted(notebook: Notebook) -> Iterator[str]:
    """Committed notebooks ran from top to bottom, once."""
    for expected, (index, cell) in enumerate(code_cells(notebook), 1):
        if cell.execution_count != expected:
            yield f"cell {index}: execution count {cell.execution_count} where {expected} was due"


def cleared(notebook: Notebook) -> Iterator[str]:
    """A missing output is compared with nothing."""
    cells = list(code_cells(notebook))
    for index, cell in cells:
        if cell.outputs:
            continue
        if "nbval-check-output" in tags(cell):
            yield f"cell {index}: its output is compared, but none is stored"
        elif (index, cell) == cells[-1]:
            yield f"cell {index}: the last cell has no output; a notebook ends with receipt() or finish()"
        elif said := _speaks(cell.source):
            yield f"cell {index}: {said}, but no output is stored"


def _speaks(source: str) -> str | None:
    """Say what in a cell must have left an output: a call that displays, or a value on its last line."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return None
    calls = (node.value.func for node in statements if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
    name = next((call.id for call in calls if isinstance(call, ast.Name) and call.id in SPEAKING), None)
    if name:
        return f"calls {name}()"
    last = statements[-1] if statements else None
    value = isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call | ast.Await)
    return "ends with a value" if value and not source.rstrip().endswith(";") else None


def output_text(notebook: Notebook) -> Iterator[str]:
    """Failures, warnings and the machine's own paths, as text in an output."""
    for index, cell in code_cells(notebook):
        may_raise = {"raises-exception", "nbval-raises-exception"} & tags(cell)
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                yield f"cell {index}: text on stderr: {output.text[:80]!r}"
            if output.output_type == "error" and may_raise:
                continue
            for pattern, what in (
                (ERROR_WORDS, "a failure"),
                (WARNINGS, "a warning"),
                (PATHS, "a path of one machine"),
                (ADDRESSES, "an object's address"),
            ):
                match = pattern.search(readable(output))
                if match:
                    yield f"cell {index}: {what} in the output: {match[0]!r}"


GATES: tuple[Callable[[Notebook], Iterator[str]], ...] = (
    shell_and_magics,
    skipped,
    promised_exception,
    swallowed_asserts,
    unexecuted,
    cleared,
    output_text,
)
