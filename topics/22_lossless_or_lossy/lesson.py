# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **fold** a batch normalization into a convolution, depthwise too, within float rounding (22A),
# - **optimize** a graph so that every output keeps all of its bits (22B),
# - **sort** nine transformations by what they change: no bit, the last bits, the function (quiz).
#
# ## Predict first

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "changed",
    "The converter folds batch normalization: lossless, says everybody. "
    "Which share of the 100,000 test logits comes out with other bits than before?",
    zh="转换器折叠批归一化，人人都说这是无损的。测试集上十万个 logit，有百分之几的比特与折叠前不同？",
    unit="%",
)
predict(
    "order",
    "Then every kernel gets 6 bits with one scale for the whole tensor. "
    "Is the network noisier if you quantized after the folding, or before it?",
    zh="再把每个卷积核量化到 6 位，整个张量共用一个 scale。先折叠再量化，和先量化再折叠，哪个噪声更大？",
    choices={
        "after": Say(
            "noisier after: folding spreads the channels", "先折叠更吵：折叠拉开了通道差距"
        ),
        "same": Say("the same: folding loses nothing", "一样：折叠本来就无损"),
        "before": Say("noisier before", "先量化更吵"),
    },
)

# %% [markdown]
# ## Three things called optimization
#
# "Model optimization" means three things. Training optimization looks for better weights. *Graph* optimization computes the same function with less work. *Compression* computes another function, nearly the same, with less of everything. The second needs a proof, the third a budget. So the useful question is: after this step, is it still the same function?
#
# Ask the network. One trained CNN, as files on either side of each step, all 10,000 test images. `Unfused()` keeps the converter from fusing, so its file has the normalization as operators of its own.

# %%
import numpy as np

from course_lib import (
    Artifact,
    Float16,
    Float32,
    FoldBatchNorm,
    Int4,
    Int8,
    Unfused,
    fashion_mnist,
    inspect,
    trained,
)
from course_lib.evaluation import predict as outputs
from course_lib.evaluation.weights import replace_weights, weighted_layers
from course_lib.packing import pack, unpack

data = fashion_mnist()
network = trained("baseline")
folded_network = FoldBatchNorm()(network)
float32, unfused = Float32()(network), Unfused()(network)
folded, separate_relu = Float32()(folded_network), Unfused()(folded_network)
operators = []
for name, file in {"unfused": unfused, "folded": separate_relu, "fused": folded}.items():
    anatomy = inspect(file.content)
    operators.append(sum(anatomy.ops.values()))
    print(f"{name:8}{file.raw_bytes:8,} bytes{anatomy.macs:10,} multiplications  {anatomy.ops}")
assert operators == [14, 8, 5]

# %% [markdown]
# Fourteen operators became eight, then five, with the same multiplications and nearly the same bytes. What about the answers? For each step: how many of the 100,000 logits changed any bit, the largest change, and how many of the 10,000 predicted classes changed.

# %%
from course_lib import record, reveal, table

