"""What any right answer to topic 18 satisfies: a cache that gives back a distribution, a similarity that ignores axes."""

import numpy as np

from course_lib.grading import brief, expect, law, raises, unchanged

HALF = 2e-3  # probabilities may be kept in half precision


def softmax(logits, T):
    """Return the softened probabilities of every row, as a referee."""
    scaled = (logits - logits.max(axis=1, keepdims=True)) / T
    exponents = np.exp(scaled)
    return exponents / exponents.sum(axis=1, keepdims=True)


def cached(topk_targets, logits, k, T):
    """Return (idx, prob) as arrays of shape (rows, k), or fail with what came instead."""
    got = unchanged(topk_targets, logits, k, T)
    expect(
        isinstance(got, tuple | list) and len(got) == 2,
        en=f"topk_targets must return (idx, prob); it returned {brief(got)}",
        zh=f"topk_targets 应返回 (idx, prob)，实际返回 {brief(got)}",
    )
    idx, prob = (np.asarray(each) for each in got)
    shape = (len(logits), k)
    expect(
        idx.shape == shape == prob.shape and idx.dtype.kind in "iu" and prob.dtype.kind == "f",
        en=f"for {len(logits)} rows and k = {k}, idx is {brief(got[0])} and prob {brief(got[1])}; "
        f"wanted are integers and floats of shape {shape}",
        zh=f"{len(logits)} 行、k = {k} 时，idx 是 {brief(got[0])}，prob 是 {brief(got[1])}；"
        f"应分别为形状 {shape} 的整数和浮点数",
    )
    expect(
        idx.min() >= 0 and idx.max() < logits.shape[1],
        en=f"idx runs from {idx.min()} to {idx.max()}, and there are {logits.shape[1]} classes",
        zh=f"idx 的范围是 {idx.min()} 到 {idx.max()}，而类别只有 {logits.shape[1]} 个",
    )
    return idx, prob


def rebuilt(expand_topk, idx, prob, n):
    """Return the expanded rows as a float array of shape (rows, n), or fail with what came instead."""
    full = np.asarray(unchanged(expand_topk, idx, prob, n))
    expect(
        full.shape == (len(idx), n) and full.dtype.kind == "f",
        en=f"expand_topk must return {len(idx)} rows of {n} floats; it returned {brief(full)}",
        zh=f"expand_topk 应返回 {len(idx)} 行、每行 {n} 个浮点数，实际返回 {brief(full)}",
    )
    return full.astype(np.float64)


def a_cache(rng, rows=20, k=3, n=10):
    """Return idx and prob of a cache in full precision, in no particular order, and what they leave over."""
    p = rng.dirichlet(np.ones(n), rows)
    idx = np.argsort(rng.random((rows, n)), axis=1)[:, :k]
    prob = np.take_along_axis(p, idx, axis=1)
    return idx, prob, 1 - prob.sum(axis=1)


@law(
    "18A",
    points=2,
    en="the k most likely classes keep their probability among all classes, largest first",
    zh="最可能的 k 个类别保留它们在全部类别中的概率，从大到小",
)
def check_the_largest_are_kept(topk_targets, rng):
    for k, T in ((1, 1.0), (3, 4.0), (5, 2.0), (2, 10.0)):
        logits = rng.normal(0, 4, (30, 10))
        idx, prob = cached(topk_targets, logits, k, T)
        soft = softmax(logits, T)
        wanted = -np.sort(-soft, axis=1)[:, :k]
        row = int(np.abs(prob - wanted).max(axis=1).argmax())
        expect(
            np.abs(prob - wanted).max() < HALF,
            en=f"k = {k}, T = {T:g}: prob {np.round(prob[row].astype(float), 3).tolist()}; the {k} largest of the "
            f"row's softened probabilities are {np.round(wanted[row], 3).tolist()}",
            zh=f"k = {k}、T = {T:g}：prob 为 {np.round(prob[row].astype(float), 3).tolist()}；"
            f"这一行软化后最大的 {k} 个概率是 {np.round(wanted[row], 3).tolist()}",
        )
        there = np.take_along_axis(soft, idx.astype(np.int64), axis=1)
        expect(
            np.abs(there - wanted).max() < HALF and all(len(set(row)) == k for row in idx.tolist()),
            en=f"k = {k}, T = {T:g}: idx names other classes than those that prob belongs to",
            zh=f"k = {k}、T = {T:g}：idx 指的类别与 prob 对不上",
        )


