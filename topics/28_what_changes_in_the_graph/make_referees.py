"""Make the files in referee/ that the checks of topic 28 compare: `python topics/28_what_changes_in_the_graph/make_referees.py`.

Small untrained networks and their encodings, and four files that are only to be read: one whose operator codes are
written as an old converter wrote them, one with a custom operator, one with a second subgraph, one with an operator
whose number does not fit the old field.
"""

from __future__ import annotations

import copy
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from course_lib.models import Sketch
from course_lib.techniques import quantizer

OUT = Path(__file__).with_name("referee")


def residual(width=8):
    net = Sketch((1, 12, 12, 4))
    x = net.conv(net.input, width)
    y = net.depthwise(net.conv(x, width), strides=1)
    x = net.add(x, y)
    return net.artifact(net.dense(net.mean(x), 6, relu=False)).content


def plain():
    net = Sketch((1, 12, 12, 4))
    x = net.unary("TANH", net.conv(net.input, 8))
    return net.artifact(net.dense(net.flatten(x), 6, relu=False)).content


def edited(content, change):
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    change(model)
    builder = flatbuffers.Builder(len(content) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def old_codes(model):
    """Before 2020 there was only the one-byte field; readers find 0 in the new one."""
    for code in model.operatorCodes:
        code.deprecatedBuiltinCode, code.builtinCode = code.builtinCode, 0


def custom_operator(model):
    code = next(c for c in model.operatorCodes if c.builtinCode == schema.BuiltinOperator.TANH)
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = b"SoftSign"


def second_subgraph(model):
    model.subgraphs.append(copy.deepcopy(model.subgraphs[0]))


def large_code(model):
    """Numbers from 127 on do not fit the old field: it holds 127, and the new one the number."""
    code = next(c for c in model.operatorCodes if c.builtinCode == schema.BuiltinOperator.TANH)
    code.builtinCode, code.deprecatedBuiltinCode = schema.BuiltinOperator.GELU, 127


def main():
    OUT.mkdir(exist_ok=True)
    images = np.random.default_rng(0).random((8, 12, 12, 4), dtype=np.float32)
    made = {"residual": residual(), "wide": residual(16), "plain": plain()}
    for name in ("residual", "plain"):
        made[f"{name}_int8"] = quantizer.quantize(
            made[name], quantizer.named("static_wi8_ai8"), images
        )
    made["residual_float16"] = quantizer.quantize(made["residual"], quantizer.FLOAT16)
    made["residual_int4"] = quantizer.quantize(
        made["residual"], quantizer.named("dynamic_wi4c_afp32")
    )
    made["residual_old"] = edited(made["residual"], old_codes)
    made["plain_custom"] = edited(made["plain"], custom_operator)
    made["plain_twice"] = edited(made["plain"], second_subgraph)
    made["plain_gelu"] = edited(made["plain"], large_code)
    for name, content in made.items():
        (OUT / f"{name}.tflite").write_bytes(content)
        print(f"{name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
