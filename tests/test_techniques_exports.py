"""The exports: both roads, the schemes that they promise, and inputs that stay as they were."""

import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from course_lib.data import fashion_mnist
from course_lib.evaluation import predict, sqnr_db
from course_lib.inspection import inspect
from course_lib.models import float_tflite, lenet_300_100, trained
from course_lib.techniques import (
    DynamicRange,
    Float16,
    Float32,
    Int4,
    Int8,
    Int16x8,
    KullbackLeibler,
    LeastSquares,
    MinMax,
    Percentile,
    WeightOnly,
    converter,
    quantizer,
    scopes,
)
from course_lib.techniques.observe import activations

TWO_ROADS = [
    Float16(),
    DynamicRange(),
    Int8(20),
    Int8(20, integer_io=False),
    Int16x8(20),
    Int4(),
    Int4(32),
    WeightOnly(8),
    WeightOnly(4),
]
WEIGHT_TYPES = {Float16: {"float16"}, Int4: {"int4"}, WeightOnly(4): {"int4"}}
LAST = "StatefulPartitionedCall:0"  # what the converter calls the output of the dense layer


@pytest.fixture(scope="module")
def data():
    return fashion_mnist()


@pytest.fixture(scope="module")
def network():
    return trained()


@pytest.fixture(scope="module")
def made(data, network):
    """Return a function that exports on either road, once for each export."""
    return cache(lambda export, road: export(network if road == "converter" else float_tflite(), data))


def weight_types(content):
    """Return the data types of the stored constants of 1,000 elements and more."""
    from ai_edge_litert import schema_py_generated as schema

    names = {value: name.lower() for name, value in vars(schema.TensorType).items() if isinstance(value, int)}
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    tensors = model.subgraphs[0].tensors
    return {names[t.type] for t in tensors if model.buffers[t.buffer].data is not None and np.prod(t.shape) >= 1000}


@pytest.mark.parametrize("export", TWO_ROADS, ids=repr)
@pytest.mark.parametrize("road", ["converter", "quantizer"])
def test_both_roads_store_what_the_name_says_and_keep_the_answers(export, road, data, made):
    artifact = made(export, road)
    expected = WEIGHT_TYPES.get(export) or WEIGHT_TYPES.get(type(export), {"int8"})
    expected = expected | ({"float32"} if export == Int4(32) else set())
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


def test_every_file_has_a_signature_and_a_fixed_batch(made):
    for export in (Float32(), *TWO_ROADS):
        interpreter = Interpreter(model_content=made(export, "converter").content)
        assert interpreter.get_signature_list() == {"serving_default": {"inputs": ["image"], "outputs": ["logits"]}}
        assert list(interpreter.get_input_details()[0]["shape_signature"]) == [1, 28, 28, 1]


