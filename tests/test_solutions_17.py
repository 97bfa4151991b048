"""Topic 17: our solutions against LiteRT Quantizer, LiteRT's kernels and exact arithmetic; another answer passes."""

from __future__ import annotations

import runpy
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import fashion_mnist, float_tflite
from course_lib.catalog import topic
from course_lib.evaluation.codec import encode
from course_lib.evaluation.runtime import open_interpreter
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.inspection import inspect
from course_lib.techniques import Int8

TOPIC = topic("17")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "17.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@pytest.fixture(scope="module")
def files():
    float32 = float_tflite("baseline")
    return float32, Int8()(float32, fashion_mnist())


def constant(file, tensor):
    start, stop = tensor.span
    return np.frombuffer(file.content[start:stop], tensor.dtype).reshape(tensor.shape)


@BOTH
def test_the_weights_are_those_of_litert_quantizer(answer, files):
    float32, int8 = files
    pairs = 0
    for before, after in zip(
        inspect(float32).subgraphs[0].operators, inspect(int8).subgraphs[0].operators, strict=True
    ):
        if before.name == "RESHAPE":
            continue
        real, stored = (
            inspect(file).subgraphs[0].tensors[op.inputs[1]] for file, op in ((float32, before), (int8, after))
        )
        q, s = answer["quantize_weights_per_axis"](constant(float32, real))
        np.testing.assert_allclose(s, stored.quantization.scale, rtol=1e-6)
        gap = np.abs(q.astype(int) - constant(int8, stored))
        assert gap.max() <= 1  # a weight that lies on a tie in float32
        assert np.mean(gap > 0) < 1e-4
        pairs += 1
    assert pairs == 4


@pytest.mark.parametrize("xnnpack", [True, False])
@BOTH
def test_the_last_layer_is_within_one_step_of_litert(answer, files, xnnpack):
    _, int8 = files
    graph = inspect(int8).subgraphs[0]
    op = graph.operators[-1]
    x, w, b = (graph.tensors[index] for index in op.inputs)
    y = graph.tensors[op.outputs[0]]
    image = graph.tensors[graph.inputs[0]].quantization
    pixels = encode(fashion_mnist().x_test[:30], np.int8, float(image.scale[0]), int(image.zero_point[0]))
    interpreter = open_interpreter(int8, xnnpack=xnnpack, preserve=True, allocate=False)
    interpreter.resize_tensor_input(graph.inputs[0], pixels.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(graph.inputs[0], pixels)
    interpreter.invoke()
    scales = [t.quantization.scale.astype(np.float64) for t in (x, w, y)]
    numbers = [answer["quantize_multiplier"](float(M)) for M in scales[0] * scales[1] / scales[2]]
    mult, shift = np.array(numbers).T
    zx, zo = (int(t.quantization.zero_point[0]) for t in (x, y))
    ours = answer["qlinear_int8"](
        interpreter.get_tensor(x.index), zx, constant(int8, w), constant(int8, b), mult, shift, zo
    )
    assert np.abs(ours.astype(int) - interpreter.get_tensor(y.index)).max() <= 1


@BOTH
@settings(deadline=None, max_examples=100)
@given(M=st.floats(2.0**-31, 100.0))
def test_the_multiplier_is_the_nearest_with_31_bits(answer, M):
    m0, shift = answer["quantize_multiplier"](M)
    assert 2**30 <= m0 < 2**31
    ours = Fraction(m0) * Fraction(2) ** (shift - 31)
    assert abs(ours - Fraction(M)) <= Fraction(2) ** (shift - 32)


@settings(deadline=None, max_examples=100)
@given(
    acc=st.integers(-(2**31) + 1, 2**31 - 1), mult=st.integers(2**30, 2**31 - 1), shift=st.integers(-31, 0),
    zo=st.integers(-128, 127),
)  # fmt: skip
def test_our_layer_rounds_exactly(acc, mult, shift, zo):
    one = np.zeros((1, 1), np.int8)
    found = OURS["qlinear_int8"](one, 0, one, np.array([acc], np.int32), mult, shift, zo)
    exact = Fraction(acc * mult) * Fraction(2) ** (shift - 31) + zo
    nearest = (exact + Fraction(1, 2)).__floor__()
    assert int(found[0, 0]) == max(-128, min(127, nearest))


def test_per_axis_is_tensorflows_narrow_range():
    from course_lib import backend

    tf = backend.tensorflow()
    W = np.random.default_rng(0).normal(size=(6, 3, 3, 4)).astype(np.float32)
    for axis in (0, 3):
        q, s = OURS["quantize_weights_per_axis"](W, axis)
        shape = [1] * 4
        shape[axis] = -1
        wanted = tf.quantization.quantize_and_dequantize_v2(
            W, input_min=0.0, input_max=0.0, narrow_range=True, axis=axis, num_bits=8
        )
        np.testing.assert_allclose(q * s.reshape(shape), wanted, atol=1e-6 + s.max() * 1e-4)
