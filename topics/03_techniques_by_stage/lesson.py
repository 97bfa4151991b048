# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **share** a kernel's weights among k values so that every value is the mean of its weights and the zeros stay zeros (3A),
# - **factor** a matrix at rank r with the smallest error that any matrix of that rank can have (3B),
# - **place** ten techniques in four stages, and say for each where its gain is paid out: kernel, archive, or nowhere (quiz).
#
# ## Predict first

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "same_noise",
    "One layer, damaged in three ways until the error of its weights is the same in decibels: rounded to 2 bits, "
    "factored at low rank, 95 % set to zero. The three accuracies lie within ...",
    zh="同一层，用三种方式破坏，直到权重误差的分贝数相同：舍入到 2 位、低秩分解、95% 置零。三个精度相差……",
    choices={
        "5": Say("5 points: same noise, same harm", "5 个点以内：噪声相同，损害相同"),
        "20": Say("20 points", "20 个点以内"),
        "more": Say("more than 20 points", "超过 20 个点"),
    },
)
predict(
    "distinct",
    "In Keras, every kernel is clustered to 16 different values. Then you convert. How many different values has the "
    "third convolution in the .tflite?",
    zh="在 Keras 里把每个卷积核聚成 16 种取值，然后转换。.tflite 里第三个卷积核有多少种取值？",
    unit="values",
)

# %% [markdown]
# ## The map
#
# A model on a phone has passed four stages. Each technique lives in one of them, and the runtime, which is all that "TFLite" means on the device, invents none.
#
# | stage | technique | principle | who does it |
# |---|---|---|---|
# | architecture | separable convolutions, search, fewer channels | fewer products for the same picture | you |
# | training | distillation | teach the *behaviour* to a smaller network | an ordinary training loop |
# | training | pruning | fewer numbers that are not zero | TFMOT |
# | training | clustering | fewer *different* numbers | TFMOT |
# | training | quantization-aware training | get used to the rounding | TFMOT |
# | training | low rank | fewer directions: $mn \to r(m+n)$ | you, with an SVD |
# | conversion | fusion | one operator in place of three, same function | the converter, always |
# | conversion | post-training quantization | fewer bits per number | LiteRT Quantizer |
# | conversion | sparse encoding | store no zeros | the converter, if asked |
# | packaging | gzip, Huffman, delta update | bits in proportion to $-\log_2 p$ | the app store, or you |
#
# ## One matrix, five compressions
#
# Take one matrix and compress it in every way that does not need training: the third convolution of the baseline, 64 filters of 576 weights. Two numbers matter. The **rate**: bits per weight in a download, that is gzip of the tensor as its file would store it, scales and codebooks (lists of shared values) included. The **distortion**: SQNR of the weights, the energy of the weights over the energy of the error.

# %%
import gzip

import numpy as np

from course_lib import fashion_mnist, float_tflite
from course_lib.evaluation import predict as outputs
from course_lib.evaluation import sqnr_db
from course_lib.evaluation.weights import fake_quantize, replace_weights, weighted_layers

data = fashion_mnist()
float32 = float_tflite("baseline")
x, y = data.x_test[:2000], data.y_test[:2000]
layers = weighted_layers(float32)
layer, kernel = layers[2]
W = kernel.reshape(64, 576)


def packed4(codes):
    """Two codes a byte, low nibble first: what int4 tensors and 16-value codebooks store."""
    nibbles = (codes.ravel() & 15).astype(np.uint8)
    return (nibbles[::2] | nibbles[1::2] << 4).tobytes()


def share(w, k, start="linear", rounds=50):
    """Return (codebook, codes) of k-means; the start is even, or follows the density of the weights."""
    flat = w.ravel().astype(np.float64)
    even = np.linspace(flat.min(), flat.max(), k)
    centres = even if start == "linear" else np.quantile(flat, (np.arange(k) + 0.5) / k)
    for _ in range(rounds + 1):
        codes = np.searchsorted((centres[1:] + centres[:-1]) / 2, flat)
        book, sizes = centres, np.bincount(codes, minlength=k)
        sums = np.bincount(codes, flat, minlength=k)
        centres = np.sort(np.where(sizes > 0, sums / np.maximum(sizes, 1), centres))
    return book.astype(np.float32), codes.reshape(w.shape)


