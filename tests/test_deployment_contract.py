"""The contract: written from the file, read back the same, held against the file when it is loaded."""

import json
from dataclasses import replace

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from hypothesis import given
from hypothesis import strategies as st

from course_lib.core import Artifact
from course_lib.deployment import Contract, Preprocessing, interface_differences, load_verified, write_contract
from course_lib.deployment.contract import path_beside
from course_lib.evaluation import predict
from course_lib.inspection import inspect
from course_lib.models import float_tflite
from tests import inspection_models as models
from tests import third_party

INT8 = Artifact("int8", models.content("int8"))
IMAGE = "conv2d_input"
FULL = write_contract(
    INT8,
    version=3,
    preprocessing={IMAGE: Preprocessing(255.0, (0.5, 0.25), (0.5, 0.125), "")},
    labels=tuple("abcdefghi"),
)


@pytest.mark.parametrize("name", models.FILES)
def test_the_contract_is_what_the_interpreter_says(name):
    content = models.content(name)
    contract = write_contract(Artifact(name, content))
    interpreter = Interpreter(model_content=content)
    for ports, details in (
        (contract.inputs, interpreter.get_input_details()),
        (contract.outputs, interpreter.get_output_details()),
    ):
        assert [(p.dtype, p.scale or 0.0, p.zero_point or 0) for p in ports] == [
            (np.dtype(d["dtype"]).name, *d["quantization"]) for d in details
        ]
        assert [p.shape for p in ports] == [tuple(d["shape_signature"]) or tuple(d["shape"]) for d in details]
    signatures = interpreter.get_signature_list()
    if contract.signature is not None:
        assert {port.name for port in contract.inputs} == set(signatures[contract.signature]["inputs"])


def test_json_and_back_is_the_same_contract():
    assert Contract.from_json(FULL.to_json()) == FULL
    assert FULL.to_json() == Contract.from_json(FULL.to_json()).to_json()
    plain = json.loads(FULL.to_json())
    assert plain["inputs"][0]["name"] == IMAGE
    assert list(plain) == sorted(plain)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(-(2**31), 2**31))
def test_a_scale_survives_json_to_the_last_bit(scale, zero_point):
    port = replace(FULL.inputs[0], scale=scale, zero_point=zero_point)
    assert Contract.from_json(replace(FULL, inputs=(port,)).to_json()).inputs == (port,)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda p: p.pop("labels"), "missing labels"),
        (lambda p: p.update(extra=1), "unknown extra"),
        (lambda p: p.update(format=2), "format 1"),
        (lambda p: p.update(version=True), "expected int"),
        (lambda p: p.update(version=0), "whole number from 1"),
        (lambda p: p.update(version="3"), "expected int"),
        (lambda p: p.update(inputs={}), "expected list"),
        (lambda p: p["inputs"][0].pop("dtype"), "missing dtype"),
        (lambda p: p["inputs"][0].update(scale="x"), "finite number"),
        (lambda p: p["inputs"][0].update(shape=[1, "a"]), "expected int"),
        (lambda p: p["preprocessing"][IMAGE].update(divisor=0), "neither divisor nor std 0"),
        (lambda p: p["preprocessing"][IMAGE].update(mean=1), "lists of numbers"),
        (lambda p: p["preprocessing"].update(other=p["preprocessing"][IMAGE]), "for other"),
        (lambda p: p.update(labels=["a"]), "1 labels"),
    ],
)
def test_a_contract_that_is_none_is_refused(change, says):
    plain = json.loads(FULL.to_json())
    change(plain)
    with pytest.raises(ValueError, match=says):
        Contract.from_json(json.dumps(plain))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, b"\xff\xfe", '{"format": 1}'])
def test_what_is_no_contract_is_refused(text):
    with pytest.raises(ValueError, match=r"contract"):
        Contract.from_json(text)


def test_the_file_beside_the_model_is_found(tmp_path):
    path = INT8.save(tmp_path / "m.tflite")
    assert FULL.save(path_beside(path)) == tmp_path / "m.contract.json"
    loaded = load_verified(path)
    assert loaded.contract == FULL
    assert loaded.artifact.content == INT8.content
    assert sorted(file.name for file in tmp_path.iterdir()) == ["m.contract.json", "m.tflite"]


