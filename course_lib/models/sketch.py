"""Networks that were never trained, written operator by operator into a ``.tflite``. No TensorFlow.

For questions of time and memory: how fast a layer runs and where its tensors lie does not depend on what it learned.

    net = Sketch((1, 28, 28, 1))
    x = net.conv(net.input, 32, strides=2)
    y = net.add(x, net.conv(x, 32))
    artifact = net.artifact(net.dense(net.flatten(y), 10, relu=False))
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact

Tensor = int  # the index of a tensor in the graph


class Sketch:
    """A float32 network under construction. Every method adds one operator and returns its output tensor.

    Images are (batch, height, width, channels), padding is SAME, weights are normal with variance 2 / fan-in (He et al.
    2015) from ``seed``. Names of tensors are ``conv_2d_3``: the operator, and its place in the graph.
    """

    def __init__(self, input_shape: Sequence[int], *, seed: int = 0) -> None:
        """Begin with an input of this shape, the batch first."""
        from ai_edge_litert import schema_py_generated as schema

        self._schema: Any = schema
        self._rng = np.random.default_rng(seed)
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._buffers: list[Any] = [schema.BufferT()]
        self._codes: dict[int, Any] = {}
        self.input = self._tensor("input", input_shape)

    def shape(self, x: Tensor) -> tuple[int, ...]:
        """Return the shape of a tensor."""
        return tuple(self._tensors[x].shape)

    def conv(self, x: Tensor, filters: int, kernel: int = 3, *, strides: int = 1, relu: bool = True) -> Tensor:
        """Convolve: (n, h, w, c) -> (n, ceil(h / strides), ceil(w / strides), filters)."""
        n, h, w, channels = self.shape(x)
        options = self._schema.Conv2DOptionsT()
        options.strideH = options.strideW = strides
        options.dilationHFactor = options.dilationWFactor = 1
        out = (n, math.ceil(h / strides), math.ceil(w / strides), filters)
        return self._weighted("CONV_2D", x, (filters, kernel, kernel, channels), filters, out, options, relu)

    def depthwise(self, x: Tensor, kernel: int = 3, *, strides: int = 1, relu: bool = True) -> Tensor:
        """Convolve every channel by itself: (n, h, w, c) -> (n, ceil(h / strides), ceil(w / strides), c)."""
        n, h, w, channels = self.shape(x)
        options = self._schema.DepthwiseConv2DOptionsT()
        options.strideH = options.strideW = strides
        options.dilationHFactor = options.dilationWFactor = options.depthMultiplier = 1
        out = (n, math.ceil(h / strides), math.ceil(w / strides), channels)
        return self._weighted("DEPTHWISE_CONV_2D", x, (1, kernel, kernel, channels), channels, out, options, relu)

    def dense(self, x: Tensor, units: int, *, relu: bool = True) -> Tensor:
        """Multiply with a matrix: (n, k) -> (n, units)."""
        n, depth = self.shape(x)
        options = self._schema.FullyConnectedOptionsT()
        return self._weighted("FULLY_CONNECTED", x, (units, depth), units, (n, units), options, relu)

    def flatten(self, x: Tensor) -> Tensor:
        """Reshape: (n, ...) -> (n, the rest)."""
        n, *rest = self.shape(x)
        out = (n, math.prod(rest))
        options = self._schema.ReshapeOptionsT()
        options.newShape = list(out)
        return self._op("RESHAPE", [x, self._constant("shape", np.array(out, np.int32))], out, options)

    def mean(self, x: Tensor) -> Tensor:
        """Average over height and width: (n, h, w, c) -> (n, c)."""
        n, _, _, channels = self.shape(x)
        axes = self._constant("axes", np.array([1, 2], np.int32))
        return self._op("MEAN", [x, axes], (n, channels), self._schema.ReducerOptionsT())

    def add(self, a: Tensor, b: Tensor) -> Tensor:
        """Add two tensors of one shape. Raises ValueError when their shapes differ."""
        if self.shape(a) != self.shape(b):
            raise ValueError(f"add needs one shape, got {self.shape(a)} and {self.shape(b)}")
        return self._op("ADD", [a, b], self.shape(a), self._schema.AddOptionsT())

    def unary(self, name: str, x: Tensor) -> Tensor:
        """Apply an operator that needs no options to every element, by its name in the schema: "SIN", "LOGISTIC"."""
        return self._op(name, [x], self.shape(x), None)

    def artifact(self, *outputs: Tensor, name: str = "float32") -> Artifact:
        """Return the file, with one signature: ``input`` in, ``output_0`` and so on out."""
        import flatbuffers

        schema = self._schema
        graph, model, signature = schema.SubGraphT(), schema.ModelT(), schema.SignatureDefT()
        graph.name, graph.tensors, graph.operators = b"main", self._tensors, self._operators
        graph.inputs, graph.outputs = [self.input], list(outputs)
        signature.signatureKey, signature.subgraphIndex = b"serving_default", 0
        signature.inputs = [self._named("input", self.input)]
        signature.outputs = [self._named(f"output_{place}", tensor) for place, tensor in enumerate(outputs)]
        model.version, model.description = 3, b"an untrained sketch"
        model.subgraphs, model.buffers, model.signatureDefs = [graph], self._buffers, [signature]
        model.operatorCodes = list(self._codes.values())
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return Artifact(name, bytes(builder.Output()))

    def _weighted(
        self, name: str, x: Tensor, kernel: Sequence[int], units: int, out: Sequence[int], options: Any, relu: bool
    ) -> Tensor:
        deviation = math.sqrt(2 / math.prod(kernel[1:3] if name.startswith("DEPTHWISE") else kernel[1:]))
        weights = self._rng.standard_normal(tuple(kernel), np.float32) * np.float32(deviation)
        place = len(self._operators)
        inputs = [
            x,
            self._constant(f"weights_{place}", weights),
            self._constant(f"bias_{place}", np.zeros(units, np.float32)),
        ]
        options.fusedActivationFunction = int(relu)  # 0 is none, 1 is ReLU
        return self._op(name, inputs, out, options)

    def _op(self, name: str, inputs: list[Tensor], out: Sequence[int], options: Any) -> Tensor:
        schema = self._schema
        code: int = getattr(schema.BuiltinOperator, name)
        if code not in self._codes:
            entry = schema.OperatorCodeT()
            entry.builtinCode, entry.deprecatedBuiltinCode, entry.version = code, min(code, 127), 1
            self._codes[code] = entry
        operator = schema.OperatorT()
        operator.opcodeIndex = list(self._codes).index(code)
        result = self._tensor(f"{name.lower()}_{len(self._operators)}", out)
        operator.inputs, operator.outputs = inputs, [result]
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        self._operators.append(operator)
        return result

    def _constant(self, name: str, values: NDArray[Any]) -> Tensor:
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self._buffers.append(buffer)
        dtype = "INT32" if values.dtype == np.int32 else "FLOAT32"
        return self._tensor(name, values.shape, dtype=dtype, buffer=len(self._buffers) - 1)

    def _tensor(self, name: str, shape: Sequence[int], *, dtype: str = "FLOAT32", buffer: int = 0) -> Tensor:
        tensor = self._schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name.encode(), list(shape), buffer
        tensor.type = getattr(self._schema.TensorType, dtype)
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def _named(self, name: str, tensor: Tensor) -> Any:
        entry = self._schema.TensorMapT()
        entry.name, entry.tensorIndex = name.encode(), tensor
        return entry
