"""Topic 02: our solutions against Keras' own shapes and parameters; a differently built answer passes."""

from __future__ import annotations

import gzip
import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from course_lib import backend
from course_lib.catalog import topic
from course_lib.core import Artifact
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.inspection import inspect
from course_lib.models import float_tflite

TOPIC = topic("02")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "02.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@pytest.mark.skipif(not backend.has_tensorflow(), reason="needs Keras")
@BOTH
def test_keras_builds_layers_of_this_shape_and_size(answer):
    layers = backend.keras().layers
    rng = np.random.default_rng(0)
    for _ in range(25):
        k, stride = int(rng.integers(1, 6)), int(rng.integers(1, 4))
        h, w, cin, cout = (int(n) for n in rng.integers((k, k, 1, 1), (20, 20, 6, 9)))
        padding, bias = ("same", "valid")[int(rng.integers(2))], bool(rng.integers(2))
        depthwise = bool(rng.integers(2))
        options = {"strides": stride, "padding": padding, "use_bias": bias}
        layer = layers.DepthwiseConv2D(k, **options) if depthwise else layers.Conv2D(cout, k, **options)
        found = answer["conv_cost"](h, w, cin, cout, k, stride, padding, depthwise, bias)
        layer.build((None, h, w, cin))
        assert tuple(found["out"]) == tuple(layer.compute_output_shape((1, h, w, cin)))[1:]
        assert found["params"] == layer.count_params()


@BOTH
def test_the_baseline_costs_what_its_anatomy_says(answer):
    layers = [(28, 28, 1, 32, 3, 2), (14, 14, 32, 64, 3, 2), (7, 7, 64, 64, 3, 1)]
    operators = [op for op in inspect(float_tflite("baseline")).subgraphs[0].operators if op.name == "CONV_2D"]
    assert [answer["conv_cost"](*layer)["macs"] for layer in layers] == [op.macs for op in operators]


def test_the_committed_variants_are_those_that_the_record_names():
    record = json.loads((TOPIC.folder / "record_variants.json").read_text("utf-8"))["variants"]
    pruned = Artifact("pruned", gzip.decompress((TOPIC.folder / "pruned80.tflite.gz").read_bytes()))
    half = Artifact.load(TOPIC.folder / "half_width.tflite")
    assert pruned.sha256 == record["pruned 80 %"]["sha256"]
    assert half.sha256 == record["half width"]["sha256"]
    assert pruned.raw_bytes == float_tflite("baseline").raw_bytes
