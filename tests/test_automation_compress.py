"""`course compress`, `recipes`, `sweep` and `gate` on models of every kind, right ones and wrong ones."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course_lib import backend
from course_lib.automation.compress import compress
from course_lib.automation.recipes import RECIPES, named
from course_lib.cli import app
from course_lib.core import Artifact
from course_lib.evaluation import predict
from course_lib.models import float_tflite
from course_lib.techniques import Int8
from tests import third_party
from tests.sweep_child import small_data

ROOT = Path(__file__).resolve().parents[1]
needs_tensorflow = pytest.mark.skipif(not backend.has_tensorflow(), reason="converts: needs the full tier")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COURSE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def run(capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            app([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return call


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with the baseline, 200 of its images with labels, and data of many wrong kinds."""
    folder = tmp_path_factory.mktemp("files")
    float_tflite("baseline").save(folder / "m.tflite")
    data = small_data(train=200)
    Int8(calibration=10)(float_tflite("baseline"), data).save(folder / "int8.tflite")
    x, y = data.x_train.copy(), data.y_train
    nan = x.copy()
    nan[3, 5, 5] = np.nan
    wrong = {
        "good": {"x": x, "y": y},
        "unlabelled": {"x": x},
        "nan": {"x": nan},
        "uint8": {"x": (x * 255).astype(np.uint8)},
        "flat": {"x": x[..., 0]},
        "large": {"x": np.zeros((10, 32, 32, 3), np.float32)},
        "no_x": {"images": x},
        "float_labels": {"x": x, "y": y.astype(np.float32)},
        "twelfth": {"x": x, "y": np.full_like(y, 12)},
        "objects": {"x": np.array([{}], dtype=object)},
        "few": {"x": x[:3], "y": y[:3]},
        "empty": {"x": x[:0]},
    }
    for name, arrays in wrong.items():
        np.savez(folder / f"{name}.npz", **arrays)
    content = (folder / "good.npz").read_bytes()
    (folder / "cut.npz").write_bytes(content[: len(content) // 2])
    (folder / "text.npz").write_text("x,y\n")
    (folder / "text.tflite").write_text("no model")
    (folder / "cut.tflite").write_bytes((folder / "m.tflite").read_bytes()[:2000])
    (folder / "empty").mkdir()
    return folder


def test_every_recipe_for_files_makes_one_that_runs(files, tmp_path):
    x = small_data().x_val[:20]
    reference = predict(float_tflite("baseline"), x).argmax(1)
    for entry in RECIPES:
        if not entry.trains:
            made = compress(files / "m.tflite", entry, files / "unlabelled.npz")
            assert np.mean(predict(made.artifact, x).argmax(1) == reference) > 0.8, entry.name
            assert (made.artifact.raw_bytes < made.float_bytes) == (entry.name != "float32")


def test_a_file_is_compressed_without_tensorflow(files, tmp_path):
    program = (
        "import sys\nfrom course_lib.cli import app\n"
        "try:\n    app(sys.argv[1:])\nexcept SystemExit as ended:\n    assert not ended.code\n"
        "print({'tensorflow', 'tf_keras', 'keras'} & set(sys.modules))"
    )
    command = [
        "compress",
        files / "m.tflite",
        "--recipe",
        "int8",
        "--data",
        files / "good.npz",
        "-o",
        tmp_path / "o.tflite",
    ]
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, command)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"
    assert Artifact.load(tmp_path / "o.tflite").raw_bytes < 100_000


@pytest.mark.parametrize(
    ("model", "recipe", "data", "complaint"),
    [
        ("m.tflite", "int9", None, "no recipe 'int9'"),
        ("m.tflite", "int8", None, "needs samples to calibrate with"),
        ("m.tflite", "qat", None, "needs labelled samples"),
        ("m.tflite", "qat", "good.npz", "m.tflite cannot be trained here"),
        ("m.tflite", "int8", "nan.npz", "1 of 200 samples hold NaN"),
        ("m.tflite", "dynamic", "nan.npz", "1 of 200 samples hold NaN"),
        ("m.tflite", "int8", "uint8.npz", "x is uint8, models take float32"),
        ("m.tflite", "int8", "flat.npz", r"takes x of shape \(n, 28, 28, 1\).*add the channel axis"),
        ("m.tflite", "int8", "large.npz", r"takes x of shape \(n, 28, 28, 1\), large holds \(n, 32, 32, 3\)"),
        ("m.tflite", "int8", "no_x.npz", r"lacks x: it holds \['images'\]"),
        ("m.tflite", "int8", "objects.npz", "objects.npz"),
        ("m.tflite", "int8", "empty.npz", "n >= 1"),
        ("m.tflite", "int8", "cut.npz", "cut.npz is not an .npz file"),
        ("m.tflite", "int8", "text.npz", "text.npz is not an .npz file"),
        ("m.tflite", "int8", "none.npz", "no data .*none.npz"),
        ("int8.tflite", "int8", "good.npz", "compressed already"),
        ("text.tflite", "dynamic", None, "not a .tflite file"),
        ("cut.tflite", "dynamic", None, "is it truncated"),
        ("none.tflite", "dynamic", None, "no model .*none.tflite"),
        ("empty", "dynamic", None, "without saved_model.pb"),
        ("good.npz", "dynamic", None, "is neither"),
    ],
)
def test_what_does_not_fit_is_one_line_and_no_file(run, files, tmp_path, model, recipe, data, complaint):
    out = tmp_path / "out" / "o.tflite"
    out.parent.mkdir()
    given = ["--data", files / data] if data else []
    code, _, err = run("compress", files / model, "--recipe", recipe, *given, "-o", out)
    assert code == 2
    assert err.count("\n") == 1
    assert re.search(complaint, err), err
    assert list(out.parent.iterdir()) == []


def test_an_old_output_survives_a_failure_and_a_missing_folder_is_found_first(run, files, tmp_path):
    out = tmp_path / "o.tflite"
    out.write_bytes(b"precious")
    assert run("compress", files / "m.tflite", "--recipe", "int8", "--data", files / "nan.npz", "-o", out)[0] == 2
    assert out.read_bytes() == b"precious"
    code, _, err = run("compress", files / "m.tflite", "--recipe", "dynamic", "-o", tmp_path / "no" / "o.tflite")
    assert (code, "no folder" in err) == (2, True)


def test_the_recipes_are_listed_in_both_languages(run, monkeypatch):
    english = run("recipes")[1]
    monkeypatch.setenv("COURSE_LANG", "zh")
    chinese = run("recipes")[1]
    for entry in RECIPES:
        assert f"\n{entry.name} " in english
        assert f"\n{entry.name} " in chinese
        assert re.search("[\u4e00-\u9fff]", entry.about.zh)
    assert len({entry.name for entry in RECIPES}) == len(RECIPES)


def test_a_sweep_prints_the_front_writes_a_page_and_keeps_its_bounds(run, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["sweep", files / "m.tflite", "--data", files / "good.npz", "--recipe", "float32", "--recipe", "dynamic"]
    code, out, _ = run(*command, "--recipe", "int8", "--max-bytes", "100000", "-o", "chosen.tflite")
    assert code == 0
    assert re.search(r"→\s+(dynamic|int8)", out)
    assert Path("chosen.tflite").stat().st_size <= 100_000
    page = Path("sweep.html").read_text("utf-8")
    assert "<script" not in page
    assert not re.search(r"(?:src|href)\s*=|url\(|https?://", page)
    assert page.count("<circle") == 3
    assert 'role="img" aria-label="Accuracy over file size' in page
    code, out, _ = run(*command, "--recipe", "int8", "--max-bytes", "1000")
    assert code == 1
    assert "nothing fits into 1,000 bytes" in out
    assert "3 of 3 from the cache" in out


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ("float_labels", "y is float32"),
        ("twelfth", "10 classes, and twelfth has the label 12"),
        ("few", "at least 10"),
        ("unlabelled", "lacks y"),
    ],
)
def test_labels_that_do_not_fit_are_refused(run, files, data, complaint):
    code, _, err = run("sweep", files / "m.tflite", "--data", files / f"{data}.npz")
    assert code == 2
    assert complaint in err


