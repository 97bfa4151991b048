"""Time several things in turn, so that whatever disturbs the machine disturbs all of them.

A slow second on a shared machine falls on every entrant, and the medians keep their ratios.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray


def race(
    calls: Mapping[str, Callable[[], object]],
    *,
    seconds: float = 1.0,
    rounds: int = 10,
    runs: int = 5,
    warmups: int = 10,
    seed: int = 0,
) -> dict[str, NDArray[np.float64]]:
    """Call every entrant in short blocks, in a new random order each round; return its times in µs, in time order.

        times = race({name: open_interpreter(file).invoke for name, file in files.items()})
        medians = {name: float(np.median(each)) for name, each in times.items()}

    Every block begins with one call that is not timed: it brings back into the caches what the others have pushed out.

    Args:
        calls: what to time, by name: ``interpreter.invoke``, or a function that opens a file.
        seconds: rounds are added until this much time has passed.
        rounds: of these there are at least so many.
        runs: timed calls of a block, 1 or more.
        warmups: calls of each entrant before the first round.

    Raises:
        ValueError: nothing to time, or fewer than 1 round or run.
    """
    if not calls or rounds < 1 or runs < 1:
        raise ValueError(f"need something to time, rounds >= 1 and runs >= 1, got {len(calls)}, {rounds} and {runs}")
    rng, names, clock = np.random.default_rng(seed), list(calls), time.perf_counter_ns
    times: dict[str, list[int]] = {name: [] for name in names}
    for name in names:
        for _ in range(warmups):
            calls[name]()
    end, done = clock() + seconds * 1e9, 0
    while done < rounds or clock() < end:
        done += 1
        for index in rng.permutation(len(names)):
            call, kept = calls[names[index]], times[names[index]]
            call()
            for _ in range(runs):
                begin = clock()
                call()
                kept.append(clock() - begin)
    return {name: np.array(values) / 1e3 for name, values in times.items()}
