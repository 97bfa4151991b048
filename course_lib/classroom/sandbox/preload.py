"""What the warm process imports once: what the exercises themselves import, and nothing that knows an answer."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from course_lib.catalog import Topic

HEAVY = ("tensorflow", "tf_keras", "keras", "tensorflow_model_optimization")
ALWAYS = (
    "numpy",
    "ai_edge_litert.interpreter:Interpreter",
    "course_lib.grading",
    "course_lib:check",
    "course_lib:finish",
)
HEAVY_MEMORY_MB = 12_000  # address space of a process that has TensorFlow


def imports(topics: tuple[Topic, ...], heavy: bool) -> tuple[str, ...]:
    """Return what the exercises import, as "module" and "module:name"; without TensorFlow unless `heavy`."""
    found = dict.fromkeys(ALWAYS)
    for topic in topics:
        path = topic.folder / "exercise.py"
        if path.is_file():
            found.update(dict.fromkeys(_imports(path)))
    return tuple(each for each in found if heavy or _root(each) not in HEAVY)


def is_heavy(topic: Topic) -> bool:
    """True when the exercise of a topic imports TensorFlow."""
    path = topic.folder / "exercise.py"
    return path.is_file() and any(_root(each) in HEAVY for each in _imports(path))


def _root(name: str) -> str:
    return name.partition(":")[0].partition(".")[0]


@cache
def _imports(path: Path) -> tuple[str, ...]:
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, ValueError):
        return ()
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [f"{node.module}:{alias.name}" for alias in node.names]
    return tuple(found)
