"""The codec: plain values survive exactly, subclasses are stripped, and no bytes can harm the reader."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import enum
import math
import struct
from types import SimpleNamespace

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.grading.codec import MAX_DEPTH, Reference, decode, encode
from course_lib.grading.faults import Garbled, NotPlain


def refuse(value: object) -> Reference:
    raise NotPlain(f"a {type(value).__name__}")


def back(value):
    return decode(encode(value, refuse), refuse)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**200), 2**200),
    st.floats(),
    st.text(),
    st.binary(),
    st.complex_numbers(),
)
HASHABLE = st.one_of(st.none(), st.integers(), st.text(), st.binary(), st.booleans())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=40),
        st.lists(inner).map(tuple),
        st.dictionaries(HASHABLE, inner),
        st.sets(HASHABLE),
        st.frozensets(HASHABLE),
    ),
    max_leaves=30,
)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b)
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    return a == b


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_plain_values_come_back_equal_and_of_the_same_type(value):
    assert same(back(value), value)


@pytest.mark.parametrize(
    "value",
    [
        range(2, 9, 3),
        slice(1, None, 2),
        Ellipsis,
        np.dtype("float32"),
        np.dtype(">i2"),
        np.int8,
        np.float64,
        ml_dtypes.bfloat16,
        float,
        bytes,
        bytearray(b"xy"),
        2**5000,
        -(2**63),
        2**63,
        "\ud800 lone",
        list(range(100)),
        tuple(float(i) for i in range(40)),
        [0.0, -0.0] * 20,
        [1, 2**70] * 20,
    ],
    ids=repr,
)
def test_rarer_plain_values_come_back(value):
    got = back(value)
    assert type(got) is type(value)
    assert repr(got) == repr(value)


ARRAYS = {
    "empty": np.zeros((0, 3), np.int16),
    "zero-d": np.array(5, np.uint8),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "strided": np.arange(20)[::3],
    "reversed": np.arange(9.0).reshape(3, 3)[::-1, ::-1],
    "transposed": np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(2, 0, 1),
    "broadcast": np.broadcast_to(np.array([1, 2]), (3, 2)),
    "big-endian": np.arange(5, dtype=">i4"),
    "bool": np.array([True, False]),
    "nan": np.array([np.nan, np.inf, -0.0]),
    "half": np.array([1.5, 2.5], np.float16),
    "complex": np.array([1 + 2j], np.complex64),
    "bfloat16": np.array([1.5, -2], ml_dtypes.bfloat16),
    "int4": np.array([-8, 7, 3], ml_dtypes.int4),
    "float8": np.array([1, 2], ml_dtypes.float8_e4m3fn),
    "big": np.random.default_rng(0).normal(size=(1000, 1000)),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_come_back_bit_for_bit_and_writable(name):
    array = ARRAYS[name]
    got = back(array)
    assert type(got) is np.ndarray
    assert (got.dtype, got.shape) == (array.dtype, array.shape)
    assert got.tobytes() == array.tobytes()
    assert got.flags.writeable
    if array.flags.f_contiguous and not array.flags.c_contiguous:
        assert got.flags.f_contiguous


@pytest.mark.parametrize(
    "value", [np.float32(1.5), np.int64(-3), np.bool_(True), ml_dtypes.bfloat16(2), np.complex64(1j)]
)
def test_numpy_scalars_keep_their_type(value):
    got = back(value)
    assert type(got) is type(value)
    assert got == value


class Liar(int):
    """Equal to everything, like a good forgery."""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __index__(self):
        return 7

    def __int__(self):
        return 7


class LyingStr(str):
    __slots__ = ()

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__

    def encode(self, *_):
        return b"forged"


class LyingList(list):
    def __iter__(self):
        return iter([1, 2, 3])

    def __getitem__(self, index):
        return 1

    def __len__(self):
        return 3


class LyingDict(dict):
    def items(self):
        return [("forged", 1)]


class LyingArray(np.ndarray):
    def __array__(self, *_args, **_kwargs):
        return np.ones(3)

    def tobytes(self, *_):
        return b""


class Colour(enum.IntEnum):
    RED = 3


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Liar(3), 3),
        (Liar(2**80), 2**80),
        (LyingStr("real"), "real"),
        (LyingList([9]), [9]),
        (LyingDict(a=2), {"a": 2}),
        (Colour.RED, 3),
        (type("F", (float,), {"__float__": lambda self: 1.0})(2.5), 2.5),
        (type("T", (tuple,), {})((1, 2)), (1, 2)),
        (type("B", (bytes,), {})(b"x"), b"x"),
        (type("S", (frozenset,), {"__iter__": lambda self: iter([1])})({5}), frozenset({5})),
    ],
)
def test_a_subclass_arrives_as_the_plain_value_that_it_holds(value, plain):
    got = back(value)
    assert type(got) is type(plain)
    assert got == plain


def test_an_array_subclass_arrives_as_its_own_data():
    got = back(np.arange(3.0).view(LyingArray))
    assert type(got) is np.ndarray
    assert got.tolist() == [0, 1, 2]


def test_a_masked_array_is_refused():
    with pytest.raises(NotPlain, match="masked"):
        encode(np.ma.masked_array([1, 2], [True, False]), refuse)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.array([None, 1]), "dtype object"),
        (np.array(["a"]), "dtype <U1"),
        (np.zeros(2, "i4,f4"), "an array of dtype"),
        (np.array(["2020-01-01"], "datetime64[D]"), "datetime64"),
        (np.datetime64("2020-01-01"), "scalar"),
        (decimal.Decimal(1), "Decimal"),
        (datetime.date(2020, 1, 1), "date"),
        (object(), "object"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_name(value, message):
    with pytest.raises(NotPlain, match=message):
        encode([1, value], refuse)


def test_a_value_that_contains_itself_is_refused():
    loop: list[object] = [1]
    loop.append({"again": loop})
    with pytest.raises(NotPlain, match="contains itself"):
        encode(loop, refuse)


def test_the_same_list_twice_is_no_loop():
    twice = [1]
    assert back([twice, twice]) == [[1], [1]]


def test_depth_is_limited_on_both_sides():
    deep: list[object] = []
    for _ in range(MAX_DEPTH - 1):
        deep = [deep]
    assert back(deep) == deep
    with pytest.raises(NotPlain, match="nested deeper"):
        encode([[deep]], refuse)
    with pytest.raises(Garbled):
        decode((b"L" + struct.pack("<Q", 1)) * 100_000 + b"N", refuse)
    with pytest.raises(Garbled):
        decode(b"R" * 100_000, refuse)


def test_size_and_count_are_limited():
    with pytest.raises(NotPlain, match="256 MB"):
        encode(np.zeros(300 * 2**20, np.uint8), refuse)
    with pytest.raises(NotPlain, match="items"):
        encode([None] * 1_000_001, refuse)
    with pytest.raises(NotPlain, match="bits"):
        encode(1 << 3_000_000, refuse)


def test_forged_booleans_become_real_ones():
    forged = np.array([2, 0, 255], np.uint8).view(np.bool_)
    assert back(forged).view(np.uint8).tolist() == [1, 0, 1]
    assert np.sum(back(forged)) == 2


def test_spare_bits_of_four_bit_numbers_are_cleared():
    forged = np.array([0xF1, 0x0F], np.uint8).view(ml_dtypes.int4)
    assert back(forged).tobytes() == np.array([1, -1], ml_dtypes.int4).tobytes()


@given(VALUES, st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_bytes_are_garbled_or_a_value_but_never_another_error(value, data):
    payload = bytearray(encode([value, np.arange(3)], refuse))
    for _ in range(3):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(payload)))
    for damaged in (bytes(payload), bytes(payload[:cut])):
        with contextlib.suppress(Garbled, NotPlain):
            decode(damaged, refuse)


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_random_bytes_are_garbled(data):
    with contextlib.suppress(Garbled, NotPlain):
        decode(data, refuse)


@pytest.mark.parametrize("tag", [b"L", b"M", b"Z", b"S", b"B", b"l", b"J"])
def test_a_claimed_size_is_never_allocated(tag):
    with pytest.raises(Garbled):
        decode(tag + b"i" * (tag == b"l") + struct.pack("<Q", 2**60), refuse)


def test_an_array_that_claims_more_than_it_has_is_garbled():
    head = struct.pack("<BBB2q", 3, 0, 2, 2**31, 2**31) + b"<f8" + struct.pack("<Q", 8) + b"\0" * 8
    with pytest.raises(Garbled):
        decode(b"A" + head, refuse)
    with pytest.raises(Garbled):
        decode(b"A" + struct.pack("<BBB1q", 2, 0, 1, -1) + b"|O" + struct.pack("<Q", 0), refuse)


def test_nothing_is_unpickled():
    with pytest.raises(Garbled):
        decode(b"\x80\x04cos\nsystem\n(S'true'\ntR.", refuse)


def test_namespaces_are_copied():
    got = back(SimpleNamespace(a=1, b=[2.0]))
    assert vars(got) == {"a": 1, "b": [2.0]}
    assert math.isclose(got.b[0], 2.0)
