# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **encode** real values for an integer input, so that nothing wraps and 0.0 stays exact (8A),
# - **find** the operators of a quantized file that still compute in float (8B),
# - **tell** which clause of the contract was broken, and which breach no accuracy test will ever show (quiz).
#
# ## Predict first
#
# An app sends pictures to our int8 model and acts when the model is at least 90 % sure. Six bugs are planted between the two. None raises an error.

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "unseen_bug",
    "One of the six leaves the accuracy exactly as it was, to the last image. Which?",
    zh="六个 bug 里有一个让精度一张图都不差。是哪一个？",
    choices={
        "not divided by 255": Say("pixels not divided by 255", "像素没有除以 255"),
        "zero point forgotten": Say("the zero point is forgotten", "忘了 zero_point"),
        "uint8 bytes sent as int8": Say("uint8 bytes are sent as int8", "uint8 字节当 int8 送入"),
        "rows and columns swapped": Say("rows and columns are swapped", "行列颠倒"),
        "scale of version 1": Say("the scale is that of the last version", "用了上一版的 scale"),
        "output not dequantized": Say("the output is not dequantized", "输出没有反量化"),
    },
)
predict(
    "micro_runs",
    "Six encodings of one CNN: float32, float16, dynamic range, int4, int16x8, int8. "
    "How many of the six does TFLite Micro, the runtime of microcontrollers, run?",
    zh="同一个 CNN 的六种编码：float32、float16、动态范围、int4、int16x8、int8。"
    "MCU 上的 TFLite Micro 能跑几种？",
)

# %% [markdown]
# ## Look before you ship
#
# First an audit: which operators does each file hold, and in which data type do they compute? Seven candidates: six encodings of the course's CNN, and a stranger, an int8 network with one sine in the middle. Every square is an operator.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib import (
    Artifact,
    DynamicRange,
    Float16,
    Int4,
    fashion_mnist,
    float_tflite,
    inspect,
    record,
    show,
    table,
)
from course_lib.lesson import style
from course_lib.models import Sketch
from course_lib.techniques import quantizer

data, float32 = fashion_mnist(), float_tflite()
images = data.x_train[np.linspace(0, len(data.x_train) - 1, 200).astype(int)]


def static(artifact, name="int8", recipe="static_wi8_ai8", calibration=images):
    """Quantize weights and activations of a finished float file."""
    return Artifact(
        name, quantizer.quantize(artifact.content, quantizer.named(recipe), calibration)
    )


net = Sketch((1, 28, 28, 1))
x = net.conv(net.unary("SIN", net.conv(net.input, 16, strides=2)), 16, strides=2)
stranger = net.artifact(net.dense(net.flatten(x), 10, relu=False))
files = {
    "float32": float32,
    "float16": Float16()(float32),
    "dynamic range": DynamicRange()(float32),
    "int4": Int4()(float32),
    "int16x8": static(float32, "int16x8", "static_wi8_ai16"),
    "int8": static(float32),
    "int8 with SIN": static(stranger, "int8 with SIN"),
}
SHORT = {
    "CONV_2D": "conv", "DEQUANTIZE": "dequ.", "QUANTIZE": "quant.", "RESHAPE": "reshape",
    "FULLY_CONNECTED": "dense", "SIN": "SIN",
}  # fmt: skip
COLOUR = {"int8": "#8CCDB6", "int16": "#BBD7EA", "float32": "#F6D3A8"}
anatomies = {name: inspect(file) for name, file in files.items()}
with style():
    fig, ax = plt.subplots(figsize=(8, 3.6))
    for row, anatomy in enumerate(anatomies.values()):
        for column, op in enumerate(anatomy.subgraphs[0].operators):
            inside = op.name not in ("QUANTIZE", "DEQUANTIZE")
            ax.barh(
                row, 0.94, left=column, color=COLOUR[op.dtype] if inside else "#E5E5E5", height=0.8
            )
            ax.text(column + 0.47, row, SHORT[op.name], ha="center", va="center", fontsize=9)
    for dtype, colour in COLOUR.items():
        ax.barh(0, 0, color=colour, label=f"puts out {dtype}")
    ax.set_yticks(range(len(files)), list(files))
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.set(xlabel="operator, in order of execution", ylabel="file")
    ax.legend(fontsize=9, loc="lower right")
