"""Structured pruning: whole channels go, so the tensors shrink and every runtime is faster, with no special kernel.

Importance is the norm of a filter times the scale of the batch normalization behind it (the scale alone is Network
Slimming, Liu et al. 2017, arXiv:1708.06519), or the L1 norm of the filter (Li et al. 2017, arXiv:1608.08710). The norm
of the folded filter, |gamma| / sigma * ||W||, looks like the natural choice and is not: dividing by the deviation
favours channels that are quiet, and on the baseline it did worse than chance. Channels that residual sums,
concatenations or depthwise layers tie together are ranked and cut as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Dataset
from course_lib.models import fit
from course_lib.techniques.channel_groups import ChannelGroups, channel_groups
from course_lib.techniques.channel_surgery import remove_channels
from course_lib.techniques.control import TrainedTransform
from course_lib.techniques.kernels import check_share

Model = Any
Importance = Literal["gamma", "l1"]


@dataclass(frozen=True)
class PruneChannels(TrainedTransform):
    """Remove a share of the channels, then train what is left: ``PruneChannels(0.5)(model, data)``.

    Args:
        fraction: share of each layer's channels to remove, in (0, 1); or a mapping from layer name to share, which
            leaves the other layers alone (a layer that is tied to a named one goes with it).
        importance: "gamma" ranks by ``|gamma| * ||W||`` (``||W||`` without batch normalization), "l1" by the sum of
            magnitudes.
        align: keep a multiple of this many channels, rounded up: SIMD kernels work in blocks of 4 to 16. 1 or more.
        epochs: 0 cuts and does not train; the result then equals the network with those channels set to zero.

    Raises:
        ValueError: a field is out of its range; when called, a name has no removable channels, or no layer has any.
    """

    fraction: float | Mapping[str, float]
    importance: Importance = "gamma"
    align: int = 1

    can_skip_training: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_share("fraction", self.fraction)
        if self.importance not in get_args(Importance):
            raise ValueError(f"importance must be one of {get_args(Importance)}, got {self.importance!r}")
        if self.align < 1:
            raise ValueError(f"align must be 1 or more, got {self.align}")

    @property
    def makes(self) -> frozenset[str]:
        """Return the shape: a later step may not bring the network's old one back."""
        return frozenset({"shape"})

    @property
    def breaks(self) -> frozenset[str]:
        """Return zeros, their pattern and clusters: training moves the weights, and cutting shifts the blocks."""
        return frozenset({"zeros", "pattern", "clusters"}) if self.epochs else frozenset({"pattern"})

    def __call__(self, model: Model, data: Dataset) -> Model:
        """Return the narrower network."""
        groups = channel_groups(model)
        smaller = remove_channels(model, groups, self.choose(model, groups))
        return fit(smaller, data, self.training) if self.epochs else smaller

    def choose(self, model: Model, groups: ChannelGroups) -> frozenset[int]:
        """Return the groups to remove: in each family of tied layers, the least important ones.

        Raises:
            ValueError: a name has no removable channels, tied layers are given different shares, or no layer has any.
        """
        families = groups.families()
        if not families:
            raise ValueError(f"{model.name} has no channel that could go: all reach its output or an unknown layer")
        if isinstance(self.fraction, Mapping):
            known = {name for family in families for name in family}
            if unknown := sorted(set(self.fraction) - known):
                raise ValueError(
                    f"{model.name} has no removable channels in {', '.join(unknown)}; it has some in "
                    f"{', '.join(sorted(known))}"
                )
        scores = channel_importance(model, groups, self.importance)
        removed: set[int] = set()
        for family, numbers in families.items():
            keep = max(1, round((1 - self._fraction_of(family)) * len(numbers)))
            keep = min(len(numbers), -(-keep // self.align) * self.align)
            ranked = sorted(numbers.tolist(), key=lambda group: (-scores[group], group))
            removed.update(ranked[keep:])
        return frozenset(removed)

    def _fraction_of(self, family: tuple[str, ...]) -> float:
        if not isinstance(self.fraction, Mapping):
            return self.fraction
        given = {name: self.fraction[name] for name in family if name in self.fraction}
        if len(set(given.values())) > 1:
            raise ValueError(f"these layers share channels and can only shrink together, but were given {given}")
        return next(iter(given.values()), 0.0)


def channel_importance(model: Model, groups: ChannelGroups, importance: Importance) -> dict[int, float]:
    """Return the importance of every removable group: the mean over its channels, each relative to its layer's mean."""
    collected: dict[int, list[float]] = {}
    for name in groups.producers:
        kernel = model.get_layer(name).get_weights()[0]
        filters = kernel.reshape(-1, kernel.shape[-1])
        if importance == "l1":
            score = np.abs(filters).sum(axis=0)
        else:
            score = np.linalg.norm(filters, axis=0) * _gamma(model, groups.normalized.get(name))
        for group, value in zip(groups.writes[name].tolist(), (score / max(score.mean(), 1e-12)).tolist(), strict=True):
            collected.setdefault(group, []).append(value)
    return {group: float(np.mean(values)) for group, values in collected.items()}


def _gamma(model: Model, name: str | None) -> NDArray[np.float32]:
    """Return the magnitude of a batch normalization's scales, or 1 where there is none."""
    layer = model.get_layer(name) if name else None
    if layer is None or not layer.scale:
        return np.ones(1, np.float32)
    gamma: NDArray[np.float32] = np.abs(layer.gamma.numpy())
    return gamma
