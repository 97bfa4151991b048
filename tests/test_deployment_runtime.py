"""Choosing while running: the selector's laws, and the cascade against brute force."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.core import Artifact, Dataset
from course_lib.deployment import Cascade, Variant, VariantSelector, choose_threshold
from course_lib.evaluation import predict
from course_lib.evaluation.statistics import probabilities
from tests import inspection_models as models

FAST, MIDDLE, BEST = Variant("fast", 0.8, 1.0), Variant("middle", 0.9, 4.0), Variant("best", 0.95, 10.0)
LADDER = VariantSelector((BEST, FAST, MIDDLE), margin=0.2)
VARIANTS = st.lists(st.tuples(st.sampled_from([0.7, 0.8, 0.9]), st.integers(1, 20)), min_size=1, max_size=6).map(
    lambda drawn: tuple(Variant(str(i), accuracy, float(p95)) for i, (accuracy, p95) in enumerate(drawn))
)
TIMES = st.floats(0.1, 50)


@given(VARIANTS, TIMES, st.floats(0.5, 3), st.floats(0, 1), st.data())
def test_the_pick_fits_or_nothing_does(variants, deadline, slowdown, margin, data):
    selector = VariantSelector(variants, margin)
    current = data.draw(st.sampled_from([None, *variants]))
    picked = selector.pick(deadline, slowdown, current)
    fitting = [v for v in variants if v.p95_ms * slowdown <= deadline]
    if not fitting:
        assert picked.p95_ms == min(v.p95_ms for v in variants)
        return
    assert picked in fitting
    if current is None:
        assert picked.accuracy == max(v.accuracy for v in fitting)
        assert picked.p95_ms == min(v.p95_ms for v in fitting if v.accuracy == picked.accuracy)
    if current in fitting and picked != current:
        assert picked.accuracy > current.accuracy
        assert picked.p95_ms * slowdown * (1 + margin) <= deadline
    assert selector.pick(deadline, slowdown, current) is picked


@given(VARIANTS, TIMES, st.floats(0.5, 3))
def test_a_pick_is_stable(variants, deadline, slowdown):
    selector = VariantSelector(variants)
    picks = selector.follow([(deadline, slowdown)] * 4)
    assert len(set(picks[1:])) == 1  # the first may meet the deadline without headroom; nothing moves after the second


def test_up_needs_headroom_and_down_needs_none():
    assert LADDER.pick(10.0, current=MIDDLE) is MIDDLE  # best fits at exactly the edge
    assert LADDER.pick(11.9, current=MIDDLE) is MIDDLE
    assert LADDER.pick(12.1, current=MIDDLE) is BEST
    assert LADDER.pick(10.0, current=BEST) is BEST
    assert LADDER.pick(9.9, current=BEST) is MIDDLE
    assert LADDER.pick(0.5, current=BEST) is FAST
    assert LADDER.pick(10.0, slowdown=2.0) is MIDDLE


def test_hysteresis_prevents_flapping():
    trace = [(10.0, 0.99 if step % 2 else 1.01) for step in range(20)]
    with_margin = LADDER.follow(trace)
    without = VariantSelector(LADDER.variants, margin=0.0).follow(trace)
    changes = [sum(a is not b for a, b in itertools.pairwise(picks)) for picks in (with_margin, without)]
    assert changes == [0, 19]


@pytest.mark.parametrize(
    "make",
    [
        lambda: VariantSelector(()),
        lambda: VariantSelector((FAST, FAST)),
        lambda: VariantSelector((FAST,), margin=-0.1),
        lambda: VariantSelector((FAST,), margin=math.nan),
        lambda: Variant("x", 0.5, 0.0),
        lambda: Variant("x", math.nan, 1.0),
        lambda: LADDER.pick(0.0),
        lambda: LADDER.pick(math.nan),
        lambda: LADDER.pick(1.0, slowdown=-1.0),
        lambda: LADDER.pick(1.0, current=Variant("stranger", 0.5, 1.0)),
    ],
)
def test_impossible_ladders_and_questions_are_refused(make):
    with pytest.raises(ValueError, match=r"."):
        make()


SAMPLES = st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.5, 0.8, 1.0]), st.booleans(), st.booleans()), min_size=1)


@given(SAMPLES, st.integers(0, 5), st.integers(0, 20), st.floats(0, 1))
def test_the_threshold_is_the_best_of_all(samples, cost_small, cost_large, wanted):
    confidence, small, large = (np.array(column) for column in zip(*samples, strict=True))
    found = choose_threshold(
        confidence, small, large, cost_small=cost_small, cost_large=cost_large, min_accuracy=wanted
    )
    tried = []
    for limit in (0.0, *confidence, math.inf):
        asked = confidence < limit
        accuracy = float(np.mean(np.where(asked, large, small)))
        tried.append((cost_small + asked.mean() * cost_large, -accuracy))
    allowed = [pair for pair in tried if -pair[1] >= wanted - 1e-12]
    if not allowed:
        assert found is None
        return
    assert found.cost == pytest.approx(min(allowed)[0])
    assert found.accuracy >= wanted - 1e-12
    asked = confidence < found.confidence
    assert found.escalated == pytest.approx(asked.mean())
    assert found.accuracy == pytest.approx(np.mean(np.where(asked, large, small)))


def test_a_small_model_that_is_always_right_is_never_doubted():
    found = choose_threshold([0.3, 0.9], [True, True], [True, True], cost_small=1, cost_large=9, min_accuracy=1)
    assert (found.confidence, found.cost, found.escalated) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    "arguments",
    [
        ([], [], [], 1, 1, 0.5),
        ([0.5], [True, False], [True], 1, 1, 0.5),
        ([math.nan], [True], [True], 1, 1, 0.5),
        ([0.5], [True], [True], -1, 1, 0.5),
        ([0.5], [True], [True], 1, math.nan, 0.5),
        ([0.5], [True], [True], 1, 1, math.nan),
    ],
)
def test_impossible_samples_are_refused(arguments):
    *samples, small, large, wanted = arguments
    with pytest.raises(ValueError, match=r"need three vectors|must be numbers"):
        choose_threshold(*samples, cost_small=small, cost_large=large, min_accuracy=wanted)


SMALL, LARGE = (Artifact(name, models.content(name)) for name in ("int16x8", "int8"))


def data():
    """Images whose labels are the large model's answers on three of four, so that the two models differ."""
    rng = np.random.default_rng(1)
    splits = {}
    for split in ("train", "val", "test"):
        x = rng.random((40, 12, 12, 2), np.float32)
        y = predict(LARGE, x).argmax(1)
        y[::4] = (y[::4] + 1) % 9
        splits |= {f"x_{split}": x, f"y_{split}": y.astype(np.int64)}
    return Dataset("made", **splits)


