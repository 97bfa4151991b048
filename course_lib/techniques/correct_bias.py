"""Bias correction: rounding weights shifts the mean of what a layer computes, and the bias can take the shift back.

``E[Wq x] - E[W x] = E[(Wq - W) x]`` is not zero when x is not, and after ReLU it never is. Measured on calibration
images and subtracted from the bias, it is gone. Source: Nagel et al. 2019, arXiv:1906.04721, section 4.2 (with data).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib import backend
from course_lib.core import Dataset, Transform
from course_lib.techniques.roads import calibration_images, check_calibration
from course_lib.techniques.wiring import Wiring

Model = Any
Weights = NDArray[np.float32]

WEIGHTED = ("Conv2D", "DepthwiseConv2D", "Dense")


@dataclass(frozen=True)
class CorrectBias(Transform):
    """Shift every bias by what rounding the weights of this and the earlier layers will do to the layer's mean.

    The weights stay float, so the float model becomes slightly wrong by what the export will make right: export it with
    the same bits and granularity. Fold batch normalization first.

    Args:
        bits: of the weights in the export to come, 2 to 8.
        per_channel: a scale per output channel, as the exports of this library have, or one per tensor.
        calibration: number of training images, 1 or more.

    Raises:
        ValueError: a field is out of its range; when called, there is a batch normalization, no weighted layer, or one
            that is used several times.
    """

    bits: int = 8
    per_channel: bool = True
    calibration: int = 200

    def __post_init__(self) -> None:
        if isinstance(self.bits, bool) or not isinstance(self.bits, int) or not 2 <= self.bits <= 8:
            raise ValueError(f"bits must be a whole number from 2 to 8, got {self.bits!r}")
        check_calibration(self.calibration)

    def __call__(self, model: Model, data: Dataset) -> Model:
        """Return the copy with corrected biases."""
        images = calibration_images(data, self.calibration)
        original, corrected, rounded = (_with_biases(model) for _ in range(3))
        names = [layer.name for layer in model.layers if type(layer).__name__ in WEIGHTED]
        if not names:
            raise ValueError(f"{model.name} has no convolution or dense layer to correct")
        wiring = Wiring.of(model)
        for name in names:
            if len(wiring.inputs[name]) != 1:
                raise ValueError(
                    f"{name} is used {len(wiring.inputs[name])} times: one bias cannot correct all of them"
                )
        for name in names:
            layer, twin = corrected.get_layer(name), rounded.get_layer(name)
            kernel, bias = layer.get_weights()
            twin.set_weights([fake_quantize(kernel, self.bits, _channel_axes(layer, self.per_channel)), bias])
            shift = mean_output(rounded, name, images) - mean_output(original, name, images)
            twin.set_weights([twin.get_weights()[0], bias - shift])
            layer.set_weights([kernel, bias - shift])
        return corrected


def mean_output(model: Model, name: str, images: Weights) -> Weights:
    """Return the mean of a layer's outputs before its activation, per channel, over images and positions."""
    keras = backend.keras()
    layer = model.get_layer(name)
    linear = type(layer).from_config(layer.get_config() | {"activation": "linear"})
    probe = keras.Model(model.inputs, linear(layer.input))
    linear.set_weights(layer.get_weights())
    # Called, not predicted: predict() would compile a graph for this one use.
    batches = (probe(images[start : start + 100], training=False) for start in range(0, len(images), 100))
    values = np.concatenate([batch.numpy() for batch in batches])
    return np.asarray(values.mean(axis=tuple(range(values.ndim - 1)), dtype=np.float64), np.float32)


def fake_quantize(kernel: Weights, bits: int, axes: tuple[int, ...]) -> Weights:
    """Return the values that quantized weights stand for: symmetric, narrow, a scale for each index of ``axes``."""
    limit = 2 ** (bits - 1) - 1
    others = tuple(axis for axis in range(kernel.ndim) if axis not in axes)
    peak = np.abs(kernel).max(axis=others, keepdims=True)
    scale = np.where(peak > 0, peak, 1) / np.float32(limit)
    return np.asarray(np.clip(np.rint(kernel / scale), -limit, limit) * scale, np.float32)


def _channel_axes(layer: Any, per_channel: bool) -> tuple[int, ...]:
    if not per_channel:
        return ()
    return (2, 3) if type(layer).__name__ == "DepthwiseConv2D" else (layer.kernel.shape.rank - 1,)


def _with_biases(model: Model) -> Model:
    """Return a copy in which every weighted layer has a bias, zero where there was none.

    Raises:
        ValueError: there is a batch normalization, which would have to be folded first.
    """
    wiring = Wiring.of(model)
    config = wiring.without({})
    for entry in config["layers"]:
        if entry["class_name"] == "BatchNormalization":
            raise ValueError(f"{entry['config']['name']} shifts means by itself: fold it first, FoldBatchNorm()(model)")
        if entry["class_name"] in WEIGHTED:
            entry["config"]["use_bias"] = True
    keras = backend.keras()
    copy = (keras.Sequential if wiring.sequential else keras.Model).from_config(config)
    for layer in copy.layers:
        weights = model.get_layer(layer.name).get_weights()
        if len(weights) < len(layer.get_weights()):
            weights.append(np.zeros(layer.bias.shape, np.float32))
        layer.set_weights(weights)
    return copy
