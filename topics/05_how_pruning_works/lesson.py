# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **schedule** a sparsity that rises fast early and slowly late, exact at both ends (5A),
# - **mask** exactly the smallest share of a kernel, also where half of the weights are equal (5B),
# - **rank** weights by five criteria and two scopes, and name the one that keeps most accuracy at equal zeros (quiz).
#
# ## Predict first

# %%
from course_lib import predict
from course_lib.language import Say

predict(
    "criterion",
    "70 % of all weights must go, without any training. Which ranking keeps the most accuracy?",
    zh="不做任何训练，去掉全部权重的 70%。按哪种排名剪，精度保留得最多？",
    choices={
        "tool": Say(
            "magnitude, within each layer (what TFMOT does)", "按绝对值，逐层排（TFMOT 的做法）"
        ),
        "deployed": Say("magnitude as deployed, over all layers", "按部署时的绝对值，全网一起排"),
        "obd": Say("second derivatives (OBD), over all layers", "按二阶导（OBD），全网一起排"),
    },
)
predict(
    "came_back",
    "Gradual pruning to 90 % with TFMOT, so that weights pruned too early can come back. Of 78,250 pruned weights, "
    "how many do?",
    zh="用 TFMOT 渐进剪枝到 90%，据说剪早了的权重还能“复活”。78,250 个被剪的权重里，复活了几个？",
    unit="weights",
)

# %% [markdown]
# ## Saliency: what would it cost to lose this weight?
#
# Setting a weight $w$ to zero changes the loss by about $-g\,w + \frac{1}{2} h\,w^2$, with $g$ and $h$ its first and second derivative. Every criterion is a way to guess at that:
#
# - **magnitude**, $|w|$: as if $h$ were the same for all;
# - **first order**, $|g\,w|$;
# - **OBD** (optimal brain damage), $\frac{1}{2} h\,w^2$: after training $g$ should be about zero, so the second term is what is left. We take $h$ from the slopes $J_c$ of the ten logits, $\sum_c p_c J_c^2 - (\sum_c p_c J_c)^2$ (the diagonal of the Gauss-Newton matrix);
# - **random**, for comparison.
#
# And whose magnitude? The toolkit sees the Keras kernel. On the device runs the kernel after batch normalization was folded in, where every output channel has been multiplied by its own factor. So we rank both. This cell loads TensorFlow, for the derivatives.

# %%
import numpy as np

from course_lib import backend, fashion_mnist, float_tflite, trained
from course_lib.evaluation.weights import replace_weights, weighted_layers
from course_lib.techniques.kernels import kernel_layers

data = fashion_mnist()
float32 = float_tflite("baseline")
file_layers = weighted_layers(float32)
deployed = [w for _, w in file_layers]
network = trained()
tf = backend.tensorflow()
kernels = [layer.kernel for layer in kernel_layers(network)]
IMAGES = 300


def as_stored(keras_kernel):
    """Return a Keras kernel in the file's layout: output channel first."""
    return np.moveaxis(keras_kernel, -1, 0)


@tf.function
def derivatives(image, label):
    """Return (g, h, g squared) of every kernel for one image, from the slopes J of its logits."""
    with tf.GradientTape() as tape:
        logits = network(image, training=False)[0]
    p = tf.nn.softmax(logits)
    answers = []
    for J in tape.jacobian(logits, kernels):
        weight = tf.reshape(p, [-1] + [1] * (len(J.shape) - 1))
        mean = tf.reduce_sum(weight * J, 0)
        g = mean - J[label]
        answers.append((g, tf.reduce_sum(weight * J**2, 0) - mean**2, g**2))
    return answers


first, second, squared = ([np.zeros(kernel.shape) for kernel in kernels] for _ in range(3))
for image, label in zip(data.x_train[:IMAGES, None], data.y_train[:IMAGES], strict=True):
    for i, found in enumerate(derivatives(tf.constant(image), tf.constant(label))):
        for total, part in zip((first, second, squared), found, strict=True):
            total[i] += part.numpy() / IMAGES
