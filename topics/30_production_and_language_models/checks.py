"""What any right answer to topic 30 satisfies: maxima that balance, and errors that compensate each other."""

import numpy as np

from course_lib.grading import brief, expect, law, unchanged


def layer(rng, n=80, d=24, m=16):
    """Return activations with channels of very different size, and weights."""
    x = rng.normal(size=(n, d)) * 10.0 ** rng.uniform(-1, 2, d)
    return x, rng.normal(size=(m, d)) * 10.0 ** rng.uniform(-1, 1, d)


def scales(found, d):
    """Return the scales as float64, or fail with what came instead."""
    s = np.asarray(found)
    expect(
        s.shape == (d,) and s.dtype.kind == "f",
        en=f"{d} input channels need {d} floats; it returned {brief(found)}",
        zh=f"{d} 个输入通道应返回 {d} 个浮点数，实际返回 {brief(found)}",
    )
    s = s.astype(np.float64)
    expect(
        bool(np.isfinite(s).all() and (s > 0).all()),
        en=f"a scale must be positive and finite; they run from {s.min():.3g} to {s.max():.3g}",
        zh=f"scale 必须为正且有限；这里从 {s.min():.3g} 到 {s.max():.3g}",
    )
    return s


def maxima(x, w, s):
    """Return the channel maxima of X / s and W * s."""
    return np.abs(x / s).max(0), np.abs(w * s).max(0)


@law("30A", points=3, en="at alpha = 0.5 both sides have the same maximum in every channel",
     zh="alpha = 0.5 时，每个通道两边的最大值相等")  # fmt: skip
def check_halves_meet(smooth_scales, rng):
    for shape in ({}, {"n": 1, "d": 5, "m": 1}, {"n": 300, "d": 64, "m": 3}):
        x, w = layer(rng, **shape)
        left, right = maxima(x, w, scales(smooth_scales(x, w), x.shape[1]))
        off = np.abs(left / right - 1)
        expect(
            off.max() < 1e-5,
            en=f"channel {off.argmax()}: activations reach {left[off.argmax()]:.4g}, weights {right[off.argmax()]:.4g}",
            zh=f"通道 {off.argmax()}：激活最大 {left[off.argmax()]:.4g}，权重最大 {right[off.argmax()]:.4g}",
        )


@law("30A", points=1, en="the sign of a value does not matter", zh="数值的符号不影响结果")
def check_sign(smooth_scales, rng):
    x, w = layer(rng)
    x[:, 3], w[:, 5] = -np.abs(x[:, 3]), -np.abs(w[:, 5])
    for alpha in (0.5, 0.9):
        one = scales(smooth_scales(x, w, alpha), 24)
        other = scales(smooth_scales(-x, -w, alpha), 24)
        off = np.abs(one / other - 1)
        expect(
            off.max() < 1e-5 and np.ptp(one) > 0,
            en=f"alpha {alpha}: with all signs turned, channel {off.argmax()} goes from {one[off.argmax()]:.4g} to "
            f"{other[off.argmax()]:.4g}",
            zh=f"alpha {alpha}：所有符号取反后，通道 {off.argmax()} 从 {one[off.argmax()]:.4g} 变为 {other[off.argmax()]:.4g}",
        )


@law("30A", points=2, en="alpha = 1 flattens the activations, alpha = 0 the weights",
     zh="alpha = 1 时激活被拉平，alpha = 0 时权重被拉平")  # fmt: skip
def check_limits(smooth_scales, rng):
    x, w = layer(rng)
    for alpha, side, en, zh in ((1.0, 0, "activations", "激活"), (0.0, 1, "weights", "权重")):
        flat = maxima(x, w, scales(smooth_scales(x, w, alpha), 24))[side]
        expect(
            bool(np.allclose(flat, 1, rtol=1e-5)),
            en=f"alpha = {alpha:g}: the channel maxima of the {en} run from {flat.min():.3g} to {flat.max():.3g}, not all 1",
            zh=f"alpha = {alpha:g}：{zh}各通道最大值从 {flat.min():.3g} 到 {flat.max():.3g}，并不都是 1",
        )


@law("30A", points=2, en="between, alpha is the share of the difficulty that the weights take over",
     zh="介于两者之间时，alpha 就是权重分担的份额")  # fmt: skip
