# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **compute** a matrix product the dynamic-range way, one range per row: more than 30 dB, and no row hears its neighbour (20A),
# - **track** the distribution of a stream in a fixed number of counters, every quantile within three bins, nothing lost when the range grows (20B),
# - **name** what may change between two calls of a loaded model, and what each attempt at the rest does: nothing, wrong answers, or a dead process (quiz).
#
# ## Predict first
#
# Somebody wants to compress a running model: new weights, written between two inferences.

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "overwrite",
    "The model is loaded from bytes, with the default delegate. You overwrite a weight tensor with "
    "zeros by set_tensor and run it again. What happens?",
    zh="模型从 bytes 加载，使用默认 delegate。你用 set_tensor 把一个权重张量全写成零，再推理一次。"
    "会发生什么？",
    choices={
        "refused": Say("set_tensor raises an error", "set_tensor 报错"),
        "used": Say("the output changes", "输出变了"),
        "ignored": Say("the output is the same to the last bit", "输出一个比特都没变"),
        "killed": Say("the process dies", "进程崩溃"),
    },
)
predict(
    "requantize_cost",
    "Quantizing this network's 87,594 weights again takes the time of how many inferences?",
    zh="把这个网络的 87,594 个参数重新量化一遍，时间够做多少次推理？",
)

# %% [markdown]
# ## Trying the impossible, safely
#
# Some of these attempts kill the process, so each gets a process of its own. The victim loads the float model, runs it, suffers one attack, runs again, and says after each step that it is still alive. What we vary: the attack, where the model came from, and whether XNNPACK or the built-in kernels compute.

# %%
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from course_lib import float_tflite

float32 = float_tflite("baseline")
VICTIM = """
import contextlib, hashlib, json, os, sys
with contextlib.suppress(ImportError):
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash is expected: leave no core file
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType as Kernels

attack, source, kernels, path = sys.argv[1:]
content = open(path, "rb").read()
resolver = Kernels.AUTO if kernels == "XNNPACK" else Kernels.BUILTIN_WITHOUT_DEFAULT_DELEGATES
model = {"model_content": content} if source == "bytes" else {"model_path": path}
interpreter = Interpreter(num_threads=1, experimental_op_resolver_type=resolver, **model)
interpreter.allocate_tensors()
tensors = {t["name"]: t for t in interpreter.get_tensor_details()}
weights = next(t for name, t in tensors.items() if name.endswith("dense/MatMul"))
image = np.linspace(0, 1, 784, dtype=np.float32).reshape(1, 28, 28, 1)

def say(**what):
    print(json.dumps(what), flush=True)

def run():
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).copy()

before, checksum = run(), hashlib.sha256(content).digest()
say(died_in="the attack")
if attack == "set_tensor":
    interpreter.set_tensor(weights["index"], np.zeros(weights["shape"], np.float32))
elif attack == "rewrite":  # in place: zeros over the middle of the file
    with open(path, "r+b") as file:
        file.seek(len(content) // 2)
        file.write(bytes(100_000))
elif attack == "truncate":
    open(path, "wb").close()
elif attack == "rename":
    with open(path + ".new", "wb") as file:
        file.write(bytes(len(content)))
    os.replace(path + ".new", path)
say(died_in="the next invoke")
after = run()
say(output_changed=bool((before != after).any()))
say(bytes_changed=hashlib.sha256(content).digest() != checksum)
if attack == "set_tensor":
    say(reads_zero=not interpreter.get_tensor(weights["index"]).any())
"""


