# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **round** a float32 to the nearest of the 65,536 bfloat16 patterns, ties, NaN and all (26A),
# - **allocate** bits to layers so that no choice within the budget has a smaller error, which ratios cannot promise (26B),
# - **judge** a mixed file on three axes, one of them with a paired test, and say where it loses (quiz).
#
# ## Predict first
#
# The baseline has four layers with 288, 18,432, 36,864 and 31,360 weights. All of them have 4 bits, and it shows. You may give one of them its 8 bits back.

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "which_layer",
    "Which layer do you take?",
    zh="你选哪一层？",
    choices={
        "conv2d": Say("the first convolution, 288 weights", "第一个卷积层，288 个权重"),
        "conv2d_1": Say("the second convolution, 18,432", "第二个卷积层，18432 个权重"),
        "conv2d_2": Say("the third convolution, 36,864", "第三个卷积层，36864 个权重"),
        "dense": Say("the dense layer, 31,360", "全连接层，31360 个权重"),
    },
)
predict(
    "mixed_time",
    "The file you get is about half as large as the int8 file. Its latency, as a multiple of int8's?",
    zh="得到的文件大约只有 int8 文件的一半大。它的延迟是 int8 的几倍？",
    unit="x",
)

# %% [markdown]
# ## Two uniform files
#
# The two ends first: every layer at 8 bits, every layer at 4. Both have one scale per output channel, and quantize activations per call. The judge is a paired comparison with float32 on all 10,000 test images, and the margin, half a point, was chosen before looking.

# %%
from course_lib import (
    DynamicRange,
    Environment,
    Int4,
    compare,
    fashion_mnist,
    float_tflite,
    record,
    table,
)

data = fashion_mnist()
float32 = float_tflite("baseline")
uniform8, uniform4 = DynamicRange()(float32), Int4()(float32)


def judged(a, b):
    """Return the comparison of b with a, and it as a row."""
    result = compare(a, b, data, latency=False)
    low, high = (
        100 * edge for edge in (result.difference_interval.low, result.difference_interval.high)
    )
    return result, {
        "file": b.name,
        "against": a.name,
        "bytes": b.raw_bytes,
        "accuracy %": round(100 * result.accuracy_b, 2),
        "points": f"{100 * result.difference:+.2f} ({low:+.2f} to {high:+.2f})",
        "worse, better": f"{result.only_a}, {result.only_b}",
        "p": f"{result.p_value:.2g}",
        "verdict": result.verdict,
    }


eight, row8 = judged(float32, uniform8)
four, row4 = judged(float32, uniform4)
table([row8, row4], caption="Uniform precision, paired on 10,000 test images", name="uniform")
record("accuracy_float", 100 * eight.accuracy_a)
record("accuracy_int8", 100 * eight.accuracy_b)
record("accuracy_int4", 100 * four.accuracy_b)
record("int4_points", 100 * four.difference)
record("int4_p", four.p_value)

# %% [markdown]
# ## Ask each layer
#
# Quantize one layer, leave the rest in float, and see how far the class probabilities move. The unit is the Kullback-Leibler divergence in nats. It counts every image, also those that keep their class, so 1,000 validation images suffice where accuracy would still be counting. The test images stay out of it, because we are about to choose.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib import reveal, show
from course_lib.evaluation import sensitivity
from course_lib.lesson import style

WIDTHS = (2, 4, 8)
found = sensitivity(float32, data, bits=WIDTHS, images=1000)
names = list(dict.fromkeys(row.layer for row in found.rows))
scope = {row.layer: row.scope for row in found.rows}
weights = {row.layer: row.weights for row in found.rows}
grid = np.array([[found.row(name, bits).kl for bits in WIDTHS] for name in names])
with style():
    fig, ax = plt.subplots(figsize=(6.4, 3))
    ax.imshow(np.log10(grid), cmap="OrRd", aspect="auto", vmax=1)
    ax.grid(visible=False)
    ax.set_xticks(range(len(WIDTHS)), [str(bits) for bits in WIDTHS])
    ax.set_yticks(range(len(names)), [f"{name}, {weights[name]:,} weights" for name in names])
    ax.set(xlabel="bits of this layer's weights", ylabel="the only quantized layer")
    for (row, column), value in np.ndenumerate(grid):
        colour = "white" if value > 0.5 else "black"
        ax.text(column, row, f"{value:.2g}", ha="center", va="center", color=colour)