def rounded(w, bits):
    values, _ = fake_quantize(w, bits, 0)
    scale = np.abs(w).max(1, keepdims=True) / (2 ** (bits - 1) - 1)
    codes = np.rint(w / np.where(scale > 0, scale, 1)).astype(np.int8)
    return values, (packed4(codes) if bits <= 4 else codes.tobytes()) + scale.tobytes()


def zeroed(w, share_of_zeros):
    flat = w.ravel().copy()
    flat[np.argsort(np.abs(flat), kind="stable")[: round(share_of_zeros * flat.size)]] = 0
    return flat.reshape(w.shape), flat.tobytes()


def clustered(w, k):
    book, codes = share(w, k)
    stored = packed4(codes) if k <= 16 else codes.astype(np.uint8).tobytes()
    return book[codes], stored + book.tobytes()


def factored(w, rank):
    U, singular, Vt = np.linalg.svd(w, full_matrices=False)
    half = np.sqrt(singular[:rank])
    A, B = U[:, :rank] * half, half[:, None] * Vt[:rank]
    return A @ B, A.tobytes() + B.tobytes()


def zeroed_int8(w, share_of_zeros):
    return rounded(zeroed(w, share_of_zeros)[0], 8)


def accuracy(w):
    """Return the accuracy in % on 2,000 test images with other values in the third convolution."""
    file = replace_weights(float32, {layer.weights: w.astype(np.float32)})
    return 100 * float((outputs(file, x).argmax(1) == y).mean())


WAYS = {
    "round": (rounded, (2, 3, 4, 5, 6, 8), "bits"),
    "prune": (zeroed, (0.95, 0.9, 0.8, 0.7, 0.5), "zeros"),
    "cluster": (clustered, (4, 8, 16, 64, 256), "values"),
    "low rank": (factored, (4, 8, 16, 32, 48), "rank"),
    "prune, then int8": (zeroed_int8, (0.95, 0.9, 0.8, 0.7, 0.5), "zeros"),
}
points = [
    {
        "way": way,
        "strength": strength,
        "bits per weight": 8 * len(gzip.compress(stored, 9, mtime=0)) / W.size,
        "SQNR dB": sqnr_db(W, values),
        "accuracy %": accuracy(values),
    }
    for way, (compress, strengths, _) in WAYS.items()
    for strength in strengths
    for values, stored in [compress(W, strength)]
]
whole = accuracy(W)
print(f"{len(points)} versions of one layer; untouched: {whole:.1f} % on {len(x):,} images")

# %% [markdown]
# ## Rate and distortion
#
# Left what the matrix lost, right what the network lost. Read along a vertical line: same download, different damage.

# %%
import matplotlib.pyplot as plt

from course_lib import record, show
from course_lib.lesson import style

with style():
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), sharex=True)
    for way, marker in zip(WAYS, "os^Dv", strict=True):
        rows = [point for point in points if point["way"] == way]
        rate = [row["bits per weight"] for row in rows]
        left.plot(rate, [row["SQNR dB"] for row in rows], marker=marker, label=way)
        right.plot(rate, [row["accuracy %"] for row in rows], marker=marker)
    left.set(xlabel="bits per weight after gzip", ylabel="SQNR of the weights (dB)", ylim=(0, 45))
    right.set(xlabel="bits per weight after gzip", ylabel="accuracy (%), 2,000 test images")
    right.axhline(whole, color="#999999", linestyle=":")
    left.legend()
    left.set_xlim(0, 18)
show(
    fig,
    alt="Two panels against bits per weight, one line per technique. SQNR: rounding and clustering rise steeply, "
    "pruning and low rank slowly. Accuracy: rounding and clustering reach the dotted line of the untouched network at "
    "a few bits, pruning and low rank only at many more.",
    caption="At no rate does pruning alone, or low rank alone, beat plain rounding.",
    caption_zh="无论码率高低，单独剪枝、单独低秩都赢不了最朴素的舍入。",
)
# Some rounding is as cheap and, within noise, as good.
for point in points:
    if point["way"] in ("prune", "low rank"):
        assert any(
            other["way"] == "round"
            and other["bits per weight"] <= point["bits per weight"]
            and other["accuracy %"] >= point["accuracy %"] - 0.5
            for other in points
        )


def at(way, strength):
    return next(p for p in points if p["way"] == way and p["strength"] == strength)


