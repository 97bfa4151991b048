# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **compare** two `.tflite` files by operators and types, with 0 lines where 0 changed (28A),
# - **group** the layers of a residual network whose channels can only go together, in 1 pass over the ties (28B),
# - **name** for 9 techniques which of 5 things they change, and the widths at which fewer channels save time (quiz).
#
# ## Predict first

# %%
from course_lib import predict

predict(
    "empty_diffs",
    "Nine ways to compress the same network. In how many files do the counts of operators and of tensor types "
    "stay exactly as they were?",
    zh="用九种方式压缩同一个网络。有几个文件的算子数量和张量类型数量与原来完全一样？",
    unit="of 9",
)
predict(
    "saved_57",
    "Three int8 convolutions in a row hand on 64 channels each. You prune 64 to 57, which removes a sixth of the "
    "products. By how many per cent does the time fall?",
    zh="三个相连的 int8 卷积，中间传递 64 个通道。剪到 57 个，乘法少了约六分之一。耗时下降百分之几？",
    unit="%",
)

# %% [markdown]
# ## Nine diffs
#
# "Compression makes the network simpler" is a statement about a graph, so compare graphs. The reference is the shipped float32 file. Five files come from exports, four from lesson 16, which pruned the network and trained it on: zeros anywhere, zeros in blocks of 2:4, and channels cut out. `graph_diff` counts operators and tensors by type, before and after.

# %%
import gzip
import json

from course_lib import (
    Artifact,
    DynamicRange,
    Float16,
    Int4,
    Int8,
    fashion_mnist,
    float_tflite,
    inspect,
    record,
    reveal,
    table,
)
from course_lib.catalog import topic
from course_lib.inspection import graph_diff

data = fashion_mnist()
before = float_tflite("baseline")
folder = topic("16").folder
runs = json.loads((folder / "record_variants.json").read_text(encoding="utf-8"))["runs"]


def pruned(name):
    return Artifact(name, gzip.decompress((folder / runs[name]["file"]).read_bytes()))


files = {
    "float16": Float16()(before),
    "dynamic range": DynamicRange()(before),
    "int8": Int8()(before, data),
    "int8, float at the ends": Int8(integer_io=False)(before, data),
    "int4": Int4()(before),
    "80 % zeros": pruned("unstructured 80%"),
    "2:4 zeros": pruned("2:4"),
    "channels -25 %": pruned("channels -25%"),
    "channels -50 %": pruned("channels -50%"),
}


CASTS = ("QUANTIZE", "DEQUANTIZE")  # they hand on what they were given, in another type


def shapes(file):
    """Return the shapes that the operators read and hand on, in order; casts aside."""
    graph = inspect(file.content).subgraphs[0]
    return [
        graph.tensors[index].shape
        for op in graph.operators
        if op.name not in CASTS
        for index in (*op.inputs, *op.outputs)
        if index >= 0
    ]


def listed(counts, sign):
    return ", ".join(f"{sign}{number} {name}" for name, number in counts.items())


rows, empty = [], []
reference = inspect(before.content)
for name, file in files.items():
    diff = graph_diff(before, file)
    if not diff:
        empty.append(name)
    operators = "; ".join(filter(None, [listed(diff.removed, "-"), listed(diff.added, "+")]))
    rows.append(
        {
            "file": name,
            "operators": operators or "-",
            "tensors by type": ", ".join(f"{t} {a}→{b}" for t, (a, b) in diff.retyped.items()) or "-",
            "shapes": "same" if shapes(file) == shapes(before) else "other",
            "products": f"{inspect(file.content).macs / reference.macs:.2f}x",
            "raw bytes": f"{file.raw_bytes / before.raw_bytes:.2f}x",
        }
    )  # fmt: skip
record("empty_diffs", len(empty))
record("techniques", len(files))
table(rows, caption="What nine compressions change in the graph of one network.", name="diffs")
reveal("empty_diffs", len(empty), unit="of 9")

# %% [markdown]
# {empty_diffs} of {techniques} diffs are empty. A network "compressed by 80 %" has the same operators, the same types, the same shapes and the same number of products: only *values* changed, and a graph does not show values. Cutting channels leaves the list of operators alone as well; what it changes are **shapes**. And quantization, which is credited with "reducing complexity", adds operators at the ends if anything, and never removes a product.
#
# So there are five layers to ask about: operators, types, shapes, values, and how they are stored.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib import lesson, show

LAYERS = ("operators", "types", "shapes", "values of weights", "bytes of the file")


