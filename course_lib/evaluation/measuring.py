"""Everything that can be said of one artifact, with where and how it was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact, Dataset, Environment, Report
from course_lib.evaluation import timing
from course_lib.evaluation.classes import class_scores
from course_lib.evaluation.memory import peak_memory
from course_lib.evaluation.run import predict
from course_lib.evaluation.statistics import calibration_error, kind_of_scores, wilson

Samples = Dataset | tuple[NDArray[Any], NDArray[Any]]


def measure(
    artifact: Artifact,
    data: Samples,
    *,
    latency: bool = True,
    memory: bool = True,
    runs: int = timing.RUNS,
    warmups: int = timing.WARMUPS,
    threads: int = 1,
    xnnpack: bool = True,
    batch: int | Literal["auto"] = "auto",
    level: float = 0.95,
) -> Report:
    """Measure quality, size, speed and memory of a classifier.

    Args:
        data: a Dataset, of which the test split is used (reports use test, choices use validation), or (x, y).
        latency: False skips load time, first run and latency (about half a second, more for slow models).
        memory: False skips the fresh process for peak memory (about half a second).
        runs, warmups, threads: the latency protocol.
        xnnpack: False runs LiteRT's built-in kernels without the delegate, in every measurement.
        batch: for the accuracy run alone; the latency is that of the file's own batch size, normally 1.
        level: of the accuracy's Wilson interval.

    Raises:
        ValueError: the file does not load, run or classify, or data does not fit it.
    """
    x, y, names = samples(data)
    scores = class_outputs(artifact, x, y, batch=batch, threads=threads, xnnpack=xnnpack)
    predicted = scores.argmax(1)
    right = int(np.sum(predicted == y))
    report = Report(
        name=artifact.name,
        raw_bytes=artifact.raw_bytes,
        gzip_bytes=artifact.gzip_bytes,
        accuracy=right / len(y),
        accuracy_interval=wilson(right, len(y), level),
        environment=Environment.here(),
        images=len(y),
        per_class=class_scores(y, predicted, scores.shape[1], names),
        scores=kind_of_scores(scores),
        calibration_error=calibration_error(scores, y),
    )
    if latency:
        begun = timing.start(artifact, threads=threads, xnnpack=xnnpack)
        steady = timing.latency(artifact, runs=runs, warmups=warmups, threads=threads, xnnpack=xnnpack)
        report = replace(report, load_ms=begun.load_ms, first_us=begun.first_us, latency=steady)
    if memory:
        found = peak_memory(artifact, threads=threads, xnnpack=xnnpack)
        report = replace(report, peak_memory_mb=found.model_mb, memory_how=found.how)
    return report


def samples(data: Samples) -> tuple[NDArray[Any], NDArray[np.int64], tuple[str, ...]]:
    """Return (x, y, class names) of a Dataset's test split or of a pair.

    Raises:
        ValueError: no samples, or not one whole-number label per sample.
    """
    if isinstance(data, Dataset):
        x, y, names = data.x_test, data.y_test, data.class_names
    else:
        x, y, names = np.asarray(data[0]), np.asarray(data[1]), ()
    if not len(x):
        raise ValueError("there are no samples to measure on")
    if y.shape != (len(x),) or not np.issubdtype(y.dtype, np.integer):
        raise ValueError(
            f"need one whole-number label per sample: {len(x)} samples, labels {y.dtype} of shape {y.shape}"
        )
    return x, y.astype(np.int64), names


def class_outputs(artifact: Artifact, x: NDArray[Any], y: NDArray[np.int64], **options: Any) -> NDArray[np.float32]:
    """Return the outputs of a classifier, shape (n, classes), after checking that labels and outputs belong together.

    Raises:
        ValueError: another output shape, a label without an output, or outputs that are NaN or infinite.
    """
    scores = predict(artifact, x, **options)
    scores = scores.reshape(len(scores), -1) if scores.ndim > 2 and scores[0].size == scores.shape[-1] else scores
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise ValueError(f"{artifact.name} gives outputs of shape {scores.shape}; a classifier gives (n, classes)")
    if y.min() < 0 or y.max() >= scores.shape[1]:
        raise ValueError(f"{artifact.name} has {scores.shape[1]} classes, labels run from {y.min()} to {y.max()}")
    broken = int(np.sum(~np.isfinite(scores).all(1)))
    if broken:
        raise ValueError(f"{artifact.name} gives NaN or infinite outputs for {broken} of {len(x)} samples")
    return scores