in_keras = [as_stored(kernel.numpy()) for kernel in kernels]
rng = np.random.default_rng(0)
SCORES = {
    "random": [rng.random(w.shape) for w in deployed],
    "|w| in Keras": [np.abs(w) for w in in_keras],
    "|w| as deployed": [np.abs(w) for w in deployed],
    "|g w|": [np.abs(w * as_stored(g)) for w, g in zip(in_keras, first, strict=True)],
    "OBD": [w**2 * as_stored(h) / 2 for w, h in zip(in_keras, second, strict=True)],
}
factor = [
    np.abs(b).sum(tuple(range(1, b.ndim))) / np.abs(a).sum(tuple(range(1, a.ndim)))
    for a, b in zip(in_keras, deployed, strict=True)
]
for (layer, w), f in zip(file_layers, factor, strict=True):
    print(f"{layer.label:10} {w.size:6,} weights, folded factors {f.min():5.2f} to {f.max():5.2f}")

# %% [markdown]
# The first layer's weights are multiplied by up to {largest_factor:.0f} on their way into the file. A weight that looks small in Keras may be among the largest that run.
#
# ## Five criteria, two scopes
#
# Now remove the same number of weights by each ranking, within each layer (every layer gives the same share) or over all layers together, and train nothing. 2,000 validation images.

# %%
from course_lib import record
from course_lib.evaluation import predict as outputs

record("largest_factor", max(f.max() for f in factor))
x, y = data.x_val[:2000], data.y_val[:2000]
SHARES = (0.3, 0.5, 0.7, 0.8, 0.9)


def smallest_go(scores, share):
    """Return a mask, False for the smallest share of the scores: exactly that many."""
    flat = np.concatenate([np.ravel(part) for part in scores])
    keep = np.ones(flat.size, bool)
    keep[np.argsort(flat, kind="stable")[: round(share * flat.size)]] = False
    ends = np.cumsum([np.size(part) for part in scores])[:-1]
    return [m.reshape(np.shape(s)) for m, s in zip(np.split(keep, ends), scores, strict=True)]


def masks_by(criterion, scope, share):
    scores = SCORES[criterion]
    if scope == "over all layers":
        return smallest_go(scores, share)
    return [smallest_go([part], share)[0] for part in scores]


def pruned_file(masks):
    changed = zip(file_layers, masks, strict=True)
    return replace_weights(float32, {layer.weights: w * mask for (layer, w), mask in changed})


def accuracy(masks):
    return 100 * float((outputs(pruned_file(masks), x).argmax(1) == y).mean())


SCOPES = ("within each layer", "over all layers")
found = {
    (criterion, scope): [accuracy(masks_by(criterion, scope, share)) for share in SHARES]
    for criterion in SCORES
    for scope in SCOPES
}
at70 = {key: values[SHARES.index(0.7)] for key, values in found.items()}
whole = accuracy([np.ones(w.shape, bool) for w in deployed])

# %% [markdown]
# Left, every layer gives the same share; right, one ranking for all. Look at 70 %.

# %%
import matplotlib.pyplot as plt

from course_lib import reveal, show
from course_lib.lesson import style

with style():
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True)
    for ax, scope in zip(axes, SCOPES, strict=True):
        for criterion, marker in zip(SCORES, "xos^D", strict=True):
            ax.plot(
                [0, *(100 * s for s in SHARES)],
                [whole, *found[criterion, scope]],
                marker=marker,
                label=criterion,
            )
        ax.set(xlabel="zeros (%), nothing trained", title=scope)
    axes[0].set(ylabel="accuracy (%), 2,000 validation images")
    axes[0].legend()
