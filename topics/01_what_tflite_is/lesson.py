# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **read** the first eight bytes of any file and say in one line whether it is a `.tflite` (1A),
# - **split** an operator list between accelerator and CPU, and count the crossings that decide the speed (1B),
# - **explain** file, runtime and delegate in sixty seconds with four numbers, and place a PyTorch model on the map (quiz).
#
# ## Predict first
#
# Three guesses. They are kept for you and shown beside the measurements.

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "file_size",
    "A trained network of 87,594 float32 parameters: 350,376 bytes of numbers. Converted to "
    ".tflite without any quantization, the file is",
    zh="一个训练好的网络有 87,594 个 float32 参数，光数值就占 350,376 字节。"
    "不做任何量化，直接转换成 .tflite，文件会",
    choices={
        "smaller": Say(
            "clearly smaller: that is what TFLite is for", "明显变小：TFLite 就是干这个的"
        ),
        "same": Say("the same within one per cent", "几乎不变，相差不到 1%"),
        "bigger": Say("clearly bigger: the graph has to be stored too", "明显变大：计算图也要存"),
    },
)
predict(
    "delegate_speedup",
    "The same file on the same CPU and one thread: how many times faster do the XNNPACK delegate's "
    "kernels run it than the built-in ones?",
    zh="同一个文件、同一颗 CPU、单线程：XNNPACK delegate 比内建算子实现快几倍？",
    unit="x",
)
predict(
    "better_npu",
    "Accelerator A computes 20 times as fast as this CPU and accepts convolutions only. B is 4 "
    "times as fast and accepts all but one operator. Each crossing to or from it takes 30 µs. "
    "Which one finishes a small vision network first?",
    zh="加速器 A 的计算速度是这颗 CPU 的 20 倍，只接受卷积；B 只有 4 倍，但除一个算子外全都接受。"
    "数据每进或出加速器一次要 30 µs。跑一个小型视觉网络，谁先完成？",
    choices={
        "A": Say("A, 20 times as fast", "A，20 倍速"),
        "B": Say("B, 4 times as fast", "B，4 倍速"),
    },
)

# %% [markdown]
# ## Open the file with nothing
#
# A `.tflite` is a FlatBuffer. No decoder runs over it: every object lies at a byte offset, and offsets point to offsets. So we can walk from byte 0 to a convolution's weights with slices alone.
#
# The first four bytes say where the root table begins, the next four are the file's signature. The root table points back to a *vtable*, which says where each field is.

# %%
import numpy as np

from course_lib import float_tflite, inspect, table

float32 = float_tflite("baseline")
content = float32.content


def u16(at):
    return int.from_bytes(content[at : at + 2], "little")


def i32(at):
    return int.from_bytes(content[at : at + 4], "little", signed=True)


root = i32(0)
vtable = root - i32(root)  # the table's first word: how far back its vtable lies
version = i32(root + u16(vtable + 4))  # slot 0 of the schema's Model table
assert content[4:8] == b"TFL3"
assert version == 3
steps = [
    (0, 4, f"the root table begins at byte {root}"),
    (4, 8, f"identifier {content[4:8].decode()!r}"),
    (root, root + 4, f"its vtable lies {root - vtable} bytes back, at {vtable}"),
    (vtable, vtable + 4, f"the vtable has {u16(vtable)} bytes, the table {u16(vtable + 2)}"),
    (root + u16(vtable + 4), root + u16(vtable + 4) + 4, f"first field: schema version {version}"),
]
table(
    [
        {"bytes": f"{a} to {b - 1}", "hex": content[a:b].hex(" "), "meaning": meaning}
        for a, b, meaning in steps
    ],
    caption="Five steps from byte 0 to the first field. All numbers are little-endian",
    name="first bytes",
)

# %% [markdown]
# A few more hops of the same kind lead to the buffers. The library's `inspect` walks them all, so let it name the place, and read the largest tensor ourselves. The runtime must see the same numbers, and we must not have copied any.

