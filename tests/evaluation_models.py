"""Tiny ``.tflite`` files written tensor by tensor, each with one property that a measuring tool has to get right."""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from course_lib.core import Artifact

OP, TYPE = schema.BuiltinOperator, schema.TensorType
TYPES = {
    np.float32: TYPE.FLOAT32,
    np.int8: TYPE.INT8,
    np.uint8: TYPE.UINT8,
    np.int16: TYPE.INT16,
    np.int32: TYPE.INT32,
    "resource": TYPE.RESOURCE,
}


class Graph:
    """Collects tensors and operators of one subgraph; ``Model`` packs one or more."""

    def __init__(self, model):
        self.model, self.graph = model, schema.SubGraphT()
        self.graph.name, self.graph.tensors, self.graph.operators = "main", [], []
        self.graph.inputs, self.graph.outputs = [], []
        model.subgraphs.append(self.graph)

    def tensor(
        self, shape, dtype=np.float32, *, name=None, data=None, scale=None, zero_point=0, variable=False, batch=False
    ):
        tensor = schema.TensorT()
        tensor.name = (name or f"t{len(self.graph.tensors)}").encode()
        tensor.shape, tensor.type, tensor.isVariable, tensor.buffer = list(shape), TYPES[dtype], variable, 0
        if batch:
            tensor.shapeSignature = [-1, *shape[1:]]
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data, dtype).tobytes(), np.uint8)
            tensor.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [zero_point]
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def constant(self, values, dtype=np.float32, **options):
        values = np.asarray(values, dtype)
        return self.tensor(values.shape, dtype, data=values, **options)

    def op(self, code, inputs, outputs, options=None, options_type=0, custom=None):
        entry = schema.OperatorCodeT()
        entry.builtinCode, entry.deprecatedBuiltinCode, entry.version = code, min(code, 127), 1
        if custom:
            entry.customCode = custom.encode()
        self.model.operatorCodes.append(entry)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = list(inputs), list(outputs)
        operator.builtinOptions, operator.builtinOptionsType = options, options_type
        self.graph.operators.append(operator)
        return outputs[0] if outputs else None


def model():
    result = schema.ModelT()
    result.version, result.description = 3, b"test"
    result.buffers, result.operatorCodes, result.subgraphs = [schema.BufferT()], [], []
    return result


def pack(result, name):
    builder = flatbuffers.Builder(1024)
    builder.Finish(result.Pack(builder), b"TFL3")
    return Artifact(name, bytes(builder.Output()))


def single(name, build):
    """A file with one subgraph; ``build(graph) -> (inputs, outputs)``."""
    result = model()
    graph = Graph(result)
    graph.graph.inputs, graph.graph.outputs = build(graph)
    return pack(result, name)


def dense(weights, bias=None, name="dense", layer="dense"):
    """float (1, in) -> float (1, out); weights (out, in)."""
    weights = np.asarray(weights, np.float32)
    bias = np.zeros(len(weights)) if bias is None else bias

    def build(g):
        x = g.tensor((1, weights.shape[1]), batch=True, name="x")
        w, b = g.constant(weights, name=f"{layer}/weights"), g.constant(bias, name=f"{layer}/bias")
        y = g.tensor((1, len(weights)), batch=True, name=f"{layer}/y")
        g.op(
            OP.FULLY_CONNECTED,
            [x, w, b],
            [y],
            schema.FullyConnectedOptionsT(),
            schema.BuiltinOptions.FullyConnectedOptions,
        )
        return [x], [y]

    return single(name, build)


def depthwise(weights, name="depthwise"):
    """float (1, height, width, channels) -> the same less the border; weights (1, height, width, channels)."""
    weights = np.asarray(weights, np.float32)
    channels = weights.shape[3]

    def build(g):
        x = g.tensor((1, 8, 8, channels), batch=True)
        w, b = g.constant(weights, name="depthwise/weights"), g.constant(np.zeros(channels))
        y = g.tensor((1, 9 - weights.shape[1], 9 - weights.shape[2], channels), batch=True)
        options = schema.DepthwiseConv2DOptionsT()
        options.padding, options.strideH, options.strideW = schema.Padding.VALID, 1, 1
        options.depthMultiplier = options.dilationHFactor = options.dilationWFactor = 1
        g.op(OP.DEPTHWISE_CONV_2D, [x, w, b], [y], options, schema.BuiltinOptions.DepthwiseConv2DOptions)
        return [x], [y]

    return single(name, build)


def identity(dtype, scale, zero_point, width=4):
    """A quantized input and output of one dtype and no arithmetic between them: what comes back is the contract."""

    def build(g):
        x = g.tensor((1, width), dtype, scale=scale, zero_point=zero_point)
        y = g.tensor((1, width), dtype, scale=scale, zero_point=zero_point)
        shape = g.constant([-1, width], np.int32)
        g.op(OP.RESHAPE, [x, shape], [y])
        return [x], [y]

    return single("identity", build)


