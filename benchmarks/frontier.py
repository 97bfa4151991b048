"""Accuracy against bytes and microseconds: every recipe of the library on the course's baseline, three seeds.

    nice python benchmarks/frontier.py                 run what is missing (hours), then write the record
    nice python benchmarks/frontier.py --only QAT      run the recipes whose name matches a regular expression
    python benchmarks/frontier.py --report             write the record from what was run so far
    python benchmarks/frontier.py --quick              a small data set, one epoch, a recipe per family; keeps nothing

The record is benchmarks/frontier.csv, .png, .md and frontier_answers.npz; a run replaces the rows of its seeds and
keeps the others (`--seeds 2` adds the third). Work is cached in build/frontier by content
(recipe, seed, weights of the baseline, versions), so the run can be interrupted and resumed at any recipe.

A seed decides the baseline's training and that of every step. Whatever trains is compared with its control: the same
export after as many epochs of ordinary training. Settings are chosen on the validation images; the accuracies in the
record are of the 10,000 test images. Latencies of one seed are measured in turn, all files in one process, one thread.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from frontier_recipes import Entry, control, entries, mixed_entries, shortened
from frontier_report import write_record

from course_lib import backend
from course_lib.automation.train import SCHEDULE
from course_lib.core import Artifact, Dataset, key
from course_lib.data import digits, fashion_mnist
from course_lib.evaluation import predict, race
from course_lib.evaluation.runtime import delegate_name, open_interpreter
from course_lib.models import Training, baseline, fit, trained
from course_lib.techniques import Float32

CACHE = Path(__file__).resolve().parent.parent / "build" / "frontier"
SEEDS = (0, 1, 2)

Model = Any


class Bench:
    """One seed: its baseline, and everything that was made of it, in a folder of files named by their content."""

    def __init__(self, folder: Path, data: Dataset, seed: int, *, quick: bool = False) -> None:
        self.folder, self.data, self.seed, self.quick = folder, data, seed, quick
        folder.mkdir(parents=True, exist_ok=True)
        self.weights = self._baseline_weights()
        self.address = key(data.name, seed, self.weights)

    def baseline(self) -> Model:
        """Return the trained baseline, its layers named as in a new process: names reach the file."""
        backend.keras().backend.clear_session()
        model = baseline(self.seed)
        model.set_weights(self.weights)
        return model

    def run(self, entry: Entry) -> dict[str, Any]:
        """Make the artifact of a recipe, count its right answers, and keep both; or return what was kept."""
        address = key(self.address, entry.from_file, repr(entry.recipe))
        record = self.folder / f"{address}.json"
        if record.exists():
            return dict(json.loads(record.read_text()))
        start = time.perf_counter()
        source = Float32()(self.baseline()) if entry.from_file else self._after(entry.recipe.steps)
        trained_in = time.perf_counter() - start
        artifact = replace(entry.recipe.export(source, self.data), name=entry.recipe.name)
        artifact.save(self.folder / f"{address}.tflite")
        right = {
            split: predict(artifact, x).argmax(1) == y for split, x, y in self.data.splits() if split in ("val", "test")
        }
        np.savez_compressed(self.folder / f"{address}.npz", **right)
        facts = {
            "address": address,
            "seed": self.seed,
            "family": entry.family,
            "recipe": entry.recipe.name,
            "settings": repr(entry.recipe),
            "uniform": entry.uniform,
            "trained": any(hasattr(step, "control") for step in entry.recipe.steps),
            "raw_bytes": artifact.raw_bytes,
            "gzip_bytes": artifact.gzip_bytes,
            "accuracy_val": float(right["val"].mean()),
            "accuracy_test": float(right["test"].mean()),
            "seconds": round(trained_in, 1),
        }
        record.write_text(json.dumps(facts, indent=1))
        print(
            f"seed {self.seed}  {entry.recipe.name:45s} {facts['gzip_bytes']:>8,} gzip bytes  "
            f"val {facts['accuracy_val']:.4f}  test {facts['accuracy_test']:.4f}  {trained_in:6.1f} s",
            flush=True,
        )
        return facts

    def latencies(self, facts: list[dict[str, Any]], seconds: float) -> None:
        """Time all files of this seed in turn, and keep median, 95th percentile and delegate beside them."""
        kept = self.folder / f"latency-{key(self.address, sorted(one['address'] for one in facts))}.json"
        if not kept.exists():
            files = {one["address"]: Artifact.load(self.folder / f"{one['address']}.tflite") for one in facts}
            interpreters = {name: open_interpreter(file) for name, file in files.items()}
            times = race({name: each.invoke for name, each in interpreters.items()}, seconds=seconds, rounds=40)
            measured = {
                name: {
                    "median_us": round(float(np.median(each)), 2),
                    "p95_us": round(float(np.percentile(each, 95)), 2),
                    "delegate": delegate_name(interpreters[name]),
                }
                for name, each in times.items()
            }
            kept.write_text(json.dumps(measured, indent=1))
        measured = json.loads(kept.read_text())
        for one in facts:
            one |= measured[one["address"]]

    def _baseline_weights(self) -> list[np.ndarray]:
        if self.seed == 0 and not self.quick:
            return list(trained("baseline").get_weights())
        training = Training(epochs=3) if self.quick else replace(SCHEDULE, seed=self.seed)
        path = self.folder / f"baseline-{key(self.data.name, training)}.npz"
        if not path.exists():
            model = fit(baseline(self.seed), self.data, training)
            np.savez(path, *model.get_weights())
        with np.load(path) as kept:
            return [kept[f"arr_{index}"] for index in range(len(kept.files))]

    def _after(self, steps: tuple[Any, ...]) -> Model:
        """Return the model after some steps; every model but a quantization-aware one is kept on disk."""
        if not steps:
            return self.baseline()
        path = self.folder / f"model-{key(self.address, repr(steps))}.h5"
        if path.exists():
            backend.keras().backend.clear_session()
            return backend.keras().models.load_model(path, compile=False)
        model = steps[-1](self._after(steps[:-1]), self.data)
        if not steps[-1].must_be_last:
            with warnings.catch_warnings(action="ignore"):  # the format is old, and one file
                model.save(path)
        return model


def run(bench: Bench, only: str, *, execute: bool) -> list[dict[str, Any]]:
    """Return what is known of every recipe and its control, running what is missing if ``execute``."""
    start = Float32()(bench.baseline())
    planned = [*entries(bench.seed), *mixed_entries(start, bench.data)]
    if bench.quick:
        first_of_each = {entry.family: shortened(entry) for entry in reversed(planned)}
        planned = list(first_of_each.values())
    found = []
    for entry in planned:
        if not re.search(only, entry.recipe.name):
            continue
        pair = [(entry, None), (control(entry), entry.recipe.name)]
        for one, of in pair:
            if one is None:
                continue
            address = key(bench.address, one.from_file, repr(one.recipe))
            if execute or (bench.folder / f"{address}.json").exists():
                found.append(bench.run(one) | {"control_of": of or ""})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="a regular expression that the recipe's name must match")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--report", action="store_true", help="run nothing; write the record from the cache")
    parser.add_argument("--quick", action="store_true", help="smoke test on digits")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) if options.quick else CACHE
        data = digits() if options.quick else fashion_mnist(full=True)
        results = []
        for seed in options.seeds[:1] if options.quick else options.seeds:
            bench = Bench(folder, data, seed, quick=options.quick)
            facts = run(bench, options.only, execute=not options.report)
            if facts and not options.only:
                bench.latencies(facts, seconds=1.0 if options.quick else 30.0)
                results += facts
        if results:
            write_record(results, folder, Path(temporary) if options.quick else Path(__file__).parent)


if __name__ == "__main__":
    main()