def changed(file):
    diff = graph_diff(before, file)
    return (
        bool(diff.removed or diff.added),
        bool(diff.retyped),
        shapes(file) != shapes(before),
        True,  # asserted below: every one of the nine files answers differently somewhere
        file.raw_bytes != before.raw_bytes,
    )


from course_lib.evaluation import predict as outputs

few = data.x_val[:500]
answers = outputs(before, few)
assert all((outputs(file, few) != answers).any() for file in files.values())

matrix = np.array([changed(file) for file in files.values()])
with lesson.style():
    figure, panel = plt.subplots(figsize=(7, 3.4))
panel.imshow(matrix, cmap="Greys", vmin=-0.3, vmax=1.6, aspect="auto")
for row, column in np.ndindex(matrix.shape):
    word, colour = ("changed", "white") if matrix[row, column] else ("same", "black")
    panel.text(column, row, word, ha="center", va="center", fontsize=8, color=colour)
panel.set_xticks(range(5), LAYERS, fontsize=8)
panel.set_yticks(range(len(files)), files, fontsize=8)
panel.set(xlabel="layer of the description", ylabel="file")
panel.grid(False)
show(
    figure,
    alt="A matrix of nine files by five layers of description. Zeros change values alone; cutting channels changes shapes "
    "and bytes; exports change types, two of them operators as well.",
    caption="Which layer of the description each technique touches, compared with the float32 file.",
    caption_zh="与 float32 文件相比，每种技术改动了描述的哪一层。",
)

# %% [markdown]
# Choose a file and see its operators beside the reference.

# %%
from course_lib import playground


def operators(file="float16"):
    """Bars of operator counts before and after."""
    old, new = inspect(before.content).ops, inspect(files[file].content).ops
    kinds = sorted({*old, *new})
    with lesson.style():
        figure, panel = plt.subplots(figsize=(7, 2.6))
    places = np.arange(len(kinds))
    panel.bar(places - 0.2, [old.get(kind, 0) for kind in kinds], 0.4, label="float32")
    panel.bar(places + 0.2, [new.get(kind, 0) for kind in kinds], 0.4, label=file, hatch="//")
    panel.set_xticks(places, kinds, fontsize=8)
    panel.set(xlabel="operator", ylabel="number in the file")
    panel.legend()
    return figure


playground(
    operators, alt="Operator counts before and after, for the chosen file.", file=list(files)
)
show(
    operators("float16"),
    alt="Operators of the float16 file beside float32: the same, and one DEQUANTIZE for each weight.",
    caption="float16 adds operators: each weight is expanded to float32 before anything is computed.",
    caption_zh="float16 增加了算子：每个权重在计算前都要展开成 float32。",
)

# %% [markdown]
# ## What may be cut: a residual block
#
# Cutting channels is the one technique here that changes shapes, and shapes have partners. A sum needs equal widths; a depthwise layer repeats its input's; a concatenation hands both on. Here is a small network with all three. `channel_groups` follows every channel through it and says which layers' channels can only go together. This cell loads TensorFlow.

# %%
from course_lib import Float32, PruneChannels, backend
from course_lib.techniques.channel_groups import channel_groups

keras = backend.keras()
K = keras.layers


def residual_network():
    keras.utils.set_random_seed(0)
    image = keras.Input((28, 28, 1), name="image")
    x = K.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="stem")(image)
    y = K.Conv2D(24, 3, padding="same", activation="relu", name="inside")(x)
    y = K.Conv2D(16, 3, padding="same", name="closing")(y)
    x = K.ReLU(name="after")(K.Add(name="sum")([x, y]))
    z = K.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    w = K.Conv2D(8, 1, activation="relu", name="side")(x)
    x = K.Concatenate(name="both")([z, w])
    x = K.Conv2D(32, 3, strides=2, padding="same", activation="relu", name="head")(x)
    x = K.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(image, K.Dense(10, name="logits")(x))


network = residual_network()
groups = channel_groups(network)
families = groups.families()
table(
    [
        {
            "layers that go together": " + ".join(names),
            "channels": len(members),
            "also touched": ", ".join(
                layer.name
                for layer in network.layers
                if layer.get_weights()
                and layer.name not in names
                and np.isin(groups.reads[layer.name], members).any()
            ),
        }
        for names, members in families.items()
    ],
    caption="Families of channels in a network with a sum, a depthwise layer and a concatenation.",
)
tied = next(names for names in families if len(names) > 1)
touched = [
    layer.name
    for layer in network.layers
    if layer.get_weights() and np.isin(groups.reads[layer.name], families[tied]).any()
]
record("tied", " and ".join(tied))
record("tied_touches", len({*tied, *touched}))
record("weighted_layers", sum(bool(layer.get_weights()) for layer in network.layers))