# %%
from ai_edge_litert.interpreter import Interpreter

from course_lib.backend import quiet_stderr

anatomy = inspect(float32)
graph = anatomy.subgraphs[0]
kernel = max(graph.tensors, key=lambda tensor: tensor.stored_bytes)
start, stop = kernel.span
view = np.frombuffer(content, "<f4", (stop - start) // 4, start).reshape(kernel.shape)
assert not view.flags.owndata  # a window onto the file's bytes, nothing was parsed or copied

with quiet_stderr():  # the first interpreter of a process announces its delegate there
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
assert np.array_equal(interpreter.get_tensor(kernel.index), view)
print(f"{kernel.name} {list(kernel.shape)} {kernel.dtype}, bytes {start:,} to {stop:,}")
print("first weights:", view.ravel()[:4].round(4))

# %% [markdown]
# That is the answer to "why not protobuf": a protobuf has to be decoded into objects first. A FlatBuffer is mapped into memory, and a weight that nobody touches is never even loaded from flash.
#
# ## Where the bytes are
#
# Every byte of the file, sorted by what it is for.

# %%
import matplotlib.pyplot as plt

from course_lib import record, reveal, show
from course_lib.lesson import style
from course_lib.models import shipped

PARAMETERS = shipped.record("baseline")["parameters"]
assert PARAMETERS == 87_594
sections = {name: size for name, size in anatomy.sections.items() if size}
numbers = sections["weights"] + sections["biases"]
rest = {n: s for n, s in sections.items() if n not in ("weights", "biases")}
rest = dict(sorted(rest.items(), key=lambda item: -item[1]))

assert 0.3 < rest["strings"] / sum(rest.values()) < 0.4  # "a third are names"

with style():
    fig, (whole, zoom) = plt.subplots(2, 1, figsize=(8, 3.4), height_ratios=(1, 2.2))
    for ax, parts in ((whole, {"numbers": numbers, "the rest": sum(rest.values())}), (zoom, rest)):
        left, total = 0, sum(parts.values())
        for (name, size), colour in zip(parts.items(), plt.cm.tab20.colors, strict=False):
            ax.barh(0, size, left=left, color=colour, edgecolor="white", linewidth=0.5)
            if size > 0.05 * total:
                turned = 0 if size > 0.11 * total else 90
                text = f"{name}\n{size:,} bytes" if turned == 0 else f"{name} {size}"
                ax.text(left + size / 2, 0, text, ha="center", va="center", rotation=turned)
            left += size
        ax.set_yticks([])
        ax.grid(visible=False)
        ax.set_xlim(0, total)
        ax.xaxis.set_major_formatter("{x:,.0f}")
    whole.annotate(
        f"the rest, {sum(rest.values()):,} bytes", (float32.raw_bytes, 0.4), xytext=(-4, 8),
        textcoords="offset points", ha="right", annotation_clip=False,
    )  # fmt: skip
    whole.set(xlabel="bytes of the file")
    zoom.set(xlabel="bytes of the rest")
show(
    fig,
    alt="Two bars: nearly the whole file is weights and biases; the small rest is mostly names and "
    "tensor descriptions.",
    caption="Above, the whole file. Below, everything in it that is not a weight or a bias.",
    caption_zh="上：整个文件。下：除权重和偏置以外的全部内容，名称占了三分之一。",
)
record("file_bytes", float32.raw_bytes)
record("numbers_share", 100 * numbers / float32.raw_bytes)
record("rest_bytes", sum(rest.values()))
record("extra_bytes", float32.raw_bytes - 4 * PARAMETERS)
growth = float32.raw_bytes / (4 * PARAMETERS) - 1
reveal("file_size", "same" if abs(growth) < 0.01 else "smaller" if growth < 0 else "bigger")

# %% [markdown]
# Conversion saved nothing: the file is {extra_bytes} bytes *larger* than the parameters. The graph that everybody worries about takes {rest_bytes:,} bytes, and a third of those are names.
#
# Yet you will read "TFLite made my model three times smaller". Usually it is this: a training run saves the optimizer's state beside the weights, and Adam keeps two moments for each trainable number. The course ships its checkpoint without them, so add them by arithmetic.

# %%
shipped_h5 = (shipped.FOLDER / "baseline.weights.h5").stat().st_size
adam = 2 * 4 * (PARAMETERS - 320)  # 320 numbers are moving averages, which are not trained
checkpoint = shipped_h5 + adam
assert 0 < shipped_h5 - 4 * PARAMETERS < 60_000  # what remains is HDF5's own structure
record("h5_ratio", checkpoint / float32.raw_bytes)
record("h5_bytes", checkpoint)
table(
    [
        {"what is stored": "parameters", "bytes": 4 * PARAMETERS},
        {"what is stored": "HDF5's own structure", "bytes": shipped_h5 - 4 * PARAMETERS},
        {"what is stored": "Adam's two moments", "bytes": adam},
        {"what is stored": "the checkpoint that training saves", "bytes": checkpoint},
        {"what is stored": "the float32 .tflite", "bytes": float32.raw_bytes},
    ],
    caption=f"{checkpoint / float32.raw_bytes:.1f}x smaller, without compressing a single number",
    name="checkpoint",
)

# %% [markdown]
# ## What the runtime makes of it
#
# Twelve Keras layers went in. Look at what came out, and at the name that one of the biases carries.

# %%
listed = interpreter._get_ops_details()
table(
    [
        {
            "operator": op.name + (f" + {op.activation}" if op.activation else ""),
            "type": op.dtype,
            "MACs": op.macs,
            "constants, bytes": op.weight_bytes,
            "output": "x".join(map(str, graph.tensors[op.outputs[0]].shape)),
        }
        for op in graph.operators
    ],
    caption="The whole program: five operators, run in this order",
    name="program",
)
print(
    "one bias is called:", *graph.tensors[graph.operators[1].inputs[2]].name.split(";"), sep="\n  "
)
print("the interpreter's list after allocating:")
print(" ", ", ".join(op["op_name"] for op in listed))
assert len(graph.operators) == 5
assert {"CONV_2D", "FULLY_CONNECTED", "RESHAPE"} == {op.name for op in graph.operators}

# %% [markdown]
# Batch normalization was folded into the convolution's weights and bias, ReLU fused into it, dropout dropped. What is left has no classes, no gradients and no Python: a list of operators from a fixed set, and tensors.
#
# The interpreter's list has one entry more than the file, `DELEGATE`. While allocating, the runtime offered the operators to its delegates, and XNNPACK, the default one on a CPU, took them all. Time to see what that is worth.
#
# Three ways to run the same bytes: with XNNPACK, without, and through the newer API, `CompiledModel`, which asks for accelerators by name and hands over buffers instead of tensors. Calls alternate, so that a busy machine slows all three alike.

# %%
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.hardware_accelerator import HardwareAccelerator

from course_lib import Environment, fashion_mnist
from course_lib.evaluation import predict as outputs
from course_lib.evaluation import race, wilson
from course_lib.evaluation.runtime import delegate_name, open_interpreter

data = fashion_mnist()
with quiet_stderr():  # CompiledModel logs every accelerator that it looks for
    compiled = CompiledModel.from_buffer(content, hardware_accel=HardwareAccelerator.CPU)
    given, answer = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
    given[0].write(data.x_test[:1])


def compiled_logits(images):
    """Run CompiledModel image by image: write into its buffer, run, read from the other."""
    logits = np.empty((len(images), 10), np.float32)
    for index in range(len(images)):
        given[0].write(images[index : index + 1])
        compiled.run_by_index(0, given, answer)
        logits[index] = answer[0].read(10, np.float32)
    return logits


plain = open_interpreter(float32, xnnpack=False)
spent = race(
    {
        "Interpreter, XNNPACK": interpreter.invoke,
        "Interpreter, built-in kernels": plain.invoke,
        "CompiledModel, CPU": lambda: compiled.run_by_index(0, given, answer),
    }
)
logits = {
    "Interpreter, XNNPACK": outputs(float32, data.x_test),
    "Interpreter, built-in kernels": outputs(float32, data.x_test, xnnpack=False),
    "CompiledModel, CPU": compiled_logits(data.x_test),
}
said = {name: values.argmax(1) for name, values in logits.items()}
rows = []
for name, times in spent.items():
    right = int(np.sum(said[name] == data.y_test))
    interval = wilson(right, 10_000)
    rows.append(
        {
            "way": name,
            "raw bytes": float32.raw_bytes,
            "gzip bytes": float32.gzip_bytes,
            "accuracy %": right / 100,
            "95% interval": f"{100 * interval.low:.2f} to {100 * interval.high:.2f}",
            "other answers": int(np.sum(said[name] != said["Interpreter, XNNPACK"])),
            "median µs": round(float(np.median(times)), 1),
            "p95 µs": round(float(np.percentile(times, 95)), 1),
            "threads": 1,
            "delegate": delegate_name(plain) if "built-in" in name else "XNNPACK",
        }
    )
table(
    rows,
    caption=f"One file, three ways to run it, all 10,000 test images. {Environment.here()}",
    name="ways",
)
median = {name: float(np.median(times)) for name, times in spent.items()}
speedup = median["Interpreter, built-in kernels"] / median["Interpreter, XNNPACK"]
record("xnnpack_speedup", speedup)
record("xnnpack_us", median["Interpreter, XNNPACK"])
record("compiled_ratio", median["CompiledModel, CPU"] / median["Interpreter, XNNPACK"])
record("other_answers", max(row["other answers"] for row in rows))
reveal("delegate_speedup", speedup)

# %% [markdown]
# Same bytes, same answers, {xnnpack_speedup:.1f}x apart on one thread of this CPU. The file has no speed. Whoever says "the TFLite model takes so many milliseconds" has left out the half of the sentence that decides: which kernels ran it.
#
# `CompiledModel` on the CPU is XNNPACK again, at {compiled_ratio:.2f} times the Interpreter's time here. Its point is elsewhere: one call names GPU and NPU, and camera or GPU buffers go in without a copy.
#
# ## When the delegate says no
#
# XNNPACK knows nearly every float operator. GPU and NPU delegates know fewer, and what one refuses goes back to the CPU. To see what that does, take a network with more kinds of operators: two blocks in the manner of MobileNetV3, untrained, committed beside this lesson. Its price list first: cut the file into one file for each operator, and time each alone on XNNPACK.

# %%
import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from course_lib import Artifact
from course_lib.catalog import topic

phone_net = Artifact.load(topic("01").folder / "phone_net.tflite")
program = inspect(phone_net).subgraphs[0].operators


def cut(artifact, index):
    """Return a .tflite that holds one operator of another, fed from outside."""
    model = schema.ModelT.InitFromPackedBuf(artifact.content, 0)
    graph = model.subgraphs[0]
    only = graph.operators[index]
    constant = [model.buffers[tensor.buffer].data is not None for tensor in graph.tensors]
    graph.operators = [only]
    graph.inputs = [int(t) for t in only.inputs if t >= 0 and not constant[t]]
    graph.outputs = [int(t) for t in only.outputs]
    model.signatureDefs = None
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return Artifact(f"operator {index}", bytes(builder.Output()))


alone = race(
    {str(op.index): open_interpreter(cut(phone_net, op.index)).invoke for op in program},
    seconds=0.5,
    rounds=15,
)
price = np.array([np.median(times) for times in alone.values()])
kinds = sorted(
    {op.name for op in program}, key=lambda kind: -sum(price[[o.name == kind for o in program]])
)
table(
    [
        {
            "operator": kind,
            "count": sum(op.name == kind for op in program),
            "million MACs": sum(op.macs for op in program if op.name == kind) / 1e6,
            "µs": round(float(sum(price[op.index] for op in program if op.name == kind)), 1),
        }
        for kind in kinds
    ],
    caption=f"{len(program)} operators of the phone network, each timed alone, one thread, XNNPACK",
    name="prices",
)

# %% [markdown]
# Now put an accelerator beside the CPU. This part is a model, and a generous one: an operator that the accelerator accepts costs its CPU time divided by the accelerator's speed, and each change of side costs a fixed time. Both accelerators of the prediction are settings of it; move the controls and find out what the crossing may cost before an accelerator is worth its battery.

# %%
from itertools import groupby, pairwise

import ipywidgets

from course_lib import playground

MATRIX = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}
ACCEPTS = {
    "convolutions only": MATRIX,
    "and HARD_SWISH": MATRIX | {"HARD_SWISH"},
    "and HARD_SWISH, MUL, ADD": MATRIX | {"HARD_SWISH", "MUL", "ADD"},
    "all but SOFTMAX": {op.name for op in program} - {"SOFTMAX"},
}


