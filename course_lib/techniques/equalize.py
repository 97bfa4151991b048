"""Cross-layer equalization: move scale from one layer to the next until no channel is much wider than the others.

``relu(s x) = s relu(x)`` for s > 0, so a channel may be divided by s in one layer and multiplied by s in the next, and
the network computes the same. With ``s = sqrt(r1 / r2)`` both layers get the range ``sqrt(r1 r2)`` in that channel, and
one scale for all channels wastes little. Source: Nagel et al. 2019, Data-Free Quantization, arXiv:1906.04721, 4.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Dataset, Transform
from course_lib.models import clone
from course_lib.techniques.wiring import Wiring

Model = Any
Weights = NDArray[np.float64]

# A positive factor per channel passes through these unchanged.
HOMOGENEOUS = {
    *("Dropout", "SpatialDropout2D", "Flatten", "ZeroPadding2D", "LeakyReLU"),
    *("MaxPooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D"),
}
WEIGHTED = {"Conv2D", "DepthwiseConv2D", "Dense"}
CONVERGED = 1e-3  # of the logarithm of the largest factor in a sweep: a tenth of a percent


@dataclass(frozen=True)
class Equalize(Transform):
    """Equalize the channel ranges of every pair of layers with nothing but ReLU, pooling and the like in between.

    Fold batch normalization first. A pair ends at a layer that others read too, at ReLU6, and at every activation that
    is not positively homogeneous; such layers keep their ranges.

    Args:
        sweeps: at most so many passes over all pairs, 1 to 1,000; in a chain each pair disturbs its neighbours. It
            stops when no factor differs from 1 by more than a tenth of a percent.

    Raises:
        ValueError: sweeps is out of its range; when called, there is a batch normalization or no pair of layers.
    """

    sweeps: int = 100

    def __post_init__(self) -> None:
        if isinstance(self.sweeps, bool) or not isinstance(self.sweeps, int) or not 1 <= self.sweeps <= 1000:
            raise ValueError(f"sweeps must be a whole number from 1 to 1000, got {self.sweeps!r}")

    @property
    def breaks(self) -> frozenset[str]:
        """Return clusters: a factor for each channel turns 16 values into hundreds. Zeros stay zeros."""
        return frozenset({"clusters"})

    def __call__(self, model: Model, data: Dataset | None = None) -> Model:
        """Return the equalized copy. ``data`` is not used: the weights alone decide."""
        found = pairs(model)
        if not found:
            raise ValueError(f"{model.name} has no two layers with a homogeneous activation in between to equalize")
        weights = {
            name: [array.astype(np.float64) for array in model.get_layer(name).get_weights()]
            for name in dict.fromkeys(name for pair in found for name in pair)
        }
        for _ in range(self.sweeps):
            largest = max(_equalize(model, weights, *pair) for pair in found)
            if largest < CONVERGED:
                break
        equalized = clone(model)
        for name, arrays in weights.items():
            equalized.get_layer(name).set_weights([array.astype(np.float32) for array in arrays])
        return equalized


def pairs(model: Model) -> list[tuple[str, str]]:
    """Return (layer, next layer) for every pair that can share scale, in the order of the model.

    Raises:
        ValueError: there is a batch normalization.
    """
    wiring = Wiring.of(model)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            raise ValueError(f"{layer.name} would undo the factors: fold it first, FoldBatchNorm()(model)")
    found = []
    for layer in model.layers:
        if type(layer).__name__ in WEIGHTED and len(wiring.inputs[layer.name]) == 1 and _passes(layer):
            follower = _next(model, wiring, layer.name)
            if follower is not None:
                found.append((layer.name, follower))
    return found


def channel_ranges(layer: Any, kernel: Weights) -> Weights:
    """Return max |w| of every output channel, shape (channels,)."""
    return np.asarray(np.abs(_by_output(layer, kernel)).max(axis=0))


def _equalize(model: Model, weights: dict[str, list[Weights]], first: str, second: str) -> float:
    """Equalize one pair in place and return the largest |log s|."""
    one = model.get_layer(first)
    left = channel_ranges(one, weights[first][0])
    right = np.abs(_by_input(weights[second][0], len(left))).max(axis=(0, 2))
    alive = (left > 0) & (right > 0)  # a dead channel has no range to share
    scale = np.ones_like(left)
    scale[alive] = np.sqrt(left[alive] / right[alive])
    weights[first][0] = (_by_output(one, weights[first][0]) / scale).reshape(weights[first][0].shape)
    if one.use_bias:
        weights[first][-1] = weights[first][-1] / scale
    scaled = _by_input(weights[second][0], len(left)) * scale[None, :, None]
    weights[second][0] = scaled.reshape(weights[second][0].shape)
    return float(np.abs(np.log(scale)).max())


def _by_output(layer: Any, kernel: Weights) -> Weights:
    """Return the kernel as (everything else, output channels); a depthwise channel is (input, multiplier)."""
    depthwise = type(layer).__name__ == "DepthwiseConv2D"
    channels = kernel.shape[-1] * kernel.shape[-2] if depthwise else kernel.shape[-1]
    return kernel.reshape(-1, channels)


def _by_input(kernel: Weights, channels: int) -> Weights:
    """Return the kernel as (positions, input channels, the rest).

    One rule for all: (height, width, input, output) of a convolution, (height, width, input, multiplier) of a depthwise
    one, and the rows of a dense layer, where Flatten has laid out the channels last for every position.
    """
    return kernel.reshape(-1, channels, kernel.shape[-1])


def _passes(layer: Any) -> bool:
    """Tell whether a positive factor per channel passes through a layer, or through a weighted layer's activation."""
    kind = type(layer).__name__
    if kind in WEIGHTED or kind == "Activation":
        return layer.activation.__name__ in ("relu", "linear")
    if kind == "ReLU":
        return layer.max_value is None and float(layer.threshold) == 0.0
    return kind in HOMOGENEOUS


def _next(model: Model, wiring: Wiring, name: str) -> str | None:
    """Return the weighted layer that alone reads a layer, through layers that factors pass, or None."""
    while True:
        readers = wiring.readers(name)
        if len(readers) != 1 or readers[0] == "(output)" or len(wiring.inputs[readers[0]]) != 1:
            return None
        [name] = readers
        layer = model.get_layer(name)
        if type(layer).__name__ in WEIGHTED:
            return name if getattr(layer, "groups", 1) == 1 else None
        if not _passes(layer):
            return None
