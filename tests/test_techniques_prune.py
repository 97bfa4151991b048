"""Pruning: the promised zeros are there and stay, cut networks equal masked ones, and nothing given is changed."""

from types import SimpleNamespace

import numpy as np
import pytest

from course_lib import backend
from course_lib.core import Artifact, Recipe, Transform
from course_lib.data import digits
from course_lib.evaluation import predict
from course_lib.models import fit, float_tflite, zoo
from course_lib.models.training import accuracy
from course_lib.techniques import Cluster, FineTune, Float32, Int8, Prune, PruneChannels, PruneNM, Sparse
from course_lib.techniques import control as control_module
from course_lib.techniques import prune as prune_module
from course_lib.techniques.channel_groups import FIXED, channel_groups
from course_lib.techniques.channel_surgery import mask_channels, remove_channels
from course_lib.techniques.held import masked
from course_lib.techniques.kernels import kernel_layers, kernel_of, sparsity
from course_lib.techniques.prune_nm import largest_of_each_block
from course_lib.techniques.sensitivity import channel_sensitivity, shares_above, weight_sensitivity


@pytest.fixture(scope="module")
def data():
    return digits()


@pytest.fixture(scope="module")
def network():
    return shaken(zoo.student())


@pytest.fixture(scope="module")
def pruned(network, data):
    return Prune(0.8, epochs=1)(network, data)


def shaken(model, seed=0):
    """Return the model with random weights everywhere, biases and batch normalization too: zeros would hide errors."""
    rng = np.random.default_rng(seed)
    weights = [w + rng.normal(0, 0.2, w.shape).astype(w.dtype) for w in model.get_weights()]
    model.set_weights([np.abs(w) + 0.1 if "var" in v.name else w for v, w in zip(model.weights, weights, strict=True)])
    return model


def layers():
    return backend.keras().layers


def small_residual():
    """A residual sum, a depthwise layer, a concatenation, a gate, and a dense layer behind Flatten."""
    make, keras = layers(), backend.keras()
    image = keras.Input((28, 28, 1))
    x = make.Conv2D(8, 3, strides=4, padding="same", name="stem")(image)
    x = make.ReLU()(make.BatchNormalization()(x))
    y = make.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(x)
    y = make.ReLU(6.0)(make.BatchNormalization(center=False)(y))
    y = make.BatchNormalization(scale=False)(make.Conv2D(8, 1, name="back")(y))
    x = make.Add()([x, y])
    left = make.Conv2D(4, 3, padding="same", activation="relu", name="left")(x)
    right = make.Conv2D(6, 1, activation="swish", name="right")(x)
    x = make.Concatenate()([left, right, x])
    gate = make.Dense(5, activation="relu", name="squeeze")(make.GlobalAveragePooling2D()(x))
    gate = make.Reshape((1, 1, 18))(make.Dense(18, activation="sigmoid", name="excite")(gate))
    x = make.MaxPooling2D()(make.Multiply()([x, gate]))
    x = make.Dense(12, activation="relu", name="hidden")(make.Dropout(0.1)(make.Flatten()(x)))
    return shaken(keras.Model(image, make.Dense(10, name="head")(x), name="residual"))


def behind_unknown_layer():
    make, keras = layers(), backend.keras()
    image = keras.Input((28, 28, 1))
    x = make.Conv2D(6, 3, strides=4, activation="relu", name="free")(image)
    x = make.Conv2D(6, 3, strides=2, activation="sigmoid", name="half_at_zero")(x)
    x = make.LayerNormalization()(make.Conv2D(6, 1, name="normalized")(x))
    return shaken(keras.Model(image, make.Dense(10)(make.Flatten()(x)), name="unknown"))


def weights_of(model):
    return [weight.copy() for weight in model.get_weights()]


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


# ---------------------------------------------------------------- magnitude pruning


def test_every_kernel_has_exactly_the_promised_zeros(pruned):
    for layer in kernel_layers(pruned):
        kernel = kernel_of(layer)
        assert np.sum(kernel == 0) == kernel.size - round(kernel.size * np.float32(1 - 0.8)), layer.name