def sides(accepts):
    """Return the runs of operators as (accelerated?, indices), in order."""
    runs = groupby(program, lambda op: op.name in ACCEPTS[accepts])
    return [(accelerated, [op.index for op in run]) for accelerated, run in runs]


def schedule(accepts, times_faster, crossing):
    """Return the blocks (accelerated?, start, stop), the crossings and the total in µs."""
    clock, blocks, crossings, at = 0.0, [], 0, False  # data start on the CPU
    for accelerated, indices in [*sides(accepts), (False, [])]:
        if accelerated != at:
            clock, crossings, at = clock + crossing, crossings + 1, accelerated
        length = float(price[indices].sum()) / (times_faster if accelerated else 1)
        blocks.append((accelerated, clock, clock + length))
        clock += length
    return blocks, crossings, clock


def lanes(ax, accepts, times_faster, crossing):
    """Draw one inference on two lanes."""
    blocks, crossings, total = schedule(accepts, times_faster, crossing)
    share = sum(op.name in ACCEPTS[accepts] for op in program) / len(program)
    for before, after in pairwise([(False, 0.0, 0.0), *blocks]):
        if before[0] != after[0]:
            ax.plot([before[2], after[1]], [before[0], after[0]], color="#999999", linewidth=1)
    for accelerated, first, last in blocks:
        colour = "#009E73" if accelerated else "#D55E00"
        ax.barh(int(accelerated), max(last - first, 2), left=first, height=0.5, color=colour)
    ax.axvline(price.sum(), color="black", linestyle=":", linewidth=1)
    ax.set_yticks([0, 1], ["CPU", "accelerator"])
    ax.set(xlabel="µs (dotted: the CPU alone)", ylabel="side", ylim=(-0.6, 1.6))
    ax.set_xlim(0, 1.05 * max(total, price.sum(), ax.get_xlim()[1]))
    ax.set_title(
        f"{accepts}, {times_faster}x: {share:.0%} of operators, {crossings} crossings, {total:.0f} µs"
    )


