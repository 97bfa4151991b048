"""Topic 26: our solutions against ml_dtypes, the library's allocation and enumeration; another answer passes."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import ml_dtypes
import numpy as np
import pytest

from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from course_lib.techniques import allocate

TOPIC = topic("26")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "26.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
def test_every_upper_half_and_every_kind_of_remainder_rounds_as_in_ml_dtypes(answer):
    upper = np.arange(2**16, dtype=np.uint32) << np.uint32(16)
    for remainder in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF):
        x = (upper | np.uint32(remainder)).view(np.float32)
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(answer["to_bf16"](x), x.astype(ml_dtypes.bfloat16).astype(np.float32))


@BOTH
def test_the_allocation_is_as_good_as_the_librarys(answer):
    rng = np.random.default_rng(0)
    for _ in range(20):
        sizes = [8 * int(n) for n in rng.integers(1, 200, 5)]
        err = [dict(zip((4, 8, 32), [*np.sort(rng.gamma(1.0, size=2))[::-1], 0.0], strict=True)) for _ in sizes]
        budget = int(sum(sizes) * rng.uniform(4, 32))
        rows = [
            SimpleNamespace(scope=str(i), op="CONV_2D", bits=bits, kl=menu[bits], weights=n, weight_bytes=n * bits // 8)
            for i, (n, menu) in enumerate(zip(sizes, err, strict=True))
            for bits in (4, 8)
        ]
        theirs = allocate(SimpleNamespace(rows=rows), budget // 8)
        ours = answer["allocate_bits"](sizes, err, budget // 8 * 8)
        wanted = sum(menu[theirs[str(i)]] for i, menu in enumerate(err))
        assert sum(menu[bits] for menu, bits in zip(err, ours, strict=True)) == pytest.approx(wanted)


@BOTH
def test_no_layers_need_no_bits(answer):
    assert tuple(answer["allocate_bits"]([], [], 0)) == ()
