"""A learner's copies: made once, never overwritten, reset beside a backup that cannot be lost."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from course_lib import workbook

NAME = "04_quantize_with_the_tools"
CARD = """
level = "easy"
minutes = {core = 15, whole = 45}
[en]
title = "Quantize"
question = "How?"
[zh]
title = "量化"
question = "怎么做？"
"""


def exercise(root: Path, source: str = "x = 1", name: str = NAME) -> Path:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_markdown_cell("# 任务", metadata={}),
        nbformat.v4.new_code_cell(
            source,
            execution_count=3,
            metadata={"tags": ["nbval-check-output", "kept"]},
            outputs=[nbformat.v4.new_output("stream", text="1\n")],
        ),
        nbformat.v4.new_code_cell("check('4A')", metadata={"tags": ["nbval-check-output"]}),
    ]
    for index, cell in enumerate(notebook.cells):
        cell.id = f"cell-{index}"
    path = root / "exercises" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def root(tmp_path):
    (tmp_path / "topics" / NAME).mkdir(parents=True)
    (tmp_path / "topics" / NAME / "card.toml").write_text(CARD, "utf-8")
    exercise(tmp_path)
    return tmp_path


def copy_of(root):
    return root / "workbook" / f"{NAME}.ipynb"


def test_a_copy_is_a_valid_notebook_with_the_same_cells_and_no_outputs(root):
    assert workbook.prepare(root) == [copy_of(root)]
    copy = nbformat.read(copy_of(root), as_version=4)
    nbformat.validate(copy)
    source = nbformat.read(root / "exercises" / f"{NAME}.ipynb", as_version=4)
    assert [(cell.id, cell.source) for cell in copy.cells] == [(cell.id, cell.source) for cell in source.cells]
    code = [cell for cell in copy.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert [cell.metadata.get("tags", []) for cell in code] == [["kept"], []]


def test_what_is_there_is_never_written_again(root):
    workbook.prepare(root)
    copy_of(root).write_text("my work", "utf-8")
    exercise(root, "x = 2")
    exercise(root, name="05_other")
    assert [path.name for path in workbook.prepare(root)] == ["05_other.ipynb"]
    assert copy_of(root).read_text("utf-8") == "my work"


def test_many_starts_at_once_make_one_copy(root):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: workbook.prepare(root), range(16)))
    assert sum(len(each) for each in made) == 1
    nbformat.validate(nbformat.read(copy_of(root), as_version=4))
    assert {path.name for path in copy_of(root).parent.iterdir()} == {copy_of(root).name, workbook.ORIGIN}


def test_a_changed_exercise_is_announced_until_the_copy_is_renewed(root):
    workbook.prepare(root)
    assert workbook.changed(root) == []
    exercise(root, "x = 2")
    assert workbook.changed(root) == [copy_of(root)]
    assert workbook.prepare(root) == []
    assert workbook.changed(root) == [copy_of(root)]
    workbook.reset("04", root)
    assert workbook.changed(root) == []


def test_new_outputs_or_tags_of_an_exercise_are_no_change(root):
    workbook.prepare(root)
    path = root / "exercises" / f"{NAME}.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"][1]["outputs"] = []
    notebook["cells"][1]["execution_count"] = 9
    notebook["cells"][2]["metadata"] = {}
    path.write_text(json.dumps(notebook), "utf-8")
    assert workbook.changed(root) == []


def test_reset_keeps_every_byte_of_the_learners_work(root):
    workbook.prepare(root)
    copy_of(root).write_bytes(b"not even a notebook \xff")
    fresh, backup = workbook.reset("4A", root)
    assert fresh == copy_of(root)
    assert backup is not None
    assert backup.parent == fresh.parent
    assert backup.read_bytes() == b"not even a notebook \xff"
    nbformat.validate(nbformat.read(fresh, as_version=4))


def test_resets_within_one_second_keep_one_backup_each(root):
    workbook.prepare(root)
    backups = []
    for attempt in range(5):
        copy_of(root).write_text(f"attempt {attempt}", "utf-8")
        backups.append(workbook.reset("04", root)[1])
    assert [backup.read_text("utf-8") for backup in backups] == [f"attempt {attempt}" for attempt in range(5)]


def test_reset_without_a_copy_makes_one_and_has_nothing_to_keep(root):
    assert workbook.reset(4, root) == (copy_of(root), None)
    assert copy_of(root).is_file()


def test_reset_says_which_topics_there_are_and_which_are_unwritten(root):
    with pytest.raises(ValueError, match="04"):
        workbook.reset("17", root)
    (root / "exercises" / f"{NAME}.ipynb").unlink()
    with pytest.raises(ValueError, match="being written"):
        workbook.reset("04", root)


def test_a_write_that_fails_leaves_the_copy_as_it_was(root, monkeypatch):
    workbook.prepare(root)
    copy_of(root).write_text("my work", "utf-8")

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        workbook.reset("04", root)
    assert copy_of(root).read_text("utf-8") == "my work"
    assert not list(copy_of(root).parent.glob("*.part"))


def test_without_hard_links_the_copy_is_made_all_the_same(root, monkeypatch):
    def refuse(self, target):
        raise PermissionError("no links on this file system")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert workbook.prepare(root) == [copy_of(root)]
    copy_of(root).write_text("my work", "utf-8")
    _, backup = workbook.reset("04", root)
    assert backup is not None
    assert backup.read_text("utf-8") == "my work"


@pytest.mark.parametrize("damage", ["not json", "[]", ""])
def test_a_lost_record_of_origins_costs_announcements_but_no_work(root, damage):
    workbook.prepare(root)
    copy_of(root).write_text("my work", "utf-8")
    (root / "workbook" / workbook.ORIGIN).write_text(damage, "utf-8")
    exercise(root, "x = 2")
    assert workbook.prepare(root) == []
    assert workbook.changed(root) == []
    assert copy_of(root).read_text("utf-8") == "my work"


@pytest.mark.parametrize("content", ["{", "[]", '{"cells": [{}]}', '{"cells": 3}'])
def test_an_exercise_that_is_no_notebook_is_named(root, content):
    (root / "exercises" / "05_broken.ipynb").write_text(content, "utf-8")
    with pytest.raises(ValueError, match="05_broken"):
        workbook.prepare(root)