def timeline(accepts="convolutions only", times_faster=20, crossing=30):
    with style():
        fig, ax = plt.subplots(figsize=(8, 2.4))
        lanes(ax, accepts, times_faster, crossing)
    return fig


playground(
    timeline,
    alt="Timeline of one inference on two lanes, CPU and accelerator, with the crossings between them.",
    accepts=list(ACCEPTS),
    times_faster=ipywidgets.IntSlider(20, 1, 50),
    crossing=ipywidgets.IntSlider(30, 0, 200, 5),
)
with style():
    fig, axes = plt.subplots(2, 1, figsize=(8, 4.4), sharex=True)
    lanes(axes[1], "all but SOFTMAX", 4, 30)
    lanes(axes[0], "convolutions only", 20, 30)
    axes[0].set_xlabel("")
show(
    fig,
    alt="Above, accelerator A: thin blocks on the accelerator and many slanted crossings. Below, B: "
    "one block on the accelerator, one crossing there and one back.",
    caption="A (above): the arithmetic is nearly free, the way there and back is not. B (below): a "
    "fifth of the speed, and only two crossings.",
    caption_zh="A（上）：计算几乎不花时间，来回的路才花时间。B（下）：速度只有五分之一，但只进出各一次。",
)

# %% [markdown]
# The verdict in numbers, and what each accelerator would need to beat the CPU alone.