def test_the_gate_ends_with_a_code_that_a_pipeline_understands(run, files):
    one, two = files / "m.tflite", files / "int8.tflite"
    code, out, _ = run("gate", one, two, "--data", files / "good.npz", "--max-loss", "0.1")
    assert (code, out.count("✓")) == (0, 2)
    code, out, _ = run("gate", two, one, "--data", files / "good.npz", "--max-loss", "0.1")
    assert (code, out.count("✗")) == (1, 1)


def test_somebody_elses_models_are_compressed_or_refused_for_their_reason(tmp_path):
    sound = tmp_path / "nmp.tflite"
    sound.write_bytes(third_party.model("basic-pitch", "nmp"))
    np.savez(tmp_path / "sound.npz", x=np.random.default_rng(0).normal(0, 0.1, (2, 43844, 1)).astype(np.float32))
    for recipe, data in (("int8", tmp_path / "sound.npz"), ("dynamic", None)):
        made = compress(sound, named(recipe), data)
        assert made.artifact.raw_bytes < 0.7 * made.float_bytes
    for package, name, reason in (
        ("pymicro-wakeword", "okay_nabu", "compressed already"),
        ("mediapipe", "palm_detection_lite", "compressed already"),
        ("mediapipe", "face_landmark_with_attention", "compressed already"),
    ):
        (tmp_path / "other.tflite").write_bytes(third_party.model(package, name))
        with pytest.raises(ValueError, match=reason):
            compress(tmp_path / "other.tflite", named("dynamic"), None)