def attempt(attack, source, kernels):
    """Run one victim and return what it said; "fate" tells how it ended."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        path.write_bytes(float32.content)
        command = [sys.executable, "-c", VICTIM, attack, source, kernels, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    said = {}
    for line in done.stdout.splitlines():
        said |= json.loads(line)
    if done.returncode < 0:
        return said | {"fate": signal.Signals(-done.returncode).name}
    if done.returncode:
        return said | {"fate": done.stderr.strip().splitlines()[-1].split(":")[0]}
    return said | {"fate": "changed" if said["output_changed"] else "same"}


ATTACKS = {
    "set_tensor, model from bytes": ("set_tensor", "bytes"),
    "set_tensor, model from a path": ("set_tensor", "path"),
    "file rewritten in place": ("rewrite", "path"),
    "file truncated": ("truncate", "path"),
    "new file renamed over it": ("rename", "path"),
}
KERNELS = ("XNNPACK", "built-in")
fates = {(name, k): attempt(*how, k) for name, how in ATTACKS.items() for k in KERNELS}

# %% [markdown]
# Ten victims, ten reports. Blue: nothing happened. Orange: it still answers, with other weights. Red: dead.

# %%
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from course_lib import record, reveal, show
from course_lib.lesson import style

COLOUR = {"same": 0, "changed": 1}
WORDS = {"same": "output the same", "changed": "output changed, no error"}
with style():
    fig, ax = plt.subplots(figsize=(8, 3.6))
    grid = [[COLOUR.get(fates[name, k]["fate"], 2) for k in KERNELS] for name in ATTACKS]
    paint = ListedColormap(["#CFE5F2", "#F6D3A8", "#E8A79B"])
    ax.imshow(grid, cmap=paint, vmin=0, vmax=2, aspect="auto")
    for row, name in enumerate(ATTACKS):
        for column, k in enumerate(KERNELS):
            found = fates[name, k]
            text = WORDS.get(found["fate"], f"{found['fate']} in {found.get('died_in')}")
            if found.get("bytes_changed"):
                text += "\nand the Python bytes changed"
            ax.text(column, row, text, ha="center", va="center", fontsize=10)
    ax.set_xticks(range(2), KERNELS)
    ax.set_yticks(range(len(ATTACKS)), list(ATTACKS))
    ax.grid(visible=False)
    ax.xaxis.tick_top()
show(
    fig,
    alt="Grid of five attacks against two sets of kernels: output the same, output changed, or "
    "killed by a signal.",
    caption="Five ways to change a loaded model. Only the last one is safe with both kernels, and "
    "it changes nothing "
    "until the model is loaded again.",
    caption_zh="改动已加载模型的五种办法。只有最后一种对两套算子实现都安全，而它在重新加载之前什么也不改变。",
)
overwritten = fates["set_tensor, model from bytes", "XNNPACK"]
record("set_tensor_default", overwritten["fate"])
record("set_tensor_builtin", fates["set_tensor, model from bytes", "built-in"]["fate"])
record("set_tensor_path", fates["set_tensor, model from a path", "XNNPACK"]["fate"])
record("truncate_builtin", fates["file truncated", "built-in"]["fate"])
record("rewrite_builtin", fates["file rewritten in place", "built-in"]["fate"])
names = {"same": "ignored", "changed": "used"}
fate = overwritten["fate"]
reveal("overwrite", names.get(fate, "killed" if fate.startswith("SIG") else "refused"))

# %% [markdown]
# Read the first row again, slowly. XNNPACK copied the weights into its own layout when the model was loaded, so your zeros change nothing. But they *were* written: `get_tensor` reads them back as zeros, and the Python `bytes` object that you loaded from, immutable by every rule of the language, holds them too. A test that reads the weight back would pass.
#
# A path is mapped read-only, hence the segmentation fault. The middle row is the one that happens in production: an updater overwrites the model file while the app runs, and built-in kernels compute with half of the new file, silently. XNNPACK has its copy of the weights, but not of everything: truncate the file, and it dies like the other. Rename a complete new file over the old one, and load it again.

# %%
assert overwritten["fate"] == "same"  # the output, to the last bit
assert overwritten["bytes_changed"]
assert overwritten["reads_zero"]
assert fates["new file renamed over it", "XNNPACK"]["fate"] == "same"
for kernels in KERNELS:
    said = fates["set_tensor, model from bytes", kernels]
    print(
        f"{kernels}: output changed: {said['output_changed']}, bytes changed: "
        f"{said['bytes_changed']}, weight reads back as zeros: {said['reads_zero']}"
    )

# %% [markdown]
# ## What really is computed per call
#
# The mode called *dynamic range* sounds like compression at run time. Look into the file: its weights have been int8 since it was written. What is missing are the ranges of the activations; those are found anew in each call. Claim: for every image, and before every layer, the kernel takes the minimum and the maximum, derives a scale and a zero point, rounds to int8, and multiplies integers. Let us build it for the last layer and see whether LiteRT agrees.

# %%
from course_lib import DynamicRange, fashion_mnist, inspect
from course_lib.evaluation import sqnr_db
from course_lib.evaluation.runtime import open_interpreter

data = fashion_mnist()
dynamic = DynamicRange()(float32)
graph = inspect(dynamic).subgraphs[0]
dense = graph.operators[-1]
assert {graph.tensors[op.inputs[1]].dtype for op in graph.operators if op.macs} == {"int8"}
assert {graph.tensors[op.inputs[0]].dtype for op in graph.operators} == {"float32"}


def constant(index):
    """Return the values of a constant tensor from the bytes of the file."""
    tensor = graph.tensors[index]
    start, stop = tensor.span
    return np.frombuffer(dynamic.content[start:stop], tensor.dtype).reshape(tensor.shape)


W, bias = constant(dense.inputs[1]).astype(np.int32), constant(dense.inputs[2])
w_scale = graph.tensors[dense.inputs[1]].quantization.scale


def around_zero(x):
    """Return scale and zero point of the symmetric scheme, one pair per row."""
    return np.abs(x).max(1, keepdims=True) / 127, 0


def from_lowest_to_highest(x):
    """Return scale and zero point of the asymmetric scheme, one pair per row."""
    low, high = np.minimum(x.min(1), 0)[:, None], np.maximum(x.max(1), 0)[:, None]
    scale = (high - low) / 255
    return scale, np.rint(-128 - low / scale)


def by_hand(x, scheme):
    scale, zero = scheme(x)
    q = np.clip(np.rint(x / scale + zero), -128, 127)
    return (q - zero).astype(np.int32) @ W.T * scale * w_scale + bias


def litert(file, images, tensors, xnnpack=True):
    """Return some tensors of a file's graph, by index, for a batch of images."""
    interpreter = open_interpreter(file, xnnpack=xnnpack, preserve=True)
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, images)
    interpreter.invoke()
    return [interpreter.get_tensor(tensor) for tensor in tensors]


