"""Measure a delivered file beside the float model: sizes, accuracy on the same images, time in the same run.

The file runs in a process of its own (`measuring_child.py`), behind walls where there are some: it is a stranger's, and
the runtime is native code. That process gets images and no labels, and returns classes and times. Accuracies and
intervals are computed here.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.classroom.sandbox import contain, linux
from course_lib.core import Artifact, Environment, Interval
from course_lib.data import fashion_mnist
from course_lib.evaluation import paired_difference, predict, wilson
from course_lib.grading.process import environment
from course_lib.grading.shorten import brief_text
from course_lib.inspection import inspect

Right = NDArray[np.bool_]


class NotMeasured(ValueError):
    """The file did not survive its measurement; the message says how it ended."""


@dataclass(frozen=True)
class Protocol:
    """How to measure: test images (None: all), loads and runs of the timing, and what the process may use."""

    images: int | None = None
    loads: int = 20
    runs: int = 20
    seconds: float = 180.0
    memory_mb: int = 3072


@dataclass(frozen=True)
class Measured:
    """One file beside the float model. Accuracies and differences are fractions; `ratio` is time(file) / time(float).

    `val_right` tells for each validation image whether the file got it right.
    """

    raw_bytes: int
    gzip_bytes: int
    float_bytes: int
    images: int
    accuracy: float
    interval: Interval
    float_accuracy: float
    only_float: int
    only_file: int
    difference_interval: Interval
    ratio: float
    ratio_interval: Interval
    delegate: str
    finite: bool
    scheme: str
    sections: Mapping[str, int]
    float_sections: Mapping[str, int]
    environment: Environment
    protocol: Protocol
    val_right: Right = field(repr=False, compare=False)

    @property
    def difference(self) -> float:
        """Accuracy of the file minus that of the float model on the same images."""
        return self.accuracy - self.float_accuracy

    def val_accuracy(self, images: int) -> float:
        """Return the accuracy on the first validation images."""
        return float(self.val_right[:images].mean())


def measure(
    artifact: Artifact, reference: Artifact, protocol: Protocol = Protocol(), *, walled: bool = False
) -> Measured:
    """Measure a file that `gate.refusal` has let through; `walled` holds its process in with bubblewrap.

    Raises:
        NotMeasured: its process crashed, took too long or too much memory, or answered nothing sensible.
    """
    x_test, y_test, x_val, y_val = _images(protocol.images)
    reply = _in_child(artifact, reference, np.concatenate([x_test, x_val]), protocol, walled)
    right = reply["classes"] == np.concatenate([y_test, y_val])
    here, there = right[: len(y_test)], _float_right(reference, protocol.images)
    only_float, only_file = int((there & ~here).sum()), int((here & ~there).sum())
    ratio, low, high = (float(value) for value in reply["ratio"])
    anatomy, original = inspect(artifact.content), inspect(reference.content)
    return Measured(
        raw_bytes=artifact.raw_bytes,
        gzip_bytes=artifact.gzip_bytes,
        float_bytes=reference.raw_bytes,
        images=len(here),
        accuracy=float(here.mean()),
        interval=wilson(int(here.sum()), len(here)),
        float_accuracy=float(there.mean()),
        only_float=only_float,
        only_file=only_file,
        difference_interval=paired_difference(only_float, only_file, len(here)),
        ratio=ratio,
        ratio_interval=Interval(low, high),
        delegate=brief_text(bytes(reply["delegate"]).decode("utf-8", "replace"), 60),
        finite=bool(reply["finite"]),
        scheme=anatomy.scheme,
        sections=dict(anatomy.sections),
        float_sections=dict(original.sections),
        environment=Environment.here(),
        protocol=protocol,
        val_right=right[len(y_test) :],
    )


@cache
def _images(count: int | None) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    data = fashion_mnist()
    return data.x_test[:count], data.y_test[:count], data.x_val, data.y_val


@cache
def _float_right(reference: Artifact, count: int | None) -> Right:
    x_test, y_test, _, _ = _images(count)
    right: Right = predict(reference, x_test).argmax(1) == y_test
    return right


def _in_child(
    artifact: Artifact, reference: Artifact, x: NDArray[np.float32], protocol: Protocol, walled: bool
) -> dict[str, NDArray[Any]]:
    request = io.BytesIO()
    np.savez(
        request,
        images=np.round(x * 255).astype(np.uint8),
        settings=np.frombuffer(json.dumps(asdict(protocol)).encode(), np.uint8),
        delivered=np.frombuffer(artifact.content, np.uint8),
        reference=np.frombuffer(reference.content, np.uint8),
    )
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as words:
        root, user = str(Path(__file__).resolve().parents[2]), linux.NOBODY + os.getpid() if walled else None
        start = (
            f"import sys; sys.path.insert(0, {root!r}); "
            f"from course_lib.capstone.measuring_child import main; main({user})"
        )
        program = ["-I", "-c", start]
        process = subprocess.Popen(
            contain.command(program) if walled else [sys.executable, *program],
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=words,
            cwd=folder,
            env=environment(Path(folder), "measuring"),
        )
        try:
            process.communicate(request.getvalue(), timeout=protocol.seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise NotMeasured(f"it was not measured within {protocol.seconds:g} s and was stopped") from None
        if process.returncode != 0:
            words.seek(0)
            lines = words.read(20_000).decode("utf-8", "replace").strip().splitlines()
            last = brief_text(lines[-1], 200) if lines else "it said nothing"
            raise NotMeasured(f"its process ended with code {process.returncode}: {last}")
        answer.seek(0)
        return _read(answer.read(2**24), len(x))


def _read(answer: bytes, images: int) -> dict[str, NDArray[Any]]:
    """Read the child's reply as a stranger's: a crash of the runtime may have written it."""
    try:
        with np.load(io.BytesIO(answer), allow_pickle=False) as arrays:
            reply: dict[str, NDArray[Any]] = {name: arrays[name] for name in ("classes", "ratio", "delegate", "finite")}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as problem:
        raise NotMeasured(f"the measurement cannot be read: {problem}") from None
    ratio = reply["ratio"]
    fits = reply["classes"].shape == (images,) and ratio.shape == (3,) and ratio.dtype == np.float64
    if not fits or not (np.isfinite(ratio).all() and (ratio > 0).all()):
        raise NotMeasured("the measurement has another form than it should")
    return reply