KERAS_3 = """
import sys
from course_lib import backend
keras = backend.keras_3()

class Double(keras.layers.Layer):
    def call(self, x):
        return x * 2

image = keras.Input((28, 28, 1))
x = keras.layers.Conv2D(8, 3, strides=2, activation="relu")(image)
model = keras.Model(image, keras.layers.Dense(10)(keras.layers.GlobalAveragePooling2D()(x)))
model.save(sys.argv[1] + "/three.keras")
keras.Model(image, Double()(image)).save(sys.argv[1] + "/custom3.keras")
keras.Model(image, keras.layers.Lambda(lambda x: x + 1)(image)).save(sys.argv[1] + "/lambda.keras")
"""


@pytest.fixture(scope="module")
def keras_files(files):
    subprocess.run([sys.executable, "-c", KERAS_3, str(files)], capture_output=True, cwd=ROOT, check=True)
    keras = backend.keras()

    class Double(keras.layers.Layer):
        def call(self, x):
            return x * 2

    image = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(8, 3, strides=2, use_bias=False)(image)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    logits = keras.layers.Dense(10)(keras.layers.GlobalAveragePooling2D()(x))
    keras.Model(image, logits).save(files / "two.h5")
    keras.Model(image, logits).save_weights(files / "weights.h5")
    keras.Model(image, keras.layers.Softmax()(logits)).save(files / "softmax.keras")
    keras.Model(image, Double()(image)).save(files / "custom2.h5")
    open_image = keras.Input((None, None, 1))
    x = keras.layers.Conv2D(8, 3)(open_image)
    anywhere = keras.Model(open_image, keras.layers.GlobalAveragePooling2D()(x))
    anywhere.save(files / "open.keras")
    anywhere.export(files / "saved")
    return files


@needs_tensorflow
@pytest.mark.parametrize("name", ["three.keras", "two.h5", "open.keras", "saved"])
def test_keras_files_of_both_kinds_and_a_saved_model_are_compressed(keras_files, name):
    made = compress(keras_files / name, named("int8"), keras_files / "unlabelled.npz")
    assert predict(made.artifact, small_data().x_val[:3]).shape[0] == 3


@needs_tensorflow
def test_a_keras_2_file_is_trained(keras_files):
    trained = compress(keras_files / "two.h5", named("prune-80-int8"), keras_files / "good.npz")
    assert predict(trained.artifact, small_data().x_val[:3]).shape == (3, 10)


@needs_tensorflow
@pytest.mark.parametrize(
    ("model", "recipe", "complaint"),
    [
        ("custom3.keras", "int8", "layer or function of somebody's own.*model.export"),
        ("custom2.h5", "int8", "layer or function of somebody's own.*model.export"),
        ("lambda.keras", "int8", "Lambda layer"),
        ("weights.h5", "int8", "holds weights only"),
        ("softmax.keras", "qat", "ends in a softmax"),
        ("three.keras", "qat", "need a Keras 2 model"),
    ],
)
def test_keras_files_that_cannot_be_used_say_why(run, keras_files, tmp_path, model, recipe, complaint):
    out = tmp_path / "o.tflite"
    code, _, err = run(
        "compress", keras_files / model, "--recipe", recipe, "--data", keras_files / "good.npz", "-o", out
    )
    assert (code, err.count("\n"), out.exists()) == (2, 1, False)
    assert re.search(complaint, err), err
