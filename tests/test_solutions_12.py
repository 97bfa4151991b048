"""Topic 12: our solutions against Keras, ml_dtypes, LiteRT's files and the library; another answer passes."""

from __future__ import annotations

import importlib.util
import json
import os
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.inspection import inspect
from course_lib.techniques.prune_nm import largest_of_each_block

TOPIC = topic("12")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "12.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])
KERAS = """
import numpy as np
from keras.quantizers import pack_int4
q = np.random.default_rng(0).integers(-8, 8, (31, 1)).astype("int8")
packed, _, _ = pack_int4(q, axis=0)
print(np.asarray(packed).astype("uint8").ravel().tolist())
"""


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="needs Keras 3")
def test_keras_packs_the_same_bytes():
    # In a process of its own: Keras 3 and Keras 2 do not share a kernel.
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", KERAS], capture_output=True, text=True, env=environment, check=True)
    q = np.random.default_rng(0).integers(-8, 8, (31, 1)).astype("int8")
    assert json.loads(done.stdout.splitlines()[-1]) == list(OURS["pack_int4"](q))


@BOTH
@settings(deadline=None, max_examples=60)
@given(q=hnp.arrays(np.int8, st.integers(0, 65), elements=st.integers(-8, 7)))
def test_unpacking_is_ml_dtypes_sign(answer, q):
    import ml_dtypes

    packed = np.frombuffer(bytes(answer["pack_int4"](q)), np.uint8)
    found = answer["unpack_int4"](packed, len(q))
    low = (packed & 15).view(np.int8).astype(ml_dtypes.int4).astype(np.int8)
    assert np.array_equal(found[0::2], low[: len(found[0::2])])
    assert np.array_equal(found, q)


@BOTH
def test_every_int4_buffer_of_the_zip_is_a_round_trip(answer):
    buffers = 0
    with zipfile.ZipFile(TOPIC.folder / "operators.zip") as archive:
        for name in archive.namelist():
            content = archive.read(name)
            for tensor in inspect(content).subgraphs[0].tensors:
                if tensor.dtype == "int4" and tensor.span:
                    buffer = np.frombuffer(content[slice(*tensor.span)], np.uint8)
                    weights = answer["unpack_int4"](buffer, tensor.elements)
                    assert bytes(answer["pack_int4"](weights)) == buffer.tobytes()
                    buffers += 1
    assert buffers >= 4


@BOTH
@pytest.mark.parametrize(("n", "m"), [(2, 4), (1, 4), (3, 8)])
def test_the_mask_is_the_librarys(answer, n, m):
    w = np.random.default_rng(n).normal(size=(3, 5, 2 * m)).astype(np.float32)  # no ties
    ours = answer["nm_mask"](w, n, m)
    theirs = largest_of_each_block(np.moveaxis(w, -1, -2), n, m)  # its groups run along the input channels
    assert np.array_equal(ours, np.moveaxis(theirs, -2, -1))


def test_the_zip_is_complete_with_its_refusals():
    made = json.loads((TOPIC.folder / "operators.json").read_text("utf-8"))
    with zipfile.ZipFile(TOPIC.folder / "operators.zip") as archive:
        names = set(archive.namelist())
    assert not names & set(made["refused"])
    modes = {name.split("/")[1] for name in names | set(made["refused"])}
    operators = {name.split("/")[0] for name in names}
    assert len(names) + len(made["refused"]) == len(operators) * len(modes)
    assert len(operators) == 20
    assert len(modes) == 13
