"""Search a space of recipes for several objectives at once, with Optuna. Only validation data is ever looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from course_lib.automation.pareto import pareto
from course_lib.automation.sweep import sweep
from course_lib.automation.trial import Trial
from course_lib.core import Artifact, Dataset, Recipe

if TYPE_CHECKING:
    import optuna

Model = Any


@dataclass(frozen=True)
class Search:
    """Every different recipe that was tried, in order, and why some failed. ``ran`` were not in the cache."""

    trials: tuple[Trial, ...]
    failures: dict[str, str]
    asked: int
    ran: int

    def front(self) -> tuple[Trial, ...]:
        """Return the trials that no other beats in bytes and accuracy both, smallest first."""
        return pareto(self.trials)


def search(
    space: Callable[[optuna.Trial], Recipe],
    model: Model | Artifact,
    data: Dataset,
    *,
    trials: int = 30,
    seed: int = 0,
    sampler: Literal["tpe", "nsga2", "random"] = "tpe",
    images: int | None = None,
    cache: str | Path | None = None,
) -> Search:
    """Ask Optuna for recipes, tell it accuracy and bytes, and return all that was tried.

    The sampler is seeded and results are cached: a search that was killed asks the same questions again, finds the
    answers on disk, and goes on where it stopped.

    Args:
        space: draws a recipe: ``lambda trial: Recipe("int8", Int8(trial.suggest_int("calibration", 10, 500)))``.
        trials: how many recipes to ask for; repeated ones cost nothing.
        sampler: tree-structured Parzen estimator, NSGA-II, or chance, which the others have to beat.
        images, cache: as for ``sweep``.

    Raises:
        ValueError: trials is below 1, the sampler is unknown, or as ``sweep`` does.
    """
    import optuna

    if trials < 1:
        raise ValueError(f"trials must be 1 or more, got {trials}")
    samplers: dict[str, Callable[[], Any]] = {
        "tpe": lambda: optuna.samplers.TPESampler(seed=seed),
        "nsga2": lambda: optuna.samplers.NSGAIISampler(seed=seed),
        "random": lambda: optuna.samplers.RandomSampler(seed=seed),
    }
    if sampler not in samplers:
        raise ValueError(f"sampler must be one of {', '.join(samplers)}, got {sampler!r}")
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(directions=["maximize", "minimize"], sampler=samplers[sampler]())
        found: dict[str, Trial] = {}
        failures: dict[str, str] = {}
        ran = 0
        for _ in range(trials):
            asked = study.ask()
            recipe = _named(space, asked)
            result = sweep([recipe], model, data, cache=cache, split="val", images=images)
            ran += result.wanted - result.hits
            failures |= result.failures
            if result.trials:
                trial = result.trials[0]
                found.setdefault(trial.recipe, trial)
                study.tell(asked, [trial.accuracy, trial.raw_bytes])
            else:
                study.tell(asked, state=optuna.trial.TrialState.FAIL)
    finally:
        optuna.logging.set_verbosity(before)
    return Search(tuple(found.values()), failures, trials, ran)


def _named(space: Callable[[optuna.Trial], Recipe], asked: optuna.Trial) -> Recipe:
    """Return the recipe under a name that says what was drawn, so that rows can be told apart."""
    recipe = space(asked)
    drawn = ", ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}" for name, value in asked.params.items()
    )
    return replace(recipe, name=f"{recipe.name} ({drawn})") if drawn else recipe
