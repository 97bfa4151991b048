"""Distil while pruning: the network is its own teacher, and one threshold for all layers decides what goes.

A single threshold lets the layers that have weights to spare give more of them, where ``Prune`` takes the same share of
each. Weights that are gone get no gradient and do not come back; the mask is complete early, so most of the training
heals. With ``levels`` the weights that are left move on a grid per output channel: an int8 file then holds few
different codes, in every channel the same ones, and batch normalization, which scales whole channels, keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from course_lib import backend
from course_lib.core import Dataset
from course_lib.models import clone, fit
from course_lib.techniques.control import TrainedTransform
from course_lib.techniques.grid import on_grid, straight_through
from course_lib.techniques.held import Mask, holding, largest_of_all
from course_lib.techniques.kernels import kernel_layers, kernel_of
from course_lib.techniques.teacher import by_row, check_loss, soft_and_hard, soft_targets

Model = Any


@dataclass(frozen=True)
class DistillPrune(TrainedTransform):
    """Remove a share of all weights under the model's own guidance: ``DistillPrune(0.85)(model, data)``.

    Args:
        sparsity: share of zeros over all kernels together, in [0, 1); 0 only distils, which is the control.
        levels: odd number of values that each output channel may use, 3 to 255, or None to leave them free.
        freeze: when the mask is complete, as a fraction of all steps, in (0, 1].
        frequency: steps from one pruning to the next, 1 or more.
        power: exponent of the schedule; 3 prunes fast early and slowly late.
        temperature: softens both sides, above 0.
        alpha: weight of the teacher against the labels, in [0, 1].

    Raises:
        ValueError: a field is out of its range.
    """

    sparsity: float
    levels: int | None = None
    freeze: float = 0.4
    frequency: int = 10
    power: float = 3.0
    temperature: float = 4.0
    alpha: float = 0.9
    epochs: int = field(default=8, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_loss(self.temperature, self.alpha, None)
        if not 0 <= self.sparsity < 1:
            raise ValueError(f"sparsity must lie in [0, 1), got {self.sparsity}")
        if self.levels is not None and not (3 <= self.levels <= 255 and self.levels % 2):
            raise ValueError(
                f"levels must be an odd number from 3 to 255 (zero and as many on each side): {self.levels}"
            )
        if not 0 < self.freeze <= 1:
            raise ValueError(f"freeze must lie in (0, 1], got {self.freeze}")
        if self.frequency < 1 or self.power <= 0:
            raise ValueError(f"frequency must be 1 or more and power positive, got {self.frequency} and {self.power}")

    @property
    def makes(self) -> frozenset[str]:
        """Return zeros; with levels, clusters too."""
        return frozenset({"zeros"} | ({"clusters"} if self.levels else set()))

    @property
    def breaks(self) -> frozenset[str]:
        """Return clusters and N:M patterns: the weights that stay are trained and chosen anew."""
        return frozenset({"clusters", "pattern"})

    def control(self) -> DistillPrune:
        """Return the dense network, distilled from itself as long, on no grid."""
        return replace(self, sparsity=0.0, levels=None)

    def __call__(self, model: Model, data: Dataset) -> Model:
        """Return the pruned copy."""
        targets = soft_targets(model, data.x_train, self.temperature)
        masks = {layer.name: kernel_of(layer) != 0 for layer in kernel_layers(model)}
        callbacks = [self._pruning(masks, len(data.x_train)), holding(masks)]
        if self.levels:
            callbacks.append(straight_through(masks, self.levels, self._freeze_step(len(data.x_train))))
        pruned = fit(
            model,
            by_row(data),
            self.training,
            loss=soft_and_hard(data.y_train, targets, self.temperature, self.alpha),
            callbacks=callbacks,
        )
        return on_grid(pruned, self.levels) if self.levels else clone(pruned)

    def _freeze_step(self, images: int) -> int:
        steps = self.training.epochs * -(-images // self.training.batch_size)
        return max(1, round(self.freeze * steps))

    def _pruning(self, masks: dict[str, Mask], images: int) -> Any:
        """Return a Keras callback that takes more and more from the masks until they freeze."""
        end, steps = self._freeze_step(images), 0

        def prune(batch: int, logs: Any) -> None:
            nonlocal steps
            steps += 1
            if self.sparsity and steps <= end and (steps % self.frequency == 0 or steps == end):
                share = self.sparsity * (1 - (1 - steps / end) ** self.power)
                masks.update(largest_of_all({name: kernel_of(callback.model.get_layer(name)) for name in masks}, share))

        callback = backend.keras().callbacks.LambdaCallback(on_batch_end=prune)
        return callback
