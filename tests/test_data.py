"""The data: balanced, disjoint, complete, and honest about what is missing."""

import urllib.error

import numpy as np
import pytest

from course_lib.data import digits, fashion, fashion_mnist, load_npz


def test_the_bundle_is_stratified_and_complete():
    data = fashion_mnist()
    for _, x, y in data.splits():
        counts = np.bincount(y, minlength=10)
        assert len(set(counts)) == 1, counts
        assert x.shape[1:] == (28, 28, 1)
        assert x.dtype == np.float32
    assert [len(y) for _, _, y in data.splits()] == [12_000, 5_000, 10_000]
    assert data.classes == len(data.class_names) == 10


def test_validation_is_kept_out_of_training():
    with np.load(fashion.BUNDLE) as bundle:
        training, validation = set(bundle["train_index"].tolist()), set(bundle["val_index"].tolist())
    assert len(training) == 12_000
    assert len(validation) == 5_000
    assert not training & validation


def test_nobody_can_change_the_shared_images():
    with pytest.raises(ValueError, match="read-only"):
        fashion_mnist().x_test[0] = 0


def test_the_licence_lies_beside_the_images():
    text = fashion.BUNDLE.with_name("FASHION_MNIST_LICENSE").read_text()
    assert "MIT" in text
    assert "Zalando" in text


def test_the_full_set_without_files_or_network_says_how_to_get_it(monkeypatch, tmp_path):
    def offline(url, timeout):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(fashion, "KERAS_CACHE", tmp_path)
    monkeypatch.setattr(fashion, "DEBIAN_FOLDER", tmp_path)
    monkeypatch.setattr(fashion.urllib.request, "urlopen", offline)
    with pytest.raises(FileNotFoundError, match=r"dataset-fashion-mnist.*fashion_mnist\(\) is bundled"):
        fashion._original_training_set()


def test_a_damaged_download_is_refused_and_not_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(fashion, "KERAS_CACHE", tmp_path)
    monkeypatch.setattr(fashion, "DEBIAN_FOLDER", tmp_path)
    monkeypatch.setattr(fashion, "_download", lambda url: b"half a file")
    with pytest.raises(FileNotFoundError, match="damaged"):
        fashion._original_training_set()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    not (fashion.DEBIAN_FOLDER.exists() or fashion.KERAS_CACHE.exists()),
    reason="the original training files are not on this machine (Debian: apt install dataset-fashion-mnist)",
)
def test_the_full_set_has_the_same_validation_and_test():
    full, bundled = fashion_mnist(full=True), fashion_mnist()
    assert len(full.x_train) == 55_000
    np.testing.assert_array_equal(full.x_val, bundled.x_val)
    np.testing.assert_array_equal(full.x_test, bundled.x_test)
    seen = {image.tobytes() for image in full.x_train}
    inside = sum(image.tobytes() in seen for image in bundled.x_train)
    assert inside == 12_000


def test_digits_are_small_and_disjoint():
    data = digits()
    assert [len(y) for _, _, y in data.splits()] == [1197, 300, 300]
    assert data.classes == 10


def test_a_users_npz_is_split_and_scaled(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (100, 20, 20), np.uint8)
    np.savez(tmp_path / "mine.npz", x=x, y=np.arange(100) % 4)
    data = load_npz(tmp_path / "mine.npz")
    assert data.name == "mine"
    assert [len(y) for _, _, y in data.splits()] == [70, 15, 15]
    together = np.concatenate([images for _, images, _ in data.splits()])
    assert sorted(together.sum((1, 2, 3)).tolist()) == sorted(
        (x.astype(np.float32) / np.float32(255)).sum((1, 2)).tolist()
    )


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((20, 8, 8))}, "lacks y"),
        ({"x": np.zeros((20, 8, 8)), "y": np.zeros(20)}, "integer label"),
        ({"x": np.zeros((5, 8, 8)), "y": np.zeros(5, int)}, "at least 10 samples"),
        ({"x": np.full((20, 8, 8), np.nan), "y": np.zeros(20, int)}, r"\[0, 1\]"),
    ],
)
def test_a_users_npz_that_does_not_fit_says_why(tmp_path, arrays, message):
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        load_npz(tmp_path / "mine.npz")


def test_something_else_than_an_npz_says_how_to_write_one(tmp_path):
    (tmp_path / "mine.npz").write_bytes(b"not a zip file at all")
    with pytest.raises(ValueError, match=r"numpy\.savez"):
        load_npz(tmp_path / "mine.npz")
