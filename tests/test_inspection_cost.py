"""Multiply-accumulates against published figures and the textbook, traffic and lifetimes against plain counting."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl

from course_lib.inspection import inspect
from course_lib.inspection.cost import CONSTANT_ROLES
from tests import inspection_models as models


def one_operator(code, shapes, output, options=None, *, constant=(1,)):
    """The anatomy's only operator: its inputs have ``shapes``, those in ``constant`` are constants."""
    buffers, tensors = [], []
    for index, shape in enumerate(shapes):
        if index in constant:
            buffers.append(bytes([1]) * 4 * int(np.prod(shape)))
        tensors.append(models.tensor(shape, buffer=len(buffers) if index in constant else 0, name=f"t{index}"))
    tensors.append(models.tensor(output, name="out"))
    op = models.operator(0, range(len(shapes)), [len(shapes)], options)
    inputs = [index for index in range(len(shapes)) if index not in constant]
    anatomy = inspect(models.pack([code], [models.subgraph(tensors, [op], inputs, [len(shapes)])], buffers))
    [(_, op)] = anatomy.operators
    return op


@pytest.mark.parametrize(
    ("code", "shapes", "output", "macs"),
    [
        ("CONV_2D", [(1, 28, 28, 1), (32, 3, 3, 1)], (1, 28, 28, 32), 225_792),
        ("CONV_2D", [(1, 28, 28, 8), (16, 3, 3, 2)], (1, 14, 14, 16), 14 * 14 * 16 * 9 * 2),  # four groups
        ("DEPTHWISE_CONV_2D", [(1, 14, 14, 32), (1, 3, 3, 32)], (1, 14, 14, 32), 14 * 14 * 32 * 9),
        ("FULLY_CONNECTED", [(1, 3136), (10, 3136)], (1, 10), 31_360),
        ("FULLY_CONNECTED", [(5, 7, 16), (4, 16)], (5, 7, 4), 5 * 7 * 4 * 16),
        ("CONV_3D", [(1, 4, 8, 8, 3), (2, 3, 3, 3, 5)], (1, 3, 6, 6, 5), 3 * 6 * 6 * 5 * 2 * 3 * 3 * 3),
        ("TRANSPOSE_CONV", [(4,), (6, 2, 2, 3), (1, 5, 5, 3)], (1, 10, 10, 6), 10 * 10 * 6 * 3),
        ("BATCH_MATMUL", [(2, 4, 8), (2, 8, 16)], (2, 4, 16), 2 * 4 * 16 * 8),
        ("ADD", [(1, 100), (1, 100)], (1, 100), 0),
        ("MAX_POOL_2D", [(1, 8, 8, 4)], (1, 4, 4, 4), 0),
        ("custom:Convolution2DTransposeBias", [(1, 5, 5, 3), (6, 2, 2, 3), (6,)], (1, 10, 10, 6), 10 * 10 * 6 * 3),
        ("CONV_2D", [(1, 28, 28, 1), (32, 9)], (1, 28, 28, 32), None),  # no convolution has such a filter
    ],
)
def test_macs_of_one_operator(code, shapes, output, macs):
    constant = (0, 1) if code == "TRANSPOSE_CONV" else (1, 2) if code.startswith("custom") else (1,)
    if code == "BATCH_MATMUL":
        constant = ()
    assert one_operator(code, shapes, output, constant=constant).macs == macs


def test_adjoint_matmul_takes_the_other_dimension():
    options = tfl.BatchMatMulOptionsT()
    options.adjX = True
    assert one_operator("BATCH_MATMUL", [(8, 4), (8, 16)], (4, 16), options, constant=()).macs == 4 * 16 * 8


def test_a_recurrent_layer_multiplies_every_matrix_at_every_step():
    """20 steps, 3 inputs, 4 units: four gates of input and recurrent matrices."""
    shapes = [(1, 20, 3), *[(4, 3)] * 4, *[(4, 4)] * 4]
    op = one_operator("UNIDIRECTIONAL_SEQUENCE_LSTM", shapes, (1, 20, 4), constant=range(1, 9))
    assert op.macs == 20 * 4 * (4 * 3 + 4 * 4)


