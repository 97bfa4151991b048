# %% [markdown]
# {{exercise_header}}
#
# A model of energy needs two things: prices, and counts to multiply them with. The first task writes down the prices, the second reads the counts out of any file.

# %%
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from course_lib import check, finish, float_tflite

NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}
WIDTHS = {
    "FLOAT32": 4,
    "FLOAT16": 2,
    "INT64": 8,
    "INT32": 4,
    "INT16": 2,
    "INT8": 1,
    "UINT8": 1,
    "BOOL": 1,
}
BYTES_OF = {getattr(schema.TensorType, name): width for name, width in WIDTHS.items()}


def name_of(model, op):
    """Return an operator's name. Files of before 2020 keep its number in the deprecated field."""
    code = model.operatorCodes[op.opcodeIndex]
    return NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]


# %% [markdown]
# {{task:A}}


# %%
def energy_uj(
    macs, weights, acts, dtype, dram_pj_per_64b=1300, sram_pj_per_64b=20, weights_in="dram"
):
    # BEGIN SOLUTION
    prices = {"float32": (3.7 + 0.9, 4), "float16": (1.1 + 0.4, 2), "int8": (0.2 + 0.1, 1)}
    if dtype not in prices or weights_in not in ("dram", "sram") or min(macs, weights, acts) < 0:
        raise ValueError(f"cannot price {macs}, {weights}, {acts}, {dtype!r}, {weights_in!r}")
    mac_pj, width = prices[dtype]
    weight_pj = dram_pj_per_64b if weights_in == "dram" else sram_pj_per_64b
    parts = {
        "compute": macs * mac_pj / 1e6,
        "weights": weights * width / 8 * weight_pj / 1e6,
        "activations": acts * width / 8 * sram_pj_per_64b / 1e6,
    }
    return parts | {"total": sum(parts.values())}
    # END SOLUTION


# %%
check("15A")

# %% [markdown]
# {{task:B}}
#
# This is what a file looks like from Python. Everything that the task needs is in here.

# %%
model = schema.ModelT.InitFromPackedBuf(float_tflite("baseline").content, 0)
main = model.subgraphs[0]
for op in main.operators[:2]:
    shapes = [np.asarray(main.tensors[index].shape).tolist() for index in op.inputs]
    data = [model.buffers[main.tensors[index].buffer].data for index in op.inputs]
    print(
        name_of(model, op),
        shapes,
        ["computed" if each is None else f"{len(each)} bytes" for each in data],
    )


# %% [markdown]
# Now for every operator, and for files in other types.


# %%
def op_costs(tflite):
    # BEGIN SOLUTION
    model = schema.ModelT.InitFromPackedBuf(tflite, 0)
    graph = model.subgraphs[0]

    def stored(index):
        data = model.buffers[graph.tensors[index].buffer].data
        return 0 if data is None else len(data)

    def elements(index):
        return int(np.prod(graph.tensors[index].shape, dtype=np.int64))

    costs = []
    for op in graph.operators:
        name = name_of(model, op)
        inputs = dict.fromkeys(int(index) for index in op.inputs if index >= 0)
        macs = 0
        if name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            kernel = graph.tensors[op.inputs[1]].shape
            used = kernel[1:3] if name == "DEPTHWISE_CONV_2D" else kernel[1:]
            macs = elements(op.outputs[0]) * int(np.prod(used, dtype=np.int64))
        moved = [index for index in inputs if not stored(index)] + [int(i) for i in op.outputs]
        costs.append(
            {
                "op": name,
                "macs": macs,
                "weight_bytes": sum(stored(index) for index in inputs),
                "activation_bytes": sum(
                    elements(index) * BYTES_OF.get(graph.tensors[index].type, 0) for index in moved
                ),
            }
        )
    return costs
    # END SOLUTION


# %%
check("15B")

# %%
# NBVAL_CHECK_OUTPUT
finish("15")
