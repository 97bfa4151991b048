"""Topic 20: our solutions against LiteRT's dynamic-range kernel and NumPy's quantiles; another answer passes."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import fashion_mnist, float_tflite
from course_lib.catalog import topic
from course_lib.evaluation import sqnr_db
from course_lib.evaluation.runtime import open_interpreter
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.inspection import inspect
from course_lib.techniques import DynamicRange

TOPIC = topic("20")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "20.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
def test_the_product_is_litert_s_dynamic_range(answer):
    file = DynamicRange()(float_tflite("baseline"))
    graph = inspect(file).subgraphs[0]
    op = graph.operators[-1]
    w, b = (graph.tensors[index] for index in op.inputs[1:])
    wq, bias = (np.frombuffer(file.content[t.span[0] : t.span[1]], t.dtype).reshape(t.shape) for t in (w, b))
    images = fashion_mnist().x_test[:20]
    interpreter = open_interpreter(file, preserve=True)
    interpreter.resize_tensor_input(graph.inputs[0], images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(graph.inputs[0], images)
    interpreter.invoke()
    x, logits = interpreter.get_tensor(op.inputs[0]), interpreter.get_tensor(op.outputs[0])
    ours = answer["dynamic_quant_matmul"](x, wq, w.quantization.scale) + bias
    assert sqnr_db(logits, ours) > 50  # a code that lies on a tie may round the other way
    assert np.abs(ours - logits).max() < 0.2  # where the kernel keeps zero in the middle: half a bit of 30


@BOTH
@settings(deadline=None, max_examples=80)
@given(
    batches=st.lists(
        arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6, width=32)), min_size=1, max_size=6
    ),
    bins=st.sampled_from([2, 10, 64]),
)
def test_the_histogram_is_numpys_over_its_own_range(answer, batches, bins):
    histogram = answer["StreamingHistogram"](bins)
    for batch in batches:
        histogram.update(batch)
    seen = np.concatenate(batches)
    assert np.sum(histogram.counts) == len(seen)
    width = (histogram.hi - histogram.lo) / bins
    for q in (0.0, 0.3, 0.5, 1.0):
        low, high = (np.quantile(seen, q, method=how) for how in ("lower", "higher"))
        slack = 3 * width + 1e-6 * np.abs(seen).max()
        assert low - slack <= histogram.quantile(q) <= high + slack