show(
    fig,
    alt="Heat map of four layers against 2, 4 and 8 bits: the divergence that quantizing this layer alone causes.",
    caption="Divergence in nats, logarithmic colours. Read the column of 4 bits from below.",
    caption_zh="KL 散度（nat），颜色按对数。请从下往上读 4 位那一列。",
)
at4 = dict(zip(names, grid[:, WIDTHS.index(4)], strict=True))
worst = max(at4, key=at4.get)
record("first_weights", weights[worst])
record("weights_share", 100 * weights[worst] / sum(weights.values()))
record("divergence_share", 100 * at4[worst] / sum(at4.values()))
record("worst_layer", worst)
reveal("which_layer", worst)

# %% [markdown]
# {divergence_share:.0f} % of the damage at 4 bits comes from `{worst_layer}`, which holds {weights_share:.1f} % of the weights. Size says how much a bit costs. It says nothing about how much a bit is worth, and that is why mixing pays at all: here the layer that needs bits most is the one that pays least for them.
#
# ## Give it back

# %%
from course_lib import Artifact, Mixed


def mixed(*widths, name="mixed"):
    """Build the file with these bits, one number a layer, in the order of the network."""
    bits = {scope[layer]: width for layer, width in zip(names, widths, strict=True)}
    return Artifact(name, Mixed(bits)(float32).content)


rescued = mixed(8, 4, 4, 4, name="mixed 8-4-4-4")
gain, row_gain = judged(uniform4, rescued)
against8, row_against8 = judged(uniform8, rescued)
table([row_gain, row_against8], caption="One layer at 8 bits, three at 4", name="mixed")
extra = rescued.raw_bytes - uniform4.raw_bytes
record("extra_bytes", extra)
record("mixed_bytes", rescued.raw_bytes)
record("accuracy_mixed", 100 * gain.accuracy_b)
record("gained", 100 * gain.difference)
record("gained_low", 100 * gain.difference_interval.low)
record("gained_high", 100 * gain.difference_interval.high)
record("gained_p", gain.p_value)
record("size_ratio", uniform8.raw_bytes / rescued.raw_bytes)
record("behind_int8", 100 * against8.difference)
record("behind_int8_p", against8.p_value)
record("verdict_int8", against8.verdict)
paired = "is no accident" if gain.p_value < 0.05 else "may be an accident"
print(f"{extra} bytes more than uniform int4: {100 * gain.difference:+.2f} points, which {paired}.")
print(against8.sentence)

# %% [markdown]
# {extra_bytes:.0f} bytes. A weight of this layer grew from half a byte to a whole one, and nothing else happened. Against uniform int4 the mixed file gains {gained:+.2f} points (p = {gained_p:.1g}); against uniform int8, at {size_ratio:.2f} times its bytes, the verdict reads *{verdict_int8}* ({behind_int8:+.2f} points). Note what the second comparison is for. Mixed precision has nothing to win over int8 in accuracy, only bytes at the same accuracy, and "the same" needs a margin and an interval.
#
# ## From one layer to an optimiser
#
# With four layers one may look. With forty one needs a rule. Give each layer a menu of widths, each with a price in bytes and a damage in nats, and ask for the least total damage within a budget: a knapsack with one choice per layer. `allocate` solves it exactly. What everybody writes first is greedy: start at the bottom, take the step with the best damage per byte, repeat.

# %%
from itertools import product

from course_lib import allocate

FLOAT = 32
MENUS = {
    name: {
        bits: (found.row(name, bits).weight_bytes, found.row(name, bits).kl)
        for bits in (
            (2, 4, 8) if name == "dense" else (4, 8)
        )  # int2 convolutions have no right kernel
    }
    | {FLOAT: (4 * weights[name], 0.0)}
    for name in names
}


def price(widths):
    """Return bytes and summed divergence of a choice."""
    return tuple(np.sum([MENUS[n][b] for n, b in zip(names, widths, strict=True)], axis=0))


