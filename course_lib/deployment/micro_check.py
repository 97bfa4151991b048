"""TFLite Micro against LiteRT, output by output, on the same inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact
from course_lib.deployment.micro import MicroArena, run_micro
from course_lib.evaluation.runtime import open_interpreter, sample_inputs

Array = NDArray[Any]


@dataclass(frozen=True)
class MicroCheck:
    """How far TFLite Micro's stored outputs lie from LiteRT's built-in kernels on seeded random inputs.

    ``equal`` is the fraction of output values that are the same bit for bit. ``largest`` is the largest difference:
    in steps for integer outputs, relative to the output's largest magnitude for float ones.
    """

    samples: int
    values: int
    equal: float
    largest: float
    arena: MicroArena


def check_on_micro(artifact: Artifact, *, samples: int = 10, seed: int = 0) -> MicroCheck:
    """Run the same inputs through both runtimes, in order and without resetting state in between.

    Raises:
        ImportError: ``tflite-micro`` is not installed.
        MicroRefusedError: it does not run the model.
        ValueError: fewer than one sample, or LiteRT does not run the model.
    """
    if samples < 1:
        raise ValueError(f"need 1 sample or more, got {samples}")
    interpreter = open_interpreter(artifact, xnnpack=False)
    drawn = [list(sample_inputs(interpreter, seed + index).values()) for index in range(samples)]
    run = run_micro(artifact, drawn)
    expected = [_on_litert(interpreter, sample) for sample in drawn]
    pairs = [
        (ours, theirs.reshape(ours.shape))
        for one, other in zip(expected, run.outputs, strict=True)
        for ours, theirs in zip(one, other, strict=True)
    ]
    values = sum(ours.size for ours, _ in pairs)
    equal = sum(int(np.sum(ours == theirs)) for ours, theirs in pairs)
    largest = max((_distance(ours, theirs) for ours, theirs in pairs), default=0.0)
    return MicroCheck(samples, values, equal / max(1, values), largest, run.arena)


def _on_litert(interpreter: Any, sample: Sequence[Array]) -> list[Array]:
    for detail, array in zip(interpreter.get_input_details(), sample, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [np.copy(interpreter.get_tensor(detail["index"])) for detail in interpreter.get_output_details()]


def _distance(one: Array, other: Array) -> float:
    difference = float(np.max(np.abs(one.astype(np.float64) - other.astype(np.float64)), initial=0.0))
    if one.dtype.kind != "f":
        return difference
    span = float(np.max(np.abs(one.astype(np.float64)), initial=0.0))
    return difference / span if span else difference
