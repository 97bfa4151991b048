"""Topic 27: our solutions against TensorFlow's operator and its gradient; the lesson's files; another answer passes."""

from __future__ import annotations

import gzip
import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from course_lib import Artifact, backend
from course_lib.catalog import topic
from course_lib.evaluation.weights import weighted_layers
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade

TOPIC = topic("27")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "27.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


def settings(rng):
    for bits in (2, 4, 8):
        for narrow in (False, True):
            for mn, mx in ((-1.03, 2.1), (0.5, 3.0), (-3.0, -0.5)):
                x = rng.uniform(-6, 6, (10, 12)).astype(np.float32)
                yield x, float(np.float32(mn)), float(np.float32(mx)), bits, narrow


@BOTH
def test_values_and_gradients_are_tensorflows(answer):
    tf = backend.tensorflow()
    rng = np.random.default_rng(0)
    for x, mn, mx, bits, narrow in settings(rng):
        low, high, values = tf.Variable(mn), tf.Variable(mx), tf.Variable(x)
        g = rng.normal(size=x.shape).astype(np.float32)
        with tf.GradientTape() as tape:
            theirs = tf.quantization.fake_quant_with_min_max_vars(values, low, high, bits, narrow)
            loss = tf.reduce_sum(theirs * g)
        step = (mx - mn) / (2**bits - 1 - narrow)
        ours = answer["fake_quant"](x, mn, mx, bits, narrow)
        near_a_tie = np.abs(x / step % 1 - 0.5) < 1e-3
        np.testing.assert_allclose(ours[~near_a_tie], theirs.numpy()[~near_a_tie], atol=1e-5)
        for part, theirs_part in zip(
            answer["fake_quant_grad"](g, x, mn, mx, bits, narrow),
            tape.gradient(loss, [values, low, high]),
            strict=True,
        ):
            np.testing.assert_allclose(part, theirs_part.numpy(), atol=1e-3)


@pytest.mark.parametrize("bits", [4, 3, 2])
def test_a_trained_file_lies_on_its_grid(bits):
    content = gzip.decompress((TOPIC.folder / "files" / f"trained_{bits}.tflite.gz").read_bytes())
    for layer, weights in weighted_layers(Artifact("trained", content)):
        channels = weights.reshape(len(weights), -1)
        step = np.abs(channels).max(1, keepdims=True) / (2 ** (bits - 1) - 1)
        np.testing.assert_allclose(channels / step, np.round(channels / step), atol=2e-3, err_msg=layer.label)


def test_the_record_names_its_command_seeds_and_seconds():
    record = json.loads((TOPIC.folder / "record_runs.json").read_text(encoding="utf-8"))
    assert record["command"].endswith("make_runs.py")
    assert record["seeds"] == [0, 1, 2]
    assert record["seconds"] > 0
    for bits in (8, 4, 3, 2):
        names = [run["name"] for run in record["runs"] if run["bits"] == bits and run["seed"] is not None]
        assert names.count("straight-through") == names.count("control, rounded") == 3
