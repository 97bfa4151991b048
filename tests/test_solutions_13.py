"""Topic 13: our solutions against scikit-learn, SciPy and the library; another answer built differently passes."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.catalog import topic
from course_lib.core import Artifact
from course_lib.evaluation import mcnemar
from course_lib.evaluation.classes import class_scores
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade

TOPIC = topic("13")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "13.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@pytest.mark.parametrize("seed", range(5))
def test_prf_is_scikit_learns_report(answer, seed):
    from sklearn.metrics import f1_score, precision_recall_fscore_support

    rng = np.random.default_rng(seed)
    classes = int(rng.integers(1, 9))
    y = rng.integers(0, max(1, classes - 1), 60)  # the last class is never there
    p = np.where(rng.random(60) < 0.6, y, rng.integers(0, classes, 60))
    labels = range(classes)
    found = answer["prf"](y, p, classes)
    rows = np.array([found["per_class"][label] for label in labels])
    wanted = precision_recall_fscore_support(y, p, labels=labels, zero_division=0)
    np.testing.assert_allclose(rows.T, wanted[:3])
    np.testing.assert_allclose(found["macro_f1"], f1_score(y, p, labels=labels, average="macro", zero_division=0))
    ours = class_scores(y, p, classes)
    np.testing.assert_allclose(rows, [(score.precision, score.recall, score.f1) for score in ours])


@BOTH
@settings(deadline=None, max_examples=60)
@given(worse=st.integers(0, 1500), better=st.integers(0, 1500), both=st.integers(0, 40))
def test_mcnemar_is_scipys_binomial_test(answer, worse, better, both):
    from scipy.stats import binomtest

    ref = [True] * (worse + both) + [False] * better
    new = [False] * worse + [True] * (both + better)
    found = answer["mcnemar_exact"](ref, new)
    assert (found["regressions"], found["fixes"]) == (worse, better)
    wanted = binomtest(worse, worse + better, 0.5).pvalue if worse + better else 1.0
    np.testing.assert_allclose(found["p_value"], wanted, rtol=1e-6, atol=1e-250)
    np.testing.assert_allclose(found["p_value"], mcnemar(worse, better), rtol=1e-6, atol=1e-250)


def test_the_pruned_file_is_the_one_that_its_record_names():
    record = json.loads((TOPIC.folder / "record_pruned.json").read_text("utf-8"))
    artifact = Artifact.load(TOPIC.folder / "pruned80_int8.tflite")
    assert artifact.sha256 == record["sha256"]
    assert artifact.gzip_bytes < 0.4 * artifact.raw_bytes  # four weights of five are zero
