"""Calibrators and quantization-aware training: ranges that keep their promises, a file that keeps the training's."""

import ast
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from scipy.stats import entropy

from course_lib import backend
from course_lib.core import Recipe
from course_lib.data import digits
from course_lib.evaluation import predict, sqnr_db
from course_lib.inspection import inspect
from course_lib.models import Training, fit
from course_lib.techniques import (
    Cluster,
    DynamicRange,
    FineTune,
    Float16,
    Float32,
    FoldBatchNorm,
    Int4,
    Int8,
    Int16x8,
    KullbackLeibler,
    LeastSquares,
    MinMax,
    Mixed,
    Percentile,
    Prune,
    QuantizeAware,
    Unfused,
    WeightOnly,
    calibrate,
)

CALIBRATORS = [
    MinMax(), Percentile(), Percentile(99.0), LeastSquares(), LeastSquares(4), KullbackLeibler(), KullbackLeibler(4),
]  # fmt: skip


def samples(rng, size=3000):
    """Activations as they occur: one-sided, two-sided, with an outlier, constant, of one sign."""
    normal = rng.normal(size=size)
    yield "relu", np.maximum(normal, 0)
    yield "two-sided", normal
    yield "outlier", np.append(normal, 30.0)
    yield "negative", -np.abs(normal)
    yield "far from zero", 5 + 0.1 * normal
    yield "one value", np.full(10, 3.0)


def quantized(x, low, high, bits):
    scale = (high - low) / (2**bits - 1)
    first = np.rint(low / scale)
    return scale * np.clip(np.rint(x / scale), first, first + 2**bits - 1)


@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=repr)
@pytest.mark.parametrize("seed", range(3))
def test_every_range_contains_zero_and_lies_within_the_widest(calibrator, seed):
    rng = np.random.default_rng(seed)
    for name, x in samples(rng):
        low, high = calibrator(x)
        assert min(x.min(), 0) <= low <= 0 <= high <= max(x.max(), 0), name
        assert low < high, name
        np.testing.assert_allclose(calibrator(rng.permutation(x)), (low, high))
        np.testing.assert_allclose(calibrator(x.reshape(-1, 1)), (low, high))
        np.testing.assert_allclose(calibrator(4 * x), (4 * low, 4 * high), err_msg=name)  # 4: exact in floating point


@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=repr)
def test_what_has_no_range_is_refused(calibrator):
    assert calibrator(np.zeros(5)) == (0.0, 0.0)
    for bad in ([], [np.nan, 1.0], [np.inf], [-np.inf, 2.0]):
        with pytest.raises(ValueError, match=r"holds no value|NaN or infinity"):
            calibrator(np.array(bad, np.float32))


def test_settings_out_of_range_are_refused():
    for percent in (50, 0, 101, float("nan")):
        with pytest.raises(ValueError, match=r"\(50, 100\]"):
            Percentile(percent)
    for kind in (LeastSquares, KullbackLeibler):
        for bits in (1, 17, 8.0, True):
            with pytest.raises(ValueError, match="from 2 to 16"):
                kind(bits)
    assert Int8(calibrator=Percentile(99)).key() != Int8(calibrator=Percentile(99.9)).key()


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("seed", range(4))
def test_least_squares_is_the_best_of_the_candidates(bits, seed):
    for name, x in samples(np.random.default_rng(seed)):
        low, high = MinMax()(x)
        errors = [np.mean((x - quantized(x, f * low, f * high, bits)) ** 2) for f in calibrate.FRACTIONS]
        chosen = np.mean((x - quantized(x, *LeastSquares(bits)(x), bits)) ** 2)
        assert chosen == pytest.approx(min(errors)), name


def test_clipping_pays_at_four_bits_and_not_at_eight():
    x = np.append(np.maximum(np.random.default_rng(0).normal(size=20_000), 0), 8.0)

    def error(calibrator, bits):
        return np.mean((x - quantized(x, *calibrator(x), bits)) ** 2)

    for calibrator in (Percentile(99.9), LeastSquares(4), KullbackLeibler(4)):
        assert error(calibrator, 4) < 0.7 * error(MinMax(), 4)
    assert error(Percentile(99.9), 8) > 2 * error(MinMax(), 8)