few = data.x_test[:200]
gaps = {}
for kernels in KERNELS:
    hidden, logits = litert(
        dynamic, few, [dense.inputs[0], dense.outputs[0]], xnnpack=kernels == "XNNPACK"
    )
    for scheme in (from_lowest_to_highest, around_zero):
        gaps[kernels, scheme.__name__] = float(np.abs(by_hand(hidden, scheme) - logits).max())
    exact = hidden @ (W * w_scale[:, None]).T + bias
    gaps[kernels, "against float"] = sqnr_db(exact, logits)
best = {
    k: min(("from_lowest_to_highest", "around_zero"), key=lambda s: gaps[k, s]) for k in KERNELS
}
for kernels, scheme in best.items():
    print(f"{kernels}: {scheme}, largest difference {gaps[kernels, scheme]:.1e}")
assert (
    max(gaps[k, s] for k, s in best.items()) < 0.05
)  # logits reach 30; a tie rounded otherwise moves one by 0.01
print("the file says asymmetric_quantize_inputs =", dense.options["asymmetric_quantize_inputs"])
record("scheme_xnnpack", best["XNNPACK"])
record("scheme_builtin", best["built-in"])
record("hand_gap", gaps["XNNPACK", best["XNNPACK"]])
record("sqnr_last_xnnpack", gaps["XNNPACK", "against float"])
record("sqnr_last_builtin", gaps["built-in", "against float"])

