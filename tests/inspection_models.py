"""Models for the inspection tests: the committed files, models built by hand, and LiteRT's own reading as a referee."""

from __future__ import annotations

from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as tfl

DATA = Path(__file__).parent / "data"
FILES = {path.stem.removeprefix("inspection_"): path for path in sorted(DATA.glob("inspection_*.tflite"))}


def content(name: str) -> bytes:
    return FILES[name].read_bytes()


def tensor(shape, dtype="FLOAT32", buffer=0, name="t", quantization=None, signature=None):
    made = tfl.TensorT()
    made.shape, made.type, made.buffer, made.name = list(shape), getattr(tfl.TensorType, dtype), buffer, name
    made.quantization = quantization
    made.shapeSignature = signature
    return made


def scales(*values, zero_points=None, axis=0):
    made = tfl.QuantizationParametersT()
    made.scale, made.quantizedDimension = list(values), axis
    made.zeroPoint = list(zero_points or [0] * len(values))
    return made


def operator(code, inputs, outputs, options=None, **fields):
    made = tfl.OperatorT()
    made.opcodeIndex, made.inputs, made.outputs = code, list(inputs), list(outputs)
    if options is not None:
        made.builtinOptions = options
        made.builtinOptionsType = getattr(tfl.BuiltinOptions, type(options).__name__.removesuffix("T"))
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def subgraph(tensors, operators, inputs, outputs, name="main"):
    made = tfl.SubGraphT()
    made.tensors, made.operators, made.inputs, made.outputs = tensors, operators, list(inputs), list(outputs)
    made.name = name
    return made


def pack(codes, subgraphs, buffers=(), metadata=()):
    """Return a model's bytes. codes: builtin names, or "custom:NAME". buffers: bytes, behind the empty first one."""
    model = tfl.ModelT()
    model.version, model.description, model.subgraphs = 3, "made by hand", subgraphs
    model.operatorCodes = [_code(name) for name in codes]
    model.buffers = [tfl.BufferT()]
    for data in buffers:
        buffer = tfl.BufferT()
        buffer.data = None if data is None else np.frombuffer(data, np.uint8)
        model.buffers.append(buffer)
    for name, index in metadata:
        entry = tfl.MetadataT()
        entry.name, entry.buffer = name, index
        model.metadata = [*(model.metadata or []), entry]
    return finish(model)


def finish(model) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _code(name):
    code = tfl.OperatorCodeT()
    code.version = 1
    if name.startswith("custom:"):
        code.builtinCode, code.customCode = tfl.BuiltinOperator.CUSTOM, name.removeprefix("custom:")
    else:
        code.builtinCode = getattr(tfl.BuiltinOperator, name)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    return code


def dense(weights: bytes = b"\1\2\3\4" * 6, **extra) -> bytes:
    """A model of one fully connected operator, [1, 3] -> [1, 2], its weights in buffer 1."""
    tensors = [
        tensor([1, 3], name="in"),
        tensor([2, 3], buffer=1, name="w"),
        tensor([1, 2], name="out"),
    ]
    graph = subgraph(tensors, [operator(0, [0, 1, -1], [2], tfl.FullyConnectedOptionsT())], [0], [2])
    return pack(["FULLY_CONNECTED"], [graph], [weights, *extra.pop("buffers", ())], **extra)


def differences(anatomy, model: bytes) -> list[str]:
    """Compare an anatomy with what LiteRT's own (unchecked) schema module reads from the same bytes."""
    referee = tfl.ModelT.InitFromPackedBuf(model, 0)
    enum = {value: key for key, value in vars(tfl.BuiltinOperator).items() if isinstance(value, int)}
    found = []

    def expect(what, ours, theirs):
        if ours != theirs:
            found.append(f"{what}: {ours!r} is not {theirs!r}")

    expect("subgraphs", len(anatomy.subgraphs), len(referee.subgraphs))
    for graph, other in zip(anatomy.subgraphs, referee.subgraphs, strict=False):
        expect("inputs", graph.inputs, _tuple(other.inputs))
        expect("outputs", graph.outputs, _tuple(other.outputs))
        expect("tensors", len(graph.tensors), len(other.tensors or ()))
        expect("operators", len(graph.operators), len(other.operators or ()))
        for ours, theirs in zip(graph.tensors, other.tensors or (), strict=False):
            where = f"tensor {ours.index} of subgraph {graph.index}"
            expect(f"{where} name", ours.name, _text(theirs.name))
            expect(f"{where} shape", ours.shape, _tuple(theirs.shape))
            expect(f"{where} buffer", ours.buffer, theirs.buffer)
            expect(f"{where} dtype", getattr(tfl.TensorType, ours.dtype.upper()), theirs.type)
            data = referee.buffers[theirs.buffer].data
            expect(f"{where} data", ours.stored_bytes, 0 if data is None else len(data))
            if data is not None and ours.span:
                expect(f"{where} values", model[ours.span[0] : ours.span[1]] == bytes(data), True)
            scale = () if theirs.quantization is None else _tuple(theirs.quantization.scale)
            expect(f"{where} scale", () if ours.quantization is None else tuple(ours.quantization.scale), scale)
        for ours, theirs in zip(graph.operators, other.operators or (), strict=False):
            where = f"operator {ours.index} of subgraph {graph.index}"
            code = referee.operatorCodes[theirs.opcodeIndex]
            builtin = enum[max(code.builtinCode, code.deprecatedBuiltinCode)]
            expect(f"{where} name", ours.name, _text(code.customCode) if builtin == "CUSTOM" else builtin)
            expect(f"{where} inputs", ours.inputs, _tuple(theirs.inputs))
            expect(f"{where} outputs", ours.outputs, _tuple(theirs.outputs))
            options = theirs.builtinOptions or theirs.builtinOptions2
            for key, value in vars(options).items() if options else ():
                mine = ours.options[_snake(key)]
                if isinstance(value, (bool, int, float)):
                    expect(f"{where} {key}", mine, value)
                elif isinstance(value, np.ndarray) and isinstance(mine, np.ndarray):
                    expect(f"{where} {key}", mine.tolist(), value.tolist())
    return found


def _tuple(values):
    return () if values is None else tuple(values)


def _text(value):
    return "" if value is None else value.decode()


def _snake(name):
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")