show(
    fig,
    alt="Accuracy against zeros for five rankings in two panels. Over all layers, magnitude as deployed stays "
    "highest up to 80 % zeros, the derivative-based rankings lie below it, and random falls first.",
    caption="The same number of zeros everywhere. Only the choice differs.",
    caption_zh="零的个数处处相同，差别只在于选了谁。",
)
contest = {
    "tool": at70["|w| in Keras", "within each layer"],
    "deployed": at70["|w| as deployed", "over all layers"],
    "obd": at70["OBD", "over all layers"],
}
winner = max(contest, key=contest.get)
assert winner == "deployed"
for name, value in contest.items():
    record(f"{name}_70", value)
record("random_70", at70["random", "within each layer"])
record("keras_all_70", at70["|w| in Keras", "over all layers"])
record("accuracy_whole", whole)
reveal("criterion", winner)

# %% [markdown]
# The plainest criterion wins, if it looks at the right numbers: {deployed_70:.0f} % for magnitude as deployed over all layers, {tool_70:.0f} % for magnitude in Keras within each layer, {obd_70:.0f} % for the one with second derivatives. OBD is right about *one* weight and a small change. Here seven of ten weights go at once, and its assumption that they do not interact is gone (the last section puts a number on that).
#
# ## Which layer minds?
#
# One layer at a time, the others untouched. `weight_sensitivity` of the library makes such a table from a Keras model.

# %%
from course_lib import table

CURVE = (0.25, 0.5, 0.75, 0.9, 0.95)
sensitivity = {}
for i, (layer, w) in enumerate(file_layers):
    rows = []
    for share in CURVE:
        masks = [np.ones(each.shape, bool) for each in deployed]
        masks[i] = smallest_go([np.abs(w)], share)[0]
        rows.append(accuracy(masks))
    sensitivity[layer.label, w.size] = rows
with style():
    fig, ax = plt.subplots(figsize=(7, 3.6))
    for ((name, size), values), marker in zip(sensitivity.items(), "os^D", strict=True):
        ax.plot(
            [0, *(100 * s for s in CURVE)],
            [whole, *values],
            marker=marker,
            label=f"{name}, {size:,} weights",
        )
    ax.set(
        xlabel="zeros in this layer alone (%)",
        ylabel="accuracy (%), nothing trained",
        ylim=(0, 100),
    )
    ax.legend(loc="lower left")
show(
    fig,
    alt="Accuracy against zeros in one layer: the first convolution falls at 50 %, the dense layer hardly at 90 %.",
    caption="The layer with the fewest weights minds most. It has the least to give and the most to lose.",
    caption_zh="权重最少的一层最敏感：能省的最少，能毁的最多。",
)
chosen = masks_by("|w| as deployed", "over all layers", 0.8)
table(
    [
        {
            "layer": layer.label,
            "weights": w.size,
            "accuracy %, 75 % zeros here": sensitivity[layer.label, w.size][CURVE.index(0.75)],
            "zeros % that one ranking of all chose": 100 * float(1 - mask.mean()),
        }
        for (layer, w), mask in zip(file_layers, chosen, strict=True)
    ],
    caption="Sensitivity, and where 80 % zeros end up when all layers compete",
    name="sensitivity",
)
record("first_75", sensitivity["conv2d", 288][CURVE.index(0.75)])
record("dense_75", sensitivity["dense", 31_360][CURVE.index(0.75)])
record("first_zeros", 100 * float(1 - chosen[0].mean()))
record("first_share", 100 * deployed[0].size / sum(w.size for w in deployed))

# %% [markdown]
# The first convolution holds {first_share:.1f} % of the weights. Three quarters of it gone leave {first_75:.0f} % accuracy; the same share of the dense layer leaves {dense_75:.0f} %. The ranking over all layers knew without being told: it took {first_zeros:.0f} % of the first layer.
#
# Look at a mask. Where does it cut, and what does the histogram look like afterwards?

# %%
from course_lib import playground


