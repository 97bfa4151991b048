"""Train a copy of a model: the same seed, threads and data give the same weights, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from course_lib import backend
from course_lib.core import Dataset
from course_lib.core.progress import progress

Model = Any


@dataclass(frozen=True)
class Training:
    """How to train: Adam, learning rate falling to zero along a cosine, seeded.

    Raises:
        ValueError: a field is out of its range.
    """

    epochs: int
    batch_size: int = 128
    learning_rate: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1:
            raise ValueError(f"epochs and batch_size must be 1 or more, got {self.epochs} and {self.batch_size}")
        if not 0 < self.learning_rate <= 1:
            raise ValueError(f"learning_rate must lie in (0, 1], got {self.learning_rate}")


def clone(model: Model) -> Model:
    """Return a copy with its own layers and weights. Toolkits that wrap layers would otherwise train yours."""
    copy = backend.keras().models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def fit(
    model: Model,
    data: Dataset,
    training: Training,
    *,
    prepare: Callable[[Model], Model] = lambda model: model,
    loss: Any = None,
    callbacks: Sequence[Any] = (),
    quiet: bool = False,
) -> Model:
    """Return a trained copy of ``model``; the one passed in stays bit-identical.

    Args:
        prepare: applied to the copy before compiling, e.g. a wrapper that adds pruning masks.
        loss: Keras loss; default sparse categorical cross-entropy on logits.
        callbacks: Keras callbacks that the technique needs.
        quiet: no progress bar.
    """
    tf, keras = backend.tensorflow(), backend.keras()
    keras.utils.set_random_seed(training.seed)
    trained = prepare(clone(model))
    steps = training.epochs * -(-len(data.x_train) // training.batch_size)
    trained.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(training.learning_rate, steps)),
        loss=loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    batches = (
        tf.data.Dataset.from_tensor_slices((data.x_train, data.y_train))
        .shuffle(len(data.x_train), seed=training.seed)
        .batch(training.batch_size)
        .prefetch(2)
    )
    epochs = progress(range(training.epochs), label=f"training {model.name}", quiet=quiet)
    for epoch in epochs:  # one call an epoch, so that the bar moves and stays silent where it should
        trained.fit(batches, initial_epoch=epoch, epochs=epoch + 1, verbose=0, callbacks=list(callbacks))
    return trained


def accuracy(model: Model, x: Any, y: Any) -> float:
    """Return the fraction of correct top-1 predictions of a Keras model, in [0, 1]."""
    return float((model.predict(x, batch_size=500, verbose=0).argmax(axis=1) == y).mean())
