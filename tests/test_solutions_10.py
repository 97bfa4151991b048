"""Topic 10: our solutions against the statistics module and SciPy; another answer built differently passes."""

from __future__ import annotations

import runpy
import statistics
from pathlib import Path

import numpy as np
import pytest

from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade

TOPIC = topic("10")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "10.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@pytest.mark.parametrize("seed", range(5))
def test_percentiles_are_those_of_the_statistics_module(answer, seed):
    times = np.random.default_rng(seed).lognormal(3, 1, 150).tolist()
    found = answer["latency_summary"](times, warmup=20)
    hundredths = statistics.quantiles(times[20:], n=100, method="inclusive")
    np.testing.assert_allclose([found["p50"], found["p90"], found["p99"]], [hundredths[i] for i in (49, 89, 98)])
    np.testing.assert_allclose(found["mean"], statistics.fmean(times[20:]))


@BOTH
@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_the_interval_is_scipys_percentile_bootstrap(answer, level):
    from scipy.stats import bootstrap

    rng = np.random.default_rng(1)
    a, b = 60 * rng.lognormal(0, 0.2, 81), 20 * rng.lognormal(0, 0.1, 40)

    def ratio(a, b, axis=-1):
        return np.median(a, axis=axis) / np.median(b, axis=axis)

    wanted = bootstrap(
        (a, b), ratio, n_resamples=4000, method="percentile", confidence_level=level, rng=np.random.default_rng(2)
    ).confidence_interval
    found = answer["bootstrap_speedup"](a, b, 4000, level)
    np.testing.assert_allclose(found[0], ratio(a, b))
    np.testing.assert_allclose(found[1:], wanted, rtol=0.03)  # both are Monte Carlo


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(3)
    covered = 0
    for seed in range(200):
        a, b = 3 * rng.lognormal(0, 0.2, 61), rng.lognormal(0, 0.2, 61)
        _, low, high = OURS["bootstrap_speedup"](a, b, 400, 0.9, seed)
        covered += low <= 3 <= high
    assert 165 <= covered <= 196  # 180 expected, standard deviation 4; bootstrap of medians runs a little wide
