"""A model as C source, compiled and read back; and what TFLite Micro makes of it."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from course_lib.core import Artifact
from course_lib.deployment import (
    MICRO,
    MicroRefusedError,
    c_array,
    check_on_micro,
    has_tflite_micro,
    micro_header,
    plan_model,
    run_micro,
)
from course_lib.deployment.c_source import symbol_for
from course_lib.deployment.micro import why_refused
from course_lib.deployment.micro_source import resolver_method
from course_lib.inspection import inspect
from course_lib.models import float_tflite
from tests import inspection_models as models
from tests import third_party

INT8 = Artifact("int8", models.content("int8"))
MAIN = """
#include <stdint.h>
#include <stdio.h>
#include "g_model.h"
int main(void) {
  if ((uintptr_t)g_model % 16 != 0 || sizeof g_model != g_model_len) return 1;
  return fwrite(g_model, 1, g_model_len, stdout) != g_model_len;
}
"""
micro = pytest.mark.skipif(not has_tflite_micro(), reason="tflite-micro is for Linux on x86-64 alone")


@pytest.mark.parametrize(("compiler", "suffix"), [("gcc", "c"), ("g++", "cc"), ("clang", "c")])
def test_the_compiled_array_is_the_file(tmp_path, compiler, suffix):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    made = c_array(INT8)
    (tmp_path / "g_model.h").write_text(made.header)
    (tmp_path / f"g_model.{suffix}").write_text(made.source)
    (tmp_path / f"main.{suffix}").write_text(MAIN)
    standard = "-std=c11" if suffix == "c" else "-std=c++11"
    flags = [standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    command = [compiler, *flags, f"main.{suffix}", f"g_model.{suffix}", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout == INT8.content


def test_the_text_is_deterministic_and_complete():
    made = c_array(INT8, "g_x")
    assert made == c_array(Artifact("another name", INT8.content), "g_x")
    assert bytes(int(byte, 16) for byte in re.findall(r"0x([0-9a-f]{2}),", made.source)) == INT8.content
    assert f"g_x_len = {INT8.raw_bytes};" in made.source
    assert "alignas(16)" in made.source
    for text in (made.header, made.source):
        assert INT8.sha256 in text
        assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("symbol", ["", "1x", "a-b", "a b", "é", "x;", "a\n"])
def test_what_names_no_variable_is_refused(symbol):
    for make in (c_array, micro_header):
        with pytest.raises(ValueError, match="cannot name a C variable"):
            make(INT8, symbol)


@pytest.mark.parametrize(
    ("name", "symbol"), [("hey_jarvis", "g_hey_jarvis"), ("Mein Modell-2", "g_mein_modell_2"), ("模型", "g_model")]
)
def test_a_name_becomes_a_symbol(name, symbol):
    assert symbol_for(name) == symbol
    c_array(INT8, symbol)


@pytest.mark.parametrize(
    ("operator", "method"),
    [
        ("CONV_2D", "AddConv2D"),
        ("DEPTHWISE_CONV_2D", "AddDepthwiseConv2D"),
        ("L2_POOL_2D", "AddL2Pool2D"),
        ("PADV2", "AddPadV2"),
        ("REVERSE_V2", "AddReverseV2"),
        ("BATCH_TO_SPACE_ND", "AddBatchToSpaceNd"),
        ("RELU6", "AddRelu6"),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", "AddUnidirectionalSequenceLSTM"),
    ],
)
def test_the_resolvers_spelling(operator, method):
    assert resolver_method(operator) == method


def test_the_header_registers_each_operator_once():
    text = micro_header(INT8)
    anatomy = inspect(INT8)
    assert f"MicroMutableOpResolver<{len(anatomy.ops)}>" in text
    assert len(re.findall(r"resolver\.Add\w+\(\)", text)) == len(anatomy.ops)
    assert f"g_model_input_0_zero_point = {anatomy.inputs[0].zero_point};" in text
    assert np.float32(re.search(r"input_0_scale = ([^f]+)f;", text)[1]) == np.float32(anatomy.inputs[0].scale)
    assert "arena_bytes" not in text


def test_custom_operators_have_no_header():
    with pytest.raises(ValueError, match="TransformTensorBilinear"):
        micro_header(Artifact("x", third_party.model("mediapipe", "face_landmark_with_attention")))


@micro
@pytest.mark.parametrize("name", ["int8", "float32", "int16x8", "float_island", "mixed", "quantizer_int8"])
def test_micro_answers_as_litert(name):
    artifact = Artifact(name, models.content(name))
    found = check_on_micro(artifact, samples=5)
    assert found.values == 5 * 9
    if name == "float32":
        assert found.largest < 1e-5
    else:
        assert (found.equal, found.largest) == (1.0, 0.0)
    arena = found.arena
    assert arena.head == arena.planned == plan_model(artifact, MICRO).total
    assert arena.total == arena.head + arena.tail
    assert arena.smallest >= arena.total
    assert f"g_model_arena_bytes = {arena.smallest};" in micro_header(artifact, arena=arena)


@micro
def test_state_passes_from_one_sample_to_the_next():
    artifact = Artifact("okay_nabu", third_party.model("pymicro-wakeword", "okay_nabu"))
    assert check_on_micro(artifact, samples=20).equal == 1.0
    assert "g_model_resource_variables = 6;" in micro_header(artifact)


@micro
@pytest.mark.parametrize(
    ("package", "name"),
    [("pymicro-wakeword", "hey_mycroft"), ("pyopen-wakeword", "embedding_model"), ("mediapipe", "hand_recrop")],
)
def test_strangers_arenas_are_planned_to_the_byte(package, name):
    artifact = Artifact(name, third_party.model(package, name))
    arena = check_on_micro(artifact, samples=1).arena
    assert arena.head == arena.planned


@micro
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("dynamic_range", "filter type: INT8 not supported.*quantize the activations too"),
        ("int4_channel", "Hybrid models are not supported.*quantize the activations too"),
        ("float16", "failed to prepare.*weights are float16"),
        ("sparse", "no kernel for DENSIFY.*stored sparse"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(name, says):
    sample = [np.zeros((1, 12, 12, 2), np.float32)]
    with pytest.raises(MicroRefusedError, match=says):
        run_micro(Artifact(name, models.content(name)), [sample])


@micro
def test_a_damaged_file_never_reaches_the_runtime():
    with pytest.raises(ValueError, match="beyond the end of the file"):
        run_micro(Artifact("cut", INT8.content[:500]), [])


@micro
def test_a_wrong_input_is_an_error_not_a_crash():
    with pytest.raises(MicroRefusedError):
        run_micro(INT8, [[np.zeros((1, 12, 12, 2), np.float32)]])


def test_without_the_package_it_says_where_it_exists(monkeypatch):
    monkeypatch.setattr("course_lib.deployment.micro.has_tflite_micro", lambda: False)
    with pytest.raises(ImportError, match="Linux on x86-64"):
        run_micro(INT8, [])


def test_a_crash_and_silence_are_put_into_words():
    anatomy = inspect(float_tflite())
    assert "crashed (signal 11)" in why_refused("", anatomy, -11)
    assert "no reason" in why_refused("", anatomy, 3)
    custom = inspect(third_party.model("mediapipe", "selfie_segmentation"))
    assert "Convolution2DTransposeBias" in why_refused("", custom, 3)


@micro
def test_no_samples_are_refused():
    with pytest.raises(ValueError, match="1 sample or more"):
        check_on_micro(INT8, samples=0)
