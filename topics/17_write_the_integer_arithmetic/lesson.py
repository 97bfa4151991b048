# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **quantize** a weight tensor with one scale per output channel, each channel using all of ±127 and no weight off by more than half a step (17A),
# - **turn** a real multiplier into a 31-bit integer and a shift, and compute a layer without one float, within one step of LiteRT (17B),
# - **tell** which of the four roundings of a layer costs most, and why two correct kernels differ in their last bit (quiz).
#
# ## Predict first
#
# The file is int8 from end to end, and integer arithmetic is exact. So:

# %%
from course_lib import predict

predict(
    "kernels_differ",
    "LiteRT has two sets of int8 kernels on a CPU: XNNPACK and the built-in ones. Same file, same "
    "images. What share of the int8 logits comes out different?",
    zh="LiteRT 在 CPU 上有两套 int8 算子实现：XNNPACK 和内建实现。同一个文件、同样的图片，"
    "有百分之几的 int8 logit 不一样？",
    unit="%",
)
predict(
    "worst_source",
    "A layer rounds four things: its input, its weights, its bias, its output. Which of them costs "
    "the last layer the most?",
    zh="一层要舍入四样东西：输入、权重、偏置、输出。最后一层的误差主要来自哪一样？",
    choices=["input", "weights", "bias", "output"],
)

# %% [markdown]
# ## Everything there is to know
#
# A stored integer $q$ stands for the real number $r = s\,(q - z)$. Put that into $y = \sum w x + b$, with $z_w = 0$ for the weights:
#
# $$s_y (q_y - z_y) = s_x s_w \Big( \sum_k q_w\,(q_x - z_x) + q_b \Big)$$
#
# The bracket holds integers only. It is the **accumulator**, int32, and the bias was stored in its unit on purpose. Divide by $s_y$ and one real number is left, the **multiplier** $M = s_x s_w / s_y$, one per output channel. So a layer is: sum, multiply by $M$, add $z_y$, clamp. Read those numbers from the file.

# %%
from types import SimpleNamespace

import numpy as np

from course_lib import Int8, fashion_mnist, float_tflite, inspect, table

data = fashion_mnist()
float32 = float_tflite("baseline")
int8 = Int8()(float32, data)
graph = inspect(int8).subgraphs[0]


def constant(index, graph=graph, file=int8):
    """Return the values of a constant tensor, straight from the bytes of the file."""
    tensor = graph.tensors[index]
    start, stop = tensor.span
    return np.frombuffer(file.content[start:stop], tensor.dtype).reshape(tensor.shape)


def read(op):
    """Collect what one operator needs: integers, two zero points, and M per output channel."""
    x, w, b, y = (*op.inputs, *op.outputs)
    s = {t: graph.tensors[t].quantization.scale.astype(np.float64) for t in (x, w, y)}
    z = {t: graph.tensors[t].quantization.zero_point for t in (x, w, y)}
    assert not z[w].any()  # the formula above relies on it
    kernel = constant(w)
    return SimpleNamespace(
        name=f"{op.name.lower()} {op.index}",
        op=op,
        w=kernel.reshape(len(kernel), -1).astype(np.int32),  # one row per output channel
        b=constant(b),
        M=s[x][0] * s[w] / s[y][0],
        zx=int(z[x][0]),
        zy=int(z[y][0]),
        stride=op.options.get("stride_h"),
        low=int(z[y][0]) if op.activation == "relu" else -128,
    )


layers = [read(op) for op in graph.operators if op.name != "RESHAPE"]
table(
    [
        {
            "layer": layer.name,
            "products per output": layer.w.shape[1],
            "z of input": layer.zx,
            "z of output": layer.zy,
            "smallest M": layer.M.min(),
            "largest M": layer.M.max(),
            "clamp": f"{layer.low} to 127",
        }
        for layer in layers
    ],
    caption="The whole arithmetic of the int8 baseline, apart from its weights and biases",
    name="file",
)