def test_a_cascade_answers_with_the_model_that_was_asked():
    x = data().x_test
    sure = probabilities(predict(SMALL, x)).max(1)
    cascade = Cascade(SMALL, LARGE, float(np.median(sure)))
    answers, escalated = cascade(x)
    assert np.array_equal(escalated, sure < np.median(sure))
    assert 0 < escalated.sum() < len(x)
    assert np.array_equal(answers[~escalated], probabilities(predict(SMALL, x))[~escalated])
    assert np.allclose(answers[escalated], probabilities(predict(LARGE, x))[escalated], atol=1e-6)
    assert not Cascade(SMALL, LARGE, 0.0)(x)[1].any()
    assert Cascade(SMALL, LARGE, math.inf)(x)[1].all()


def test_the_cascade_uses_validation_alone():
    made = data()
    cascade, expected = Cascade.on_validation(SMALL, LARGE, made, cost_small=1, cost_large=10)
    answers, escalated = cascade(made.x_val)
    assert float(np.mean(answers.argmax(1) == made.y_val)) == pytest.approx(expected.accuracy)
    assert expected.accuracy >= 0.75
    assert escalated.mean() == pytest.approx(expected.escalated)
    changed = Dataset(
        "other", made.x_test, made.y_test, made.x_val, made.y_val, np.zeros_like(made.x_test), 0 * made.y_test
    )
    assert Cascade.on_validation(SMALL, LARGE, changed, cost_small=1, cost_large=10) == (cascade, expected)


def test_an_accuracy_out_of_reach_is_said():
    with pytest.raises(ValueError, match=r"no threshold reaches 0\.9900"):
        Cascade.on_validation(SMALL, LARGE, data(), cost_small=1, cost_large=10, min_accuracy=0.99)
