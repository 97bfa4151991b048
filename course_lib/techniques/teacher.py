"""What a teacher says, computed once: softened probabilities, all or the top few, and the loss that follows them.

The teacher runs in inference mode over the training images before the student takes its first step, so distilling costs
one pass, not one per epoch. The labels that the student then trains on are row numbers of that table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib import backend
from course_lib.core import Dataset

Model = Any
Floats = NDArray[np.float32]


def soft_targets(teacher: Model, images: Floats, temperature: float, top: int | None = None) -> Floats:
    """Return the teacher's probabilities at a temperature, shape (n, classes).

    Args:
        top: keep this many of the largest per image and spread the rest evenly over the other classes: for 1,000
            classes a cache of 5 is 50 times smaller than all logits.

    Raises:
        ValueError: the teacher ends in a softmax, or ``top`` is not in 1 to classes.
    """
    check_logits(teacher)
    scaled = teacher.predict(images, batch_size=500, verbose=0) / temperature
    exponents = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities: Floats = exponents / exponents.sum(axis=1, keepdims=True)
    return probabilities if top is None else keep_top(probabilities, top)


def keep_top(probabilities: Floats, top: int) -> Floats:
    """Return rows that keep their ``top`` largest probabilities and share the remainder among the other classes.

    Raises:
        ValueError: ``top`` is not in 1 to the number of classes.
    """
    classes = probabilities.shape[1]
    if not 1 <= top <= classes:
        raise ValueError(f"top must lie in 1 to {classes} classes, got {top}")
    if top == classes:
        return probabilities
    listed = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    kept = np.take_along_axis(probabilities, listed, axis=1)
    spread = np.repeat((1 - kept.sum(axis=1, keepdims=True)).clip(0) / (classes - top), classes, axis=1)
    np.put_along_axis(spread, listed, kept, axis=1)
    return spread


def check_logits(model: Model) -> None:
    """Refuse a model that ends in a softmax: softened once more, its answers would all look alike.

    Raises:
        ValueError: saying which layer.
    """
    last = model.layers[-1]
    if type(last).__name__ == "Softmax" or getattr(getattr(last, "activation", None), "__name__", "") == "softmax":
        raise ValueError(f"{model.name}: its last layer, {last.name}, is a softmax. Distillation works on logits")


def by_row(data: Dataset) -> Dataset:
    """Return the data set whose training labels are the row numbers 0 to n - 1, for the losses below."""
    return replace(data, y_train=np.arange(len(data.y_train)))


def soft_and_hard(
    labels: NDArray[np.int64], targets: Floats | None, temperature: float, alpha: float
) -> Callable[[Any, Any], Any]:
    """Return the loss ``alpha T² KL(teacher || student) + (1 - alpha) CE`` of row numbers and logits, per image.

    Softening divides the gradient by T² (once in the logits, once in the difference of probabilities); the factor
    restores it, so that ``alpha`` means the same at every temperature (Hinton et al. 2015, arXiv:1503.02531).

    Args:
        labels: (n,) classes.
        targets: (n, classes) from ``soft_targets``; None with ``alpha`` 0.
    """
    tf = backend.tensorflow()
    classes = tf.constant(labels)
    soft = None if targets is None else tf.constant(targets, tf.float32)

    def loss(rows: Any, logits: Any) -> Any:
        rows = tf.cast(tf.reshape(rows, [-1]), tf.int64)
        hard = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(classes, rows), logits)
        if soft is None:
            return hard
        wanted = tf.gather(soft, rows)
        entropy = -tf.reduce_sum(tf.math.xlogy(wanted, wanted), axis=1)
        divergence = tf.nn.softmax_cross_entropy_with_logits(wanted, logits / temperature) - entropy
        return alpha * temperature**2 * divergence + (1 - alpha) * hard

    return loss


def check_loss(temperature: float, alpha: float, top: int | None) -> None:
    """Refuse a temperature that is not positive, an alpha outside [0, 1], a top below 1.

    Raises:
        ValueError: naming the value and its range.
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha, the weight of the teacher, must lie in [0, 1], got {alpha}")
    if top is not None and top < 1:
        raise ValueError(f"top must be 1 or more, or None for every class, got {top}")