int8, zeros80, rank16 = at("round", 8), at("prune", 0.8), at("low rank", 16)
for name, point in {"int8": int8, "zeros80": zeros80, "rank16": rank16}.items():
    record(f"{name}_bits", point["bits per weight"])
    record(f"{name}_db", point["SQNR dB"])
    record(f"{name}_accuracy", point["accuracy %"])
record("zeros80_int8_bits", at("prune, then int8", 0.8)["bits per weight"])
record("zeros80_int8_accuracy", at("prune, then int8", 0.8)["accuracy %"])
record("int3_bits", at("round", 3)["bits per weight"])
record("int3_accuracy", at("round", 3)["accuracy %"])
record("accuracy_whole", whole)

# %% [markdown]
# Look at about eight bits. Int8 takes {int8_bits:.1f} and leaves {int8_db:.0f} dB. 80 % zeros take {zeros80_bits:.1f}, the same download, and leave {zeros80_db:.1f} dB; rank 16 takes {rank16_bits:.1f} and leaves {rank16_db:.1f}. Every survivor of pruning is still a 32-bit float, and 32 bits are far too many. So pruning is not the *rival* of quantization. It is what you do *before* it: with int8 behind it, the same zeros take {zeros80_int8_bits:.1f} bits. And it has to be trained: as it stands, at {zeros80_int8_accuracy:.1f} %, even that pair loses to plain rounding to three bits, {int3_accuracy:.1f} % at {int3_bits:.1f}.
#
# ## The wrong ruler
#
# Now read along a horizontal line of the left panel, near 1.5 dB. Same distortion, three networks. And an intervention: the last two rows multiply each filter until it is as long as before, by at most three.

# %%
from course_lib import reveal, table

two_bits, _ = rounded(W, 2)
thin, _ = zeroed(W, 0.95)
rank8, _ = factored(W, 8)


def as_long_as_before(w):
    short = np.linalg.norm(W, axis=1) / np.maximum(np.linalg.norm(w, axis=1), 1e-6)
    return w * np.minimum(short, 3)[:, None]


versions = {
    "rounded to 2 bits": two_bits,
    "factored, rank 8": rank8,
    "95 % zeros": thin,
    "95 % zeros, scaled up": as_long_as_before(thin),
    "factored, rank 8, scaled up": as_long_as_before(rank8),
}
same = {
    name: {
        "third convolution": name,
        "SQNR dB": sqnr_db(W, values),
        "accuracy %": accuracy(values),
        "zeros %": 100 * float((values == 0).mean()),
        "length of a filter, relative": float(
            np.median(np.linalg.norm(values, axis=1) / np.linalg.norm(W, axis=1))
        ),
    }
    for name, values in versions.items()
}
table(same.values(), caption="One distortion, different networks, 2,000 test images", name="same")
at_one_rate = [same[name]["accuracy %"] for name in list(versions)[:3]]
spread = max(at_one_rate) - min(at_one_rate)
record("spread", spread)
record("two_bits_accuracy", same["rounded to 2 bits"]["accuracy %"])
record("two_bits_zeros", same["rounded to 2 bits"]["zeros %"])
record("thin_accuracy", same["95 % zeros"]["accuracy %"])
record("thin_db", same["95 % zeros"]["SQNR dB"])
record("repaired_accuracy", same["95 % zeros, scaled up"]["accuracy %"])
record("rank8_accuracy", same["factored, rank 8"]["accuracy %"])
record("rank8_scaled_accuracy", same["factored, rank 8, scaled up"]["accuracy %"])
record("repaired_db", same["95 % zeros, scaled up"]["SQNR dB"])
reveal("same_noise", "5" if spread <= 5 else "20" if spread <= 20 else "more")

# %% [markdown]
# {two_bits_accuracy:.0f} % against {thin_accuracy:.0f} %, at the same number of decibels. Two bits are nearly all zeros as well, {two_bits_zeros:.0f} % of them. But rounding moves some weights down to zero and others *up* to a whole step, so a filter keeps about its strength (last column). Pruning only ever takes away, and the layer's outputs shrink. Scale the survivors up, and the SQNR gets worse, from {thin_db:.1f} to {repaired_db:.1f} dB, while the accuracy goes from {thin_accuracy:.0f} to {repaired_accuracy:.0f} %.
#
# Strength is not the whole story. Rank 8 is as short as the zeros and stands at {rank8_accuracy:.0f} %, and scaling it up changes little ({rank8_scaled_accuracy:.0f} %): it lost the directions in which the filters were weakest anyway. So SQNR ranks strengths *within* one technique, and little across techniques. Choose between techniques on the task.
#
# Try other strengths. Watch the histogram: each technique leaves another fingerprint.