def draw(layer=2, criterion="|w| as deployed", zeros=0.8):
    """Show one layer's mask and what is left of its histogram; only this layer is pruned."""
    masks = [np.ones(w.shape, bool) for w in deployed]
    masks[layer] = smallest_go([SCORES[criterion][layer]], zeros)[0]
    w, mask = deployed[layer], masks[layer]
    with style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3), width_ratios=(1.3, 1))
        left.imshow(
            mask.reshape(len(w), -1)[:, :192],
            cmap="Greys",
            vmin=0,
            vmax=1,
            aspect="auto",
            interpolation="nearest",
        )
        left.set_axis_off()
        left.set_title("mask: a row is a filter, black stays", fontsize=10)
        edge = float(np.quantile(np.abs(w), 0.995))
        right.hist(w.ravel(), bins=80, range=(-edge, edge), color="#BBBBBB", label="all")
        right.hist(w[mask], bins=80, range=(-edge, edge), color="#0072B2", label="stay")
        right.set(xlabel="weight as deployed", ylabel="count")
        right.legend()
        fig.suptitle(
            f"{file_layers[layer][0].label}, {zeros:.0%} zeros by {criterion}: {accuracy(masks):.1f} %"
        )
    return fig


playground(
    draw,
    alt="A layer's mask as a picture, and the histogram of its weights before and after.",
    layer=(0, 3),
    criterion=list(SCORES),
    zeros=(0.1, 0.95, 0.05),
)
show(
    draw(2, "OBD"),
    alt="Mask of the third convolution by OBD, and its histogram: what stays lies in two humps left and right of zero, "
    "with soft inner edges.",
    caption="By OBD the hole has soft edges: how active the input is counts too. By magnitude they are sharp.",
    caption_zh="按 OBD 剪，空档的边缘是渐变的：输入有多活跃也算数。按绝对值剪，边缘则是陡直的。",
)

# %% [markdown]
# ## The schedule: one-shot or gradual?
#
# Untrained, 90 % zeros are a ruin. Training heals, and the question is in which order. Both runs below train the baseline for four epochs and end with 90 % zeros. **One-shot** removes them at the first step. **Gradual** follows $s(t) = s_f + (s_i - s_f)(1 - t)^3$ over the first half: fast while there are weights that nobody misses, slow when every one hurts. The runs took minutes, so they are on record, with the command that made them.

# %%
import base64
import json

from course_lib.catalog import topic

runs = json.loads((topic("05").folder / "record_schedules.json").read_text(encoding="utf-8"))
traces = runs["traces"]
print(runs["command"], f"{len(runs['runs'])} runs and {len(traces)} traces", sep="\n")
with style():
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(7, 4.6), sharex=True)
    for name, colour in (("gradual", "#0072B2"), ("one-shot", "#D55E00")):
        steps = [row["step"] for row in traces[name]["rows"]]
        top.plot(
            steps, [100 * row["zeros"] for row in traces[name]["rows"]], color=colour, label=name
        )
        bottom.plot(
            steps, [100 * row["accuracy_val"] for row in traces[name]["rows"]], color=colour
        )
    top.set(ylabel="zeros (%)", ylim=(-3, 100))
    top.legend(loc="center right")
    bottom.set(xlabel="training step", ylabel="accuracy (%)", ylim=(0, 100))
show(
    fig,
    alt="Above, sparsity over the steps: a step to 90 % for one-shot, a curve that flattens for gradual. Below, "
    "accuracy: one-shot falls at once and climbs back, gradual sinks slowly and ends higher.",
    caption="One-shot spends its training on repairs. Gradual never falls that far.",
    caption_zh="一次剪完的，训练都花在修复上；渐进的从未跌得那么深。",
)

# %% [markdown]
# One trace is an anecdote. Three sparsities and three seeds, each beside a **control** that trained just as long with nothing pruned, all 10,000 test images, paired image by image.

# %%
from course_lib.evaluation import paired_difference

N = 10_000


def hits(name):
    packed = np.frombuffer(base64.b64decode(runs["runs"][name]["right"]), np.uint8)
    return np.unpackbits(packed)[:N].astype(bool)


def run(method, target, seed):
    return hits(f"{method} {target:.0%} seed {seed}")


