"""The rules for a lesson: all its parts, explained, rendered, readable; its numbers those of its own run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from course_lib.catalog import Topic
from course_lib.grading.laws import laws_of
from tests import gates
from tools.execute import FIGURE_BYTES, text_of
from tools.rendering import KINDS, page_of
from tools.source import Cell, read_cells

CORE_CELLS = 10
TAGS = ("question", "myths", "answer", "followups", "sources", "exercise", "next")
# Calls that a cell may consist of without counting as an experiment.
FRAME = {"predict", "reveal", "receipt"}


def lesson_cells(topic: Topic) -> list[Cell]:
    """Return the cells of lesson.py."""
    path = topic.folder / "lesson.py"
    return read_cells(path.read_text("utf-8"), Path(f"topics/{topic.name}/lesson.py"))


def calls(cell: Cell, *names: str) -> list[ast.Call]:
    """Return the calls of the named functions in a code cell."""
    if cell.kind != "code":
        return []
    nodes = ast.walk(ast.parse(cell.source))
    return [n for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in names]


def lesson_has_its_parts(topic: Topic, _root: Path) -> Iterator[str]:
    """Question, prediction and reveal, objectives, figure, widget, myth, table, limits, sources, exercise, receipt."""
    cells = lesson_cells(topic)
    markdown = "\n".join(cell.source for cell in cells if cell.kind == "markdown")
    tags = set(re.findall(r"^\{\{(\w+)", markdown, re.MULTILINE))
    tags |= {"title", "question"} if "header" in tags else set()
    yield from (f"lesson: no {{{{{tag}}}}}" for tag in TAGS if tag not in tags)
    asked = [_first(call) for cell in cells for call in calls(cell, "predict")]
    shown = [_first(call) for cell in cells for call in calls(cell, "reveal")]
    if not asked:
        yield "lesson: no predict()"
    yield from (f"lesson: the prediction {name!r} is never revealed" for name in asked if name not in shown)
    yield from (f"lesson: {name!r} is revealed, never predicted" for name in shown if name not in asked)
    if not any(calls(cell, "show") for cell in cells):
        yield "lesson: no show()"
    yield from _widget(cells)
    yield from _myth(cells)
    yield from _objectives(cells, topic)
    if not any(calls(cell, "table") for cell in cells):
        yield "lesson: no table()"
    if not re.search(r"^## .*\bnot show\b", markdown, re.MULTILINE):
        yield "lesson: no section 'What this does not show'"
    last = cells[-1]
    if not calls(last, "receipt") or "nbval-check-output" not in last.tags:
        yield "lesson: the last cell is not a compared receipt()"


def _first(call: ast.Call) -> Any:
    return call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None


def _widget(cells: list[Cell]) -> Iterator[str]:
    places = [index for index, cell in enumerate(cells) if calls(cell, "playground")]
    if not places:
        yield "lesson: no playground()"
    for index in places:
        beside = [cell for cell in cells[index : index + 3] if calls(cell, "show")]
        if not beside:
            yield f"{_line(cells[index])}: no show() beside the playground, for pages that cannot run"


def _myth(cells: list[Cell]) -> Iterator[str]:
    """The first code after the myths asserts the counter-example."""
    for index, cell in enumerate(cells):
        if "{{myths}}" in cell.source:
            after = next((later for later in cells[index:] if later.kind == "code"), None)
            if after is None or not any(isinstance(n, ast.Assert) for n in ast.walk(ast.parse(after.source))):
                yield f"{_line(cell)}: the code after the myths asserts nothing; execute a counter-example"


def _objectives(cells: list[Cell], topic: Topic) -> Iterator[str]:
    """Before the first code: three items that begin with a bold verb, each naming its check; no task without one."""
    before: list[str] = []
    for cell in cells:
        if cell.kind == "code":
            break
        before.append(cell.source)
    items = re.findall(r"^(?:[-*]|\d\.) \*\*.*(?:\n {2,}.*)*", "\n".join(before), re.MULTILINE)
    if len(items) != 3:
        yield f"lesson: {len(items)} objectives (items with a **bold** verb before the first code); three are due"
    checks = {law.name: law.task for law in laws_of(topic)} | {task: task for task in topic.tasks} | {"quiz": "quiz"}
    named = [{task for name, task in checks.items() if re.search(rf"\b{name}\b", item)} for item in items]
    for item, tasks in zip(items, named, strict=True):
        if not tasks:
            yield f"lesson: the objective {item[:50]!r} names no task, no law and not the quiz"
    for task in topic.tasks:
        if not any(task in tasks for tasks in named):
            yield f"lesson: no objective leads to task {task}"


def lesson_explains_itself(topic: Topic, _root: Path) -> Iterator[str]:
    """Every code cell follows a text that says why, and the core has at most ten experiments."""
    cells = lesson_cells(topic)
    for before, cell in zip([None, *cells], cells, strict=False):
        if cell.kind == "code" and (before is None or before.kind == "code"):
            yield f"{_line(cell)}: no text before this cell says why it is there"
    core = [cell for cell in _outside_deeper(cells) if cell.kind == "code" and _is_experiment(cell)]
    if len(core) > CORE_CELLS:
        yield f"lesson: {len(core)} experiments in the core; at most {CORE_CELLS}, the rest under '## Deeper'"


def _line(cell: Cell) -> str:
    return f"lesson.py:{cell.line}"


def _outside_deeper(cells: list[Cell]) -> Iterator[Cell]:
    deeper = False
    for cell in cells:
        if cell.kind == "markdown":
            for heading in re.findall(r"^#{1,2} .*", cell.source, re.MULTILINE):
                deeper = heading.startswith("## Deeper")
        if not deeper:
            yield cell


def _is_experiment(cell: Cell) -> bool:
    def framing(node: ast.stmt) -> bool:
        called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        return isinstance(node, ast.Import | ast.ImportFrom) or (isinstance(called, ast.Name) and called.id in FRAME)

    return not all(framing(node) for node in ast.parse(cell.source).body)


def notebooks_are_rendered(topic: Topic, root: Path) -> Iterator[str]:
    """The committed notebooks are what their sources render (that they ran, the gates tell)."""
    reasons = (page_of(topic, kind, root).stale() for kind in KINDS)
    yield from (reason for reason in reasons if reason)


def figures_can_be_read(topic: Topic, root: Path) -> Iterator[str]:
    """Every figure of the committed lesson has a description, a caption and at most 80 KB."""
    notebook = nbformat.read(page_of(topic, "notebooks", root).path, as_version=nbformat.NO_CONVERT)
    figures = 0
    for index, cell in gates.code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            if any(kind.startswith("image/") for kind in data):
                yield f"cell {index}: a figure without a description; use show()"
            html = text_of(data.get("text/html", ""))
            for picture in re.findall(r"<img[^>]*>", html):
                figures += 1
                alt = re.search(r'alt="([^"]*)"', picture)
                if not alt or len(alt[1]) < 20:
                    yield f"cell {index}: a figure without a description"
                if len(picture) * 3 / 4 > FIGURE_BYTES:
                    yield f"cell {index}: a figure of {len(picture) * 3 // 4000} KB"
            if "<img" in html and "<figcaption>" not in html:
                yield f"cell {index}: a figure without a caption"
    if not figures:
        yield "the committed lesson shows no figure"


def measured_is_of_this_run(topic: Topic, root: Path) -> Iterator[str]:
    """measured.toml holds what the committed lesson's receipt names, in its order."""
    notebook = nbformat.read(page_of(topic, "notebooks", root).path, as_version=nbformat.NO_CONVERT)
    said = "\n".join(gates.readable(output) for output in notebook.cells[-1].outputs)
    line = re.search(r"^recorded: (.*)$", said, re.MULTILINE)
    named = line[1].split(", ") if line else []
    if named != list(topic.measured):
        yield f"the receipt names {named}, measured.toml holds {list(topic.measured)}"


RULES = (
    lesson_has_its_parts,
    lesson_explains_itself,
    notebooks_are_rendered,
    figures_can_be_read,
    measured_is_of_this_run,
)