# %% [markdown]
# One channel of the residual stage cannot be taken from {tied} separately: the sum ties them. And it does not end there. Removing it changes the shapes of {tied_touches} of the {weighted_layers} layers that have weights, because everyone who *reads* the channel loses an input. `inside` is free: only `closing` reads it. That is why people prune inside residual blocks first, and why the widths of the skip connections become the bottleneck afterwards.

# %%
PLACES = {
    "stem": (0, 1), "inside": (1, 0), "closing": (2, 0), "sum": (3, 1), "depthwise": (4, 1.6),
    "side": (4, 0.4), "both": (5, 1), "head": (6, 1), "logits": (7, 1),
}  # fmt: skip
ARROWS = [
    ("stem", "inside"), ("inside", "closing"), ("closing", "sum"), ("stem", "sum"), ("sum", "depthwise"),
    ("sum", "side"), ("depthwise", "both"), ("side", "both"), ("both", "head"), ("head", "logits"),
]  # fmt: skip
family_of = {name: place for place, names in enumerate(families) for name in names}
family_of |= {"sum": family_of[tied[0]], "depthwise": family_of[tied[0]]}
with lesson.style():
    figure, panel = plt.subplots(figsize=(9, 2.8))
for one, other in ARROWS:
    panel.annotate("", PLACES[other], PLACES[one], arrowprops={"arrowstyle": "->", "color": "0.6", "shrinkA": 26, "shrinkB": 26})  # fmt: skip
for name, place in PLACES.items():
    family = family_of.get(name)
    letter = "" if family is None else f"\n{'ABCDE'[family]}"
    panel.text(*place, name + letter, ha="center", va="center", fontsize=8,
               bbox={"boxstyle": "round", "fc": "white" if family is None else f"C{family}", "alpha": 0.45})  # fmt: skip
panel.set(xlim=(-0.5, 7.5), ylim=(-0.6, 2.2), xlabel="order of computation", ylabel="branch")
panel.set_xticks([])
panel.set_yticks([])
panel.grid(False)
show(
    figure,
    alt="The network as boxes from stem to logits. Boxes with the same letter share channels: stem, closing, the sum and "
    "the depthwise layer are one family; inside, side and head are families of their own.",
    caption="Same letter, same channels: they are cut together or not at all. Boxes without a letter must keep theirs or only pass others' on.",
    caption_zh="字母相同的层共享通道：要剪一起剪，否则都不剪。没有字母的层必须保留自己的通道，或只是传递别人的。",
)

# %% [markdown]
# Does the cut do what the groups promise? Cut half of everything without any training, convert both, and let the diff judge: same operators, other shapes.

# %%
cut = PruneChannels(0.5, epochs=0)(network, data)
whole, half = Float32()(network), Float32()(cut)
assert not graph_diff(whole, half)
assert shapes(whole) != shapes(half)
products = inspect(whole.content).macs / inspect(half.content).macs
record("products_ratio", products)
table(
    [
        {
            "layer": layer.name,
            "weights before": layer.get_weights()[0].shape,
            "weights after": cut.get_layer(layer.name).get_weights()[0].shape,
        }
        for layer in network.layers
        if layer.get_weights()
    ],
    caption="Half the channels of every family, cut without training.",
)

# %% [markdown]
# Half the channels divide the products by {products_ratio:.1f}, not by two: inside the network each product has lost an input channel *and* an output channel. The first layer's input and the last layer's output cannot be cut, which is what keeps the factor below four.
#
# ## The staircase
#
# Fewer channels, less time? Three convolutions of 3 x 3, from 32 channels to c, to c, and back to 32, at every width from 48 to 80. All files take turns within the same seconds.

# %%
from course_lib import Environment
from course_lib.evaluation import race
from course_lib.evaluation.runtime import open_interpreter
from course_lib.models import Sketch
from course_lib.techniques import quantizer

WIDTHS = range(48, 81)
noise = np.random.default_rng(0).random((4, 16, 16, 32), dtype=np.float32)


def stack(width):
    net = Sketch((1, 16, 16, 32))
    x = net.conv(net.conv(net.input, width), width)
    return net.artifact(net.conv(x, 32))