def against(method, other, target, other_target=None):
    """Return mean difference in points over three seeds, and in how many the interval leaves out zero."""
    gains, sure = [], 0
    for seed in (0, 1, 2):
        a, b = (
            run(method, target, seed),
            run(other, target if other_target is None else other_target, seed),
        )
        between = paired_difference(int((a & ~b).sum()), int((b & ~a).sum()), N)
        gains.append(100 * float(a.mean() - b.mean()))
        sure += not between.low <= 0 <= between.high
    return float(np.mean(gains)), sure


rows = []
for target in (0.8, 0.9, 0.95):
    gain, sure = against("gradual", "one-shot", target)
    cost, _ = against("gradual", "control", target, 0.0)
    rows.append(
        {
            "zeros %": 100 * target,
            "control %": 100 * np.mean([run("control", 0.0, s).mean() for s in (0, 1, 2)]),
            "one-shot %": 100 * np.mean([run("one-shot", target, s).mean() for s in (0, 1, 2)]),
            "gradual %": 100 * np.mean([run("gradual", target, s).mean() for s in (0, 1, 2)]),
            "gradual - control": cost,
            "gradual - one-shot": gain,
            "seeds of 3 beyond chance": sure,
        }
    )
table(
    rows,
    caption="Accuracy after four epochs, mean of three seeds, 10,000 test images",
    name="schedules",
)
middle = rows[1]
record("gradual_90", middle["gradual %"])
record("one_shot_90", middle["one-shot %"])
record("gradual_gain_90", middle["gradual - one-shot"])
record("cost_90", -middle["gradual - control"])
record("cost_80", -rows[0]["gradual - control"])
record("gradual_sure", sum(row["seeds of 3 beyond chance"] for row in rows))
dense_gain, dense_sure = against("gradual, first layer dense", "gradual", 0.9)
record("first_dense_gain", dense_gain)
record("first_dense_sure", dense_sure)
untrained = accuracy(masks_by("|w| in Keras", "within each layer", 0.9))
record("untrained_90", untrained)

RANKINGS = {
    "tool": "Keras, within each layer",
    "keras": "Keras, over all layers",
    "deployed": "deployed, over all layers",
    "obd": "OBD, over all layers",
}
healed = {
    (key, target): 100 * np.mean([run(name, target, s).mean() for s in (0, 1, 2)])
    for key, name in RANKINGS.items()
    for target in (0.7, 0.9)
}
table(
    [
        {"ranking, one-shot": name}
        | {f"{100 * target:.0f} % zeros": healed[key, target] for target in (0.7, 0.9)}
        for key, name in RANKINGS.items()
    ],
    caption="Accuracy after four epochs with the mask held, by ranking; mean of three seeds",
    name="rankings",
)
for key in RANKINGS:
    record(f"{key}_trained_90", healed[key, 0.9])
gain, sure = against(RANKINGS["deployed"], RANKINGS["tool"], 0.9)
record("ranking_gain_90", gain)
record("ranking_sure", sure)

# %% [markdown]
# Gradual is ahead of one-shot by {gradual_gain_90:.1f} points at 90 %, and in {gradual_sure} of 9 pairs the interval leaves out zero. Training itself is worth far more: the same share of zeros without any stood at {untrained_90:.0f} %.
#
# Does the ranking still matter once training has healed the network? The second table starts from four of the masks above and gives each the same four epochs. At 90 % zeros magnitude as deployed, over all layers, ends at {deployed_trained_90:.1f} %, magnitude in Keras within each layer at {tool_trained_90:.1f} % ({ranking_gain_90:+.1f} points between them; in {ranking_sure} of 3 seeds the interval leaves out zero), second derivatives at {obd_trained_90:.1f} %.
#
# And what was the warning of the sensitivity curve worth? The same gradual runs with the first layer left dense, that is with {first_share:.1f} % of the weights spared: {first_dense_gain:+.1f} points at 90 % (in {first_dense_sure} of 3 seeds the interval leaves out zero). Compare both with the {gradual_gain_90:+.1f} of the schedule, about which more has been written.
#
# ## Why gradual helps, and why not
#
# The textbook reason is that a weight pruned too early can come back. The trace counted. Blue is the histogram of the third convolution's survivors over time, the lines are the threshold.

