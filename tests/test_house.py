"""The rules that every file keeps: lint, types, one direction of imports, one door to TensorFlow, no private paths."""

import ast
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "course_lib"
HEAVY = {"keras", "tensorflow", "tensorflow_model_optimization", "tf_keras"}

# What may import what, inside the package. A new module finds its place here first.
LEARN = "card catalog fields grading home language"
MEASURE = "backend core data home language"
MAY_IMPORT = {
    # compressing: one way, from the door to TensorFlow up to whole pipelines
    "backend": "",
    "core": "backend",
    "data": "backend core home language",
    "models": "backend core home language",
    "techniques": f"{MEASURE} models",
    "evaluation": MEASURE,
    "inspection": MEASURE,
    "deployment": f"{MEASURE} models techniques evaluation inspection",
    "security": f"{MEASURE} models techniques evaluation inspection deployment",
    "packing": f"{MEASURE} inspection",
    "automation": f"{MEASURE} models techniques evaluation inspection",
    # learning: knows topics and answers, and no technique
    "fields": "",
    "home": "",
    "language": "home",
    "card": "fields",
    "catalog": "card fields home language",
    "grading": "card catalog fields home language",
    "interview": LEARN,
    "classroom": LEARN,
    "lesson": LEARN,
    "capstone": f"{MEASURE} models evaluation inspection deployment grading classroom",
    "workbook": LEARN,
    "plan": "card catalog fields home language",
    "kit": "card catalog fields home language",
    "start_page": f"{LEARN} plan workbook",
    # the command line: everything, inside its commands
    "cli": "*",
}
# The same inside `classroom`: the way that what was returned takes.
IN_CLASSROOM = {
    "texts": "",
    "values": "",
    "sandbox": "values",
    "intake": "values texts",
    "gradebook": "values texts intake",
    "pages": "values texts intake gradebook",
    "capstones": "values intake gradebook",
    "run": "values intake gradebook pages capstones",
    "nbgrader": "",
}
TABLES = {PACKAGE: MAY_IMPORT, f"{PACKAGE}.classroom": IN_CLASSROOM}


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of everything that a source imports, wherever it stands and by whatever call."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports here are absolute"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"__import__", "import_module", "importorskip", "run_module"}:
                yield node.lineno, str(node.args[0].value)


def layer_of(path: Path, package: Path) -> str:
    first = path.relative_to(package).parts[0]
    return first.removesuffix(".py")


def wrong_way(package: Path, dotted: str = PACKAGE) -> list[str]:
    """Say which imports inside a package go against its table in TABLES."""
    table, found = TABLES[dotted], []
    for path in sorted(package.rglob("*.py")):
        layer = layer_of(path, package)
        where = path.relative_to(package.parent).as_posix()
        if layer == "__init__":
            layer, allowed = dotted, set()
        elif layer not in table:
            found.append(f"{where}: {layer} has no place in the table of {dotted}")
            continue
        else:
            allowed = set(table[layer].split()) | {layer}
        if allowed == {"*", layer}:
            continue
        for line, name in imported(path.read_text("utf-8")):
            inside = name == dotted or name.startswith(f"{dotted}.")
            target = name.removeprefix(dotted).removeprefix(".").partition(".")[0]
            if inside and target not in allowed:
                found.append(f"{where}:{line}: {layer} must not import {target or 'the whole package'}")
    return found


def heavy_imports(source: str) -> list[str]:
    return [f"line {line}: {name}" for line, name in imported(source) if name.partition(".")[0] in HEAVY]


def foreign_paths(text: str) -> list[str]:
    """Return the absolute paths of somebody's machine in a text; Ann, who stands for anybody in tests, is nobody."""
    posix = r"(?<![\w.~-])/(?:root|work|home/(?!ann\b)\w+|Users/\w+)/[\w.-]*"
    windows = r"\b[A-Z]:\\+Users\\+(?!ann\b)\w+"
    return re.findall(f"{posix}|{windows}", text)


def test_ruff_is_clean():
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_mypy_is_clean():
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("dotted", TABLES)
def test_imports_point_one_way(dotted):
    assert wrong_way(ROOT.joinpath(*dotted.split(".")), dotted) == []