@law(
    "18A",
    points=1,
    en="of 1,000 classes, the right five take at most one hundredth of the float32 logits",
    zh="1000 个类别存下正确的 5 个，不超过 float32 logits 的百分之一",
)
def check_the_cache_is_small(topk_targets, rng):
    logits = rng.normal(0, 3, (16, 1000)).astype(np.float32)
    idx, prob = cached(topk_targets, logits, 5, 4.0)
    size = (idx.nbytes + prob.nbytes) / len(logits)
    expect(
        size <= 40,
        en=f"a row takes {size:g} bytes (idx {idx.dtype}, prob {prob.dtype}); the logits take 4,000, so 40 are allowed",
        zh=f"每行占 {size:g} 字节（idx 为 {idx.dtype}，prob 为 {prob.dtype}）；logits 占 4000，所以上限是 40",
    )
    soft = softmax(logits.astype(np.float64), 4.0)
    there = np.take_along_axis(soft, idx.astype(np.int64), axis=1)
    expect(
        np.all(there >= 0.99 * np.sort(soft, axis=1)[:, -5, None]),
        en=f"idx ({idx.dtype}) runs from {idx.min()} to {idx.max()}, and names classes that are not among the five "
        "most likely of their row",
        zh=f"idx（{idx.dtype}）的范围是 {idx.min()} 到 {idx.max()}，其中有的类别不在本行最可能的五个之列",
    )


@law(
    "18A",
    points=1,
    en="expanded rows sum to 1 and the largest class stays the largest",
    zh="展开后每行之和为 1，最大的类别仍最大",
)
def check_rows_sum_to_one(topk_targets, expand_topk, rng):
    for k, T in ((1, 4.0), (3, 4.0), (6, 1.0)):
        logits = rng.normal(0, 3, (25, 10))
        full = rebuilt(expand_topk, *cached(topk_targets, logits, k, T), 10)
        sums = full.sum(axis=1)
        worst = float(sums[np.abs(sums - 1).argmax()])
        expect(
            np.abs(sums - 1).max() < HALF,
            en=f"k = {k}, T = {T:g}: an expanded row sums to {worst:.4f}",
            zh=f"k = {k}、T = {T:g}：展开后有一行之和为 {worst:.4f}",
        )
        top = np.take_along_axis(full, logits.argmax(axis=1)[:, None], axis=1)[:, 0]
        expect(
            np.all(top >= full.max(axis=1) - HALF),
            en=f"k = {k}, T = {T:g}: in some row another class than the teacher's has become the largest",
            zh=f"k = {k}、T = {T:g}：有的行里，最大的类别已经不是教师的答案",
        )


@law("18A", points=1, en="with k = n nothing is lost", zh="k = n 时毫无损失")
def check_all_classes_are_exact(topk_targets, expand_topk, rng):
    for n in (2, 10):
        logits = rng.normal(0, 3, (25, n))
        cached(topk_targets, logits, 1, 3.0)  # so that only k = n is left as a reason to fail
        full = rebuilt(expand_topk, *cached(topk_targets, logits, n, 3.0), n)
        error = np.abs(full - softmax(logits, 3.0)).max()
        expect(
            error < HALF,
            en=f"{n} classes, k = {n}: the expanded rows differ from the softened teacher by up to {error:.4f}",
            zh=f"{n} 个类别、k = {n}：展开后的行与软化的教师输出最多相差 {error:.4f}",
        )


@law(
    "18A",
    points=2,
    en="what is left over is shared evenly, by the unlisted classes only",
    zh="剩余概率由未列出的类别平分，列出的不分",
)
def check_the_rest_is_shared(expand_topk, rng):
    for k, n in ((1, 10), (3, 10), (5, 300)):
        idx, prob, left = a_cache(rng, k=k, n=n)
        kind = np.uint8 if n <= 256 else np.uint16
        full = rebuilt(expand_topk, idx.astype(kind), prob, n)
        listed = np.take_along_axis(full, idx, axis=1)
        row = int(np.abs(listed - prob).max(axis=1).argmax())
        expect(
            np.abs(listed - prob).max() < HALF,
            en=f"{k} of {n} classes: prob {np.round(prob[row], 3).tolist()} came back as "
            f"{np.round(listed[row], 3).tolist()}",
            zh=f"{n} 类取 {k}：prob {np.round(prob[row], 3).tolist()} 展开后成了 {np.round(listed[row], 3).tolist()}",
        )
        others = np.ones((len(idx), n), bool)
        np.put_along_axis(others, idx, False, axis=1)
        share = full[others].reshape(len(idx), n - k)
        off = np.abs(share - (left / (n - k))[:, None]).max()
        expect(
            off < HALF / (n - k),
            en=f"{k} of {n} classes: an unlisted class is off its even share by {off:.4g}",
            zh=f"{n} 类取 {k}：有个未列出的类别，与平分应得的相差 {off:.4g}",
        )


