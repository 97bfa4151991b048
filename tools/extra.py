"""The notebooks that no topic renders: docs/00_interview.py becomes notebooks/00_interview.ipynb, by the same rules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from course_lib.catalog import Topic
from tools.notebook import assemble, digest
from tools.rendering import Page, code_of


@dataclass(frozen=True)
class Extra(Page):
    """A page by itself: no card, no exercise, no recorded numbers."""

    @property
    def source(self) -> Path:
        """The py:percent file."""
        return self.root / "docs" / f"{self.topic.name}.py"

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
    pages = [Extra(Topic(0, "interview", root / "docs" / "00_interview"), "notebooks", root)]
    return [page for page in pages if page.source.is_file()]