def check_share(smooth_scales, rng):
    for alpha in (0.25, 0.7, 0.85):
        x, w = layer(rng)
        left, right = maxima(x, w, scales(smooth_scales(x, w, alpha), 24))
        both = np.log(left) + np.log(right)
        share = np.log(right) / np.where(both == 0, 1.0, both)
        off = np.abs(np.log(right) - alpha * both)
        expect(
            off.max() < 1e-3,
            en=f"alpha = {alpha}: in channel {off.argmax()} the weights carry {share[off.argmax()]:.3f} of the logarithm",
            zh=f"alpha = {alpha}：通道 {off.argmax()} 里权重承担了对数的 {share[off.argmax()]:.3f}",
        )


@law(
    "30A",
    points=1,
    en="outliers shrink: the channels of X become more alike",
    zh="离群值变小：X 的各通道更接近",
)
def check_spread_shrinks(smooth_scales, rng):
    x, w = rng.normal(size=(100, 32)), rng.normal(size=(20, 32))
    x[:, [4, 11]] *= 60.0
    left, _ = maxima(x, w, scales(smooth_scales(x, w), 32))
    before, after = np.abs(x).max(0), left
    shrunk = (after.max() / after.min()) / (before.max() / before.min())
    expect(
        shrunk < 0.5,
        en=f"two outlier channels: largest over smallest maximum of X was {before.max() / before.min():.3g}, "
        f"after smoothing {after.max() / after.min():.3g}",
        zh=f"两个离群通道：X 的最大与最小通道之比原为 {before.max() / before.min():.3g}，平滑后为 {after.max() / after.min():.3g}",
    )


@law(
    "30A",
    points=1,
    en="a dead channel, in X or in W, gets 1",
    zh="死通道（无论在 X 还是 W 中）得到 1",
)
def check_dead(smooth_scales, rng):
    x, w = layer(rng)
    x[:, 2], w[:, 9] = 0.0, 0.0
    x[:, 20] = w[:, 20] = 0.0
    for alpha in (0.5, 0.0, 1.0):
        s = scales(smooth_scales(x, w, alpha), 24)
        expect(
            bool((s[[2, 9, 20]] == 1).all()) and bool((s[[0, 1, 3]] != 1).all()),
            en=f"alpha = {alpha:g}: channels without input, without weight, without both got {s[[2, 9, 20]]}",
            zh=f"alpha = {alpha:g}：没有输入、没有权重、两者皆无的通道得到 {s[[2, 9, 20]]}",
        )


def correlated(rng, n=400, d=48, m=12, rho=0.9):
    """Return weights and inputs whose neighbouring channels say nearly the same."""
    along = rho ** np.abs(np.subtract.outer(np.arange(d), np.arange(d)))
    return rng.normal(size=(m, d)), rng.normal(size=(n, d)) @ np.linalg.cholesky(along).T


def steps(w, bits):
    """Return the step of each row, and the largest integer."""
    most = 2 ** (bits - 1) - 1
    scale = np.abs(w).max(1, keepdims=True) / most
    return np.where(scale > 0, scale, 1.0), most


def nearest(w, bits):
    """Round every weight to the nearest point of its row's grid."""
    scale, most = steps(w, bits)
    return scale * np.clip(np.rint(w / scale), -most, most)


def on_grid(found, w, bits):
    """Return Wq as float64 on the grid of W's rows, or fail with what came instead."""
    wq = np.asarray(found)
    expect(
        wq.shape == w.shape and wq.dtype.kind == "f",
        en=f"W of shape {w.shape} gave {brief(found)}",
        zh=f"W 的形状是 {w.shape}，得到的却是 {brief(found)}",
    )
    scale, most = steps(w, bits)
    codes = wq.astype(np.float64) / scale
    off = np.abs(codes - np.rint(codes))
    expect(
        bool(off.max() < 1e-3) and bool(np.abs(codes).max() < most + 1e-3),
        en=f"{bits} bits: divided by its row's step, some weight is {codes.flat[off.argmax()]:.3f}, the largest "
        f"{np.abs(codes).max():.3f}; integers up to {most} are allowed",
        zh=f"{bits} 位：除以该行的台阶之后，有权重等于 {codes.flat[off.argmax()]:.3f}，最大 {np.abs(codes).max():.3f}；"
        f"只允许不超过 {most} 的整数",
    )
    return wq.astype(np.float64)


def loss(w, wq, x):
    """Return the squared error of the layer's output."""
    return float(np.square((w - wq) @ x.T).sum())


