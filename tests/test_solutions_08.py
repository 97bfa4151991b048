"""Topic 08: our solutions against the library's codec and inspection, and against what LiteRT's QUANTIZE stores."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from course_lib import DynamicRange, Float16, float_tflite
from course_lib.catalog import topic
from course_lib.evaluation.codec import encode
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.inspection import inspect
from course_lib.models import Sketch
from course_lib.techniques import quantizer

TOPIC = topic("08")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "08.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


def with_sine(sines: int) -> bytes:
    net = Sketch((1, 8, 8, 1))
    x = net.conv(net.input, 4)
    for _ in range(sines):
        x = net.conv(net.unary("SIN", x), 4)
    float_file = net.artifact(net.dense(net.flatten(x), 3, relu=False)).content
    images = np.random.default_rng(0).random((4, 8, 8, 1), np.float32)
    return quantizer.quantize(float_file, quantizer.named("static_wi8_ai8"), images)


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16])
def test_what_is_stored_is_what_the_library_stores(answer, dtype):
    rng = np.random.default_rng(1)
    for scale, zero_point in ((0.0039, 3), (0.7, 17), (1 / 255, 0)):
        x = rng.normal(scale=200 * scale, size=500).astype(np.float32)
        ours = answer["encode_input"](x, dtype, scale, zero_point)
        assert ours.dtype == dtype
        assert np.abs(ours.astype(int) - encode(x, dtype, scale, zero_point)).max() <= 1
        assert (ours == encode(x, dtype, scale, zero_point)).mean() > 0.99


@BOTH
@pytest.mark.parametrize("sines", [0, 1, 2, 3])
def test_islands_of_a_real_file_are_the_inspections(answer, sines):
    anatomy = inspect(with_sine(sines))
    ops = [(op.name, op.dtype) for op in anatomy.subgraphs[0].operators]
    found = answer["find_float_islands"](ops)
    assert [tuple(each) for each in found] == [island.operators for island in anatomy.float_islands]
    assert len(found) == sines


@BOTH
@pytest.mark.parametrize("export", [Float16(), DynamicRange()], ids=["float16", "dynamic range"])
def test_a_float_file_is_one_island(answer, export):
    graph = inspect(export(float_tflite())).subgraphs[0]
    found = answer["find_float_islands"]([(op.name, op.dtype) for op in graph.operators])
    assert found == [[op.index for op in graph.operators if op.name != "DEQUANTIZE"]]