@pytest.mark.parametrize("schedule", [{"begin": 0.9, "end": 1.0}, {"frequency": 1000, "initial": 0.5}])
def test_the_zeros_are_reached_whatever_the_schedule(schedule, network, data):
    after = sparsity(Prune(0.6, epochs=1, **schedule)(network, data))
    assert all(share == pytest.approx(0.6, abs=0.01) for share in after.values()), after


def test_the_last_turn_of_a_schedule_is_its_last_step():
    rng = np.random.default_rng(0)
    for _ in range(500):
        begin, end = np.sort(rng.random(2))
        frequency, steps = int(rng.integers(1, 50)), int(rng.integers(1, 400))
        first, every, last = Prune(0.5, begin=begin, end=end, frequency=frequency)._turns(steps)
        assert first < last <= steps
        assert every >= 1
        assert (last - first) % every == 0


def test_a_mapping_prunes_the_layers_that_it_names(network, data):
    names = [layer.name for layer in kernel_layers(network)]
    after = sparsity(Prune({names[-1]: 0.9}, epochs=1)(network, data))
    assert [round(share, 2) for share in after.values()] == [0, 0, 0, 0.9]
    with pytest.raises(ValueError, match=f"no kernel in stem; it has some in {names[0]}"):
        Prune({"stem": 0.5})(network, data)


def test_the_wrappers_are_gone_and_the_file_is_no_larger(pruned, network, data):
    assert [type(layer) for layer in pruned.layers] == [type(layer) for layer in network.layers]
    assert [v.shape for v in pruned.variables] == [v.shape for v in network.variables]
    control, zeros = Float32()(Prune(0.8, epochs=1).control()(network, data)), Float32()(pruned)
    assert zeros.raw_bytes == control.raw_bytes
    assert zeros.gzip_bytes < 0.5 * control.gzip_bytes


def test_depthwise_kernels_are_left_alone(data):
    model = shaken(zoo.separable())
    depthwise = [layer.name for layer in model.layers if type(layer).__name__ == "DepthwiseConv2D"]
    assert depthwise
    assert not set(depthwise) & {layer.name for layer in kernel_layers(model)}
    after = PruneNM(1, 4, epochs=0)(model, data)
    for name in depthwise:
        assert_same(after.get_layer(name).get_weights(), model.get_layer(name).get_weights())


def test_prune_and_int8_work_as_a_recipe(network, data):
    artifact = Recipe("prune-int8", Int8(50), steps=(Prune(0.8, epochs=1),))(network, data)
    assert isinstance(artifact, Artifact)
    assert artifact.name == "prune-int8"
    assert artifact.gzip_bytes < 0.7 * Int8(50)(network, data).gzip_bytes


# ---------------------------------------------------------------- N:M


@pytest.mark.parametrize(("n", "m"), [(2, 4), (1, 4), (3, 4), (1, 2)])
@pytest.mark.parametrize("shape", [(3, 3, 8, 5), (12, 7), (3, 3, 6, 2), (3, 3, 1, 4)])
def test_the_blocks_are_those_of_the_toolkit(n, m, shape):
    utils, tf = backend.tfmot_part("sparsity.keras.pruning_utils"), backend.tensorflow()
    kernel = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    mask = utils.generate_m_by_n_mask(utils.weights_rearrange(tf.constant(kernel)), (m - n, m))
    expected = utils.m_by_n_sparsity_mask_prepare(mask, tf.constant(kernel).shape).numpy() == 1
    np.testing.assert_array_equal(largest_of_each_block(kernel, n, m), expected)


def test_equal_weights_are_kept_in_their_order():
    mask = largest_of_each_block(np.ones((8, 3), np.float32), 2, 4)
    np.testing.assert_array_equal(mask[:, 0], [True, True, False, False] * 2)


def test_the_pattern_holds_after_training(network, data):
    after = PruneNM(2, 4, epochs=1)(network, data)
    for layer, before in zip(kernel_layers(after), kernel_layers(network), strict=True):
        kernel = kernel_of(layer)
        if kernel.shape[-2] % 4 == 0:
            blocks = np.moveaxis(kernel, -2, -1).reshape(-1, 4)
            assert np.all(np.count_nonzero(blocks, axis=1) == 2)
        assert np.any(kernel != kernel_of(before) * (kernel != 0)), "the kept weights were not trained"


