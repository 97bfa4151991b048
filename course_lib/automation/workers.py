"""Jobs in this process, in several beside it, or on a Dask cluster: the same jobs, the same outcomes.

Whoever runs the sweep writes its cache; workers only send back what they found. So machines need no common disk, a
killed worker leaves nothing half-written, and a killed sweep loses at most the jobs that were running.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from course_lib.automation.work import Job, Outcome, Work, run_job

ATTEMPTS = 3
_DIED = "its process died (out of memory, or a fault in native code)"

_work: Work | None = None


def outcomes(jobs: Sequence[Job], work: Work, *, workers: int = 1, scheduler: str | None = None) -> Iterator[Outcome]:
    """Yield one outcome per job, in the order in which they finish.

    Args:
        workers: processes on this machine; 1 runs in this one.
        scheduler: address of a Dask scheduler, ``tcp://host:8786``; ``workers`` is then ignored.

    Raises:
        ValueError: no workers, or the scheduler does not answer.
        ImportError: Dask is not installed.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ValueError(f"workers must be a whole number from 1, got {workers!r}")
    if not jobs:
        return
    if scheduler is not None:
        yield from _on_cluster(jobs, work, scheduler)
    elif workers == 1:
        yield from (run_job(job, work) for job in jobs)
    else:
        yield from _in_processes(jobs, work, workers)


def _in_processes(jobs: Sequence[Job], work: Work, workers: int) -> Iterator[Outcome]:
    left = {job.address: job for job in jobs}
    for outcome in _pool(list(left.values()), work, min(workers, len(left))):
        del left[outcome.address]
        yield outcome
    # A process died and took the pool with it. One at a time now, so that who kills whom is known.
    for job in left.values():
        yield next(_pool([job], work, 1), Outcome(job.address, error=_DIED))


def _pool(jobs: Sequence[Job], work: Work, workers: int) -> Iterator[Outcome]:
    """Yield outcomes until all are there or a process died."""
    spawn = multiprocessing.get_context("spawn")  # a fork would copy TensorFlow's threads half-way
    pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_start, initargs=(work,))
    try:
        pending: set[Future[Outcome]] = {pool.submit(_run, job) for job in jobs}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                if future.exception() is None:
                    yield future.result()
                elif not isinstance(future.exception(), BrokenProcessPool):
                    future.result()  # raises: what came back could not be read, a fault of ours
    except BrokenProcessPool:
        return
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start(work: Work) -> None:
    global _work
    _work = work
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A sweep that is killed takes its workers along; otherwise they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(job: Job) -> Outcome:
    assert _work is not None, "the pool starts its processes with the work"
    return run_job(job, _work)


def _on_cluster(jobs: Sequence[Job], work: Work, scheduler: str) -> Iterator[Outcome]:
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise ImportError(
            "a sweep on a cluster needs Dask: pip install 'course-lib[cluster]', or leave out --scheduler"
        ) from None
    try:
        client = Client(scheduler, timeout=20, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as problem:
        raise ValueError(
            f"no Dask scheduler answers at {scheduler} ({problem}): start one with `dask scheduler`"
        ) from None
    left = {job.address: job for job in jobs}
    attempts = dict.fromkeys(left, 0)
    with client:
        while left:
            client.wait_for_workers(1, timeout=120)
            # Every worker gets its copy: data that was sent has no recipe by which Dask could make it again.
            sent = client.scatter(work, broadcast=True)
            futures: dict[Any, str] = {}
            for address, job in left.items():
                attempts[address] += 1
                futures[client.submit(run_job, job, sent, pure=False)] = address
            for future in as_completed(list(futures), loop=client.loop):
                address = futures[future]
                if future.status == "finished":
                    del left[address]
                    yield future.result()
                elif attempts[address] >= ATTEMPTS:
                    del left[address]
                    yield Outcome(address, error=f"{_DIED}, {ATTEMPTS} times: {future.exception()!r:.200}")
                future.release()