show(
    fig,
    alt="Strips of operators for seven files, coloured by data type. The sine network is green "
    "except for one orange operator between two grey conversions.",
    caption="Two of these files are called int8. One of them computes a sine in float.",
    caption_zh="两个文件都叫 int8，其中一个要用浮点算正弦。",
)
table(
    [
        {
            "file": name,
            "bytes": files[name].raw_bytes,
            "input": f"{a.inputs[0].dtype}",
            "scale": "none" if a.inputs[0].scale is None else f"{a.inputs[0].scale:.6f}",
            "zero point": "none" if a.inputs[0].zero_point is None else a.inputs[0].zero_point,
            "float islands": ", ".join("+".join(i.names) for i in a.float_islands) or "none",
        }
        for name, a in anatomies.items()
    ],
    caption="What a caller and a device have to know of each file",
    name="audit",
)

# %% [markdown]
# Dynamic range looks like float32 from outside: float in, float out, float between the operators. The stranger looks like int8 from outside, and is not. Tools call such an operator a *float island*: without hardware for it, the data leave the accelerator and come back. The name of a file and the type of its input are no audit.
#
# ## Nobody tells the caller
#
# Now the app's side. Two APIs run the same int8 file: `Interpreter`, and `CompiledModel`, which new apps should use. What does each tell a caller about the input? And what does it do with the wrong bytes?

# %%
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.hardware_accelerator import HardwareAccelerator

from course_lib.backend import quiet_stderr
from course_lib.evaluation.runtime import open_interpreter

int8 = files["int8"]
interpreter = open_interpreter(int8)
with quiet_stderr():  # CompiledModel logs every accelerator that it looks for
    compiled = CompiledModel.from_buffer(int8.content, hardware_accel=HardwareAccelerator.CPU)
    given, answered = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
    new = compiled.get_input_tensor_details("serving_default")["image"]
    given[0].write(np.zeros((1, 28, 28, 1), np.int8))  # so does the first write
old = interpreter.get_input_details()[0]
raw = np.round(255 * data.x_test).astype(np.uint8)  # what a camera delivers


def accepted(door, picture):
    """Tell whether one of the two takes a picture, and if not, what it says."""
    try:
        if door == "Interpreter":
            interpreter.set_tensor(old["index"], picture)
        else:
            given[0].write(picture)
    except (ValueError, RuntimeError) as refusal:
        return f"refused ({type(refusal).__name__})"
    return "accepted"


WANTED = ("dtype", "shape", "quantization")
rows = [
    {
        "API": api,
        "says of the input": ", ".join(key for key in WANTED if key in details),
        "float pictures": accepted(api, data.x_test[:1]),
        "uint8 pictures": accepted(api, raw[:1]),
    }
    for api, details in {"Interpreter": old, "CompiledModel": new}.items()
]
table(rows, caption="One int8 file at two doors: what each says, what each takes", name="doors")
record("compiled_says", rows[1]["says of the input"])
record("compiled_uint8", rows[1]["uint8 pictures"])

# %% [markdown]
# `CompiledModel` says *{compiled_says}* and no more: in this release its details hold no scale and no zero point. And a buffer is bytes: 784 bytes of uint8 are {compiled_uint8}, although the file wants int8. So the numbers have to travel with the model in another way. That is the **contract**: written from the file, shipped beside it, compared when the model is loaded.

# %%
from course_lib.deployment import Preprocessing, load_verified, write_contract

contract = write_contract(
    int8,
    version=1,
    preprocessing={"image": Preprocessing(divisor=255, channels="gray")},
    labels=tuple(data.class_names),
)
print("\n".join(contract.to_json().splitlines()[:14]), "\n  ...")
app = load_verified(int8, contract)
print(app.labels(raw[:3]))

# %% [markdown]
# ## Six bugs, no error
#
# The same app, six times, each time with one clause of the contract broken. One of them needs a second version of the model: version 2 was calibrated with brighter pictures too, so its input range is twice as wide. The app was not told.

# %%
from course_lib import reveal

COUNT, SURE = 5000, 0.9
pixels, labels = raw[:COUNT], data.y_test[:COUNT]
version_2 = static(float32, "int8 v2", calibration=np.concatenate([images, 2 * images]))


def ports(artifact):
    anatomy = inspect(artifact)
    return anatomy.inputs[0], anatomy.outputs[0]


