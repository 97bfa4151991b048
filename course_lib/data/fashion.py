"""Fashion-MNIST: 12,000 training images bundled, 55,000 where the original files are at hand.

Fashion-MNIST is MIT-licensed, copyright 2017 Zalando SE (FASHION_MNIST_LICENSE beside this file). The split is
stratified and fixed: 500 images of each class are kept for validation and out of every training; all 10,000 test images
are kept as published. Source: Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747.
"""

from __future__ import annotations

import gzip
import hashlib
import urllib.error
import urllib.request
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Dataset
from course_lib.core.progress import progress

BUNDLE = Path(__file__).with_name("fashion_mnist.npz")
CLASS_NAMES = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip

# The published training files and their SHA-256.
ORIGINALS = {
    "train-images-idx3-ubyte.gz": "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
    "train-labels-idx1-ubyte.gz": "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
}
KERAS_CACHE = Path.home() / ".keras" / "datasets" / "fashion-mnist"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
DOWNLOAD = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@cache
def fashion_mnist(full: bool = False) -> Dataset:
    """Return Fashion-MNIST as float32 images in [0, 1], shape (n, 28, 28, 1).

    Args:
        full: train on 55,000 images instead of the bundled 12,000. Validation and test are the same either way.

    Raises:
        FileNotFoundError: ``full`` is asked for and the original files are neither here nor to be had.
    """
    with np.load(BUNDLE) as bundle:
        arrays = {name: bundle[name] for name in bundle.files}
    x_train, y_train = arrays["x_train"], arrays["y_train"]
    if full:
        images, labels = _original_training_set()
        training = np.delete(np.arange(len(labels)), arrays["val_index"])
        x_train, y_train = images[training], labels[training]
    return Dataset(
        name="fashion-mnist-full" if full else "fashion-mnist",
        x_train=_images(x_train),
        y_train=y_train.astype(np.int64),
        x_val=_images(arrays["x_val"]),
        y_val=arrays["y_val"].astype(np.int64),
        x_test=_images(arrays["x_test"]),
        y_test=arrays["y_test"].astype(np.int64),
        class_names=CLASS_NAMES,
    )


def _images(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    images = (pixels.astype(np.float32) / np.float32(255))[..., np.newaxis]
    images.flags.writeable = False  # the data set is cached and shared: nobody may change it under another's feet
    return images


def _original_training_set() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    paths = {name: _find_or_download(name, digest) for name, digest in ORIGINALS.items()}
    images, labels = (gzip.decompress(path.read_bytes()) for path in paths.values())
    # idx format: 16 bytes of header before the images, 8 before the labels.
    return np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28), np.frombuffer(labels, np.uint8, offset=8)


def _find_or_download(name: str, digest: str) -> Path:
    for folder in (KERAS_CACHE, DEBIAN_FOLDER):
        path = folder / name
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            return path
    try:
        content = _download(DOWNLOAD + name)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise FileNotFoundError(
            f"The full training set needs {name}, and it could not be downloaded ({error}). Any one of these helps: "
            f"connect once and call fashion_mnist(full=True) again; on Debian or Ubuntu install the package "
            f"dataset-fashion-mnist; or put the published file into {KERAS_CACHE}. "
            "Every lesson and exercise runs without it: fashion_mnist() is bundled."
        ) from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise FileNotFoundError(f"The download of {name} arrived damaged (its SHA-256 differs). Please try again.")
    KERAS_CACHE.mkdir(parents=True, exist_ok=True)
    partial = KERAS_CACHE / (name + ".part")
    partial.write_bytes(content)
    return partial.replace(KERAS_CACHE / name)


def _download(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as response:
        size = int(response.headers.get("Content-Length", 0))
        steps = progress(range(0, max(size, 1), 1 << 16), label=f"downloading {url.rsplit('/', 1)[-1]}")
        content: bytes = b"".join(response.read(1 << 16) for _ in steps) + response.read()
    return content
