"""Topic 15: our solutions against the library's energy model and its inspection, on strangers' files too."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import float_tflite
from course_lib.catalog import topic
from course_lib.deployment.arithmetic import mac_pj
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.inspection import inspect
from tests import third_party

TOPIC = topic("15")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "15.py"))
REFEREES = sorted((TOPIC.folder / "referee").glob("*.tflite"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])
COUNTS = st.integers(0, 10**9)


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@given(macs=COUNTS, weights=COUNTS, acts=COUNTS, kind=st.sampled_from(["float32", "float16", "int8"]))
def test_the_prices_are_the_librarys(answer, macs, weights, acts, kind):
    found = answer["energy_uj"](macs, weights, acts, kind)
    width = {"float32": 4, "float16": 2, "int8": 1}[kind]
    assert found["compute"] == pytest.approx(macs * mac_pj(kind, kind) / 1e6)
    assert found["weights"] == pytest.approx(weights * width / 8 * 1300 / 1e6)
    assert found["activations"] == pytest.approx(acts * width / 8 * 20 / 1e6)


def agrees(answer, content):
    found = answer["op_costs"](content)
    operators = inspect(content).subgraphs[0].operators
    counted = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    assert found == [
        {
            "op": op.name,
            "macs": op.macs if op.name in counted else 0,
            "weight_bytes": op.weight_bytes,
            "activation_bytes": op.activation_bytes,
        }
        for op in operators
    ]


@BOTH
@pytest.mark.parametrize("path", REFEREES, ids=lambda path: path.stem)
def test_the_counts_are_the_inspections(answer, path):
    assert path.stat().st_size < 30_000
    agrees(answer, path.read_bytes())


@BOTH
def test_the_counts_of_the_baseline_are_the_inspections(answer):
    agrees(answer, float_tflite().content)


@BOTH
@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("pymicro-wakeword", "alexa"),
        ("pymicro-wakeword", "okay_nabu"),
        ("pyopen-wakeword", "embedding_model"),
        ("pyopen-wakeword", "hey_mycroft"),
        ("basic-pitch", "nmp"),
    ],
)
def test_the_counts_of_strangers_files_are_the_inspections(answer, package, name):
    agrees(answer, third_party.model(package, name))