def greedy(budget):
    """Buy the best divergence per byte until nothing fits."""
    widths = [min(MENUS[name]) for name in names]
    while True:
        size, damage = price(widths)
        offers = []
        for place, name in enumerate(names):
            for bits in MENUS[name]:
                more = [*widths[:place], bits, *widths[place + 1 :]]
                new_size, new_damage = price(more)
                if size < new_size <= budget and new_damage < damage:
                    offers.append(((damage - new_damage) / (new_size - size), more))
        if not offers:
            return tuple(widths)
        widths = max(offers)[1]


choices = {widths: price(widths) for widths in product(*MENUS.values())}
smallest = min(size for size, _ in choices.values())
budgets = np.linspace(smallest, 95_000, 200).astype(int)
exact = [tuple(allocate(found, int(budget)).values()) for budget in budgets]
for budget, chosen in zip(budgets, exact, strict=True):  # enumeration agrees, budget by budget
    least = min(damage for size, damage in choices.values() if size <= budget)
    assert np.isclose(price(chosen)[1], least, rtol=1e-12, atol=1e-15)
by_ratio = [greedy(budget) for budget in budgets]
loss = np.array([price(g)[1] / price(e)[1] for g, e in zip(by_ratio, exact, strict=True)])
record("choices", len(choices))
record("budgets", len(budgets))
record("greedy_worse", int(np.sum(loss > 1.001)))
record("greedy_worst", float(loss.max()))
print(
    f"{len(choices)} choices, {len(budgets)} budgets: the allocation is the best of all each time."
)
print(
    f"greedy is worse at {np.sum(loss > 1.001)} of them, at its worst {loss.max():.1f} times the divergence"
)

# %% [markdown]
# Greedy is worse at {greedy_worse:.0f} of {budgets:.0f} budgets. It spends early on a step with a fine ratio and then cannot afford the one that mattered. Exactness costs nothing here: layers and widths are few, and a state that is larger *and* worse than another can be dropped.
#
# ## Is the sum true?
#
# The optimiser adds damages that were measured one at a time. Nobody promised that they add up. So build real files, every combination of 4 and 8 bits and of three widths of the dense layer, and measure each.

# %%
from course_lib.evaluation import predict as outputs
from course_lib.evaluation.bits import divergence

images = data.x_val[np.unique(np.linspace(0, len(data.x_val) - 1, 1000).astype(int))]
reference = outputs(float32, images)
built = {widths: mixed(*widths) for widths in product((4, 8), (4, 8), (4, 8), (2, 4, 8))}
real = {widths: divergence(reference, outputs(file, images)) for widths, file in built.items()}
picked = [w for w in dict.fromkeys(exact) if w in built]

with style():
    fig, ax = plt.subplots(figsize=(7, 4.4))
    for bits, colour, label in (
        (4, "#D55E00", "first layer 4 bits"),
        (8, "#0072B2", "first layer 8 bits"),
    ):
        own = [w for w in built if w[0] == bits and w[3] != 2]
        ax.scatter(
            [built[w].raw_bytes / 1000 for w in own],
            [real[w] for w in own],
            color=colour,
            label=label,
            s=45,
        )
    path = sorted((w for w in picked if w[3] != 2), key=lambda w: built[w].raw_bytes)
    ax.plot(
        [built[w].raw_bytes / 1000 for w in path], [real[w] for w in path],
        color="#0072B2", linewidth=1, label="allocate, budget by budget",
    )  # fmt: skip
    for w, shift in (
        ((4, 4, 4, 4), (6, 6)),
        ((8, 8, 8, 8), (-8, 12)),
        ((8, 4, 4, 4), (8, 2)),
        ((4, 8, 8, 8), (-10, 8)),
    ):
        ax.annotate("-".join(map(str, w)), (built[w].raw_bytes / 1000, real[w]), xytext=shift,
                    textcoords="offset points", fontsize=9)  # fmt: skip
    ax.set(yscale="log", xlabel="file size (kB)", ylabel="divergence of the real file (nats)")
    ax.legend(fontsize=9, loc="lower left")
