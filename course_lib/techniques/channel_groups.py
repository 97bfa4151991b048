"""Which channels of a network can only go together: residual sums, concatenations and depthwise layers tie them.

Every channel that a convolution or dense layer produces gets a number, and the numbers travel through the graph as the
values would: an addition makes two channels one group, a concatenation puts numbers side by side, a depthwise layer
repeats them, Flatten tiles them over the positions. What arrives at a layer says which of its inputs belong to which
channel. The network's inputs and outputs, and whatever passes a layer that is not known here, must stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib import backend
from course_lib.models import clone

Model = Any
Layer = Any
Groups = NDArray[np.int64]

FIXED = 0  # the group of all channels that must stay

PRODUCERS = {"Conv1D", "Conv2D", "Dense"}
ACTIVATIONS = {"Activation", "ReLU", "LeakyReLU", "ELU", "ThresholdedReLU"}
SAME_CHANNELS = {
    *ACTIVATIONS,
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout"),
    *("ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D", "UpSampling1D", "UpSampling2D"),
    *("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"),
    *("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D"),
}
SUMS = {"Add", "Subtract", "Average", "Maximum", "Minimum"}


@dataclass(frozen=True)
class ChannelGroups:
    """The group of every channel that a layer reads and writes; group 0 must stay.

    Attributes:
        reads: layer name -> groups of its (first) input's channels.
        writes: layer name -> groups of its output's channels.
        producers: the layers whose output channels are their own, in order.
        normalized: name of a producer -> name of the batch normalization right behind it.
    """

    reads: dict[str, Groups]
    writes: dict[str, Groups]
    producers: tuple[str, ...]
    normalized: dict[str, str]

    def families(self) -> dict[tuple[str, ...], Groups]:
        """Return the removable groups, collected by the producers that they tie together."""
        members: dict[int, list[str]] = {}
        for name in self.producers:
            for group in np.unique(self.writes[name]):
                members.setdefault(int(group), []).append(name)
        found: dict[tuple[str, ...], list[int]] = {}
        for group, names in sorted(members.items()):
            if group != FIXED:
                found.setdefault(tuple(names), []).append(group)
        return {names: np.array(groups) for names, groups in found.items()}


@dataclass(frozen=True)
class _Channels:
    """The channels of one tensor: a number each, and whether a removed channel would have been all zeros here."""

    numbers: Groups
    zero: bool = True


@dataclass
class _Ties:
    """Which numbers belong together (union-find); number 0 is FIXED."""

    parent: list[int] = field(default_factory=lambda: [FIXED])

    def fresh(self, count: int) -> Groups:
        first = len(self.parent)
        self.parent.extend(range(first, first + count))
        return np.arange(first, first + count)

    def root(self, number: int) -> int:
        while self.parent[number] != number:
            number = self.parent[number]
        return number

    def roots(self, numbers: Groups) -> Groups:
        return np.array([self.root(int(number)) for number in numbers], dtype=np.int64)

    def unite(self, one: Groups, other: Groups) -> None:
        for a, b in zip(one, other, strict=True):
            low, high = sorted((self.root(int(a)), self.root(int(b))))
            self.parent[high] = low  # the lower number leads, so FIXED wins

    def fix(self, *tensors: _Channels) -> None:
        for tensor in tensors:
            self.unite(tensor.numbers, np.zeros_like(tensor.numbers))

    def settle(self, *tensors: _Channels) -> None:
        """Fix channels that would not be zero: the next layer would miss what they carry, e.g. sigmoid(0) = 0.5."""
        self.fix(*(tensor for tensor in tensors if not tensor.zero))


def channel_groups(model: Model) -> ChannelGroups:
    """Trace the channels of a Sequential or Functional model with channels last.

    Raises:
        ValueError: a layer is used twice, has its channels first or several outputs, or was never connected.
    """
    model = clone(model)  # fresh layers: each has exactly the connections of this model
    ties = _Ties()
    arriving: dict[str, list[_Channels]] = {}
    leaving: dict[str, _Channels] = {}
    normalized = {}
    for layer in model.layers:
        sources = _sources(layer)
        arriving[layer.name] = [leaving.get(source) or _fixed(layer.input) for source in sources]
        leaving[layer.name] = _through(layer, arriving[layer.name], ties)
        if type(layer).__name__ == "BatchNormalization":
            normalized[sources[0]] = layer.name
    for name in model.output_names:
        ties.fix(leaving[name])
    producers = tuple(layer.name for layer in model.layers if type(layer).__name__ in PRODUCERS)
    return ChannelGroups(
        reads={name: ties.roots(tensors[0].numbers) for name, tensors in arriving.items() if tensors},
        writes={name: ties.roots(tensor.numbers) for name, tensor in leaving.items()},
        producers=producers,
        normalized={name: normalized[name] for name in producers if name in normalized},
    )


def _through(layer: Layer, arriving: list[_Channels], ties: _Ties) -> _Channels:
    """Return the channels behind a layer, tying those together that it ties."""
    kind = type(layer).__name__
    lengths = {len(tensor.numbers) for tensor in arriving}
    last = len(layer.output.shape) - 1
    first = arriving[0].numbers if arriving else np.zeros(0, np.int64)
    if kind in SAME_CHANNELS:
        return _Channels(first, arriving[0].zero and _keeps_zero(layer))
    if kind in {"Flatten", "Reshape"} and layer.output.shape[-1] and layer.output.shape[-1] % len(first) == 0:
        return _Channels(np.tile(first, layer.output.shape[-1] // len(first)), arriving[0].zero)
    if kind == "Multiply" and len(lengths) == 1:  # a gate: one zero factor is enough
        for tensor in arriving[1:]:
            ties.unite(first, tensor.numbers)
        return _Channels(first, any(tensor.zero for tensor in arriving))
    ties.settle(*arriving)
    if kind in PRODUCERS and getattr(layer, "groups", 1) == 1:
        return _Channels(ties.fresh(layer.output.shape[-1]), _keeps_zero(layer))
    if kind == "DepthwiseConv2D":
        return _Channels(np.repeat(first, layer.depth_multiplier), _keeps_zero(layer))
    if kind == "BatchNormalization" and list(layer.axis) == [last]:
        return _Channels(first)
    if kind in SUMS and len(lengths) == 1:
        for tensor in arriving[1:]:
            ties.unite(first, tensor.numbers)
        return _Channels(first)
    if kind == "Concatenate" and layer.axis in (-1, last):
        return _Channels(np.concatenate([tensor.numbers for tensor in arriving]))
    ties.fix(*arriving)  # not known here: nothing that passes may change
    return _fixed(layer.output)


def _fixed(tensor: Any) -> _Channels:
    return _Channels(np.zeros(tensor.shape[-1] or 1, np.int64))


def _sources(layer: Layer) -> list[str]:
    """Return the names of the layers that feed this one."""
    if len(layer.inbound_nodes) != 1:
        times = len(layer.inbound_nodes)
        raise ValueError(f"layer {layer.name} is connected {times} times; channels are traced through one")
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise ValueError(f"layer {layer.name} has its channels first; a .tflite has them last")
    if isinstance(layer.output, list | tuple | dict):
        raise ValueError(f"layer {layer.name} has several outputs; channels can be traced through one")
    return [node.layer.name for node in layer.inbound_nodes[0].parent_nodes]


def _keeps_zero(layer: Layer) -> bool:
    """Tell whether the layer's activation maps 0 to 0, whatever its neighbours are (softmax does not)."""
    activation = layer.call if type(layer).__name__ in ACTIVATIONS else getattr(layer, "activation", None)
    return activation is None or float(activation(backend.tensorflow().constant([[0.0, 3.0, -3.0]]))[0, 0]) == 0.0
