# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **compute** the two numbers that every integer tensor stores: 0.0 exact, every other value within half a step (4A),
# - **calibrate** a range at 3, 4 and 8 bits, never worse than min-max, whatever one outlier does (4B),
# - **choose** between five modes by their bytes, points and microseconds, and say what you would verify (quiz).
#
# ## Predict first
#
# Two answers before you scroll. Nobody sees them but you, and nothing waits for them.

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "two_tools",
    "Static int8, same network, same 200 calibration images, two official tools. What differs?",
    zh="静态 int8，同一网络、同样 200 张校准图片，两个官方工具。结果会怎样？",
    choices={
        "identical": Say("they behave identically", "表现完全一致"),
        "sqnr": Say("one is far noisier, same accuracy", "其中一个噪声大得多，精度一样"),
        "accuracy": Say("one is far noisier and less accurate", "其中一个噪声大得多，精度也更差"),
    },
)
predict(
    "int16x8_ratio",
    "int16x8 halves the activations to 16 bits. Its CPU latency, as a multiple of float32?",
    zh="int16x8 把激活从 32 位降到 16 位。它在 CPU 上的延迟是 float32 的几倍？",
    unit="x",
)

# %% [markdown]
# ## Five lines of today's tool
#
# Quantization needs no TensorFlow. LiteRT Quantizer takes a float `.tflite`, a recipe and some images. The recipe's name is its specification: `static_wi8_ai8` is **static** ranges, **i**nt**8** **w**eights, **i**nt**8** **a**ctivations.

# %%
from litert_quantizer import quantizer, recipe

from course_lib import Int8, fashion_mnist, float_tflite
from course_lib.techniques.exports import calibration_images
from course_lib.techniques.quantizer import quiet

data = fashion_mnist()
float32 = float_tflite("baseline")
images = calibration_images(data, 200)

with quiet():  # the tool prints a progress bar and a report
    tool = quantizer.Quantizer(float32.content)
    tool.load_quantization_recipe(recipe.static_wi8_ai8())
    ranges = tool.calibrate({"serving_default": [{"image": image[None]} for image in images]})
    by_hand = bytes(tool.quantize(ranges).quantized_model)

int8 = Int8(calibration=200)(float32, data)
assert by_hand == int8.content  # the library's Int8() is these lines, and nothing else
print(f"{float32.raw_bytes:,} bytes became {int8.raw_bytes:,}")

# %% [markdown]
# ## Six encodings of one network
#
# The other modes differ by one word. Accuracy is measured on all 10,000 test images; latency is batch 1, one thread, median of 200 runs after 30 warm-ups. SQNR is the energy of the float model's outputs over the energy of the difference, in decibels: 20 dB is an error of one tenth, 40 dB of one hundredth. Int16x8 gets 1,000 images, and its row will tell you why.

# %%
from course_lib import DynamicRange, Environment, Float16, Int4, Int16x8, measure, table
from course_lib.evaluation import predict as outputs
from course_lib.evaluation import sqnr_db

few = (data.x_test[:1000], data.y_test[:1000])
reference = outputs(float32, few[0])

artifacts = {"float32": float32} | {
    export.name: export(float32, data)
    for export in (Float16(), DynamicRange(), Int8(), Int16x8(), Int4())
}
reports = {
    name: measure(artifact, few if name == "int16x8" else data, memory=False)
    for name, artifact in artifacts.items()
}
noise = {
    name: sqnr_db(reference, outputs(artifact, few[0])) for name, artifact in artifacts.items()
}
table(
    [
        report.row() | {"images": report.images, "SQNR dB": round(noise[name], 1)}
        for name, report in reports.items()
    ],
    caption=f"Six encodings of the baseline. {Environment.here()}",
)

# %% [markdown]
# Read the columns against each other. Float16 pays in bytes and gives nothing back in time. Int8 pays in both. Int4 is half of int8 again and slower than float32 on this network: the delegate has no int4 convolution. (On large fully connected layers int4 wins; lesson 25 measures both.) And the last column of latency is not a typing error: int16x8 runs on reference kernels, because nobody has written fast ones for this CPU.

# %%
from course_lib import record, reveal

time_of = {name: report.latency.median_us for name, report in reports.items()}
record("size_ratio", float32.raw_bytes / int8.raw_bytes)
record("int8_speedup", time_of["float32"] / time_of["int8"])
record("dynamic_speedup", time_of["float32"] / time_of["dynamic range"])
record("float16_ratio", time_of["float16"] / time_of["float32"])
record("int4_ratio", time_of["int4"] / time_of["float32"])
record("int16x8_slowdown", time_of["int16x8"] / time_of["float32"])
record("accuracy_float", 100 * reports["float32"].accuracy)
record("accuracy_int8", 100 * reports["int8"].accuracy)
reveal("int16x8_ratio", time_of["int16x8"] / time_of["float32"], unit="x")