# %%
a, b = schedule("convolutions only", 20, 30), schedule("all but SOFTMAX", 4, 30)
record("crossings_a", a[1])
record("crossings_b", b[1])
record("total_a", a[2])
record("total_b", b[2])
record("cpu_alone", float(price.sum()))
record("b_wins_by", a[2] / b[2])
record("accepted_a", 100 * sum(op.name in MATRIX for op in program) / len(program))
assert b[1] == 2
assert a[1] >= 5 * b[1]
table(
    [
        {
            "accelerator": name,
            "operators accepted": sum(op.name in ACCEPTS[accepts] for op in program),
            "crossings": plan[1],
            "total µs": round(plan[2], 1),
            "crossing may cost, µs": round((price.sum() - plan[2] + plan[1] * 30) / plan[1], 1),
        }
        for name, accepts, plan in (
            ("A: 20x, convolutions only", "convolutions only", a),
            ("B: 4x, all but SOFTMAX", "all but SOFTMAX", b),
        )
    ],
    caption=f"Modelled from measured operator times; the CPU alone takes {price.sum():.0f} µs",
    name="accelerators",
)
reveal("better_npu", "A" if a[2] < b[2] else "B")

# %% [markdown]
# Ask "how many crossings?" before "how many TOPS?". A has {crossings_a} of them because cheap operators, HARD_SWISH most often, sit between the expensive ones. That is also why real delegates have a rule such as "no segment of fewer than n operators": a lonely convolution is better left on the CPU. You will write that rule in 1B.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# This lesson has loaded, inspected, cut, and run two models. Check what it took, and what accelerators the API knows of.

