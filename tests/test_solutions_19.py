"""Topic 19: our solutions against the library's grid; the committed files unpack, load and pack again."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib.catalog import topic
from course_lib.core import Artifact
from course_lib.evaluation.runtime import open_interpreter
from course_lib.evaluation.weights import fake_quantize
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.packing import pack, unpack

TOPIC = topic("19")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "19.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])
RECORD = json.loads((TOPIC.folder / "record.json").read_text(encoding="utf-8"))
PACKED = sorted((TOPIC.folder / "packed").glob("*.bin"))
WEIGHTS = arrays.arrays(
    np.float32,
    arrays.array_shapes(max_dims=3, max_side=6),
    elements=st.sampled_from([0.0, 0.0, 0.0, -1.5, 0.25, 0.5, 2.0, 3.25]),
)


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@pytest.mark.parametrize("bits", [2, 4, 8, 12])
def test_the_grid_is_the_librarys(answer, bits):
    w = np.random.default_rng(0).normal(size=(30, 20)).astype(np.float32)
    w[np.abs(w) < 0.6] = 0
    q, s = answer["quantize_keep_zeros"](w, bits)
    values, _ = fake_quantize(w, bits, None)
    step = np.abs(w).max() / (2 ** (bits - 1) - 1)
    assert np.abs(q * s - values).max() < 1.001 * step  # a tie may round either way
    assert (np.abs(q * s - values) < 1e-5).mean() > 0.99


@BOTH
@settings(deadline=None, max_examples=60)
@given(w=WEIGHTS, gap_bits=st.integers(1, 5))
def test_few_values_come_back_exactly(answer, w, gap_bits):
    blob = answer["deep_compress"](w, 0.0, 5, gap_bits)
    assert np.array_equal(answer["deep_decompress"](blob), w)
    assert blob["payload_bits"] == len(blob["codes"]) + len(blob["gaps"]) + 32 * len(blob["codebook"])


@settings(deadline=None, max_examples=40)
@given(w=WEIGHTS, sparsity=st.sampled_from([0.0, 0.5, 0.9]), gap_bits=st.integers(1, 5))
def test_both_answers_keep_as_many(w, sparsity, gap_bits):
    blobs = [answer["deep_compress"](w + np.float32(0), sparsity, 8, gap_bits) for answer in (OURS, ALTERNATIVE)]
    kept = [np.count_nonzero(a["deep_decompress"](b)) for a, b in zip((OURS, ALTERNATIVE), blobs, strict=True)]
    assert abs(kept[0] - kept[1]) <= 1


@pytest.mark.parametrize("path", PACKED, ids=lambda path: path.stem)
def test_packed_files_give_their_tflite_back(path):
    content = unpack(path.read_bytes())
    open_interpreter(Artifact(path.stem, content))
    assert abs(len(pack(content).content) / path.stat().st_size - 1) < 0.02
    assert path.stat().st_size < 100_000


def test_the_record_names_its_command_and_its_files():
    assert RECORD["command"].endswith("make_record.py")
    assert {Path(run["file"]).name for run in RECORD["orders"].values()} < {path.name for path in PACKED}
    assert all(run["seconds"] > 0 for runs in RECORD["lenet_5"].values() for run in runs.values())
