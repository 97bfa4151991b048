"""N:M sparsity: of every M neighbouring weights at most N are not zero (Mishra et al. 2021, arXiv:2104.08378).

Regular enough for hardware: a tensor core that knows 2:4 does half of the multiplications. No phone CPU does. The
blocks run along the input channels, the axis that a matrix product sums over and that a ``.tflite`` stores last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Dataset
from course_lib.models import fit
from course_lib.techniques.control import TrainedTransform
from course_lib.techniques.held import holding, masked
from course_lib.techniques.kernels import kernel_layers, kernel_of

Model = Any
Kernel = NDArray[np.float32]


@dataclass(frozen=True)
class PruneNM(TrainedTransform):
    """Keep the N largest of every M weights, then train the kept ones on: ``PruneNM(2, 4)(model, data)``.

    Zeros that are there already stay. The toolkit counts the other way (``sparsity_m_by_n`` gives the zeros first),
    which is the same only when half of the weights go.

    Args:
        n: weights kept in each block, 1 to m - 1.
        m: weights in a block, 2 or more. A last block of fewer weights keeps up to n.
        layers: names of the layers to prune; empty for every convolution and dense layer.
        epochs: 0 cuts and does not train.

    Raises:
        ValueError: a field is out of its range; when called, a name fits no layer.
    """

    n: int = 2
    m: int = 4
    layers: tuple[str, ...] = ()

    can_skip_training: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.n < self.m:
            raise ValueError(f"N:M keeps n of m weights, 1 <= n < m, got {self.n}:{self.m}")

    @property
    def makes(self) -> frozenset[str]:
        """Return zeros, and their pattern."""
        return frozenset({"zeros", "pattern"})

    @property
    def breaks(self) -> frozenset[str]:
        """Return clusters, when it trains."""
        return frozenset({"clusters"}) if self.epochs else frozenset()

    def __call__(self, model: Model, data: Dataset) -> Model:
        """Return the pruned copy."""
        masks = {}
        for layer in kernel_layers(model, self.layers):
            kernel = kernel_of(layer)
            masks[layer.name] = largest_of_each_block(kernel, self.n, self.m) & (kernel != 0)
        pruned = masked(model, masks)
        return fit(pruned, data, self.training, callbacks=[holding(masks)]) if self.epochs else pruned


def largest_of_each_block(kernel: Kernel, n: int, m: int) -> NDArray[np.bool_]:
    """Return the mask that keeps the n largest magnitudes of every m neighbours along the input channels.

    Args:
        kernel: (..., in, out). Equal magnitudes are kept in their order.
    """
    channels = kernel.shape[-2]
    rows = np.moveaxis(np.abs(kernel), -2, -1)
    padded = np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, -channels % m)], constant_values=-1)  # padding loses
    blocks = padded.reshape(*padded.shape[:-1], -1, m)
    rank = np.argsort(np.argsort(-blocks, axis=-1, kind="stable"), axis=-1, kind="stable")
    return np.moveaxis((rank < n).reshape(padded.shape)[..., :channels], -1, -2)
