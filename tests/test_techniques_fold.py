"""Folding batch normalization, equalizing layers and correcting biases: the function stays, the weights move."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from course_lib import backend
from course_lib.core import Recipe
from course_lib.data import fashion_mnist
from course_lib.evaluation import predict, sqnr_db
from course_lib.inspection import graph_diff, inspect
from course_lib.models import float_tflite, separable, trained
from course_lib.techniques import (
    Cluster,
    CorrectBias,
    DynamicRange,
    Equalize,
    Float32,
    FoldBatchNorm,
    Int4,
    Int8,
    Prune,
    Unfused,
)
from course_lib.techniques.correct_bias import fake_quantize, mean_output
from course_lib.techniques.equalize import channel_ranges, pairs


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((8, 28, 28, 1), dtype=np.float32)


def randomized(model, seed=0):
    """Give every weight, the moving statistics included, a value that a training could have left behind."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        values = []
        for weight in layer.weights:
            value = rng.normal(0, 0.3, weight.shape)
            if "variance" in weight.name:
                value = rng.choice([1e-6, 0.01, 1.0, 30.0], weight.shape)  # tiny and large ones too
            elif "gamma" in weight.name:
                value = rng.choice([-1, 1], weight.shape) * rng.uniform(0.2, 3, weight.shape)  # negative ones too
            values.append(value)
        layer.set_weights(values)
    return model


def layers():
    return backend.keras().layers


def normalization(**options):
    return layers().BatchNormalization(**options)


def sequential(*stack):
    return randomized(backend.keras().Sequential([layers().InputLayer((28, 28, 1)), *stack]))


def small(layer, **options):
    """A convolution, the layer in question, a normalization of it, and a head."""
    return sequential(
        layers().Conv2D(6, 3, strides=4), layers().ReLU(), layer, normalization(**options), layers().Flatten(),
        layers().Dense(10),
    )  # fmt: skip


def residual():
    keras = backend.keras()
    image = keras.Input((28, 28, 1))
    stem = layers().Conv2D(4, 3, strides=4, use_bias=False)(image)
    stem = layers().Activation("relu")(normalization()(stem))
    inner = normalization()(layers().Conv2D(4, 3, padding="same")(stem))
    joined = layers().Add()([inner, stem])
    wide = layers().Concatenate()([joined, normalization()(layers().DepthwiseConv2D(3, padding="same")(joined))])
    return randomized(keras.Model(image, [layers().Dense(10)(layers().Flatten()(wide)), wide]))


CASES = {
    "conv without bias": lambda: small(layers().Conv2D(5, 3, use_bias=False)),
    "conv with bias": lambda: small(layers().Conv2D(5, 3)),
    "grouped conv": lambda: small(layers().Conv2D(6, 3, groups=3)),
    "depthwise": lambda: small(layers().DepthwiseConv2D(3, use_bias=False)),
    "depthwise with multiplier": lambda: small(layers().DepthwiseConv2D(3, depth_multiplier=3)),
    "separable": lambda: small(layers().SeparableConv2D(5, 3)),
    "transposed": lambda: small(layers().Conv2DTranspose(5, 3, strides=2)),
    "dense": lambda: small(layers().Dense(7)),
    "no scale": lambda: small(layers().Conv2D(5, 3), scale=False),
    "no shift": lambda: small(layers().Conv2D(5, 3), center=False),
    "large epsilon": lambda: small(layers().Conv2D(5, 3), epsilon=0.5),
    "baseline": trained,
    "residual": residual,
}


def outputs(model, images):
    return backend.tensorflow().nest.flatten(model(images, training=False))


