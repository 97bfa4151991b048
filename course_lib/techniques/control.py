"""The control: the same network, trained just as long, without the technique.

"Pruning 50 % raised accuracy" is usually three more epochs at work. Every technique that trains therefore returns the
transform to compare it with: ``technique.control()`` runs the same number of steps from the same weights, with the
same seed, batches and learning rates, and does nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from course_lib.core import Dataset, Transform
from course_lib.models import Training, clone, fit

Model = Any


@dataclass(frozen=True, kw_only=True)
class TrainedTransform(Transform):
    """What the techniques that train have in common.

    Args:
        epochs: passes over the training images; a technique that can act without training takes 0.
        batch_size: images per step.
        learning_rate: of Adam at the first step, in (0, 1]; it falls to zero along a cosine.
        seed: decides the order of the images and every random number of the technique.

    Raises:
        ValueError: a field is out of its range.
    """

    epochs: int = 4
    batch_size: int = 128
    learning_rate: float = 1e-3
    seed: int = 0

    can_skip_training: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.epochs == 0 and not self.can_skip_training:
            raise ValueError(f"{type(self).__name__} works while it trains: epochs must be 1 or more, got 0")
        if self.epochs != 0:
            self.training  # noqa: B018 - building it refuses what is out of range

    @property
    def training(self) -> Training:
        """How this technique trains.

        Raises:
            ValueError: ``epochs`` is 0, or a field is out of its range.
        """
        return Training(self.epochs, self.batch_size, self.learning_rate, self.seed)

    def control(self) -> Transform:
        """Return the transform to compare with: as many steps, same start, same seed, no technique."""
        return FineTune(
            epochs=self.epochs, batch_size=self.batch_size, learning_rate=self.learning_rate, seed=self.seed
        )


@dataclass(frozen=True, kw_only=True)
class FineTune(TrainedTransform):
    """Train on, with plain cross-entropy on the labels, and nothing else: ``FineTune(epochs=4)(model, data)``."""

    can_skip_training: ClassVar[bool] = True

    @property
    def breaks(self) -> frozenset[str]:
        """Return zeros, their pattern and clusters: plain training moves every weight."""
        return frozenset({"zeros", "pattern", "clusters"}) if self.epochs else frozenset()

    def __call__(self, model: Model, data: Dataset) -> Model:
        """Return the fine-tuned copy."""
        return fit(model, data, self.training) if self.epochs else clone(model)
