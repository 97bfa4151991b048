"""Quantization-aware training: the network trains while weights and activations are rounded as int8 will round them.

The forward pass rounds, the backward pass pretends that it did not (straight-through), and the ranges are moving
averages. By the model-optimization toolkit, 8 bits. Source: Jacob et al. 2018, arXiv:1712.05877, section 3.

``preserve`` keeps what an earlier step made: the toolkit calls the combinations PQAT (sparsity), CQAT (clusters) and
PCQAT (both).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from course_lib import backend
from course_lib.core import Dataset
from course_lib.models import fit
from course_lib.techniques.control import TrainedTransform
from course_lib.techniques.kernels import kernel_layers, kernel_of, sparsity

Model = Any
Preserve = Literal["sparsity", "clusters", "both"]

FEW = 256  # values that a clustered kernel, or a channel of it, has at most


@dataclass(frozen=True)
class QuantizeAware(TrainedTransform):
    """Train on under int8 rounding: ``Int8()(QuantizeAware(epochs=3)(model, data))``, which needs no calibration.

    Batch normalization stays in the Keras model and is folded by the export. ``control()`` is the float model trained
    for as many epochs; export that with ``Int8()`` too, or the gain you see is that of more training.

    Args:
        preserve: None, or what the model passed in has and must keep: "sparsity" (zeros stay zeros), "clusters"
            (weights of one value stay of one value), "both".
        learning_rate: small, 1e-5 to 1e-3: the ranges have to follow the weights.

    Raises:
        ValueError: a field is out of its range; when called, the model has nothing to preserve, is wrapped already, or
            has a layer that the toolkit cannot quantize.
    """

    epochs: int = 3
    learning_rate: float = 1e-4
    preserve: Preserve | None = None

    must_be_last: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.preserve is not None and self.preserve not in get_args(Preserve):
            raise ValueError(f"preserve must be None or one of {get_args(Preserve)}, got {self.preserve!r}")

    @property
    def breaks(self) -> frozenset[str]:
        """Return what is not preserved: zeros, their pattern, clusters."""
        kept = {None: set(), "sparsity": {"zeros", "pattern"}, "clusters": {"clusters"}}
        return frozenset({"zeros", "pattern", "clusters"} - kept.get(self.preserve, {"zeros", "pattern", "clusters"}))

    def __call__(self, model: Model, data: Dataset) -> Model:
        """Return the quantization-aware copy: a Keras model that rounds, for ``Int8()`` to export."""
        _check_there_is_something_to(self.preserve, model)
        with warnings.catch_warnings(action="ignore"):  # the clustering scheme warns of its own conversions
            aware = fit(model, data, self.training, prepare=self._wrapped)
            return _without_clustering(aware) if self.preserve in ("clusters", "both") else aware

    def _wrapped(self, copy: Model) -> Model:
        toolkit = backend.tfmot().quantization.keras
        try:
            annotated = toolkit.quantize_annotate_model(copy)
            aware = toolkit.quantize_apply(annotated, self._scheme())
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"{copy.name}: the toolkit cannot quantize this model: {error}") from error
        entries = [layer for layer in aware.layers if type(layer).__name__ == "QuantizeLayer"]
        for place, entry in enumerate(entries):  # named by a counter of the process, and names reach the file
            entry._name = f"quantize_layer_{place}"
        return aware

    def _scheme(self) -> Any:
        if self.preserve is None:
            return _part("default_8bit.default_8bit_quantize_scheme").Default8BitQuantizeScheme()
        if self.preserve == "sparsity":
            name = "prune_preserve.default_8bit_prune_preserve_quantize_scheme"
            return _part(f"collab_opts.{name}").Default8BitPrunePreserveQuantizeScheme()
        name = "cluster_preserve.default_8bit_cluster_preserve_quantize_scheme"
        return _part(f"collab_opts.{name}").Default8BitClusterPreserveQuantizeScheme(self.preserve == "both")


def _part(name: str) -> Any:
    return backend.tfmot_part(f"quantization.keras.{name}")


def _without_clustering(aware: Model) -> Model:
    """Drop the centroids and indices that clustering trained along: left in, they would be stored."""
    return _part("collab_opts.cluster_preserve.cluster_utils").strip_clustering_cqat(aware)


def _check_there_is_something_to(preserve: Preserve | None, model: Model) -> None:
    layers = kernel_layers(model)  # refuses wrapped layers
    if preserve in ("sparsity", "both") and max(sparsity(model).values()) < 0.05:
        raise ValueError(f"{model.name} has no zeros to preserve: prune it first, or leave preserve=None")
    if preserve in ("clusters", "both") and not any(_is_clustered(kernel_of(layer)) for layer in layers):
        raise ValueError(f"{model.name} has no clusters to preserve: Cluster(16) it first, or leave preserve=None")


def _is_clustered(kernel: Any) -> bool:
    """Tell whether a kernel, or each of its output channels, has far fewer values than weights."""
    channels = [kernel[..., channel] for channel in range(kernel.shape[-1])]
    return any(
        max(len(np.unique(part)) for part in parts) <= min(FEW, parts[0].size // 4) for parts in ([kernel], channels)
    )
