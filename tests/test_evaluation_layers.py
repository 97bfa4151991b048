"""Layer by layer and bit by bit: the errors that NumPy computes for the same layers."""

from dataclasses import replace

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from course_lib.data import fashion_mnist
from course_lib.evaluation import layer_errors, predict, sensitivity, sqnr_db
from course_lib.evaluation.weights import CHANNEL_AXIS, fake_quantize, replace_weights, weighted_layers
from course_lib.models import float_tflite
from course_lib.techniques import DynamicRange, Float16, Int8
from tests import evaluation_models as files


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def images():
    return fashion_mnist().x_val[:40]


def chain(weights, prefix="net", name="chain", counter=""):
    """Dense layers without activations; NumPy's answer is a product of matrices."""

    def build(g):
        tensor = first = g.tensor((1, weights[0].shape[1]), batch=True, name=f"{prefix}/x")
        for depth, matrix in enumerate(weights):
            w = g.constant(matrix, name=f"{prefix}/fc{depth}/weights")
            b = g.constant(np.zeros(len(matrix)), name=f"{prefix}/fc{depth}/bias")
            y = g.tensor((1, len(matrix)), batch=True, name=f"{prefix}/fc{depth}/out{counter}")
            options = schema.FullyConnectedOptionsT()
            g.op(files.OP.FULLY_CONNECTED, [tensor, w, b], [y], options, schema.BuiltinOptions.FullyConnectedOptions)
            tensor = y
        return [first], [tensor]

    return files.single(name, build)


@pytest.fixture
def matrices(rng):
    return [rng.normal(size=shape) for shape in ((6, 5), (6, 6), (6, 6), (3, 6))]


@pytest.mark.parametrize("xnnpack", [True, False])
@pytest.mark.parametrize(("other", "matched"), [({}, "name"), ({"counter": 12}, "name"), ({"prefix": "b"}, "order")])
def test_every_layers_error_is_numpys(matrices, rng, xnnpack, other, matched):
    changed = [matrix.copy() for matrix in matrices]
    changed[2] *= 1.1
    x = rng.normal(size=(37, 5)).astype(np.float32)
    found = layer_errors(chain(matrices), chain(changed, **other), x, xnnpack=xnnpack)
    assert {row.matched for row in found.rows} == {matched}
    assert [row.layer for row in found.rows] == ["fc0", "fc1", "fc2", "fc3"]
    one = two = x.astype(np.float64)
    for row, a, b in zip(found.rows, matrices, changed, strict=True):
        one, two = one @ a.T, two @ b.T
        if row.layer in ("fc0", "fc1"):
            assert row.sqnr_db == np.inf
        else:
            assert row.sqnr_db == pytest.approx(20, abs=0.01)  # a tenth of the amplitude
            assert row.rmse == pytest.approx(np.sqrt(np.mean((one - two) ** 2)), rel=1e-4)
            assert row.max_error == pytest.approx(np.abs(one - two).max(), rel=1e-4)
    assert found.first_divergence(25).layer == "fc2"
    assert found.first_divergence(10) is None
    assert found.cliff().layer == "fc2"
    assert found.to_frame()["layer"].tolist() == ["fc0", "fc1", "fc2", "fc3"]


@pytest.mark.parametrize("export", [Float16(), DynamicRange(), Int8(), Int8(integer_io=False)], ids=repr)
def test_the_last_layers_error_is_that_of_the_outputs(export, images):
    a = float_tflite()
    b = export(a, fashion_mnist())
    found = layer_errors(a, b, images)
    assert found.rows[-1].sqnr_db == pytest.approx(sqnr_db(predict(a, images), predict(b, images)), abs=1e-3)
    assert len(found.rows) == 5
    assert (found.only_a, found.only_b) == ((), ())
    quantized = isinstance(export, Int8)
    assert all((row.rmse_over_scale is not None) == quantized for row in found.rows)
    if (
        quantized
    ):  # rounding alone is 0.29 of a step; the first layer has its own rounding and that of input and weights
        assert 0.25 < found.rows[0].rmse_over_scale < 2


def test_a_layer_without_a_partner_is_named(matrices, rng):
    longer = [*matrices[:3], rng.normal(size=(7, 6)), rng.normal(size=(3, 7))]
    found = layer_errors(chain(matrices), chain(longer, "other"), rng.normal(size=(4, 5)).astype(np.float32))
    assert found.only_b == ("fc3",)
    assert found.only_a == ()
    assert [row.name_b for row in found.rows][-1] == "other/fc4/out"


def test_files_that_refuse_batches_are_compared_one_by_one(rng):
    model = files.refuses_batches()
    found = layer_errors(model, model, rng.random((20, 4, 1), dtype=np.float32))
    assert [row.sqnr_db for row in found.rows] == [np.inf]
    assert found.samples == 20


