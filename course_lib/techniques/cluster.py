"""Weight clustering: every kernel keeps at most k different values, so that a codebook or gzip can code it.

Trained quantization of Deep Compression (Han et al. 2016, arXiv:1510.00149), by the model-optimization toolkit. The
tensors stay float and of the same size. The exporter folds batch normalization into the kernels and so multiplies each
output channel by its own factor: what has 16 values in Keras has hundreds in the file, unless the normalization was
folded before or the clusters are per channel.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from course_lib import backend
from course_lib.core import Dataset
from course_lib.models import fit
from course_lib.techniques.control import TrainedTransform
from course_lib.techniques.held import holding
from course_lib.techniques.kernels import kernel_layers, kernel_of, like, wrapped

Model = Any
Layer = Any
Start = Literal["kmeans++", "linear"]


@dataclass(frozen=True)
class Cluster(TrainedTransform):
    """Let the weights of each kernel share ``clusters`` values, trained along: ``Cluster(16)(model, data)``.

    Args:
        clusters: most values that a kernel may keep, 3 or more with ``keep_zeros`` and 2 without, 256 at most.
        start: first values: "kmeans++" lies where the weights are, "linear" is even between smallest and largest, which
            gives the few large weights values of their own.
        keep_zeros: one of the values is exactly zero, and a weight that is zero stays so. Weights nearest to zero join.
        per_channel: ``clusters`` values for each output channel of a convolution instead of each kernel. They survive
            the folding of batch normalization.
        layers: names of the layers to cluster; empty for every convolution and dense layer that has more weights than
            ``clusters``.

    Raises:
        ValueError: a field is out of its range; when called, a name fits no layer.
    """

    clusters: int = 16
    start: Start = "kmeans++"
    keep_zeros: bool = True
    per_channel: bool = False
    layers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        least = 3 if self.keep_zeros else 2
        if not least <= self.clusters <= 256:
            raise ValueError(f"clusters must lie in [{least}, 256] with keep_zeros={self.keep_zeros}: {self.clusters}")
        if self.start not in get_args(Start):
            raise ValueError(f"start must be one of {get_args(Start)}, got {self.start!r}")

    @property
    def makes(self) -> frozenset[str]:
        """Return clusters."""
        return frozenset({"clusters"})

    @property
    def breaks(self) -> frozenset[str]:
        """Return earlier clusters, whose kernels train on, and zeros and their pattern unless they are kept."""
        return frozenset({"clusters"}) | (frozenset() if self.keep_zeros else frozenset({"zeros", "pattern"}))

    def __call__(self, model: Model, data: Dataset) -> Model:
        """Return the clustered copy, without the toolkit's wrappers."""
        wrappers = {layer.name: self._wrapper() for layer in kernel_layers(model, self.layers) if self._has_many(layer)}
        if not wrappers:
            raise ValueError(f"{model.name} has no kernel of more than {self.clusters} weights: nothing to share")
        others = (
            {}
            if not self.keep_zeros
            else {layer.name: kernel_of(layer) != 0 for layer in kernel_layers(model) if layer.name not in wrappers}
        )
        with warnings.catch_warnings(action="ignore"):  # the toolkit's gradients warn of a conversion
            clustered = fit(
                model,
                data,
                self.training,
                prepare=lambda copy: wrapped(copy, wrappers),
                callbacks=[holding(others)],
            )
        return like(model, backend.tfmot().clustering.keras.strip_clustering(clustered).get_weights())

    def _has_many(self, layer: Layer) -> bool:
        """Tell whether a layer has more weights than values to share; one with fewer keeps its own few values.

        Raises:
            ValueError: some of a layer's channels have and some have not, when each is to get its own values.
        """
        kernel = kernel_of(layer)
        counted = kernel != 0 if self.keep_zeros else np.ones_like(kernel, bool)
        own = self.per_channel and type(layer).__name__ == "Conv2D"
        many = counted.reshape(-1, kernel.shape[-1] if own else 1).sum(axis=0) >= self.clusters
        if many.any() and not many.all():
            raise ValueError(
                f"{layer.name}: {np.sum(~many)} of {len(many)} channels have fewer than {self.clusters} weights that "
                "are not zero. Ask for fewer clusters, or for clusters per kernel (per_channel=False)"
            )
        return bool(many.all())

    def _wrapper(self) -> Callable[[Layer], Layer]:
        init = backend.tfmot().clustering.keras.CentroidInitialization
        starts = {"kmeans++": init.KMEANS_PLUS_PLUS, "linear": init.LINEAR}
        # Not through the toolkit's cluster_weights: it counts the channels of a convolution by its last weight, takes
        # the kernel for the bias where there is none, and then skips the layer.
        wrapper = backend.tfmot_part("clustering.keras.cluster_wrapper").ClusterWeights
        return lambda layer: wrapper(
            layer,
            self.clusters,
            starts[self.start],
            preserve_sparsity=self.keep_zeros,
            cluster_per_channel=self.per_channel,
        )