x = data.x_test
plain = outputs(float32, x)
pruned = replace_weights(
    float32,
    {
        layer.weights: np.where(np.abs(w) > np.quantile(np.abs(w), 0.3), w, 0)
        for layer, w in weighted_layers(float32)
    },
)
unpacked = Artifact("unpacked", unpack(pack(float32).content))
before_folding, before_fusing = outputs(unfused, x), outputs(separate_relu, x)
STEPS = {  # step: (kind, logits before, logits after)
    "packed and unpacked": ("storage", plain, outputs(unpacked, x)),
    "two threads": ("runtime", plain, outputs(float32, x, threads=2)),
    "ReLU fused": ("graph", before_fusing, outputs(folded, x)),
    "batch norm folded": ("graph", before_folding, plain),
    "other kernels": ("runtime", plain, outputs(float32, x, xnnpack=False)),
    "float16": ("compression", plain, outputs(Float16()(float32), x)),
    "30 % pruned": ("compression", plain, outputs(pruned, x)),
    "int4 (wi4c)": ("compression", plain, outputs(Int4()(float32), x)),
    "int8": ("compression", plain, outputs(Int8()(float32, data), x)),
}
ladder = [
    {
        "step": step,
        "kind": kind,
        "logits changed %": 100 * float(np.mean(before != after)),
        "largest change": f"{np.abs(after - before).max():.1e}",
        "RMS change": f"{np.sqrt(np.mean((after - before) ** 2)):.1e}",
        "classes changed": int((before.argmax(1) != after.argmax(1)).sum()),
    }
    for step, (kind, before, after) in STEPS.items()
]
table(ladder, caption="Nine steps, 10,000 test images, float logits", name="ladder")
rung = {row["step"]: row for row in ladder}
bits_changed = {step: row["logits changed %"] for step, row in rung.items()}
flips = {step: row["classes changed"] for step, row in rung.items()}
gap = {step: float(np.abs(after - before).max()) for step, (_, before, after) in STEPS.items()}
assert unpacked.content == float32.content
assert bits_changed["packed and unpacked"] == 0
record("folding_changed", bits_changed["batch norm folded"])
record("folding_gap_millionths", 1e6 * gap["batch norm folded"])
record("folding_flips", flips["batch norm folded"])
record("kernels_changed", bits_changed["other kernels"])
record("relu_changed", bits_changed["ReLU fused"])
record("float16_flips", flips["float16"])
record("int8_flips", flips["int8"])
record("int4_flips", flips["int4 (wi4c)"])
record("logits_unfused_operators", sum(inspect(unfused.content).ops.values()))
record("logits_fused_operators", sum(inspect(float32.content).ops.values()))
reveal("changed", bits_changed["batch norm folded"], unit="%")

# %% [markdown]
# {folding_changed:.0f} % of the logits changed, and {folding_flips} of 10,000 classes. So "lossless" cannot mean "the same bits". And look at the row *other kernels*: the file is the same to the last byte, only XNNPACK was switched off, and {kernels_changed:.0f} % changed. Which bits come out is not a property of the file at all. Floating-point addition rounds after each step, and every kernel adds in its own order.
#
# Put the largest changes on a logarithmic axis, beside the size of one rounding.

# %%
import matplotlib.pyplot as plt

from course_lib import show
from course_lib.lesson import style

epsilon = float(np.finfo(np.float32).eps * np.abs(plain).max())
COLOURS = {
    "storage": "#999999",
    "runtime": "#E69F00",
    "graph": "#0072B2",
    "compression": "#D55E00",
}
FLOOR = 1e-8
with style():
    fig, ax = plt.subplots(figsize=(7.4, 3.9))
    for place, (step, (kind, _, _)) in enumerate(STEPS.items()):
        at = max(gap[step], FLOOR)
        ax.plot([FLOOR, at], [place, place], color=COLOURS[kind], linewidth=1)
        ax.plot(at, place, "o", color=COLOURS[kind], markersize=8)
        note = (
            "not one bit"
            if gap[step] == 0
            else f"{flips[step]} class{'' if flips[step] == 1 else 'es'}"
        )
        ax.annotate(note, (at, place), xytext=(8, -4), textcoords="offset points", fontsize=9)
    ax.axvline(epsilon, color="black", linestyle=":", linewidth=1)
    ax.text(epsilon, -0.95, "one rounding of the largest logit", fontsize=9, ha="center")
    ax.set_yticks(range(len(STEPS)), list(STEPS))
    ax.set(xscale="log", xlim=(FLOOR, 1e4), ylim=(len(STEPS) - 0.5, -0.6), ylabel="step")
    ax.set_xlabel("largest change of a logit (left edge: exactly 0)")
show(
    fig,
    alt="Nine steps on a logarithmic axis of change: three at zero, two near one rounding, then an "
    "empty stretch of two decades or more, then float16 and the other compressions.",
    caption="None of the nine lies in the gap. Left of it rounding, right of it another function.",
    caption_zh="中间那段是空的：左边只是舍入，右边已经是另一个函数。",
)
exact = [step for step in STEPS if gap[step] == 0]
rounded = [step for step in STEPS if 0 < gap[step] < 1e-3]
lossy = [step for step in STEPS if gap[step] >= 1e-3]
assert {STEPS[step][0] for step in lossy} == {"compression"}
assert not [step for step in (*exact, *rounded) if STEPS[step][0] == "compression"]
assert gap["int8"] > gap["int4 (wi4c)"]
int8_logits = STEPS["int8"][2]
clipped = np.abs(int8_logits - plain) > gap["int8"] / 2
assert np.isin(int8_logits[clipped], [int8_logits.min(), int8_logits.max()]).all()
assert flips["int8"] < flips["int4 (wi4c)"]
empty = min(gap[step] for step in lossy) / max(gap[step] for step in rounded)
record("empty_stretch", empty)
print("exact:", *exact, "| rounded:", *rounded, "| lossy:", *lossy, sep="  ")

