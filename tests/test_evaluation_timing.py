"""Latency and memory: the protocol, not the clock."""

import time

import numpy as np
import pytest

from course_lib.evaluation import latency, latency_ratio, memory, peak_memory, timing
from course_lib.evaluation.timing import bootstrap_ratio
from course_lib.models import float_tflite
from tests import evaluation_models as files


def test_a_latency_names_its_protocol():
    found = latency(float_tflite(), runs=21, warmups=3, threads=2)
    assert (found.runs, found.warmups, found.threads, found.delegate) == (21, 3, 2, "XNNPACK")
    assert 0 < found.median_us <= found.p95_us
    assert latency(float_tflite(), runs=2, warmups=0, xnnpack=False).delegate == "none (built-in kernels)"


def test_median_and_p95_are_of_the_timed_runs_alone(monkeypatch):
    calls = []

    def times(interpreter, count):
        calls.append(count)
        return np.arange(1, count + 1) * 1000

    monkeypatch.setattr(timing, "_times", times)
    found = latency(float_tflite(), runs=101, warmups=30)
    assert calls == [30, 101]
    assert found.median_us == pytest.approx(51)
    assert found.p95_us == pytest.approx(96)


def test_the_ratio_says_how_many_times_faster_the_second_is(monkeypatch):
    slow, fast = files.dense(np.ones((3, 2))), files.dense(np.ones((2, 2)))

    def times(interpreter, count):
        rows = interpreter.get_output_details()[0]["shape"][1]
        return np.full(count, 900 if rows == 3 else 300)

    monkeypatch.setattr(timing, "_times", times)
    ratio, interval = latency_ratio(slow, fast)
    assert (ratio, interval.low, interval.high) == (3.0, 3.0, 3.0)
    assert latency_ratio(fast, slow)[0] == pytest.approx(1 / 3)


def test_both_models_are_loaded_anew_and_run_equally_often(monkeypatch):
    runs = {}

    def times(interpreter, count):
        runs.setdefault(id(interpreter), [interpreter, 0])[1] += count
        return np.ones(count)

    monkeypatch.setattr(timing, "_times", times)
    latency_ratio(files.dense(np.ones((3, 2))), files.dense(np.ones((2, 2))), loads=12, runs=17, warmups=30)
    assert len(runs) == 24
    assert sorted(count for _, count in runs.values()) == [27] * 22 + [47] * 2


def test_the_interval_holds_the_median_ratio_and_is_seeded():
    rng = np.random.default_rng(1)
    b = rng.uniform(90, 110, 40)
    a = 2 * b * rng.normal(1, 0.05, 40)
    ratio, interval = bootstrap_ratio(a, b, seed=3)
    assert ratio == np.median(a / b)
    assert interval.low < ratio < interval.high
    assert bootstrap_ratio(a, b, seed=3) == (ratio, interval)
    assert bootstrap_ratio(a, b, level=0.5, seed=3)[1].high < interval.high


def test_the_interval_covers_the_true_ratio_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(300):
        drift = rng.uniform(1, 3, 20)  # the machine's, common to both
        a, b = 1.5 * drift * rng.lognormal(0, 0.02, 20), drift * rng.lognormal(0, 0.02, 20)
        _, interval = bootstrap_ratio(a, b, resamples=400, seed=seed)
        covered += interval.low <= 1.5 <= interval.high
    assert covered >= 300 * 0.90


def test_impossible_protocols_and_unusable_files_are_refused():
    for wrong in ({"runs": 0}, {"warmups": -1}, {"threads": 0}):
        with pytest.raises(ValueError, match=r"at least 1|>= "):
            latency(float_tflite(), **wrong)
    for wrong in ({"loads": 9}, {"runs": 9}):
        with pytest.raises(ValueError, match="10"):
            latency_ratio(float_tflite(), float_tflite(), **wrong)
    with pytest.raises(ValueError, match="custom"):
        latency(files.unknown_operator())


def test_memory_counts_the_weights_and_not_the_runtime():
    weights = np.random.default_rng(0).normal(size=(1000, 2500)).astype(np.float32)  # 10 MB
    large, small = peak_memory(files.dense(weights)), peak_memory(files.dense(np.ones((2, 2))))
    assert 9.5 < large.model_mb - small.model_mb < 35
    assert small.runtime_mb > 10
    assert large.how == small.how
    if large.how == memory.EXACT:
        assert small.model_mb < 1
        assert large.model_mb > 19  # the pages of the file, and the copy that XNNPACK packs
        assert small.code_mb > 0


def test_memory_of_a_file_that_cannot_run_is_an_error():
    with pytest.raises(ValueError, match="custom does not run in a fresh process"):
        peak_memory(files.unknown_operator())


def test_a_run_that_hangs_is_cut_off(monkeypatch, tmp_path):
    child = tmp_path / "child.py"
    child.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(memory, "CHILD", child)
    begin = time.monotonic()
    with pytest.raises(ValueError, match="longer than 1 s"):
        peak_memory(files.dense(np.ones((2, 2))), timeout=1)
    assert time.monotonic() - begin < 30