def test_exports_leave_model_and_data_alone(made, data, network):
    images = data.x_train[:100].copy()
    for export in TWO_ROADS:
        made(export, "converter")
        made(export, "quantizer")
    for before, after in zip(trained().get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(images, data.x_train[:100])


def test_the_same_export_gives_the_same_bytes(data, network):
    for export, model in ((Int8(20), network), (DynamicRange(), network), (Int8(20), float_tflite())):
        assert export(model, data).sha256 == export(model, data).sha256


def test_calibration_needs_data_and_a_count(network):
    for export in (Int8(), Int16x8()):
        for model in (network, float_tflite()):
            with pytest.raises(ValueError, match=r"calibrates: pass a Dataset"):
                export(model)
    with pytest.raises(ValueError, match="1 image or more"):
        Int8(calibration=0)
    with pytest.raises(ValueError, match=r"None .per channel. or 32"):
        Int4(block=16)


def test_a_quantized_artifact_is_not_quantized_again(data):
    int8 = Int8(10)(float_tflite(), data)
    for export in (Int8(10), DynamicRange(), Float16(), Int4(), WeightOnly(), Float32()):
        for quantized in (int8, Float16()(float_tflite()), Int4(32)(float_tflite())):
            with pytest.raises(ValueError, match=r"quantized already.* float32 file"):
                export(quantized, data)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_calibration_data_that_is_not_finite_is_refused_on_both_roads(bad, network):
    images = np.zeros((3, 28, 28, 1), np.float32)
    images[1, 5, 5] = bad
    with pytest.raises(ValueError, match="1 of 3 calibration images hold NaN or infinity"):
        quantizer.quantize(float_tflite().content, quantizer.named("static_wi8_ai8"), images)
    with pytest.raises(ValueError, match="NaN"):
        converter.int8(network, images, integer_io=True)
    with pytest.raises(ValueError, match="got none"):
        quantizer.quantize(float_tflite().content, quantizer.named("static_wi8_ai8"), images[:0])


def test_unknown_recipes_and_scopes_that_match_nothing_are_refused():
    with pytest.raises(ValueError, match="static_wi8_ai8"):
        quantizer.named("static_wi3_ai3")
    model = float_tflite().content
    for scope, recipe in (
        ("no_such_tensor", "dynamic_wi8_afp32"),
        (f"^{LAST}$", "dynamic_wi8_afp32"),  # the tool ends the name by a semicolon, and says nothing
        ("conv2d_1/", "dynamic_wi4b32_afp32"),  # it matches, but convolutions have no blocks
    ):
        scoped = [entry | {"regex": scope} for entry in quantizer.named(recipe)]
        with pytest.raises(ValueError, match="changed nothing"):
            quantizer.quantize(model, scoped)
        both = [*quantizer.named("dynamic_wi8_afp32"), *scoped]
        with pytest.raises(ValueError, match="changed nothing"):
            quantizer.quantize(model, both)


def weights_by_layer(content):
    """Return layer -> type of its weights, of convolutions and dense layers."""
    graph = inspect(content).subgraphs[0]
    computing = [op for op in graph.operators if op.name in ("CONV_2D", "FULLY_CONNECTED")]
    return {graph.tensors[op.inputs[1]].name.split("/")[-2]: graph.tensors[op.inputs[1]].dtype for op in computing}


@pytest.mark.parametrize("name", [LAST, "baseline/dense/MatMul", "dense/", "^Stateful"])
def test_a_scope_is_the_name_of_an_output_or_weight_or_a_regular_expression(name):
    [operator] = scopes.select(float_tflite().content, [name])
    assert (operator.op, operator.outputs, operator.depth) == ("FULLY_CONNECTED", (LAST,), 3136)


@pytest.mark.parametrize(
    ("keep", "kept"),
    [(("dense",), {"dense"}), (("conv2d/", "conv2d_2/"), {"conv2d", "conv2d_2"}), ((LAST,), {"dense"})],
)
def test_selective_float_keeps_what_was_named_and_nothing_else(keep, kept, data):
    artifact = Int8(20, keep_float=keep)(float_tflite(), data)
    stored = weights_by_layer(artifact.content)
    assert stored == {layer: "float32" if layer in kept else "int8" for layer in stored}
    assert len(stored) == 4
    detail = Interpreter(model_content=artifact.content)
    assert detail.get_input_details()[0]["dtype"] is detail.get_output_details()[0]["dtype"] is np.int8
    images = data.x_test[:100]
    assert sqnr_db(predict(float_tflite(), images), predict(artifact, images)) > 10


def test_selective_float_from_keras_goes_the_other_road(data, network):
    from_keras = Int8(20, keep_float=("dense",))(network, data)
    assert weights_by_layer(from_keras.content)["dense"] == "float32"
    with pytest.raises(ValueError, match=r"no operator is called 'dens_e'.*baseline/conv2d/Conv2D"):
        Int8(20, keep_float=("dens_e",))(network, data)
    with pytest.raises(ValueError, match=r"write \(name,\)"):
        Int8(keep_float="dense")
    with pytest.raises(ValueError, match="no regular expression"):
        Int8(keep_float=("(",))


@pytest.mark.parametrize(
    "calibrator", [MinMax(), Percentile(99.0), LeastSquares(), KullbackLeibler()], ids=lambda one: type(one).__name__
)
def test_a_calibrator_decides_every_range_of_an_activation(calibrator, data):
    artifact = Int8(30, calibrator=calibrator)(float_tflite(), data)
    values = dict(activations(float_tflite().content, data.x_train[np.linspace(0, 11999, 30).astype(int)]))
    graph = inspect(artifact.content).subgraphs[0]
    produced = {index for op in graph.operators for index in op.outputs} | set(graph.inputs)
    checked = 0
    for tensor in (graph.tensors[index] for index in produced):
        low, high = calibrator(values[tensor.name])
        scale, zero_point = float(tensor.quantization.scale[0]), int(tensor.quantization.zero_point[0])
        steps = (low / scale + zero_point, high / scale + zero_point)
        if "Reshape" not in tensor.name:  # a reshape shares the range of what it reshapes
            np.testing.assert_allclose(steps, (-128, 127), atol=0.51)
            checked += 1
    assert checked == 5
    images = data.x_test[:200]
    same = predict(artifact, images).argmax(1) == predict(float_tflite(), images).argmax(1)
    assert same.mean() > 0.8  # the divergence clips so hard that it costs one answer in ten here


def test_the_tool_smooths_and_min_max_does_not(data):
    """The two official tools differ by this rule alone: with min-max ranges the quantizer clips nothing any more."""
    images = data.x_test[:500]
    reference = predict(float_tflite(), images)
    smoothed = sqnr_db(reference, predict(Int8(200)(float_tflite(), data), images))
    widest = sqnr_db(reference, predict(Int8(200, calibrator=MinMax())(float_tflite(), data), images))
    assert widest > smoothed + 3


def test_weight_only_dequantizes_and_dynamic_does_not():
    for bits, dynamic in ((8, DynamicRange()), (4, Int4())):
        lazy = inspect(WeightOnly(bits)(float_tflite()))
        assert set(lazy.recipes) == {f"weight_only_wi{bits}{'c' if bits == 4 else ''}_afp32"}
        assert lazy.ops["DEQUANTIZE"] == 4
        assert "DEQUANTIZE" not in inspect(dynamic(float_tflite())).ops
    with pytest.raises(ValueError, match="bits must be 8 or 4"):
        WeightOnly(2)


def test_blocks_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="784 values, which is no multiple of 32"):
        Int4(32)(lenet_300_100())


def test_the_quantizer_road_loads_no_tensorflow_and_says_nothing():
    code = """if True:
        import sys
        from course_lib import fashion_mnist, float_tflite
        from course_lib.techniques import Float16, Int4, Int8, MinMax, WeightOnly
        data = fashion_mnist()
        for export in (Int8(5, keep_float=("dense",), calibrator=MinMax()), Int4(), Float16(), WeightOnly()):
            export(float_tflite(), data)
        assert not {"tensorflow", "tf_keras"} & set(sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
