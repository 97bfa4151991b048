"""Precision, recall and F1 by class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course_lib.core import ClassScore


def class_scores(
    y: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, names: tuple[str, ...] = ()
) -> tuple[ClassScore, ...]:
    """Return precision, recall, F1 and support of each class, 0 where a denominator is 0.

    From the confusion matrix, as scikit-learn's precision_recall_fscore_support gives them (the tests compare): its
    import alone would take longer than measuring a model.

    Args:
        y, predicted: labels in [0, classes), shape (n,).
        names: one per class, or empty for the numbers.
    """
    matrix = np.bincount(y * classes + predicted, minlength=classes * classes).reshape(classes, classes)
    hits, support, claimed = np.diag(matrix), matrix.sum(1), matrix.sum(0)
    scores = []
    for label in range(classes):
        precision = hits[label] / claimed[label] if claimed[label] else 0.0
        recall = hits[label] / support[label] if support[label] else 0.0
        f1 = 2 * hits[label] / (support[label] + claimed[label]) if support[label] + claimed[label] else 0.0
        name = names[label] if label < len(names) else str(label)
        scores.append(ClassScore(label, name, float(precision), float(recall), float(f1), int(support[label])))
    return tuple(scores)