def test_another_file_is_refused_although_its_ports_agree():
    anatomy = inspect(INT8)
    at = next(claim.start for claim in anatomy.ranges if claim.section == "weights")
    changed = bytearray(INT8.content)
    changed[at] ^= 1
    with pytest.raises(ValueError, match="SHA-256 begins") as refused:
        load_verified(Artifact("int8", bytes(changed)), FULL)
    assert ";" not in str(refused.value)  # the only difference


def test_every_difference_is_listed():
    wrong = replace(FULL.inputs[0], dtype="uint8", shape=(1, 2), scale=0.5, zero_point=0, name="pixels")
    contract = replace(FULL, inputs=(wrong,), outputs=(), signature="run", preprocessing={}, labels=())
    with pytest.raises(ValueError, match="does not keep its contract") as refused:
        load_verified(INT8, contract)
    for words in (
        "dtype int8, not uint8",
        "shape",
        "scale",
        "zero_point",
        f"name {IMAGE}, not pixels",
        "1 outputs, not 0",
    ):
        assert words in str(refused.value)
    assert "the signature is 'serving_default', not 'run'" in str(refused.value)


def test_an_artifact_has_no_contract_beside_it():
    with pytest.raises(ValueError, match="pass its contract"):
        load_verified(INT8)


def test_raw_values_in_are_what_the_caller_would_have_computed():
    rng = np.random.default_rng(0)
    raw = rng.integers(0, 256, (7, 12, 12, 2)).astype(np.uint8)
    prepared = (raw / np.float32(255) - np.array([0.5, 0.25], np.float32)) / np.array([0.5, 0.125], np.float32)
    model = load_verified(INT8, FULL)
    assert np.array_equal(model.predict(raw), predict(INT8, prepared.astype(np.float32)))
    stored = model.encode(IMAGE, raw)
    port = FULL.inputs[0]
    expected = np.clip(np.rint(prepared / np.float32(port.scale)) + port.zero_point, -128, 127)
    assert stored.dtype == np.int8
    assert np.max(np.abs(stored - expected)) <= 1
    assert model.labels(raw) == ["abcdefghi"[i] for i in model.predict(raw).argmax(1)]


def test_what_the_contract_lacks_is_said():
    model = load_verified(INT8, write_contract(INT8))
    with pytest.raises(ValueError, match="no labels"):
        model.labels(np.zeros((1, 12, 12, 2), np.float32))
    with pytest.raises(ValueError, match="no input 'x'; there are conv2d_input"):
        model.encode("x", np.zeros(1))


def test_variants_of_one_ladder_share_an_interface():
    one = write_contract(float_tflite())
    assert interface_differences(one, replace(one, sha256="", version=9)) == ()
    assert interface_differences(FULL, write_contract(Artifact("f", models.content("float32"))))


@pytest.mark.parametrize(
    "fields",
    [
        {"divisor": 0.0},
        {"std": (0.0,)},
        {"mean": (np.nan,)},
        {"mean": (0.0, 1.0)},
        {"mean": (), "std": ()},
        {"channels": "cmyk"},
    ],
)
def test_impossible_preprocessing_is_refused(fields):
    with pytest.raises(ValueError, match=r"must be|need as many"):
        Preprocessing(**fields)


def test_preprocessing_knows_its_channels():
    with pytest.raises(ValueError, match="2 channels"):
        Preprocessing(mean=(0.0, 1.0), std=(1.0, 1.0))(np.zeros((4, 3)))


@pytest.mark.parametrize(
    ("package", "name"),
    [("pymicro-wakeword", "okay_nabu"), ("mediapipe", "hand_landmark_full"), ("basic-pitch", "nmp")],
)
def test_strangers_models_have_contracts(package, name):
    artifact = Artifact(name, third_party.model(package, name))
    contract = write_contract(artifact)
    assert load_verified(artifact, Contract.from_json(contract.to_json())).contract == contract