# %%
trace = traces["gradual"]
picture = np.array(trace["third_kernel"], float).T
end = trace["rows"][-1]
with style():
    fig, ax = plt.subplots(figsize=(7, 3.6))
    low, high = trace["edges"][0], trace["edges"][-1]
    ax.imshow(
        np.log10(picture + 1),
        origin="lower",
        aspect="auto",
        cmap="Blues",
        extent=(0, trace["steps"], low, high),
    )
    for sign in (1, -1):
        ax.step(
            [row["step"] for row in trace["rows"]],
            [sign * row["threshold"] for row in trace["rows"]],
            color="#D55E00",
            where="post",
            linewidth=1.2,
        )
    ax.set(xlabel="training step", ylabel="weight of the third convolution (Keras)")
    ax.grid(visible=False)
show(
    fig,
    alt="Density of the surviving weights over the training steps: a white hole around zero opens within the first "
    "half, bounded by two threshold lines, and partly closes again as survivors shrink.",
    caption="The hole opens quickly, then slowly. Survivors drift into it later; the pruned never climb out.",
    caption_zh="空档先快后慢地张开。后来有幸存者漂进去；被剪掉的却再也爬不出来。",
)
pruned_weights = trace["weights"] - trace["kept"]
record("pruned_weights", pruned_weights)
record("came_back", end["came_back"])
record("came_back_fast", traces["gradual, ten times the learning rate"]["rows"][-1]["came_back"])
record("jump", end["jump"])
lowest = min(row["threshold"] for row in trace["rows"] if row["threshold"] > 0)
record("threshold", lowest)
record("jump_times", lowest / end["jump"])
record("same_survivors", 100 * trace["kept_of_the_largest"] / trace["kept"])
reveal("came_back", end["came_back"], unit="weights")

# %% [markdown]
# {came_back} of {pruned_weights:,}; with ten times the learning rate {came_back_fast}. The reason is in the mechanism. After each step the toolkit multiplies the kernel by its mask, so a pruned weight starts every step from zero, and one step of Adam carries it about as far as the learning rate: {jump:.4f} at most, in this run. To come back it would have to pass the threshold, {threshold:.3f} when it was lowest, {jump_times:.0f} times as far.
#
# So gradual helps for another reason: the *survivors* adapt between two cuts, and the next cut looks at the adapted weights. {same_survivors:.0f} % of those that survive are the ones that one-shot would have kept, the rest were promoted on the way. Methods in which weights really return (RigL, for instance) regrow them on purpose, by gradient.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Three assertions, one for each.

# %%
from course_lib import inspect

before, after = (
    inspect(float32),
    inspect(pruned_file(masks_by("|w| as deployed", "over all layers", 0.9))),
)
shapes = [[tensor.shape for tensor in anatomy.subgraphs[0].tensors] for anatomy in (before, after)]
assert shapes[0] == shapes[1]
assert before.macs == after.macs  # 90 % zeros, and not one multiplication less
assert untrained < record.value("gradual_90") - 5  # training is not "if necessary"
assert end["came_back"] < 0.01 * pruned_weights
record("macs_millions", after.macs / 1e6)
print(
    f"{len(shapes[0])} tensors of the same shapes, {after.macs:,} multiplications before and after"
)

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# ### Where OBD stops being right
#
# OBD predicts the rise of the loss as a sum over the removed weights. Remove the least salient ones by its own ranking, and compare the sum with what the loss really does, on the very images that the derivatives came from.

# %%
images, labels = data.x_train[:IMAGES], data.y_train[:IMAGES]


def loss(file):
    logits = outputs(file, images).astype(np.float64)
    top = logits.max(1, keepdims=True)
    return float(
        np.mean(np.log(np.exp(logits - top).sum(1)) + top[:, 0] - logits[np.arange(IMAGES), labels])
    )


