"""Damaged and malicious files: a ValueError that says what and where, or an anatomy that still tiles the file."""

import json
import struct
import time
import tracemalloc

import flatbuffers
import flatbuffers.flexbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl

from course_lib.inspection import ModelError, inspect
from course_lib.inspection.flex import flexbuffer
from tests import inspection_models as models
from tests.inspection_mutations import KINDS, mutations

MUTATIONS_PER_FILE = 300  # of 13 files: 3,900
SECONDS = 20  # generous: the slowest of these takes well under one


@pytest.mark.parametrize("seed", range(len(models.FILES)))
def test_damaged_files_are_explained_or_refused(seed):
    original = models.content(list(models.FILES)[seed])
    outcomes, messages = [], []
    for what, content in mutations(original, MUTATIONS_PER_FILE, seed):
        try:
            anatomy = inspect(content)
        except ModelError as refused:
            messages.append(str(refused))
            continue
        position = 0
        for claim in anatomy.ranges:
            assert claim.start == position, what
            assert claim.stop > claim.start, what
            position = claim.stop
        assert position == len(content) == sum(anatomy.sections.values()), what
        json.dumps(anatomy.to_json(), allow_nan=False)
        outcomes.append(what)
    assert outcomes, "no damaged copy could be explained: the damage is too crude to test anything"
    assert messages, "no damaged copy was refused: the damage is too mild to test anything"
    assert all(len(message) > 20 for message in messages), min(messages, key=len)


def test_the_mutations_are_enough_and_all_damage_something():
    assert MUTATIONS_PER_FILE * len(models.FILES) >= 2000
    original = models.content("int8")
    changed = [content != original for _, content in mutations(original, 100, 0)]
    assert sum(changed) > 90
    assert len(KINDS) == 5


@pytest.mark.parametrize("cut", [0, 3, 4, 7, 8, 11, 100, -1, -4])
def test_a_truncated_file_is_refused(cut):
    content = models.content("int8")
    with pytest.raises(ModelError):
        inspect(content[: cut if cut >= 0 else len(content) + cut])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b"TFL3", "4 bytes"),
        (b"PK\x03\x04" + bytes(100), "zip archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
        (b"\x08\x07\x12\x04tf2onnx" + bytes(100), "protocol buffer"),
        (b"GGUF" + bytes(100), "GGUF"),
        (b"\x1c\0\0\0TFL2" + bytes(100), "TFL2"),
        (b"\0\0\0\0TFL3" + bytes(100), "points at itself"),
        (b"\xff\xff\xff\xffTFL3" + bytes(100), "beyond the end"),
    ],
)
def test_what_is_no_model_is_named(content, says):
    with pytest.raises(ModelError, match=says):
        inspect(content)


def graph_of(operators, tensors=4, **options):
    made = [models.tensor([1, 2], name=f"t{index}") for index in range(tensors)]
    return models.pack(["ADD", "RELU"], [models.subgraph(made, operators, [0], [tensors - 1])], **options)


def test_a_cyclic_graph_is_refused():
    cyclic = graph_of([models.operator(0, [0, 2], [1]), models.operator(1, [1], [2]), models.operator(1, [2], [3])])
    with pytest.raises(ModelError, match=r"operator 0 \(ADD\) reads tensor 2 .* which operator 1 writes: .*cyclic"):
        inspect(cyclic)
    with pytest.raises(ModelError, match="cyclic"):
        inspect(graph_of([models.operator(1, [1], [1])]))


def test_subgraphs_that_run_each_other_are_refused():
    def runs(index):
        return models.operator(0, [0, 0], [1], while_options(index))

    def while_options(index):
        options = tfl.WhileOptionsT()
        options.condSubgraphIndex = options.bodySubgraphIndex = index
        return options

    def graph(index):
        return models.subgraph([models.tensor([1]), models.tensor([1])], [runs(index)], [0], [1])

    with pytest.raises(ModelError, match="cyclic"):
        inspect(models.pack(["WHILE"], [graph(1), graph(2), graph(0)]))
    with pytest.raises(ModelError, match="runs subgraph 7, but the file has 1"):
        inspect(models.pack(["WHILE"], [graph(7)]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda graph: setattr(graph.tensors[1], "buffer", 99), "buffer 99, but the file has 2"),
        (lambda graph: setattr(graph.operators[0], "inputs", [0, 55, -1]), "tensor 55, but the subgraph has 3"),
        (lambda graph: setattr(graph.operators[0], "opcodeIndex", 3), "operator code 3"),
        (lambda graph: setattr(graph.tensors[0], "shape", [2**31 - 1] * 3), "elements"),
        (lambda graph: setattr(graph.tensors[0], "shape", [1] * 100), "100 dimensions"),
        (lambda graph: setattr(graph.tensors[0], "shape", [-5]), "negative dimension"),
        (lambda graph: setattr(graph, "outputs", [-1]), "outputs: tensor -1"),
    ],
)
def test_an_index_that_leads_nowhere_is_named(change, says):
    model = tfl.ModelT.InitFromPackedBuf(models.dense(), 0)
    change(model.subgraphs[0])
    with pytest.raises(ModelError, match=says):
        inspect(models.finish(model))


def test_a_model_without_subgraphs_is_refused():
    with pytest.raises(ModelError, match="no subgraph"):
        inspect(models.pack([], []))


