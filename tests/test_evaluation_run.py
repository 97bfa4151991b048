"""predict: what one sample at a time would have answered, only faster."""

import subprocess
import sys

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from course_lib.core import Artifact
from course_lib.data import fashion_mnist
from course_lib.evaluation import predict
from course_lib.evaluation.codec import decode, encode
from course_lib.evaluation.run import batch_size
from course_lib.evaluation.runtime import delegate_name, open_interpreter
from course_lib.models import float_tflite
from course_lib.techniques import DynamicRange, Float16, Int8
from tests import evaluation_models as files


@pytest.fixture(scope="module")
def images():
    return fashion_mnist().x_test[:101]


def one_at_a_time(artifact, x):
    """The plain loop of LiteRT's documentation, with the contract written out."""
    interpreter = Interpreter(model_content=artifact.content, num_threads=1)
    interpreter.allocate_tensors()
    inside, outside = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    answers = []
    for sample in x:
        value = sample[None]
        scale, zero = inside["quantization"]
        if scale:
            limits = np.iinfo(inside["dtype"])
            value = np.clip(np.round(value / np.float32(scale)) + zero, limits.min, limits.max).astype(inside["dtype"])
        interpreter.set_tensor(inside["index"], value)
        interpreter.invoke()
        answer = interpreter.get_tensor(outside["index"])[0].astype(np.float32)
        scale, zero = outside["quantization"]
        answers.append((answer - np.float32(zero)) * np.float32(scale) if scale else answer)
    return np.stack(answers)


@pytest.mark.parametrize("export", [None, Float16(), DynamicRange(), Int8(), Int8(integer_io=False)], ids=repr)
def test_batches_are_bit_identical_to_one_image_at_a_time(export, images):
    artifact = float_tflite()
    if export is not None:
        artifact = export(artifact, fashion_mnist())
    expected = one_at_a_time(artifact, images)
    for batch in ("auto", 1, 2, 50, 101, 1000):
        answers = predict(artifact, images, batch)
        assert answers.dtype == np.float32
        np.testing.assert_array_equal(answers, expected, err_msg=f"batch {batch}")


def test_built_in_kernels_agree_up_to_the_last_bits(images):
    artifact = float_tflite()
    np.testing.assert_allclose(predict(artifact, images, xnnpack=False), predict(artifact, images), atol=1e-4)


def test_a_second_call_owes_nothing_to_the_first(images):
    artifact = float_tflite()
    first = predict(artifact, images[:10])
    predict(artifact, images[50:])
    np.testing.assert_array_equal(predict(artifact, images[:10]), first)


def test_a_file_that_refuses_batches_runs_one_by_one(rng):
    x = rng.random((23, 4, 1), dtype=np.float32)
    np.testing.assert_array_equal(predict(files.refuses_batches(), x), x[..., 0])


def test_a_file_that_mixes_its_batch_is_caught_and_run_one_by_one(rng):
    x = rng.random((30, 3), dtype=np.float32)
    np.testing.assert_array_equal(predict(files.mixes_its_batch(), x), np.zeros((30, 3)))


def test_state_does_not_pass_from_one_sample_to_the_next():
    x = np.ones((5, 2), np.float32)
    for artifact in (files.remembers(), files.accumulates()):
        answers = predict(artifact, x)
        np.testing.assert_array_equal(answers, np.ones((5, 2)), err_msg=artifact.name)


def test_a_file_without_a_batch_axis_gets_one_sample_per_run(rng):
    x = rng.standard_normal((7, 5), dtype=np.float32)
    np.testing.assert_array_equal(predict(files.without_batch_axis(), x), np.abs(x))


def test_no_samples_give_no_rows():
    assert predict(files.dense(np.ones((3, 2))), np.zeros((0, 2), np.float32)).shape == (0, 3)
    assert predict(files.without_batch_axis(), np.zeros((0, 5), np.float32)).shape == (0, 5)


def test_any_output_can_be_chosen():
    x = np.array([[1, -2]], np.float32)
    np.testing.assert_array_equal(predict(files.two_outputs(), x, output=1), -x)
    with pytest.raises(ValueError, match="2 outputs"):
        predict(files.two_outputs(), x, output=2)


@pytest.mark.parametrize(
    ("dtype", "scale", "zero"), [(np.int8, 0.5, -3), (np.uint8, 0.1, 128), (np.int16, 2.0**-15, 0)]
)
def test_quantized_ends_round_shift_and_saturate(dtype, scale, zero):
    limits = np.iinfo(dtype)
    lowest, highest = (limits.min - zero) * scale, (limits.max - zero) * scale
    x = np.array([[0.0, lowest - 10, highest + 10, 0.26 * scale + scale]], np.float32)
    np.testing.assert_allclose(predict(files.identity(dtype, scale, zero), x), [[0, lowest, highest, scale]], rtol=1e-6)