# %% [markdown]
# Both kernels are reproduced to float rounding, and they do not do the same. The built-in kernel keeps zero in the middle, so for the outputs of a ReLU half of its integers are never used. XNNPACK shifts the range and gains a bit: {sqnr_last_xnnpack:.0f} dB against {sqnr_last_builtin:.0f} dB in this layer. And the file had asked for symmetric: its operator says `asymmetric_quantize_inputs: 0`, which the delegate is free to overrule.
#
# ## Why bother: the input drifts
#
# A static int8 file carries the ranges of its calibration images for ever. Now the camera's gain changes, and all inputs are multiplied by one number. Three files against the float model, which gets the same distorted images: dynamic range, static with the tool's smoothed ranges, static with the full minimum and maximum.

# %%
from course_lib import Int8, MinMax, table
from course_lib.evaluation import predict as outputs

GAINS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
images, labels = data.x_test[:2000], data.y_test[:2000]
static = Int8(integer_io=False)(float32, data)
files = {
    "dynamic range": dynamic,
    "static, smoothed ranges": static,
    "static, min to max": Int8(integer_io=False, calibrator=MinMax())(float32, data),
}


def under(gain, file):
    return outputs(file, images * np.float32(gain))


reference = {gain: under(gain, float32) for gain in GAINS}
# The suspect: the static file's first operator rounds the image to int8, whose range ends at 1.
clipped = {
    gain: outputs(float32, np.clip(images * np.float32(gain), 0, 1)).argmax(1) for gain in GAINS
}
answers = {(gain, name): under(gain, file) for gain in GAINS for name, file in files.items()}
sqnr = {key: sqnr_db(reference[key[0]], value) for key, value in answers.items()}
with style():
    fig, ax = plt.subplots()
    for name, marker in zip(files, "os^", strict=True):
        ax.plot(GAINS, [sqnr[gain, name] for gain in GAINS], marker=marker, label=name)
    ax.axvline(1, color="black", linewidth=1, linestyle=":")
    ax.set_xscale("log")
    ax.set_xticks(GAINS, [f"{gain:g}" for gain in GAINS])
    ax.minorticks_off()
    ax.set(
        xlabel="gain of the input (1: as calibrated)",
        ylabel="SQNR of the logits (dB)",
        ylim=(0, 55),
    )
    ax.legend(loc="lower left")
show(
    fig,
    alt="SQNR of the logits against input gain: dynamic range falls slowly, both static files "
    "fall steeply above "
    "gain 1.",
    caption="Ranges that are measured per call follow the input. Ranges in the file do not.",
    caption_zh="每次调用现测的量程跟着输入走，写死在文件里的量程不会。",
)
same = {
    (gain, name): 100 * np.mean(value.argmax(1) == reference[gain].argmax(1))
    for (gain, name), value in answers.items()
}
right = {key: 100 * np.mean(value.argmax(1) == labels) for key, value in answers.items()}
table(
    [
        {"gain": gain, "float accuracy %": 100 * np.mean(reference[gain].argmax(1) == labels)}
        | {f"{name}, same class as float %": same[gain, name] for name in files}
        | {
            "static, smoothed: accuracy %": right[gain, "static, smoothed ranges"],
            "float on clipped images: accuracy %": 100 * np.mean(clipped[gain] == labels),
        }
        for gain in GAINS
    ],
    caption=f"Predicted classes under a gain, {len(images):,} test images",
    name="gain",
)
assert sqnr[10.0, "dynamic range"] > sqnr[10.0, "static, min to max"] + 10
for name, short in zip(files, ("dynamic", "smoothed", "min_to_max"), strict=True):
    record(f"sqnr_{short}_1", sqnr[1.0, name])
    record(f"sqnr_{short}_10", sqnr[10.0, name])
    record(f"same_{short}_10", same[10.0, name])
record("accuracy_float_10", 100 * np.mean(reference[10.0].argmax(1) == labels))
record("accuracy_smoothed_10", right[10.0, "static, smoothed ranges"])
record("accuracy_dynamic_10", right[10.0, "dynamic range"])
static_10 = answers[10.0, "static, smoothed ranges"].argmax(1)
record("accuracy_clipped_10", 100 * np.mean(clipped[10.0] == labels))
record("same_clipped_10", 100 * np.mean(static_10 == clipped[10.0]))