def refuses_batches(width=4):
    """A Reshape to a fixed (1, width): the graph was made for one sample."""

    def build(g):
        x, y = g.tensor((1, width, 1)), g.tensor((1, width))
        g.op(OP.RESHAPE, [x, g.constant([1, width], np.int32)], [y])
        return [x], [y]

    return single("refuses", build)


def mixes_its_batch(width=3):
    """x minus the mean over the batch: accepts any batch, and answers a sample differently inside one."""

    def build(g):
        x, mean, y = g.tensor((1, width), batch=True), g.tensor((1, width)), g.tensor((1, width), batch=True)
        options = schema.ReducerOptionsT()
        options.keepDims = True
        g.op(OP.MEAN, [x, g.constant([0], np.int32)], [mean], options, schema.BuiltinOptions.ReducerOptions)
        g.op(OP.SUB, [x, mean], [y], schema.SubOptionsT(), schema.BuiltinOptions.SubOptions)
        return [x], [y]

    return single("mixes", build)


def without_batch_axis(width=5):
    def build(g):
        x, y = g.tensor((width,)), g.tensor((width,))
        g.op(OP.ABS, [x], [y])
        return [x], [y]

    return single("unbatched", build)


def two_inputs():
    def build(g):
        x, z, y = g.tensor((1, 2), name="left"), g.tensor((1, 2), name="right"), g.tensor((1, 2))
        g.op(OP.ADD, [x, z], [y], schema.AddOptionsT(), schema.BuiltinOptions.AddOptions)
        return [x, z], [y]

    return single("two", build)


def two_outputs():
    def build(g):
        x, y, z = g.tensor((1, 2)), g.tensor((1, 2)), g.tensor((1, 2))
        g.op(OP.ABS, [x], [y])
        g.op(OP.NEG, [x], [z])
        return [x], [y, z]

    return single("outputs", build)


def partly_delegated():
    """ABS, CUMSUM, ABS: XNNPACK takes the first and the last."""

    def build(g):
        t = [g.tensor((1, 4)) for _ in range(4)]
        g.op(OP.ABS, [t[0]], [t[1]])
        options = schema.CumsumOptionsT()
        g.op(OP.CUMSUM, [t[1], g.constant(1, np.int32)], [t[2]], options, schema.BuiltinOptions.CumsumOptions)
        g.op(OP.ABS, [t[2]], [t[3]])
        return [t[0]], [t[3]]

    return single("partly", build)


def unknown_operator():
    def build(g):
        x, y = g.tensor((1, 2)), g.tensor((1, 2))
        g.op(OP.CUSTOM, [x], [y], custom="NobodyKnowsThis")
        return [x], [y]

    return single("custom", build)


def remembers():
    """SVDF with a memory of two steps in a variable tensor: state that survives ``invoke()``."""

    def build(g):
        x, y = g.tensor((1, 2)), g.tensor((1, 2))
        feature, time = g.constant(np.eye(2)), g.constant(np.ones((2, 2)))
        state = g.tensor((1, 4), variable=True)
        options = schema.SVDFOptionsT()
        options.rank = 1
        g.op(OP.SVDF, [x, feature, time, -1, state], [y], options, schema.BuiltinOptions.SVDFOptions)
        return [x], [y]

    return single("svdf", build)


def accumulates():
    """y = variable + x, variable = y, in a resource variable, which resetting variable tensors does not clear."""
    result = model()
    main = Graph(result)
    x, y = main.tensor((1, 2)), main.tensor((1, 2))
    handle, value = _variable(main), main.tensor((1, 2))
    once = schema.CallOnceOptionsT()
    once.initSubgraphIndex = 1
    main.op(OP.CALL_ONCE, [], [], once, schema.BuiltinOptions.CallOnceOptions)
    main.op(
        OP.READ_VARIABLE, [handle], [value], schema.ReadVariableOptionsT(), schema.BuiltinOptions.ReadVariableOptions
    )
    main.op(OP.ADD, [value, x], [y], schema.AddOptionsT(), schema.BuiltinOptions.AddOptions)
    _assign(main, handle, y)
    main.graph.inputs, main.graph.outputs = [x], [y]
    init = Graph(result)
    init.graph.name = "init"
    _assign(init, _variable(init), init.constant(np.zeros((1, 2))))
    return pack(result, "accumulates")


def _variable(graph):
    options = schema.VarHandleOptionsT()
    options.container, options.sharedName = b"", b"total"
    handle = graph.tensor((), "resource")
    graph.op(OP.VAR_HANDLE, [], [handle], options, schema.BuiltinOptions.VarHandleOptions)
    return handle


def _assign(graph, handle, value):
    options = schema.AssignVariableOptionsT()
    graph.op(OP.ASSIGN_VARIABLE, [handle, value], [], options, schema.BuiltinOptions.AssignVariableOptions)