@pytest.mark.parametrize("bits", [4, 8])
def test_the_divergence_is_scipys(bits):
    """The candidate that SciPy's entropy likes best, found with loops instead of bin counts."""
    x = np.append(np.abs(np.random.default_rng(3).normal(size=4000)), 9.0)
    counts, edges = np.histogram(x, bins=calibrate.BINS, range=(0, x.max()))

    def divergence(fraction):
        last = int(np.ceil(round(fraction * calibrate.BINS, 6)))
        inside = counts[:last].astype(float)
        p = inside.copy()
        p[-1] += counts[last:].sum()
        q = np.zeros(last)
        steps = min(2**bits, last)
        for step in range(steps):
            bins = [b for b in range(last) if b * steps // last == step]
            filled = [b for b in bins if inside[b] > 0]
            for b in filled:
                q[b] = inside[bins].sum() / len(filled)
        return entropy(p, np.maximum(q / q.sum(), 1e-12))

    tried = calibrate.FRACTIONS[::9]
    best = divergence(KullbackLeibler(bits)(x)[1] / x.max())
    assert best <= min(divergence(float(fraction)) for fraction in tried) + 1e-9
    assert np.isclose(edges[-1], x.max())


@cache
def solution(number, name):
    """Return one function of a topic's solution."""
    [folder] = (Path(__file__).parent.parent / "topics").glob(f"{number}_*")
    tree = ast.parse((folder / "exercise.py").read_text("utf-8"))
    [function] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    namespace = {"np": np}
    exec(compile(ast.Module([function], []), name, "exec"), namespace)
    return namespace[name]


@pytest.mark.parametrize("bits", [4, 8])
def test_the_exercise_teaches_the_same_rules(bits):
    taught = solution("04", "calibrate")
    pairs = {
        "minmax": MinMax(),
        "percentile": Percentile(99.99),
        "mse": LeastSquares(bits),
        "kl": KullbackLeibler(bits),
    }
    for method, calibrator in pairs.items():
        for name, x in samples(np.random.default_rng(7)):
            if name != "one value":
                low, high = MinMax()(x)
                slack = 0.03 * (high - low)
                np.testing.assert_allclose(calibrator(x), taught(x, method, bits=bits), atol=slack, err_msg=name)


@pytest.mark.parametrize("calibrator", [LeastSquares(8), LeastSquares(4), KullbackLeibler(8)], ids=repr)
def test_many_values_are_binned_without_moving_the_range(calibrator, monkeypatch):
    x = np.append(np.maximum(np.random.default_rng(0).normal(size=3 * calibrate.CELLS), 0), 12.0)
    binned = calibrator(x)
    monkeypatch.setattr(calibrate, "CELLS", 10**9)
    np.testing.assert_allclose(calibrator(x), binned, atol=0.011 * x.max())


@pytest.fixture(scope="module")
def data():
    return digits()


@pytest.fixture(scope="module")
def network(data):
    """A convolution with batch normalization, a second one without, and a head: 7,000 weights."""
    keras = backend.keras()
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential([
        layers.InputLayer((28, 28, 1)),
        layers.Conv2D(8, 3, strides=3, use_bias=False), layers.BatchNormalization(momentum=0.9), layers.ReLU(),
        layers.Conv2D(16, 3, strides=2, activation="relu"), layers.Flatten(), layers.Dense(10),
    ])  # fmt: skip
    return fit(model, data, Training(3, batch_size=32, learning_rate=4e-3))


QUICK = {"epochs": 1, "batch_size": 200}
STEPS = {
    None: (),
    "sparsity": (Prune(0.6, **QUICK),),
    "clusters": (Cluster(8, keep_zeros=False, **QUICK),),
    "both": (Prune(0.6, **QUICK), Cluster(8, **QUICK)),
}


@pytest.fixture(scope="module")
def made(network, data):
    """Return preserve -> (the model before, the quantization-aware one), trained once."""

    @cache
    def before(steps):
        return steps[-1](before(steps[:-1]), data) if steps else network

    @cache
    def make(preserve):
        model = before(STEPS[preserve])
        return model, QuantizeAware(preserve=preserve, **QUICK)(model, data)

    return make


def integer_kernels(artifact):
    """Return the stored int8 weights of convolutions and dense layers, output channels first."""
    interpreter = Interpreter(model_content=artifact.content)
    graph = inspect(artifact).subgraphs[0]
    return [interpreter.get_tensor(op.inputs[1]) for op in graph.operators if op.name in ("CONV_2D", "FULLY_CONNECTED")]


@pytest.mark.parametrize("preserve", STEPS)
def test_training_leaves_the_input_alone_and_the_file_answers_as_the_model_did(preserve, made, data):
    model, aware = made(preserve)
    before = [weight.copy() for weight in model.get_weights()]
    artifact = Int8()(aware)  # no data: the ranges were trained
    anatomy = inspect(artifact)
    assert anatomy.scheme == "int8"
    assert not anatomy.float_islands
    assert {port.dtype for port in (*anatomy.inputs, *anatomy.outputs)} == {"int8"}
    assert not {"QUANTIZE", "DEQUANTIZE"} & set(anatomy.ops)
    in_training = aware.predict(data.x_test, verbose=0)
    # Where the grid of the training is that of the file, what differs is a step of a few outputs.
    assert sqnr_db(in_training, predict(artifact, data.x_test)) > 25
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_zeros_and_clusters_survive_when_they_are_preserved_and_only_then(made):
    for preserve in STEPS:
        kernels = integer_kernels(Int8()(made(preserve)[1]))
        zeros = [float((kernel == 0).mean()) for kernel in kernels]
        values = [max(len(np.unique(channel)) for channel in kernel) for kernel in kernels]
        if preserve in ("sparsity", "both"):
            assert min(zeros) > 0.58
        else:
            assert max(zeros) < 0.3
        if preserve in ("clusters", "both"):
            assert max(values) <= 8  # per channel: the file's scales take in the folded normalization
        else:
            assert max(values) > 20


def test_float_ends_are_possible_and_the_other_exports_refuse(made, data):
    aware = made(None)[1]
    ports = inspect(Int8(integer_io=False)(aware))
    assert {port.dtype for port in (*ports.inputs, *ports.outputs)} == {"float32"}
    for export in (
        Float32(), Float16(), DynamicRange(), Int16x8(), Int4(), WeightOnly(), Mixed({"dense/": 8}), Unfused(),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"trained for int8. Use Int8"):
            export(aware, data)
    for export in (Int8(keep_float=("dense",)), Int8(calibrator=MinMax())):
        with pytest.raises(ValueError, match="were trained"):
            export(aware, data)
    for step in (FoldBatchNorm(), QuantizeAware()):
        with pytest.raises(ValueError, match=r"trained for int8|contains other layers"):
            step(aware, data)


def test_the_same_training_gives_the_same_file(made, network, data):
    again = QuantizeAware(**QUICK)(network, data)
    assert Int8()(again).sha256 == Int8()(made(None)[1]).sha256


def test_the_control_is_as_many_float_epochs():
    step = QuantizeAware(epochs=5, batch_size=64, learning_rate=3e-5, seed=7, preserve="both")
    assert step.control() == FineTune(epochs=5, batch_size=64, learning_rate=3e-5, seed=7)
    assert step.control().training == step.training


def test_orders_that_undo_an_earlier_step_are_refused():
    Recipe("pcqat", Int8(), steps=(Prune(0.5), Cluster(8), QuantizeAware(preserve="both")))
    Recipe("pqat", Int8(), steps=(Prune(0.5), QuantizeAware(preserve="sparsity")))
    for steps, message in (
        ((QuantizeAware(), Prune(0.5)), "must be the last step"),
        ((Prune(0.5), QuantizeAware()), "would undo the zeros"),
        ((Cluster(8), QuantizeAware(preserve="sparsity")), "would undo the clusters"),
        ((Cluster(8, layers=("a",)), Cluster(8, layers=("b",))), "would undo the clusters that Cluster made"),
        ((Prune(0.5), QuantizeAware(preserve="clusters")), "would undo the zeros"),
    ):
        with pytest.raises(ValueError, match=message):
            Recipe("wrong", Int8(), steps=steps)


def test_wrong_settings_and_nothing_to_preserve_are_refused(network, data):
    with pytest.raises(ValueError, match="preserve must be None or one of"):
        QuantizeAware(preserve="half")
    with pytest.raises(ValueError, match="epochs must be 1 or more"):
        QuantizeAware(epochs=0)
    for preserve, message in (("sparsity", "no zeros to preserve"), ("both", "no zeros"), ("clusters", "no clusters")):
        with pytest.raises(ValueError, match=message):
            QuantizeAware(preserve=preserve, epochs=1)(network, data)