@law(
    "30B",
    points=2,
    en="every row lies on its grid of 2^bits − 1 points",
    zh="每一行都落在自己的 2^bits − 1 个格点上",
)
def check_grid(gptq, rng):
    for bits in (2, 3, 4, 8):
        w, x = correlated(rng)
        w *= 10.0 ** rng.uniform(-2, 2, (len(w), 1))
        w[3] = 0.0
        wq = on_grid(gptq(w, x, bits), w, bits)
        kept = np.square(w - wq).sum() / np.square(w).sum()
        expect(
            (kept < 0.9 or bits == 2) and not wq[3].any(),
            en=f"{bits} bits: {kept:.0%} of the weights' energy is lost, a row of zeros became {brief(wq[3])}",
            zh=f"{bits} 位：权重能量损失了 {kept:.0%}，全零的行变成 {brief(wq[3])}",
        )


@law("30B", points=3, en="on correlated inputs the output error is at least 20 % below rounding to nearest",
     zh="输入相关时，输出误差比就近舍入至少低 20%")  # fmt: skip
def check_output_error(gptq, rng):
    for bits, rho in ((3, 0.9), (4, 0.9), (4, 0.75)):
        w, x = correlated(rng, rho=rho)
        ratio = loss(w, on_grid(gptq(w, x, bits), w, bits), x) / loss(w, nearest(w, bits), x)
        expect(
            ratio <= 0.8,
            en=f"{bits} bits, neighbours correlated {rho}: the output error is {ratio:.2f} times that of rounding to nearest",
            zh=f"{bits} 位、相邻通道相关 {rho}：输出误差是就近舍入的 {ratio:.2f} 倍",
        )


@law("30B", points=1, en="nothing is won in the weights: their error is not below rounding to nearest",
     zh="权重本身没有占便宜：其误差不低于就近舍入")  # fmt: skip
def check_weights_pay(gptq, rng):
    w, x = correlated(rng)
    wq = np.asarray(gptq(w, x, 4), np.float64)
    ours, plain = np.square(w - wq).mean(), np.square(w - nearest(w, 4)).mean()
    expect(
        0.999 * plain <= ours < 10 * plain,
        en=f"the mean squared error of the weights is {ours:.3g}, that of rounding to nearest {plain:.3g}",
        zh=f"权重的均方误差是 {ours:.3g}，就近舍入是 {plain:.3g}",
    )


@law(
    "30B",
    points=1,
    en="input columns of zeros do no harm, with damp = 0 either",
    zh="全零的输入列不出问题，damp = 0 时也一样",
)
def check_dead_columns(gptq, rng):
    for damp in (0.01, 0.0):
        w, x = correlated(rng)
        x[:, [0, 7, 30]] = 0.0
        wq = on_grid(gptq(w, x, 4, damp), w, 4)
        ratio = loss(w, wq, x) / loss(w, nearest(w, 4), x)
        expect(
            ratio <= 0.9,
            en=f"three dead columns, damp = {damp}: the output error is {ratio:.2f} times that of rounding to nearest",
            zh=f"三列死输入，damp = {damp}：输出误差是就近舍入的 {ratio:.2f} 倍",
        )


@law("30B", points=2, en="nothing to compensate (uncorrelated inputs, or damp = 1e6): it is rounding to nearest",
     zh="无可补偿时（输入互不相关，或 damp = 1e6）：结果等于就近舍入")  # fmt: skip
def check_uncorrelated(gptq, rng):
    w, x = correlated(rng, d=32)
    orthogonal = np.linalg.qr(rng.normal(size=(100, 32)))[0] * 10.0 ** rng.uniform(-1, 1, 32)
    for inputs, damp, en, zh in (
        (orthogonal, 0.01, "orthogonal inputs", "输入正交"),
        (x, 1e6, "damp = 1e6 drowns every correlation", "damp = 1e6，相关性被淹没"),
    ):
        wq = np.asarray(gptq(w, inputs, 4, damp), np.float64)
        expect(
            wq.shape == w.shape,
            en=f"W of shape {w.shape} gave {brief(wq)}",
            zh=f"W 的形状是 {w.shape}，得到的却是 {brief(wq)}",
        )
        moved = float(np.mean(np.abs(wq - nearest(w, 4)) > 1e-6 * np.abs(w).max()))
        expect(
            moved < 0.01,
            en=f"{en}: {moved:.0%} of the weights are not the nearest point of the grid",
            zh=f"{zh}：有 {moved:.0%} 的权重不是最近的格点",
        )


@law("30B", points=1, en="W and X are left as they were", zh="不改动 W 和 X")
def check_untouched(gptq, rng):
    w, x = correlated(rng)
    ratio = loss(w, on_grid(unchanged(gptq, w, x), w, 4), x) / loss(w, nearest(w, 4), x)
    expect(
        ratio < 2,
        en=f"the output error is {ratio:.2f} times that of rounding to nearest",
        zh=f"输出误差是就近舍入的 {ratio:.2f} 倍",
    )
