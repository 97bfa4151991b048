"""Distillation: a small network learns from what a large one answers, not only from the labels.

Hinton et al. 2015 (arXiv:1503.02531). What gets smaller is the architecture; the teacher only buys accuracy back, and
only where labels are few or noisy. Hence the control: the same student, start, batches and steps, on labels alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib import backend
from course_lib.core import Dataset
from course_lib.models import clone, fit
from course_lib.techniques.control import TrainedTransform
from course_lib.techniques.teacher import by_row, check_logits, check_loss, soft_and_hard, soft_targets

Model = Any
Floats = NDArray[np.float32]


@dataclass(frozen=True, repr=False)
class Distill(TrainedTransform):
    """Train a student on the model's answers: ``Distill(student())(trained("baseline"), data)``.

    Args:
        student: the network to train, from the weights it has; it ends in logits and stays as it is, a copy is
            returned. None distils into the model's own architecture, with fresh weights (self-distillation).
        temperature: softens both sides, above 0; 2 to 8 are usual.
        alpha: weight of the teacher against the labels, in [0, 1].
        top: keep only this many of the teacher's probabilities per image; None for all.
        features: names of a layer of the teacher and of one of the student, whose outputs, averaged over the image,
            are to match through a linear adapter that is thrown away (FitNets, Romero et al. 2015, arXiv:1412.6550).
        feature_weight: weight of that match, 0 or more.

    Raises:
        ValueError: a field is out of its range; when called, a model ends in a softmax, the two have different outputs,
            or a feature layer does not exist.
    """

    student: Model | None = None
    temperature: float = 4.0
    alpha: float = 0.9
    top: int | None = None
    features: tuple[str, str] | None = None
    feature_weight: float = 1.0
    epochs: int = field(default=15, kw_only=True)
    learning_rate: float = field(default=4e-3, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_loss(self.temperature, self.alpha, self.top)
        if self.features is not None and len(self.features) != 2:
            raise ValueError(f"features are a layer of the teacher and one of the student, got {self.features!r}")
        if self.feature_weight < 0:
            raise ValueError(f"feature_weight must be 0 or more, got {self.feature_weight}")

    def __repr__(self) -> str:
        """Name the student instead of printing a Keras object."""
        settings = [f"{own.name}={getattr(self, own.name)!r}" for own in fields(self) if own.name != "student"]
        return f"Distill(student={getattr(self.student, 'name', None)}, {', '.join(settings)})"

    @property
    def breaks(self) -> frozenset[str]:
        """Return everything: the network that comes out is another one."""
        return frozenset({"zeros", "pattern", "clusters", "shape"})

    def control(self) -> Distill:
        """Return the same student, trained as long on the labels alone."""
        return replace(self, alpha=0.0, features=None)

    def __call__(self, model: Model, data: Dataset) -> Model:
        """Return the trained copy of the student; ``model`` is the teacher."""
        student = self._student(model)
        targets = soft_targets(model, data.x_train, self.temperature, self.top) if self.alpha else None
        loss = soft_and_hard(data.y_train, targets, self.temperature, self.alpha)
        if self.features is None:
            return fit(student, by_row(data), self.training, loss=loss)
        hints = pooled_features(model, self.features[0], data.x_train)
        hinted = fit(
            student,
            by_row(data),
            self.training,
            prepare=lambda copy: _with_adapter(copy, self._layer(copy), hints.shape[1]),
            loss=_and_hints(loss, hints, self.feature_weight, student.output_shape[-1]),
        )
        trained = clone(student)
        for layer in trained.layers:
            layer.set_weights(hinted.get_layer(layer.name).get_weights())
        return trained

    def _student(self, model: Model) -> Model:
        if self.student is None:
            backend.keras().utils.set_random_seed(self.seed)
            return backend.keras().models.clone_model(model)
        check_logits(self.student)
        if self.student.output_shape[-1] != model.output_shape[-1]:
            raise ValueError(
                f"the teacher has {model.output_shape[-1]} outputs, the student {self.student.output_shape[-1]}"
            )
        if self.features is not None:
            self._layer(self.student)
        return self.student

    def _layer(self, student: Model) -> Any:
        assert self.features is not None
        return _layer_named(student, self.features[1])


def pooled_features(model: Model, name: str, images: Floats) -> Floats:
    """Return a layer's outputs, averaged over positions, each feature with mean 0 and deviation 1: (n, features).

    Raises:
        ValueError: there is no such layer.
    """
    output = _pooled(_layer_named(model, name).output)
    features = backend.keras().Model(model.inputs, output).predict(images, batch_size=500, verbose=0)
    standard: Floats = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
    return standard


def _with_adapter(student: Model, layer: Any, width: int) -> Model:
    layers = backend.keras().layers
    adapted = layers.Dense(width, name="adapter")(_pooled(layer.output))
    return backend.keras().Model(student.inputs, layers.Concatenate(name="logits_and_hints")([student.output, adapted]))


def _and_hints(
    loss: Callable[[Any, Any], Any], hints: Floats, weight: float, classes: int
) -> Callable[[Any, Any], Any]:
    tf = backend.tensorflow()
    wanted = tf.constant(hints)

    def both(rows: Any, outputs: Any) -> Any:
        numbers = tf.cast(tf.reshape(rows, [-1]), tf.int64)
        error = tf.reduce_mean((tf.gather(wanted, numbers) - outputs[:, classes:]) ** 2, axis=1)
        return loss(rows, outputs[:, :classes]) + weight * error

    return both


def _pooled(output: Any) -> Any:
    return backend.keras().layers.GlobalAveragePooling2D()(output) if len(output.shape) == 4 else output


def _layer_named(model: Model, name: str) -> Any:
    names = [layer.name for layer in model.layers]
    if name not in names:
        raise ValueError(f"{model.name} has no layer {name!r}; it has {', '.join(names)}")
    return model.get_layer(name)
