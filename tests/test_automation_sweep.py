"""Sweeps: nothing runs twice, nothing is lost, whoever is killed and whenever."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from course_lib import backend
from course_lib.automation import Cache, halve, search, sweep
from course_lib.core import Artifact, Export, Recipe
from course_lib.models import float_tflite, trained
from course_lib.techniques import DynamicRange, Float16, Float32, Int8, Prune
from tests.sweep_child import recipes, small_data

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Deadly(Export):
    """Ends the process that runs it, as a fault in native code would."""

    def __call__(self, model, data=None):
        os._exit(1)


@dataclass(frozen=True)
class Clumsy(Export):
    """Has a bug."""

    def __call__(self, model, data=None):
        return [][0]


@pytest.fixture(scope="module")
def model():
    return float_tflite("baseline")


@pytest.fixture(scope="module")
def data():
    return small_data()


@pytest.fixture(scope="module")
def whole(tmp_path_factory, model, data):
    """A sweep that nobody disturbed, and its folder."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, sweep(recipes(6), model, data, cache=folder)


def rows(found):
    return [(trial.name, trial.artifact().sha256, trial.right.tolist()) for trial in found.trials]


def test_the_second_run_is_all_hits_and_takes_less_than_a_twentieth_of_the_time(whole, model, data):
    folder, first = whole
    again = sweep(recipes(6), model, data, cache=folder)
    assert (first.hits, again.hits, again.wanted) == (0, 6, 6)
    assert rows(again) == rows(first)
    assert again.seconds < 0.05 * first.seconds
    assert all(trial.cached for trial in again.trials)


def test_each_part_of_the_configuration_decides_and_names_do_not(whole, model, data):
    folder, _ = whole

    def hits(recipe, data=data, model=model, **options):
        return sweep([recipe], model, data, cache=folder, **options).hits

    assert hits(Recipe("another name", Int8(calibration=10))) == 1
    assert hits(Recipe("int8", Int8(calibration=17))) == 0
    flipped = data.x_train[::-1].copy()
    assert hits(Recipe("int8", Int8(calibration=10)), replace(data, x_train=flipped)) == 0
    assert hits(Recipe("float32", Float32()), images=100) == 0
    assert hits(Recipe("float32", Float32()), model=Artifact("m", model.content + bytes(16))) == 0
    assert hits(Recipe("float32", Float32())) == 1


def test_a_choice_never_depends_on_the_test_images(whole, model, data):
    folder, first = whole
    spoilt = replace(data, x_test=np.zeros_like(data.x_test), y_test=data.y_test[::-1])
    again = sweep(recipes(6), model, spoilt, cache=folder)
    assert again.hits == 6
    assert rows(again) == rows(first)


def test_fewer_images_are_some_of_the_same_and_artifacts_are_not_made_again(whole, model, data):
    folder, first = whole
    before = {path.name: path.stat().st_mtime_ns for path in (folder / "files").iterdir()}
    part = sweep(recipes(6), model, data, cache=folder, images=50)
    assert {trial.images for trial in part.trials} == {50}
    assert {path.name: path.stat().st_mtime_ns for path in (folder / "files").iterdir()} == before
    chosen = np.random.default_rng(0).permutation(300)[:50]
    for trial, all_of_it in zip(part.trials, first.trials, strict=True):
        assert (trial.right == all_of_it.right[chosen]).all()


def test_two_names_for_one_configuration_are_one_run(tmp_path, model, data):
    found = sweep([Recipe("a", Float16()), Recipe("b", Float16())], model, data, cache=tmp_path)
    assert (found.wanted, [trial.name for trial in found.trials]) == (1, ["a", "b"])
    with pytest.raises(ValueError, match="two recipes are called 'a'"):
        sweep([Recipe("a", Float16()), Recipe("a", Float32())], model, data, cache=tmp_path)