# %% [markdown]
# ## The legacy road, and a surprise
#
# `TFLiteConverter` can still calibrate and quantize by itself. Same network, same 200 images, same specification. This cell loads TensorFlow, which takes a while.

# %%
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from course_lib import Artifact, trained
from course_lib.techniques import converter

network = trained("baseline")
legacy = Artifact("int8, converter", converter.int8(network, images, integer_io=True))


def output_range(artifact):
    """Return the smallest and the largest logit that the file can express."""
    interpreter = Interpreter(model_content=artifact.content)
    scale, zero_point = interpreter.get_output_details()[0]["quantization"]
    return scale * (-128 - zero_point), scale * (127 - zero_point)


rows, real = [], outputs(float32, data.x_test)
for label, artifact in {"int8, LiteRT Quantizer": int8, "int8, converter": legacy}.items():
    logits = outputs(artifact, data.x_test)
    low, high = output_range(artifact)
    row = {
        "tool": label,
        "bytes": artifact.raw_bytes,
        "SQNR dB": round(sqnr_db(real, logits), 1),
        "float, only clipped, dB": round(sqnr_db(real, real.clip(low, high)), 1),
        "accuracy %": round(100 * float((logits.argmax(1) == data.y_test).mean()), 2),
        "logits it can express": f"{low:.1f} to {high:.1f}",
    }
    rows.append(row)
today, old = rows
record("sqnr_today", today["SQNR dB"])
record("sqnr_legacy", old["SQNR dB"])
record("sqnr_clipped", today["float, only clipped, dB"])
gap = abs(today["accuracy %"] - old["accuracy %"])
record("accuracy_gap_of_tools", gap)
table(rows, caption="The same int8 scheme from two tools, all 10,000 test images", name="two tools")
reveal("two_tools", "sqnr" if gap < 0.5 else "accuracy")

# %% [markdown]
# The last column explains the other two. The converter keeps the smallest and the largest value it ever saw. LiteRT Quantizer smooths the minimum and maximum over the images with a moving average, so its range is that of a *typical* image, and rare large logits are clipped. Take the float logits, clip them to that range and round nothing: that alone gives {sqnr_clipped:.1f} dB, the file {sqnr_today:.1f}. It is the range, then, not the steps, and it explains int16x8 in the first table: steps 256 times as fine, clipped all the same.

# %%
import matplotlib.pyplot as plt

from course_lib import show
from course_lib.lesson import style

logits = real.ravel()
spans = {
    "converter: minimum and maximum": output_range(legacy),
    "LiteRT Quantizer: smoothed": output_range(int8),
}
with style():
    fig, ax = plt.subplots()
    ax.hist(logits, bins=120, color="#999999")
    for (label, (low, high)), colour, height in zip(
        spans.items(), ("#0072B2", "#D55E00"), (1.2e4, 8e4), strict=True
    ):
        ax.plot([low, high], [height, height], color=colour, marker="|", markersize=16)
        clipped = float(np.mean((logits < low) | (logits > high)))
        ax.annotate(
            f"{label}, clips {clipped:.2%}",
            (low, height),
            xytext=(0, 8),
            textcoords="offset points",
            color=colour,
        )
    ax.set(
        xlabel="logit of the float model",
        ylabel="count (logarithmic)",
        yscale="log",
        ylim=(0.5, 5e5),
    )
show(
    fig,
    alt="Histogram of the float logits with two horizontal bars: the converter's range covers nearly all of it, the "
    "smoothed range is narrower and clips both tails.",
    caption="A clipped logit is a large error for SQNR, rarely one for top-1: the largest stays so.",
    caption_zh="被截断的 logit 对 SQNR 是大误差，对 top-1 往往毫无影响：最大的仍然最大。",
)

# %% [markdown]
# So which tool is better? The question lacks a task. If you take the arg max, neither. If you threshold a probability, rank, regress or distil from these logits, look at the tails before you ship.
#
# ## Calibration, and how it fails
#
# Calibration is a dress rehearsal: the tool watches the activations that your images cause, and fixes the ranges. Move the controls. Which ones hurt?

# %%
from course_lib import playground
from course_lib.techniques import quantizer as road

rng = np.random.default_rng(0)
BUGS = {
    "none": lambda x: x,
    "forgot / 255": lambda x: 255 * x,
    "divided twice": lambda x: x / 255,
    "inverted": lambda x: 1 - x,
    "noise": lambda x: rng.random(x.shape, dtype=np.float32),
    "one image x 20": lambda x: np.concatenate([x[:-1], 20 * x[-1:]]),
}
static = road.named("static_wi8_ai8")


