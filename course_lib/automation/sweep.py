"""Run many recipes on one model, once each: what a killed sweep had finished is there when it starts again."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_lib.automation.cache import Cache, Made, Scored
from course_lib.automation.pareto import choose, pareto
from course_lib.automation.trial import Trial
from course_lib.automation.work import Job, Outcome, Split, Work
from course_lib.automation.workers import outcomes
from course_lib.core import Artifact, Dataset, Recipe, key
from course_lib.home import home

Model = Any


@dataclass(frozen=True)
class Sweep:
    """The trials in the order of the recipes; ``failures`` says by name why a recipe gave none.

    ``hits`` of ``wanted`` different configurations were in the cache, the others ran; ``seconds`` is the whole time.
    """

    trials: tuple[Trial, ...]
    failures: dict[str, str]
    wanted: int
    hits: int
    seconds: float

    def front(self) -> tuple[Trial, ...]:
        """Return the trials that no other beats in bytes and accuracy both, smallest first."""
        return pareto(self.trials)

    def choose(self, *, min_accuracy: float | None = None, max_bytes: int | None = None) -> Trial:
        """Return the trial to deploy: see ``choose``."""
        return choose(self.trials, min_accuracy=min_accuracy, max_bytes=max_bytes)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of a table."""
        return [trial.row() for trial in self.trials]


@dataclass(frozen=True)
class _Entry:
    """One configuration: where its results are kept, and under which names it was asked for."""

    recipe: Recipe
    address: str
    names: list[str] = field(default_factory=list)


def sweep(
    recipes: Sequence[Recipe],
    model: Model | Artifact,
    data: Dataset,
    *,
    cache: str | Path | None = None,
    split: Split = "val",
    images: int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    done: Callable[[str], None] = lambda name: None,
) -> Sweep:
    """Run every recipe on the model and measure what comes out, or take it from the cache.

    The address of a result is the SHA-256 of the model's bytes, the training and validation data, the recipe's steps
    and export (not its name) and the versions of all tools: change one and it runs again, change none and it does not.

    Args:
        recipes: their names are different. What trains should have its seed in its fields.
        model: a float Artifact (no TensorFlow is loaded then), or a Keras 2 model.
        cache: a folder; None is one in the learner's home.
        split: "val" to choose by; "test" only for the report of what was chosen.
        images: measure on this many samples, drawn once; None is all of the split.
        workers: processes on this machine.
        scheduler: address of a Dask scheduler, in place of ``workers``.
        done: called with a recipe's name once its result is on disk, or was found there.

    Raises:
        ValueError: no recipes, two with one name, more images than there are, or what a worker needs is missing.
    """
    start = time.perf_counter()
    work = Work.of(model, data, split)
    count = work.size if images is None else images
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= work.size:
        raise ValueError(f"{data.name} has {work.size} {split} samples to measure on, asked for {images!r}")
    store = Cache(home() / "sweeps" if cache is None else cache)
    entries = _entries(recipes, work)
    results: dict[str, tuple[Made, Scored, bool]] = {}
    failures: dict[str, str] = {}
    jobs: list[Job] = []

    def finished(address: str) -> None:
        for name in entries[address].names:
            done(name)

    for address, entry in entries.items():
        made = store.made(address)
        scored = store.scored(_score_address(made, work, count)) if made and not made.error else None
        if made and made.error:
            failures |= dict.fromkeys(entry.names, made.error)
            finished(address)
        elif made and scored and len(scored.right) == count:
            results[address] = made, scored, True
            finished(address)
        else:
            jobs.append(Job(address, pickle.dumps(entry.recipe), count, made.content if made else None))
    for outcome in outcomes(jobs, work, workers=workers, scheduler=scheduler):
        if outcome.error is not None:
            failures |= dict.fromkeys(entries[outcome.address].names, outcome.error)
            if outcome.final:
                store.keep_refusal(outcome.address, outcome.error)
        else:
            results[outcome.address] = _keep(store, outcome, work, count)
        finished(outcome.address)
    by_name = {
        name: _trial(name, entries[address].recipe, *result, store)
        for address, result in results.items()
        for name in entries[address].names
    }
    trials = tuple(by_name[recipe.name] for recipe in recipes if recipe.name in by_name)
    return Sweep(trials, failures, len(entries), len(entries) - len(jobs), time.perf_counter() - start)


def _entries(recipes: Sequence[Recipe], work: Work) -> dict[str, _Entry]:
    if not recipes:
        raise ValueError("there is no recipe to run")
    entries: dict[str, _Entry] = {}
    seen: set[str] = set()
    for recipe in recipes:
        if recipe.name in seen:
            raise ValueError(f"two recipes are called {recipe.name!r}: names label the rows, give each its own")
        seen.add(recipe.name)
        address = key(work.address, recipe.export, recipe.steps)
        entries.setdefault(address, _Entry(recipe, address)).names.append(recipe.name)
    return entries


def _score_address(made: Made, work: Work, count: int) -> str:
    return key(made.sha256, work.measured_on, count)


def _keep(store: Cache, outcome: Outcome, work: Work, count: int) -> tuple[Made, Scored, bool]:
    assert outcome.right is not None
    made = store.made(outcome.address) or store.keep_made(outcome.address, outcome.content, outcome.make_seconds)
    store.keep_scored(_score_address(made, work, count), outcome.right, outcome.measure_seconds)
    return made, Scored(outcome.right, outcome.measure_seconds), False


def _trial(name: str, recipe: Recipe, made: Made, scored: Scored, cached: bool, store: Cache) -> Trial:
    seconds = made.seconds + scored.seconds
    shown = f"{[*recipe.steps, recipe.export]!r}"
    path = store.file(made.sha256)
    return Trial(name, shown, len(made.content), made.gzip_bytes, scored.right, seconds, cached, path)