start = loss(float32)
all_scores = np.concatenate([part.ravel() for part in SCORES["OBD"]])
checks = []
for share in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7):
    masks = masks_by("OBD", "over all layers", share)
    gone = np.concatenate([mask.ravel() for mask in masks])
    checks.append(
        {
            "removed %": 100 * share,
            "predicted rise of the loss": float(all_scores[~gone].sum()),
            "measured rise": loss(pruned_file(masks)) - start,
            "measured, |w| as deployed": loss(
                pruned_file(masks_by("|w| as deployed", "over all layers", share))
            )
            - start,
        }
    )
table(
    checks, caption=f"The loss on {IMAGES} training images; {start:.4f} before", name="prediction"
)
half = checks[4]
record("obd_images", IMAGES)
record("obd_times_off", half["measured rise"] / max(half["predicted rise of the loss"], 1e-12))
SCORES["OBD, shortcut"] = [w**2 * as_stored(h) / 2 for w, h in zip(in_keras, squared, strict=True)]
record("shortcut_70", accuracy(masks_by("OBD, shortcut", "over all layers", 0.7)))

# %% [markdown]
# At half of the weights the loss rises {obd_times_off:,.0f} times as much as the sum predicts. A sum over single weights leaves out the off-diagonal terms of the Hessian: many small contributions of one sign, removed together, move a unit as a large one would. Later methods put them back: OBS and its descendants (SparseGPT) use the inverse Hessian, and let the remaining weights *compensate*.
#
# One more trap. A popular shortcut takes the squared gradients of the labelled loss for $h$. On images that the network has learned those are nearly zero, whatever the weight is worth: {shortcut_70:.0f} % at 70 % zeros, where the curvature above gave {obd_70:.0f} %.
#
# ### The granularity ladder
#
# Half of the weights, in four patterns, the first layer left alone, nothing trained. The more regular the pattern, the easier to compute with, and the fewer choices are left to saliency.


# %%
def regular(w, pattern):
    rows = np.abs(w.reshape(len(w), -1))
    if pattern == "single weights":
        return smallest_go([rows], 0.5)[0].reshape(w.shape)
    if pattern == "2 of 4":
        fours = rows.reshape(-1, 4)
        return (fours.argsort(1, kind="stable").argsort(1, kind="stable") >= 2).reshape(w.shape)
    if pattern == "blocks of 16":
        norms = np.linalg.norm(rows.reshape(-1, 16), axis=1)
        return np.repeat(smallest_go([norms], 0.5)[0], 16).reshape(w.shape)
    norms = np.linalg.norm(rows, axis=1)
    return np.broadcast_to(smallest_go([norms], 0.5)[0].reshape(-1, *[1] * (w.ndim - 1)), w.shape)


ladder = {}
for pattern in ("single weights", "2 of 4", "blocks of 16", "whole filters"):
    kept = [np.ones(w.shape, bool) for w in deployed]
    kept[1:3] = [regular(w, pattern) for w in deployed[1:3]]
    ladder[pattern] = accuracy(kept)
table(
    [
        {"pattern": name, "zeros % in two convolutions": 50, "accuracy %": value}
        for name, value in ladder.items()
    ],
    caption="Half of the second and third convolution, nothing trained",
    name="ladder",
)
record("ladder_single", ladder["single weights"])
record("ladder_pairs", ladder["2 of 4"])
record("ladder_filters", ladder["whole filters"])

# %% [markdown]
# Single weights {ladder_single:.1f} %, two of four {ladder_pairs:.1f} %, whole filters {ladder_filters:.1f} %. Only the last rung makes a dense kernel faster; lesson 16 climbs it with training and a stopwatch.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# One small network and four epochs on 12,000 images; longer training may close the gap between the schedules. Second derivatives are the Gauss-Newton diagonal on {obd_images} images, not the full Hessian. That no weight came back is true of this tool with a rising schedule and these learning rates; it is not a theorem. Nothing here became smaller or faster: that is lesson 16.
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
