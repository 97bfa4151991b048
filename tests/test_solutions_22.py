"""Topic 22: our solutions against Keras layers and the library's folding; an answer built differently passes."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import backend
from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade

TOPIC = topic("22")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "22.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@pytest.mark.parametrize("kind", ["conv", "depthwise", "depthwise x 3", "dense"])
@pytest.mark.parametrize("use_bias", [True, False])
def test_folding_is_keras(answer, kind, use_bias):
    keras = backend.keras()
    layers, rng = keras.layers, np.random.default_rng(0)
    shape = (6,) if kind == "dense" else (7, 7, 4)
    layer = {
        "conv": lambda: layers.Conv2D(5, 3, use_bias=use_bias),
        "depthwise": lambda: layers.DepthwiseConv2D(3, use_bias=use_bias),
        "depthwise x 3": lambda: layers.DepthwiseConv2D(3, depth_multiplier=3, use_bias=use_bias),
        "dense": lambda: layers.Dense(5, use_bias=use_bias),
    }[kind]()
    normalization = layers.BatchNormalization(epsilon=2e-3)
    model = keras.Sequential([layers.InputLayer(shape), layer, normalization])
    channels = model.output_shape[-1]
    if use_bias:
        layer.set_weights([layer.get_weights()[0], rng.normal(size=channels).astype(np.float32)])
    stats = [
        rng.normal(size=channels),
        rng.normal(size=channels),
        rng.normal(size=channels),
        rng.uniform(0, 2, channels),
    ]
    normalization.set_weights([np.float32(v) for v in stats])
    x = rng.normal(size=(4, *shape)).astype(np.float32)
    want = model(x, training=False).numpy()
    bias = layer.get_weights()[1] if use_bias else None
    kernel, shift = answer["fold_bn"](
        layer.get_weights()[0], bias, *normalization.get_weights(), eps=2e-3, depthwise="depthwise" in kind
    )
    if use_bias:
        layer.set_weights([np.float32(kernel), np.float32(shift)])
        got = layer(x).numpy()
    else:
        layer.set_weights([np.float32(kernel)])
        got = layer(x).numpy() + np.float32(shift)
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


@st.composite
def graphs(draw):
    nodes = {"x": ("input",), "c": ("const", np.float32([1.5, -2])), "r": ("random",)}
    for k in range(draw(st.integers(0, 15))):
        op = draw(st.sampled_from(sorted(OURS["OPS"])))
        among = st.sampled_from(sorted(nodes))
        nodes[f"n{k}"] = (op, *(draw(among) for _ in range(1 if op == "neg" else 2)))
    outputs = draw(st.lists(st.sampled_from(sorted(nodes)), max_size=3))
    return dict(draw(st.permutations(list(nodes.items())))), outputs


@settings(deadline=None, max_examples=60)
@given(graph=graphs())
def test_both_answers_leave_the_same_graph(graph):
    ours, other = (answer["optimize_graph"](*graph) for answer in (OURS, ALTERNATIVE))
    assert ours.keys() == other.keys()
    assert {name: node[0] for name, node in ours.items()} == {name: node[0] for name, node in other.items()}
    assert len(OURS["optimize_graph"](ours, graph[1])) == len(ours)  # once is enough
