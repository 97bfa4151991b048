"""What any right answer to topic 06 satisfies: symmetries of the loss, its limits, and central differences."""

import numpy as np

from course_lib.grading import expect, law, raises


def batch(rng, rows=6, classes=10):
    """Return student logits, teacher logits and labels."""
    return (
        rng.normal(0, 3, (rows, classes)),
        rng.normal(0, 3, (rows, classes)),
        rng.integers(0, classes, rows),
    )


def log_softmax(z):
    """Return the logarithm of softmax along the last axis, safely."""
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def cross_entropy(z, y):
    """Return the mean cross-entropy of logits on labels."""
    return float(-log_softmax(z)[np.arange(len(y)), y].mean())


def referee(zs, zt, y, T, alpha):
    """Return the loss of the statement, for central differences."""
    s, t = log_softmax(zs / T), log_softmax(zt / T)
    soft = float((np.exp(t) * (t - s)).sum(axis=1).mean())
    return alpha * T**2 * soft + (1 - alpha) * cross_entropy(zs, y)


def number(value, call):
    """Return the loss as a float, or fail with what came instead."""
    ok = (
        isinstance(value, int | float | np.integer | np.floating | np.ndarray)
        and np.size(value) == 1
    )
    expect(
        ok,
        en=f"{call} must return one number; it returned {type(value).__name__}",
        zh=f"{call} 应返回一个数，实际返回 {type(value).__name__}",
    )
    return float(np.asarray(value).reshape(()))


def gradient(value, zs):
    """Return the gradient as an array of the logits' shape, or fail with what came instead."""
    expect(
        isinstance(value, np.ndarray | list | tuple) and np.shape(value) == zs.shape,
        en=f"the gradient has shape {np.shape(value)}; the student's logits have {zs.shape}",
        zh=f"梯度的形状是 {np.shape(value)}，学生 logits 的形状是 {zs.shape}",
    )
    return np.asarray(value, np.float64)


@law(
    "6A",
    points=1,
    en="a student that answers like its teacher pays nothing, any other pays",
    zh="学生与教师答案相同时损失为 0，不同时大于 0",
)
def check_agreement_costs_nothing(kd_loss, rng):
    zs, zt, y = batch(rng)
    for T in (1.0, 4.0, 20.0):
        same = number(kd_loss(zt, zt, y, T, 1.0), "kd_loss(z, z, y, T, 1)")
        other = number(kd_loss(zs, zt, y, T, 1.0), "kd_loss(zs, zt, y, T, 1)")
        expect(
            abs(same) < 1e-6 and other > 1e-3,
            en=f"T = {T:g}, alpha = 1: equal logits cost {same:.4g}, different ones {other:.4g}",
            zh=f"T = {T:g}、alpha = 1：logits 相同时损失 {same:.4g}，不同时 {other:.4g}",
        )


@law("6A", points=2, en="logits of ±10,000 do no harm", zh="logits 达到 ±10000 也不出错")
def check_large_logits(kd_loss):
    zs, zt = np.array([[1e4, 0.0, -1e4]]), np.array([[-1e4, 0.0, 1e4]])
    for alpha, wanted in ((0.0, 2e4), (1.0, 2e4)):
        got = number(kd_loss(zs, zt, np.array([2]), 1.0, alpha), "kd_loss")
        expect(
            np.isfinite(got) and np.isclose(got, wanted, rtol=1e-6),
            en=f"student sure of class 0, label and teacher sure of class 2, alpha = {alpha:g}: the loss is {got:g}",
            zh=f"学生认定第 0 类，标签与教师认定第 2 类，alpha = {alpha:g}：损失为 {got:g}",
        )


@law(
    "6A",
    points=1,
    en="adding a constant to all logits of an image changes nothing",
    zh="一张图片的全部 logits 同加一个常数，损失不变",
)
def check_shift_changes_nothing(kd_loss, rng):
    zs, zt, y = batch(rng)
    shift = rng.normal(0, 5, (len(y), 1))
    before = number(kd_loss(zs, zt, y, 3.0, 0.7), "kd_loss")
    for a, b, whose in ((zs + shift, zt, "student"), (zs, zt + shift, "teacher")):
        after = number(kd_loss(a, b, y, 3.0, 0.7), "kd_loss")
        expect(
            before > 0 and np.isclose(before, after, rtol=1e-6),
            en=f"a constant per row added to the {whose}'s logits moved the loss from {before:.6g} to {after:.6g}",
            zh=f"给{'学生' if whose == 'student' else '教师'}的每行 logits 加常数，损失从 {before:.6g} 变成 {after:.6g}",
        )


