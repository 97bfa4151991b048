"""The build: what it renders, that it renders the same twice, what it refuses, and when it calls a notebook stale."""

from __future__ import annotations

import re
import shutil

import nbformat
import pytest

from course_lib.catalog import topic
from tests import fake_course, gates
from tools import build, execute, rendering
from tools.source import BuildError

NAME = fake_course.NAME


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The fake course, built once."""
    root = tmp_path_factory.mktemp("course")
    fake_course.write(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_ROOT", str(root))
        assert build.main([]) == 0
    return root


@pytest.fixture
def course(built, tmp_path, monkeypatch):
    """A copy of the built course, to change."""
    root = tmp_path / "course"
    shutil.copytree(built, root)
    monkeypatch.setenv("COURSE_ROOT", str(root))
    return root


def read(root, kind):
    return nbformat.read(root / kind / f"{NAME}.ipynb", as_version=nbformat.NO_CONVERT)


def change(root, name, old, new):
    path = root / "topics" / NAME / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


# The built course


def test_the_lesson_is_executed_with_its_numbers_in_its_text(built):
    notebook = read(built, "notebooks")
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "Twice 2.0, so $\\frac{a}{b}$ and `{kept}` stay." in text
    assert "It is 2.00 times as large." in text
    assert "大了 2.00 倍。" in text
    assert "{{" not in text
    assert topic(1, built).measured == {"measured_ratio": 2.0, "kind": "exact"}
    outputs = "".join(gates.readable(output) for _, cell in gates.code_cells(notebook) for output in cell.outputs)
    assert "recorded: measured_ratio, kind\npredicted: ratio\ntables: table\nfigures: 2" in outputs
    assert 'alt="A straight line from the origin to one and two"' in outputs
    assert "Measured here: 2x (you made no prediction)" in outputs


@pytest.mark.parametrize("kind", rendering.KINDS)
def test_what_is_built_passes_the_gates_and_is_minimal(built, kind):
    assert gates.problems(built / kind / f"{NAME}.ipynb") == []
    notebook = read(built, kind)
    assert set(notebook.metadata) == {"kernelspec", "language_info", "course"}
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        assert re.fullmatch("[0-9a-f]{12}", cell.id)
        assert set(cell.metadata) <= {"tags", "jp-MarkdownHeadingCollapsed"}
        assert "NBVAL" not in cell.source
        assert "SOLUTION" not in cell.source
        for output in cell.get("outputs", []):
            assert set(output.get("data", {})) <= {"text/html", "text/plain"}
            assert not output.get("metadata")


def test_the_exercise_is_the_solution_with_something_removed(built):
    exercise, solution = read(built, "exercises"), read(built, "solutions")
    code = {kind: [c.source for _, c in gates.code_cells(nb)] for kind, nb in (("e", exercise), ("s", solution))}
    assert 'def double(x):\n    """Twice x."""\n    raise NotImplementedError' in code["e"]
    assert 'def double(x):\n    """Twice x."""\n    total = sum((x, x))\n    return total' in code["s"]
    assert "0 of 2 tasks passed" in gates.readable(exercise.cells[-1].outputs[0])
    assert "2 of 2 tasks passed" in gates.readable(solution.cells[-1].outputs[0])


def test_the_same_source_gives_the_same_bytes(course):
    path = course / "solutions" / f"{NAME}.ipynb"
    before = path.read_bytes()
    path.unlink()
    page = rendering.page_of(topic(1, course), "solutions", course)
    build.build(page, execute=True)
    assert path.read_bytes() == before


# Stale or not


def test_a_fresh_build_is_not_stale(course, capsys):
    assert build.main(["--check"]) == 0
    assert "error" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        (
            "lesson.py",
            "3 + 2",
            "3 + 1",
            f"lesson.py or a file beside it changed since notebooks/{NAME}.ipynb was executed",
        ),
        ("lesson.py", "3 + 2", "3 + 1", "run `python tools/build.py 01`"),
        ("exercise.py", "0 - x", "-x", f"solutions/{NAME}.ipynb was executed"),
        ("checks.py", "uniform(3, 9)", "uniform(3, 8)", f"exercises/{NAME}.ipynb was executed"),
        ("lesson.py", "Because seeing", "For seeing", "run `python tools/build.py --no-execute 01`"),
        ("card.toml", "Only for 2.", "Just for 2.", "run `python tools/build.py --no-execute 01`"),
        ("measured.toml", "ratio = 2.0", "ratio = 3.0", "run `python tools/build.py --no-execute 01`"),
    ],
)
def test_a_changed_source_is_stale(course, capsys, name, old, new, sentence):
    change(course, name, old, new)
    assert build.main(["--check"]) == 1
    assert sentence in capsys.readouterr().err


def test_a_file_beside_the_lesson_counts(course, capsys):
    (course / "topics" / NAME / "record.json").write_text("{}")
    assert build.main(["--check"]) == 1
    assert "a file beside it changed" in capsys.readouterr().err


def test_text_is_rendered_again_without_running_code(course, monkeypatch):
    change(course, "card.toml", "Only for 2.", "Just for 2.")
    monkeypatch.setattr(execute, "run", lambda *_args, **_more: pytest.fail("it ran"))
    before = read(course, "notebooks")
    assert build.main(["--no-execute"]) == 0
    after = read(course, "notebooks")
    assert any("Just for 2." in cell.source for cell in after.cells)
    assert [cell.get("outputs") for cell in after.cells] == [cell.get("outputs") for cell in before.cells]
    assert build.main(["--check"]) == 0


def test_outputs_of_other_code_are_never_kept(course, capsys):
    change(course, "lesson.py", "3 + 2", "3 + 1")
    assert build.main(["--no-execute"]) == 1
    assert "run `python tools/build.py 01`" in capsys.readouterr().err


def test_an_edited_missing_broken_or_orphaned_notebook_is_stale(course, capsys):
    notebook = read(course, "notebooks")
    notebook.cells[0].source += " edited by hand"
    nbformat.write(notebook, course / "notebooks" / f"{NAME}.ipynb")
    (course / "solutions" / f"{NAME}.ipynb").unlink()
    (course / "exercises" / f"{NAME}.ipynb").write_text("<<<<<<< ours", "utf-8")
    shutil.copy(course / "exercises" / f"{NAME}.ipynb", course / "exercises" / "02_gone.ipynb")
    assert build.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "(cell 0 differs)" in said
    assert f"solutions/{NAME}.ipynb was never rendered" in said
    assert f"exercises/{NAME}.ipynb cannot be read as a notebook; run `python tools/build.py 01`" in said
    assert "exercises/02_gone.ipynb has no source" in said


def test_a_changed_library_is_a_warning(course, capsys, monkeypatch):
    monkeypatch.setattr(rendering, "library_digest", lambda: "another")
    assert build.main(["--check"]) == 0
    assert (
        f"warning: course_lib changed since 1 notebook(s) were executed (notebooks/{NAME}.ipynb)"
        in capsys.readouterr().err
    )


def test_only_what_changed_is_built(course, monkeypatch, capsys):
    monkeypatch.delenv("CI", raising=False)
    change(course, "exercise.py", "0 - x", "-x")
    ran = []
    monkeypatch.setattr(build, "build", lambda page, **_more: ran.append(page.kind) or 0.0)
    assert build.main(["--changed"]) == 0
    assert ran == ["solutions"]
    assert f"solutions/{NAME}.ipynb" in capsys.readouterr().out


def test_unknown_and_unwritten_topics_are_refused(course, capsys):
    (course / "topics" / "02_later").mkdir()
    assert build.main(["7"]) == 2
    assert build.main(["2"]) == 2
    said = capsys.readouterr().err
    assert "no topic '7'" in said
    assert "02_later: lesson.py, exercise.py, checks.py or wrong.toml is missing" in said


# What a build refuses of a run


def output(kind, **parts):
    return nbformat.v4.new_output(kind, **parts)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (output("stream", name="stderr", text="UserWarning: old\n"), "stderr.*\nUserWarning: old"),
        (output("stream", name="stdout", text="in /home/ann/models"), "'/home/ann/models'"),
        (output("stream", name="stdout", text="in C:\\Users\\ann"), "a path of this machine"),
        (output("stream", name="stdout", text="in secret-place"), "the path 'secret-place'"),
        (output("execute_result", data={"text/plain": "<object object at 0x7f01>"}), "address"),
        (output("display_data", data={"image/png": "aaaa", "text/plain": "<Figure>"}), "without alt text"),
        (output("display_data", data={"text/html": f'<img src="data:image/png;base64,{"A" * 120_000}">'}), "90 KB"),
    ],
)
def test_outputs_that_a_reader_should_not_get(bad, words):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=[bad])])
    with pytest.raises(BuildError, match=f"line 7: .*{words}"):
        execute.clean(notebook, lambda _index: "line 7", private=["secret-place"])


def test_a_widget_without_words_of_its_own_gets_some():
    widget = output("display_data", data={execute.WIDGET: {"model_id": "1"}, "text/plain": "IntSlider(value=1)"})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=[widget])])
    execute.clean(notebook, str)
    assert notebook.cells[0].outputs[0].data == {"text/plain": "(a control: run this cell to move it)"}


def test_a_cell_that_raises_is_named_by_its_line(course):
    change(course, "lesson.py", "assert 3 + 2 != 2 * 3", "assert 3 + 3 != 2 * 3, 'they are equal'")
    line = (
        (course / "topics" / NAME / "lesson.py")
        .read_text("utf-8")
        .splitlines()
        .index("assert 3 + 3 != 2 * 3, 'they are equal'")
    )
    page = rendering.page_of(topic(1, course), "notebooks", course)
    with pytest.raises(BuildError, match=rf"lesson.py:{line}: the cell raised AssertionError: they are equal"):
        page.executed()