# %%
from course_lib import playground


def draw(way="cluster", strength=3):
    """Show what one technique leaves of the matrix; 1 is the strongest of its five strengths."""
    compress, strengths, unit = WAYS[way]
    chosen = strengths[min(strength, len(strengths)) - 1]
    values, stored = compress(W, chosen)
    bits = 8 * len(gzip.compress(stored, 9, mtime=0)) / W.size
    with style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3), width_ratios=(1.2, 1))
        left.hist(W.ravel(), bins=150, range=(-0.35, 0.35), color="#BBBBBB", label="before")
        left.hist(
            values.ravel(),
            bins=150,
            range=(-0.35, 0.35),
            color="#0072B2",
            histtype="step",
            label="after",
        )
        left.set(
            xlabel="value of the weight",
            ylabel="count (logarithmic)",
            yscale="log",
            ylim=(0.5, 5e4),
        )
        left.legend(loc="upper right")
        right.imshow(values[:32, :48], cmap="RdBu", vmin=-0.3, vmax=0.3, aspect="auto")
        right.set_axis_off()
        right.set_title("a corner of the matrix", fontsize=10)
        fig.suptitle(
            f"{way}, {unit} {chosen}: {bits:.2f} bits, {sqnr_db(W, values):.1f} dB, {accuracy(values):.1f} %"
        )
    return fig


playground(
    draw,
    alt="Histogram of the weights before and after one technique, and a corner of the matrix.",
    way=list(WAYS),
    strength=(1, 5),
)
show(
    draw("cluster", 3),
    alt="Histogram of the kernel before, a bell, and after clustering to 16 values: 16 separate spikes.",
    caption="Clustering leaves spikes, pruning a hole beside one spike at zero, low rank a bell like the one before.",
    caption_zh="聚类留下一根根尖峰；剪枝在零处留一根尖峰、两旁是空档；低秩留下的仍像原来那口“钟”。",
)

# %% [markdown]
# ## A stage undoes another
#
# Clustering lives in training, fusion in conversion. So the converter sees the clustered kernels before it folds batch normalization into them: every output channel is multiplied by its own factor. Let us do both orders, 16 values before the conversion and 16 values after it. No training, so that nothing else differs. This cell loads TensorFlow.

# %%
from course_lib import Float32, trained
from course_lib.models import clone

network = trained()


def rewritten(change):
    """Return a copy of the network with every kernel replaced by what ``change`` makes of it."""
    copy = clone(network)
    for part in copy.layers:
        parameters = part.get_weights()
        if parameters and parameters[0].ndim > 1:
            part.set_weights([change(parameters[0]), *parameters[1:]])
    return copy


def sixteen(w):
    book, codes = share(w, 16)
    return book[codes]


before = rewritten(sixteen)
in_keras = [
    p.get_weights()[0] for p in before.layers if p.get_weights() and p.get_weights()[0].ndim > 1
]
early = Float32()(before)
late = replace_weights(float32, {each.weights: sixteen(w) for each, w in layers})
rows = [
    {
        "layer": each.label,
        "values in Keras": len(np.unique(in_keras[i])),
        "values in the file, clustered before": len(np.unique(w)),
        "values in the file, clustered after": len(np.unique(weighted_layers(late)[i][1])),
    }
    for i, (each, w) in enumerate(weighted_layers(early))
]
table(rows, caption="Different values in each kernel, 16 asked for", name="distinct")
found = rows[2]["values in the file, clustered before"]
record("distinct_in_file", found)
record("early_gzip_kb", early.gzip_bytes / 1000)
record("late_gzip_kb", late.gzip_bytes / 1000)
reveal("distinct", found, unit="values")

# %% [markdown]
# Nothing failed, no warning was printed, and the 16 values have become {distinct_in_file:,.0f}. The dense layer kept its 16: no normalization follows it. Here is what happened to the third convolution, filter by filter.