@pytest.mark.parametrize("case", CASES)
def test_folding_keeps_the_function_and_leaves_no_normalization(case, images):
    model = CASES[case]()
    before = [weight.copy() for weight in model.get_weights()]
    folded = FoldBatchNorm()(model)
    kinds = [type(layer).__name__ for layer in folded.layers]
    assert "BatchNormalization" not in kinds
    removed = sum(type(layer).__name__ == "BatchNormalization" for layer in model.layers)
    assert removed >= 1
    assert len(folded.layers) == len(model.layers) - removed
    for expected, got in zip(outputs(model, images), outputs(folded, images), strict=True):
        scale = float(np.abs(expected).max())
        np.testing.assert_allclose(got, expected, rtol=0, atol=2e-6 * max(scale, 1) * 10)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    again = FoldBatchNorm()(folded)
    for old, new in zip(folded.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def after_activation():
    return sequential(layers().Conv2D(4, 3, activation="relu"), normalization(), layers().Flatten(), layers().Dense(10))


def behind_a_relu():
    return sequential(layers().Conv2D(4, 3), layers().ReLU(), normalization(), layers().Flatten(), layers().Dense(10))


def first_of_all():
    return sequential(normalization(), layers().Conv2D(4, 3), layers().Flatten(), layers().Dense(10))


def read_twice():
    image = backend.keras().Input((28, 28, 1))
    conv = layers().Conv2D(4, 3)(image)
    return backend.keras().Model(image, layers().Add()([normalization()(conv), conv]))


def shared():
    image, conv = backend.keras().Input((28, 28, 1)), layers().Conv2D(1, 3, padding="same")
    return backend.keras().Model(image, normalization()(conv(conv(image))))


def twice():
    image, conv = backend.keras().Input((28, 28, 1)), layers().Conv2D(1, 3, padding="same")
    return backend.keras().Model(image, conv(conv(image)))


def returned():
    image = backend.keras().Input((28, 28, 1))
    conv = layers().Conv2D(4, 3)(image)
    return backend.keras().Model(image, [normalization()(conv), conv])


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (after_activation, "the activation 'relu'"),
        (behind_a_relu, "a ReLU, which has no output channels"),
        (first_of_all, "comes first"),
        (read_twice, "others read"),
        (shared, "others read"),
        (returned, "others read"),
        (lambda: small(layers().Conv2D(5, 3), axis=1), "axis"),
    ],
)
def test_what_cannot_be_folded_is_refused_by_name_or_left_in_place(build, reason, images):
    model = build()
    with pytest.raises(ValueError, match=reason):
        FoldBatchNorm()(model)
    kept = FoldBatchNorm(strict=False)(model)
    assert sum(type(layer).__name__ == "BatchNormalization" for layer in kept.layers) == 1
    for expected, got in zip(outputs(model, images), outputs(kept, images), strict=True):
        np.testing.assert_array_equal(expected, got)


def test_models_whose_graph_cannot_be_read_are_refused():
    inner = sequential(layers().Conv2D(4, 3), normalization())
    with pytest.raises(ValueError, match="a model inside the model"):
        FoldBatchNorm()(sequential(inner, layers().Flatten(), layers().Dense(10)))
    with pytest.raises(ValueError, match="no input shape yet"):
        FoldBatchNorm()(backend.keras().Sequential([layers().Dense(3)]))


def test_the_converter_folds_by_itself_and_an_unfused_file_shows_what_it_folded(images):
    model = trained()
    fused, folded, unfused = Float32()(model), Float32()(FoldBatchNorm()(model)), Unfused()(model)
    assert not graph_diff(fused, folded), "folding first changes nothing in the file's graph"
    difference = graph_diff(unfused, fused)
    assert (difference.removed, difference.added) == ({"ADD": 3, "MUL": 3, "RELU": 3}, {})
    activations = [op.activation for op in inspect(fused).subgraphs[0].operators if op.name == "CONV_2D"]
    assert activations == ["relu"] * 3, "the activation went into the convolution"
    assert inspect(unfused).outputs[0].name == "logits"
    stages = [port.name for port in inspect(unfused).outputs[1:]]
    assert stages == sorted(stages)
    assert len(stages) == len(model.layers) - 1
    assert stages[0].startswith("stage_00_conv2d")
    for file in (folded, unfused):
        np.testing.assert_allclose(predict(file, images), predict(fused, images), atol=1e-4)
    with pytest.raises(ValueError, match="fused already"):
        Unfused()(float_tflite())


def test_a_recipe_refuses_to_fold_after_clustering():
    for step in (FoldBatchNorm(), Equalize()):
        Recipe("fine", Int8(), steps=(step, Cluster(16)))
        Recipe("fine", Int8(), steps=(Prune(0.5), step))
        with pytest.raises(ValueError, match="would undo the clusters"):
            Recipe("lost", Int8(), steps=(Cluster(16), step))


