"""The rules for what a reader sees: cards in two languages, measured numbers, lessons with all their parts."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from course_lib import fields
from course_lib.catalog import Topic
from course_lib.grading.laws import laws_of
from course_lib.grading.reference import wrong_answers
from tests import gates
from tools.execute import FIGURE_BYTES, text_of
from tools.rendering import KINDS, page_of
from tools.source import Cell, read_cells

HAN = re.compile(r"[\u4e00-\u9fff]")
# Eight English words in a row are a sentence that was not written in Chinese; fewer are names and terms.
ENGLISH = re.compile(r"(?:[A-Za-z][A-Za-z'’-]*[ ,;]+){7}[A-Za-z]+")
# A number that stands for itself, with its sign and unit left out: not the 8 of int8, not 28x28.
NUMBER = re.compile(r"(?<![A-Za-z0-9_.])\d[\d,]*(?:\.\d+)?(?=x\b|\.?(?![A-Za-z0-9_.])|\.(?!\d))")
# Limits of integer types and word lengths are facts of arithmetic; years are dates.
FACTS = {12, 15, 16, 24, 31, 32, 48, 63, 64, 127, 128, 255, 256, 512, 1024, 2048, 4096, 32767, 32768, 65535, 65536}
CORE_CELLS = 10
TAGS = ("question", "myths", "answer", "followups", "sources", "exercise", "next")
# Calls that a cell may consist of without counting as an experiment.
FRAME = {"predict", "reveal", "receipt"}


def card_text(topic: Topic, language: str) -> Iterator[tuple[str, str]]:
    """Yield (where, text) for every string of one language of a card."""
    data = tomllib.loads((topic.folder / "card.toml").read_text("utf-8"))
    yield from _strings(data[language], f"[{language}]")


def _strings(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, f"{where}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, f"{where}[{index}]")


def languages_agree(topic: Topic, _root: Path) -> Iterator[str]:
    """[en] and [zh] have the same keys and the same counts, and say the same of what is measured and correct."""
    data = tomllib.loads((topic.folder / "card.toml").read_text("utf-8"))
    yield from _same(data["en"], data["zh"], "")


def _same(a: Any, b: Any, where: str) -> Iterator[str]:
    if type(a) is not type(b):
        yield f"card{where}: {type(a).__name__} in [en], {type(b).__name__} in [zh]"
    elif isinstance(a, dict):
        if a.keys() != b.keys():
            yield f"card{where}: [en] and [zh] differ in {', '.join(sorted(a.keys() ^ b.keys()))}"
        for key in a.keys() & b.keys():
            yield from _same(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, list):
        if len(a) != len(b):
            yield f"card{where}: {len(a)} in [en], {len(b)} in [zh]"
        for index, (first, second) in enumerate(zip(a, b, strict=False)):
            yield from _same(first, second, f"{where}[{index}]")
    elif not isinstance(a, str) or where.endswith(".evidence"):
        if a != b:
            yield f"card{where}: {a!r} in [en], {b!r} in [zh]"
    elif set(fields.names(a)) != set(fields.names(b)):
        yield f"card{where}: [en] and [zh] quote different numbers"


def chinese_is_chinese(topic: Topic, _root: Path) -> Iterator[str]:
    """Every Chinese text of the card, the laws and the wrong answers is written in Chinese."""
    texts = [(w, t) for w, t in card_text(topic, "zh") if not w.endswith(".evidence")]
    texts += [(f"law {law.name}", law.sentence.zh) for law in laws_of(topic)]
    texts += [(f"wrong answer {wrong.name}", wrong.say.zh) for wrong in wrong_answers(topic)]
    for where, text in texts:
        prose = fields.without(text)
        if not HAN.search(prose) and re.search(r"[A-Za-z]{2,} +[A-Za-z]{2,}", prose):
            yield f"{where}: no Chinese in {text.strip()[:60]!r}"
        english = ENGLISH.search(prose)
        if english:
            yield f"{where}: an English sentence in the Chinese text: {english[0][:60]!r}"


def card_is_complete(topic: Topic, _root: Path) -> Iterator[str]:
    """An answer, points with evidence, pitfalls, three follow-ups, three quiz items, three hints, the task texts."""
    card = topic.card
    for name, page in (("en", card.en), ("zh", card.zh)):
        counts = {
            "answer": bool(page.answer.strip()),
            "points": len(page.points) > 2,
            "pitfalls": len(page.pitfalls) > 0,
        }
        counts |= {"three followups": len(page.followups) == 3, "three quiz items": len(page.quiz) == 3}
        yield from (f"card [{name}] lacks: {what}" for what, there in counts.items() if not there)
        for quiz in page.quiz:
            if sum(option.correct for option in quiz.options) != 1 or len(quiz.options) < 3:
                yield f"card [{name}]: {quiz.q[:40]!r} needs three options or more, one of them correct"
        for task in topic.tasks:
            if len(page.hints.get(task[-1], ())) != 3:
                yield f"card [{name}]: task {task} needs three hints: concept, approach, near-code"
    if len(topic.tasks) != 2:
        yield f"card: {len(topic.tasks)} tasks; a topic has two"
    if not card.sources or not card.roles:
        yield "card: no sources or no roles"


def numbers_are_measured(topic: Topic, _root: Path) -> Iterator[str]:
    """Fields and evidence are recorded names; a number in an answer, a point or a pitfall is a field.

    A number of two or more digits may be typed when it is a literal in the lesson's code, where it is a setting or is
    asserted, or a fact of arithmetic (255).
    """
    measured = set(topic.measured)
    stated = FACTS | {abs(value) for value in lesson_literals(topic)}
    for language in ("en", "zh"):
        for where, text in card_text(topic, language):
            if where.endswith(".evidence"):
                if text not in measured:
                    yield f"card {where}: the evidence {text!r} was not recorded"
                continue
            for name in fields.names(text):
                if name not in measured:
                    yield f"card {where}: {{{name}}} was not recorded"
            if re.match(r"\[\w+\]\.(answer|points|pitfalls)", where):
                for number in typed_numbers(text):
                    if float(number.replace(",", "")) not in stated:
                        yield f"card {where}: {number} is typed; record it as a {{name}}, or assert it in the lesson"


def typed_numbers(text: str) -> list[str]:
    """Return the numbers of two or more significant digits that were typed, years left out."""
    found = [match[0].rstrip(",") for match in NUMBER.finditer(fields.without(text))]
    return [number for number in found if _digits(number) > 1 and not re.fullmatch(r"(19|20)\d\d", number)]


def _digits(number: str) -> int:
    plain = number.replace(",", "").lstrip("0.")
    return len(plain.replace(".", "")) if "." in number else len(plain.rstrip("0"))


def lesson_literals(topic: Topic) -> set[float]:
    """Return the numbers that the lesson's code states."""
    found: set[float] = set()
    for cell in lesson_cells(topic):
        if cell.kind == "code":
            nodes = ast.walk(ast.parse(cell.source))
            found |= {float(n.value) for n in nodes if isinstance(n, ast.Constant) and type(n.value) in (int, float)}
    return found


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
    languages_agree,
    chinese_is_chinese,
    card_is_complete,
    numbers_are_measured,
    lesson_has_its_parts,
    lesson_explains_itself,
    notebooks_are_rendered,
    figures_can_be_read,
    measured_is_of_this_run,
)