runners = {}
for width in WIDTHS:
    float32 = stack(width)
    static = quantizer.quantize(float32.content, quantizer.named("static_wi8_ai8"), noise)
    runners["float32", width] = open_interpreter(float32)
    runners["int8", width] = open_interpreter(Artifact("int8", static))
laps = race({key: each.invoke for key, each in runners.items()}, seconds=4.0)
quick = {key: float(np.quantile(each, 0.25)) for key, each in laps.items()}

saved = 100 * (1 - quick["int8", 57] / quick["int8", 64])
products_saved = 100 * (1 - inspect(stack(57).content).macs / inspect(stack(64).content).macs)
record("time_57", quick["int8", 57] / quick["int8", 64])
record("products_saved_57", products_saved)
record("step_65_int8", 100 * (quick["int8", 65] / quick["int8", 64] - 1))
record("step_65_float", 100 * (quick["float32", 65] / quick["float32", 64] - 1))
record("step_49_int8", 100 * (quick["int8", 49] / quick["int8", 48] - 1))
reveal("saved_57", saved, unit="%")

# %% [markdown]
# A line through these points would hide what matters. Draw them as steps, with a grey line at each multiple of eight.


# %%
def jumps(kind):
    """Name the widths behind which one channel more costs over a tenth."""
    steep = [str(w) for w in WIDTHS[:-1] if quick[kind, w + 1] > 1.1 * quick[kind, w]]
    return ", ".join(steep) or "no width"


with lesson.style():
    figure, panels = plt.subplots(1, 2, figsize=(9.5, 3))
for panel, kind in zip(panels, ("float32", "int8"), strict=True):
    panel.step(WIDTHS, [quick[kind, width] for width in WIDTHS], where="mid", marker="o", ms=3)
    for edge in (48, 56, 64, 72, 80):
        panel.axvline(edge, color="0.85", lw=0.8, zorder=0)
    panel.set(xlabel=f"channels c, {kind}", ylabel="µs, batch 1, one thread")
show(
    figure,
    alt="Time against width, from 48 to 80 channels. One channel more costs over a tenth "
    f"behind {jumps('float32')} in float32, and behind {jumps('int8')} in int8.",
    caption=f"Time is a staircase of the width; grey lines are multiples of 8. {Environment.here()}",
    caption_zh="耗时随通道数呈台阶状；灰线为 8 的倍数。",
)

# %% [markdown]
# From 64 channels to 57 the int8 file has {products_saved_57:.0f} % fewer products and takes {time_57:.2f} of its time. From 64 to 65 the same file costs {step_65_int8:.0f} % more, and float32 {step_65_float:.0f} %. A kernel works on tiles of channels and pays for the whole tile. So a pruning that keeps 57 channels because a ranking said so has thrown seven away for nothing: round *up* to the step you are on, or go down to the next one. `PruneChannels(0.5, align=8)` does that.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Each of the three, from the files.

# %%
assert not graph_diff(before, files["80 % zeros"])
assert (
    inspect(files["80 % zeros"].content).macs == reference.macs
)  # pruned, and not a product fewer
assert files["80 % zeros"].raw_bytes == before.raw_bytes  # nor a byte

assert inspect(files["int8"].content).macs == reference.macs  # quantized, and as complex as before
assert sum(inspect(files["float16"].content).ops.values()) > sum(
    reference.ops.values()
)  # or more so

assert {"stem", "closing"} <= set(tied)  # one cannot be narrowed without the other
print("zeros, int8: the same products; float16: more operators; the residual stage is tied")

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# What conversion changes by itself, one layer made two, and the separable convolution.

# %% [markdown]
# ### What conversion itself changes
#
# The largest change of structure happens before any compression. `Unfused` shows the graph with nothing merged; the converter folds batch normalization and activations into the convolutions.

# %%
from course_lib import Unfused, trained

unfused = Unfused()(trained("baseline"))
diff = graph_diff(unfused, before)
record("fused_away", sum(diff.removed.values()))
record("operators_left", sum(reference.ops.values()))
table(
    [
        {"operator": name, "unfused": count, "converted": reference.ops.get(name, 0)}
        for name, count in inspect(unfused.content).ops.items()
    ],
    caption="The baseline with every step visible, and as converted.",
)
assert diff.removed
assert not diff.added

# %% [markdown]
# {fused_away} operators are gone, {operators_left} remain, and the answers are the same but for rounding. Compare a compressed file with the *converted* one, never with the Keras model: otherwise conversion gets counted as compression.