def calibrated(count, bug="none", only="all"):
    """Quantize after a preprocessing bug; return file, accuracy in % and SQNR on 1,000 images."""
    pool = (
        data.x_train
        if only == "all"
        else data.x_train[data.y_train == data.class_names.index(only)]
    )
    chosen = BUGS[bug](pool[np.linspace(0, len(pool) - 1, count).astype(int)])
    artifact = Artifact("int8", road.quantize(float32.content, static, chosen))
    got = outputs(artifact, few[0])
    return artifact, 100 * float((got.argmax(1) == few[1]).mean()), sqnr_db(reference, got)


def draw(count=100, bug="none", only="all"):
    artifact, accuracy, sqnr = calibrated(count, bug, only)
    low, high = output_range(artifact)
    with style():
        fig, ax = plt.subplots(figsize=(7, 3))
        ax.hist(reference.ravel(), bins=80, color="#999999")
        ax.axvspan(low, high, color="#0072B2", alpha=0.25)
        ax.set(xlabel="logit (shaded: what the calibrated file can express)", ylabel="count")
        ax.set(xlim=(reference.min() - 5, reference.max() + 5))
        ax.set_title(f"accuracy {accuracy:.1f} %, SQNR {sqnr:.1f} dB")
    return fig


playground(
    draw,
    alt="Histogram of float logits with the range that the calibrated file can express.",
    count=[1, 5, 20, 100, 500],
    bug=list(BUGS),
    only=["all", *data.class_names],
)
show(
    draw(100, "forgot / 255"),
    alt="Calibrated on images not divided by 255: the expressible range is far wider than the logits.",
    caption="One forgotten division: the steps become so coarse that most logits round to the same value.",
    caption_zh="只是忘了一次除法：台阶变得太粗，大多数 logit 被舍入成同一个值。",
)

# %% [markdown]
# The same, as a table that you can quote. Here quantity hardly matters, the preprocessing decides. One row surprises: an image 20 times too bright *raises* the SQNR. It widens a range that was too narrow; under min-max it would have set the range alone.

# %%
cases = {
    "1 image": (1, "none", "all"),
    "20 images": (20, "none", "all"),
    "500 images": (500, "none", "all"),
    "100 bags, nothing else": (100, "none", "Bag"),
    "100 images, one of them x 20": (100, "one image x 20", "all"),
    "100 images of noise": (100, "noise", "all"),
    "100 images, forgot / 255": (100, "forgot / 255", "all"),
    "100 images, divided by 255 twice": (100, "divided twice", "all"),
}
results = {case: calibrated(*setting)[1:] for case, setting in cases.items()}
assert results["100 images, one of them x 20"][1] > results["500 images"][1]  # the surprise
record("accuracy_1_image", results["1 image"][0])
record("accuracy_20_images", results["20 images"][0])
record("accuracy_noise", results["100 images of noise"][0])
record("accuracy_times_255", results["100 images, forgot / 255"][0])
table(
    [
        {"calibration set": case, "accuracy %": round(a, 1), "SQNR dB": round(s, 1)}
        for case, (a, s) in results.items()
    ],
    caption="Static int8 under eight calibration sets, 1,000 test images",
    name="calibration",
)

# %% [markdown]
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Look for yourself. First every public switch of the converter; then the scheme, read from the file.

# %%
from course_lib import backend

tf = backend.tensorflow()
blank = tf.lite.TFLiteConverter.from_keras_model(network)
switches = sorted(name for name in vars(blank) if not name.startswith("_"))
assert not [
    name
    for name in switches
    if "symmetric" in name or "granularity" in name or "range" in name.split("_")[-1]
]
about = ("optimizations", "representative", "target", "inference", "quantizer")
print(
    f"{len(switches)} public switches; of quantization:",
    *[n for n in switches if any(word in n for word in about)],
)

parameters = [
    t["quantization_parameters"]
    for t in Interpreter(model_content=int8.content).get_tensor_details()
]
per_channel = [q for q in parameters if len(q["scales"]) > 1]
per_tensor = [q for q in parameters if len(q["scales"]) == 1]
zero_points = {int(z) for q in per_channel for z in q["zero_points"]}
record("zero_points_of_weights", max(zero_points))
assert zero_points == {0}
print(
    "weights and biases:",
    sorted({len(q["scales"]) for q in per_channel}),
    "scales a tensor, zero points",
    zero_points,
)
print(
    "activations: one scale a tensor, zero points", [int(q["zero_points"][0]) for q in per_tensor]
)

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# The encodings as a map, and the integers at the door.

# %% [markdown]
# ### Size against fidelity
#
# The table of six encodings as a picture: up is more faithful, left is smaller.

