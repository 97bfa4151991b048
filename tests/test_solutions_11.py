"""Topic 11: our solutions against SciPy's entropy and sparse vectors; another answer built differently passes."""

from __future__ import annotations

import runpy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.catalog import topic
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade

TOPIC = topic("11")
OURS = solution_namespace(TOPIC)
ALTERNATIVE = runpy.run_path(str(Path(__file__).with_name("alternatives") / "11.py"))
BOTH = pytest.mark.parametrize("answer", [OURS, ALTERNATIVE], ids=["ours", "alternative"])


@pytest.mark.parametrize("task", TOPIC.tasks)
@pytest.mark.parametrize("seed", range(3))
def test_a_differently_built_answer_passes(task, seed):
    result = grade(task, ALTERNATIVE, seed=seed)
    assert result.passed, str(result)


@BOTH
@settings(deadline=None, max_examples=80)
@given(symbols=st.lists(st.integers(-9, 9), max_size=200))
def test_huffman_is_lossless_and_within_a_bit_of_scipys_entropy(answer, symbols):
    from scipy.stats import entropy

    codes = answer["huffman_codes"](symbols)
    bits = answer["huffman_encode"](symbols, codes)
    assert answer["huffman_decode"](bits, codes) == symbols
    words = sorted(codes.values())
    assert not any(b.startswith(a) for a, b in pairwise(words))
    if len(codes) > 1:
        floor = entropy(np.unique(symbols, return_counts=True)[1], base=2)
        assert floor - 1e-9 <= len(bits) / len(symbols) < floor + 1


def test_both_answers_are_equally_short():
    rng = np.random.default_rng(0)
    for spread in (0.5, 2.0, 20.0):
        symbols = np.rint(rng.normal(0, spread, 2000)).astype(int).tolist()
        totals = [len(a["huffman_encode"](symbols, a["huffman_codes"](symbols))) for a in (OURS, ALTERNATIVE)]
        assert totals[0] == totals[1]


@BOTH
@settings(deadline=None, max_examples=80)
@given(
    positions=st.sets(st.integers(0, 400), max_size=30),
    size=st.integers(0, 500),
    bits=st.integers(1, 8),
)
def test_gaps_are_scipys_sparse_positions(answer, positions, size, bits):
    from scipy.sparse import coo_array

    kept = sorted(p for p in positions if p < size)
    v = np.zeros(size)
    v[kept] = np.arange(1, len(kept) + 1)
    gaps, values, total = answer["rel_index_encode"](v, bits)
    gaps, values = np.asarray(gaps, int), np.asarray(values)
    assert gaps.max(initial=0) < 2**bits
    where = np.cumsum(gaps + 1) - 1
    if size:
        np.testing.assert_array_equal(coo_array((values, (where,)), shape=(size,)).todense(), v)
    np.testing.assert_array_equal(answer["rel_index_decode"](gaps, values, total), v)
