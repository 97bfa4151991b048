"""Magnitude pruning: the smallest weights of every layer become zero, gradually, while the rest trains on.

Zhu and Gupta 2017 (arXiv:1710.01878), by the model-optimization toolkit. The tensors keep their shapes: the file
shrinks only when something codes the zeros (gzip, ``Sparse``), and a dense kernel multiplies by them as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from course_lib import backend
from course_lib.core import Dataset
from course_lib.models import fit
from course_lib.techniques.control import TrainedTransform
from course_lib.techniques.kernels import check_share, like, shares, wrapped

Model = Any


@dataclass(frozen=True)
class Prune(TrainedTransform):
    """Set a share of each kernel to zero along a polynomial schedule: ``Prune(0.8)(model, data)``.

    Args:
        sparsity: share of zeros to reach in every kernel, in (0, 1); or a mapping from layer name to share (chosen, for
            example, from a sensitivity table), which leaves the other layers dense.
        begin: when pruning begins, as a fraction of all steps, in [0, 1).
        end: when it is complete, in (begin, 1]; what is left of the training heals with the mask fixed.
        initial: share that the first pruning removes, in [0, 1).
        frequency: steps from one pruning to the next, 1 or more.
        power: exponent of the schedule; 3 prunes fast early and slowly late.

    Raises:
        ValueError: a field is out of its range; when called, a name fits no layer.
    """

    sparsity: float | Mapping[str, float]
    begin: float = 0.0
    end: float = 0.5
    initial: float = 0.0
    frequency: int = 10
    power: float = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_share("sparsity", self.sparsity)
        if not 0 <= self.begin < self.end <= 1:
            raise ValueError(f"begin and end are fractions, 0 <= begin < end <= 1, got {self.begin} and {self.end}")
        if not 0 <= self.initial < 1:
            raise ValueError(f"initial must lie in [0, 1), got {self.initial}")
        if self.frequency < 1 or self.power <= 0:
            raise ValueError(f"frequency must be 1 or more and power positive, got {self.frequency} and {self.power}")

    @property
    def makes(self) -> frozenset[str]:
        """Return zeros."""
        return frozenset({"zeros"})

    @property
    def breaks(self) -> frozenset[str]:
        """Return clusters and N:M patterns: the weights that stay are trained and chosen anew."""
        return frozenset({"clusters", "pattern"})

    def __call__(self, model: Model, data: Dataset) -> Model:
        """Return the pruned copy, without the toolkit's wrappers: left in, they would double the file."""
        sparsity = backend.tfmot().sparsity.keras
        steps = self.training.epochs * -(-len(data.x_train) // self.training.batch_size)
        wrappers = {name: self._wrapper(share, steps) for name, share in shares(model, self.sparsity).items()}
        pruned = fit(
            model,
            data,
            self.training,
            prepare=lambda copy: wrapped(copy, wrappers),
            callbacks=[sparsity.UpdatePruningStep()],  # without it the first step fails
        )
        return like(model, sparsity.strip_pruning(pruned).get_weights())

    def _wrapper(self, share: float, steps: int) -> Any:
        first, frequency, end = self._turns(steps)
        sparsity = backend.tfmot().sparsity.keras
        schedule = sparsity.PolynomialDecay(self.initial, share, first, end, power=self.power, frequency=frequency)
        return lambda layer: sparsity.prune_low_magnitude(layer, pruning_schedule=schedule)

    def _turns(self, steps: int) -> tuple[int, int, int]:
        """Return first step, frequency and last step of pruning.

        The toolkit prunes at first, first + frequency, ... and nowhere else: unless the last step is one of those, the
        promised sparsity is never reached.
        """
        end = max(1, round(self.end * steps))
        first = min(round(self.begin * steps), end - 1)
        frequency = min(self.frequency, end - first)
        return first, frequency, first + (end - first) // frequency * frequency
