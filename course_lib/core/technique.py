"""What a technique is: a frozen dataclass that you call with a model and data."""

from __future__ import annotations

import abc
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from course_lib.core.artifact import Artifact
from course_lib.core.dataset import Dataset
from course_lib.core.keys import key

Model = Any  # a tf_keras.Model; naming the type would import TensorFlow


@dataclass(frozen=True)
class _Technique:
    def key(self) -> str:
        """Return the content address of this configuration: type, fields and versions."""
        return key(self)


@dataclass(frozen=True)
class Transform(_Technique, abc.ABC):
    """Keras model in, another Keras model out; the model passed in stays bit-identical."""

    must_be_last: ClassVar[bool] = False  # e.g. quantization-aware training: nothing may rewrite its wrapped layers

    @property
    def makes(self) -> frozenset[str]:
        """What this step establishes: "zeros", "pattern" (N:M zeros), "clusters", "shape" (channels removed)."""
        return frozenset()

    @property
    def breaks(self) -> frozenset[str]:
        """Which of those, made by an earlier step, would not survive this one: a Recipe refuses such an order."""
        return frozenset()

    @abc.abstractmethod
    def __call__(self, model: Model, data: Dataset) -> Model:
        """Return the transformed model."""


@dataclass(frozen=True)
class Export(_Technique, abc.ABC):
    """Keras model (or float Artifact, where the export says so) in, ``.tflite`` bytes out."""

    @abc.abstractmethod
    def __call__(self, model: Model | Artifact, data: Dataset | None = None) -> Artifact:
        """Return the artifact."""


@dataclass(frozen=True)
class Recipe(_Technique):
    """Steps in order, then one export: ``Recipe("prune-int8", Int8(), steps=(Prune(0.8),))(model, data)``.

    Raises:
        ValueError: the order cannot work. It is refused here, before anything was trained.
    """

    name: str
    export: Export
    steps: tuple[Transform, ...] = ()

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a recipe needs a name: it labels the rows of every table")
        if not isinstance(self.export, Export):
            raise ValueError(f"recipe {self.name}: the export must be an Export such as Int8(), got {self.export!r}")
        for step in self.steps:
            if not isinstance(step, Transform):
                raise ValueError(f"recipe {self.name}: steps must be Transforms such as Prune(0.8), got {step!r}")
        made: dict[str, Transform] = {}
        for step in self.steps:
            for what in sorted(step.breaks & made.keys()):
                raise ValueError(
                    f"recipe {self.name}: {type(step).__name__} would undo the {what} that {type(made[what]).__name__} "
                    "made. Put it first, or call the steps one after the other to watch it happen"
                )
            made |= dict.fromkeys(step.makes, step)
        for step, following in zip(self.steps, self.steps[1:], strict=False):
            if step.must_be_last:
                raise ValueError(
                    f"recipe {self.name}: {type(step).__name__} must be the last step, but {following!r} comes after it"
                )

    def __call__(self, model: Model | Artifact, data: Dataset) -> Artifact:
        """Run the steps and the export; the artifact carries the recipe's name."""
        for step in self.steps:
            model = step(model, data)
        return replace(self.export(model, data), name=self.name)