# %%
with style():
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharex=True)
    kernels = {
        "in Keras": np.moveaxis(in_keras[2], -1, 0),
        "in the .tflite": weighted_layers(early)[2][1],
    }
    for ax, (where, w) in zip(axes, kernels.items(), strict=True):
        for channel, one in enumerate(w.reshape(64, -1)[:24]):
            levels = np.unique(one)
            ax.scatter(np.full(len(levels), channel), levels, s=9, color="#0072B2")
        ax.set(xlabel="output channel (first 24)", ylabel="values of the weights", title=where)
show(
    fig,
    alt="Left: sixteen horizontal rows of dots, the same values in every channel. Right: in every channel the sixteen "
    "values are stretched by another factor, so no rows are left.",
    caption="The same 16 values everywhere, times one factor per channel: 64 codebooks in place of one.",
    caption_zh="各通道本来共用 16 个值，转换时每个通道各乘一个系数：一个码本变成了 64 个。",
)

# %% [markdown]
# The bill: {early_gzip_kb:.0f} kB after gzip when clustered before the fold, {late_gzip_kb:.0f} kB after it. Anyone who wants to store 4-bit codes must cluster what will be stored, so fold first (`FoldBatchNorm`), or give each channel values of its own (`Cluster(16, per_channel=True)`).
#
# Which properties survive the fold? It multiplies the rows of the matrix, $W' = D\,W$. That answers it on paper; the cell checks three of them in files.

# %%
prepared = {
    "zeros (80 %)": rewritten(lambda w: zeroed(w, 0.8)[0]),
    "rank 16": rewritten(
        lambda w: (
            factored(w.reshape(-1, w.shape[-1]), 16)[0].reshape(w.shape) if w.shape[-1] == 64 else w
        )
    ),
    "16 values": before,
}


def properties(matrix):
    return {
        "zeros (80 %)": 100 * float((matrix == 0).mean()),
        "rank 16": int(np.linalg.matrix_rank(matrix, tol=1e-4 * np.linalg.norm(matrix, 2))),
        "16 values": len(np.unique(matrix)),
    }


survival = []
for what, model in prepared.items():
    inside = np.moveaxis(model.layers[6].get_weights()[0], -1, 0).reshape(64, -1)
    stored = weighted_layers(early if model is before else Float32()(model))[2][1].reshape(64, -1)
    survival.append(
        {
            "made": what,
            "in Keras": properties(inside)[what],
            "in the file": properties(stored)[what],
        }
    )
for row in survival:
    row["survives"] = "yes" if abs(row["in Keras"] - row["in the file"]) < 0.01 else "no"
table(survival, caption="Third convolution before and after folding", name="survival")
assert [row["survives"] for row in survival] == ["yes", "yes", "no"]

# %% [markdown]
# ## Where is the gain paid out?
#
# One file for each stage. Watch which column moves: raw bytes lie in flash, gzip is the download, the median is the kernel's. The factored file replaces the third convolution by two, 3x3 to 32 channels and 1x1 back to 64, from the SVD alone. The pruned file was trained for lesson 02.

# %%
from course_lib import Artifact, Environment, FoldBatchNorm, Int8, Unfused, backend, measure
from course_lib.catalog import topic


def in_two(rank):
    """Return the network with its third convolution factored: rank filters 3x3, then a mix of them, 1x1."""
    folded = FoldBatchNorm()(network)
    kinds = backend.keras().layers
    third = [part for part in folded.layers if type(part).__name__ == "Conv2D"][2]
    w, bias = third.get_weights()
    U, singular, Vt = np.linalg.svd(w.reshape(-1, 64), full_matrices=False)
    half = np.sqrt(singular[:rank])
    pair = [
        kinds.Conv2D(rank, 3, padding="same", use_bias=False, name="few"),
        kinds.Conv2D(64, 1, name="mix"),
    ]
    parts = [each for part in folded.layers for each in (pair if part is third else [part])]
    model = backend.keras().Sequential([kinds.InputLayer((28, 28, 1)), *parts])
    pair[0].set_weights([(U[:, :rank] * half).reshape(3, 3, 64, rank)])
    pair[1].set_weights([(half[:, None] * Vt[:rank])[None, None], bias])
    return model


