"""The rules that every topic keeps. A rule yields sentences, one for each breach; none means kept.

Here are the rules about answers; those about cards and lessons are in tests/cards.py and tests/pages.py.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from course_lib.catalog import Topic
from course_lib.grading.laws import laws_for
from course_lib.grading.reference import solution_namespace, wrong_answers, wrong_namespace
from course_lib.grading.remote import grade_file
from course_lib.grading.run import grade
from tests import trivial
from tools.source import exercise_text, find_regions, read_cells

Rule = Callable[[Topic, Path], Iterator[str]]
SEEDS = (0, 1, 2)
WRONG_PER_TASK = 3
TRIVIAL_POINTS = 2
# Shorter lines (`return x`, `else:`) prove nothing when they turn up elsewhere.
TELLING = 16
# A check works with laws and prebuilt referees: it neither trains nor converts, and never sees the solution.
NOT_FOR_CHECKS = (
    "tensorflow", "keras", "tf_keras", "tensorflow_model_optimization", "litert_quantizer", "exercise",
    "course_lib.backend", "course_lib.techniques", "course_lib.models",
)  # fmt: skip


def solution_passes(topic: Topic, _root: Path) -> Iterator[str]:
    """The solution gets ten of ten, whatever the random inputs."""
    for task in topic.tasks:
        for seed in SEEDS:
            result = grade(task, solution_namespace(topic) or {}, seed=seed)
            if not result.passed or result.points != 10:
                yield f"{task}, seed {seed}: the solution gets {result.points} of 10\n{result}"


def solution_passes_remotely(topic: Topic, root: Path) -> Iterator[str]:
    """The rendered solution passes when its code runs in another process."""
    for result in grade_file(root / "solutions" / f"{topic.name}.ipynb", topic.tasks):
        if not result.passed:
            yield f"{result.task}: graded in another process, the solution gets {result.points} of 10\n{result}"


def stub_is_todo(topic: Topic, root: Path) -> Iterator[str]:
    """The rendered exercise runs from top to bottom, and every law is still to do."""
    for result in grade_file(root / "exercises" / f"{topic.name}.ipynb", topic.tasks):
        for outcome in result.outcomes:
            if outcome.status != "todo":
                yield f"{result.task}: on the stub {outcome.law} says {outcome.status}: {outcome.message}"
        yield from (f"{result.task}: {note}" for note in result.notes if "cell" in note.en.lower())


def wrong_answers_are_caught(topic: Topic, _root: Path) -> Iterator[str]:
    """A wrong answer fails the law that it names, and the learner is told this misconception and no other."""
    for wrong in wrong_answers(topic):
        laws = {law.name for law in laws_for(topic, wrong.task)}
        if wrong.caught_by not in laws:
            yield f"{wrong.task} {wrong.name}: caught_by names {wrong.caught_by}, no law of this task"
            continue
        result = grade(wrong.task, wrong_namespace(topic, wrong))
        outcome = next(each for each in result.outcomes if each.law == wrong.caught_by)
        if outcome.status not in ("fail", "error"):
            yield f"{wrong.task} {wrong.name}: {wrong.caught_by} says {outcome.status}"
        elif outcome.misconception is None:
            yield f"{wrong.task} {wrong.name}: {wrong.caught_by} fails it without recognising it"
        elif outcome.misconception.name != wrong.name:
            yield f"{wrong.task} {wrong.name}: taken for {outcome.misconception.name}"


def every_law_catches(topic: Topic, _root: Path) -> Iterator[str]:
    """A check that catches nothing is a defect; and a task has three wrong answers or more."""
    known = wrong_answers(topic)
    for task in topic.tasks:
        named = [wrong for wrong in known if wrong.task == task]
        if len(named) < WRONG_PER_TASK:
            yield f"{task}: {len(named)} wrong answers; at least {WRONG_PER_TASK} are needed"
        if len({wrong.name for wrong in named}) < len(named):
            yield f"{task}: two wrong answers have the same name"
        for law in laws_for(topic, task):
            if not any(wrong.caught_by == law.name for wrong in named):
                yield f"{task}: no wrong answer is caught by {law.name}"


def trivial_answers_earn_little(topic: Topic, _root: Path) -> Iterator[str]:
    """Returning None, zeros, the input or noise earns at most two points of ten."""
    solution = solution_namespace(topic) or {}
    for task in topic.tasks:
        names = {name for law in laws_for(topic, task) for name in law.wants}
        for kind, namespace in trivial.namespaces(solution, names):
            with warnings.catch_warnings(action="ignore"):  # a check may divide by a scale of zero
                result = grade(task, namespace)
            if result.points > TRIVIAL_POINTS:
                passed = ", ".join(each.law for each in result.outcomes if each.status == "pass")
                yield f"{task}: returning {kind} earns {result.points} points ({passed})"


def no_solution_line_survives(topic: Topic, _root: Path) -> Iterator[str]:
    """What the solution says is not said again in the code of the exercise."""
    path = topic.folder / "exercise.py"
    text = path.read_text("utf-8")
    lines = text.splitlines()
    removed = {
        line.strip()
        for region in find_regions(text, path)
        for line in lines[region.first - 1 : region.last]
        if len(line.strip()) >= TELLING and not line.strip().startswith("#")
    }
    for cell in read_cells(exercise_text(text, path), path):
        if cell.kind == "code":
            yield from (
                f"the exercise still says {line.strip()!r}"
                for line in cell.source.splitlines()
                if line.strip() in removed
            )


def checks_only_look(topic: Topic, _root: Path) -> Iterator[str]:
    """A check loads no TensorFlow, no converter, no quantizer, and not the solution."""
    tree = ast.parse((topic.folder / "checks.py").read_text("utf-8"))
    for node in ast.walk(tree):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or ""] + [f"{node.module}.{alias.name}" for alias in node.names]
        for module in modules:
            if any(module == name or module.startswith(f"{name}.") for name in NOT_FOR_CHECKS):
                yield f"checks.py imports {module}"


RULES: tuple[Rule, ...] = (
    solution_passes,
    solution_passes_remotely,
    stub_is_todo,
    wrong_answers_are_caught,
    every_law_catches,
    trivial_answers_earn_little,
    no_solution_line_survives,
    checks_only_look,
)
