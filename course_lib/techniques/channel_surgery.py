"""Cut channels out of a network, or set them to zero: without training, both compute the same.

What a removed channel leaves behind: its filter and bias go, its entries of batch normalization and depthwise kernels
go, and so does the matching row of every kernel that reads it, behind Flatten one row for each position.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib import backend
from course_lib.models import clone
from course_lib.techniques.channel_groups import ChannelGroups

Model = Any
Layer = Any
Keep = NDArray[np.bool_]
Weight = NDArray[np.float32]

WIDTH = {"Conv1D": "filters", "Conv2D": "filters", "Dense": "units"}
OWN_CHANNELS = {*WIDTH, "DepthwiseConv2D", "BatchNormalization"}  # the layers with one weight or more per channel


def mask_channels(model: Model, groups: ChannelGroups, removed: Iterable[int]) -> Model:
    """Return a copy of the same shape in which the channels of the removed groups are always zero.

    Args:
        groups: from ``channel_groups(model)``.
        removed: numbers of groups.
    """
    copy, gone = clone(model), np.array(sorted(removed), np.int64)
    for layer in copy.layers:
        keep = ~np.isin(groups.writes[layer.name], gone)
        if type(layer).__name__ in OWN_CHANNELS and not keep.all():
            layer.set_weights([_zeroed(layer, weight, keep) for weight in layer.get_weights()])
    return copy


def remove_channels(model: Model, groups: ChannelGroups, removed: Iterable[int]) -> Model:
    """Return a narrower copy without the channels of the removed groups, its other weights untouched.

    Args:
        groups: from ``channel_groups(model)``.
        removed: numbers of groups.
    """
    gone = np.array(sorted(removed), np.int64)
    reads = {name: ~np.isin(numbers, gone) for name, numbers in groups.reads.items()}
    writes = {name: ~np.isin(numbers, gone) for name, numbers in groups.writes.items()}

    def narrower(layer: Layer) -> Layer:
        config, kind = layer.get_config(), type(layer).__name__
        if kind in WIDTH:
            config[WIDTH[kind]] = int(writes[layer.name].sum())
        elif kind == "Reshape" and config["target_shape"][-1] != -1:
            config["target_shape"] = (*config["target_shape"][:-1], int(writes[layer.name].sum()))
        return type(layer).from_config(config)

    smaller = backend.keras().models.clone_model(model, clone_function=narrower)
    for old, new in zip(model.layers, smaller.layers, strict=True):
        if old.weights:
            new.set_weights([_cut(old, weight, reads[old.name], writes[old.name]) for weight in old.get_weights()])
    return smaller


def _zeroed(layer: Layer, weight: Weight, keep: Keep) -> Weight:
    if type(layer).__name__ == "DepthwiseConv2D" and weight.ndim == 4:  # (height, width, in, multiplier)
        return weight * keep.reshape(weight.shape[-2:])
    return weight * keep


def _cut(layer: Layer, weight: Weight, reads: Keep, writes: Keep) -> Weight:
    if type(layer).__name__ not in OWN_CHANNELS or (reads.all() and writes.all()):
        return weight
    if weight.ndim == 1:
        return weight[writes]
    rows = weight[..., reads, :]
    return rows if type(layer).__name__ == "DepthwiseConv2D" else rows[..., writes]