def test_nothing_in_common_is_an_error(matrices):
    x = np.ones((2, 5), np.float32)
    with pytest.raises(ValueError, match="share no layer"):
        layer_errors(chain(matrices[:1]), chain([np.ones((4, 5))], "other"), x)
    with pytest.raises(ValueError, match="no samples"):
        layer_errors(chain(matrices), chain(matrices), x[:0])
    with pytest.raises(ValueError, match="rank"):
        layer_errors(chain(matrices), chain(matrices), np.ones((2, 5, 1), np.float32))


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_fake_quantization_keeps_to_its_grid(bits, axis, rng):
    weights = rng.normal(size=(6, 50)).astype(np.float32)
    weights[2] = 0
    values, scales = fake_quantize(weights, bits, axis)
    assert scales == (1 if axis is None else weights.shape[axis])
    rows = [values] if axis is None else np.moveaxis(values, axis, 0)
    originals = [weights] if axis is None else np.moveaxis(weights, axis, 0)
    for row, original in zip(rows, originals, strict=True):
        assert len(np.unique(row)) <= 2**bits - 1
        step = np.abs(original).max() / (2 ** (bits - 1) - 1)
        assert np.abs(row - original).max() <= step / 2 * (1 + 1e-5)
        assert np.abs(row).max() == pytest.approx(np.abs(original).max())  # the range is used and not exceeded
    np.testing.assert_array_equal(values[weights == 0], 0)
    np.testing.assert_allclose(fake_quantize(values, bits, axis)[0], values, rtol=1e-6)


def test_replacing_weights_changes_those_bytes_and_no_others(matrices, rng):
    model = chain(matrices)
    layer, weights = weighted_layers(model)[1]
    np.testing.assert_allclose(weights, matrices[1].astype(np.float32))
    new = rng.normal(size=weights.shape).astype(np.float32)
    changed = replace_weights(model, {layer.weights: new})
    np.testing.assert_array_equal(weighted_layers(changed)[1][1], new)
    one, two = np.frombuffer(model.content, np.uint8), np.frombuffer(changed.content, np.uint8)
    different = np.flatnonzero(one != two)
    assert different.max() - different.min() < new.nbytes
    back = replace_weights(changed, {layer.weights: weights})
    assert back.content == model.content
    with pytest.raises(ValueError, match="float32 values"):
        replace_weights(model, {layer.weights: new[:2]})


def test_sensitivity_of_a_dense_layer_is_numpys(rng):
    weights = rng.normal(size=(4, 8)).astype(np.float32)
    x, y = rng.normal(size=(200, 8)).astype(np.float32), rng.integers(0, 4, 200)
    found = sensitivity(files.dense(weights), (x, y), bits=(3, 5))
    for row in found.rows:
        quantized = fake_quantize(weights, row.bits, 0)[0]
        assert row.sqnr_db == pytest.approx(sqnr_db(x @ weights.T, x @ quantized.T), abs=1e-3)
        assert row.accuracy == np.mean((x @ quantized.T).argmax(1) == y)
        assert row.weight_bytes == 32 * row.bits / 8 + 4 * 4
    assert found.accuracy == np.mean((x @ weights.T).argmax(1) == y)


def test_sensitivity_covers_every_layer_and_grows_with_fewer_bits():
    artifact = float_tflite()
    content = artifact.content
    found = sensitivity(artifact, fashion_mnist(), bits=(8, 2, 4), images=200)
    assert artifact.content == content
    assert [row.bits for row in found.rows] == [2, 4, 8] * 4
    assert len({row.layer for row in found.rows}) == 4
    for layer in {row.layer for row in found.rows}:
        two, four, eight = (found.row(layer, bits) for bits in (2, 4, 8))
        assert two.sqnr_db < four.sqnr_db < eight.sqnr_db
        assert two.kl > eight.kl
    coarse = sensitivity(artifact, fashion_mnist(), bits=(4,), images=200, granularity="tensor")
    assert np.mean([row.sqnr_db for row in coarse.rows]) < np.mean([found.row(r.layer, 4).sqnr_db for r in coarse.rows])
    assert found.images == 200
    assert "accuracy_drop" in found.to_frame()
    assert found.row(found.rows[0].scope, 2) == found.rows[0]
    with pytest.raises(ValueError, match="no row"):
        found.row("conv2d", 7)


def test_a_depthwise_kernel_has_its_channels_last():
    """Channels of very different size: 8 bits are plenty with a scale each and useless with one for all."""
    kernel = np.random.default_rng(0).normal(size=(1, 3, 3, 4)) * np.array([1e-3, 1e-2, 1, 100])
    model = files.depthwise(kernel)
    layer, weights = weighted_layers(model)[0]
    assert layer.op == "DEPTHWISE_CONV_2D"
    x = np.random.default_rng(1).normal(size=(5, 8, 8, 4)).astype(np.float32)
    outputs = predict(model, x)
    changed = replace_weights(model, {layer.weights: fake_quantize(weights, 8, CHANNEL_AXIS[layer.op])[0]})
    assert all(sqnr_db(outputs[..., c], predict(changed, x)[..., c]) > 30 for c in range(4))


def test_choices_are_made_on_validation_images():
    data = fashion_mnist()
    hidden = replace(data, x_test=data.x_test[:0], y_test=data.y_test[:0])
    found = sensitivity(float_tflite(), hidden, bits=(8,), images=len(data.x_val))
    assert found.accuracy == np.mean(predict(float_tflite(), data.x_val).argmax(1) == data.y_val)


def test_sensitivity_refuses_what_it_cannot_quantize():
    data = fashion_mnist()
    with pytest.raises(ValueError, match="float32"):
        sensitivity(DynamicRange()(float_tflite()), data, images=10)
    for wrong in ({"bits": (1,)}, {"bits": (17,)}, {"bits": (4.0,)}, {"granularity": "block"}):
        with pytest.raises(ValueError, match="must be"):
            sensitivity(float_tflite(), data, images=10, **wrong)
