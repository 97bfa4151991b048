"""The notebooks that no topic renders, by the same rules: docs/00_interview.py and docs/31_capstone.py.

The capstone's source is its reference solution: it becomes notebooks/31_capstone.ipynb, with the marked region removed,
and solutions/31_capstone.ipynb.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from course_lib.catalog import Topic
from tools.notebook import assemble, digest
from tools.rendering import Page, code_of
from tools.source import Cell, exercise_text, read_cells, solution_text

BEGIN = "# BEGIN SOLUTION"


@dataclass(frozen=True)
class Extra(Page):
    """A page by itself: no card, no exercise, no recorded numbers."""

    @property
    def source(self) -> Path:
        """The py:percent file."""
        return self.root / "docs" / f"{self.topic.name}.py"

    @cached_property
    def cells(self) -> list[Cell]:
        """The cells to render; what is solved in the source is removed outside of solutions/."""
        text = self.source.read_text("utf-8")
        if self.kind == "solutions":
            text = solution_text(text, self.where)
        elif BEGIN in text:
            text = exercise_text(text, self.where)
        return read_cells(text, self.where)

    @property
    def records(self) -> bool:
        """Nothing is measured on it."""
        return False

    def rendered(self, *, numbers: bool = True) -> NotebookNode:
        """The notebook without outputs; its text has neither tags nor fields."""
        return assemble(self.cells, lambda markdown, _line: markdown, self.topic.name, self.kind)

    def code_digest(self) -> str:
        """A hash of its code cells: what they show is made anew whenever the page runs."""
        return digest((), self.root, extra=code_of(self.cells))

    def library_changed(self) -> bool:
        """False: its stored output is a note that the library does not change."""
        return False


def extras(root: Path) -> list[Extra]:
    """Return the pages whose source is there."""
    interview = Topic(0, "interview", root / "docs" / "00_interview")
    capstone = Topic(31, "capstone", root / "docs" / "31_capstone")
    wanted = ((interview, "notebooks"), (capstone, "notebooks"), (capstone, "solutions"))
    return [page for page in (Extra(topic, kind, root) for topic, kind in wanted) if page.source.is_file()]
