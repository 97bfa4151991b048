"""Topic 06: our solutions against the library's TensorFlow loss and its automatic gradient; another answer passes."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from course_lib import backend
from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.techniques.teacher import soft_and_hard

TOPIC = topic("06")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "06.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@pytest.mark.parametrize(("T", "alpha"), [(1.0, 0.5), (4.0, 0.9), (20.0, 1.0), (4.0, 0.0)])
def test_loss_and_gradient_are_those_of_the_library(answer, T, alpha):
    rng = np.random.default_rng(0)
    zs, zt = rng.normal(0, 3, (2, 16, 10))
    y = rng.integers(0, 10, 16)
    tf = backend.tensorflow()
    student = tf.constant(zs, tf.float32)
    loss = soft_and_hard(y, softmax(zt / T, axis=1).astype(np.float32), T, alpha)
    with tf.GradientTape() as tape:
        tape.watch(student)
        mean = tf.reduce_mean(loss(np.arange(16), student))
    assert np.isclose(answer["kd_loss"](zs, zt, y, T, alpha), float(mean), rtol=1e-4)
    slope = tape.gradient(mean, student).numpy()
    np.testing.assert_allclose(answer["kd_grad"](zs, zt, y, T, alpha), slope, atol=2e-5)
