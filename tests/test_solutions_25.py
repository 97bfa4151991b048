"""Topic 25: our solutions against the runtime's delegate, and against exact integers; another answer passes too."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib import DynamicRange, Int4, Int8, Int16x8, digits, fashion_mnist, float_tflite
from course_lib.catalog import topic
from course_lib.evaluation.runtime import delegate_name, open_interpreter
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade

TOPIC = topic("25")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "25.py"))
REFEREES = sorted((TOPIC.folder / "referee").glob("*.tflite"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@pytest.mark.parametrize("export", [DynamicRange(), Int4(), Int8(), Int16x8()], ids=lambda each: each.name)
def test_what_is_left_is_what_the_library_counts(answer, export):
    artifact = export(float_tflite(), fashion_mnist() if export.name.startswith("int") else digits())
    interpreter = open_interpreter(artifact)
    own = [entry for entry in interpreter._get_ops_details() if entry["op_name"] != "DELEGATE"]
    left, name = len(answer["not_delegated"](artifact.content)), delegate_name(interpreter)
    expected = {0: "XNNPACK", len(own): "none (built-in kernels)"}
    assert name == expected.get(left, f"XNNPACK {len(own) - left}/{len(own)} ops")


def test_the_referees_are_small_and_of_every_kind():
    found = {path.stem: len(OURS["not_delegated"](path.read_bytes())) for path in REFEREES}
    assert len(found) >= 12
    assert all(path.stat().st_size < 30_000 for path in REFEREES)
    assert found["chain_float32"] == 0
    assert found["chain_static_wi8_ai16"] == 5
    assert 0 < found["chain_dynamic_wi4c_afp32"] < 5


@BOTH
@settings(deadline=None, max_examples=50)
@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 6).map(lambda half: 2 * half)),
    data=st.data(),
)
def test_maddubs_is_the_clipped_exact_sum(answer, shape, data):
    u = data.draw(arrays.arrays(np.uint8, shape))
    s = data.draw(arrays.arrays(np.int8, shape))
    exact = (u.astype(object) * s.astype(object)).reshape(shape[0], -1, 2).sum(-1)
    found = answer["maddubs"](u, s)
    assert found.dtype == np.int16
    assert found.tolist() == [[min(max(each, -32768), 32767) for each in row] for row in exact.tolist()]