def repeated(kind, count):
    """A model whose list of ``kind`` names one and the same table ``count`` times: four bytes each for the writer."""
    builder = flatbuffers.Builder(1024)
    names = builder.CreateString("x" * 1000)
    tfl.TensorStart(builder)
    tfl.TensorAddName(builder, names)
    tensor = tfl.TensorEnd(builder)
    tfl.BufferStart(builder)
    buffer = tfl.BufferEnd(builder)
    lists = {}
    for name, offset in (("tensors", tensor), ("buffers", buffer)):
        length = count if name == kind else 1
        builder.StartVector(4, length, 4)
        for _ in range(length):
            builder.PrependUOffsetTRelative(offset)
        lists[name] = builder.EndVector()
    tfl.SubGraphStart(builder)
    tfl.SubGraphAddTensors(builder, lists["tensors"])
    graph = tfl.SubGraphEnd(builder)
    length = count if kind == "subgraphs" else 1
    builder.StartVector(4, length, 4)
    for _ in range(length):
        builder.PrependUOffsetTRelative(graph)
    graphs = builder.EndVector()
    tfl.ModelStart(builder)
    tfl.ModelAddSubgraphs(builder, graphs)
    tfl.ModelAddBuffers(builder, lists["buffers"])
    builder.Finish(tfl.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


def test_a_list_may_share_empty_buffers():
    assert inspect(repeated("buffers", 50)).sections["unreferenced"] == 0


@pytest.mark.parametrize("kind", ["tensors", "subgraphs", "buffers"])
def test_four_bytes_cannot_buy_a_table_again_and_again(kind):
    content = repeated(kind, 400_000)
    tracemalloc.start()
    begun = time.monotonic()
    with pytest.raises(ModelError, match=r"listed twice|lists more than|references to tables"):
        inspect(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.monotonic() - begun < SECONDS
    assert peak < 60 * len(content)


def test_one_long_list_of_inputs_cannot_serve_many_operators():
    """Every operator shares one vector of inputs: the cost to the reader would be their product."""
    many, long = 3000, 3000
    builder = flatbuffers.Builder(1024)
    tfl.TensorStart(builder)
    tensor = tfl.TensorEnd(builder)
    tfl.OperatorStartInputsVector(builder, long)
    for _ in range(long):
        builder.PrependInt32(0)
    inputs = builder.EndVector()
    operators = []
    for _ in range(many):
        tfl.OperatorStart(builder)
        tfl.OperatorAddInputs(builder, inputs)
        operators.append(tfl.OperatorEnd(builder))

    def vector(offsets):
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()

    tensors, operators = vector([tensor]), vector(operators)
    tfl.SubGraphStart(builder)
    tfl.SubGraphAddTensors(builder, tensors)
    tfl.SubGraphAddOperators(builder, operators)
    graphs = vector([tfl.SubGraphEnd(builder)])
    tfl.OperatorCodeStart(builder)
    codes = vector([tfl.OperatorCodeEnd(builder)])
    tfl.ModelStart(builder)
    tfl.ModelAddSubgraphs(builder, graphs)
    tfl.ModelAddOperatorCodes(builder, codes)
    builder.Finish(tfl.ModelEnd(builder), b"TFL3")
    begun = time.monotonic()
    with pytest.raises(ModelError, match="inputs and outputs"):
        inspect(bytes(builder.Output()))
    assert time.monotonic() - begun < SECONDS


def test_a_long_name_is_cut_and_a_bad_one_is_replaced():
    anatomy = inspect(graph_of([models.operator(1, [0], [3])]))
    assert anatomy.subgraphs[0].tensors[0].name == "t0"
    model = tfl.ModelT.InitFromPackedBuf(models.dense(), 0)
    model.subgraphs[0].tensors[0].name = "ä" * 5000
    assert len(inspect(models.finish(model)).subgraphs[0].tensors[0].name) == 1001
    content = models.dense().replace(b"made by hand", b"made \xff\xfe hand")
    assert "�" in inspect(content).description


def test_scales_that_are_not_numbers_do_not_break_the_json():
    model = tfl.ModelT.InitFromPackedBuf(models.dense(), 0)
    model.subgraphs[0].tensors[0].quantization = models.scales(float("nan"))
    text = json.dumps(inspect(models.finish(model)).to_json(), allow_nan=False)
    assert '"nan"' in text


def test_damaged_custom_options_never_break():
    """FlexBuffers are read by a reader of our own, and bytes that are none give None."""
    good = bytes(flatbuffers.flexbuffers.Dumps({"iou": 0.6, "classes": 90, "names": ["a", "b"], "deep": {"x": True}}))
    assert flexbuffer(good) == {"iou": 0.6, "classes": 90, "names": ["a", "b"], "deep": {"x": True}}
    rng = np.random.default_rng(0)
    results = []
    for _ in range(3000):
        damaged = bytearray(good)
        for position in rng.integers(0, len(good), 3):
            damaged[position] = rng.integers(0, 256)
        results.append(flexbuffer(bytes(damaged)))
    assert None in results
    assert any(result is not None for result in results)
    assert flexbuffer(struct.pack("<II", 3, 4)) is None


def test_a_giant_vector_is_refused_before_it_is_read():
    content = bytearray(models.dense())
    weights = content.index(b"\1\2\3\4" * 6)
    content[weights - 4 : weights] = struct.pack("<I", 2**32 - 1)
    with pytest.raises(ModelError, match="4,294,967,295 elements"):
        inspect(bytes(content))
