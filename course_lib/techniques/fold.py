"""Batch normalization folded into the layer before it: fewer operations, the same function.

``y = gamma * (W x + b - mean) / sqrt(var + eps) + beta`` is a convolution with ``W' = W * s`` and
``b' = (b - mean) * s + beta``, where ``s = gamma / sqrt(var + eps)`` per output channel. The converter does it always;
doing it in Keras is for what has to see the weights that will be deployed: equalization, clustering, pruning by size.
Source: Jacob et al. 2018, arXiv:1712.05877, section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib import backend
from course_lib.core import Dataset, Transform
from course_lib.models import clone
from course_lib.techniques.roads import refuse_quantization_aware
from course_lib.techniques.wiring import Wiring

Model = Any
Weights = NDArray[np.float32]

NORMALIZATION = "BatchNormalization"
# Layers that can take a scale per output channel: how the kernel's last axes are laid out.
FOLDABLE = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "DepthwiseConv2D", "SeparableConv2D", "Dense")


@dataclass(frozen=True)
class FoldBatchNorm(Transform):
    """Fold every batch normalization into the convolution or dense layer before it.

    Args:
        strict: False leaves a normalization that cannot be folded where it is; True refuses the model.

    Raises:
        ValueError: when called with ``strict``, and a normalization follows an activation, a layer that others read
            too, or no layer with weights; also for a quantization-aware model, whose folding is the converter's.
    """

    strict: bool = True

    @property
    def breaks(self) -> frozenset[str]:
        """Return clusters: a scale for each channel turns 16 values into hundreds. Zeros stay zeros."""
        return frozenset({"clusters"})

    def __call__(self, model: Model, data: Dataset | None = None) -> Model:
        """Return the folded copy. ``data`` is not used: nothing is trained and nothing is measured."""
        refuse_quantization_aware(model, "FoldBatchNorm")
        wiring = Wiring.of(model)
        folds: dict[str, str] = {}  # producer -> normalization
        for layer in model.layers:
            if type(layer).__name__ != NORMALIZATION:
                if any(type(inner).__name__ == NORMALIZATION for inner in getattr(layer, "layers", ())):
                    raise ValueError(f"{layer.name} is a model inside the model: fold it on its own first")
                continue
            reason = obstacle(model, layer, wiring)
            if reason is None:
                folds[wiring.inputs[layer.name][0]] = layer.name
            elif self.strict:
                raise ValueError(
                    f"{layer.name} cannot be folded: {reason}. FoldBatchNorm(strict=False) leaves it in place"
                )
        if not folds:
            return clone(model)
        folded = rebuilt(model, wiring, folds)
        for layer in folded.layers:
            original = model.get_layer(layer.name)
            if layer.name in folds:
                layer.set_weights(fold(original, model.get_layer(folds[layer.name])))
            else:
                layer.set_weights(original.get_weights())
        return folded


def obstacle(model: Model, normalization: Any, wiring: Wiring) -> str | None:
    """Say why a normalization cannot be folded, or return None when it can."""
    sources = wiring.inputs[normalization.name]
    if len(sources) != 1:
        return f"it is used {len(sources)} times"
    source = next((layer for layer in model.layers if layer.name == sources[0]), None)
    if source is None or type(source).__name__ == "InputLayer":  # a Sequential does not list its InputLayer
        return "it comes first, and no layer before it could take its scale"
    kind = type(source).__name__
    if kind not in FOLDABLE:
        return f"it follows {source.name}, a {kind}, which has no output channels to scale"
    if source.activation.__name__ != "linear":
        return f"the activation {source.activation.__name__!r} of {source.name} lies in between"
    if len(wiring.inputs[source.name]) > 1 or wiring.readers(source.name) != [normalization.name]:
        return f"others read {source.name} too, without the normalization"
    if [axis % len(normalization.input_shape) for axis in normalization.axis] != [len(normalization.input_shape) - 1]:
        return f"it normalizes axis {list(normalization.axis)}, not the channels"
    return None


def fold(layer: Any, normalization: Any) -> list[Weights]:
    """Return the weights of a layer, its bias last, that include a normalization; computed in float64."""
    *kernels, kernel = [np.float64(weight) for weight in layer.get_weights()[: -1 if layer.use_bias else None]]
    bias = np.float64(layer.get_weights()[-1]) if layer.use_bias else 0.0
    mean, variance = np.float64(normalization.moving_mean), np.float64(normalization.moving_variance)
    gamma = np.float64(normalization.gamma) if normalization.scale else 1.0
    beta = np.float64(normalization.beta) if normalization.center else 0.0
    scale = gamma / np.sqrt(variance + normalization.epsilon)
    shape = scale.shape
    if type(layer).__name__ == "DepthwiseConv2D":
        shape = kernel.shape[-2:]  # (input channels, multiplier): output channel i * multiplier + m
    elif type(layer).__name__ == "Conv2DTranspose":
        shape = (*scale.shape, 1)  # (height, width, output channels, input channels)
    folded = (*kernels, kernel * scale.reshape(shape), (bias - mean) * scale + beta)
    return [array.astype(np.float32) for array in folded]


def rebuilt(model: Model, wiring: Wiring, folds: dict[str, str]) -> Model:
    """Return the same architecture without the folded normalizations, and with a bias where one was folded into."""
    config = wiring.without({normalization: source for source, normalization in folds.items()})
    for entry in config["layers"]:
        if entry["config"].get("name") in folds:
            entry["config"]["use_bias"] = True
    fresh = backend.keras().Sequential if wiring.sequential else backend.keras().Model
    return fresh.from_config(config)