show(
    fig,
    alt="Scatter of sixteen mixed files: size against measured divergence. Files whose first layer has 4 bits form a "
    "nearly flat band far above the others.",
    caption="The orange band: buy all the bytes you like for the other layers, the first one decides.",
    caption_zh="橙色一带：其他层花再多字节也没用，第一层说了算。",
)
ratios = np.array([real[w] / price(w)[1] for w in built])
record("ratio_low", float(ratios.min()))
record("ratio_high", float(ratios.max()))
everything_but = next(w for w in built if w == (4, 8, 8, 8))
record("all_but_first_bytes", built[everything_but].raw_bytes)
record("all_but_first_worse", real[everything_but] / real[8, 4, 4, 4])
off = [
    w
    for w in path
    if any(real[o] < 0.999 * real[w] and built[o].raw_bytes <= built[w].raw_bytes for o in built)
]
record("off_front", len(off))
record("on_path", len(path))

# %% [markdown]
# The sums were right within factors of {ratio_low:.2f} and {ratio_high:.2f}. Of the {on_path:.0f} files on the path the number that is beaten by another real file in both bytes and divergence is {off_front:.0f}. Good enough to choose by, and cheap enough to check every time. And look at the last orange dot: 8 bits everywhere *except* in the first layer takes {all_but_first_bytes:,.0f} bytes and has {all_but_first_worse:.1f} times the divergence of the {mixed_bytes:,.0f}-byte file.
#
# Spend the budget yourself. Where does the next kilobyte go?

# %%
from course_lib import playground


def spend(kilobytes=50):
    widths = tuple(allocate(found, 1000 * kilobytes).values())
    size, damage = price(widths)
    with style():
        fig, ax = plt.subplots(figsize=(7, 2.8))
        colours = [{2: "#D55E00", 4: "#E69F00", 8: "#0072B2", FLOAT: "#999999"}[b] for b in widths]
        ax.bar(
            names,
            [MENUS[n][b][0] / 1000 for n, b in zip(names, widths, strict=True)],
            color=colours,
        )
        for place, (n, b) in enumerate(zip(names, widths, strict=True)):
            ax.text(place, MENUS[n][b][0] / 1000, f"{b} bits", ha="center", va="bottom")
        ax.set(ylabel="weights and scales (kB)", ylim=(0, 62))
        ax.set_xlabel(
            f"layer. {size / 1000:.1f} of {kilobytes} kB spent, divergence {damage:.2g} nats"
        )
    return fig


playground(
    spend,
    alt="Bars: the bytes and bits of each layer in the best allocation for a budget.",
    kilobytes=(37, 130),
)
show(
    spend(62),
    alt="Bars of the allocation for 62 kB: bits and bytes of four layers.",
    caption="Grey is float32. For the first layer that is a thousand bytes, so it is bought early.",
    caption_zh="灰色是 float32。对第一层来说不过一千字节，所以很早就买了。",
)

# %% [markdown]
# ## The other currency
#
# So far bytes. Now the same kinds of file with a stopwatch, in turn, one thread. One more joins them: 8 bits for the convolutions, 4 for the dense layer.

# %%
from course_lib.evaluation import race
from course_lib.evaluation.runtime import delegate_name, open_interpreter, sample_inputs

convs8 = mixed(8, 8, 8, 4, name="mixed 8-8-8-4")
files = {
    "float32": float32,
    "int8": uniform8,
    "int4": uniform4,
    rescued.name: rescued,
    convs8.name: convs8,
}
interpreters = {}
for name, file in files.items():
    interpreters[name] = open_interpreter(file)
    for index, value in sample_inputs(interpreters[name]).items():
        interpreters[name].set_tensor(index, value)