def mobilenet(alpha=1.0, size=224):
    """MobileNet v1 as shapes: every depthwise convolution followed by one of 1 x 1, then 1,000 classes."""
    blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
    tensors, operators, side, channels = [models.tensor([1, size, size, 3])], [], size, 3

    def add(code, filter_shape, side, channels):
        tensors.append(models.tensor(filter_shape, name="filter"))
        tensors.append(models.tensor([1, side, side, channels]))
        operators.append(models.operator(code, [len(operators) * 2, len(tensors) - 2, -1], [len(tensors) - 1]))

    side, channels = size // 2, int(32 * alpha)
    add(0, [channels, 3, 3, 3], side, channels)
    for filters, stride in blocks:
        side //= stride
        add(1, [1, 3, 3, channels], side, channels)
        add(0, [int(filters * alpha), 1, 1, channels], side, int(filters * alpha))
        channels = int(filters * alpha)
    add(0, [1000, 1, 1, channels], 1, 1000)
    graph = models.subgraph(tensors, operators, [0], [len(tensors) - 1])
    return models.pack(["CONV_2D", "DEPTHWISE_CONV_2D"], [graph])


def test_mobilenet_has_its_published_macs():
    """Howard et al. 2017, tables 4 and 8: 569 million for 1.0 at 224, 14 million for 0.25 at 128."""
    assert inspect(mobilenet()).macs == 568_740_352
    assert round(inspect(mobilenet()).macs / 1e6) == 569
    assert round(inspect(mobilenet(0.25, 128)).macs / 1e6) == 14


def test_the_test_network_by_hand():
    conv, depthwise, pointwise = 36 * 8 * 18, 36 * 8 * 9, 36 * 64 * 8
    dense = 64 * 32 + 32 * 9
    for name in ("float32", "float16", "int8", "int16x8", "sparse", "int4_channel", "weight_only"):
        assert inspect(models.content(name)).macs == conv + depthwise + pointwise + dense, name


def test_a_loop_body_counts_once():
    anatomy = inspect(models.content("loop"))
    assert anatomy.macs == 64
    assert sum(op.macs for op in anatomy.subgraphs[0].operators) == 0


def test_traffic_by_hand():
    [(_, op)] = inspect(models.dense()).operators
    assert (op.weight_bytes, op.activation_bytes) == (2 * 3 * 4, (3 + 2) * 4)
    first = next(op for _, op in inspect(models.content("int8")).operators)
    assert first.activation_bytes == 12 * 12 * 2 + 6 * 6 * 8
    assert first.weight_bytes == 144 + 4 * 8


def test_a_lookup_reads_rows_not_the_table():
    tensors = [
        models.tensor([3], "INT32", name="ids"),
        models.tensor([100, 8], buffer=1, name="table"),
        models.tensor([3, 8], name="rows"),
    ]
    graph = models.subgraph(tensors, [models.operator(0, [0, 1], [2])], [0], [2])
    [(_, op)] = inspect(models.pack(["EMBEDDING_LOOKUP"], [graph], [bytes([1]) * 3200])).operators
    assert op.weight_bytes == 3 * 8 * 4


@pytest.mark.parametrize("name", models.FILES)
def test_live_bytes_are_what_counting_gives(name):
    """For each operator: what it or an earlier one wrote that it or a later one reads; the caller is first and last."""
    for graph in inspect(models.content(name)).subgraphs:
        for op in graph.operators:
            before = {i for other in graph.operators[: op.index + 1] for i in other.outputs} | set(graph.inputs)
            after = {i for other in graph.operators[op.index :] for i in other.inputs} | set(graph.outputs)
            alive = (before & after) | {i for i in op.outputs if i >= 0}
            if op.index == 0:
                alive |= set(graph.inputs)
            sizes = [t.bytes for t in graph.tensors if t.index in alive and t.role not in CONSTANT_ROLES]
            assert op.live_bytes == sum(sizes), f"operator {op.index} of subgraph {graph.index}"


def test_lifetimes_of_a_chain():
    anatomy = inspect(models.content("float32"))
    lives = {life.tensor: (life.first, life.last) for life in anatomy.lifetimes()}
    operators = anatomy.subgraphs[0].operators
    assert lives[operators[0].outputs[0]] == (0, 1)
    assert lives[anatomy.subgraphs[0].inputs[0]] == (0, 0)
    assert lives[anatomy.subgraphs[0].outputs[0]] == (len(operators) - 1, len(operators) - 1)
    assert anatomy.peak_live_bytes == max(op.live_bytes for op in operators) == (36 * 8 + 36 * 64) * 4


def test_a_variable_lives_throughout():
    state = models.tensor([1, 7], name="state")
    state.isVariable = True
    tensors = [models.tensor([1, 2]), models.tensor([1, 2]), models.tensor([1, 2]), state]
    operators = [models.operator(0, [0, 3], [1]), models.operator(0, [1], [2])]
    anatomy = inspect(models.pack(["ADD"], [models.subgraph(tensors, operators, [0], [2])]))
    assert [op.live_bytes for op in anatomy.subgraphs[0].operators] == [16 + 28, 16 + 28]