def encode(real, port, zero_point=None):
    zero_point = port.zero_point if zero_point is None else zero_point
    return np.clip(np.round(real / port.scale) + zero_point, -128, 127).astype(np.int8)


first, logits = ports(int8)
ENCODERS = {
    "as the contract says": lambda p: encode(p / 255, first),
    "not divided by 255": lambda p: encode(p.astype(np.float32), first),
    "zero point forgotten": lambda p: encode(p / 255, first, zero_point=0),
    "uint8 bytes sent as int8": lambda p: p.view(np.int8),
    "rows and columns swapped": lambda p: encode(p.transpose(0, 2, 1, 3) / 255, first),
    "scale of version 1": lambda p: encode(p / 255, first),  # right for version 1, not for 2
    "output not dequantized": lambda p: encode(p / 255, first),
}
BUGS = list(ENCODERS)


def model_of(bug):
    return version_2 if bug == "scale of version 1" else int8


def run(artifact, stored):
    """Run stored integers and return stored integers."""
    opened = open_interpreter(artifact, allocate=False)
    opened.resize_tensor_input(opened.get_input_details()[0]["index"], stored.shape)
    opened.allocate_tensors()
    opened.set_tensor(opened.get_input_details()[0]["index"], stored)
    opened.invoke()
    return opened.get_tensor(opened.get_output_details()[0]["index"])


def probabilities(bug, p):
    """Return what the app takes for probabilities."""
    stored = run(model_of(bug), ENCODERS[bug](p)).astype(np.float64)
    port = ports(model_of(bug))[1]
    scores = stored if bug == "output not dequantized" else port.scale * (stored - port.zero_point)
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


said = {bug: probabilities(bug, pixels) for bug in BUGS}
classes = {bug: each.argmax(1) for bug, each in said.items()}
accuracy = {bug: 100 * float((each == labels).mean()) for bug, each in classes.items()}
acts = {bug: each.max(1) >= SURE for bug, each in said.items()}
mistakes = {bug: 1000 * float((acts[bug] & (classes[bug] != labels)).mean()) for bug in BUGS}
rows = [
    {
        "what the app does": bug,
        "accuracy %": round(accuracy[bug], 2),
        "answers that differ": int((classes[bug] != classes[BUGS[0]]).sum()),
        "mean confidence": round(float(said[bug].max(1).mean()), 3),
        "acts on %": round(100 * float(acts[bug].mean()), 1),
        "wrong actions per 1,000": round(mistakes[bug], 1),
    }
    for bug in BUGS
]
table(rows, caption=f"One int8 file, seven callers, {COUNT:,} test images, no error", name="bugs")

names = ("right", "undivided", "zero_point", "bytes", "swapped", "stale", "output")
for name, bug in zip(names, BUGS, strict=True):
    record(f"accuracy_{name}", accuracy[bug])
record("stretch", 1 / logits.scale)
record("mistakes_right", mistakes[BUGS[0]])
record("mistakes_output", mistakes["output not dequantized"])
record("mistakes_ratio", mistakes["output not dequantized"] / mistakes[BUGS[0]])
unseen = [b for b in BUGS[1:] if (classes[b] == classes[BUGS[0]]).all()]
reveal("unseen_bug", unseen[0])

# %% [markdown]
# Not dividing saturates every pixel that is not quite black, and still leaves {accuracy_undivided:.0f} %: a team that never saw {accuracy_right:.1f} % will call this a mediocre model and train another. The stale scale leaves {accuracy_stale:.1f} % of version 2's {accuracy_v2:.1f} %, as if the update were simply a little worse.
#
# The last row is the one to remember. A scale and an offset do not change which number is the largest, so *every answer is the same*. But without the scale the differences between logits are {stretch:.0f} times as large, and softmax turns them into certainty: {mistakes_output:.0f} wrong actions per thousand pictures instead of {mistakes_right:.0f}. An accuracy test cannot see it. Compare outputs, not answers.
#
# ## The fingerprint of a bug
#
# Broken inputs do not produce random answers: they have a favourite class, and that is what monitoring sees first. Which of the six show up in a plain histogram of answers?

