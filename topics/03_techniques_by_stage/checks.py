"""What any right answer to topic 03 satisfies: Lloyd's two conditions for k-means, Eckart and Young's theorem for the SVD."""

import numpy as np

from course_lib.grading import brief, expect, law, raises


def weights(rng, shape=(30, 20)):
    """Return a kernel as training leaves it: a bell, float32, no two values alike."""
    return rng.normal(size=shape).astype(np.float32)


def pruned(rng, shape=(30, 20), share=0.6):
    """Return a kernel with a share of exact zeros."""
    return weights(rng, shape) * (rng.random(shape) > share)


def shared(result, w, k):
    """Return (values used per weight, codebook) as float64, or fail with what has the wrong form."""
    expect(isinstance(result, tuple | list) and len(result) == 2, en=f"expected (codebook, idx), got {brief(result)}",
           zh=f"应返回 (codebook, idx)，得到 {brief(result)}")  # fmt: skip
    codebook, idx = np.asarray(result[0], dtype=np.float64), np.asarray(result[1])
    expect(
        codebook.ndim == 1 and len(codebook) <= k,
        en=f"k = {k}, but the codebook has shape {codebook.shape}",
        zh=f"k = {k}，但码本的形状是 {codebook.shape}",
    )
    expect(
        idx.shape == w.shape and idx.dtype.kind in "iu",
        en=f"idx should hold integers in w's shape {w.shape}; it has shape {idx.shape} and type {idx.dtype}",
        zh=f"idx 应是整数，形状与 w 的 {w.shape} 相同；得到形状 {idx.shape}，类型 {idx.dtype}",
    )
    expect(
        len(codebook) > 0 and idx.min() >= 0 and idx.max() < len(codebook),
        en=f"idx runs from {idx.min()} to {idx.max()}, the codebook has {len(codebook)} values",
        zh=f"idx 从 {idx.min()} 到 {idx.max()}，而码本只有 {len(codebook)} 个值",
    )
    return codebook[idx], codebook


@law(
    "3A",
    points=2,
    en="at most k values, and one index per weight in w's shape",
    zh="至多 k 个取值，每个权重一个下标，形状与 w 相同",
)
def check_form(kmeans_share, rng):
    for shape in ((40,), (12, 7), (3, 3, 4, 5)):
        for k in (2, 5, 16):
            w = weights(rng, shape)
            got, _ = shared(kmeans_share(w, k), w, k)
            expect(
                np.isfinite(got).all() and len(np.unique(got)) > 1,
                en=f"k = {k}: the shared weights are {brief(got)}",
                zh=f"k = {k}：共享之后的权重是 {brief(got)}",
            )


@law(
    "3A",
    points=2,
    en="iters=0 is the start: k values evenly from the smallest weight to the largest",
    zh="iters=0 就是起点：从最小权重到最大权重等距的 k 个值",
)
def check_start_is_even(kmeans_share, rng):
    for k in (2, 5, 16):
        w = weights(rng, (40, 25))
        got, _ = shared(kmeans_share(w, k, 0), w, k)
        step = (w.max() - w.min()) / (k - 1)
        places = (np.unique(got) - w.min()) / step  # 0, 1, 2, ... for the even start
        off = float(np.abs(places - np.rint(places)).max())
        expect(
            off < 1e-3 and np.isclose(got.min(), w.min()) and np.isclose(got.max(), w.max()),
            en=f"k = {k}: values from {got.min():.4g} to {got.max():.4g}, weights from {w.min():.4g} to "
            f"{w.max():.4g}; a value lies {off:.2f} steps off the even grid",
            zh=f"k = {k}：取值从 {got.min():.4g} 到 {got.max():.4g}，权重从 {w.min():.4g} 到 {w.max():.4g}；"
            f"有取值偏离等距网格 {off:.2f} 格",
        )


@law("3A", points=1, en="every weight gets the nearest value", zh="每个权重都取离它最近的值")
def check_nearest(kmeans_share, rng):
    for k, iters in ((3, 0), (8, 1), (16, 50)):
        w = weights(rng)
        got, codebook = shared(kmeans_share(w, k, iters), w, k)
        flat = w.astype(np.float64).ravel()
        best = np.abs(flat[:, None] - codebook).min(1)
        worse = np.abs(flat - got.ravel()) > best + 1e-5
        expect(
            not worse.any(),
            en=f"k = {k}, iters = {iters}: {worse.sum()} of {w.size} weights did not get their nearest value",
            zh=f"k = {k}，iters = {iters}：{w.size} 个权重里有 {worse.sum()} 个没有取最近的值",
        )


