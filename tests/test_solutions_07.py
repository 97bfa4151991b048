"""Topic 07: our solutions against the library's bias correction and exhaustive search; another answer passes."""

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

TOPIC = topic("07")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "07.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


def test_the_bias_is_that_of_the_library():
    """The course's CorrectBias on two dense layers, the second of which sees what the first one became."""
    from course_lib import CorrectBias, backend
    from course_lib.core import Dataset
    from course_lib.techniques.correct_bias import fake_quantize

    keras = backend.keras()
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [layers.InputLayer((4, 4, 1)), layers.Flatten(), layers.Dense(12, activation="relu"), layers.Dense(5)]
    )
    rng = np.random.default_rng(0)
    x = rng.random((64, 4, 4, 1), dtype=np.float32)
    y = rng.integers(0, 5, 64)
    data = Dataset("made up", x, y, x, y, x, y, tuple("abcde"))
    corrected = CorrectBias(bits=4, calibration=64)(model, data)

    W1, b1, W2, b2 = (layer.astype(np.float64) for layer in model.get_weights())
    Q1, Q2 = (fake_quantize(W.astype(np.float32), 4, (1,)) for W in (W1, W2))
    flat = x.reshape(64, -1)
    new1 = OURS["bias_correct"](W1.T, Q1.T, b1, flat.mean(0))
    exact, rounded = (np.maximum(flat @ W + b, 0) for W, b in ((W1, b1), (Q1, new1)))
    # The second layer's shift has two parts: its own rounding, and what its input has become on average.
    new2 = OURS["bias_correct"](W2.T, Q2.T, b2, rounded.mean(0)) - W2.T @ (rounded.mean(0) - exact.mean(0))
    theirs = corrected.get_weights()
    np.testing.assert_allclose(theirs[1], new1, atol=1e-5)
    np.testing.assert_allclose(theirs[3], new2, atol=1e-5)


@BOTH
@settings(deadline=None, max_examples=60)
@given(values=st.lists(st.integers(0, 9), min_size=16, max_size=16), target=st.integers(-1, 11))
def test_the_search_is_greedy_on_any_metric(answer, values, target):
    """Any function of four layers: each step is the best of its candidates, and the search stops in time."""
    kept = [frozenset(c) for r in range(5) for c in itertools.combinations(range(4), r)]
    metric = dict(zip(kept, values, strict=True))
    layers, value = answer["min_float_layers"](metric.__getitem__, 4, target)
    assert value == metric[frozenset(layers)]
    assert value >= target or len(layers) == 4
    for k, layer in enumerate(layers):
        before = frozenset(layers[:k])
        assert metric[before] < target
        candidates = {one: metric[before | {one}] for one in range(4) if one not in before}
        assert layer == min(candidates, key=lambda one: (-candidates[one], one))


@BOTH
def test_greedy_finds_the_smallest_choice_when_layers_add_up(answer):
    rng = np.random.default_rng(0)
    for _ in range(20):
        gains = rng.uniform(0, 10, 6)
        target = float(rng.uniform(0, gains.sum()))
        layers, _ = answer["min_float_layers"](lambda kept, g=gains: sum(g[k] for k in kept), 6, target)
        sizes = [r for r in range(7) for c in itertools.combinations(range(6), r) if sum(gains[k] for k in c) >= target]
        assert len(layers) == min(sizes)