# %%


from course_lib import show
from course_lib.lesson import style

with style():
    fig, ax = plt.subplots()
    for name, artifact in artifacts.items():
        if name != "float32":  # its SQNR is infinite: it is the reference
            ax.scatter(artifact.raw_bytes / 1000, noise[name], s=60)
            below = -14 if name == "int8" else 6
            ax.annotate(
                f"{name}, {time_of[name]:.0f} µs",
                (artifact.raw_bytes / 1000, noise[name]),
                xytext=(8, below),
                textcoords="offset points",
            )
    ax.set(xlabel="file size (kB)", ylabel="SQNR against float32 (dB)", xlim=(0, 260), ylim=(0, 80))
show(
    fig,
    alt="Scatter of file size against SQNR for float16, dynamic range, int8, int16x8 and int4, with latencies.",
    caption="Int8 and dynamic range: same bytes, nearly the same time, different knowledge of activations.",
    caption_zh="int8 与动态范围体积相同、速度相近；差别在于它们对激活知道多少。",
)

# %% [markdown]
# ### Every mode against every wish
#
# One row a mode, one column a wish, each relative to float32. No row is best everywhere, which is why "just quantize it" is not an answer.

# %%
WISHES = ("times smaller", "times smaller, gzip", "times faster", "points of accuracy")
base = reports["float32"]
grid = np.array(
    [
        [
            base.raw_bytes / report.raw_bytes,
            base.gzip_bytes / report.gzip_bytes,
            time_of["float32"] / time_of[name],
            100 * (report.accuracy - base.accuracy),
        ]
        for name, report in reports.items()
        if name not in ("float32", "int16x8")  # int16x8: other images, and off every scale in time
    ]
)
rank = grid.argsort(0).argsort(0)  # colour by rank within a column: the units differ
modes = [name for name in reports if name not in ("float32", "int16x8")]
with style():
    fig, ax = plt.subplots(figsize=(7, 2.8))
    ax.imshow(rank, cmap="Blues", vmin=-1, vmax=len(modes) + 1, aspect="auto")
    ax.set_xticks(range(len(WISHES)), WISHES)
    ax.set_yticks(range(len(modes)), modes)
    ax.grid(visible=False)
    for (row, column), value in np.ndenumerate(grid):
        ax.text(
            column,
            row,
            f"{value:+.2f}" if column == 3 else f"{value:.2f}",
            ha="center",
            va="center",
        )
show(
    fig,
    alt="Heat map of float16, dynamic range, int8 and int4 against size, gzip size, speed and accuracy.",
    caption="Darker is better within a column. Accuracy differences below half a point are noise.",
    caption_zh="同一列内颜色越深越好。半个点以内的精度差是噪声。",
)

# %% [markdown]
# ### The contract at the door
#
# The int8 file takes int8 and returns int8. Its caller owns the conversion: `integer = round(real / scale) + zero_point`, clipped to [-128, 127]. Four ways to get it wrong raise no error at all.

# %%
interpreter = Interpreter(model_content=int8.content)
interpreter.resize_tensor_input(0, (len(few[0]), 28, 28, 1))
interpreter.allocate_tensors()
scale, zero_point = interpreter.get_input_details()[0]["quantization"]
steps = np.round(few[0] / scale)
DOORS = {
    "scale, zero point, clip": np.clip(steps + zero_point, -128, 127).astype(np.int8),
    "cast the floats": few[0].astype(np.int8),
    "forgot the zero point": np.clip(steps, -128, 127).astype(np.int8),
    "pixels 0..255 as int8 (they wrap)": (255 * few[0]).astype(np.uint8).view(np.int8),
}


def through(door):
    """Feed integers to the int8 file and return the accuracy in %."""
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], door)
    interpreter.invoke()
    answer = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return 100 * float((answer.argmax(1) == few[1]).mean())


accuracy_through = {name: through(door) for name, door in DOORS.items()}
record("accuracy_cast", accuracy_through["cast the floats"])
record("accuracy_no_zero_point", accuracy_through["forgot the zero point"])
record("accuracy_wrapped", accuracy_through["pixels 0..255 as int8 (they wrap)"])
table(
    [
        {"what the caller does": name, "accuracy %": round(value, 1)}
        for name, value in accuracy_through.items()
    ],
    caption="One int8 file, four callers, 1,000 test images",
    name="contract",
)

# %% [markdown]
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# One small network, one data set, one x86 server core with VNNI instructions. A phone's CPU has other kernels; its NPU may refuse the file or run it ten times faster. Asked "which phone?", say that you measured the direction on a desktop and would run `benchmark_model` on the device before promising a number. Accuracy of the calibration cases is on 1,000 images: half a point either way is noise.
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
