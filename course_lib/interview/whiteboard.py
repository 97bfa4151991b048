"""The whiteboard task: one exercise's stub in a fresh file of the learner's folder, graded by its own checks."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from course_lib import catalog
from course_lib.catalog import Topic
from course_lib.grading.results import Result
from course_lib.home import course_root
from course_lib.language import Say

_CHECK = re.compile(r"^\s*(?:check|finish)\(", re.MULTILINE)
_BEGIN, _END = "# BEGIN SOLUTION", "# END SOLUTION"
_HOW = Say(
    "A whiteboard task of your mock interview. Write your answer in place of the line that raises "
    "NotImplementedError, save, and have it checked in the interview, or with: course check {name} --task {task}",
    "模拟面试的白板题。把抛出 NotImplementedError 的那一行换成你的答案，保存，然后在面试里检查，"
    "或运行：course check {name} --task {task}",
)


def tasks(topic: Topic) -> Iterator[tuple[str, int]]:
    """Yield (task, lines of its solution) for the tasks of a written topic whose exercise is rendered."""
    if not _rendered(topic).is_file():
        return
    text = (topic.folder / "exercise.py").read_text("utf-8")
    lines, task_lines, inside = text.splitlines(), 0, False
    for line in lines:
        if line.strip() in (_BEGIN, _END):
            inside = line.strip() == _BEGIN
        elif inside and line.strip():
            task_lines += 1
        found = re.match(r'check\("(\d+[A-Z])"\)', line)
        if found:
            yield found[1], task_lines
            task_lines = 0


def statement(topic: Topic, task: str) -> Say:
    """Return the task's text of the card."""
    letter = task[-1]
    return Say(topic.fill(topic.card.en.tasks[letter]).strip(), topic.fill(topic.card.zh.tasks[letter]).strip())


def stub(topic: Topic, task: str, language: str, name: str = "FILE") -> str:
    """Return the text of a script (py:percent) with the task and its stub, and nothing of another task.

    Args:
        topic: whose exercise.
        task: such as "10B".
        language: "en" or "zh", of the text in comments.
        name: the file's name, for the line that says how to check it.

    Raises:
        ValueError: the exercise has not been rendered.
    """
    path = _rendered(topic)
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{path.name} cannot be read ({error}); `git checkout` it, or build it anew") from error
    before: list[str] = []
    mine: list[str] = []
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        code = "".join(cell["source"])
        if _CHECK.search(code):
            if f'check("{task}")' in code:
                break
            before, mine = [*before, *mine], []
        else:
            mine.append(code)
    needed = [code for code in before if _only_imports(code) or _defines(code) & _uses("\n".join(mine))]
    said = f"{_HOW.to(language).format(name=name, task=task)}\n\n{statement(topic, task).to(language)}"
    comment = "\n".join(f"# {line}".rstrip() for line in said.splitlines())
    code = "\n\n\n".join(_without_course(each) for each in [*needed, *mine])
    return f"# %% [markdown]\n{comment}\n\n# %%\n{code.strip()}\n"


def write_stub(topic: Topic, task: str, language: str, folder: Path | None = None) -> Path:
    """Write the stub to a new file in the learner's folder and return it; no file is ever written over.

    Raises:
        OSError: the folder cannot be written. ValueError: as `stub`.
    """
    where = folder or course_root() / "workbook"
    where.mkdir(parents=True, exist_ok=True)
    for number in range(1, 10_000):
        path = where / f"whiteboard_{task}{'' if number == 1 else f'_{number}'}.py"
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(stub(topic, task, language, path.name))
        except FileExistsError:
            continue
        return path
    raise OSError(f"{where} is full of whiteboards of {task}; move some away")


def grade(path: Path, task: str) -> Result:
    """Grade a learner's file in a process of its own, and keep the attempt in the progress.

    Raises:
        ValueError: the file cannot be read as a script or notebook.
    """
    from course_lib.grading.progress import progress
    from course_lib.grading.remote import grade_file

    (result,) = grade_file(path, (catalog.task_id(task),))
    progress().save_attempt(result, where="file")
    return result


def _rendered(topic: Topic) -> Path:
    return course_root() / "exercises" / f"{topic.name}.ipynb"


def _only_imports(code: str) -> bool:
    return all(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(code).body)


def _defines(code: str) -> set[str]:
    """Names that a cell defines or imports at top level."""
    names: set[str] = set()
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def _uses(code: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def _without_course(code: str) -> str:
    """Leave out the imports of `check` and its like: the interview checks."""
    return re.sub(r"^from course_lib import (?:check|finish)(?:, (?:check|finish))*$\n?", "", code, flags=re.M).strip(
        "\n"
    )
