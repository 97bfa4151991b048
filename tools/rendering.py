"""One rendered notebook: where it comes from, what it should be, whether the committed one is that."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

import course_lib
from course_lib import fields
from course_lib.catalog import Topic, topics
from tools import execute
from tools.markdown import exercise_tags, expand, lesson_tags
from tools.notebook import assemble, copy_outputs, digest, first_difference, read, stamp, to_text
from tools.source import BuildError, Cell, exercise_text, read_cells, solution_text

KINDS = ("notebooks", "exercises", "solutions")
LIBRARY = Path(course_lib.__file__).parent
# What cannot change an output: the code cells are hashed as rendered, and text is compared directly.
_TEXT = {"lesson.py", "exercise.py", "card.toml", "measured.toml"}
_NOT_READ_BY = {"notebooks": _TEXT | {"checks.py", "wrong.toml"}, "exercises": _TEXT, "solutions": _TEXT}


@dataclass(frozen=True)
class Page:
    """A topic's lesson, exercise or solution notebook; ``kind`` is the folder it is rendered into."""

    topic: Topic
    kind: str
    root: Path

    @property
    def source(self) -> Path:
        """The py:percent file."""
        return self.topic.folder / ("lesson.py" if self.kind == "notebooks" else "exercise.py")

    @property
    def path(self) -> Path:
        """The rendered notebook."""
        return self.root / self.kind / f"{self.topic.name}.ipynb"

    @property
    def relative(self) -> str:
        """The notebook's name for messages."""
        return f"{self.kind}/{self.topic.name}.ipynb"

    @property
    def where(self) -> Path:
        """The source's name for messages."""
        return self.source.relative_to(self.root)

    @property
    def records(self) -> bool:
        """True when running it writes measured.toml."""
        return self.kind == "notebooks"

    @cached_property
    def cells(self) -> list[Cell]:
        """The cells to render. For exercises the lines are those of the exercise after the removal."""
        text = self.source.read_text("utf-8")
        if self.kind == "exercises":
            text = exercise_text(text, self.where)
        elif self.kind == "solutions":
            text = solution_text(text, self.where)
        return read_cells(text, self.where)

    def locate(self, index: int) -> str:
        """Name the source line of a cell; of exercises, whose lines moved, the cell."""
        if self.kind == "notebooks":
            return f"{self.where}:{self.cells[index].line}"
        return f"{self.where}: {self.kind}, cell {index} ({self.cells[index].source.splitlines()[0]!r})"

    def rendered(self, *, numbers: bool = True) -> NotebookNode:
        """The notebook without outputs; with ``numbers=False`` fields stay as they are."""
        tags = (lesson_tags if self.kind == "notebooks" else exercise_tags)(self.topic, topics(self.root))
        measured = self.topic.measured

        def text(markdown: str, line: int) -> str:
            where = f"{self.where}:{line}"
            expanded = expand(markdown, tags, where)
            try:
                return fields.fill(expanded, measured) if numbers else expanded
            except fields.FieldError as error:
                raise BuildError(f"{where}, or the text of card.toml there: {error}") from None

        return assemble(self.cells, text, self.topic.name, self.kind)

    def executed(self) -> tuple[NotebookNode, list[dict[str, Any]]]:
        """Run the code; return the notebook with its outputs, and the records that it made."""
        notebook = self.rendered(numbers=False)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        title = f"{self.topic.number:02d} {self.kind}"
        records = execute.run(
            notebook, self.path.parent, root=self.root, topic=self.topic.name, title=title, locate=self.locate
        )
        return notebook, records

    def finished(self, executed: NotebookNode) -> str:
        """The text of the notebook with the outputs of ``executed`` and today's numbers in its prose."""
        notebook = self.rendered()
        copy_outputs(executed, notebook)
        # An exercise's outputs are compared when it is tested; a library that changed is of no concern to it.
        library = library_digest() if self.records else None
        stamp(notebook, rendered_from=self.where.as_posix(), source=self.code_digest(), library=library)
        return to_text(notebook)

    def rendered_again(self) -> str:
        """The text of the notebook with the committed outputs; BuildError when other code made them."""
        committed = self.committed()
        if committed is None or committed.metadata.get("course", {}).get("source") != self.code_digest():
            raise BuildError(f"{self.where}: its code changed since {self.relative} was executed; run {self.command()}")
        notebook = self.rendered()
        copy_outputs(committed, notebook)
        notebook.metadata["course"] = committed.metadata["course"]
        return to_text(notebook)

    def committed(self) -> NotebookNode | None:
        """The notebook on disk, if there is one."""
        return read(self.path) if self.path.is_file() else None

    def stale(self) -> str | None:
        """Say why the committed notebook is not what the source renders, and what to run; None when it is."""
        try:
            committed = self.committed()
        except ValueError:  # a merge left its marks, or a write was cut short
            return f"{self.relative} cannot be read as a notebook; run {self.command()}"
        if committed is None:
            return f"{self.relative} was never rendered; run {self.command()}"
        if committed.metadata.get("course", {}).get("source") != self.code_digest():
            return f"{self.where} or a file beside it changed since {self.relative} was executed; run {self.command()}"
        difference = first_difference(self.rendered(), committed)
        if difference:
            return (
                f"{self.where} or card.toml changed since {self.relative} was rendered ({difference}); "
                f"run {self.command('--no-execute')}"
            )
        return None

    def library_changed(self) -> bool:
        """True when another version of course_lib executed the committed lesson."""
        committed = self.committed() if self.kind == "notebooks" else None
        return committed is not None and committed.metadata["course"].get("library") != library_digest()

    def command(self, option: str = "") -> str:
        """What to run to render this topic."""
        return f"`python tools/build.py {option + ' ' if option else ''}{self.topic.number:02d}`"

    def code_digest(self) -> str:
        """A hash of all that decides the outputs: the code cells, and the topic's files that code may read."""
        unread = _NOT_READ_BY[self.kind]
        files = [p for p in self.topic.folder.rglob("*") if p.is_file() and p.name not in unread and _committed(p)]
        return digest(files, self.topic.folder, extra=code_of(self.cells))


def page_of(topic: Topic, kind: str, root: Path) -> Page:
    """Return the page of a topic; ``kind`` is one of KINDS."""
    return Page(topic, kind, root)


def _committed(path: Path) -> bool:
    return "__pycache__" not in path.parts and not path.name.startswith(".")


def code_of(cells: list[Cell]) -> str:
    """The code cells and their tags, as one text to hash."""
    return "\0".join(f"{cell.tags}\n{cell.source}" for cell in cells if cell.kind == "code")


def library_digest() -> str:
    """A hash of the Python files of course_lib."""
    return digest(LIBRARY.rglob("*.py"), LIBRARY)