# %%
shares = np.array([np.bincount(classes[bug], minlength=10) / COUNT for bug in BUGS])
with style():
    fig, ax = plt.subplots(figsize=(8, 3.8))
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=0.6, aspect="auto")
    for (row, column), value in np.ndenumerate(shares):
        ax.text(
            column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=9,
            color="white" if value > 0.4 else "black",
        )  # fmt: skip
    ax.set_xticks(range(10), data.class_names, rotation=35, ha="right", fontsize=9)
    ax.set_yticks(range(len(BUGS)), BUGS, fontsize=10)
    ax.set(xlabel="answer of the app", ylabel="bug")
    ax.grid(visible=False)
show(
    fig,
    alt="Heat map of answers by bug in per cent. The right row is even, about ten per class; "
    "several bugs pile most answers on one class.",
    caption="Per cent of answers. A histogram of answers needs no labels. It raises the alarm for some bugs, and is blind to others.",
    caption_zh="各类回答所占百分比。答案的直方图不需要标签，能对一部分 bug 报警，对另一部分视而不见。",
)
favourite = data.class_names[int(shares[BUGS.index("zero point forgotten")].argmax())]
record("bugs_images", COUNT)
spread = 100 * np.abs(shares - shares[0]).sum(1) / 2  # of all answers, how many moved
record("moved_stale", spread[BUGS.index("scale of version 1")])
record("moved_output", spread[BUGS.index("output not dequantized")])
record("favourite", favourite)
record("favourite_share", 100 * float(shares[BUGS.index("zero point forgotten")].max()))

# %% [markdown]
# With the zero point forgotten, {favourite_share:.0f} % of all answers are *{favourite}*. But the stale scale moves only {moved_stale:.1f} % of the histogram, and the missing output scale {moved_output:.0f} %: those two need a comparison of outputs on fixed pictures, before release. Now look through the model's eyes: choose a bug and a picture. The left image is what the stored integers mean to the file.

# %%
from course_lib import playground


def look(bug="zero point forgotten", picture=1):
    one = raw[picture : picture + 1]
    stored = ENCODERS[bug](one)
    port = ports(model_of(bug))[0]
    seen = port.scale * (stored[0, :, :, 0].astype(np.float64) - port.zero_point)
    chances = probabilities(bug, one)[0]
    with style():
        fig, (left, right) = plt.subplots(
            1, 2, figsize=(7.6, 3), gridspec_kw={"width_ratios": (1, 1.6)}
        )
        left.imshow(seen, cmap="gray", vmin=0, vmax=1)
        left.set_axis_off()
        left.set_title("what the model sees", fontsize=11)
        right.barh(range(10), chances, color="#0072B2")
        right.axvline(SURE, color="#D55E00", linestyle=":")
        right.set_yticks(range(10), data.class_names, fontsize=9)
        right.invert_yaxis()
        right.set(xlabel="probability (dotted: the app acts)", ylabel="class", xlim=(0, 1))
        right.set_title(f"right: {data.class_names[data.y_test[picture]]}", fontsize=11)
    return fig


playground(
    look,
    alt="A picture as the model sees it under one bug, beside the probabilities that the app reads.",
    bug=BUGS,
    picture=(0, 49),
)
show(
    look("zero point forgotten", 0),
    alt="A boot that is grey where it should be black and white, with the probabilities beside it.",
    caption="Black has become grey, and everything brighter than that is cut off.",
    caption_zh="黑变成了灰，再亮的全被截断。",
)

# %% [markdown]
# ## The update
#
# Six bugs, one cure: do not type constants, load the contract, and refuse what does not match. Here version 2 arrives at an app that holds the contract of version 1.

# %%
from course_lib.deployment import interface_differences

try:
    load_verified(version_2, contract)
except ValueError as refusal:
    print("refused:", str(refusal).split(";")[0])
contract_2 = write_contract(
    version_2, version=2, preprocessing=contract.preprocessing, labels=contract.labels
)
changed = interface_differences(contract, contract_2)
for difference in changed:
    print("-", difference)
current = load_verified(version_2, contract_2)
right = current.predict(pixels).argmax(1) == labels
record("accuracy_v2", 100 * float(right.mean()))
assert changed

# %% [markdown]
# With its own contract version 2 has {accuracy_v2:.1f} %. Same names, same shapes, same types, and yet another interface. Roll out the *pair*, keep the previous pair on the device, and a rollback is one rename.
#
# ## The smallest device
#
# A microcontroller has no file system and no `malloc`: the model is an array in flash, activations live in one block of RAM, and C++ code registers exactly the operators that it needs. PyPI has the reference build of TFLite Micro for Linux. Where it is missing, the table comes from `record_devices.json`, which names its command.

