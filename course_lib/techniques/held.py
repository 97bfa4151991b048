"""Masks: choose what to keep, and hold kernels to it while they train: after every step the rest is zero again.

Adam treats each weight by itself, so setting a weight back to zero after the step is the same as masking its gradient.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib import backend
from course_lib.models import clone
from course_lib.techniques.kernels import Kernel, kernel_layers, kernel_of

Model = Any
Mask = NDArray[np.bool_]


def masked(model: Model, masks: Mapping[str, Mask]) -> Model:
    """Return a copy whose named kernels are zero wherever their mask is False."""
    copy = clone(model)
    for layer in kernel_layers(copy, masks):
        layer.kernel.assign(kernel_of(layer) * masks[layer.name])
    return copy


def holding(masks: Mapping[str, Mask]) -> Any:
    """Return a Keras callback that applies the masks after every step; change the mapping and it follows."""

    def zero_again(batch: int, logs: Any) -> None:
        for name, mask in masks.items():
            kernel = callback.model.get_layer(name).kernel
            kernel.assign(kernel * mask)

    callback = backend.keras().callbacks.LambdaCallback(on_batch_end=zero_again)
    return callback


def largest_of_all(kernels: Mapping[str, Kernel], sparsity: float) -> dict[str, Mask]:
    """Return masks that drop the smallest magnitudes of all kernels together, exactly ``round(sparsity * n)`` of them.

    Equal magnitudes go in their order, those of the first layer first.
    """
    magnitudes = np.concatenate([np.abs(kernel).ravel() for kernel in kernels.values()])
    keep = np.ones(magnitudes.size, bool)
    keep[np.argsort(magnitudes, kind="stable")[: round(sparsity * magnitudes.size)]] = False
    ends = np.cumsum([kernel.size for kernel in kernels.values()])[:-1]
    return {
        name: part.reshape(kernel.shape)
        for (name, kernel), part in zip(kernels.items(), np.split(keep, ends), strict=True)
    }
