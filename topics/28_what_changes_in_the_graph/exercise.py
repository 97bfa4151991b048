# %% [markdown]
# {{exercise_header}}
#
# Two tools for the question "what did you do to my graph?": one compares files, the other says which layers can only change together.

# %%
from collections import Counter

from ai_edge_litert import schema_py_generated as schema

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def graph_diff(before, after):
    # BEGIN SOLUTION
    operators = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}  # fmt: skip
    types = {number: name.lower() for name, number in vars(schema.TensorType).items() if isinstance(number, int)}  # fmt: skip

    def counted(tflite):
        model = schema.ModelT.InitFromPackedBuf(bytearray(tflite), 0)
        names = []
        for code in model.operatorCodes:
            number = max(code.builtinCode, code.deprecatedBuiltinCode)
            custom = number == schema.BuiltinOperator.CUSTOM
            names.append(code.customCode.decode() if custom else operators[number])
        ops, dtypes = Counter(), Counter()
        for graph in model.subgraphs:
            ops.update(names[op.opcodeIndex] for op in graph.operators)
            dtypes.update(types[tensor.type] for tensor in graph.tensors)
        return ops, dtypes

    (old_ops, old_types), (new_ops, new_types) = counted(before), counted(after)
    return {
        "removed": dict(old_ops - new_ops),
        "added": dict(new_ops - old_ops),
        "retyped": {
            dtype: (old_types[dtype], new_types[dtype])
            for dtype in old_types.keys() | new_types.keys()
            if old_types[dtype] != new_types[dtype]
        },
    }
    # END SOLUTION


# %%
check("28A")

# %% [markdown]
# {{task:B}}


# %%
def channel_groups(layers, ties):
    # BEGIN SOLUTION
    parent = {layer: layer for layer in layers}

    def root(layer):
        while parent[layer] != layer:
            parent[layer] = parent[parent[layer]]  # halve the path on the way
            layer = parent[layer]
        return layer

    for one, other in ties:
        if one not in parent or other not in parent:
            raise ValueError(f"the tie {one!r} - {other!r} names a layer that is not there")
        parent[root(one)] = root(other)
    groups = {}
    for layer in layers:
        groups.setdefault(root(layer), []).append(layer)
    return sorted(sorted(group) for group in groups.values())
    # END SOLUTION


# %%
check("28B")

# %%
# NBVAL_CHECK_OUTPUT
finish("28")