# %% [markdown]
# Three classes, and between rounding and loss a factor of {empty_stretch:.0f} in which none of these nine lies. That gap is the test: an "optimization" that lands on the right of it is a compression that does not say so. A delegate may do so at run time: one that computes in float16 compresses, and the file does not show it.
#
# (One trap in the table: int8 has a far larger *largest change* than int4 and far fewer changed classes, because calibration gave its output a range that cuts large logits off: where the change is large, the int8 logit stands at the end of its range (asserted above). For compressions count answers, not extremes.)
#
# ## Fold by hand
#
# Why does folding work at all? At inference batch normalization is a straight line per channel, $y = s\,(z - \mu) + \beta$ with $s = \gamma / \sqrt{\sigma^2 + \varepsilon}$, and a convolution is linear too. A line after a linear map is a linear map: $W' = W s$, $b' = (b - \mu)\,s + \beta$.

# %%
convolutions = [
    (layer, network.layers[place + 1])
    for place, layer in enumerate(network.layers)
    if type(layer).__name__ == "Conv2D"
]
kernels = [np.float64(layer.get_weights()[0]) for layer, _ in convolutions]
scales = [
    np.float64(norm.gamma) / np.sqrt(np.float64(norm.moving_variance) + norm.epsilon)
    for _, norm in convolutions
]
in_file = {w.shape: (layer.weights, w) for layer, w in weighted_layers(float32) if w.ndim == 4}


def place(kernel):
    """Return where a Keras kernel lies in the file, and the kernel in the file's axes."""
    turned = np.ascontiguousarray(kernel.transpose(3, 0, 1, 2).astype(np.float32))
    return in_file[turned.shape][0], turned


for kernel, scale in zip(kernels, scales, strict=True):
    _, turned = place(kernel * scale)
    converted = in_file[turned.shape][1]
    off = np.abs(turned - converted).max() / np.abs(converted).max()
    assert off < 1e-6
    print(f"{turned.shape}: scales {scale.min():.2f} to {scale.max():.2f}, off by {off:.0e}")
record("largest_scale", float(max(scale.max() for scale in scales)))

# %% [markdown]
# These are the kernels in the file. The converter does this always, with no option set.
#
# ## A lossless step between two lossy ones
#
# So folding changes nothing, and it cannot matter whether you fold before or after you compress? Folding changes no *function*, but it multiplies every output channel of a kernel by its own factor. Whatever looks at the kernel afterwards sees other numbers. Compare "compress, then fold" with "fold, then compress", on 2,000 test images. Nothing is trained in between.

# %%
from course_lib.evaluation import sqnr_db
from course_lib.evaluation.weights import fake_quantize

some, labels = data.x_test[:2000], data.y_test[:2000]
reference = outputs(float32, some)


def quantize(bits, axis):
    return lambda w: fake_quantize(w, bits, axis)[0]


def prune(share):
    return lambda w: np.where(np.abs(w) > np.quantile(np.abs(w), share), w, 0)


def network_with(new):
    """Return SQNR in dB and accuracy in % of the float file with these (folded) kernels."""
    got = outputs(replace_weights(float32, dict(place(kernel) for kernel in new)), some)
    return sqnr_db(reference, got), 100 * float((got.argmax(1) == labels).mean())