# %%
import sys

assert not [m for m in ("tensorflow", "keras", "tf_keras", "torch") if m in sys.modules]
assert float32.raw_bytes > 4 * PARAMETERS
accelerators = [each.name for each in HardwareAccelerator if each]
assert accelerators == ["CPU", "GPU", "NPU"]
record("accelerators", ", ".join(accelerators))
print("imported by this lesson: TensorFlow no, Keras no, PyTorch no")
print("accelerators that CompiledModel can be asked for:", *accelerators)

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# Where the first answer's time goes, what the runtime says of hardware that is not there, and the way from PyTorch.

# %% [markdown]
# ### Where the first answer's time goes
#
# "What does `allocate_tensors()` do?" It plans one block of memory, the arena, for all activations, lets the delegates claim operators, and lets them repack the weights into the order in which their kernels read. That is done once, before the first inference. How does it compare with one inference?


# %%
import time


def stages(xnnpack):
    """Return the microseconds of opening, allocating, the first run and a later run; medians of 15 loads."""
    seen = []
    for _ in range(15):
        marks = [time.perf_counter()]
        fresh = open_interpreter(float32, xnnpack=xnnpack, allocate=False)
        marks.append(time.perf_counter())
        fresh.allocate_tensors()
        marks.append(time.perf_counter())
        for _ in range(6):
            fresh.invoke()
            marks.append(time.perf_counter())
        steps = 1e6 * np.diff(marks)
        seen.append([*steps[:3], np.median(steps[4:])])
    return np.median(seen, axis=0)