@pytest.mark.parametrize("dotted", TABLES)
def test_the_table_of_imports_has_no_circle(dotted):
    done: set[str] = set()
    left = {name: set(may.split()) - {"*"} for name, may in TABLES[dotted].items()}
    while left:
        free = {name for name, may in left.items() if may <= done}
        assert free, f"a circle among {sorted(left)}"
        done |= free
        left = {name: may for name, may in left.items() if name not in free}


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        ("core/types.py", "from course_lib.techniques import Int8", "core must not import techniques"),
        ("core/types.py", "def f():\n    import course_lib.models.zoo", "core must not import models"),
        ("grading/run.py", "from course_lib import core", "grading must not import core"),
        ("evaluation/run.py", "from importlib import *\nimport_module('course_lib.models')", "must not import models"),
        ("catalog.py", "import course_lib", "must not import the whole package"),
        ("__init__.py", "from course_lib.core import key", "must not import core"),
        ("helpers.py", "", "helpers has no place"),
        ("classroom/intake/walk.py", "import course_lib.classroom.pages.site", "intake must not import pages"),
        ("classroom/sandbox/x.py", "from course_lib.classroom import run", "sandbox must not import run"),
        ("classroom/sandbox/__init__.py", "import course_lib.classroom", "must not import the whole package"),
        ("classroom/helpers.py", "", "helpers has no place"),
    ],
)
def test_an_import_the_wrong_way_is_noticed(tmp_path, path, source, complaint):
    file = tmp_path / PACKAGE / path
    file.parent.mkdir(parents=True)
    file.write_text(source, "utf-8")
    (found,) = [said for dotted in TABLES for said in wrong_way(tmp_path.joinpath(*dotted.split(".")), dotted)]
    assert complaint in found


def test_only_the_backend_touches_tensorflow():
    door = ROOT / PACKAGE / "backend.py"
    found = {}
    for path in python_files(PACKAGE, "tools", "topics", "tests", "benchmarks"):
        heavy = heavy_imports(path.read_text("utf-8"))
        if heavy and path != door:
            found[path.relative_to(ROOT).as_posix()] = heavy
    assert found == {}
    assert heavy_imports(door.read_text("utf-8")), "the door itself would not be noticed"


@pytest.mark.parametrize(
    "source",
    [
        "import tensorflow as tf",
        "from tensorflow.lite import Interpreter",
        "def f():\n    from tf_keras import layers",
        "import importlib\nimportlib.import_module('keras')",
        "pytest.importorskip('tensorflow_model_optimization')",
    ],
)
def test_every_way_to_tensorflow_is_noticed(source):
    assert heavy_imports(source)


def test_importing_the_course_takes_less_than_half_a_second():
    program = f"import time; start = time.perf_counter(); import {PACKAGE}; print(time.perf_counter() - start)"
    command = [sys.executable, "-c", program]
    seconds = [float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(3)]
    assert min(seconds) < 0.5


def test_no_module_loads_tensorflow_by_being_imported():
    program = f"""
        import importlib, pkgutil, sys, {PACKAGE}
        for module in pkgutil.walk_packages({PACKAGE}.__path__, "{PACKAGE}."):
            if not module.name.endswith(("__main__", "_child", ".worker")):
                importlib.import_module(module.name)
        print(sorted({HEAVY!r} & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_file_names_a_folder_of_somebodys_machine():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    found = {}
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()) and path != Path(__file__):
            paths = foreign_paths(content.decode("utf-8", errors="replace"))
            if paths:
                found[name] = sorted(set(paths))
    assert found == {}


@pytest.mark.parametrize("text", ["see /root/x", '"/work/main"', "(/home/bob/a)", "/Users/bob/a", r"C:\Users\bob"])
def test_a_path_of_somebodys_machine_is_noticed(text):
    assert foreign_paths(text)


@pytest.mark.parametrize("text", ["https://x.invalid/root/", "topics/work/", "/usr/share/datasets", "~/work/x"])
def test_a_path_of_nobody_is_none(text):
    assert not foreign_paths(text)
