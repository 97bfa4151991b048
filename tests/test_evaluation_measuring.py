"""measure and compare: whole, checked against counting by hand, and plain about what does not fit."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score
from typer.testing import CliRunner

from course_lib.cli import app
from course_lib.core import Artifact
from course_lib.data import fashion_mnist
from course_lib.evaluation import compare, measure, predict, sqnr_db
from course_lib.evaluation.command import compare_command, measure_command, read_data
from course_lib.models import float_tflite
from course_lib.techniques import DynamicRange, Int4
from tests import evaluation_models as files

IDENTITY = np.eye(3)


@pytest.fixture(scope="module")
def sample():
    data = fashion_mnist()
    return data.x_test[:600], data.y_test[:600]


def test_a_report_is_whole_and_its_numbers_are_scikit_learns(sample):
    artifact = float_tflite()
    report = measure(artifact, sample, runs=20, warmups=2)
    predicted = predict(artifact, sample[0]).argmax(1)
    assert report.accuracy == accuracy_score(sample[1], predicted)
    assert report.macro_f1 == pytest.approx(f1_score(sample[1], predicted, average="macro"))
    assert report.accuracy_interval.low < report.accuracy < report.accuracy_interval.high
    assert (report.raw_bytes, report.gzip_bytes) == (artifact.raw_bytes, artifact.gzip_bytes)
    assert report.latency is not None
    assert report.latency.runs == 20
    assert min(report.load_ms, report.first_us, report.peak_memory_mb) > 0
    assert "fresh process" in report.memory_how
    assert (report.scores, report.images, len(report.per_class)) == ("logits", 600, 10)
    assert json.loads(json.dumps(report.to_dict()))["accuracy"] == report.accuracy
    assert report.row()["delegate"] == "XNNPACK"


def test_costly_parts_can_be_left_out(sample):
    report = measure(float_tflite(), sample, latency=False, memory=False)
    assert (report.latency, report.load_ms, report.first_us, report.peak_memory_mb) == (None, None, None, None)
    assert "median µs" not in report.row()


def test_a_data_set_is_measured_on_its_test_split():
    data = fashion_mnist()
    few = replace(data, x_test=data.x_test[:50], y_test=data.y_test[:50])
    report = measure(float_tflite(), few, latency=False, memory=False)
    expected = measure(float_tflite(), (data.x_test[:50], data.y_test[:50]), latency=False, memory=False)
    assert (report.images, report.accuracy) == (50, expected.accuracy)
    assert report.per_class[0].name == data.class_names[0]


def test_what_is_no_classifier_or_does_not_fit_is_refused():
    x, y = np.eye(3, dtype=np.float32), np.arange(3)
    model = files.dense(IDENTITY)
    quick = {"latency": False, "memory": False}
    assert measure(model, (x, y), **quick).accuracy == 1.0
    for data, message in [
        ((x, np.array([0, 1, 3])), "labels run from 0 to 3"),
        ((x, np.array([0, 1, -1])), "labels run from -1"),
        ((x, y[:2]), "one whole-number label per sample"),
        ((x, y.astype(float)), "one whole-number label per sample"),
        ((x[:0], y[:0]), "no samples"),
        ((np.full_like(x, np.nan), y), "NaN or infinite outputs for 3 of 3"),
    ]:
        with pytest.raises(ValueError, match=message):
            measure(model, data, **quick)
    with pytest.raises(ValueError, match="a classifier gives"):
        measure(files.dense(np.ones((1, 3))), (x, y), **quick)
    with pytest.raises(ValueError, match="cannot load"):
        measure(Artifact("cut", model.content[:-200]), (x, y), **quick)


def test_a_comparison_counts_pairs():
    """B swaps classes 1 and 2 and is right where A is not; counted on the fingers."""
    a, b = files.dense(IDENTITY, name="a"), files.dense(IDENTITY[[0, 2, 1]], name="b")
    x = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 1, 2, 2]]
    y = np.array([0, 1, 1, 1, 2, 2, 0])
    found = compare(a, b, (x, y), latency=False)
    assert (found.both_right, found.only_a, found.only_b, found.both_wrong) == (1, 3, 1, 2)
    assert (found.accuracy_a, found.accuracy_b) == (4 / 7, 2 / 7)
    assert found.flips == 5  # every sample of class 1 and 2, right or wrong
    assert found.difference == pytest.approx(-2 / 7)
    assert found.difference_interval.low < -2 / 7 < found.difference_interval.high
    assert found.latency_ratio is None


def test_a_model_compared_with_itself_changes_nothing(sample):
    found = compare(float_tflite(), float_tflite(), sample, latency=False, margin=0.02)
    assert (found.flips, found.only_a, found.only_b, found.p_value) == (0, 0, 0, 1.0)
    assert found.verdict == "non-inferior"
    assert found.sqnr_db == np.inf


def test_a_small_sample_proves_nothing(sample):
    few = sample[0][:100], sample[1][:100]
    assert compare(float_tflite(), float_tflite(), few, latency=False).verdict == "inconclusive"


def test_verdict_sqnr_and_sentences_belong_to_the_numbers(sample):
    a = float_tflite()
    b = Int4()(a)
    found = compare(a, b, sample, margin=0.2)
    assert found.sqnr_db == pytest.approx(sqnr_db(predict(a, sample[0]), predict(b, sample[0])))
    assert found.latency_interval.low <= found.latency_ratio <= found.latency_interval.high
    assert "is non-inferior to float32" in found.sentence
    assert "不劣于" in found.sentence_zh
    assert f"flipped predictions: {found.flips}" in found.sentence
    ruined = files.dense(np.zeros((10, 2)))  # not of the same shape of input: refused
    with pytest.raises(ValueError, match="takes x of shape"):
        compare(a, ruined, sample)
    for margin in (0, 1, -0.1, 5):
        with pytest.raises(ValueError, match="margin"):
            compare(a, b, sample, margin=margin)


def test_a_ruined_model_is_inferior(sample):
    a = float_tflite()
    noise = np.random.default_rng(0).permutation(len(sample[0]))
    found = compare(a, DynamicRange()(a), (sample[0], sample[1][noise]), latency=False)
    assert found.accuracy_a < 0.3  # shuffled labels: both are equally ignorant, and no verdict is forced
    zeros = files.dense(np.zeros((3, 3)), name="zeros")
    x = np.tile(np.eye(3, dtype=np.float32), (50, 1))
    worse = compare(files.dense(IDENTITY), zeros, (x, np.tile(np.arange(3), 50)), latency=False)
    assert worse.verdict == "inferior"
    assert "is inferior to dense" in worse.sentence


@pytest.fixture
def npz(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "mine.npz"
    np.savez(path, x=rng.integers(0, 256, (40, 28, 28), dtype=np.uint8), y=rng.integers(0, 10, 40))
    return path


def test_the_commands_print_a_table_or_json(tmp_path, npz):
    a, b = float_tflite().save(tmp_path / "a.tflite"), DynamicRange()(float_tflite()).save(tmp_path / "b.tflite")
    values = json.loads(measure_command(str(a), str(npz), json=True))
    assert (values["name"], values["images"], values["raw_bytes"]) == ("a", 40, a.stat().st_size)
    assert {"accuracy", "gzip_bytes", "latency", "peak_memory_mb", "environment"} <= values.keys()
    compared = json.loads(compare_command(str(a), str(a), str(npz), json=True))
    assert compared["sqnr_db"] is None  # infinity is not JSON
    text = compare_command(str(a), str(b), str(npz))
    assert "flipped predictions" in text
    assert "McNemar" in text
    assert "准确率" in compare_command(str(a), str(b), str(npz), lang="zh")
    assert "峰值内存" in measure_command(str(a), str(npz), lang="zh")


def test_the_course_command_measures_and_compares(tmp_path, npz):
    model = str(float_tflite().save(tmp_path / "m.tflite"))
    measured = CliRunner().invoke(app, ["measure", model, "--data", str(npz), "--json"])
    assert measured.exit_code == 0
    assert json.loads(measured.stdout)["images"] == 40
    compared = CliRunner().invoke(app, ["compare", model, model, "--data", str(npz), "--margin", "0.2"])
    assert compared.exit_code == 0
    assert "non-inferior" in compared.stdout
    refused = CliRunner().invoke(app, ["measure", str(npz)])
    assert refused.exit_code == 2
    assert "TFL3" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_an_npz_is_measured_whole_and_fits_the_models_rank(npz):
    x, _ = read_data(str(npz), float_tflite())
    assert x.shape == (40, 28, 28, 1)
    assert x.max() <= 1.0
    assert read_data(str(npz), files.single("flat", _flat))[0].shape == (40, 28, 28)


def test_features_of_any_range_are_measured_as_the_model_takes_them(tmp_path):
    x = np.random.default_rng(0).normal(0, 3, (40, 4)).astype(np.float32)
    np.savez(tmp_path / "features.npz", x=x, y=np.abs(x).argmax(1))
    model = str(files.single("flat", _features).save(tmp_path / "m.tflite"))
    report = json.loads(measure_command(model, str(tmp_path / "features.npz"), json=True))
    assert (report["images"], report["accuracy"]) == (40, 1.0)
    np.savez(tmp_path / "features.npz", x=np.where(x == x[3, 0], np.nan, x), y=np.abs(x).argmax(1))
    with pytest.raises(ValueError, match="1 of 40 samples hold NaN"):
        measure_command(model, str(tmp_path / "features.npz"))


def test_the_commands_say_what_is_missing(tmp_path, npz):
    model = str(float_tflite().save(tmp_path / "m.tflite"))
    with pytest.raises(ValueError, match="no such file"):
        measure_command("nowhere.tflite", str(npz))
    with pytest.raises(ValueError, match=r"fashion_mnist or digits.*npz"):
        measure_command(model, "cifar")
    (tmp_path / "text.npz").write_text("x, y")
    with pytest.raises(ValueError, match="npz"):
        measure_command(model, str(tmp_path / "text.npz"))


def _flat(g):
    x, y = g.tensor((1, 28, 28)), g.tensor((1, 28, 28))
    g.op(files.OP.ABS, [x], [y])
    return [x], [y]


def _features(g):
    x, y = g.tensor((1, 4)), g.tensor((1, 4))
    g.op(files.OP.ABS, [x], [y])
    return [x], [y]