def damaged(model, seed=0):
    """Scale channels by factors from 1/30 to 30 that cancel: the same function, folded, and hard to quantize."""
    copy = FoldBatchNorm()(model)
    rng = np.random.default_rng(seed)
    for first, second in pairs(copy):
        one, two = copy.get_layer(first), copy.get_layer(second)
        kernel, bias = one.get_weights()
        shape = kernel.shape[-2:] if "depthwise" in first else kernel.shape[-1:]
        factor = np.float32(10) ** rng.uniform(-1.5, 1.5, shape).astype(np.float32)
        following = two.get_weights()
        channels = following[0].reshape(-1, factor.size, following[0].shape[-1])
        following[0] = (channels / factor.reshape(1, -1, 1)).reshape(following[0].shape)
        one.set_weights([kernel * factor, bias * factor.ravel()])
        two.set_weights(following)
    return copy


def mobile():
    return randomized(separable())


def plain():
    return sequential(
        layers().Conv2D(4, 3, strides=3, activation="relu"), layers().MaxPooling2D(), layers().ZeroPadding2D(),
        layers().Conv2D(6, 3), layers().LeakyReLU(), layers().Dropout(0.5), layers().Flatten(),
        layers().Dense(12, activation="relu"), layers().Dense(10),
    )  # fmt: skip


