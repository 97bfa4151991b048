"""Topic 23: our solutions against the library's planner and inspection, and the addresses that LiteRT chose."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import float_tflite
from course_lib.catalog import topic
from course_lib.core import Artifact
from course_lib.deployment import Rules, litert_arena, plan_arena
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.inspection import inspect
from course_lib.inspection.lifetimes import Lifetime
from tests import third_party

TOPIC = topic("23")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "23.py"))
REFEREES = sorted((TOPIC.folder / "referee").glob("*.tflite"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])
RECORDS = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(0, 9), st.integers(0, 5)).map(lambda t: (t[0], t[1], t[1] + t[2])),
    max_size=20,
)


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@given(records=RECORDS, align=st.sampled_from([1, 16, 64]))
def test_the_plan_is_the_librarys(answer, records, align):
    plan = plan_arena([Lifetime(i, first, last, size) for i, (size, first, last) in enumerate(records)], Rules(align))
    offsets, total = answer["plan_arena"](records, align)
    assert list(offsets) == [block.offset for block in plan.blocks] or len({r[0] for r in records}) < len(records)
    assert total == max((offset + record[0] for offset, record in zip(offsets, records, strict=True)), default=0)


@BOTH
@pytest.mark.parametrize("path", REFEREES, ids=lambda path: path.stem)
def test_live_bytes_are_the_inspections(answer, path):
    content = path.read_bytes()
    assert len(content) < 30_000
    assert answer["live_bytes"](content) == [op.live_bytes for op in inspect(content).subgraphs[0].operators]
    arena = litert_arena(Artifact(path.stem, content))
    assert arena is not None
    assert max(answer["live_bytes"](content)) <= arena.bytes


@BOTH
def test_live_bytes_of_the_baseline_are_the_inspections(answer):
    content = float_tflite().content
    assert max(answer["live_bytes"](content)) == inspect(content).peak_live_bytes


@BOTH
@pytest.mark.parametrize(
    ("package", "name"),
    [("pyopen-wakeword", "embedding_model"), ("pyopen-wakeword", "hey_mycroft"), ("basic-pitch", "nmp")],
)
def test_live_bytes_of_strangers_files_are_the_inspections(answer, package, name):
    content = third_party.model(package, name)
    assert answer["live_bytes"](content) == [op.live_bytes for op in inspect(content).subgraphs[0].operators]
