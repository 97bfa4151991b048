"""How long one inference takes, by a protocol that can be repeated.

One thread, warm-ups thrown away, the median of many runs, and for a ratio both models in turn: on a shared machine the
clock, the caches and the neighbours drift, and only what ran side by side can be compared. A latency belongs to the
machine that it was measured on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact, Interval, Latency
from course_lib.evaluation.runtime import Interpreter, delegate_name, open_interpreter, sample_inputs

RUNS, WARMUPS = 200, 30


@dataclass(frozen=True)
class Start:
    """What the first answer costs: loading and allocating in milliseconds, then the first invoke in microseconds."""

    load_ms: float
    first_us: float


def latency(
    artifact: Artifact,
    *,
    runs: int = RUNS,
    warmups: int = WARMUPS,
    threads: int = 1,
    xnnpack: bool = True,
    seed: int = 0,
) -> Latency:
    """Time ``invoke()`` alone, at the batch size of the file, on a seeded random input.

    Raises:
        ValueError: fewer than 1 run, negative warm-ups, or a file that does not load or run.
    """
    if runs < 1 or warmups < 0:
        raise ValueError(f"need runs >= 1 and warmups >= 0, got {runs} and {warmups}")
    interpreter = _ready(artifact, threads, xnnpack, seed)
    _times(interpreter, warmups)
    times = _times(interpreter, runs) / 1e3
    return Latency(
        median_us=float(np.median(times)),
        p95_us=float(np.percentile(times, 95)),
        runs=runs,
        warmups=warmups,
        threads=threads,
        delegate=delegate_name(interpreter),
    )


def latency_ratio(
    a: Artifact,
    b: Artifact,
    *,
    rounds: int = 40,
    block: int = 10,
    warmups: int = WARMUPS,
    threads: int = 1,
    xnnpack: bool = True,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, Interval]:
    """Return time(A) / time(B), so 3.2 says "B is 3.2 times as fast", with a bootstrap interval.

    Each round runs a block of A and a block of B in random order and keeps the ratio of their medians; the figure is
    the median over rounds. The interval is the percentile bootstrap over rounds: what is resampled is what drifts
    together. It covers the noise of this machine, not of another one.

    Args:
        rounds: 10 or more; A and B each run ``rounds * block`` times.
        seed: of the input, the order within rounds and the bootstrap.

    Raises:
        ValueError: fewer than 10 rounds, an empty block, or a file that does not load or run.
    """
    if rounds < 10 or block < 1:
        raise ValueError(f"need rounds >= 10 and block >= 1, got {rounds} and {block}")
    rng = np.random.default_rng(seed)
    pair = [_ready(artifact, threads, xnnpack, seed) for artifact in (a, b)]
    for interpreter in pair:
        _times(interpreter, warmups)
    medians = np.empty((rounds, 2))
    for row in medians:
        for which in rng.permutation(2):
            row[which] = np.median(_times(pair[which], block))
    return bootstrap_ratio(medians[:, 0], medians[:, 1], level=level, seed=seed)


def bootstrap_ratio(
    a: NDArray[np.float64], b: NDArray[np.float64], *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[float, Interval]:
    """Return the median of the paired ratios a / b and its percentile bootstrap interval.

    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.

    Args:
        a, b: paired positive times, shape (rounds,), in one unit.
    """
    ratios = np.asarray(a, np.float64) / np.asarray(b, np.float64)
    rng = np.random.default_rng(seed)
    medians = np.median(ratios[rng.integers(0, len(ratios), (resamples, len(ratios)))], axis=1)
    low, high = np.quantile(medians, [(1 - level) / 2, (1 + level) / 2])
    return float(np.median(ratios)), Interval(float(low), float(high), level)


def start(artifact: Artifact, *, threads: int = 1, xnnpack: bool = True, repeats: int = 5) -> Start:
    """Load the file ``repeats`` times and return the median load-and-allocate time and first-invoke time.

    The runtime itself is already in memory: a first load in a new process costs its start-up as well.
    """
    _ready(artifact, threads, xnnpack, 0)
    loads, firsts = [], []
    for _ in range(repeats):
        begin = time.perf_counter_ns()
        interpreter = open_interpreter(artifact, threads=threads, xnnpack=xnnpack)
        loads.append(time.perf_counter_ns() - begin)
        _fill(interpreter, 0)
        firsts.append(_times(interpreter, 1)[0])
    return Start(load_ms=float(np.median(loads)) / 1e6, first_us=float(np.median(firsts)) / 1e3)


def _ready(artifact: Artifact, threads: int, xnnpack: bool, seed: int) -> Interpreter:
    interpreter = open_interpreter(artifact, threads=threads, xnnpack=xnnpack)
    try:
        _fill(interpreter, seed)
        interpreter.invoke()
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{artifact.name} loads but does not run: {error}") from error
    return interpreter


def _fill(interpreter: Interpreter, seed: int) -> None:
    for index, value in sample_inputs(interpreter, seed).items():
        interpreter.set_tensor(index, value)


def _times(interpreter: Interpreter, count: int) -> NDArray[np.int64]:
    """Return the durations of ``count`` invokes in nanoseconds."""
    invoke, clock = interpreter.invoke, time.perf_counter_ns
    times = np.empty(count, np.int64)
    for index in range(count):
        begin = clock()
        invoke()
        times[index] = clock() - begin
    return times
