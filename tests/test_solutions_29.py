"""Topic 29: our solutions against the definition of dominance, the laws of a gate, and another build."""

from __future__ import annotations

import math
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade

TOPIC = topic("29")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "29.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])
POINTS = st.integers(1, 3).flatmap(
    lambda m: st.tuples(
        st.lists(st.tuples(*[st.integers(0, 4).map(float)] * m), max_size=14),
        st.lists(st.booleans(), min_size=m, max_size=m),
    )
)
VALUES = st.one_of(st.none(), st.just(math.nan), st.floats(-8, 8).map(lambda value: round(value * 4) / 4))


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@given(drawn=POINTS)
def test_the_front_is_what_nobody_dominates_and_every_other_point_is_dominated_by_a_member(answer, drawn):
    points, maximize = drawn
    front = [int(index) for index in answer["pareto_front"](points, maximize)]
    signed = np.array(points, float).reshape(len(points), len(maximize)) * np.where(maximize, 1, -1)
    assert front == sorted(set(front))
    for index, own in enumerate(signed):
        beaten = any((signed[k] >= own).all() and (signed[k] > own).any() for k in front)
        assert beaten != (index in front)


@BOTH
@given(before=VALUES, after=VALUES, rule=st.tuples(st.floats(0, 4), st.floats(0, 1)), up=st.booleans())
def test_one_metric_is_judged_by_its_worsening_alone(answer, before, after, rule, up):
    rules = {"m": {"better": "higher" if up else "lower", "abs": rule[0], "rel": rule[1]}}
    ok, violations = answer["regression_gate"]({"m": before}, {"m": after}, rules)
    known = all(value is not None and math.isfinite(value) for value in (before, after))
    bad = not known or ((before - after) if up else (after - before)) > max(rule[0], rule[1] * abs(before))
    assert (ok, list(violations)) == (not bad, ["m"] if bad else [])