@law(
    "3A",
    points=2,
    en="after enough rounds every value is the mean of its weights",
    zh="迭代足够多轮之后，每个取值都是归它的权重的均值",
)
def check_means(kmeans_share, rng):
    for k in (2, 4):
        w = weights(rng, (20, 15)) ** 3  # a long tail: the even start is far from the end
        got, codebook = shared(kmeans_share(w, k, 300), w, k)
        for value in np.unique(got):
            mean = float(w[got == value].astype(np.float64).mean())
            expect(
                np.isclose(value, mean, rtol=1e-3, atol=1e-4),
                en=f"k = {k}, 300 rounds: the value {value:.4g} stands for weights of mean {mean:.4g}",
                zh=f"k = {k}，300 轮：取值 {value:.4g} 所代表的权重均值是 {mean:.4g}",
            )


@law(
    "3A",
    points=1,
    en="no more than k different weights come back exactly",
    zh="不同的权重不超过 k 个时，原样返回",
)
def check_few_values(kmeans_share):
    cases = (
        (np.full((4, 3), 0.7, np.float32), 4),
        (np.array([0.0, 0.001, 1.0, 0.001], np.float32), 4),
        (np.array([[-5.0, 2.0], [2.0, -5.0]], np.float32), 2),
    )
    for w, k in cases:
        got, _ = shared(kmeans_share(w, k), w, k)
        expect(
            np.allclose(got, w, rtol=1e-6, atol=0),
            en=f"k = {k}: {brief(w)} came back as {brief(got)}",
            zh=f"k = {k}：{brief(w)} 变成了 {brief(got)}",
        )


@law(
    "3A",
    points=1,
    en="keep_zero: exactly the zeros stay zero",
    zh="keep_zero：原来的零仍是零，其余都不是零",
)
def check_zeros_stay(kmeans_share, rng):
    for k in (4, 16):
        w = pruned(rng)
        got, _ = shared(kmeans_share(w, k, 50, True), w, k + 1)
        lost, new = int(np.sum((w == 0) & (got != 0))), int(np.sum((w != 0) & (got == 0)))
        expect(
            not lost and not new,
            en=f"k = {k}: {lost} of {np.sum(w == 0)} zeros are gone, and {new} weights became zero",
            zh=f"k = {k}：{np.sum(w == 0)} 个零丢了 {lost} 个，另有 {new} 个权重变成了零",
        )


@law(
    "3A",
    points=1,
    en="keep_zero: the zero is one of the k values",
    zh="keep_zero：零占 k 个取值中的一个",
)
def check_zero_is_counted(kmeans_share, rng):
    for w in (pruned(rng), weights(rng)):
        for k in (3, 16):
            got, _ = shared(kmeans_share(w, k, 50, True), w, k + 1)
            other = len(np.unique(got[got != 0]))
            expect(
                0 < other <= k - 1,
                en=f"k = {k}, keep_zero: {other} values beside the zero",
                zh=f"k = {k}，keep_zero：除零之外有 {other} 个取值",
            )


SHAPES = ((12, 8), (8, 12), (9, 9))


def product(result, W, rank):
    """Return A, B and A @ B as float64, or fail with what has the wrong form."""
    expect(isinstance(result, tuple | list) and len(result) == 2, en=f"expected (A, B), got {brief(result)}",
           zh=f"应返回 (A, B)，得到 {brief(result)}")  # fmt: skip
    A, B = (np.asarray(part, dtype=np.float64) for part in result)
    wanted = ((W.shape[0], rank), (rank, W.shape[1]))
    expect(
        (A.shape, B.shape) == wanted,
        en=f"W is {W.shape}, rank {rank}: A and B are {A.shape} and {B.shape}",
        zh=f"W 是 {W.shape}，秩 {rank}：A 和 B 的形状是 {A.shape} 和 {B.shape}",
    )
    with np.errstate(invalid="ignore"):  # a factor may hold NaN: a law looks for it
        return A, B, A @ B