@law(
    "18A",
    points=1,
    en="probabilities rounded up past a sum of 1 leave nothing, and never less",
    zh="舍入使和超过 1 时，剩余为零，绝不为负",
)
def check_the_rest_is_never_negative(expand_topk, rng):
    p = rng.dirichlet(np.full(4, 3.0), 40)
    idx = np.argsort(rng.random((40, 10)), axis=1)[:, :4].astype(np.uint8)
    for prob in (p.astype(np.float16), (p * 1.001).astype(np.float32)):
        full = rebuilt(expand_topk, idx, prob, 10)
        expect(
            np.isfinite(full).all() and full.min() >= 0,
            en=f"prob sums to up to {prob.astype(float).sum(1).max():.5f} ({prob.dtype}); "
            f"an unlisted class got {full.min():.2e}",
            zh=f"prob 之和最大为 {prob.astype(float).sum(1).max():.5f}（{prob.dtype}）；未列出的类别得到 {full.min():.2e}",
        )


@law("18A", points=1, en="logits of ±10,000 give probabilities", zh="logits 为 ±10000 时仍得到概率")
def check_huge_logits(topk_targets, rng):
    logits = rng.choice([-1e4, 0.0, 1e4], (20, 10)) + rng.normal(0, 1, (20, 10))
    for T in (1.0, 4.0):
        _, prob = cached(topk_targets, logits, 3, T)
        wanted = -np.sort(-softmax(logits, T), axis=1)[:, :3]
        expect(
            np.isfinite(prob).all() and np.abs(prob - wanted).max() < HALF,
            en=f"logits up to 10,000 at T = {T:g}: prob begins {np.round(prob[0].astype(float), 3).tolist()}",
            zh=f"logits 达到 ±10000、T = {T:g}：prob 的第一行是 {np.round(prob[0].astype(float), 3).tolist()}",
        )


@law(
    "18A",
    points=1,
    en="k outside 1 to n, or T <= 0, is refused with a ValueError",
    zh="k 不在 1 到 n 之间、或 T <= 0，以 ValueError 拒绝",
)
def check_nonsense_is_refused(topk_targets, rng):
    logits = rng.normal(0, 3, (4, 10))
    for k, T in ((0, 4.0), (11, 4.0), (3, 0.0), (3, -1.0)):
        raises(ValueError, topk_targets, logits, k, T)


def similarity(linear_cka, X, Y):
    """Return the learner's number as a float, or fail with what came instead."""
    got = unchanged(linear_cka, X, Y)
    ok = isinstance(got, int | float | np.number | np.ndarray) and np.size(got) == 1
    expect(
        ok,
        en=f"linear_cka must return one number; it returned {brief(got)}",
        zh=f"linear_cka 应返回一个数，实际返回 {brief(got)}",
    )
    return float(np.asarray(got).reshape(()))


@law(
    "18B",
    points=2,
    en="a rotated and scaled layer is the same layer: 1",
    zh="旋转并缩放之后还是同一层：得 1",
)
def check_rotation_and_scale(linear_cka, rng):
    X = rng.normal(size=(120, 8)) * np.arange(1, 9)
    rotation, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    for name, Y in (
        ("X", X),
        ("X rotated", X @ rotation),
        ("-0.01 X rotated", -0.01 * X @ rotation),
    ):
        got = similarity(linear_cka, X, Y)
        expect(
            np.isclose(got, 1, atol=1e-4),
            en=f"X against {name}: {got:.4f}",
            zh=f"X 与 {name.replace('rotated', '旋转后')}：{got:.4f}",
        )


