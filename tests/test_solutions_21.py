"""Topic 21: our solutions against the library's choice and halving on files of the course, and another build."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import Artifact, DynamicRange, Int4, Int8, fashion_mnist, float_tflite, halving
from course_lib.catalog import topic
from course_lib.evaluation import predict as outputs
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade

TOPIC = topic("21")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "21.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@pytest.fixture(scope="module")
def files():
    """Four encodings of the baseline, a broken one, and which of 300 images each gets right."""
    data, float32 = fashion_mnist(), float_tflite("baseline")
    made = {
        "float32": float32.content,
        "int8": Int8(20)(float32, data).content,
        "torn": float32.content[:100_000],
        "dynamic": DynamicRange()(float32).content,
        "int4": Int4()(float32).content,
    }
    x, y = data.x_val[:300], data.y_val[:300]
    accuracy = {
        name: float((outputs(Artifact(name, each), x).argmax(1) == y).mean())
        for name, each in made.items()
        if name != "torn"
    }
    return made, x, y, accuracy


@BOTH
def test_the_choice_is_the_librarys_on_files_of_the_course(answer, files):
    made, x, y, accuracy = files
    for floor in sorted({*accuracy.values(), 0.5, 1.0}):
        passing = [name for name in accuracy if accuracy[name] >= floor]
        right = min(passing, key=lambda name: len(made[name]), default=None)
        assert answer["smallest_passing"](made, x, y, floor) == right


@BOTH
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40, unique=True), st.integers(2, 5))
def test_halving_is_the_librarys_where_no_budget_limits_it(answer, worth, eta):
    """Without ties: the library's own rule for them is the order of the round before."""
    score = dict(enumerate(worth))
    best, total = answer["successive_halving"](list(score), lambda cfg, budget: float(score[cfg]), 1, eta)
    found = halving(
        list(score), lambda alive, budget: [score[c] for c in alive], min_budget=1, max_budget=10**9, eta=eta
    )
    assert (best, total) == (found.best, found.spent)


@BOTH
def test_eight_configurations_cost_thirty_two_units(answer):
    scores = np.random.default_rng(0).permutation(8)
    assert answer["successive_halving"](list(range(8)), lambda cfg, budget: scores[cfg]) == (int(scores.argmax()), 32)