@law("3B", points=1, en="A is (m, rank), B is (rank, n)", zh="A 是 (m, rank)，B 是 (rank, n)")
def check_shapes(svd_compress, rng):
    for shape in SHAPES:
        W = rng.normal(size=shape)
        for rank in (1, 3, min(shape)):
            _, _, back = product(svd_compress(W, rank), W, rank)
            found = np.linalg.matrix_rank(back)
            expect(
                found == rank,
                en=f"W is {shape}, rank {rank} was asked for; A @ B has rank {found}",
                zh=f"W 是 {shape}，要求秩 {rank}；A @ B 的秩是 {found}",
            )


@law("3B", points=2, en="at full rank nothing is lost", zh="满秩时没有任何损失")
def check_full_rank(svd_compress, rng):
    for shape in SHAPES:
        W = rng.normal(size=shape)
        _, _, back = product(svd_compress(W, min(shape)), W, min(shape))
        worst = float(np.abs(back - W).max())
        expect(
            worst < 1e-3,
            en=f"W is {shape}: at rank {min(shape)} an entry is off by {worst:.3g}",
            zh=f"W 是 {shape}：秩 {min(shape)} 时有元素相差 {worst:.3g}",
        )


@law(
    "3B",
    points=3,
    en="the squared error is the sum of the squared singular values left out: no rank-r matrix is nearer",
    zh="平方误差等于舍去的奇异值平方和：没有更近的秩 r 矩阵",
)
def check_eckart_young(svd_compress, rng):
    for shape in SHAPES:
        W = rng.normal(size=shape) * rng.gamma(1.0, size=shape[1])  # columns of unequal size
        singular = np.linalg.svd(W, compute_uv=False)
        for rank in (1, 2, 5):
            _, _, back = product(svd_compress(W, rank), W, rank)
            error, least = float(((W - back) ** 2).sum()), float((singular[rank:] ** 2).sum())
            expect(
                np.isclose(error, least, rtol=1e-3),
                en=f"W is {shape}, rank {rank}: squared error {error:.4g}; {least:.4g} is possible",
                zh=f"W 是 {shape}，秩 {rank}：平方误差 {error:.4g}，最小可以做到 {least:.4g}",
            )


@law(
    "3B",
    points=2,
    en="the factors are balanced: column j of A is as long as row j of B",
    zh="两个因子平衡：A 的第 j 列与 B 的第 j 行长度相同",
)
def check_balanced(svd_compress, rng):
    for shape in SHAPES:
        W = 50 * rng.normal(size=shape)
        A, B, _ = product(svd_compress(W, 4), W, 4)
        a, b = np.linalg.norm(A, axis=0), np.linalg.norm(B, axis=1)
        expect(
            np.allclose(a, b, rtol=1e-3) and 0 < a.min() <= a.max() < np.inf,
            en=f"W is {shape}: the columns of A have lengths {brief(a)}, the rows of B {brief(b)}",
            zh=f"W 是 {shape}：A 各列长度 {brief(a)}，B 各行长度 {brief(b)}",
        )


@law(
    "3B",
    points=1,
    en="a matrix of lower rank, even all zeros, gives no NaN",
    zh="秩不足甚至全零的矩阵也不产生 NaN",
)
def check_low_rank_input(svd_compress, rng):
    ones = np.outer(rng.normal(size=6), rng.normal(size=5))
    for W in (ones, np.zeros((6, 5))):
        A, B, back = product(svd_compress(W, 4), W, 4)
        fine = np.isfinite(A).all() and np.isfinite(B).all()
        expect(
            fine and np.allclose(back, W, atol=1e-4),
            en=f"a 6 x 5 matrix of rank {int(W.any())}, rank 4 asked for: A @ B is {brief(back)}",
            zh=f"6 x 5、秩 {int(W.any())} 的矩阵，要求秩 4：A @ B 是 {brief(back)}",
        )


@law(
    "3B",
    points=1,
    en="rank 0 and a rank above min(m, n) are refused",
    zh="秩为 0 或大于 min(m, n) 时应拒绝",
)
def check_rank_is_possible(svd_compress, rng):
    W = rng.normal(size=(6, 4))
    for rank in (0, -1, 5, 6):
        raises(ValueError, svd_compress, W, rank)