# %%
import json
from dataclasses import asdict

from course_lib.catalog import topic
from course_lib.deployment import MicroRefusedError, check_on_micro, has_tflite_micro, micro_header

kept = json.loads((topic("08").folder / "record_devices.json").read_text("utf-8"))


def on_micro(name):
    """Run three samples on TFLite Micro and on LiteRT, or read what an earlier run found."""
    if not has_tflite_micro():
        return kept["files"][name]["micro"]
    try:
        return asdict(check_on_micro(files[name], samples=3))
    except MicroRefusedError as refusal:
        return {"refused": str(refusal)}


micro = {name: on_micro(name) for name in files}
table(
    [
        {
            "file": name,
            "flash kB": round(files[name].raw_bytes / 1e3, 1),
            "RAM kB": "" if "refused" in found else round(found["arena"]["smallest"] / 1e3, 1),
            "outputs equal to LiteRT's %": ""
            if "refused" in found
            else round(100 * found["equal"], 1),
            "verdict": found["refused"].split(". ")[-1] if "refused" in found else "runs",
        }
        for name, found in micro.items()
    ],
    caption="Seven files on TFLite Micro (reference kernels; bit for bit against LiteRT's built-in kernels)",
    name="micro",
)
six = list(files)[:6]
running = [name for name in six if "refused" not in micro[name]]
record("micro_runs", len(running))
record("dynamic_on_micro", "refused" if "refused" in micro["dynamic range"] else "runs")
record("flash_kb", int8.raw_bytes / 1e3)
record("ram_kb", micro["int8"]["arena"]["smallest"] / 1e3)
record("ram_float_kb", micro["float32"]["arena"]["smallest"] / 1e3)
record("micro_equal", 100 * micro["int8"]["equal"])
reveal("micro_runs", len(running))

# %% [markdown]
# {micro_runs} of six. Dynamic range, the first choice on a phone's CPU, is {dynamic_on_micro}: integer weights under float activations have no kernel there. Float32 does run, at {ram_float_kb:.0f} kB of RAM where int8 takes {ram_kb:.1f}. And int8 agrees with LiteRT's built-in kernels on {micro_equal:.0f} % of these outputs, bit for bit: both follow the reference arithmetic of the specification. So the desktop can test the integers that a device with these kernels will compute. (Float32 is equal almost nowhere, in the last bits: its sums run in another order.)
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Three counter-examples, executed.

# %%
assert inspect(float32).scheme == "float32"  # converted first,
assert inspect(static(float32)).scheme == "int8"  # quantized afterwards, from the file
assert "quantization" in old  # the Interpreter knows scale and zero point,
assert not {"quantization", "scale", "zero_point"} & set(new)  # CompiledModel does not say
broken, sound = "output not dequantized", BUGS[0]
assert (classes[broken] == classes[sound]).all()  # every answer is the same,
assert mistakes[broken] > mistakes[sound]  # and the app does more harm
print(f"same answers: {COUNT:,} of {COUNT:,}")
print("wrong actions per 1,000:", round(mistakes[sound]), "->", round(mistakes[broken]))

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# An NPU's compiler that claims everything, three sets of kernels for one file, and what the firmware gets.

# %% [markdown]
# ### An NPU's compiler claims everything
#
# The LiteRT wheel carries compiler plugins of NPU makers. The one for Intel can partition a file offline: it prints the operators that it would take. This is a committed record, because the plugin needs OpenVINO.

# %%
table(
    [
        {
            "file": name,
            "operators": found["operators"],
            "claimed": found["claimed"],
            "partitions": found["partitions"],
        }
        for name, found in kept["files"].items()
    ],
    caption=f"{kept['npu']}. Record of: {kept['command']}",
    name="npu",
)
claims = kept["files"].values()
record("npu_claimed", sum(f["claimed"] for f in claims))
record("npu_operators", sum(f["operators"] for f in claims))

# %% [markdown]
# {npu_claimed} of {npu_operators} operators, float and sine included. So "the NPU takes the whole model" says nothing about integers, speed or accuracy: a claim is a promise to compile. Other vendors' compilers refuse more. Whatever they leave goes to the CPU without an error, and `is_fully_accelerated()` is a question to ask at every start and to count in production. On the device, compilation happens ahead of time (AOT, one file per chip) or at the first start (JIT, slow once; cache the result).
#
# ### Which kernels computed this?
#
# The table above compared with LiteRT's *built-in* kernels. A phone runs XNNPACK. Same file, same integers, three computers of it:

