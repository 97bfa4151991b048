"""The exports: both roads, the schemes that they promise, and inputs that stay as they were."""

import subprocess
import sys

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from course_lib.data import fashion_mnist
from course_lib.evaluation import predict, sqnr_db
from course_lib.models import float_tflite, trained
from course_lib.techniques import DynamicRange, Float16, Float32, Int4, Int8, Int16x8, quantizer

TWO_ROADS = [Float16(), DynamicRange(), Int8(20), Int8(20, integer_io=False), Int16x8(20), Int4(), Int4(32)]
WEIGHT_TYPES = {Float16: {"float16"}, DynamicRange: {"int8"}, Int8: {"int8"}, Int16x8: {"int8"}, Int4: {"int4"}}


@pytest.fixture(scope="module")
def data():
    return fashion_mnist()


@pytest.fixture(scope="module")
def network():
    return trained()


def weight_types(content):
    """Return the data types of the stored constants of 1,000 elements and more."""
    from ai_edge_litert import schema_py_generated as schema

    names = {value: name.lower() for name, value in vars(schema.TensorType).items() if isinstance(value, int)}
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    tensors = model.subgraphs[0].tensors
    return {names[t.type] for t in tensors if model.buffers[t.buffer].data is not None and np.prod(t.shape) >= 1000}


@pytest.mark.parametrize("export", TWO_ROADS, ids=repr)
@pytest.mark.parametrize("road", ["converter", "quantizer"])
def test_both_roads_store_what_the_name_says_and_keep_the_answers(export, road, data, network):
    artifact = export(network if road == "converter" else float_tflite(), data)
    expected = WEIGHT_TYPES[type(export)] | ({"float32"} if export == Int4(32) else set())
    assert weight_types(artifact.content) == expected
    images = data.x_test[:300]
    reference = predict(float_tflite(), images)
    logits = predict(artifact, images)
    assert sqnr_db(reference, logits) > 10
    assert (reference.argmax(1) == logits.argmax(1)).mean() > 0.9


@pytest.mark.parametrize("road", ["converter", "quantizer"])
def test_integer_io_is_what_it_says(road, data, network):
    model = network if road == "converter" else float_tflite()
    for integer_io, dtype in ((True, np.int8), (False, np.float32)):
        interpreter = Interpreter(model_content=Int8(10, integer_io=integer_io)(model, data).content)
        assert interpreter.get_input_details()[0]["dtype"] is dtype
        assert interpreter.get_output_details()[0]["dtype"] is dtype


def test_every_file_has_a_signature_and_a_fixed_batch(data, network):
    for export in (Float32(), *TWO_ROADS):
        interpreter = Interpreter(model_content=export(network, data).content)
        assert interpreter.get_signature_list() == {"serving_default": {"inputs": ["image"], "outputs": ["logits"]}}
        assert list(interpreter.get_input_details()[0]["shape_signature"]) == [1, 28, 28, 1]


def test_exports_leave_model_and_data_alone(data, network):
    weights = [weight.copy() for weight in network.get_weights()]
    images = data.x_train[:100].copy()
    for export in TWO_ROADS:
        export(network, data)
    for before, after in zip(weights, network.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(images, data.x_train[:100])


def test_the_same_export_gives_the_same_bytes(data, network):
    for export in TWO_ROADS:
        for model in (network, float_tflite()):
            assert export(model, data).sha256 == export(model, data).sha256


def test_calibration_needs_data_and_a_count(network):
    for export in (Int8(), Int16x8()):
        for model in (network, float_tflite()):
            with pytest.raises(ValueError, match=r"calibrates: pass a Dataset"):
                export(model)
    with pytest.raises(ValueError, match="1 image or more"):
        Int8(calibration=0)
    with pytest.raises(ValueError, match="None .per channel. or 32"):
        Int4(block=16)


def test_a_quantized_artifact_is_not_quantized_again(data):
    int8 = Int8(10)(float_tflite(), data)
    for export in (Int8(10), DynamicRange(), Float16(), Int4()):
        with pytest.raises(ValueError, match="float"):
            export(int8, data)


def test_nan_in_the_calibration_data_is_refused():
    images = np.full((3, 28, 28, 1), np.nan, np.float32)
    with pytest.raises(ValueError, match="NaN"):
        quantizer.quantize(float_tflite().content, quantizer.named("static_wi8_ai8"), images)


def test_unknown_recipes_and_scopes_that_match_nothing_are_refused():
    with pytest.raises(ValueError, match="static_wi8_ai8"):
        quantizer.named("static_wi3_ai3")
    scoped = [recipe | {"regex": "no_such_tensor"} for recipe in quantizer.named("dynamic_wi8_afp32")]
    with pytest.raises(ValueError, match="changed nothing"):
        quantizer.quantize(float_tflite().content, scoped)


def test_the_quantizer_road_loads_no_tensorflow_and_says_nothing():
    code = (
        "import sys; from course_lib import Int8, Int4, Float16, fashion_mnist, float_tflite; d = fashion_mnist();"
        "[e(float_tflite(), d) for e in (Int8(5), Int4(), Float16())];"
        "assert not {'tensorflow', 'tf_keras'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