times = race({name: each.invoke for name, each in interpreters.items()}, seconds=1.5)
median = {name: float(np.median(each)) for name, each in times.items()}
table(
    [
        {
            "file": name,
            "bytes": file.raw_bytes,
            "gzip bytes": file.gzip_bytes,
            "accuracy %": round(
                100 * float((outputs(file, data.x_test).argmax(1) == data.y_test).mean()), 2
            ),
            "median µs": round(median[name], 1),
            "p95 µs": round(float(np.quantile(times[name], 0.95)), 1),
            "of int8's time": round(median[name] / median["int8"], 2),
            "delegate": delegate_name(interpreters[name]),
        }
        for name, file in files.items()
    ],
    caption=f"Five files of one network, batch 1, one thread. {Environment.here()}",
    name="axes",
)
mixed_time, convs_time = median[rescued.name] / median["int8"], median[convs8.name] / median["int8"]
record("mixed_time", mixed_time)
record("convs_time", convs_time)
record("convs_bytes", convs8.raw_bytes)
record("mixed_delegate", delegate_name(interpreters[rescued.name]))
fastest = min((name for name in files if name != "float32"), key=median.get)
record("fastest", fastest)
reveal("mixed_time", mixed_time)

# %% [markdown]
# The file that wins the download takes {mixed_time:.1f} times as long as int8, and the column on the right says why: an int4 convolution is not the delegate's. The file with int8 convolutions and an int4 dense layer takes {convs_time:.2f} of int8's time, because for dense layers there is an int4 kernel. The fastest of the quantized files is *{fastest}*. The optimum for bytes is not the optimum for time; the budget has to name its currency before anybody optimises.
#
# On another shape the same format wins both. These are the course's recorded runs of eight dense layers of 3072 x 3072, which is how a language model decodes:

# %%
import pandas as pd

from course_lib.home import course_root

shapes = pd.read_csv(course_root() / "benchmarks" / "int4_shapes.csv", comment="#")
of = {
    (row.batch, row.encoding): row.median_us
    for row in shapes[shapes["shape"].str.contains("dense")].itertuples()
}
INT8, PER_CHANNEL, BLOCKS = "dynamic_wi8_afp32", "dynamic_wi4c_afp32", "dynamic_wi4b32_afp32"
for batch in (1, 64):
    for label, encoding in (("channel", PER_CHANNEL), ("blocks", BLOCKS)):
        ratio = of[batch, encoding] / of[batch, INT8]
        record(f"decode_{label}_{batch}", ratio)
        print(f"batch {batch:2}, {encoding}: {ratio:.2f} of int8's time")

# %% [markdown]
# At batch 1 the weights are read once per token and bytes *are* time: {decode_channel_1:.2f} of int8's time. At batch 64 it is {decode_channel_64:.2f} per channel and {decode_blocks_64:.2f} in blocks. So int4 needs its operator, its shape and its batch in the same sentence, and a mixed recipe for a language model gives 4 bits to the large dense layers and more to what is small and touchy. Which is what we did.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Three claims, three files. A float16 file's arithmetic is float32 on this CPU, read from the operators. A recipe is a list of rules with regular expressions, and a wrong one is silent. And the smallest file is not the fastest.

# %%
from litert_quantizer import quantizer, recipe

from course_lib import Float16, inspect
from course_lib.techniques.quantizer import quiet

graph = inspect(Float16()(float32).content).subgraphs[0]
used = {op.name: {graph.tensors[i].dtype for i in op.inputs} for op in graph.operators}
assert used["DEQUANTIZE"] == {"float16"}
assert used["CONV_2D"] == {"float32"}


def by_hand(pattern):
    """Everything at 4 bits; then, for what matches the pattern, 8. Later rules win."""
    eight_bits = [rule | {"regex": pattern} for rule in recipe.dynamic_wi8c_afp32()]
    with quiet():
        tool = quantizer.Quantizer(float32.content)
        tool.load_quantization_recipe([*recipe.dynamic_wi4c_afp32(), *eight_bits])
        return bytes(tool.quantize().quantized_model)


right, typo, greedy_pattern = by_hand("conv2d/"), by_hand("conv2d_0/"), by_hand("conv2d")
assert right == rescued.content  # Mixed is these lines, with the names checked
assert typo == uniform4.content  # no such layer: no error, no effect
assert greedy_pattern == convs8.content  # matches all three convolutions
record("pattern_bytes", len(greedy_pattern))
for pattern, content in (("conv2d/", right), ("conv2d_0/", typo), ("conv2d", greedy_pattern)):
    print(f"{pattern:10} {len(content):,} bytes")
