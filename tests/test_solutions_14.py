"""Topic 14: our solutions against the cryptography package and the library's loader; another answer passes."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.security import canonical

TOPIC = topic("14")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "14.py"))
KEY = bytes(range(32))


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@settings(deadline=None, max_examples=60)
@given(model=st.binary(max_size=300), version=st.integers(0, 2**63 - 1), nonce=st.binary(min_size=12, max_size=12))
def test_one_opens_what_the_other_sealed(model, version, nonce):
    blobs = [answer["seal_model"](model, KEY, version, nonce) for answer in (OURS, ALTERNATIVE)]
    assert blobs[0] == blobs[1]
    for answer in (OURS, ALTERNATIVE):
        assert answer["open_model"](blobs[0], KEY, version) == model
        with pytest.raises(ValueError, match=r"version|rolled back"):
            answer["open_model"](blobs[0], KEY, version + 1)


@settings(deadline=None, max_examples=60)
@given(model=st.binary(max_size=60), bit=st.integers(0, 8 * 36 - 1))
def test_no_bit_may_change(model, bit):
    blob = bytearray(OURS["seal_model"](model, KEY, 3, bytes(12)))
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidTag):
        OURS["open_model"](bytes(blob), KEY)


@pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])
@pytest.mark.parametrize("name", ["wake", "唤醒词", 'quote " and \\ slash', ""])
def test_the_body_is_the_librarys_canonical_json(answer, name):
    private = Ed25519PrivateKey.from_private_bytes(KEY)
    body, signature = answer["sign_manifest"](KEY, b"model", 7, name)
    assert canonical.encode(canonical.decode(body)) == body
    private.public_key().verify(signature, body)
    public = private.public_key().public_bytes_raw()
    assert answer["verify_manifest"](public, body, signature, b"model", 7)["name"] == name
