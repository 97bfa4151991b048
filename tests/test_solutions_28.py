"""Topic 28: our solutions against the library's inspector, SciPy's connected components, and another build."""

from __future__ import annotations

import itertools
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from course_lib import DynamicRange, Float16, float_tflite
from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.inspection import graph_diff
from tests import third_party

TOPIC = topic("28")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "28.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


def same(answer, before, after):
    found = answer["graph_diff"](before, after)
    right = graph_diff(before, after)
    assert found["removed"] == right.removed
    assert found["added"] == right.added
    assert {dtype: tuple(pair) for dtype, pair in found["retyped"].items()} == right.retyped


@BOTH
def test_the_diff_is_the_inspectors_on_files_of_the_course(answer):
    float32 = float_tflite("baseline")
    for export in (DynamicRange(), Float16()):
        same(answer, float32.content, export(float32).content)


@BOTH
def test_the_diff_is_the_inspectors_on_third_party_files(answer):
    """Streaming wake words with state in subgraphs, and one of them against a network of the course."""
    files = [third_party.model("pymicro-wakeword", name) for name in ("alexa", "hey_jarvis")]
    for before, after in itertools.pairwise([*files, float_tflite("baseline").content]):
        same(answer, before, after)


@BOTH
def test_a_chain_of_a_hundred_thousand_layers_is_one_group(answer):
    layers = list(range(100_000))
    for ties in ([(n + 1, n) for n in layers[:-1]], [(n, n + 1) for n in layers[-2::-1]]):
        assert answer["channel_groups"](layers, ties) == [layers]


@BOTH
@given(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_groups_are_scipys_connected_components(answer, drawn):
    count, ties = drawn
    groups = answer["channel_groups"](list(range(count)), ties)
    rows, columns = np.array(ties, int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(ties)), (rows, columns)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    right = sorted(np.flatnonzero(labels == label).tolist() for label in set(labels))
    assert [list(group) for group in groups] == right