LOSSY = {
    "8 bits, one scale": quantize(8, None),
    "6 bits, one scale": quantize(6, None),
    "4 bits, one scale": quantize(4, None),
    "3 bits, one scale": quantize(3, None),
    "4 bits, a scale per channel": quantize(4, 3),
    "half of the weights pruned": prune(0.5),
}
orders = []
for name, squeeze in LOSSY.items():
    early = network_with([squeeze(w) * s for w, s in zip(kernels, scales, strict=True)])
    late = network_with([squeeze(w * s) for w, s in zip(kernels, scales, strict=True)])
    orders.append(
        {
            "compression": name,
            "then fold, SQNR dB": round(early[0], 1),
            "after folding, SQNR dB": round(late[0], 1),
            "then fold, accuracy %": round(early[1], 1),
            "after folding, accuracy %": round(late[1], 1),
        }
    )
table(orders, caption="One-shot compression of the three kernels, before or after folding")
by_name = {row["compression"]: row for row in orders}


def advantage(name):
    """Return how many dB the order 'fold first' is better."""
    return by_name[name]["after folding, SQNR dB"] - by_name[name]["then fold, SQNR dB"]


six = advantage("6 bits, one scale")
record("advantage_6", six)
record("advantage_4", advantage("4 bits, one scale"))
record("advantage_3", advantage("3 bits, one scale"))
record("advantage_channel", advantage("4 bits, a scale per channel"))
half = by_name["half of the weights pruned"]
record("pruned_early", half["then fold, accuracy %"])
record("pruned_late", half["after folding, accuracy %"])
masks = [
    100 * np.mean((prune(0.5)(w) != 0) != (prune(0.5)(w * s) != 0))
    for w, s in zip(kernels, scales, strict=True)
]
record("mask_differs", float(masks[0]))
assert abs(record.value("advantage_channel")) < 0.3  # the two orders are one and the same
reveal("order", "same" if abs(six) < 0.3 else "before" if six > 0 else "after")

# %% [markdown]
# The order matters, by {advantage_6:+.1f} dB at six bits and {advantage_3:+.1f} at three (plus: folding first is better; at four bits {advantage_4:+.1f}). It decides which weights a pruning deletes: in the first layer {mask_differs:.0f} % of the positions get another fate, and the network keeps {pruned_late:.0f} % accuracy instead of {pruned_early:.0f}. One row does not care. With a scale *per channel* the ruler stretches with the channel, so $Q(Ws) = s\,Q(W)$, and folding and quantizing commute. That is one more reason why the specification wants weights per channel.
#
# ## Look at one layer
#
# Textbooks warn that folding spreads the channels, so one scale must cover large and small ones. Here are the channels of one kernel, before and after. Below the dashed line lies what rounds to zero. Move the bits, change the layer, and read the noise in the titles: it is the network's, with only this layer quantized.

# %%
from course_lib import playground

spread = [
    [float(np.ptp(np.log2(np.abs(w).max((0, 1, 2))))) for w in (kernel, kernel * scale)]
    for kernel, scale in zip(kernels, scales, strict=True)
]


def one_layer(layer=1, bits=4):
    kernel, scale = kernels[layer - 1], scales[layer - 1]
    exact_kernels = [w * s for w, s in zip(kernels, scales, strict=True)]
    with style():
        fig, axes = plt.subplots(1, 2, figsize=(8.2, 3.4))
        for ax, title, w, gain in (
            (axes[0], "before folding", kernel, scale),
            (axes[1], "after folding", kernel * scale, 1.0),
        ):
            peaks = np.sort(np.abs(w).max((0, 1, 2)))[::-1]
            step = peaks[0] / (2 ** (bits - 1) - 1)
            new = list(exact_kernels)
            new[layer - 1] = quantize(bits, None)(w) * gain
            ax.bar(range(len(peaks)), peaks / peaks[0], color="#56B4E9", width=0.9)
            ax.axhline(step / 2 / peaks[0], color="#D55E00", linestyle="--")
            ax.set(xlabel="output channel, by rank", ylim=(0, 1.05))
            ax.set_ylabel("largest weight (share of the tensor's)")
            ax.set_title(
                f"{title}: largest/smallest {peaks[0] / peaks[-1]:.1f}\n"
                f"network SQNR {network_with(new)[0]:.1f} dB",
                fontsize=10,
            )
    return fig


