"""Topic 30: our solutions against exhaustive search and LiteRT's own rounding; another answer passes."""

from __future__ import annotations

import itertools
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade

TOPIC = topic("30")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "30.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 10**6), alpha=st.floats(0, 1), d=st.integers(1, 20))
def test_smoothing_changes_no_output(answer, seed, alpha, d):
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(30, d)) * 10.0 ** rng.uniform(-2, 2, d), rng.normal(size=(7, d))
    x[:, 0] *= seed % 2  # sometimes dead
    s = answer["smooth_scales"](x, w, alpha)
    assert np.allclose((x / s) @ (w * s).T, x @ w.T, rtol=1e-5, atol=1e-6)


def test_two_ways_round_alike():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 20)) @ rng.normal(size=(20, 20))
    w = rng.normal(size=(6, 20))
    one, other = OURS["gptq"](w, x), ALTERNATIVE["gptq"](w, x)
    assert np.mean(np.abs(one - other) > 1e-9) < 0.02


def test_it_comes_close_to_the_best_of_all_grids():
    """Six weights on a grid of 2 bits: 729 candidates, all of them tried."""
    rng = np.random.default_rng(1)
    ours, nearest, best = [], [], []
    for _ in range(40):
        x = rng.normal(size=(50, 6)) @ np.linalg.cholesky(0.1 * np.eye(6) + 0.9).T
        w = rng.normal(size=(1, 6))
        step = np.abs(w).max()
        candidates = step * np.array(list(itertools.product((-1, 0, 1), repeat=6)))
        losses = np.square((w - candidates) @ x.T).sum(1)
        best.append(losses.min())
        ours.append(np.square((w - OURS["gptq"](w, x, 2)) @ x.T).sum())
        nearest.append(np.square((w - step * np.rint(w / step)) @ x.T).sum())
    assert sum(best) <= sum(ours) < 0.7 * sum(nearest)