def test_encode_and_decode_differ_by_half_a_step_at_most_inside_the_range(rng):
    for dtype in (np.int8, np.uint8, np.int16):
        limits = np.iinfo(dtype)
        zero = int(rng.integers(limits.min, limits.max))
        scale = float(rng.uniform(1e-3, 2))
        x = rng.uniform((limits.min - zero) * scale, (limits.max - zero) * scale, 1000).astype(np.float32)
        back = decode(encode(x, dtype, scale, zero), np.array([scale]), np.array([zero]))
        assert np.abs(back - x).max() <= scale * 0.5 * (1 + 1e-3)
        assert decode(encode(np.zeros(1, np.float32), dtype, scale, zero), np.array([scale]), np.array([zero]))[0] == 0


def test_decode_takes_a_scale_per_channel():
    stored = np.array([[1, 2], [3, 4]], np.int8)
    scales, zeros = np.array([0.5, 2.0]), np.array([0, 1])
    np.testing.assert_array_equal(decode(stored, scales, zeros, axis=1), [[0.5, 2], [1.5, 6]])
    np.testing.assert_array_equal(decode(stored, scales, zeros, axis=0), [[0.5, 1], [4, 6]])


def test_integers_of_the_files_own_dtype_pass_as_encoded():
    x = np.array([[-128, 0, 5, 127]], np.int8)
    np.testing.assert_array_equal(predict(files.identity(np.int8, 0.5, 0), x), x * 0.5)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 28, 28), np.float32), r"x\[\.\.\., None\]"),
        (np.zeros((28, 28, 1), np.float32), r"x\[None\]"),
        (np.zeros((2, 14, 14, 1), np.float32), r"\(n, 28, 28, 1\), got \(2, 14, 14, 1\)"),
        (np.zeros((2, 28, 28, 1), np.uint8), "x / 255"),
    ],
)
def test_what_does_not_fit_is_refused_with_advice(x, message):
    with pytest.raises(ValueError, match=message):
        predict(float_tflite(), x)


def test_values_without_a_code_are_refused():
    for x in (np.full((1, 4), np.nan, np.float32), np.full((1, 4), np.inf, np.float32)):
        with pytest.raises(ValueError, match="NaN or infinity"):
            predict(files.identity(np.int8, 0.5, 0), x)
    with pytest.raises(ValueError, match="already encoded"):
        predict(files.identity(np.int8, 0.5, 0), np.zeros((1, 4), np.uint8))


def test_broken_files_and_unusable_ones_are_a_value_error():
    content = float_tflite().content
    for artifact in (
        Artifact("cut", content[:5000]),
        Artifact("noise", content[:8] + b"\xff" * 500),
        files.unknown_operator(),
    ):
        with pytest.raises(ValueError, match=artifact.name):
            predict(artifact, np.zeros((1, 28, 28, 1), np.float32))
    with pytest.raises(ValueError, match="2 inputs"):
        predict(files.two_inputs(), np.zeros((1, 2), np.float32))
    for batch in (0, -1, True, 2.5):
        with pytest.raises(ValueError, match="batch"):
            predict(float_tflite(), np.zeros((1, 28, 28, 1), np.float32), batch)


def test_the_delegate_is_named_whole_in_part_and_not_at_all():
    assert delegate_name(open_interpreter(float_tflite())) == "XNNPACK"
    assert delegate_name(open_interpreter(files.partly_delegated())) == "XNNPACK 2/3 ops"
    assert delegate_name(open_interpreter(float_tflite(), xnnpack=False)) == "none (built-in kernels)"


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_batches_are_spread_evenly_and_large_samples_go_alone():
    for count in (1, 9, 84, 101, 10_000):
        for wanted in (1, 7, 100, 10_000):
            size = batch_size(np.zeros((count, 3), np.float32), wanted)
            runs = -(-count // size)
            assert 1 <= size <= wanted
            assert runs * size - count < runs  # less than one row of padding per run
    small, large = np.zeros((10_000, 28, 28, 1), np.float32), np.zeros((200, 128, 128, 3), np.float32)
    assert 10 <= batch_size(small) <= 100
    assert batch_size(large) == 1


def test_the_delegates_greeting_is_held_back_also_after_a_run_without_it():
    code = (
        "from course_lib import float_tflite; from course_lib.evaluation.runtime import open_interpreter as run;"
        "run(float_tflite(), xnnpack=False); run(float_tflite())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
