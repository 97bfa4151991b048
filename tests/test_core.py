"""The values that flow: what they refuse, and that a key is the same exactly when the content is."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from course_lib.core import Artifact, Dataset, Environment, Export, Recipe, Transform, key
from course_lib.data import digits
from course_lib.models import float_tflite


@dataclass(frozen=True)
class Halve(Transform):
    """A transform for tests: numbers stand in for models."""

    times: int = 1

    def __call__(self, model, data):
        return model / 2**self.times


@dataclass(frozen=True)
class Final(Halve):
    must_be_last = True


@dataclass(frozen=True)
class Write(Export):
    def __call__(self, model, data=None):
        return Artifact("written", b"\0\0\0\0TFL3" + str(model).encode())


def test_a_recipe_runs_its_steps_in_order_and_names_the_artifact():
    artifact = Recipe("quarter", Write(), steps=(Halve(), Halve()))(8.0, digits())
    assert artifact.name == "quarter"
    assert artifact.content.endswith(b"2.0")


def test_an_order_that_cannot_work_is_refused_when_the_recipe_is_built():
    Recipe("fine", Write(), steps=(Halve(), Final()))
    with pytest.raises(ValueError, match=r"Final must be the last step.*Halve\(times=3\)"):
        Recipe("wrong", Write(), steps=(Final(), Halve(3)))


@pytest.mark.parametrize("wrong", [{"name": ""}, {"export": Halve()}, {"steps": (Write(),)}])
def test_a_recipe_says_what_does_not_belong(wrong):
    with pytest.raises(ValueError, match="recipe"):
        replace(Recipe("r", Write()), **wrong)


def test_an_artifact_is_a_tflite_file_and_says_so():
    with pytest.raises(ValueError, match="TFL3"):
        Artifact("keras", b"\x89HDF\r\n\x1a\n" * 10)
    with pytest.raises(ValueError, match="bytes"):
        Artifact("path", "model.tflite")  # type: ignore[arg-type]


def test_an_artifact_survives_the_disk(tmp_path):
    artifact = float_tflite()
    again = Artifact.load(artifact.save(tmp_path / "float32.tflite"))
    assert again == artifact
    assert [path.name for path in tmp_path.iterdir()] == ["float32.tflite"]
    assert 0 < again.gzip_bytes < again.raw_bytes == len(again.content)


SAMES = [
    (Halve(2), Halve(2)),
    (np.arange(6).reshape(2, 3).T, np.ascontiguousarray(np.arange(6).reshape(2, 3).T)),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    (0.1 + 0.2, 0.30000000000000004),
]
DIFFERENTS = [
    (Halve(2), Halve(3)),
    (Halve(2), Final(2)),
    (1, 1.0),
    (1, True),
    ("1", 1),
    (np.zeros(2, np.float32), np.zeros(2, np.float64)),
    (np.zeros((2, 3)), np.zeros((3, 2))),
    ((1, 2), [1, 2]),
    ([1, [2]], [[1], 2]),
    (0.1, np.nextafter(0.1, 1).item()),
    (b"a", "a"),
    (None, 0),
]


@pytest.mark.parametrize(("left", "right"), SAMES)
def test_equal_content_has_an_equal_key(left, right):
    assert key(left) == key(right)


@pytest.mark.parametrize(("left", "right"), DIFFERENTS)
def test_different_content_has_a_different_key(left, right):
    assert key(left) != key(right)


def test_a_key_covers_versions(monkeypatch):
    from course_lib.core import keys

    before = key(1)
    keys._versions.cache_clear()
    monkeypatch.setattr(keys, "installed", lambda package: "another")
    assert key(1) != before
    keys._versions.cache_clear()


def test_what_has_no_canonical_form_is_refused():
    with pytest.raises(TypeError, match="object"):
        key(object())
    with pytest.raises(TypeError, match="object array"):
        key(np.array([object()]))


def _dataset(**changes):
    images, labels = np.zeros((4, 28, 28, 1), np.float32), np.zeros(4, np.int64)
    fields = {
        f"{axis}_{split}": value for split in ("train", "val", "test") for axis, value in (("x", images), ("y", labels))
    }
    return Dataset("made", **(fields | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_val": np.zeros((4, 28, 28, 1))}, "val images must be float32"),
        ({"x_test": np.zeros((4, 28, 28), np.float32)}, "test images must be"),
        ({"y_train": np.zeros(3, np.int64)}, "train has 4 images but labels"),
        ({"x_train": np.full((4, 28, 28, 1), 255, np.float32)}, "Divide 8-bit images by 255"),
        ({"x_train": np.full((4, 28, 28, 1), np.nan, np.float32)}, r"\[0, 1\]"),
        ({"x_train": np.full((4, 28, 28, 1), -0.1, np.float32)}, r"\[0, 1\]"),
    ],
)
def test_a_dataset_refuses_what_would_fail_later_and_says_where(changes, message):
    _dataset()
    with pytest.raises(ValueError, match=message):
        _dataset(**changes)


def test_the_environment_names_what_a_latency_needs():
    here = Environment.here()
    assert here.cores >= 1
    assert here.litert
    assert here.cpu in str(here)
    assert f"LiteRT {here.litert}" in str(here)
