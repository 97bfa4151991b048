"""The networks of the course, untrained, for 28 x 28 x 1 images and ten classes. The seed decides the first weights.

Batch normalization uses momentum 0.9: with Keras's 0.99 a training of a few hundred steps ends at 99 % on the training
set and 17 % on the test set, because the moving averages have not arrived yet.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from course_lib import backend

INPUT_SHAPE = (28, 28, 1)
CLASSES = 10
MOMENTUM = 0.9

Model = Any


def _repeatable(build: Callable[[], Model]) -> Callable[..., Model]:
    """Give a network the same first weights and layer names whenever it is built: both end up in the file's bytes."""

    @functools.wraps(build)
    def seeded(seed: int = 0) -> Model:
        keras = backend.keras()
        keras.backend.reset_uids()  # or the names count on from whatever this session built before
        keras.utils.set_random_seed(seed)
        return build()

    return seeded


@_repeatable
def baseline() -> Model:
    """Conv-BN-ReLU three times, then a dense layer: 87,594 parameters. Most lessons compress this one."""
    layers = backend.keras().layers
    return _sequential(
        "baseline",
        *_conv_bn_relu(32, strides=2),
        *_conv_bn_relu(64, strides=2),
        *_conv_bn_relu(64, strides=1),
        layers.Flatten(),
        layers.Dropout(0.4),
        layers.Dense(CLASSES),
    )


@_repeatable
def separable() -> Model:
    """Depthwise-separable network in the manner of MobileNet (Howard et al. 2017, arXiv:1704.04861)."""
    layers = backend.keras().layers
    return _sequential(
        "separable",
        *_conv_bn_relu(32, strides=2),
        *_separable_bn_relu(64, strides=1),
        *_separable_bn_relu(128, strides=2),
        *_separable_bn_relu(128, strides=1),
        layers.GlobalAveragePooling2D(),
        layers.Dropout(0.2),
        layers.Dense(CLASSES),
    )


@_repeatable
def student() -> Model:
    """A network about a tenth of the baseline, for distillation."""
    layers = backend.keras().layers
    return _sequential(
        "student",
        *_conv_bn_relu(8, strides=2),
        *_conv_bn_relu(16, strides=2),
        *_conv_bn_relu(24, strides=2),
        layers.Flatten(),
        layers.Dense(CLASSES),
    )


@_repeatable
def lenet_300_100() -> Model:
    """LeNet-300-100: 266,610 parameters, all of them in dense layers (LeCun et al. 1998; Han et al. 2016)."""
    layers = backend.keras().layers
    return _sequential(
        "lenet_300_100",
        layers.Flatten(),
        layers.Dense(300, activation="relu"),
        layers.Dense(100, activation="relu"),
        layers.Dense(CLASSES),
    )


@_repeatable
def lenet_5() -> Model:
    """LeNet-5 as Caffe and Deep Compression have it: 431,080 parameters (Han et al. 2016, arXiv:1510.00149)."""
    layers = backend.keras().layers
    return _sequential(
        "lenet_5",
        layers.Conv2D(20, 5),
        layers.MaxPooling2D(),
        layers.Conv2D(50, 5),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(500, activation="relu"),
        layers.Dense(CLASSES),
    )


ARCHITECTURES = {build.__name__: build for build in (baseline, separable, student, lenet_300_100, lenet_5)}


def _sequential(name: str, *layers: Any) -> Model:
    keras = backend.keras()
    return keras.Sequential([keras.layers.InputLayer(INPUT_SHAPE), *layers], name=name)


def _conv_bn_relu(filters: int, *, strides: int) -> list[Any]:
    layers = backend.keras().layers
    return [
        layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False),
        layers.BatchNormalization(momentum=MOMENTUM),
        layers.ReLU(),
    ]


def _separable_bn_relu(filters: int, *, strides: int) -> list[Any]:
    layers = backend.keras().layers
    return [
        layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False),
        layers.BatchNormalization(momentum=MOMENTUM),
        layers.ReLU(),
        layers.Conv2D(filters, 1, use_bias=False),
        layers.BatchNormalization(momentum=MOMENTUM),
        layers.ReLU(),
    ]
