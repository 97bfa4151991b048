"""Topic 01: our solutions against FlatBuffers' own reader and XNNPACK's own partition; another answer passes."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from course_lib.catalog import topic
from course_lib.evaluation.runtime import open_interpreter
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.models import Sketch, float_tflite

TOPIC = topic("01")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "01.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])
TAKEN, REFUSED = "ABS", "SIGN"  # by the XNNPACK of this LiteRT


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
def test_the_header_is_what_flatbuffers_reads(answer):
    from ai_edge_litert import schema_py_generated as schema

    files = [float_tflite("baseline").content, *(path.read_bytes() for path in Path("tests/data").glob("*.tflite"))]
    assert len(files) > 5
    for content in files:
        found = answer["parse_tflite_header"](content)
        assert found == {"root_offset": schema.Model.GetRootAs(content)._tab.Pos, "identifier": "TFL3"}


@BOTH
@pytest.mark.parametrize("seed", range(4))
def test_the_delegate_cuts_a_chain_as_we_do(answer, seed):
    rng = np.random.default_rng(seed)
    names = [str(name) for name in rng.choice([TAKEN, REFUSED], 9)]
    net = Sketch((1, 4, 4, 2))
    x = net.input
    for name in names:
        x = net.unary(name, x)
    listed = open_interpreter(net.artifact(x))._get_ops_details()
    parts = [op for op in listed if op["op_name"] == "DELEGATE"]
    segments = [indices for flag, indices in answer["partition_delegate"](names, {TAKEN}) if flag]
    assert len(parts) == len(segments)
    # Tensor 0 is the input, tensor i + 1 what operator i writes: a part's first input and last output are its ends.
    ends = sorted((int(min(part["inputs"])), int(max(part["outputs"]))) for part in parts)
    assert ends == [(indices[0], indices[-1] + 1) for indices in segments]