def test_zeros_that_were_there_stay(pruned, data):
    after = PruneNM(3, 4, epochs=1)(pruned, data)
    for layer, before in zip(kernel_layers(after), kernel_layers(pruned), strict=True):
        assert np.all(kernel_of(layer)[kernel_of(before) == 0] == 0)


def test_no_epochs_cut_and_do_not_train(network, data):
    after = PruneNM(1, 4, epochs=0)(network, data)
    for layer, before in zip(kernel_layers(after), kernel_layers(network), strict=True):
        kept = kernel_of(layer) != 0
        np.testing.assert_array_equal(kernel_of(layer)[kept], kernel_of(before)[kept])


# ---------------------------------------------------------------- channels

NETWORKS = [small_residual, behind_unknown_layer, zoo.student, zoo.separable, zoo.lenet_5, zoo.lenet_300_100]


@pytest.mark.parametrize("build", NETWORKS, ids=lambda build: build.__name__)
@pytest.mark.parametrize("fraction", [0.3, 0.9])
def test_cutting_equals_masking(build, fraction, data):
    model = build() if "_" in build.__name__ and build.__module__ == __name__ else shaken(build())
    groups = channel_groups(model)
    removed = PruneChannels(fraction, epochs=0).choose(model, groups)
    assert removed
    images = data.x_test[:40]
    masked = mask_channels(model, groups, removed)(images, training=False).numpy()
    smaller = remove_channels(model, groups, removed)
    assert smaller.count_params() < model.count_params()
    np.testing.assert_allclose(smaller(images, training=False), masked, atol=1e-5 * np.abs(masked).max())
    assert np.abs(masked - model(images, training=False).numpy()).max() > 0.01 * np.abs(masked).max()


def test_cutting_equals_masking_to_the_last_bit_where_sums_are_exact(data):
    model = zoo.lenet_5()
    rng = np.random.default_rng(0)
    model.set_weights([rng.integers(-2, 3, w.shape).astype(np.float32) for w in model.get_weights()])
    groups = channel_groups(model)
    removed = PruneChannels(0.5, epochs=0).choose(model, groups)
    images = np.round(data.x_test[:10] * 4)
    np.testing.assert_array_equal(
        remove_channels(model, groups, removed)(images), mask_channels(model, groups, removed)(images)
    )


def test_tied_layers_are_one_family():
    families = {names: len(numbers) for names, numbers in channel_groups(small_residual()).families().items()}
    assert families == {
        ("stem", "back", "excite"): 8,  # the sum ties stem and back; the gate ties all that it multiplies
        ("left", "excite"): 4,
        ("right", "excite"): 6,
        ("squeeze",): 5,
        ("hidden",): 12,
    }


def test_what_reaches_the_output_or_an_unknown_layer_stays(data):
    model = behind_unknown_layer()
    groups = channel_groups(model)
    assert set(groups.families()) == {("free",)}  # sigmoid(0) is not 0, and LayerNormalization mixes channels
    assert np.all(groups.writes[model.layers[-1].name] == FIXED)
    with pytest.raises(ValueError, match="normalized; it has some in free"):
        PruneChannels({"normalized": 0.5})(model, data)


def test_a_layer_used_twice_is_refused():
    make, keras = layers(), backend.keras()
    image, shared = keras.Input((28, 28, 1)), make.Conv2D(1, 3, padding="same", name="shared")
    with pytest.raises(ValueError, match="layer shared is connected 2 times"):
        channel_groups(keras.Model(image, make.Flatten()(shared(shared(image)))))


@pytest.mark.parametrize(
    ("fraction", "align", "widths"), [(0.5, 1, [4, 8, 12]), (0.5, 8, [8, 8, 16]), (0.99, 1, [1, 1, 1])]
)
def test_the_share_and_the_alignment_decide_the_widths(fraction, align, widths, network, data):
    smaller = PruneChannels(fraction, align=align, epochs=0)(network, data)
    assert [layer.filters for layer in smaller.layers if hasattr(layer, "filters")] == widths
    assert smaller.output_shape == network.output_shape