@pytest.mark.parametrize("damage", ["truncated", "empty", "noise", "deleted"])
def test_a_damaged_file_of_the_cache_is_made_again(tmp_path, model, data, damage):
    wanted = [Recipe("float16", Float16()), Recipe("dynamic", DynamicRange())]
    first = sweep(wanted, model, data, cache=tmp_path)
    for path in sorted(tmp_path.rglob("*.*")):
        content = path.read_bytes()
        new = {"truncated": content[: len(content) // 2], "empty": b"", "noise": content[::-1], "deleted": None}[damage]
        path.unlink() if new is None else path.write_bytes(new)
        again = sweep(wanted, model, data, cache=tmp_path)
        assert again.hits == 1, path
        assert rows(again) == rows(first)
        assert path.read_bytes()[:15] == content[:15]


def test_a_recipe_that_fails_leaves_the_others_alone(tmp_path, model, data):
    wanted = [Recipe("bug", Clumsy()), Recipe("trains", Int8(), (Prune(0.5),)), Recipe("float16", Float16())]
    for hits in (0, 2):  # a refusal is remembered, a bug is tried again
        found = sweep(wanted, model, data, cache=tmp_path)
        assert found.hits == hits
        assert [trial.name for trial in found.trials] == ["float16"]
        assert found.failures["bug"].startswith("IndexError")
        assert "works on a Keras model" in found.failures["trains"]


def test_processes_find_the_same_and_one_that_dies_costs_its_own_recipe_alone(tmp_path, whole, model, data):
    wanted = [*recipes(6), Recipe("deadly", Deadly())]
    found = sweep(wanted, model, data, cache=tmp_path, workers=2)
    assert rows(found) == rows(whole[1])
    assert list(found.failures) == ["deadly"]
    assert "died" in found.failures["deadly"]


def test_no_tensorflow_is_loaded_for_a_file(tmp_path):
    program = f"""
import sys
from tests.sweep_child import main
main({str(tmp_path)!r}, 6, 1)
print("tensorflow" in sys.modules or "tf_keras" in sys.modules)
"""
    out = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert out.endswith("False\n")


def test_kill_9_at_any_moment_loses_nothing(tmp_path, whole):
    """Two moments here; benchmarks/kill_sweep.py takes twenty."""
    command = [sys.executable, "-m", "tests.sweep_child", str(tmp_path), "6", "2"]
    draw, promised = random.Random(), set()
    for _ in range(2):
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert child.stdout is not None
        for line in child.stdout:  # killed somewhere after its first new result
            promised |= {line.split()[1]} if line.startswith("done") else set()  # its last line is the result
            if draw.random() < 0.5:
                break
        child.send_signal(signal.SIGKILL)
        promised |= {line.split()[1] for line in child.communicate()[0].splitlines() if line.startswith("done")}
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    result = json.loads(out.splitlines()[-1])
    assert result["hits"] >= len(promised) > 0
    assert result["rows"] == [[t.name, t.raw_bytes, int(t.right.sum())] for t in whole[1].trials]


def test_on_a_cluster_a_killed_worker_loses_nothing(tmp_path, whole, model, data):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs="CRITICAL"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        workers, done = client.run(os.getpid), []

        def finished(name):
            done.append(name)
            if len(done) == 1:
                os.kill(next(iter(workers.values())), signal.SIGKILL)

        options = {"cache": tmp_path, "scheduler": cluster.scheduler_address}
        found = sweep(recipes(6), model, data, done=finished, **options)
        again = sweep(recipes(6), model, data, **options)
        assert set(workers.values()) - set(client.run(os.getpid).values()), "nobody was killed"
    assert sorted(done) == [trial.name for trial in found.trials]
    assert rows(found) == rows(whole[1])
    assert again.hits == 6


def test_no_scheduler_and_no_workers_are_refused(tmp_path, model, data):
    with pytest.raises(ValueError, match="whole number from 1"):
        sweep(recipes(1), model, data, cache=tmp_path, workers=0)
    with pytest.raises(ValueError, match="asked for 301"):
        sweep(recipes(1), model, data, cache=tmp_path, images=301)
    with pytest.raises(ValueError, match="no recipe"):
        sweep([], model, data, cache=tmp_path)


def test_halving_measures_more_and_more_images_and_makes_each_artifact_once(tmp_path, model, data):
    found = halve(recipes(4), model, data, min_images=75, cache=tmp_path)
    assert [(rung.budget, len(rung.ranked)) for rung in found.rungs] == [(75, 4), (150, 2), (300, 1)]
    assert found.spent == 4 * 75 + 2 * 150 + 300
    assert len(list((tmp_path / "made").iterdir())) == 4


def test_a_search_repeats_itself_out_of_the_cache(tmp_path, model, data):
    def space(trial):
        export = {"float16": Float16(), "dynamic": DynamicRange()}.get(
            trial.suggest_categorical("kind", ["float16", "dynamic", "int8"])
        )
        return Recipe("searched", export or Int8(calibration=trial.suggest_int("calibration", 5, 20, step=5)))

    first = search(space, model, data, trials=6, cache=tmp_path)
    again = search(space, model, data, trials=6, cache=tmp_path)
    assert first.ran == len(first.trials) >= 3
    assert (again.ran, rows(again)) == (0, rows(first))
    assert set(first.front()) <= set(first.trials)


def test_a_cache_says_nothing_about_what_it_does_not_have(tmp_path):
    cache = Cache(tmp_path)
    assert cache.made("0" * 64) is None
    assert cache.scored("0" * 64) is None


def test_what_a_killed_writer_left_is_swept_away_in_time(tmp_path):
    old, young = tmp_path / "made" / ".a.x.part", tmp_path / "made" / ".b.x.part"
    old.parent.mkdir()
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    Cache(tmp_path)
    assert (old.exists(), young.exists()) == (False, True)


@pytest.mark.skipif(not backend.has_tensorflow(), reason="trains: needs the full tier")
def test_a_keras_model_is_trained_on_a_copy_and_found_again(tmp_path, data):
    model = trained("baseline")
    before = [weight.copy() for weight in model.get_weights()]
    wanted = [Recipe("int8", Int8()), Recipe("prune", Int8(), (Prune(0.5, epochs=1),))]
    first = sweep(wanted, model, data, cache=tmp_path)
    again = sweep(wanted, model, data, cache=tmp_path)
    assert (first.failures, again.hits) == ({}, 2)
    assert rows(again) == rows(first)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