pruned = gzip.decompress((topic("02").folder / "pruned80.tflite.gz").read_bytes())
files = {
    "nothing, not even fusion": Unfused()(network),
    "conversion: fused": float32,
    "training: 80 % zeros": Artifact("pruned", pruned),
    "before conversion: factored": Float32()(in_two(32)),
    "after conversion: 16 values": late,
    "conversion: int8": Int8()(float32, data),
}
reports = {name: measure(file, data, memory=False) for name, file in files.items()}
table(
    [
        {"stage": name} | {key: value for key, value in report.row().items() if key != "model"}
        for name, report in reports.items()
    ],
    caption=f"One file for each stage, all {len(data.y_test):,} test images. {Environment.here()}",
    name="stages",
)
plain, fused, zeros, low, few, whole8 = reports.values()
record("fusion_saves_percent", 100 * (1 - fused.raw_bytes / plain.raw_bytes))
record("fusion_faster", plain.latency.median_us / fused.latency.median_us)
record("zeros_raw_ratio", zeros.raw_bytes / fused.raw_bytes)
record("zeros_gzip_smaller", fused.gzip_bytes / zeros.gzip_bytes)
record("zeros_time", zeros.latency.median_us / fused.latency.median_us)
record("few_gzip_smaller", fused.gzip_bytes / few.gzip_bytes)
record("few_time", few.latency.median_us / fused.latency.median_us)
record("low_time", low.latency.median_us / fused.latency.median_us)
record("low_raw_smaller", fused.raw_bytes / low.raw_bytes)
record("int8_raw_smaller", fused.raw_bytes / whole8.raw_bytes)
record("int8_faster", fused.latency.median_us / whole8.latency.median_us)

# %% [markdown]
# Quantization and structure are paid out by the *kernel*: {int8_raw_smaller:.1f}x fewer bytes and {int8_faster:.1f}x the speed for int8. Zeros and shared values are paid out by the *archive*: {zeros_gzip_smaller:.1f}x and {few_gzip_smaller:.1f}x smaller downloads, the same raw file, {zeros_time:.2f} and {few_time:.2f} times the latency. Fusion is paid out in time, {fusion_faster:.2f}x, and hardly in bytes: {fusion_saves_percent:.1f} %.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Ask the library itself: what does the public `tf.lite` know of pruning, clustering, distillation? And is the fused network the same function?

# %%
tf = backend.tensorflow()
words = ("prun", "cluster", "distil", "spars", "svd", "rank")
names = [*dir(tf.lite), *dir(tf.lite.TFLiteConverter), *dir(tf.lite.Optimize), *dir(tf.lite.OpsSet)]
known = sorted({name for name in names if any(word in name.lower() for word in words)})
print("of those words, tf.lite knows:", *(known or ["none"]))
assert not [name for name in known if "SPARS" not in name.upper()]  # an encoding, not a technique

gap = float(np.abs(outputs(files["nothing, not even fusion"], x) - outputs(float32, x)).max())
assert gap < 1e-3
assert fused.raw_bytes > 0.95 * plain.raw_bytes
assert zeros.raw_bytes > 0.95 * fused.raw_bytes  # "removed" neurons that are all still there
record("fusion_gap", gap)
print(f"fused or not, a logit differs by at most {gap:.0e}")

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# ### Do the factors multiply?
#
# Deep Compression multiplied pruning by sharing by Huffman. Take the factor of each technique alone on our layer, gzip against gzip, multiply, and compare with doing both.

# %%
import itertools

gzip_bits = {
    "float32": 8 * len(gzip.compress(W.tobytes(), 9, mtime=0)) / W.size,
    "80 % zeros": zeros80["bits per weight"],
    "rank 16": rank16["bits per weight"],
    "int8": int8["bits per weight"],
}
both = {"80 % zeros": at("prune, then int8", 0.8)["bits per weight"]}
U, singular, Vt = np.linalg.svd(W, full_matrices=False)
half = np.sqrt(singular[:16])
codes = b"".join(rounded(part, 8)[1] for part in ((U[:, :16] * half), half[:, None] * Vt[:16]))
both["rank 16"] = 8 * len(gzip.compress(codes, 9, mtime=0)) / W.size
rows = []
for first, then in itertools.product(both, ["int8"]):
    alone = [gzip_bits["float32"] / gzip_bits[name] for name in (first, then)]
    rows.append(
        {
            "first": first,
            "factor of it": alone[0],
            "factor of int8": alone[1],
            "product": alone[0] * alone[1],
            "measured together": gzip_bits["float32"] / both[first],
        }
    )
table(rows, caption="Factors against float32, both as gzip, third convolution", name="factors")
record("product", rows[0]["product"])
record("together", rows[0]["measured together"])