@law(
    "18B",
    points=1,
    en="a constant added to a feature changes nothing",
    zh="给某个特征加上常数，结果不变",
)
def check_column_means(linear_cka, rng):
    X, noise = rng.normal(size=(2, 150, 6))
    for name, Y, constants in (("X", X, 10 * np.arange(6)), ("Y", X + noise, -5 * np.arange(6))):
        plain, moved = similarity(linear_cka, X, Y), similarity(linear_cka, X, Y + constants)
        expect(
            np.isclose(plain, moved, atol=1e-4) and plain > 0.1,
            en=f"X against {name}: {plain:.4f}; with a constant added to each column of {name}: {moved:.4f}",
            zh=f"X 与 {name}：{plain:.4f}；给 {name} 的每一列加上常数之后：{moved:.4f}",
        )


@law(
    "18B",
    points=1,
    en="layers that have nothing to do with each other come near 0, also after a ReLU",
    zh="毫不相关的两层接近 0，经过 ReLU 也一样",
)
def check_independent_layers(linear_cka, rng):
    X, Y = np.maximum(rng.normal(size=(500, 6)), 0), np.maximum(rng.normal(size=(500, 4)), 0)
    got = similarity(linear_cka, X, Y)
    expect(
        abs(got) < 0.1,
        en=f"two independent layers of positive activations, 500 images: {got:.3f}",
        zh=f"两层互相独立的非负激活，500 张图片：{got:.3f}",
    )


@law(
    "18B", points=1, en="a dead layer has similarity 0, not NaN", zh="死掉的层相似度为 0，不是 NaN"
)
def check_constant_layers(linear_cka, rng):
    # 64 rows: no way of centring leaves a rest
    X, dead = rng.normal(size=(64, 5)), np.full((64, 3), 2.0)
    for name, pair in (
        ("X, dead", (X, dead)),
        ("dead, X", (dead, X)),
        ("dead, dead", (dead, dead)),
    ):
        got = similarity(linear_cka, *pair)
        expect(abs(got) < 1e-6, en=f"({name}): {got}", zh=f"（{name}）：{got}")


@law(
    "18B",
    points=2,
    en="for one feature on each side it is the squared correlation",
    zh="两边各只有一个特征时，就是相关系数的平方",
)
def check_one_feature_each(linear_cka, rng):
    for weight in (0.3, -0.8, 2.0):
        x, noise = rng.normal(size=(2, 200, 1))
        y = weight * x + noise
        got, wanted = similarity(linear_cka, x, y), np.corrcoef(x[:, 0], y[:, 0])[0, 1] ** 2
        expect(
            np.isclose(got, wanted, atol=1e-4),
            en=f"one feature each, squared correlation {wanted:.4f}: linear_cka gave {got:.4f}",
            zh=f"两边各一个特征，相关系数的平方为 {wanted:.4f}：linear_cka 得到 {got:.4f}",
        )


@law(
    "18B",
    points=2,
    en="each direction counts by its variance, and widths may differ",
    zh="每个方向按方差计入，两边宽度可以不同",
)
def check_variance_counts(linear_cka, rng):
    Q = rng.normal(size=(300, 7))
    Q, _ = np.linalg.qr(Q - Q.mean(axis=0))  # centred, orthonormal
    for n in (7, 4, 1):
        a, b = rng.uniform(0.5, 3, 7), rng.uniform(0.5, 3, n)
        got = similarity(linear_cka, Q * a, Q[:, :n] * b)
        wanted = np.sum(a[:n] ** 2 * b**2) / np.sqrt(np.sum(a**4) * np.sum(b**4))
        expect(
            np.isclose(got, wanted, atol=1e-4),
            en=f"7 uncorrelated features against {n} of them, stretched by other factors: the formula gives "
            f"{wanted:.4f}, linear_cka gave {got:.4f}",
            zh=f"七个互不相关的特征，与其中 {n} 个（换了一组伸缩系数）比较：按公式是 {wanted:.4f}，linear_cka 得到 {got:.4f}",
        )


@law(
    "18B",
    points=1,
    en="different numbers of rows are refused with a ValueError",
    zh="行数不同，以 ValueError 拒绝",
)
def check_rows_must_match(linear_cka, rng):
    raises(ValueError, linear_cka, rng.normal(size=(20, 3)), rng.normal(size=(21, 3)))
    raises(ValueError, linear_cka, rng.normal(size=(20, 3)), rng.normal(size=(1, 3)))