try:
    Mixed({"conv2d_0/": 8})(float32)
except ValueError as error:
    print("the course's Mixed:", str(error).split(",")[0])
assert rescued.raw_bytes < convs8.raw_bytes < uniform8.raw_bytes

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}

# %% [markdown]
# ## Deeper
#
# Whether a user sees fewer nats, what a border costs in a static file, and two kinds of sixteen bits.

# %% [markdown]
# ### Fewer nats, more accuracy?
#
# 8-4-4-8 spends the dense layer's other four bits as well, and its divergence is smaller by the factor below. Does anybody who uses the classes notice?

# %%
finer = mixed(8, 4, 4, 8, name="mixed 8-4-4-8")
more, row_more = judged(rescued, finer)
record("nats_saved", real[8, 4, 4, 4] / real[8, 4, 4, 8])
record("finer_points", 100 * more.difference)
record("finer_p", more.p_value)
noticed = "yes" if more.p_value < 0.05 else "not on 10,000 images"
table(
    [row_more],
    caption=f"{real[8, 4, 4, 4] / real[8, 4, 4, 8]:.1f} times less divergence. Noticed: {noticed}",
    name="finer",
)

# %% [markdown]
# Divergence is an instrument for choosing, not the thing that is wanted. It falls long after accuracy has stopped moving, so the last word belongs to the paired test on the task.

# %% [markdown]
# ### What a border costs in a static file
#
# The files above quantize activations per call, so each layer stands alone. In a static int8 file activations stay int8 from layer to layer, and a layer of another type needs a converter on either side. Keep one layer float at a time and count.

# %%
from course_lib import Int8
from course_lib.evaluation import sqnr_db

static = Int8()(float32, data)
rows = []
test = data.x_test[:1000]
logits = outputs(float32, test)
for kept in (None, *names):
    file = Int8(keep_float=(scope[kept],))(float32, data) if kept else static
    operators = [op.name for op in inspect(file.content).subgraphs[0].operators]
    rows.append(
        {
            "kept float": kept or "nothing",
            "bytes": file.raw_bytes,
            "operators": len(operators),
            "borders": sum(name in ("QUANTIZE", "DEQUANTIZE") for name in operators),
            "SQNR dB": round(sqnr_db(logits, outputs(file, test)), 1),
        }
    )
table(rows, caption="Static int8 with one float layer, 1,000 test images", name="borders")
assert rows[0]["borders"] == 0
assert all(row["borders"] >= 2 for row in rows[1:])

# %% [markdown]
# Two more operators per float layer, wherever it sits. Two float layers side by side would share their borders, so contiguous regions are cheaper than scattered ones: the one thing that the sum in our knapsack cannot see. And where the last column does not move, the float layer bought nothing: what this file loses, it loses in the range of its output (lesson 04), which no weight can repair.

# %% [markdown]
# ### Sixteen bits, two ways
#
# float16 and bfloat16 split the same sixteen bits differently. Which one you want depends on what hurts you, range or precision.

# %%
import ml_dtypes

samples = np.array([1 + 1 / 512, 3.14159265, 65_519, 65_520, 1e6, 1e-8, 1e-40], np.float32)
with np.errstate(over="ignore"):
    halves = samples.astype(np.float16).astype(np.float32)
brains = samples.astype(ml_dtypes.bfloat16).astype(np.float32)
assert np.isinf(halves[3])
assert np.isfinite(brains).all()
assert halves[5] == 0
table(
    [
        {"float32": f"{x:.7g}", "float16": f"{h:.7g}", "bfloat16": f"{b:.7g}"}
        for x, h, b in zip(samples, halves, brains, strict=True)
    ],
    caption="Eleven significant bits up to 65,504, or eight significant bits up to 3e38",
    name="sixteen",
)

# %% [markdown]
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# Four layers are a toy for an optimiser: forty layers have interactions that four have not. One network, one seed of its training: in another one the touchy layer may be another (depthwise ones are usual suspects), which is why it is measured and not remembered. Latencies are one x86 core with LiteRT 2.3; a delegate that learns int4 convolutions turns the last table around. Bits were chosen on validation images; the test images judged and chose nothing.
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