# %% [markdown]
# At gain 10 the dynamic file still does what the float model does, {same_dynamic_10:.1f} % the same classes; the static one {same_smoothed_10:.1f} %. Now compare accuracies in that last row: float {accuracy_float_10:.1f} %, static {accuracy_smoothed_10:.1f} %. Who is responsible? The last column is the float model on images that were clipped to [0, 1]: {accuracy_clipped_10:.1f} %, and the static file names the same class as it for {same_clipped_10:.1f} % of the images. So it is the clamp at the very entrance: the static file cannot see brighter than white. It wrecks the fidelity, and it protects a network that has never seen such bright images. Fidelity to the float model and quality on the task are two questions, and a drifting input is the place where they part.
#
# ## Watch the ranges move
#
# Turn the gain. Left: what reaches the last layer, the fixed range of the static file (shaded) and the range that the dynamic kernel measures for this image (line). Right: what each file concludes.

# %%
from course_lib import playground

static_graph = inspect(static).subgraphs[0]
# The integer tensor in front of the last layer: its scale says how far the static file can see.
entry = next(op for op in static_graph.operators if op.name == "FULLY_CONNECTED").inputs[0]
quantization = static_graph.tensors[entry].quantization
reach = float(quantization.scale[0] * (127 - quantization.zero_point[0]))


def drift(gain=1.0, image=0):
    x = images[image : image + 1] * np.float32(gain)
    [hidden] = litert(dynamic, x, [dense.inputs[0]])
    with style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
        left.hist(hidden[hidden > 0], bins=60, color="#999999")
        left.axvspan(0, reach, color="#D55E00", alpha=0.18, label="static range")
        left.axvline(hidden.max(), color="#0072B2", label="dynamic range ends")
        left.set(xlabel="activation in front of the last layer", ylabel="count")
        lost = 100 * np.mean(hidden > reach)
        left.set_title(f"beyond the static range: {lost:.1f} %")
        left.legend()
        for shift, (name, file), colour in zip(
            (-0.27, 0, 0.27),
            {"float32": float32, "dynamic": dynamic, "static": static}.items(),
            ("#BBBBBB", "#0072B2", "#D55E00"),
            strict=True,
        ):
            right.bar(np.arange(10) + shift, outputs(file, x)[0], 0.27, label=name, color=colour)
        right.set_xticks(range(10), data.class_names, rotation=90, fontsize=8)
        right.set(xlabel="class", ylabel="logit")
        right.set_title(f"gain {gain:g}: {data.class_names[labels[image]]}")
        right.legend()
    return fig


playground(
    drift,
    alt="Histogram of activations with the static and the dynamic range, and the logits of three "
    "files.",
    gain=[0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0],
    image=(0, 99),
)
show(
    drift(5.0),
    alt="At gain 5 most large activations lie beyond the static range; float and dynamic logits "
    "agree, static ones are "
    "cut off.",
    caption="Gain 5. What lies right of the shaded area is the same number to the static file.",
    caption_zh="增益为 5。阴影右侧的所有数值，在静态文件眼里都是同一个数。",
)

# %% [markdown]
# ## What each thing costs
#
# The last argument for compressing at run time is economic, so measure it. How long does one inference take, and how long everything that would have to happen first? Batch 1, one thread, XNNPACK.

# %%
import gzip
import time

from course_lib.evaluation import latency, latency_ratio
from course_lib.evaluation.timing import start
from course_lib.evaluation.weights import CHANNEL_AXIS, fake_quantize, weighted_layers