# %% [markdown]
# Two things to notice. Every $M$ is far below 1: a wide accumulator is squeezed into eight bits. And the convolutions clamp at −128, which is their $z_y$, the integer for 0.0. That clamp *is* the ReLU; the file holds no such operator.
#
# ## A multiplication without a float
#
# $M$ is real, and the hardware may have no floating point. So write $M = M_0 \cdot 2^{e-31}$ with an integer $M_0$ between $2^{30}$ and $2^{31}$. Scaling is then one 64-bit product and one shift to the right. A shift alone would round down; half a unit added before it makes that rounding to nearest.

# %%


def fixed_point(M):
    """Return M0 and e with M = M0 * 2**(e - 31): a float with 31 significant bits."""
    fraction, e = np.frexp(M)  # fraction in [0.5, 1)
    return np.rint(fraction * 2**31).astype(np.int64), e.astype(np.int64)


def once(acc, m0, e):
    """Scale accumulators by M0 * 2**(e - 31), rounded once: ties go up."""
    shift = 31 - e
    return (acc * m0 + (np.int64(1) << (shift - 1))) >> shift


def patches(q, stride, pad):
    """Cut 3 x 3 windows, SAME padding: (n, h, w, c) becomes (n, rows, columns, 9 c)."""
    need = [max((-(-size // stride) - 1) * stride + 3 - size, 0) for size in q.shape[1:3]]
    edges = [(0, 0), *((n // 2, n - n // 2) for n in need), (0, 0)]
    q = np.pad(q, edges, constant_values=pad)
    windows = np.lib.stride_tricks.sliding_window_view(q, (3, 3), (1, 2))[:, ::stride, ::stride]
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(*windows.shape[:3], -1)


def accumulate(layer, q):
    """Return the int32 sums of a layer: products, zero point, bias."""
    # A padded pixel stands for 0.0, so it is the zero point and not the integer 0.
    q = patches(q, layer.stride, layer.zx) if layer.stride else q.reshape(len(q), -1)
    return (q.astype(np.int32) - layer.zx) @ layer.w.T + layer.b


def finish(layer, acc, scaling=once):
    """Turn accumulators into the int8 output: multiply, shift, add the zero point, clamp."""
    m0, e = fixed_point(layer.M)
    return np.clip(scaling(acc, m0, e) + layer.zy, layer.low, 127).astype(np.int8)


m0, e = fixed_point(layers[-1].M[0])
assert 2**30 <= m0 < 2**31
assert abs(m0 * 2.0 ** (e - 31) / layers[-1].M[0] - 1) < 2**-31
print(f"M  = {layers[-1].M[0]:.12f}")
print(f"M0 = {m0:,}, e = {e}: multiply, then shift right by {31 - e}")

# %% [markdown]
# That is a complete interpreter for this network. The only lines with a fraction in them are those of `fixed_point`, and they run once, when the file is loaded.
#
# ## One neuron, and what its output scale decides
#
# Follow one logit over 200 images. Each dot is an image: its accumulator on the horizontal axis, the int8 output on the vertical one. Move the output scale and the zero point. Where do you lose information by clamping, and where by steps that are too coarse?

# %%
import matplotlib.pyplot as plt

from course_lib import playground, show
from course_lib.evaluation.codec import encode
from course_lib.lesson import style

IMAGES = 200
entry = graph.tensors[graph.inputs[0]].quantization
pixels = encode(data.x_test[:IMAGES], np.int8, entry.scale[0], int(entry.zero_point[0]))
inside = [pixels]  # the int8 tensor in front of every layer, then the logits
for layer in layers:
    inside.append(finish(layer, accumulate(layer, inside[-1])))
sums = accumulate(layers[-1], inside[-2])
SCALES = {"half": 0.5, "as in the file": 1.0, "x 2": 2.0, "x 4": 4.0, "x 16": 16.0}


def neuron(logit="Sneaker", output_scale="as in the file", zero_point=layers[-1].zy, relu=False):
    channel, factor = data.class_names.index(logit), SCALES[output_scale]
    M, acc = layers[-1].M[channel] / factor, sums[:, channel]
    m0, e = fixed_point(M)
    wide = once(acc, m0, e) + zero_point
    low = zero_point if relu else -128
    q = np.clip(wide, low, 127)
    lost, ends = int(np.sum(wide != q)), (acc.min(), acc.max())
    with style():
        fig, ax = plt.subplots(figsize=(7, 3.6))
        ax.plot(ends, [M * end + zero_point for end in ends], color="#999999", label="M acc + z")
        ax.scatter(acc, q, s=16, zorder=3, label="int8 output")
        ax.axhspan(-128, 127, color="#56B4E9", alpha=0.12)
        ax.axhline(zero_point, color="black", linewidth=1, linestyle=":", label="z, stands for 0.0")
        ax.set(xlabel="accumulator (int32)", ylabel="output (int8)", ylim=(-180, 180))
        ax.set_title(
            f"M0 = {m0:,}, shift {31 - e}: {len(np.unique(q))} values, {lost} of {len(q)} clamped"
        )
        ax.legend(loc="upper left")
    return fig


playground(
    neuron,
    alt="Accumulators of one logit against its int8 outputs, with the line M acc + z and the int8 "
    "range.",
    logit=list(data.class_names),
    output_scale=list(SCALES),
    zero_point=(-128, 127),
    relu=False,
)
show(
    neuron(),
    alt="Accumulators of the Sneaker logit against int8 outputs: dots on a line that ends flat at "
    "the lower or upper "
    "limit of int8.",
    caption="The file's own scale. The flat ends are logits that the calibrated range cannot "
    "express.",
    caption_zh="文件里实际使用的 scale。两端的平台是校准量程表示不了的 logit。",
)

# %% [markdown]
# ## Be the interpreter
#
# Now the real thing. LiteRT runs the file on the same images and keeps every intermediate tensor. Our layer gets exactly the tensor that LiteRT's layer got, so no earlier error counts. Twice: once against XNNPACK, once against LiteRT's built-in kernels.

# %%
from course_lib import record
from course_lib.evaluation.runtime import open_interpreter


def runtime(xnnpack):
    """Return the int8 tensor in front of every layer, and the logits, as LiteRT computes them."""
    interpreter = open_interpreter(int8, xnnpack=xnnpack, preserve=True, allocate=False)
    interpreter.resize_tensor_input(graph.inputs[0], pixels.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(graph.inputs[0], pixels)
    interpreter.invoke()
    return [pixels, *(interpreter.get_tensor(layer.op.outputs[0]) for layer in layers)]


def distance(a, b):
    """Return the signed differences in steps, flat."""
    return a.astype(np.int16).ravel() - b.astype(np.int16).ravel()


theirs = {"XNNPACK": runtime(True), "built-in": runtime(False)}
gaps = {
    (layer.name, kernels): distance(finish(layer, accumulate(layer, before)), after)
    for kernels, tensors in theirs.items()
    for layer, before, after in zip(layers, tensors, tensors[1:], strict=False)
}
assert all(np.abs(gap).max() <= 1 for gap in gaps.values())  # within one step, on every CPU
checked = sum(gap.size for (_, kernels), gap in gaps.items() if kernels == "XNNPACK")
missed = dict.fromkeys(theirs, 0)
for (_, kernels), gap in gaps.items():
    missed[kernels] += int(np.count_nonzero(gap))
record("outputs_checked", checked)
record("differ_from_xnnpack", missed["XNNPACK"])
record("differ_from_builtin", missed["built-in"])
table(
    [
        {"layer": layer.name, "outputs": gaps[layer.name, "XNNPACK"].size}
        | {f"differ from {k}": np.count_nonzero(gaps[layer.name, k]) for k in theirs}
        | {"largest gap (steps)": max(int(np.abs(gaps[layer.name, k]).max()) for k in theirs)}
        for layer in layers
    ],
    caption=f"Our integers against LiteRT's, layer by layer, {IMAGES} images, same inputs",
    name="layers",
)

# %% [markdown]
# Thirty lines of NumPy, and of {outputs_checked:,} outputs {differ_from_xnnpack} differ from the production kernel. From LiteRT's *other* production kernel, {differ_from_builtin:,} do. Never by more than one step; but whose fault is it?
#
# ## Two kernels, one file
#
# Leave ourselves out and compare the two kernels with each other, each fed by its own previous layer as in real life.

# %%
from course_lib import reveal

drift = [distance(a, b) for a, b in zip(theirs["XNNPACK"][1:], theirs["built-in"][1:], strict=True)]
furthest = max(int(np.abs(d).max()) for d in drift)
with style():
    fig, ax = plt.subplots()
    steps = [d for d in range(-furthest, furthest + 1) if d]
    for index, (layer, d) in enumerate(zip(layers, drift, strict=True)):
        shares = [100 * np.mean(d == step) for step in steps]
        ax.bar(
            np.arange(len(steps)) + 0.2 * (index - 1.5),
            shares,
            width=0.2,
            label=f"{layer.name}: {100 * np.mean(d != 0):.2g} %",
        )
    ax.set_xticks(range(len(steps)), [f"{step:+d}" for step in steps])
    ax.set(xlabel="XNNPACK minus built-in (steps)", ylabel="share of outputs (%), logarithmic")
    ax.set_yscale("log")
    ax.set_ylim(top=400)
    ax.legend(title="outputs that differ", loc="upper center", ncols=2)
show(
    fig,
    alt="Histogram of the differences between XNNPACK and built-in kernels per layer on a "
    "logarithmic axis; the share "
    "grows from layer to layer.",
    caption="A last bit in the first layer becomes several later on. Equal outputs are left out.",
    caption_zh="第一层的最后一位，到最后一层变成了好几个台阶。相等的输出未画出。",
)
record("kernels_differ", 100 * np.mean(drift[-1] != 0))
record("kernels_differ_first", 100 * np.mean(drift[0] != 0))
record("kernels_furthest", furthest)
reveal("kernels_differ", 100 * np.mean(drift[-1] != 0))

# %% [markdown]
# The sums cannot differ, integers being integers. What differs is the one place where a number is rounded. The built-in kernels descend from gemmlowp and round **twice**: they keep the upper half of the 62-bit product, rounded, and round again in the shift that follows. Write that down too.

# %%


def twice(acc, m0, e):
    """Scale as gemmlowp's heirs do: round the product to its upper half, then round the shift."""
    upper = (acc * m0 + (1 << 30)) >> 31
    return (upper + ((np.int64(1) << -e) >> 1)) >> -e


again = [
    distance(finish(layer, accumulate(layer, before), twice), after)
    for layer, before, after in zip(
        layers, theirs["built-in"], theirs["built-in"][1:], strict=False
    )
]
assert all(np.abs(gap).max() <= 1 for gap in again)
record("twice_differ_from_builtin", sum(int(np.count_nonzero(gap)) for gap in again))

ties = []  # how far M * acc is from a tie where the two rules disagree, each accumulator once
for layer, before in zip(layers, inside, strict=False):
    acc = accumulate(layer, before).reshape(-1, len(layer.M))
    where, channel = np.nonzero(finish(layer, acc) != finish(layer, acc, twice))
    channel, value = np.unique(np.stack([channel, acc[where, channel]]), axis=1)
    ties.append((value * layer.M[channel]) % 1 - 0.5)
everywhere = np.concatenate(ties)
assert everywhere.size
assert np.abs(everywhere).max() < 0.02
record("tie_distance", np.abs(everywhere).max())
with style():
    fig, ax = plt.subplots()
    bins = np.linspace(-0.005, 0.002, 71)
    ax.hist(ties, bins=bins, stacked=True, label=[layer.name for layer in layers])
    ax.axvline(0, color="black", linewidth=1, linestyle=":", label="tie")
    ax.set(xlabel="distance of M acc from the nearest tie (steps)", ylabel="accumulators")
    ax.legend(loc="upper left")
show(
    fig,
    alt="Histogram of the distance from a rounding tie of all accumulators on which the two rules "
    "disagree: all lie within a hundredth of a step, below the tie.",
    caption="They disagree only a hair's breadth below a tie: the first rounding lifts the value "
    "onto it, the second one beyond.",
    caption_zh="分歧只发生在离“恰好一半”一线之隔的地方：第一次舍入把数值抬到一半，第二次再把它进上去。",
)
print(
    f"two roundings differ from the built-in kernels in {record.value('twice_differ_from_builtin')}"
    f" of {checked:,} outputs, one rounding in {missed['built-in']:,}"
)

# %% [markdown]
# So you can write either kernel. With one rounding, {differ_from_xnnpack} outputs differ from XNNPACK here; with two, {twice_differ_from_builtin} from the built-in kernels. Both are correct: the specification demands no particular rounding. Whoever ships int8 writes tests that allow one step per layer, and wonders only beyond it.
#
# ## Where the error is born
#
# The integers are settled. What do they cost against the float network? Quantize one thing at a time in each layer, leave the rest float, and compare the layer's output with the float one, in units of its own step. Every layer gets the float network's input.

# %%
floats = inspect(float32).subgraphs[0]
interpreter = open_interpreter(float32, preserve=True, allocate=False)
interpreter.resize_tensor_input(floats.inputs[0], pixels.shape)
interpreter.allocate_tensors()
interpreter.set_tensor(floats.inputs[0], data.x_test[:IMAGES])
interpreter.invoke()


def through(values, tensor):
    """Return what is left of real values after a trip through the tensor's integers."""
    scale, zero = tensor.quantization.scale[0], tensor.quantization.zero_point[0]
    return scale * (np.clip(np.rint(values / scale) + zero, -128, 127) - zero)


def dense(layer, x, w, b):
    x = patches(x, layer.stride, 0) if layer.stride else x.reshape(len(x), -1)
    y = x @ w.T + b
    return np.maximum(y, 0) if layer.low == layer.zy else y


SOURCES = ("input", "weights", "bias", "output")
costs = np.zeros((len(layers), len(SOURCES)))
for row, layer in enumerate(layers):
    op = floats.operators[layer.op.index]
    x = interpreter.get_tensor(op.inputs[0])
    w, b = (constant(t, floats, float32) for t in op.inputs[1:])
    w = w.reshape(len(w), -1)
    inward, w_scale, b_scale = (graph.tensors[t] for t in layer.op.inputs)
    outward = graph.tensors[layer.op.outputs[0]]
    exact = dense(layer, x, w, b)
    tried = (
        dense(layer, through(x, inward), w, b),
        dense(layer, x, layer.w * w_scale.quantization.scale[:, None], b),
        dense(layer, x, w, layer.b * b_scale.quantization.scale),
        through(exact, outward),
    )
    step = outward.quantization.scale[0]
    costs[row] = [np.mean(((y - exact) / step) ** 2) for y in tried]

with style():
    fig, ax = plt.subplots(figsize=(7, 3))
    left = np.zeros(len(layers))
    for source, share in zip(SOURCES, (100 * costs / costs.sum(1, keepdims=True)).T, strict=True):
        ax.barh(range(len(layers)), share, left=left, label=source, height=0.6)
        left += share
    ax.set_yticks(
        range(len(layers)),
        [f"{la.name}\n{np.sqrt(c.sum()):.2g} steps" for la, c in zip(layers, costs, strict=True)],
    )
    ax.invert_yaxis()
    ax.set(xlabel="share of the layer's mean squared error (%)", ylabel="layer, its RMS error")
    ax.legend(loc="upper center", ncols=4, bbox_to_anchor=(0.45, 1.22))
show(
    fig,
    alt="Stacked bars per layer: input, weights, bias and output rounding as shares of the mean "
    "squared error; output "
    "dominates, weights are small, the bias is invisible.",
    caption="The weights, of which everybody speaks, are never the main part. The bias costs "
    "nothing one could draw.",
    caption_zh="人人都在谈权重，而它在哪一层都不是大头；偏置的误差小到画不出来。",
)
share = 100 * costs / costs.sum(1, keepdims=True)
record("weights_share_largest", share[:, 1].max())
record("output_share_last", share[-1, 3])
record("output_error_last", np.sqrt(costs[-1, 3]))
record("bias_share_largest", share[:, 2].max())
reveal("worst_source", SOURCES[int(costs[-1].argmax())])

# %% [markdown]
# Rounding alone costs 0.29 steps RMS, that is $\sqrt{1/12}$. The last layer's output loses {output_error_last:.1f}. That is no rounding: it is the flat ends of the picture above, logits beyond the range that calibration found typical. The arithmetic is innocent. If you want to improve this file, look at ranges first, at inputs second, at the bits of the weights last.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Executed, on integers alone: one file, one input, two legitimate rounding rules.

# %%
from course_lib.evaluation import predict as outputs

rules = {}
for scaling in (once, twice):
    q = pixels
    for layer in layers:
        q = finish(layer, accumulate(layer, q), scaling)
    rules[scaling.__name__] = q
assert (rules["once"] != rules["twice"]).any()  # integers, and still not the same everywhere

step = graph.tensors[layers[-1].op.outputs[0]].quantization.scale[0]
real = layers[-1].M * accumulate(layers[-1], inside[-2])  # dequantize, compute, quantize
assert np.abs(distance(rules["once"], np.clip(np.rint(real) + layers[-1].zy, -128, 127))).max() <= 1
assert not [op for op in graph.operators if "RELU" in op.name]
assert all(inside[i + 1].min() == layer.zy for i, layer in enumerate(layers) if layer.stride)

logits = {name: outputs(int8, data.x_test, xnnpack=name == "XNNPACK") for name in theirs}
classes = {name: values.argmax(1) for name, values in logits.items()}
flips = int(np.sum(classes["XNNPACK"] != classes["built-in"]))
record("kernel_flips", flips)
record("rules_differ", 100 * np.mean(rules["once"] != rules["twice"]))
record("accuracy_xnnpack", 100 * np.mean(classes["XNNPACK"] == data.y_test))
record("accuracy_builtin", 100 * np.mean(classes["built-in"] == data.y_test))
print(f"rounding once or twice: {record.value('rules_differ'):.1f} % of the logits differ")
print(f"XNNPACK or built-in kernels: {flips} of {len(data.y_test):,} predicted classes differ")

# %% [markdown]
# A last bit is worth a class now and then: {kernel_flips} of 10,000 test images. Accuracy {accuracy_xnnpack:.2f} % against {accuracy_builtin:.2f} %: no loss, and no identity either.
#
# ## The answer in sixty seconds
#
# {{answer}}

# %% [markdown]
# ## Deeper
#
# Padding, the width of the multiplier, overflow, and a float where none was expected.

# %% [markdown]
# ### Fold the zero point, and pad with it
#
# $\sum q_w (q_x - z_x) = \sum q_w q_x - z_x \sum q_w$. The last term is a constant of the channel, so it goes into the bias when the file is loaded, and the inner loop is a plain dot product of int8. That only works because $z_w = 0$; otherwise a sum over the *input* would be needed at every call.
#
# The trap is at the border. The constant assumes a full window, so a padded pixel has to hold $z_x$. Pad with the integer 0, as `np.pad` does when nobody tells it otherwise, and every border pixel sees a grey frame around the image.

# %%
layer, q = layers[2], inside[2]
folded = layer.b - layer.zx * layer.w.sum(1)
plain = patches(q, layer.stride, layer.zx).astype(np.int32) @ layer.w.T + folded
assert np.array_equal(plain, accumulate(layer, q))

wrong = patches(q, layer.stride, 0).astype(np.int32) @ layer.w.T + folded
harm = np.abs(finish(layer, wrong).astype(int) - finish(layer, plain)).mean((0, 3))
assert not harm[1:-1, 1:-1].any()
assert harm.max() > 1
record("padding_error", harm.max())
with style():
    fig, ax = plt.subplots(figsize=(4.6, 3.6))
    image = ax.imshow(harm, cmap="Oranges")
    for (row, column), value in np.ndenumerate(harm):
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=9)
    ax.set(xlabel="column", ylabel="row")
    ax.grid(visible=False)
    fig.colorbar(image, label="mean error (steps)")
show(
    fig,
    alt="Seven by seven map of the mean error in steps: zero inside, large along the border.",
    caption="Third convolution, padded with the integer 0 in place of the zero point: the inside "
    "is perfect.",
    caption_zh="第三个卷积层用整数 0 而不是 zero_point 补边：中间完全正确，边上全错。",
)

# %% [markdown]
# ### How many bits does the multiplier need?
#
# TFLite spends 31 bits on $M_0$. Round it to fewer and count the outputs that change. The kernels for int16 activations keep 15 or 16, because their accumulator takes the room.

# %%


def coarse(bits):
    """Return a scaling whose M0 keeps only that many significant bits."""

    def scaling(acc, m0, e):
        cut = 31 - bits
        return once(acc, ((m0 + (1 << cut >> 1)) >> cut) << cut, e)

    return scaling


WIDTHS = (4, 6, 8, 10, 12, 14, 16, 20, 24, 31)
changed = {bits: [] for bits in WIDTHS}
for layer, before in zip(layers[1:], inside[1:], strict=False):
    acc = accumulate(layer, before)
    best = finish(layer, acc)
    for bits in WIDTHS:
        changed[bits].append(100 * np.mean(finish(layer, acc, coarse(bits)) != best))
table(
    [
        {"bits of M0": bits}
        | {f"{la.name}, % changed": value for la, value in zip(layers[1:], row, strict=True)}
        for bits, row in changed.items()
    ],
    caption="Share of a layer's outputs that change when the multiplier keeps fewer bits",
    name="multiplier",
)
assert changed[31] == [0.0] * 3
assert max(changed[16]) < 1
record("changed_at_16", max(changed[16]))
record("changed_at_8", changed[8][-1])

# %% [markdown]
# ### When does int32 overflow?
#
# Worst case, all signs in step: with the zero point subtracted first a product reaches $255 \cdot 127$, with the zero point folded $128 \cdot 127$. Our largest dense layer sums 3,136 of them. It takes a layer of tens of thousands of inputs to worry, and then the *bias* has to fit as well.

# %%
limits = {"subtracted first": (2**31 - 1) // (255 * 127), "folded": (2**31 - 1) // (128 * 127)}
assert limits == {"subtracted first": 66_311, "folded": 132_104}
seen = max(int(np.abs(accumulate(la, q)).max()) for la, q in zip(layers, inside, strict=False))
record("overflow_products", limits["folded"])
record("overflow_subtracted", limits["subtracted first"])
record("largest_accumulator", seen)
print(f"largest accumulator seen: {seen:,}, {2**31 / seen:,.0f} times below the limit")
print({f"zero point {how}": f"{k:,} products" for how, k in limits.items()})

# %% [markdown]
# ### Does the production kernel really use no float?
#
# "Integer-only" describes the *file*: it can be run without a float unit. A CPU that has one may use it. Try a float32 multiplication, rounded to even, in place of our integer one. The two disagree so rarely that it takes the first layer of 2,000 images to see it.

# %%


def as_float32(layer, acc):
    """Scale with a float32 multiplication, as a kernel with a float unit may."""
    s = [graph.tensors[t].quantization.scale for t in (*layer.op.inputs[:2], *layer.op.outputs)]
    y = np.rint(acc.astype(np.float32) * (s[0] * s[1] / s[2])).astype(np.int64)
    return np.clip(y + layer.zy, layer.low, 127).astype(np.int8)


rare = {"integer": 0, "float32": 0}
compared, first = 0, layers[0]
for begin in range(0, 2000, 500):
    pixels = encode(
        data.x_test[begin : begin + 500], np.int8, entry.scale[0], int(entry.zero_point[0])
    )
    acc, after = accumulate(first, pixels), runtime(True)[1]
    rare["integer"] += int(np.count_nonzero(distance(finish(first, acc), after)))
    rare["float32"] += int(np.count_nonzero(distance(as_float32(first, acc), after)))
    compared += after.size
record("compared_first", compared)
record("rare_integer", rare["integer"])
record("rare_float", rare["float32"])
scales = {
    rare["float32"] < rare["integer"]: "sums integers and multiplies each finished sum by a float",
    rare["float32"] > rare["integer"]: "scales with integers to the very end",
}
record("kernel_scales", scales.get(True, "cannot be told from either"))
print(f"of {compared:,} outputs differ from XNNPACK, by kind of multiplier: {rare}")

# %% [markdown]
# {rare_float} of {compared_first:,} with the float multiplier, {rare_integer} with the integer one. So on this CPU XNNPACK, to all appearances, {kernel_scales}. One float operation after hundreds of integer ones would cost next to nothing; that a kernel is free to choose is why another CPU may disagree in a last bit.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# Four layers of one network: no Add (both inputs have to be rescaled to a common scale first), no pooling, no softmax table, no depthwise convolution. The counts of differing outputs belong to this CPU and this LiteRT; on ARM, XNNPACK chooses other rounding code. An NPU has its own rules, and its vendor seldom publishes them. What carries over is the bound: one step per layer, more only where layers add up. The layer-wise comparison used 200 images, the predicted classes all 10,000.
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