@law(
    "6A",
    points=1,
    en="alpha = 0 is plain cross-entropy: no teacher, no temperature",
    zh="alpha = 0 就是普通交叉熵：与教师和温度无关",
)
def check_alpha_zero_is_the_labels(kd_loss, rng):
    zs, zt, y = batch(rng)
    wanted = cross_entropy(zs, y)
    for T, teacher in ((1.0, zt), (4.0, zt), (4.0, -zt)):
        got = number(kd_loss(zs, teacher, y, T, 0.0), "kd_loss(zs, zt, y, T, 0)")
        expect(
            np.isclose(got, wanted, rtol=1e-6),
            en=f"alpha = 0, T = {T:g}: the loss is {got:.6g}; the labels alone cost something else",
            zh=f"alpha = 0、T = {T:g}：损失为 {got:.6g}，并不等于只看标签的交叉熵",
        )


@law(
    "6A",
    points=2,
    en="T times the logits at temperature T cost T² times what they cost at 1",
    zh="logits 乘以 T、温度取 T，损失是温度 1 时的 T² 倍",
)
def check_temperature_squared(kd_loss, rng):
    zs, zt, y = batch(rng)
    plain = number(kd_loss(zs, zt, y, 1.0, 1.0), "kd_loss")
    for T in (2.0, 5.0):
        hot = number(kd_loss(T * zs, T * zt, y, T, 1.0), "kd_loss")
        expect(
            0 < plain < np.inf and np.isclose(hot, T * T * plain, rtol=1e-6),
            en=f"logits and temperature both times {T:g} (alpha = 1): the loss became {hot / (plain or 1):.4g} times as large",
            zh=f"logits 与温度同乘 {T:g}（alpha = 1）：损失变为 {hot / (plain or 1):.4g} 倍",
        )


@law(
    "6A",
    points=1,
    en="a teacher without doubt is a label",
    zh="毫不犹豫的教师就等于标签",
)
def check_certain_teacher_is_a_label(kd_loss, rng):
    zs, _, y = batch(rng)
    certain = 60.0 * np.eye(10)[y]
    got = number(kd_loss(zs, certain, y, 1.0, 1.0), "kd_loss")
    expect(
        np.isclose(got, cross_entropy(zs, y), rtol=1e-6),
        en=f"T = 1, alpha = 1, a teacher that is certain of the label: the loss is {got:.5g}, not the cross-entropy",
        zh=f"T = 1、alpha = 1、教师对标签毫无疑问：损失为 {got:.5g}，不等于交叉熵",
    )


@law("6A", points=1, en="the loss is the mean over the batch", zh="损失是对 batch 取平均")
def check_mean_over_images(kd_loss, rng):
    zs, zt, y = batch(rng)
    once = number(kd_loss(zs, zt, y, 2.0, 0.5), "kd_loss")
    twice = number(
        kd_loss(np.tile(zs, (2, 1)), np.tile(zt, (2, 1)), np.tile(y, 2), 2.0, 0.5), "kd_loss"
    )
    expect(
        once > 0 and np.isclose(once, twice, rtol=1e-9),
        en=f"the same batch given twice over: {once:.6g} became {twice:.6g}",
        zh=f"同一个 batch 重复一遍：{once:.6g} 变成 {twice:.6g}",
    )


@law(
    "6A",
    points=1,
    en="T of 0 or less and alpha outside [0, 1] are refused with a ValueError",
    zh="T ≤ 0 或 alpha 不在 [0, 1] 内，以 ValueError 拒绝",
)
def check_nonsense_is_refused(kd_loss, rng):
    zs, zt, y = batch(rng)
    for T, alpha in ((0.0, 0.5), (-1.0, 0.5), (4.0, -0.1), (4.0, 1.1)):
        raises(ValueError, kd_loss, zs, zt, y, T, alpha)


@law(
    "6B",
    points=3,
    en="the gradient is the slope of the loss, by central differences",
    zh="梯度等于损失的斜率（中心差分）",
)
def check_central_differences(kd_grad, rng):
    for T, alpha in ((1.0, 0.9), (4.0, 0.9), (3.0, 0.4)):
        zs, zt, y = batch(rng, 3, 5)
        slope = np.zeros_like(zs)
        for place in np.ndindex(zs.shape):
            step = np.zeros_like(zs)
            step[place] = 1e-4
            up, down = referee(zs + step, zt, y, T, alpha), referee(zs - step, zt, y, T, alpha)
            slope[place] = (up - down) / 2e-4
        worst = float(np.abs(gradient(kd_grad(zs, zt, y, T, alpha), zs) - slope).max())
        expect(
            worst < 1e-5,
            en=f"T = {T:g}, alpha = {alpha:g}: one entry is {worst:.3g} away from the slope of the loss",
            zh=f"T = {T:g}、alpha = {alpha:g}：有一项与损失的斜率相差 {worst:.3g}",
        )