def shortest_us(action, repeats=9):
    """Return the shortest duration of an action in microseconds: others can only lengthen it."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter_ns()
        action()
        times.append((time.perf_counter_ns() - begin) / 1000)
    return float(np.min(times))


kernels = weighted_layers(float32)
measured = {
    "one inference, static int8": latency(static).median_us,
    "one inference, dynamic range": latency(dynamic).median_us,
    "one inference, float32": latency(float32).median_us,
    "load the int8 file": 1000 * start(static).load_ms,
    "round all weights (NumPy)": shortest_us(
        lambda: [fake_quantize(w, 8, CHANNEL_AXIS[layer.op]) for layer, w in kernels]
    ),
    "gzip the file": shortest_us(lambda: gzip.compress(float32.content, 9)),
    "quantize it (LiteRT Quantizer)": shortest_us(lambda: DynamicRange()(float32)),
}
unit = measured["one inference, dynamic range"]
relative = [value / unit for value in measured.values()]
with style():
    fig, ax = plt.subplots(figsize=(7.5, 3.4))
    bars = ax.barh(list(measured), list(measured.values()), color="#56B4E9")
    ax.bar_label(
        bars,
        [f"{t:,.1f} inferences" if t < 10 else f"{t:,.0f} inferences" for t in relative],
        padding=4,
    )
    ax.set_xscale("log")
    ax.set_xlim(1, 60 * max(measured.values()))
    ax.invert_yaxis()
    ax.set(xlabel="time (µs, logarithmic)", ylabel="what is done")
show(
    fig,
    alt="Horizontal bars on a logarithmic time axis: inferences take microseconds, loading, "
    "rounding, gzip and "
    "quantizing take hundreds to hundreds of thousands.",
    caption="Labels: how many dynamic-range inferences fit into the same time.",
    caption_zh="标注：同样的时间可以做多少次动态范围推理。",
)
ratio, spread = latency_ratio(dynamic, static)
searched = sum(int(np.prod(graph.tensors[op.inputs[0]].shape)) for op in graph.operators if op.macs)
record("searched_values", searched)
record("searched_share", 100 * searched / inspect(dynamic).macs)
record("dynamic_over_static", ratio)
record("dynamic_over_static_low", spread.low)
record("dynamic_over_static_high", spread.high)
record("float_over_dynamic", measured["one inference, float32"] / unit)
record("load_cost", measured["load the int8 file"] / unit)
record("round_cost", measured["round all weights (NumPy)"] / unit)
record("requantize_cost", measured["quantize it (LiteRT Quantizer)"] / unit)
saved = measured["one inference, float32"] - unit
record("pays_after", measured["quantize it (LiteRT Quantizer)"] / saved)
assert saved > 0
reveal("requantize_cost", round(measured["quantize it (LiteRT Quantizer)"] / unit))
print(f"dynamic / static: {ratio:.2f} [{spread.low:.2f}, {spread.high:.2f}]")
print(f"ranges are searched in {searched:,} values, beside {inspect(dynamic).macs:,} products")

# %% [markdown]
# Finding ranges per call looks at {searched_values:,} numbers, next to millions of products: {searched_share:.1f} %. Here the dynamic file takes {dynamic_over_static:.2f} times as long as the static one. That is the price of the only thing that is done anew in each call. Quantizing the weights again costs {requantize_cost:,.0f} inferences, even bare rounding in NumPy {round_cost:,.0f}. Paid in every call, that never comes back. Paid once, it does, after {pays_after:,.0f} inferences that are faster than float's; but what is paid once can be paid before deployment, for all devices at once.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Executed: run two different images through the dynamic file with every tensor kept, and list what changed.

# %%
every = [tensor.index for tensor in graph.tensors]
first, second = (litert(dynamic, data.x_test[i : i + 1], every) for i in (0, 1))
moved = [
    tensor
    for tensor, a, b in zip(graph.tensors, first, second, strict=True)
    if not np.array_equal(a, b)
]
assert {tensor.role for tensor in moved} <= {"input", "activation", "output"}
assert not [tensor for tensor in moved if tensor.is_constant]
assert "int8" not in {tensor.dtype for tensor in moved}  # ranges and int8 activations: never stored
assert overwritten["fate"] == "same"  # a "compression module" that writes weights does nothing

together = np.concatenate([images[:1], 10 * images[1:2]])
alone = litert(dynamic, np.concatenate([images[:1]] * 2), [dense.outputs[0]])[0][0]
assert np.array_equal(alone, litert(dynamic, together, [dense.outputs[0]])[0][0])  # a range per row
print(f"{len(moved)} of {len(every)} tensors change from call to call:")
print(*(f"  {tensor.role}: {tensor.dtype} {list(tensor.shape)}" for tensor in moved), sep="\n")

# %% [markdown]
# Activations change, constants do not, and the per-call scales never appear as tensors at all: they live inside the kernel. The last assertion is the one to remember for batches. An image ten times as bright as its neighbour does not disturb it by one bit, because the range is taken **per row**, which for a convolution means per image.
#
# ## The answer in sixty seconds
#
# {{answer}}

# %% [markdown]
# ## Deeper
#
# A loud neighbour in the batch, and how to notice a drift that static ranges cannot follow.

# %% [markdown]
# ### One range per batch, and the loud neighbour
#
# Suppose somebody saves the search and takes one range for the whole batch. Put one row at growing loudness beside ordinary ones, and look at the ordinary ones.

# %%
hidden = litert(dynamic, images[:32], [dense.inputs[0]])[0]
truth = hidden @ (W * w_scale[:, None]).T + bias


def per_batch(x):
    """Return one scale and zero point for all rows."""
    scale, zero = from_lowest_to_highest(x.reshape(1, -1))
    return scale, zero


rows = []
for loudness in (1, 3, 10, 30, 100):
    batch = hidden.copy()
    batch[0] *= loudness
    quiet = slice(1, None)
    rows.append(
        {"first row times": loudness}
        | {
            f"SQNR of the others, {name} (dB)": sqnr_db(truth[quiet], by_hand(batch, scheme)[quiet])
            for name, scheme in (
                ("range per row", from_lowest_to_highest),
                ("per batch", per_batch),
            )
        }
    )
table(rows, caption="31 ordinary rows beside a loud one, last layer", name="neighbour")
record("per_row_loud", rows[-1]["SQNR of the others, range per row (dB)"])
record("per_batch_loud", rows[-1]["SQNR of the others, per batch (dB)"])
assert rows[-1]["SQNR of the others, range per row (dB)"] > 40

# %% [markdown]
# ### Notice the drift
#
# You deploy static int8, because the NPU takes nothing else. Then ranges cannot follow, but you can notice that they should: watch a quantile of the activations on the device, in constant memory, and raise an alarm when it leaves the calibrated range. Exercise 20B builds the counter; here is what it would see.

# %%
watched = {
    gain: litert(dynamic, images[:200] * np.float32(gain), [dense.inputs[0]])[0] for gain in GAINS
}
table(
    [
        {
            "gain": gain,
            "99.9 % quantile": float(np.quantile(values, 0.999)),
            "of the static range %": 100 * float(np.quantile(values, 0.999)) / reach,
            "beyond it %": 100 * float(np.mean(values > reach)),
            "SQNR of the static file (dB)": sqnr[gain, "static, smoothed ranges"],
        }
        for gain, values in watched.items()
    ],
    caption="Activations in front of the last layer against the range in the static file, 200 "
    "images",
    name="watch",
)
record("clipped_1", 100 * float(np.mean(watched[1.0] > reach)))
record("clipped_10", 100 * float(np.mean(watched[10.0] > reach)))

# %% [markdown]
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# A gain is the simplest drift there is; contrast, blur or another sensor change shapes and not only sizes. The crashes are those of Linux; on Windows a mapped file cannot be replaced or truncated in the first place. Latencies: one x86 server core, XNNPACK, a small network; on a phone the price of dynamic ranges may be higher, and most NPUs do not offer them at any price. On-device *training* does change weights at run time, through variables and a training signature that the file was built with; that is another graph, not a trick on this one. Under the gains, classes were compared on 2,000 images: half a point of accuracy is noise there.
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