# %% [markdown]
# ### One layer becomes two: low rank
#
# The baseline's last convolution maps 64 channels to 64 over 3 x 3. Its kernel as a matrix of 576 x 64 has singular values; keep r of them, and the layer becomes a 3 x 3 convolution to r channels and a 1 x 1 back to 64. The only technique that *adds* a weighted layer. Does it pay here?

# %%
kernel = next(
    layer.get_weights()[0]
    for layer in reversed(trained("baseline").layers)
    if type(layer).__name__ == "Conv2D"
)
left, values, right = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), full_matrices=False)
energy = np.cumsum(values**2) / np.sum(values**2)


def factored(rank):
    net = Sketch((1, 7, 7, kernel.shape[2]))
    if rank is None:
        return net.artifact(net.conv(net.input, kernel.shape[-1]))
    return net.artifact(net.conv(net.conv(net.input, rank, relu=False), kernel.shape[-1], kernel=1))


ranks = (8, 16, 24, 32, 48)
layers = {None: factored(None)} | {rank: factored(rank) for rank in ranks}
opened = {rank: open_interpreter(file) for rank, file in layers.items()}
timed = race({rank: each.invoke for rank, each in opened.items()}, seconds=1.0)
full = inspect(layers[None].content).macs
table(
    [
        {
            "rank": rank or "full",
            "operators": sum(inspect(file.content).ops.values()),
            "products": f"{inspect(file.content).macs / full:.2f}x",
            "time": f"{np.median(timed[rank]) / np.median(timed[None]):.2f}x",
            "energy of the kernel kept": f"{100 * (energy[rank - 1] if rank else 1):.1f} %",
        }
        for rank, file in layers.items()
    ],
    caption="The baseline's last convolution, factored; weights of the sketch are random, ranks and energies are the trained kernel's.",
)
record("energy_half", 100 * float(energy[kernel.shape[-1] // 2 - 1]))
needed = int(np.searchsorted(energy, 0.95)) + 1
record("rank_95", needed)

# %% [markdown]
# Half the rank keeps {energy_half:.0f} % of the trained kernel's energy, and 95 % take {rank_95} of 64 directions. This trained convolution is nearly of full rank: there is no small factorization hiding in it. Large dense layers are another matter.

# %% [markdown]
# ### The separable convolution, by arithmetic
#
# Replacing a k x k convolution by a depthwise and a 1 x 1 is not compression of a layer but another architecture, and it comes up in the same breath. The ratio of products is 1/c_out + 1/k².


# %%
def separable(width, kernel):
    net = Sketch((1, 16, 16, width))
    return net.artifact(net.conv(net.depthwise(net.input, kernel), width, kernel=1))


def ordinary(width, kernel):
    net = Sketch((1, 16, 16, width))
    return net.artifact(net.conv(net.input, width, kernel=kernel))


rows = []
for width, size in ((64, 3), (64, 5), (256, 3)):
    pair = {"separable": separable(width, size), "ordinary": ordinary(width, size)}
    macs = {name: inspect(file.content).macs for name, file in pair.items()}
    ratio = macs["separable"] / macs["ordinary"]
    assert abs(ratio - (1 / width + 1 / size**2)) < 1e-9
    sides = {name: open_interpreter(file) for name, file in pair.items()}
    seconds = race({name: each.invoke for name, each in sides.items()}, seconds=0.5)
    time_ratio = float(np.median(seconds["separable"]) / np.median(seconds["ordinary"]))
    rows.append({"channels": width, "kernel": size, "products": round(ratio, 3), "time": round(time_ratio, 3)})  # fmt: skip
record("separable_products", rows[0]["products"])
record("separable_time", rows[0]["time"])
table(rows, caption="Separable over ordinary: products by the formula, time as measured.")

# %% [markdown]
# For 64 channels and 3 x 3 the products fall to {separable_products:.3f}, the time to {separable_time:.3f}. Where the second is larger, the usual suspect is the depthwise half: few products per byte, and kernels that cannot add up neighbouring channels.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# The steps of the staircase belong to this CPU's kernels (tiles of XNNPACK for AVX-512); on NEON or an NPU they lie elsewhere, usually still at multiples of 4 to 32. Accuracy after cutting is lesson 16's subject: here nothing was trained. And a graph diff compares counts, not wiring: two graphs with equal counts can still be connected differently. Asked "so which widths should we use on our phone?", say that you would run the staircase there, once, before pruning anything.
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
