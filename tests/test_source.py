"""Sources: regions, cells, tags, fields, measured numbers, and every mistake in them refused with file and line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from course_lib import fields
from tools.markdown import expand
from tools.measured import measured_text, numbers_of
from tools.source import BuildError, exercise_text, read_cells, solution_text

HERE = Path("exercise.py")


# Regions


def test_a_region_becomes_one_line_at_its_indentation():
    head, tail = "# %%\ndef f(x):\n    if x:\n", "    return 0\n"
    body = "        y = 1\n\n        return y\n"
    source = f"{head}        # BEGIN SOLUTION\n{body}        # END SOLUTION\n{tail}"
    assert exercise_text(source, HERE) == f"{head}        raise NotImplementedError\n{tail}"
    assert solution_text(source, HERE) == f"{head}{body}{tail}"


BAD_MARKERS = {
    "end without begin": ("def f():\n    return 1\n    # END SOLUTION\n", 4, "without a `# BEGIN"),
    "begin without end": ("def f():\n    # BEGIN SOLUTION\n    return 1\n", 3, "without an `# END"),
    "nested": ("def f():\n    # BEGIN SOLUTION\n    # BEGIN SOLUTION\n    return 1\n    # END SOLUTION\n", 4, "inside"),
    "nothing removed": (
        "def f():\n    # BEGIN SOLUTION\n    # a comment\n    # END SOLUTION\n    return 1\n",
        3,
        "nothing is removed",
    ),
    "outside a function": ("# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n", 2, "not inside a function"),
    "a whole function": ("# BEGIN SOLUTION\ndef f():\n    return 1\n# END SOLUTION\n", 2, "not inside a function"),
    "in a class body": ("class A:\n    # BEGIN SOLUTION\n    x = 1\n    # END SOLUTION\n", 3, "not inside a function"),
    "after a function": (
        "def f():\n    return 1\n\n\nif f():\n    # BEGIN SOLUTION\n    x = 1\n    # END SOLUTION\n",
        7,
        "not inside",
    ),
    "end elsewhere": ("def f():\n    # BEGIN SOLUTION\n    return 1\n# END SOLUTION\n", 5, "not indented"),
    "less indented": ("def f():\n    # BEGIN SOLUTION\n    x = 1\nz = 1\n    # END SOLUTION\n", 5, "leaves the region"),
    "more indented": (
        "def f():\n    if 1:\n    # BEGIN SOLUTION\n        return 1\n    # END SOLUTION\n",
        4,
        "not indented",
    ),
    "misspelled": ("def f():\n    # begin solution\n    return 1\n    # END SOLUTION\n", 3, "no marker"),
    "with a word behind": ("def f():\n    # BEGIN SOLUTION here\n    return 1\n    # END SOLUTION\n", 3, "no marker"),
    "over two cells": ("def f():\n    # BEGIN SOLUTION\n    return 1\n# %%\n    # END SOLUTION\n", 3, "next cell"),
    "none at all": ("def f():\n    return 1\n", None, "no `# BEGIN SOLUTION`"),
}


@pytest.mark.parametrize("name", BAD_MARKERS)
def test_bad_markers_are_refused_with_file_and_line(name):
    code, line, words = BAD_MARKERS[name]
    with pytest.raises(BuildError, match=re.escape(words)) as caught:
        exercise_text("# %%\n" + code, HERE)
    assert str(caught.value).startswith(f"exercise.py:{line}:" if line else "exercise.py:")


# Cells


def test_the_check_mark_becomes_a_tag():
    (cell,) = read_cells("# %%\n# NBVAL_CHECK_OUTPUT\nprint(1)\n", HERE)
    assert (cell.source, cell.tags, cell.line) == ("print(1)", ("nbval-check-output",), 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n# %%\ny = 2\n", "before the first cell"),
        ("# %%\ny = 2\n# NBVAL_CHECK_OUTPUT\n", "only as the first line"),
        ("# %%\n\n# %%\ny = 2\n", "empty cell"),
    ],
)
def test_sources_that_would_lose_something_are_refused(text, words):
    with pytest.raises(BuildError, match=words):
        read_cells(text, HERE)


# Text


def test_fields_are_filled_and_other_braces_survive():
    numbers = {"ratio": 3.14159, "name": "int8", "count": 3}
    text = (
        r"{ratio:.1f}x, {name}, {count} of {1, 2} {A} in `{ratio}`, ``a ` {ratio}``, $\frac{ratio}{b}$, $$x_{ratio}$$"
    )
    assert fields.fill(text, numbers) == text.replace("{ratio:.1f}", "3.1").replace("{name}", "int8").replace(
        "{count}", "3"
    )
    assert fields.fill("costs $5 {count} or $6", numbers) == "costs $5 3 or $6"
    assert fields.names(text) == ("ratio", "name", "count")


@pytest.mark.parametrize(("text", "words"), [("{missing}", "names no measured number"), ("{name:.1f}", "does not fit")])
def test_a_field_that_cannot_be_filled_is_refused(text, words):
    with pytest.raises(fields.FieldError, match=words):
        fields.fill(text, {"name": "int8"})


def test_tags_stand_alone_on_a_line():
    tags = {"a": lambda argument: f"<{argument}>"}
    assert expand("one\n{{a:b}}\ntwo {{unknown}} {x}", tags, "here") == "one\n\n<b>\n\ntwo {{unknown}} {x}"
    with pytest.raises(BuildError, match=r"here: .* must stand alone"):
        expand("text {{a}}", tags, "here")
    with pytest.raises(BuildError, match=r"here: unknown tag \{\{b\}\}; known are a"):
        expand("{{b}}", tags, "here")


def test_measured_numbers_keep_six_digits_and_the_last_value():
    records = [{"name": "b", "value": 1.23456789}, {"name": "a", "value": 7}, {"table": "t", "rows": []}]
    records += [{"name": "c", "value": 'µ"s'}, {"name": "b", "value": 123456789.0}]
    numbers = numbers_of(records)
    assert list(numbers.items()) == [("b", 123457000.0), ("a", 7), ("c", 'µ"s')]
    assert tomllib.loads(measured_text(numbers)) == numbers


@pytest.mark.parametrize(
    "record", [{"name": "A b", "value": 1}, {"name": "a", "value": True}, {"name": "a", "value": float("nan")}]
)
def test_records_that_no_card_could_use_are_refused(record):
    with pytest.raises(BuildError):
        numbers_of([record])
