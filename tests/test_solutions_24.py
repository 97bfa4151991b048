"""Topic 24: our solutions against the library's selector and threshold, on random ladders and samples."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.catalog import topic
from course_lib.deployment import Variant, VariantSelector, choose_threshold
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade

TOPIC = topic("24")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "24.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])
# Eighths and powers of two: no rounding decides at an edge.
LADDERS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=5)
TRACES = st.lists(st.tuples(st.integers(1, 400), st.sampled_from([1.0, 1.5, 2.0])), min_size=1, max_size=12)
SAMPLES = st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.booleans()), min_size=1, max_size=20)


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@settings(deadline=None)
@given(rungs=LADDERS, trace=TRACES, margin=st.sampled_from([0.0, 0.25, 0.5]))
def test_picks_are_the_librarys(answer, rungs, trace, margin):
    ladder = [(f"m{k}", accuracy / 8, 2.0**power) for k, (accuracy, power) in enumerate(rungs)]
    ours = answer["VariantSelector"](ladder, margin)
    trace = [(budget / 8, slowdown) for budget, slowdown in trace]
    wanted = VariantSelector(tuple(Variant(*each) for each in ladder), margin).follow(trace)
    assert [ours.pick(*each) for each in trace] == [variant.name for variant in wanted]


@BOTH
@settings(deadline=None)
@given(samples=SAMPLES, wanted=st.integers(0, 20), costs=st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_thresholds_are_the_librarys(answer, samples, wanted, costs):
    conf, small, big = (np.array(each) for each in zip(*samples, strict=True))
    target = min(wanted, len(conf)) / len(conf) - 1e-9
    small_cost, big_cost = costs
    ours = answer["early_exit_threshold"](conf / 8, small, big, small_cost, big_cost, target)
    theirs = choose_threshold(conf / 8, small, big, cost_small=small_cost, cost_large=big_cost, min_accuracy=target)
    if theirs is None:
        assert ours is None
    else:
        assert ours[1:] == pytest.approx((theirs.cost, theirs.accuracy))
        assert (conf / 8 < ours[0]).sum() == (conf / 8 < theirs.confidence).sum() or big_cost == 0