playground(
    one_layer,
    alt="Bars of the largest weight per channel before and after folding, with the line below "
    "which values round to zero.",
    layer=(1, 3),
    bits=[3, 4, 5, 6, 8],
)
show(
    one_layer(),
    alt="First layer at four bits: after folding the bars fall off more steeply.",
    caption="Same function, other bars. A wide spread alone does not say which side is noisier.",
    caption_zh="同一个函数，不同的柱子。光看差距大小，判断不出哪边噪声更大。",
)
first_before, first_after = (float(2**value) for value in spread[0])
record("spread_before", first_before)
record("spread_after", first_after)
record("spread_ratio", first_after / first_before)


def layer_noise(number, bits=4):
    """Return network SQNR with one layer at 4 bits, one scale: quantized before, and after folding."""
    result = []
    for w, gain in ((kernels[number], scales[number]), (kernels[number] * scales[number], 1.0)):
        new = [k * s for k, s in zip(kernels, scales, strict=True)]
        new[number] = quantize(bits, None)(w) * gain
        result.append(network_with(new)[0])
    return result


noise = [layer_noise(number) for number in range(3)]
LEVEL = 0.3  # dB: below it neither order is called noisier


def follows(spread, noise):
    """Return whether the side with the wider spread is the noisier one: yes, no, or too close to say."""
    louder = noise[0] - noise[1]  # positive: after folding there is more noise
    if abs(louder) < LEVEL:
        return "too close"
    return "yes" if (spread[1] > spread[0]) == (louder > 0) else "no"


verdicts = [follows(*pair) for pair in zip(spread, noise, strict=True)]
record("textbook_right", verdicts.count("yes"))
record("textbook_wrong", verdicts.count("no"))
record("textbook_close", verdicts.count("too close"))
table(
    [
        {
            "kernel": str(kernels[k].shape),
            "spread before": round(2 ** spread[k][0], 2),
            "spread after": round(2 ** spread[k][1], 2),
            "4 bits, then fold, dB": round(noise[k][0], 1),
            "4 bits, after folding, dB": round(noise[k][1], 1),
            "wider means noisier": verdicts[k],
        }
        for k in range(3)
    ],
    caption="Largest over smallest channel, and the network's SQNR with only that kernel at 4 bits",
    name="spread",
)

# %% [markdown]
# In the first layer folding multiplies the spread by {spread_ratio:.1f}, from {spread_before:.1f} to {spread_after:.1f}. Does the noise follow? Of the 3 layers the rule "wider is noisier" is right for {textbook_right}, wrong for {textbook_wrong} and within 0.3 dB, too close to say, for {textbook_close}. The spread is half of the story. The other half: an error made *before* folding is multiplied by the channel's scale afterwards, up to {largest_scale:.0f} times here, and an error made after it is not. Before folding the ruler measures the weights, after it what the weights do. Measure, do not argue from the ratio.

# %% [markdown]
# ## What the folk answer gets wrong
#
# {{myths}}
#
# First the vocabulary: what the two things named *optimization* in TensorFlow contain, and whether the three flags differ.

# %%
import logging

from course_lib import backend

logging.disable(logging.WARNING)  # two of the flags announce that they are deprecated
tf = backend.tensorflow()
flags = [flag for flag in tf.lite.Optimize if not flag.name.startswith("EXPERIMENTAL")]
toolkit = [n for n in dir(backend.tfmot()) if n in ("clustering", "quantization", "sparsity")]
made = {}
with backend.quiet_stderr():
    for flag in flags:
        converter = tf.lite.TFLiteConverter.from_keras_model(network)
        converter.optimizations = [flag]
        made[flag.name] = converter.convert()
assert len(toolkit) == 3
assert len(set(made.values())) == 1
record("optimize_flags", len(flags))
record("flags_bytes_ratio", float32.raw_bytes / len(made["DEFAULT"]))
print("Model Optimization Toolkit:", *toolkit)
print("tf.lite.Optimize:", *(flag.name for flag in tf.lite.Optimize))
print(f"{len(flags)} flags, {len(set(made.values()))} file, {inspect(made['DEFAULT']).scheme}")

# %% [markdown]
# Size, latency, default: three names, one file, and it is quantized. In this ecosystem "optimization" *is* compression, and the lossless part happens whether you ask or not.
#
# Then the claim about size, with the cost that fusion really saves.

# %%
from course_lib import latency_ratio

