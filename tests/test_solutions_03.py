"""Topic 03: our solutions against scikit-learn's k-means and SciPy's SVD; another answer built differently passes."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade

TOPIC = topic("03")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "03.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@pytest.mark.parametrize("k", [2, 5, 16])
def test_sharing_ends_where_scikit_learn_ends_from_the_same_start(answer, k):
    from sklearn.cluster import KMeans

    w = np.random.default_rng(k).normal(size=(40, 30)).astype(np.float32)
    start = np.linspace(w.min(), w.max(), k).astype(np.float64)[:, None]
    flat = w.astype(np.float64).reshape(-1, 1)
    theirs = KMeans(k, init=start, n_init=1, max_iter=500, tol=0).fit(flat)
    book, idx = answer["kmeans_share"](w, k, 500)
    ours = float(((w - np.asarray(book)[idx]) ** 2).sum())
    assert ours == pytest.approx(theirs.inertia_, rel=1e-3)


@BOTH
def test_more_values_lose_less(answer):
    w = np.random.default_rng(0).laplace(size=(50, 40)).astype(np.float32)
    errors = []
    for k in (2, 4, 8, 16, 32):
        book, idx = answer["kmeans_share"](w, k)
        errors.append(float(((w - np.asarray(book)[idx]) ** 2).mean()))
    assert errors == sorted(errors, reverse=True)


@BOTH
@pytest.mark.parametrize("rank", [1, 3, 7])
def test_the_product_is_scipys_truncated_svd(answer, rank):
    from scipy.linalg import svd

    W = np.random.default_rng(1).normal(size=(11, 7))
    U, s, Vt = svd(W, full_matrices=False)
    A, B = answer["svd_compress"](W, rank)
    np.testing.assert_allclose(A @ B, (U[:, :rank] * s[:rank]) @ Vt[:rank], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(A, axis=0) ** 2, s[:rank], rtol=1e-6)
