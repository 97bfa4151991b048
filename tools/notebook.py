"""Assemble a notebook from cells: hashed ids, metadata by allow-list, stable bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from tools.source import Cell

# Its functions carry no types; nothing else in tools/ calls it.
_format: Any = nbformat

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"}
# A heading that begins so is folded in Jupyter; a code host shows it unfolded.
DEEPER = "## Deeper"


def assemble(cells: Sequence[Cell], fill: Callable[[str, int], str], topic: str, kind: str) -> NotebookNode:
    """Return an unexecuted notebook.

    ``fill(markdown, line)`` renders the markdown of the cell that stands in that line; ``kind`` is notebooks,
    exercises or solutions. Cell ids are hashes of topic, kind and position, so they survive a rebuild.
    """
    nodes = []
    for index, cell in enumerate(cells):
        identity = hashlib.sha256(f"{topic}/{kind}/{index}".encode()).hexdigest()[:12]
        if cell.kind == "markdown":
            node = _format.v4.new_markdown_cell(fill(cell.source, cell.line), id=identity)
            if cell.source.startswith(DEEPER):
                node.metadata["jp-MarkdownHeadingCollapsed"] = True
        else:
            node = _format.v4.new_code_cell(cell.source, id=identity)
        if cell.tags:
            node.metadata["tags"] = list(cell.tags)
        nodes.append(node)
    metadata = {"kernelspec": dict(KERNELSPEC), "language_info": dict(LANGUAGE)}
    notebook: NotebookNode = _format.v4.new_notebook(cells=nodes, metadata=metadata)
    return notebook


def stamp(notebook: NotebookNode, *, rendered_from: str, source: str, library: str | None) -> None:
    """Write into the metadata what the notebook was rendered from and executed with."""
    notebook.metadata["course"] = {
        "note": f"Do not edit: rendered from {rendered_from} by tools/build.py",
        "source": source,
    } | ({"library": library} if library else {})


def inputs(notebook: NotebookNode) -> list[tuple[Any, ...]]:
    """Return what the source decides of a notebook: every cell's id, kind, text and metadata."""
    return [(c.get("id"), c.cell_type, c.source, _plain(c.metadata)) for c in notebook.cells]


def first_difference(rendered: NotebookNode, committed: NotebookNode) -> str | None:
    """Say where two notebooks' inputs differ, or return None."""
    ours, theirs = inputs(rendered), inputs(committed)
    for index, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        if a != b:
            return f"cell {index} differs"
    if len(ours) != len(theirs):
        return f"{len(theirs)} cells where the source has {len(ours)}"
    wanted = {key: _plain(rendered.metadata[key]) for key in ("kernelspec", "language_info")}
    found = {key: _plain(value) for key, value in committed.metadata.items() if key != "course"}
    return None if wanted == found else "the notebook's metadata differ"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def copy_outputs(source: NotebookNode, target: NotebookNode) -> None:
    """Give ``target`` the outputs of ``source``, whose code cells are the same."""
    for old, new in zip(source.cells, target.cells, strict=True):
        if new.cell_type == "code":
            new.outputs, new.execution_count = old.outputs, old.execution_count


def digest(paths: Iterable[Path], base: Path, extra: str = "") -> str:
    """SHA-256 (first 16 hex digits) over ``extra`` and the relative names and contents of the files, sorted."""
    total = hashlib.sha256(extra.encode())
    for path in sorted(paths):
        total.update(path.relative_to(base).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def read(path: Path) -> NotebookNode:
    """Read a notebook as it is on disk."""
    notebook: NotebookNode = _format.read(path, as_version=_format.NO_CONVERT)
    return notebook


def to_text(notebook: NotebookNode) -> str:
    """The bytes that are committed: one-space indent, sorted keys, text not escaped, one final newline."""
    return str(_format.writes(notebook, version=_format.NO_CONVERT)).rstrip("\n") + "\n"