STAGES = ("open the file", "allocate_tensors()", "first invoke()", "a later invoke()")
times = {"XNNPACK": stages(True), "built-in kernels": stages(False)}
with style():
    fig, ax = plt.subplots(figsize=(7, 3))
    for shift, (name, values) in zip((-0.2, 0.2), times.items(), strict=True):
        bars = ax.barh(np.arange(4) + shift, values, height=0.38, label=name)
        ax.bar_label(bars, [f"{value:,.0f} µs" for value in values], padding=4, fontsize=9)
    ax.set_yticks(range(4), STAGES)
    ax.invert_yaxis()
    ax.set(xlabel="µs", ylabel="stage")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
show(
    fig,
    alt="Time of four stages for XNNPACK and built-in kernels: with XNNPACK allocating takes several "
    "times one inference, without it next to nothing.",
    caption="XNNPACK pays in advance: it repacks the weights once. An app that loads the model for "
    "each photo pays each time.",
    caption_zh="XNNPACK 先付一笔：把权重重新排布一次。每拍一张照片就重新加载模型的应用，每次都要再付。",
)
first = {name: float(sum(values[:3])) for name, values in times.items()}
print("until the first answer:", ", ".join(f"{name} {us:.0f} µs" for name, us in first.items()))
record("allocate_runs", times["XNNPACK"][1] / times["XNNPACK"][3])

# %% [markdown]
# ### Ask for hardware that is not there
#
# `CompiledModel` takes a set of accelerators and prefers NPU, then GPU, then CPU. This is what it says on the machine that ran this page. Read the last column before you trust a dashboard that prints it.

# %%
NPU, CPU = HardwareAccelerator.NPU, HardwareAccelerator.CPU


def ask(wanted):
    """Return whether the runtime accepts these accelerators, and then calls the model accelerated."""
    try:
        model = CompiledModel.from_buffer(content, hardware_accel=wanted)
        return "runs", str(model.is_fully_accelerated())
    except RuntimeError:
        return "refused", "–"


with quiet_stderr():
    asked = {"CPU": ask(CPU), "NPU": ask(NPU), "NPU or CPU": ask(NPU | CPU)}
table(
    [
        {"asked for": name, "outcome": outcome, "is_fully_accelerated()": claim}
        for name, (outcome, claim) in asked.items()
    ],
    caption="What CompiledModel answers here",
    name="asked",
)
assert asked["CPU"] == ("runs", "True")

# %% [markdown]
# "Fully accelerated" means that some accelerator took every operator, and XNNPACK on the CPU counts as one. Leave the CPU out of the set while you test: only then does a missing operator, or a missing NPU, become an error instead of a slow phone.
#
# ### From PyTorch
#
# The format does not care who trained. `litert-torch` (formerly ai-edge-torch) takes what `torch.export` gives and writes a `.tflite`:
#
# ```python
# import litert_torch
# model = litert_torch.to_channel_last_io(network.eval(), args=[0])    # NHWC at the door
# litert_torch.convert(model, (torch.randn(1, 224, 224, 3),)).export("network.tflite")
# ```
#
# Three things go wrong, and you can see each in the operator list. PyTorch thinks in NCHW: without `to_channel_last_io` the app has to feed NCHW, and TRANSPOSE operators may be left between layers. `eval()` forgotten leaves dropout and batch statistics in the graph. And `torch.export` refuses Python control flow that depends on data. JAX models come through `jax2tf` and a SavedModel. After conversion nothing of the origin matters: the same `inspect`, the same quantizer, the same delegates.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# The accelerators A and B are arithmetic on a server CPU's operator times. A real NPU compiles the segment as a whole, has its own memory limits, and its crossing time depends on whether the buffers are shared. The direction holds, the microseconds do not. Asked "which phone?", say that you would count the delegated operators on the target with `benchmark_model` and only then time it. The microcontroller runtime, TFLite Micro, runs in lesson 08.
#
# ## Sources
#
# {{sources}}
#
# {{exercise}}
#
# {{next}}

# %%
# NBVAL_CHECK_OUTPUT
from course_lib import receipt

receipt()