# %%
stored = ENCODERS[BUGS[0]](pixels[:500])


def through(name):
    if name == "CompiledModel (XNNPACK)":
        found = []
        for index in range(len(stored)):
            given[0].write(stored[index : index + 1])
            compiled.run_by_index(0, given, answered)
            found.append(answered[0].read(10, np.int8))
        return np.array(found)
    opened, found = open_interpreter(int8, xnnpack=name == "Interpreter, XNNPACK"), []
    for index in range(len(stored)):
        opened.set_tensor(opened.get_input_details()[0]["index"], stored[index : index + 1])
        opened.invoke()
        found.append(opened.get_tensor(opened.get_output_details()[0]["index"])[0])
    return np.array(found)


WAYS = ("Interpreter, built-in kernels", "Interpreter, XNNPACK", "CompiledModel (XNNPACK)")
integers = {name: through(name).astype(int) for name in WAYS}
base = integers[WAYS[0]]
table(
    [
        {
            "way": name,
            "integers equal %": round(100 * float((each == base).mean()), 1),
            "largest difference, steps": int(np.abs(each - base).max()),
            "answers equal %": round(100 * float((each.argmax(1) == base.argmax(1)).mean()), 1),
        }
        for name, each in integers.items()
    ],
    caption="500 images, one int8 file, against the built-in kernels",
    name="kernels",
)
record("kernel_equal", 100 * float((integers[WAYS[2]] == base).mean()))
record("kernel_steps", int(np.abs(integers[WAYS[2]] - base).max()))

# %% [markdown]
# Two implementations of one specification round differently: {kernel_equal:.0f} % of the integers are equal, and none is more than {kernel_steps} steps away. A golden test on a device therefore allows a step or two. And it compares what the app *uses*, behind the dequantization: in the sixth bug every integer was right.
#
# ### What the firmware gets
#
# Beside the array of bytes, the application needs the operators, the arena and the quantization of both ends. Generated from the file, never typed:

# %%
from course_lib.deployment import MicroArena

print(micro_header(int8, "g_clothes", MicroArena(**micro["int8"]["arena"])))

# %% [markdown]
# ### The same words elsewhere
#
# Job descriptions in China name other runtimes as often as this one. The ideas are the same five; only the names change. (Written from their documentation, not run here.)

# %%
table(
    [
        {"here": "file", "MNN": ".mnn", "ncnn": ".param + .bin", "QNN": "context binary, DLC", "RKNN": ".rknn"},
        {"here": "convert", "MNN": "MNNConvert", "ncnn": "pnnx", "QNN": "qnn-onnx-converter", "RKNN": "rknn-toolkit2: load_onnx, build"},
        {"here": "static int8", "MNN": "quantized.out + JSON", "ncnn": "ncnn2table, ncnn2int8", "QNN": "--input_list of the converter", "RKNN": "build(do_quantization=True, dataset=...)"},
        {"here": "interpreter", "MNN": "Interpreter, Session / Module", "ncnn": "Net, Extractor", "QNN": "context, graph", "RKNN": "rknn_init, rknn_run"},
        {"here": "accelerator", "MNN": "MNNForwardType", "ncnn": "opt.use_vulkan_compute", "QNN": "backend library (libQnnHtp.so)", "RKNN": "NPU; core mask"},
        {"here": "fallback", "MNN": "backupType", "ncnn": "layer by layer to the CPU", "QNN": "none of its own: the framework above partitions", "RKNN": "some operators on the CPU"},
    ],
    caption="LiteRT's words in MNN (Alibaba), ncnn (Tencent), QNN (Qualcomm) and RKNN (Rockchip)",
    name="vocabulary",
)  # fmt: skip

# %% [markdown]
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# No phone, no NPU and no microcontroller was touched. TFLite Micro ran on a desktop with reference kernels: its integers and its arena carry over (pointers of four bytes make the arena smaller), its speed does not. The NPU's compiler partitioned and did not run. The bugs are six of many: colour order, resizing with other corners, and a rotated camera are as common. Accuracies are on {bugs_images:,} images; half a point between two rows is noise, except that the rows are paired.
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
