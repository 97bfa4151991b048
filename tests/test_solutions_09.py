"""Topic 09: our solutions against the library's layer errors and its equalization; another answer passes."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from course_lib import fashion_mnist, float_tflite
from course_lib.catalog import topic
from course_lib.evaluation import layer_errors
from course_lib.evaluation import predict as outputs
from course_lib.evaluation.layers import _Run
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.techniques import DynamicRange, Int8

TOPIC = topic("09")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "09.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@pytest.fixture(scope="module")
def files():
    float32 = float_tflite("baseline")
    return float32, Int8(calibration=50)(float32, fashion_mnist()), DynamicRange()(float32)


@BOTH
@pytest.mark.parametrize("threshold", [5.0, 20.0, 27.0, 33.0, 60.0])
def test_the_first_layer_is_that_of_the_library(answer, files, threshold):
    x = fashion_mnist().x_val[:16]
    tensors = []
    for file in files[:2]:
        run = _Run(file, x, xnnpack=True, threads=1)
        run.invoke(x)
        tensors.append({layer.label: run.value(layer) for layer in run.layers})
    theirs = layer_errors(files[0], files[1], x).first_divergence(threshold)
    assert answer["first_divergent"](*tensors, threshold) == (theirs and theirs.layer)


@BOTH
def test_equalization_is_that_of_the_library(answer):
    """Dense, ReLU, dense in Keras: the library's Equalize ends at the same weights."""
    from course_lib import Equalize, backend

    keras = backend.keras()
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [layers.InputLayer((4, 4, 1)), layers.Flatten(), layers.Dense(12, activation="relu"), layers.Dense(5)]
    )
    rng = np.random.default_rng(0)
    W1, b1, W2, b2 = model.get_weights()
    sizes = 10.0 ** rng.uniform(-1, 1, 12).astype(np.float32)
    W1[:, 3] = 0
    model.set_weights([W1 * sizes, rng.normal(size=12).astype(np.float32), W2, b2])
    W1, b1, W2, b2 = model.get_weights()
    new1, bias, new2, _ = answer["cross_layer_equalize"](W1.T, b1, W2.T)
    theirs = Equalize()(model).get_weights()
    for ours, wanted in zip((new1.T, bias, new2.T), theirs, strict=False):
        np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1e-6)


def test_the_ward_is_as_the_lesson_says():
    """Bit-identical outputs after rescaling, and after equalizing a file that decides as before."""
    ward = runpy.run_path(str(TOPIC.folder / "ward.py"))
    float32, x = float_tflite("baseline"), fashion_mnist().x_test[:200]
    spread = ward["rescaled"](float32)
    np.testing.assert_array_equal(outputs(spread, x), outputs(float32, x))
    even = ward["equalized"](spread)
    np.testing.assert_allclose(outputs(even, x), outputs(float32, x), rtol=1e-3, atol=1e-3)
    assert set(ward["NAMES"].values()) < set(ward["DIAGNOSES"])