@law("6B", points=1, en="each row sums to 0, and is not 0", zh="每行之和为 0，但不全为 0")
def check_rows_sum_to_zero(kd_grad, rng):
    zs, zt, y = batch(rng)
    for alpha in (0.0, 0.5, 1.0):
        got = gradient(kd_grad(zs, zt, y, 4.0, alpha), zs)
        total = float(np.abs(got.sum(axis=1)).max())
        expect(
            total < 1e-8 and np.abs(got).max() > 1e-4,
            en=f"alpha = {alpha:g}: a row sums to {total:.3g}, its largest entry is {np.abs(got).max():.3g}",
            zh=f"alpha = {alpha:g}：某行之和为 {total:.3g}，最大的一项是 {np.abs(got).max():.3g}",
        )


@law(
    "6B",
    points=2,
    en="at a very high temperature it is the difference of the centred logits, over the classes",
    zh="温度极高时，等于去均值 logits 之差除以类别数",
)
def check_hot_limit(kd_grad, rng):
    zs, zt, y = batch(rng)
    got = gradient(kd_grad(zs, zt, y, 1e4, 1.0), zs) * len(y)
    centred = zs - zs.mean(1, keepdims=True) - (zt - zt.mean(1, keepdims=True))
    wanted = centred / zs.shape[1]
    factor = float((got * wanted).sum() / (wanted**2).sum())
    expect(
        np.allclose(got, wanted, atol=2e-3),
        en=f"T = 10,000, alpha = 1: the gradient is {factor:.3g} times what regression on centred logits gives",
        zh=f"T = 10000、alpha = 1：梯度是去均值 logit 回归的 {factor:.3g} 倍",
    )


@law(
    "6B",
    points=1,
    en="alpha = 0 is the gradient of cross-entropy, at any temperature",
    zh="alpha = 0 时就是交叉熵的梯度，与温度无关",
)
def check_alpha_zero_is_cross_entropy(kd_grad, rng):
    zs, zt, y = batch(rng)
    wanted = (np.exp(log_softmax(zs)) - np.eye(10)[y]) / len(y)
    for T in (1.0, 8.0):
        worst = float(np.abs(gradient(kd_grad(zs, zt, y, T, 0.0), zs) - wanted).max())
        expect(
            worst < 1e-8,
            en=f"alpha = 0, T = {T:g}: one entry is {worst:.3g} off (softmax minus one-hot, over the batch)",
            zh=f"alpha = 0、T = {T:g}：有一项偏差 {worst:.3g}（应为 softmax 减 one-hot，再除以 batch）",
        )


@law(
    "6B",
    points=2,
    en="the same batch twice over halves every row: the loss is a mean",
    zh="batch 重复一遍，每行梯度减半：损失是平均值",
)
def check_mean_not_sum(kd_grad, rng):
    zs, zt, y = batch(rng)
    once = gradient(kd_grad(zs, zt, y, 4.0, 0.9), zs)
    double = np.tile(zs, (2, 1))
    twice = gradient(kd_grad(double, np.tile(zt, (2, 1)), np.tile(y, 2), 4.0, 0.9), double)
    ratio = float(np.abs(twice).sum() / max(np.abs(once).sum(), 1e-12))
    expect(
        1e-4 < np.abs(once).max() < np.inf
        and np.allclose(twice, np.tile(once, (2, 1)) / 2, atol=1e-9),
        en=f"twice the batch: all entries together are {ratio:.3g} times as large; for a mean they stay the same",
        zh=f"batch 加倍后，各项绝对值之和变为 {ratio:.3g} 倍；取平均时应当不变",
    )


@law("6B", points=1, en="logits of ±10,000 do no harm", zh="logits 达到 ±10000 也不出错")
def check_gradient_of_large_logits(kd_grad):
    zs, zt = np.array([[1e4, 0.0, -1e4]]), np.array([[-1e4, 0.0, 1e4]])
    got = gradient(kd_grad(zs, zt, np.array([2]), 1.0, 0.5), zs)
    expect(
        np.allclose(got, [[1.0, 0.0, -1.0]], atol=1e-6),
        en=f"student sure of class 0, label and teacher sure of class 2: the gradient is {got.tolist()}",
        zh=f"学生认定第 0 类，标签与教师认定第 2 类：梯度为 {got.tolist()}",
    )
