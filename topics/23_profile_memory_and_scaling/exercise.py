# %% [markdown]
# {{exercise_header}}
#
# Two halves of one question. Where do tensors go, and how many bytes are alive at each moment? The first task plans the block of memory, the second reads the moments out of a file.

# %%
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from course_lib import check, finish, float_tflite

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

# %% [markdown]
# {{task:A}}


# %%
def plan_arena(records, align=64):
    # BEGIN SOLUTION
    for size, first, last in records:
        if size < 0 or last < first:
            raise ValueError(f"{size} bytes from operator {first} to {last} is no tensor")
    offsets = {}
    for index in sorted(range(len(records)), key=lambda i: -records[i][0]):
        size, first, last = records[index]
        neighbours = sorted(
            (offsets[other], records[other][0])
            for other in offsets
            if records[other][1] <= last and first <= records[other][2]
        )
        offset = 0
        for begin, length in neighbours:
            if offset + size <= begin:
                break
            offset = max(offset, -(-(begin + length) // align) * align)
        offsets[index] = offset
    total = max((offsets[i] + records[i][0] for i in offsets), default=0)
    return [offsets[i] for i in range(len(records))], total
    # END SOLUTION


# %%
check("23A")

# %% [markdown]
# {{task:B}}
#
# What a file looks like from Python:

# %%
model = schema.ModelT.InitFromPackedBuf(float_tflite("baseline").content, 0)
main = model.subgraphs[0]
print("inputs", list(main.inputs), "outputs", list(main.outputs))
for op in main.operators[:2]:
    data = [model.buffers[main.tensors[index].buffer].data for index in op.inputs]
    roles = ["computed" if each is None else f"constant, {len(each)} bytes" for each in data]
    print("reads", dict(zip(op.inputs.tolist(), roles, strict=True)), "writes", op.outputs.tolist())


# %% [markdown]
# Now the bytes that are alive while each operator runs.


# %%
def live_bytes(tflite):
    # BEGIN SOLUTION
    model = schema.ModelT.InitFromPackedBuf(tflite, 0)
    graph = model.subgraphs[0]
    end = len(graph.operators) - 1
    first, last = {int(index): 0 for index in graph.inputs}, {}
    for position, op in enumerate(graph.operators):
        for index in map(int, op.inputs):
            last[index] = position
        for index in map(int, op.outputs):
            first.setdefault(index, position)
            last[index] = max(position, last.get(index, 0))
    last.update((int(index), end) for index in graph.outputs)
    live = [0] * (end + 1)
    for index, begin in first.items():
        tensor = graph.tensors[index]
        size = int(np.prod(tensor.shape, dtype=np.int64)) * BYTES_OF.get(tensor.type, 0)
        for position in range(begin, last.get(index, begin) + 1):
            live[position] += size
    return live
    # END SOLUTION


# %%
check("23B")

# %%
# NBVAL_CHECK_OUTPUT
finish("23")