def test_the_least_important_channels_go(network, data):
    first = kernel_layers(network)[0]
    norm = next(layer for layer in network.layers if type(layer).__name__ == "BatchNormalization")
    filters = kernel_of(first).reshape(-1, 8)
    scores = {"gamma": np.linalg.norm(filters, axis=0) * np.abs(norm.gamma.numpy()), "l1": np.abs(filters).sum(axis=0)}
    for importance, score in scores.items():
        smaller = PruneChannels({first.name: 0.5}, importance, epochs=0)(network, data)
        best = np.sort(np.argsort(-score)[:4])
        np.testing.assert_array_equal(smaller.get_layer(first.name).get_weights()[0], kernel_of(first)[..., best])


def test_tied_layers_cannot_be_given_different_shares(data):
    with pytest.raises(ValueError, match="can only shrink together"):
        PruneChannels({"stem": 0.5, "back": 0.25})(small_residual(), data)


def test_a_narrower_network_trains_and_its_file_is_smaller(network, data):
    smaller = PruneChannels(0.5, epochs=1)(network, data)
    assert Float32()(smaller).raw_bytes < 0.5 * Float32()(network).raw_bytes


# ---------------------------------------------------------------- sensitivity


def test_a_row_of_the_table_is_the_accuracy_of_that_layer_alone(network, data):
    before = weights_of(network)
    table = weight_sensitivity(network, data, (0.5, 0.99), images=200, quiet=True)
    assert list(table) == [layer.name for layer in kernel_layers(network)]
    name = list(table)[1]
    kernel = kernel_of(network.get_layer(name))
    cut = masked(network, {name: np.abs(kernel) >= np.quantile(np.abs(kernel), 0.5)})
    assert table[name][0.5] == accuracy(cut, data.x_val[:200], data.y_val[:200])
    assert_same(before, network.get_weights())
    with pytest.raises(ValueError, match=r"share must lie in \(0, 1\), got 1.0"):
        weight_sensitivity(network, data, (1.0,))


def test_tied_channels_have_one_row_that_pruning_understands(data):
    model = small_residual()
    table = channel_sensitivity(model, data, (0.5,), images=50, quiet=True)
    assert list(table) == ["stem", "left", "right", "squeeze", "hidden"]
    smaller = PruneChannels(shares_above(table, 0.0), epochs=0)(model, data)
    assert smaller.get_layer("back").filters == 4


def test_the_largest_share_before_the_first_fall_is_chosen():
    table = {"a": {0.9: 0.95, 0.25: 0.9, 0.5: 0.7}, "b": {0.25: 0.5}, "c": {0.5: 0.9, 0.25: 0.91}}
    assert shares_above(table, 0.8) == {"a": 0.25, "c": 0.5}
    with pytest.raises(ValueError, match=r"the best accuracy in it is 0\.95"):
        shares_above(table, 0.99)


# ---------------------------------------------------------------- what all have in common

TRANSFORMS = [
    Prune(0.5, epochs=1),
    PruneNM(epochs=1),
    PruneNM(epochs=0),
    PruneChannels(0.5, epochs=1),
    PruneChannels(0.5, epochs=0),
    FineTune(epochs=1),
    FineTune(epochs=0),
]


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda step: f"{type(step).__name__}-{step.epochs}")
def test_the_model_given_stays_and_the_same_seed_gives_the_same_weights(transform, data):
    model = zoo.student()
    before, config = weights_of(model), model.to_json()
    first, second = transform(model, data), transform(model, data)
    assert_same(before, model.get_weights())
    assert model.to_json() == config
    assert_same(first.get_weights(), second.get_weights())
    for layer in first.layers:
        layer.set_weights([weight + 1 for weight in layer.get_weights()])
    assert_same(before, model.get_weights())


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (lambda: Prune(0.0), r"sparsity must lie in \(0, 1\), got 0.0"),
        (lambda: Prune(1.0), r"sparsity must lie in \(0, 1\)"),
        (lambda: Prune(float("nan")), r"sparsity must lie in \(0, 1\)"),
        (lambda: Prune({}), "at least one layer"),
        (lambda: Prune({"dense": 2.0}), r"sparsity of dense must lie in \(0, 1\), got 2.0"),
        (lambda: Prune(0.5, begin=0.6, end=0.5), "0 <= begin < end <= 1"),
        (lambda: Prune(0.5, initial=1.0), r"initial must lie in \[0, 1\)"),
        (lambda: Prune(0.5, frequency=0), "1 or more"),
        (lambda: Prune(0.5, epochs=0), "epochs must be 1 or more"),
        (lambda: Prune(0.5, learning_rate=0.0), r"learning_rate must lie in \(0, 1\]"),
        (lambda: PruneNM(4, 4), "1 <= n < m, got 4:4"),
        (lambda: PruneNM(0, 4), "1 <= n < m"),
        (lambda: PruneNM(epochs=-1), "1 or more"),
        (lambda: PruneChannels(1.0), r"fraction must lie in \(0, 1\)"),
        (lambda: PruneChannels(0.5, "taylor"), "importance must be one of"),
        (lambda: PruneChannels(0.5, align=0), "align must be 1 or more"),
    ],
)
def test_what_is_out_of_range_is_refused(build, complaint):
    with pytest.raises(ValueError, match=complaint):
        build()


