"""Clustering: few values, zeros that stay zeros, and what folding does to both."""

import numpy as np
import pytest

from course_lib.data import digits
from course_lib.inspection import inspect
from course_lib.models import zoo
from course_lib.techniques import Cluster, FineTune, Float32, FoldBatchNorm, Prune
from course_lib.techniques.kernels import kernel_layers, kernel_of


@pytest.fixture(scope="module")
def data():
    return digits()


@pytest.fixture(scope="module")
def network(data):
    return FineTune(epochs=2)(zoo.student(), data)


@pytest.fixture(scope="module")
def pruned(network, data):
    return Prune(0.6, epochs=1)(network, data)


@pytest.fixture(scope="module")
def clustered(pruned, data):
    return Cluster(8, epochs=1)(pruned, data)


def values(model):
    return [len(np.unique(kernel_of(layer))) for layer in kernel_layers(model)]


def stored_kernels(artifact):
    """Return the kernels of a float file from small to large, output channels last as in Keras."""
    tensors = [t for graph in inspect(artifact.content).subgraphs for t in graph.tensors if t.role == "weights"]
    arrays = {t.shape: np.frombuffer(artifact.content[slice(*t.span)], np.float32).reshape(t.shape) for t in tensors}
    return [np.moveaxis(arrays[shape], 0, -1) for shape in sorted(arrays, key=np.prod)]


def channel_values(kernel):
    return [len(np.unique(kernel[..., channel])) for channel in range(kernel.shape[-1])]


def test_no_kernel_has_more_values_than_asked(clustered):
    assert max(values(clustered)) <= 8
    assert min(values(clustered)) > 4


def test_zeros_stay_zero(clustered, pruned):
    for after, before in zip(kernel_layers(clustered), kernel_layers(pruned), strict=True):
        assert np.mean(kernel_of(before) == 0) > 0.5
        assert np.all(kernel_of(after)[kernel_of(before) == 0] == 0)


def test_zeros_are_lost_when_nobody_asked_to_keep_them(pruned, data):
    after = Cluster(4, start="linear", keep_zeros=False, epochs=1)(pruned, data)
    assert max(values(after)) <= 4
    assert all(np.mean(kernel_of(layer) == 0) < 0.1 for layer in kernel_layers(after))


def test_layers_left_out_are_not_clustered_and_keep_their_zeros(pruned, data):
    first, *_, last = (layer.name for layer in kernel_layers(pruned))
    after = Cluster(4, layers=(last,), epochs=1)(pruned, data)
    assert values(after)[-1] <= 4
    assert min(values(after)[1:-1]) > 100
    kept = kernel_of(pruned.get_layer(first)) != 0
    np.testing.assert_array_equal(kernel_of(after.get_layer(first)) != 0, kept)


def test_clusters_per_channel_are_per_channel(network, data):
    second = kernel_layers(network)[1].name
    after = Cluster(4, per_channel=True, layers=(second,), epochs=1)(network, data).get_layer(second)
    assert max(channel_values(kernel_of(after))) <= 4
    assert len(np.unique(kernel_of(after))) > 16


def test_the_exporter_folds_the_clusters_away_unless_they_were_made_after_folding(network, clustered, data):
    kernels = stored_kernels(Float32()(clustered))
    assert [len(np.unique(kernel)) > 8 for kernel in kernels] == [kernel.ndim == 4 for kernel in kernels]
    assert max(max(channel_values(kernel)) for kernel in kernels) <= 8  # a channel has only one factor
    folded_first = Cluster(8, epochs=1)(FoldBatchNorm()(network, data), data)
    assert max(len(np.unique(kernel)) for kernel in stored_kernels(Float32()(folded_first))) <= 8


def test_a_kernel_of_few_weights_keeps_them(network, data):
    after = Cluster(100, epochs=1)(network, data)
    assert values(after)[0] == 72  # 3 x 3 x 1 x 8 weights are fewer than 100 values
    assert max(values(after)[1:]) <= 100


def test_channels_with_too_few_weights_are_refused(pruned, data):
    with pytest.raises(ValueError, match=r"channels have fewer than 30 weights that are not zero"):
        Cluster(30, per_channel=True, layers=(kernel_layers(pruned)[1].name,))(pruned, data)
    with pytest.raises(ValueError, match="no kernel of more than 256 weights"):
        Cluster(256, layers=(kernel_layers(pruned)[0].name,))(pruned, data)


def test_the_wrappers_are_gone_and_gzip_finds_the_clusters(clustered, pruned):
    assert [type(layer) for layer in clustered.layers] == [type(layer) for layer in pruned.layers]
    assert [v.shape for v in clustered.variables] == [v.shape for v in pruned.variables]
    before, after = Float32()(pruned), Float32()(clustered)
    assert after.raw_bytes == before.raw_bytes
    assert after.gzip_bytes < 0.8 * before.gzip_bytes


def test_the_model_given_stays_and_the_same_seed_gives_the_same_weights(pruned, clustered, data):
    before = pruned.get_weights()
    again = Cluster(8, epochs=1)(pruned, data)
    for one, other in zip(before, pruned.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(clustered.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (lambda: Cluster(2), r"clusters must lie in \[3, 256\] with keep_zeros=True: 2"),
        (lambda: Cluster(1, keep_zeros=False), r"clusters must lie in \[2, 256\]"),
        (lambda: Cluster(257), "clusters must lie"),
        (lambda: Cluster(16, start="random"), "start must be one of"),
        (lambda: Cluster(16, epochs=0), "epochs must be 1 or more"),
    ],
)
def test_what_is_out_of_range_is_refused(build, complaint):
    with pytest.raises(ValueError, match=complaint):
        build()


def test_the_control_is_as_long(data):
    assert Cluster(16, epochs=5, seed=2).control() == FineTune(epochs=5, seed=2)
