"""Intervals, tests and distances, against SciPy, scikit-learn and counting by hand."""

import math

import numpy as np
import pytest
from scipy import optimize, stats
from sklearn.metrics import precision_recall_fscore_support

from course_lib.core import Interval
from course_lib.evaluation.bits import divergence
from course_lib.evaluation.classes import class_scores
from course_lib.evaluation.comparison import judge
from course_lib.evaluation.statistics import (
    calibration_error,
    kind_of_scores,
    mcnemar,
    paired_difference,
    probabilities,
    sqnr_db,
    tango_score,
    wilson,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilson_is_scipys(level):
    for right, n in [(0, 1), (1, 1), (0, 30), (7, 30), (30, 30), (9189, 10_000)]:
        expected = stats.binomtest(right, n).proportion_ci(level, method="wilson")
        found = wilson(right, n, level)
        np.testing.assert_allclose((found.low, found.high), (expected.low, expected.high), atol=1e-12)


def test_wilson_refuses_what_is_no_proportion():
    for right, n in [(-1, 3), (4, 3), (0, 0)]:
        with pytest.raises(ValueError, match="right"):
            wilson(right, n)
    for level in (0, 1, 95):
        with pytest.raises(ValueError, match="level"):
            wilson(1, 2, level)


def test_mcnemar_counts_coin_tosses():
    for a, b in [(0, 1), (3, 3), (2, 9), (10, 1), (139, 102)]:
        n = a + b
        tail = sum(math.comb(n, i) for i in range(min(a, b) + 1)) / 2**n
        assert mcnemar(a, b) == pytest.approx(min(1.0, 2 * tail))
        assert mcnemar(a, b) == mcnemar(b, a)
    assert mcnemar(0, 0) == 1.0
    with pytest.raises(ValueError, match="negative"):
        mcnemar(-1, 2)


def test_tangos_interval_without_a_discordant_pair_has_the_known_closed_form():
    z2 = stats.norm.ppf(0.975) ** 2
    for n in (10, 500, 10_000):
        found = paired_difference(0, 0, n)
        np.testing.assert_allclose((found.low, found.high), (-z2 / (n + z2), z2 / (n + z2)), rtol=1e-6)


def test_tangos_score_uses_the_constrained_maximum_likelihood():
    """The closed root against a numeric maximum of the multinomial likelihood."""
    for a, b, n, d in [(3, 7, 40, 0.02), (12, 2, 50, -0.1), (5, 5, 20, 0.3), (139, 102, 10_000, -0.005)]:

        def loss(q, a=a, b=b, n=n, d=d):
            return -(a * math.log(q) + b * math.log(q + d) + (n - a - b) * math.log(1 - 2 * q - d))

        low, high = max(0.0, -d) + 1e-12, (1 - d) / 2 - 1e-12
        q = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
        expected = (b - a - n * d) / math.sqrt(n * (2 * q + d * (1 - d)))
        assert tango_score(a, b, n, d) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("worse", "better"), [(0.05, 0.02), (0.01, 0.01), (0.3, 0.1), (0.1, 0.1)])
def test_tangos_interval_covers_the_truth_as_often_as_it_says(worse, better):
    """Exact coverage over every outcome of 25 pairs; the Wald interval falls to 0.80 in the first case."""
    n, covered = 25, 0.0
    for a in range(n + 1):
        for b in range(n + 1 - a):
            chance = stats.multinomial.pmf([a, b, n - a - b], n, [worse, better, 1 - worse - better])
            if chance > 1e-9:
                found = paired_difference(a, b, n)
                covered += chance * (found.low <= better - worse <= found.high)
    assert 0.93 <= covered <= 1.0


def test_swapping_the_models_mirrors_the_interval():
    for a, b, n in [(0, 3, 10), (10, 0, 10), (7, 7, 30), (139, 102, 10_000)]:
        one, two = paired_difference(a, b, n), paired_difference(b, a, n)
        np.testing.assert_allclose((one.low, one.high), (-two.high, -two.low), atol=1e-9)
        assert -1 <= one.low <= (b - a) / n <= one.high <= 1
    with pytest.raises(ValueError, match="only_a"):
        paired_difference(6, 6, 10)


