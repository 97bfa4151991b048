"""Topic 18: our solutions against the library's targets and against the kernels of the paper; another answer passes."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import pearsonr

from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.techniques.teacher import keep_top

TOPIC = topic("18")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "18.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@pytest.mark.parametrize("k", [1, 3, 10])
def test_the_expanded_cache_is_what_the_library_trains_on(answer, k):
    logits = np.random.default_rng(0).normal(0, 4, (50, 10))
    wanted = keep_top(softmax(logits / 4, axis=1).astype(np.float32), k)
    got = answer["expand_topk"](*answer["topk_targets"](logits, k, 4.0), 10)
    np.testing.assert_allclose(got, wanted, atol=1e-3)


@BOTH
def test_it_is_the_normalized_hsic_of_linear_kernels(answer):
    """Kornblith et al. 2019, equations 3 and 4: HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 9))
    Y = np.maximum(X @ rng.normal(size=(9, 4)), 0) + rng.normal(size=(60, 4))

    def hsic(K, L):
        H = np.eye(60) - np.ones((60, 60)) / 60
        return np.trace(K @ H @ L @ H) / 59**2

    K, L = X @ X.T, Y @ Y.T
    wanted = hsic(K, L) / np.sqrt(hsic(K, K) * hsic(L, L))
    assert answer["linear_cka"](X, Y) == pytest.approx(wanted)
    assert answer["linear_cka"](X[:, :1], Y[:, :1]) == pytest.approx(pearsonr(X[:, 0], Y[:, 0])[0] ** 2)
