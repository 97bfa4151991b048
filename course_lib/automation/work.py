"""What a sweep works on, in a form that another process or another machine can take: one model, and the data."""

from __future__ import annotations

import pickle
import threading
import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from course_lib import backend
from course_lib.core import Artifact, Dataset, Recipe, key
from course_lib.core.environment import installed
from course_lib.evaluation.measuring import class_outputs

Model = Any
Split = Literal["val", "test"]

# TensorFlow's and LiteRT's messages are held back through one file descriptor per process: one job at a time.
_ALONE = threading.Lock()


@dataclass(frozen=True)
class KerasModel:
    """A Keras 2 model as text and arrays."""

    config: str = field(repr=False)
    weights: tuple[NDArray[Any], ...] = field(repr=False)

    @classmethod
    def of(cls, model: Model) -> KerasModel:
        """Take a model apart.

        Raises:
            ValueError: it has no configuration to build it from again.
        """
        try:
            return cls(model.to_json(), tuple(model.get_weights()))
        except (AttributeError, NotImplementedError, TypeError) as problem:
            raise ValueError(
                f"{type(model).__name__} cannot be sent to another process ({problem}): pass a Sequential or "
                "Functional model of Keras 2, or a float Artifact"
            ) from None

    def build(self) -> Model:
        """Return a new model, its layers named as in the first."""
        model = backend.keras().models.model_from_json(self.config)
        model.set_weights(list(self.weights))
        return model


@dataclass(frozen=True, eq=False)
class Work:
    """One model and its data. The split that is not measured stays behind: no worker can peek at it."""

    model: Artifact | KerasModel
    data: Dataset = field(repr=False)
    split: Split = "val"

    @classmethod
    def of(cls, model: Model | Artifact, data: Dataset, split: Split = "val") -> Work:
        """Prepare a model and data for travelling.

        Raises:
            ValueError: another split, one without samples, or a model that cannot be taken apart.
        """
        if split not in ("val", "test"):
            raise ValueError(f"a sweep measures on val (to choose) or test (to report), got {split!r}")
        if not len(data.y_val if split == "val" else data.y_test):
            raise ValueError(f"{data.name}: the {split} split has no samples to measure on")
        if split == "val":
            data = replace(data, x_test=data.x_test[:0], y_test=data.y_test[:0])
        portable = model if isinstance(model, Artifact) else KerasModel.of(model)
        return cls(portable, data, split)

    @cached_property
    def address(self) -> str:
        """SHA-256 of what an artifact is made from: the model's bytes, training and validation data, versions."""
        source = self.model.content if isinstance(self.model, Artifact) else self.model
        data = self.data
        arrays = (data.x_train, data.y_train, data.x_val, data.y_val)
        return key(source, *arrays, backend.THREADS, installed("tf-keras"))

    @cached_property
    def measured_on(self) -> str:
        """SHA-256 of the images and labels that accuracies are measured on, in their order."""
        return key(*self._measured())

    @property
    def size(self) -> int:
        """How many samples there are to measure on."""
        return len(self._measured()[1])

    def samples(self, count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return ``count`` samples, drawn once: a larger count holds those of a smaller one."""
        x, y = self._measured()
        if count == len(y):
            return x, y
        chosen = np.random.default_rng(0).permutation(len(y))[:count]
        return x[chosen], y[chosen]

    def _measured(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        data = self.data
        return (data.x_val, data.y_val) if self.split == "val" else (data.x_test, data.y_test)


@dataclass(frozen=True)
class Job:
    """One recipe to run and to measure. ``content`` is the artifact where it was made before: then only measure."""

    address: str
    recipe: bytes = field(repr=False)  # pickled: a recipe may hold a Keras model, which must not be opened too early
    images: int
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Outcome:
    """What became of a job: the artifact and which samples it got right, or why not.

    ``final`` says that running the same job again would end the same way, so that the refusal may be remembered.
    """

    address: str
    content: bytes = field(default=b"", repr=False)
    right: NDArray[np.bool_] | None = field(default=None, repr=False)
    make_seconds: float = 0.0
    measure_seconds: float = 0.0
    error: str | None = None
    final: bool = False


def run_job(job: Job, work: Work) -> Outcome:
    """Run one job, here. A recipe that fails gives an Outcome that says why."""
    with _ALONE:
        try:
            start = time.perf_counter()
            content = _make(job, work) if job.content is None else job.content
            made = time.perf_counter()
            x, y = work.samples(job.images)
            right = class_outputs(Artifact("candidate", content), x, y).argmax(1) == y
            return Outcome(job.address, content, right, made - start, time.perf_counter() - made)
        except ValueError as problem:
            return Outcome(job.address, error=_line(problem), final=True)
        except Exception as problem:  # one recipe's fault must not end the sweep of the others
            return Outcome(job.address, error=f"{type(problem).__name__}: {_line(problem)}")


def _make(job: Job, work: Work) -> bytes:
    if isinstance(work.model, Artifact):
        recipe: Recipe = pickle.loads(job.recipe)
        model: Model | Artifact = work.model
        if recipe.steps:
            raise ValueError(
                f"{type(recipe.steps[0]).__name__} works on a Keras model, and this is a .tflite file: pass the Keras "
                "model, or leave out the steps"
            )
    else:
        backend.tensorflow()  # before a recipe that holds a model is opened: the door decides which Keras
        recipe = pickle.loads(job.recipe)
        model = work.model.build()
    return recipe(model, work.data).content


def _line(problem: Exception) -> str:
    return " ".join(str(problem).split())[:500] or type(problem).__name__
