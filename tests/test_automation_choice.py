"""Fronts, choices, halving and gates: laws on random trials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.automation import Trial, choose, gate, halving, pareto
from course_lib.automation.gate import samples_to_tell
from course_lib.automation.pareto import as_good, bytes_and_errors
from course_lib.core import Artifact
from course_lib.evaluation.statistics import paired_difference
from course_lib.models import float_tflite
from course_lib.techniques import Int8
from tests.sweep_child import small_data


def trial(name: str, size: int, right: int) -> Trial:
    return Trial(name, "", size, size, np.arange(10) < right, 0.0, False, Path("nowhere"))


trials = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 10)), min_size=1, max_size=8).map(
    lambda pairs: [trial(str(place), *pair) for place, pair in enumerate(pairs)]
)


@given(trials)
def test_the_front_is_what_nobody_beats_and_everybody_else_is_beaten(tried):
    front = pareto(tried)
    costs = [bytes_and_errors(one) for one in front]
    assert costs == sorted(costs)
    for one in tried:
        mine = bytes_and_errors(one)
        beaten = any(a <= mine[0] and b <= mine[1] and (a, b) != mine for a, b in map(bytes_and_errors, tried))
        assert (one in front) != beaten


@given(trials, st.integers(1, 6), st.integers(0, 10))
def test_a_choice_keeps_its_bounds_and_nothing_allowed_is_better(tried, size, right):
    allowed = [one for one in tried if one.raw_bytes <= size and one.accuracy >= right / 10]
    if not allowed:
        with pytest.raises(ValueError, match="nothing"):
            choose(tried, min_accuracy=right / 10, max_bytes=size)
        return
    chosen = choose(tried, min_accuracy=right / 10, max_bytes=size)
    assert chosen in allowed
    assert (-chosen.accuracy, chosen.raw_bytes) == min((-one.accuracy, one.raw_bytes) for one in allowed)


@given(trials, st.integers(0, 10))
def test_a_least_accuracy_alone_gives_the_smallest(tried, right):
    allowed = [one for one in tried if one.accuracy >= right / 10]
    if allowed:
        assert choose(tried, min_accuracy=right / 10).raw_bytes == min(one.raw_bytes for one in allowed)


def test_a_choice_that_is_none_says_what_is_near():
    tried = [trial("a", 5, 9), trial("b", 3, 6)]
    with pytest.raises(ValueError, match="the smallest is b with 3"):
        choose(tried, max_bytes=2)
    with pytest.raises(ValueError, match=r"nothing reaches 80.00 %: the best of those with at most 4 bytes is b"):
        choose(tried, min_accuracy=0.8, max_bytes=4)
    with pytest.raises(ValueError, match="min_accuracy, max_bytes, or both"):
        choose(tried)
    with pytest.raises(ValueError, match="NaN"):
        pareto([float("nan"), 1.0], costs=lambda cost: (cost,))


def test_what_the_samples_cannot_tell_apart_is_named():
    def of(name, wrong):
        return Trial(name, "", len(name), 0, np.arange(1000) >= wrong, 0.0, False, Path("nowhere"))

    chosen, near, far = of("chosen", 100), of("near", 103), of("far", 200)
    assert as_good(chosen, [chosen, far, near]) == (near,)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(2, 4))
def test_halving_finds_the_first_best_when_the_score_does_not_lie(values, eta):
    asked: list[tuple[int, int]] = []

    def score(alive, budget):
        asked.extend((one, budget) for one in alive)
        return [values[one] for one in alive]

    found = halving(range(len(values)), score, min_budget=1, max_budget=10**6, eta=eta)
    assert found.best == values.index(max(values))
    assert found.spent == sum(budget for _, budget in asked)
    assert len(set(asked)) == len(asked), "nobody is scored twice with one budget"


def test_halving_spends_32_where_all_at_the_full_budget_would_spend_64():
    found = halving(range(8), lambda alive, budget: list(alive), min_budget=1, max_budget=8)
    assert (found.best, found.spent) == (7, 32)


def test_a_cheap_score_that_ranks_badly_drops_the_true_winner():
    truth = [0.80, 0.82, 0.84, 0.95]

    def score(alive, budget):
        return [truth[one] if budget > 1 else -truth[one] for one in alive]

    found = halving(range(4), score, min_budget=1, max_budget=4)
    assert found.best != 3
    assert 3 not in [one for one, _ in found.rungs[1].ranked]


def test_a_gate_opens_for_a_good_candidate_and_closes_for_a_bad_one():
    reference, data = float_tflite("baseline"), small_data(val=2000)
    samples = data.x_val, data.y_val
    int8 = Int8()(reference, data)
    assert gate(reference, int8, samples, max_loss=0.02).passed
    grown = gate(int8, reference, samples, max_loss=0.02)
    assert [(demand.name, demand.met) for demand in grown.demands] == [("accuracy", True), ("growth", False)]
    small = gate(reference, int8, samples, max_loss=0.02, max_bytes=1000)
    assert not small.passed
    assert "over the limit of 1,000" in small.demands[-1].sentence.en


def test_a_gate_stays_shut_when_there_are_too_few_samples_to_tell():
    reference, data = float_tflite("baseline"), small_data()
    few = gate(reference, Artifact("same", reference.content), (data.x_val[:20], data.y_val[:20]), max_loss=0.005)
    assert few.comparison.difference == 0
    assert not few.passed
    assert few.comparison.verdict == "inconclusive"
    enough = samples_to_tell(few.comparison)
    assert f"About {enough:,} samples would tell" in few.demands[0].sentence.en
    assert paired_difference(0, 0, enough).low > -0.005 > paired_difference(0, 0, round(enough / 1.03)).low
    assert samples_to_tell(replace(few.comparison, difference=-0.01)) is None
