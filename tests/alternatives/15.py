"""Topic 15 answered from the statement alone, built otherwise than our solution: one table, packed accessors."""

import math

import numpy as np
from ai_edge_litert.schema_py_generated import BuiltinOperator, Model, TensorType

MULTIPLY_PLUS_ADD = {"float32": 4.6, "float16": 1.5, "int8": 0.3}
BITS = {"float32": 32, "float16": 16, "int8": 8}


def energy_uj(macs, weights, acts, dtype, dram_pj_per_64b=1300, sram_pj_per_64b=20, weights_in="dram"):
    """Work in picojoules with NumPy and divide at the end."""
    place = {"dram": dram_pj_per_64b, "sram": sram_pj_per_64b}
    if dtype not in BITS or weights_in not in place or any(each < 0 for each in (macs, weights, acts)):
        raise ValueError("not in the price list")
    accesses = np.array([macs, weights * BITS[dtype] / 64, acts * BITS[dtype] / 64], np.float64)
    pj = accesses * [MULTIPLY_PLUS_ADD[dtype], place[weights_in], sram_pj_per_64b]
    return dict(zip(("compute", "weights", "activations"), pj / 1e6, strict=True)) | {"total": pj.sum() / 1e6}


def op_costs(tflite):
    """Use the packed accessors, which read the bytes in place."""
    model = Model.GetRootAs(tflite)
    graph = model.Subgraphs(0)
    names = {value: name for name, value in vars(BuiltinOperator).items() if name.isupper()}
    width = {TensorType.FLOAT32: 4, TensorType.INT32: 4, TensorType.INT64: 8, TensorType.FLOAT16: 2}
    width |= {TensorType.INT16: 2, TensorType.INT8: 1, TensorType.UINT8: 1, TensorType.BOOL: 1}

    def shape(tensor):
        return [graph.Tensors(tensor).Shape(k) for k in range(graph.Tensors(tensor).ShapeLength())]

    rows = []
    for position in range(graph.OperatorsLength()):
        op = graph.Operators(position)
        code = model.OperatorCodes(op.OpcodeIndex())
        name = names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        reads = {op.Inputs(k) for k in range(op.InputsLength())} - {-1}
        writes = [op.Outputs(k) for k in range(op.OutputsLength())]
        constant = {t: model.Buffers(graph.Tensors(t).Buffer()).DataLength() for t in reads}
        macs = 0
        if name in {"CONV_2D", "FULLY_CONNECTED"}:
            macs = math.prod(shape(writes[0])) * math.prod(shape(op.Inputs(1))[1:])
        if name == "DEPTHWISE_CONV_2D":
            _, height, across, _ = shape(op.Inputs(1))
            macs = math.prod(shape(writes[0])) * height * across
        moving = [t for t in reads if constant[t] == 0] + writes
        rows.append(
            {
                "activation_bytes": sum(math.prod(shape(t)) * width.get(graph.Tensors(t).Type(), 0) for t in moving),
                "weight_bytes": sum(constant.values()),
                "macs": macs,
                "op": name,
            }
        )
    return rows