@pytest.mark.parametrize("build", [trained, mobile, plain])
def test_equalizing_keeps_the_function_and_levels_every_pair(build, images):
    model = FoldBatchNorm()(build())
    before = [weight.copy() for weight in model.get_weights()]
    level = Equalize()(model)
    reference = outputs(model, images)[0]
    np.testing.assert_allclose(
        outputs(level, images)[0], reference, rtol=0, atol=1e-5 * float(np.abs(reference).max()) * 10
    )
    found = pairs(model)
    assert len(found) == {trained: 3, mobile: 7, plain: 3}[build]
    for first, second in found:
        left = channel_ranges(level.get_layer(first), level.get_layer(first).get_weights()[0])
        kernel = level.get_layer(second).get_weights()[0]
        right = np.abs(kernel.reshape(-1, len(left), kernel.shape[-1])).max(axis=(0, 2))
        np.testing.assert_allclose(left, right, rtol=0.02)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    again = Equalize()(level)
    for old, new in zip(level.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(old, new, rtol=0.02, atol=1e-5)


def test_a_dead_channel_is_left_alone(images):
    model = plain()
    kernel, bias = model.layers[0].get_weights()
    kernel[..., 1] = 0.0
    model.layers[0].set_weights([kernel, bias])
    level = Equalize()(model)
    assert all(np.isfinite(weight).all() for weight in level.get_weights())
    np.testing.assert_array_equal(level.layers[0].get_weights()[0][..., 1], 0.0)
    np.testing.assert_allclose(outputs(level, images)[0], outputs(model, images)[0], rtol=1e-3, atol=1e-4)


def test_equalizing_repairs_what_scaling_broke():
    """Scales per channel for weights do not help: the activation in between has one scale."""
    data, model = fashion_mnist(), trained()
    broken = damaged(model)
    tested = data.x_test[:1000]
    reference = predict(Float32()(model), tested)
    export = Int8(50)
    fidelity = {
        name: sqnr_db(reference, predict(export(network, data), tested))
        for name, network in {"whole": model, "broken": broken, "repaired": Equalize()(broken)}.items()
    }
    assert fidelity["broken"] < fidelity["whole"] - 6
    assert fidelity["repaired"] > fidelity["broken"] + 5


def relu6():
    return sequential(layers().Conv2D(4, 3), layers().ReLU(6.0), layers().Flatten(), layers().Dense(10))


def swish():
    return sequential(layers().Conv2D(4, 3, activation="swish"), layers().Flatten(), layers().Dense(10))


def branched():
    image = backend.keras().Input((28, 28, 1))
    conv = layers().Conv2D(4, 3, padding="same")(image)
    return backend.keras().Model(image, layers().Add()([layers().Conv2D(4, 3, padding="same")(conv), conv]))


@pytest.mark.parametrize("build", [relu6, swish, branched])
def test_what_scale_cannot_pass_is_not_equalized(build):
    with pytest.raises(ValueError, match="no two layers"):
        Equalize()(build())


def test_normalization_has_to_be_folded_first():
    data = fashion_mnist()
    for step in (Equalize(), CorrectBias()):
        with pytest.raises(ValueError, match="fold it first"):
            step(trained(), data)
    for wrong in (0, 1001, 1.5, True):
        with pytest.raises(ValueError, match="from 1 to 1000"):
            Equalize(sweeps=wrong)
    for wrong in (1, 9, 4.0, True):
        with pytest.raises(ValueError, match="from 2 to 8"):
            CorrectBias(bits=wrong)


@pytest.mark.parametrize(("build", "per_channel"), [(trained, True), (mobile, True), (plain, False)])
def test_the_mean_of_every_layer_is_restored_on_the_calibration_images(build, per_channel):
    data = fashion_mnist()
    model = FoldBatchNorm()(build())
    before = [weight.copy() for weight in model.get_weights()]
    fix = CorrectBias(bits=4, per_channel=per_channel, calibration=50)
    corrected = fix(model, data)
    calibration = data.x_train[np.linspace(0, len(data.x_train) - 1, 50).astype(int)]
    rounded, naive = corrected.__class__.from_config(corrected.get_config()), FoldBatchNorm()(model)
    rounded.set_weights(corrected.get_weights())
    weighted = [layer.name for layer in model.layers if layer.get_weights()]
    for network in (rounded, naive):
        for name in weighted:
            kernel, bias = network.get_layer(name).get_weights()
            axes = ((2, 3) if "depthwise" in name else (kernel.ndim - 1,)) if per_channel else ()
            network.get_layer(name).set_weights([fake_quantize(kernel, 4, axes), bias])
    left, right = 0.0, 0.0
    for name in weighted:
        wanted = mean_output(model, name, calibration)
        spread = float(np.abs(wanted).max())
        np.testing.assert_allclose(mean_output(rounded, name, calibration), wanted, rtol=0, atol=1e-4 * spread)
        left += float(np.abs(mean_output(rounded, name, calibration) - wanted).sum())
        right += float(np.abs(mean_output(naive, name, calibration) - wanted).sum())
    assert left < 0.01 * right, "without the correction there was something to correct"
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    for layer in model.layers:  # weights themselves stay
        if layer.get_weights():
            np.testing.assert_array_equal(layer.get_weights()[0], corrected.get_layer(layer.name).get_weights()[0])


def test_the_correction_rounds_as_the_exporter_does():
    model = FoldBatchNorm()(trained())
    file = DynamicRange()(Float32()(model))
    interpreter = Interpreter(model_content=file.content)
    graph = inspect(file).subgraphs[0]
    stored = [graph.tensors[op.inputs[1]] for op in graph.operators if op.name in ("CONV_2D", "FULLY_CONNECTED")]
    kernels = [layer.get_weights()[0] for layer in model.layers if layer.get_weights()]
    for tensor, kernel in zip(stored, kernels, strict=True):
        scale = tensor.quantization.scale.reshape(-1, *[1] * (kernel.ndim - 1))
        values = np.moveaxis(interpreter.get_tensor(tensor.index) * scale, 0, -1)  # the file has output channels first
        np.testing.assert_allclose(fake_quantize(kernel, 8, (kernel.ndim - 1,)), values, atol=1e-6)


def test_a_layer_that_is_used_twice_has_no_one_bias_to_correct():
    with pytest.raises(ValueError, match="used 2 times"):
        CorrectBias(calibration=5)(FoldBatchNorm(strict=False)(twice()), fashion_mnist())


def test_correction_survives_the_export(images):
    """The rounding of CorrectBias is that of the exporter, so the logits' mean comes back in the real int4 file."""
    data = fashion_mnist()
    model = FoldBatchNorm()(trained())
    tested = data.x_val[:1000]
    reference = predict(Float32()(model), tested).mean(axis=0)
    plain_file, corrected = Int4()(model), Int4()(CorrectBias(bits=4)(model, data))
    error = {name: np.abs(predict(file, tested).mean(axis=0) - reference).mean() for name, file in
             {"plain": plain_file, "corrected": corrected}.items()}  # fmt: skip
    assert error["corrected"] < 0.5 * error["plain"]
