"""What pruning and clustering share: which kernels they touch, and how they find and rebuild them.

A kernel is the multi-dimensional weight of a convolution, (height, width, in, out), or of a dense layer, (in, out).
Depthwise kernels are left out, as the toolkit does: they hold few weights and lose much when some go. Biases and batch
normalization are left out too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib import backend
from course_lib.models import clone

Model = Any
Layer = Any
Kernel = NDArray[np.float32]

WITH_KERNEL = ("Conv1D", "Conv2D", "Dense")


def kernel_layers(model: Model, names: Iterable[str] = ()) -> tuple[Layer, ...]:
    """Return the layers whose kernels can be compressed, in order; with ``names``, exactly those.

    Raises:
        ValueError: there is none, a name fits none, or the model contains another model or wrapped layers.
    """
    for layer in model.layers:
        if hasattr(layer, "layers") or hasattr(layer, "layer"):
            raise ValueError(
                f"{model.name}: layer {layer.name} ({type(layer).__name__}) contains other layers. "
                "Pass a flat Sequential or Functional model, before quantization-aware training"
            )
    found = {layer.name: layer for layer in model.layers if type(layer).__name__ in WITH_KERNEL}
    if not found:
        raise ValueError(f"{model.name} has no {', '.join(WITH_KERNEL)} layer: there is nothing to compress")
    names = tuple(names)
    if unknown := sorted(set(names) - set(found)):
        raise ValueError(f"{model.name} has no kernel in {', '.join(unknown)}; it has some in {', '.join(found)}")
    return tuple(layer for name, layer in found.items() if not names or name in names)


def shares(model: Model, share: float | Mapping[str, float]) -> dict[str, float]:
    """Return the share of every layer that takes part: one number stands for all kernels, a mapping for those named.

    Raises:
        ValueError: a name fits no kernel.
    """
    if isinstance(share, Mapping):
        return {layer.name: share[layer.name] for layer in kernel_layers(model, share)}
    return {layer.name: share for layer in kernel_layers(model)}


def check_share(what: str, share: float | Mapping[str, float]) -> None:
    """Refuse a share, or one of a mapping's, that does not lie strictly between 0 and 1.

    Raises:
        ValueError: naming the value and, for a mapping, its layer.
    """
    named = share if isinstance(share, Mapping) else {"": share}
    if not named:
        raise ValueError(f"{what} must name at least one layer")
    for name, value in named.items():
        if not 0 < value < 1:
            raise ValueError(f"{what}{' of ' + name if name else ''} must lie in (0, 1), got {value}")


def sparsity(model: Model) -> dict[str, float]:
    """Return the fraction of exact zeros in every kernel, by layer name."""
    return {layer.name: float(np.mean(kernel_of(layer) == 0)) for layer in kernel_layers(model)}


def kernel_of(layer: Layer) -> Kernel:
    """Return a copy of a layer's kernel."""
    kernel: Kernel = layer.kernel.numpy()
    return kernel


def wrapped(model: Model, wrap: Mapping[str, Callable[[Layer], Layer]]) -> Model:
    """Return a model over the same weights in which the named layers are wrapped."""

    def rebuild(layer: Layer) -> Layer:
        return wrap[layer.name](layer) if layer.name in wrap else layer

    return backend.keras().models.clone_model(model, clone_function=rebuild)


def like(model: Model, weights: list[Any]) -> Model:
    """Return a fresh copy of ``model`` with other weights: what wrapping left in the graph is gone."""
    copy = clone(model)
    copy.set_weights(weights)
    return copy