ratio, interval = latency_ratio(unfused, folded)
weights_of = {name: inspect(file.content) for name, file in (("a", unfused), ("b", folded))}
assert weights_of["a"].macs == weights_of["b"].macs
assert abs(unfused.raw_bytes / folded.raw_bytes - 1) < 0.02
record("fusion_bytes_percent", 100 * (1 - folded.raw_bytes / unfused.raw_bytes))
record("fusion_time_ratio", ratio)
print(f"fusing saves {record.value('fusion_bytes_percent'):.1f} % of the bytes;")
print(
    f"the unfused file takes {ratio:.2f} times as long ({interval.low:.2f} to {interval.high:.2f})"
)

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}

# %% [markdown]
# ## Deeper
#
# When folding is refused, constants folded to the bit, and a rewrite that school allows and floats do not.
#
# ### When folding is refused
#
# The derivation needs two straight lines in a row that nobody reads in between. Break each condition once. The library explains itself:

# %%
keras = backend.keras()
layers = keras.layers


def after_relu():
    image = layers.Input((8, 8, 1))
    y = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu", name="conv")(image))
    return keras.Model(image, y)


def shared():
    image = layers.Input((8, 8, 1))
    y = layers.Conv2D(4, 3, name="conv")(image)
    return keras.Model(image, layers.Add()([y, layers.BatchNormalization()(y)]))


def comes_first():
    image = layers.Input((8, 8, 1))
    return keras.Model(image, layers.Conv2D(4, 3)(layers.BatchNormalization()(image)))


refusals = {}
for build in (after_relu, shared, comes_first):
    try:
        FoldBatchNorm()(build())
    except ValueError as refused:
        refusals[build.__name__] = str(refused).split(": ", 1)[1].split(". FoldBatchNorm")[0]
        print(f"{build.__name__}: {refusals[build.__name__]}")
assert len(refusals) == 3

# %% [markdown]
# The third has another layer *after* it. Could its scale go there? Into the kernel, yes; its shift only where the convolution does not pad, because a padded zero is a zero after the shift and not before it. And in training mode nothing folds: there $\mu$ and $\sigma$ come from the batch, so the "line" depends on the neighbours.
#
# ### Constant folding, exact to the bit
#
# What reads only constants can be computed once. No rounding order changes, the same operations run, only earlier. Watch the converter swallow four operators:

# %%
w = tf.constant(np.random.default_rng(0).normal(size=8).astype(np.float32))


@tf.function(input_signature=[tf.TensorSpec((1, 8), tf.float32)])
def scaled(image):
    return image * ((w * w + 1.0) * (w - 0.5))


with backend.quiet_stderr():
    made_of = tf.lite.TFLiteConverter.from_concrete_functions(
        [scaled.get_concrete_function()], scaled
    )
    small = Artifact("folded constants", made_of.convert())
value = w.numpy()
by_numpy = (value * value + np.float32(1)) * (value - np.float32(0.5))
batch = np.random.default_rng(1).normal(size=(200, 8)).astype(np.float32)
same = np.array_equal(outputs(small, batch), batch * by_numpy)
print(inspect(small.content).ops, "- the same bits as NumPy:", same)
assert sum(inspect(small.content).ops.values()) == 1

# %% [markdown]
# ### The harmless rewrite that is not
#
# Why may a graph optimizer not tidy up like a mathematician? Two rules from school, in float32:

# %%
a, big = np.float32(1.0), np.float32(1e8)
print("(a + big) - big =", (a + big) - big, "   a + (big - big) =", a + (big - big))
with np.errstate(invalid="ignore"):
    print("inf * 0 =", np.float32(np.inf) * np.float32(0), "   'anything times zero' = 0.0")
assert (a + big) - big == 0
assert a + (big - big) == 1

# %% [markdown]
# Reassociation and "times zero" are exact for real numbers only. Compilers offer them behind a flag whose name warns you. Task 22B is built so that these two cost you points.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# One small network on one CPU: other kernels add in other orders, so the share of changed bits is this machine's, and so is every latency. The order experiment is one-shot; with training after it the differences shrink. Whether an optimization changes an answer was counted on 10,000 images of one data set: zero there is no proof for the next image, whose two best logits may be closer than a rounding. Layout changes, Winograd and delegates' own rewriting were not taken apart.
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
