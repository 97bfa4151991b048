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

RUNS, WARMUPS, BLOCK = 200, 30, 5


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
    loads: int = 20,
    runs: int = 20,
    warmups: int = WARMUPS,
    threads: int = 1,
    xnnpack: bool = True,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, Interval]:
    """Return time(A) / time(B), so 3.2 says "B is 3.2 times as fast", with a bootstrap interval.

    Both files are loaded anew ``loads`` times, in random order. After each load, short blocks of A and B take turns,
    and the ratio of their medians is kept; the figure is the median over loads. The interval is the percentile
    bootstrap over loads. Loading anew matters: where a model happens to lie in memory shifts its speed by up to a
    percent, and an interval from one load calls that noise a difference. It covers this machine, not another one.

    Args:
        loads: 10 or more.
        runs: timed runs of each model per load, 10 or more; A and B each run ``loads * runs`` times.
        warmups: before the first load's timing; later loads take a third of it.
        seed: of the input, the order and the bootstrap.

    Raises:
        ValueError: fewer than 10 loads or runs, or a file that does not load or run.
    """
    if loads < 10 or runs < 10 or warmups < 0:
        raise ValueError(f"need loads >= 10, runs >= 10 and warmups >= 0, got {loads}, {runs} and {warmups}")
    rng = np.random.default_rng(seed)
    pair = (a, b)
    medians = np.empty((loads, 2))
    for load in range(loads):
        ready = {int(which): _ready(pair[which], threads, xnnpack, seed) for which in rng.permutation(2)}
        for interpreter in ready.values():
            _times(interpreter, warmups if load == 0 else warmups // 3)
        times: tuple[list[NDArray[np.int64]], ...] = ([], [])
        for begin in range(0, runs, BLOCK):
            for which in rng.permutation(2):
                times[which].append(_times(ready[int(which)], min(BLOCK, runs - begin)))
        medians[load] = [np.median(np.concatenate(blocks)) for blocks in times]
    return bootstrap_ratio(medians[:, 0], medians[:, 1], level=level, seed=seed)


def bootstrap_ratio(
    a: NDArray[np.float64], b: NDArray[np.float64], *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[float, Interval]:
    """Return the median of the paired ratios a / b and its percentile bootstrap interval.

    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.

    Args:
        a, b: paired positive times, shape (loads,), in one unit.
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
