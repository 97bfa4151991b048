"""Topic 05: our solutions against the toolkit's schedule and masks; another answer built differently passes."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade

TOPIC = topic("05")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "05.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
def test_schedule_and_mask_are_the_toolkits(answer):
    from course_lib import backend

    schedule = backend.tfmot().sparsity.keras.PolynomialDecay(0.1, 0.9, 100, 900, power=3, frequency=1)
    for step in (100, 250, 500, 777, 900):
        theirs = float(schedule(step)[1])
        assert answer["polynomial_sparsity"](step, 0.1, 0.9, 100, 900) == pytest.approx(theirs, abs=1e-6)
    pruning = backend.tfmot_part("sparsity.keras.pruning_impl")
    w = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)
    for sparsity in (0.1, 0.5, 0.9):
        tool = pruning.Pruning(lambda: 0, [], lambda step, s=sparsity: (True, s), [1, 1], "AVG")
        _, mask = tool._update_mask(backend.tensorflow().constant(w))
        np.testing.assert_array_equal(answer["magnitude_mask"](w, sparsity), mask.numpy().astype(bool))


@BOTH
@settings(deadline=None, max_examples=60)
@given(levels=st.lists(st.integers(-4, 4), min_size=1, max_size=80), tenths=st.integers(0, 10))
def test_masks_are_exact_nested_and_leave_the_largest(answer, levels, tenths):
    w = np.array(levels, np.float32)
    mask = np.asarray(answer["magnitude_mask"](w, tenths / 10))
    assert (~mask).sum() == round(tenths / 10 * w.size)
    if tenths:
        before = np.asarray(answer["magnitude_mask"](w, (tenths - 1) / 10))
        assert not (mask & ~before).any()  # a sparser mask keeps a part of what a denser one kept
    if mask.any() and not mask.all():
        assert np.abs(w[mask]).min() >= np.abs(w[~mask]).max()