# %% [markdown]
# Low rank and rounding act on different things, how many numbers and how long each is, so their factors nearly multiply. Zeros and rounding fall short: {together:.1f}x together, {product:.1f}x on paper. The positions of the zeros cost the same bits whether the survivors are floats or integers, and that part does not shrink.
#
# ### Why low rank is poor here
#
# An SVD pays below the break-even rank $r < mn/(m+n)$. Whether it can be used there is a question of the spectrum: is the matrix redundant, or does every direction matter? Beside ours stands a matrix of the same shape filled with noise.

# %%
noise = np.random.default_rng(0).normal(size=W.shape)
spectra = {
    "third convolution": np.linalg.svd(W, compute_uv=False),
    "dense layer": np.linalg.svd(layers[3][1], compute_uv=False),
    "noise, 64 x 576": np.linalg.svd(noise, compute_uv=False),
}
breakeven = 64 * 576 / (64 + 576)
with style():
    fig, ax = plt.subplots(figsize=(7, 3.4))
    for name, values in spectra.items():
        kept = np.cumsum(values**2) / np.sum(values**2)
        ax.plot(np.arange(1, len(kept) + 1), 100 * kept, marker=".", label=name)
    ax.axvline(breakeven, color="#999999", linestyle=":")
    ax.set(
        xlabel="rank kept (dotted: break-even of 64 x 576)", ylabel="energy kept (%)", ylim=(0, 102)
    )
    ax.legend(loc="lower right")
show(
    fig,
    alt="Energy kept against rank: the convolution's curve lies only a little above the one of pure noise.",
    caption="The spectrum of this convolution is nearly as flat as noise: few directions can be spared.",
    caption_zh="这个卷积层的谱几乎和噪声一样平：能省掉的方向不多。",
)


def rank_for(values, share_kept=0.99):
    return int(np.searchsorted(np.cumsum(values**2) / np.sum(values**2), share_kept)) + 1


record("breakeven_rank", breakeven)
record("rank_99", rank_for(spectra["third convolution"]))
record("rank_99_noise", rank_for(spectra["noise, 64 x 576"]))

# %% [markdown]
# 99 % of the energy needs rank {rank_99}, noise needs {rank_99_noise}, and the break-even is {breakeven_rank:.0f}. Large language models are where low rank lives, and there mostly for the *change* of the weights (LoRA), which has few directions.
#
# ### Where k-means starts
#
# K-means ends near where it began. An even start gives the few large weights values of their own; a start by density puts all values where the crowd is. Deep Compression chose the even one. All four layers, 4 to 16 values, no training.

# %%
rows = []
for k in (4, 8, 16):
    for start in ("linear", "density"):
        new = {}
        for each, w in layers:
            book, codes = share(w, k, start)
            new[each.weights] = book[codes]
        right = outputs(replace_weights(float32, new), x).argmax(1) == y
        big = max(layers, key=lambda pair: pair[1].size)
        largest = np.abs(big[1]) >= np.quantile(np.abs(big[1]), 0.999)
        off = np.abs(new[big[0].weights] - big[1])[largest] / np.abs(big[1])[largest]
        rows.append(
            {
                "values": k,
                "start": start,
                "SQNR dB, largest layer": sqnr_db(big[1], new[big[0].weights]),
                "error of the largest 0.1 %, relative": float(off.mean()),
                "accuracy %": 100 * float(right.mean()),
            }
        )
table(rows, caption="Even start or start by density, 2,000 test images", name="start")
for row in rows:
    record(f"{row['start']}_{row['values']}", row["accuracy %"])

# %% [markdown]
# With 16 values: {linear_16:.1f} % from the even start, {density_16:.1f} % from the density. With eight {linear_8:.1f} and {density_8:.1f} %, with four {linear_4:.1f} and {density_4:.1f} %. The even start is no law, then: it pays where there are values to spare for the few large weights, which the next to last column shows.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# One matrix of one small network, and no training after the damage: fine-tuning helps pruning and low rank most, since they start lowest, and lessons 05 and 16 train. Gzip is one coder; lesson 11 writes a better one. Accuracies on 2,000 images are good to about a point. The latencies are those of one x86 thread; that zeros and shared values are not paid out by the kernel is true of dense kernels everywhere, but sparse kernels exist for 1x1 convolutions on ARM.
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