def test_the_verdict_reads_the_interval_against_the_margin():
    assert judge(Interval(-0.004, 0.001), 0.005) == "non-inferior"
    assert judge(Interval(-0.006, 0.001), 0.005) == "inconclusive"
    assert judge(Interval(-0.02, -0.006), 0.005) == "inferior"
    # Significantly worse and still acceptable: the margin decides, not the p-value.
    assert judge(Interval(-0.004, -0.001), 0.005) == "non-inferior"


def test_sqnr_gains_six_decibels_per_bit(rng):
    x = rng.uniform(-1, 1, 100_000)

    def at(bits):
        scale = 2 / 2**bits
        return sqnr_db(x, np.round(x / scale) * scale)

    for bits in (4, 8, 12):
        assert at(bits + 1) - at(bits) == pytest.approx(6.02, abs=0.2)
        assert at(bits) == pytest.approx(6.02 * bits, abs=0.2)  # uniform signal over the full range


def test_sqnr_at_its_ends():
    one, zero = np.ones(3), np.zeros(3)
    assert sqnr_db(one, one) == math.inf
    assert sqnr_db(zero, one) == -math.inf
    assert sqnr_db(one, zero) == 0.0
    assert sqnr_db(10 * one, 9 * one) == pytest.approx(20)
    with pytest.raises(ValueError, match="shapes"):
        sqnr_db(one, np.ones(2))
    with pytest.raises(ValueError, match="NaN"):
        sqnr_db(one, np.array([1, 2, np.nan]))


def test_calibration_error_by_hand():
    # Two bins: confidence 0.9 twice with one right, 0.6 twice with both right.
    scores = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.4, 0.6]])
    assert calibration_error(scores, np.array([0, 1, 0, 1])) == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)
    # A bin's upper edge belongs to it: 0.6 is the edge of bin 9 of 15, and 0.61 lies in bin 10.
    edge = np.array([[0.6, 0.4], [0.61, 0.39]])
    assert calibration_error(edge, np.array([0, 1])) == pytest.approx(0.5 * 0.4 + 0.5 * 0.61)


def test_calibration_error_is_the_textbook_loop(rng):
    logits = rng.normal(0, 3, (2000, 7))
    y = rng.integers(0, 7, 2000)
    rows = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    confidence, right = rows.max(1), rows.argmax(1) == y
    expected = 0.0
    for k in range(15):
        inside = (confidence > k / 15) & (confidence <= (k + 1) / 15)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert calibration_error(logits, y) == pytest.approx(expected)
    assert calibration_error(rows, y) == pytest.approx(expected)


def test_a_calibrated_model_has_almost_no_error(rng):
    rows = rng.dirichlet(np.ones(4) * 0.5, 50_000)
    y = (rows.cumsum(1) > rng.random((50_000, 1))).argmax(1)
    assert calibration_error(rows, y) < 0.02


def test_probabilities_are_told_from_logits(rng):
    rows = rng.dirichlet(np.ones(10), 500)
    assert kind_of_scores(rows) == "probabilities"
    assert kind_of_scores(np.round(rows * 256) / 256) == "probabilities"  # what an int8 softmax gives
    assert kind_of_scores(rng.normal(0, 1, (500, 10))) == "logits"
    assert kind_of_scores(rng.random((500, 10))) == "logits"
    np.testing.assert_allclose(probabilities(np.array([[1000.0, 1000.0], [-1e4, 0.0]])), [[0.5, 0.5], [0, 1]])


def test_divergence_is_scipys_entropy(rng):
    p, q = rng.dirichlet(np.ones(5), 40), rng.dirichlet(np.ones(5), 40)
    assert divergence(p, q) == pytest.approx(np.mean(stats.entropy(p.T, q.T)))
    assert divergence(p, p) == 0.0


def test_class_scores_are_scikit_learns(rng):
    y, predicted = rng.integers(0, 5, 300), rng.integers(0, 6, 300)  # class 5 is never there, class 6 never predicted
    found = class_scores(y, predicted, 7, ("a", "b"))
    expected = precision_recall_fscore_support(y, predicted, labels=range(7), zero_division=0)
    for column, name in zip(expected, ("precision", "recall", "f1", "support"), strict=True):
        np.testing.assert_allclose([getattr(score, name) for score in found], column, err_msg=name)
    assert [score.name for score in found][:3] == ["a", "b", "2"]