def test_a_model_with_nothing_to_prune_is_refused(data):
    make, keras = layers(), backend.keras()
    empty = keras.Sequential([keras.Input((28, 28, 1)), make.Flatten(), make.BatchNormalization()])
    for transform in (Prune(0.5), PruneNM(), PruneChannels(0.5)):
        with pytest.raises(ValueError, match=r"nothing to compress|no channel that could go"):
            transform(empty, data)
    nested = keras.Sequential([keras.Input((28, 28, 1)), zoo.student()])
    with pytest.raises(ValueError, match="contains other layers"):
        Prune(0.5)(nested, data)


def test_the_control_takes_as_many_steps(network, data, monkeypatch):
    taken = SimpleNamespace(steps=[])

    def counting(*args, **kwargs):
        trained = fit(*args, **kwargs)
        taken.steps.append(int(trained.optimizer.iterations))
        return trained

    monkeypatch.setattr(control_module, "fit", counting)
    monkeypatch.setattr(prune_module, "fit", counting)
    technique = Prune(0.5, epochs=2, batch_size=200, seed=3)
    technique(network, data)
    technique.control()(network, data)
    assert taken.steps == [12, 12]
    assert technique.control() == FineTune(epochs=2, batch_size=200, seed=3)


@pytest.mark.parametrize(
    "steps",
    [
        (Prune(0.5), FineTune()),
        (Prune(0.5), PruneChannels(0.5)),
        (PruneNM(), Prune(0.5)),
        (PruneNM(), PruneChannels(0.5, epochs=0)),
        (Cluster(16), Prune(0.5)),
        (Cluster(16), PruneNM()),
        (Prune(0.5), Cluster(16, keep_zeros=False)),
    ],
    ids=lambda steps: "-".join(type(step).__name__ for step in steps),
)
def test_an_order_that_undoes_a_step_is_refused(steps: tuple[Transform, ...]):
    with pytest.raises(ValueError, match="would undo the"):
        Recipe("wrong", Float32(), steps=steps)


def test_orders_that_keep_what_was_made_are_accepted():
    Recipe("deep", Int8(), steps=(PruneChannels(0.5), Prune(0.5), Cluster(16)))
    Recipe("pattern", Int8(), steps=(FineTune(), Prune(0.5), PruneNM(), Cluster(16)))


# ---------------------------------------------------------------- the sparse file


def test_the_sparse_file_is_smaller_and_computes_the_same(pruned, data):
    dense, sparse = Float32()(pruned), Sparse()(pruned)
    assert sparse.raw_bytes < 0.7 * dense.raw_bytes
    np.testing.assert_allclose(predict(sparse, data.x_test), predict(dense, data.x_test), atol=1e-5)


def test_a_sparse_file_that_would_not_pay_is_refused(network, data):
    with pytest.raises(ValueError, match=r"prune more first\. Zeros now: conv2d"):
        Sparse()(network)
    with pytest.raises(ValueError, match="pass the pruned model"):
        Sparse()(float_tflite())
    quantized = backend.tfmot().quantization.keras.quantize_model(zoo.student())
    with pytest.raises(ValueError, match="before quantization-aware training"):
        Sparse()(quantized)
