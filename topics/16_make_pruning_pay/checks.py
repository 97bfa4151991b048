"""What any right answer to topic 16 satisfies: surgery equals masking, and CSR loses nothing but exact zeros."""

import numpy as np

from course_lib.grading import brief, expect, law, raises, unchanged


def convolve(x, kernel, bias=None):
    """Return the VALID convolution of x (height, width, in) with an HWIO kernel."""
    height, width = kernel.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(0, 1))
    y = np.einsum("abchw,hwco->abo", windows, kernel)
    return y if bias is None else y + bias


def layers(rng, hidden=8, outputs=8):
    """Return two convolutions with ReLU between them: kernels HWIO and the first bias, which is not zero."""
    return (
        rng.normal(size=(3, 3, 2, hidden)),
        rng.normal(size=hidden) + 1,
        rng.normal(size=(3, 3, hidden, outputs)),
    )


def half(rng, hidden=8):
    """Return a boolean mask that keeps half of the channels, neither the first half nor the last."""
    mask = np.zeros(hidden, bool)
    mask[rng.permutation(hidden)[: hidden // 2]] = True
    return mask if mask[:4].sum() not in (0, 4) else np.roll(mask, 2)


@law(
    "16A",
    points=4,
    en="the cut network computes what the masked one did",
    zh="剪掉通道后的网络与置零后的网络输出相同",
)
def check_equals_masking(prune_conv_channels, rng):
    for _ in range(5):
        W1, b1, W2 = layers(rng)
        mask = half(rng)
        small = prune_conv_channels(W1, b1, W2, mask)
        x = rng.normal(size=(7, 7, 2))
        hidden = np.maximum(convolve(x, W1, b1), 0) * mask
        wanted = convolve(hidden, W2)
        got = convolve(np.maximum(convolve(x, small[0], small[1]), 0), small[2])
        worst = float(np.abs(wanted - got).max())
        expect(
            worst < 1e-4 * np.abs(wanted).max(),
            en=f"through conv, ReLU, conv the outputs differ by up to {worst:.3g}",
            zh=f"经过卷积、ReLU、卷积之后，输出最多相差 {worst:.3g}",
        )


@law(
    "16A",
    points=2,
    en="kernel, bias and the consumer's input all lose the channel",
    zh="卷积核、偏置和下游的输入通道都要剪掉",
)
def check_shapes(prune_conv_channels, rng):
    W1, b1, W2 = layers(rng, outputs=5)
    got = [np.shape(part) for part in prune_conv_channels(W1, b1, W2, half(rng))]
    wanted = [(3, 3, 2, 4), (4,), (3, 3, 4, 5)]
    expect(
        got == wanted,
        en=f"4 of 8 channels kept: the shapes should be {wanted}, got {got}",
        zh=f"8 个通道保留 4 个：形状应为 {wanted}，得到 {got}",
    )


@law(
    "16A",
    points=2,
    en="a mask and indices mean the same, in ascending order",
    zh="掩码与下标含义相同，按升序取",
)
def check_mask_or_indices(prune_conv_channels, rng):
    W1, b1, W2 = layers(rng)
    chosen = [6, 1, 3]
    mask = np.isin(np.arange(8), chosen)
    for keep in (mask, chosen, np.array(chosen), sorted(chosen)):
        parts = prune_conv_channels(W1, b1, W2, keep)
        same = np.shape(parts[1]) == (3,) and np.allclose(parts[1], b1[mask])
        same = (
            same and np.allclose(parts[0], W1[..., mask]) and np.allclose(parts[2], W2[:, :, mask])
        )
        expect(
            same,
            en=f"keep={brief(keep)} did not give channels 1, 3 and 6 in this order",
            zh=f"keep={brief(keep)} 没有按顺序得到通道 1、3、6",
        )


@law("16A", points=1, en="keeping nothing is refused", zh="一个通道都不留时应拒绝")
def check_empty_keep(prune_conv_channels, rng):
    parts = layers(rng)
    raises(ValueError, prune_conv_channels, *parts, [])
    raises(ValueError, prune_conv_channels, *parts, np.zeros(8, bool))


@law("16A", points=1, en="the arrays passed in stay as they were", zh="传入的数组保持不变")
def check_inputs_stay(prune_conv_channels, rng):
    W1, b1, W2 = layers(rng)
    mask = half(rng)
    parts = unchanged(prune_conv_channels, W1, b1, W2, mask)
    expect(
        np.shape(parts[1]) == (4,) and np.allclose(parts[1], b1[mask]),
        en=f"the second result should be the biases that stay, got {brief(parts[1])}",
        zh=f"第二个结果应是保留下来的偏置，得到 {brief(parts[1])}",
    )


def sparse(rng, rows=12, columns=9, density=0.3):
    """Return a random matrix with zeros; its second row and its last are empty."""
    W = rng.normal(size=(rows, columns)) * (rng.random((rows, columns)) < density)
    W[[1, -1]] = 0
    return W.astype(np.float32)


def encoded(W):
    """Return the CSR form as SciPy has it."""
    from scipy.sparse import csr_matrix

    matrix = csr_matrix(W)
    return {"data": matrix.data, "idx": matrix.indices, "ptr": matrix.indptr}


def dense(c, shape):
    """Return the matrix that a learner's CSR describes, by SciPy, or fail with what does not fit."""
    from scipy.sparse import csr_matrix

    data, idx, ptr = (np.asarray(c[key]) for key in ("data", "idx", "ptr"))
    fits = len(ptr) == shape[0] + 1 and ptr[0] == 0 and ptr[-1] == len(data) == len(idx)
    expect(
        fits,
        en=f"a {shape[0]} x {shape[1]} matrix: ptr has {len(ptr)} entries and ends with {brief(ptr[-1:])}, "
        f"for {len(data)} values",
        zh=f"{shape[0]} x {shape[1]} 矩阵：ptr 有 {len(ptr)} 项，末项 {brief(ptr[-1:])}，而值有 {len(data)} 个",
    )
    return csr_matrix((data, idx.astype(np.int64), ptr.astype(np.int64)), shape=shape).toarray()


@law(
    "16B",
    points=2,
    en="the code holds the matrix: values, columns, row ends",
    zh="编码完整保存矩阵：值、列号、行界",
)
def check_code_holds_the_matrix(csr_encode, rng):
    for shape in ((12, 9), (5, 40)):
        W = sparse(rng, *shape)
        back = dense(csr_encode(W), shape)
        expect(
            np.array_equal(back, W),
            en=f"decoded by SciPy, {np.sum(back != W)} of {W.size} entries differ",
            zh=f"用 SciPy 解码后，{W.size} 个元素中有 {np.sum(back != W)} 个不同",
        )


@law("16B", points=3, en="the product equals the dense one", zh="乘积与稠密计算相同")
def check_product(csr_matvec, rng):
    for shape in ((12, 9), (30, 50)):
        W = rng.normal(size=shape) * (rng.random(shape) < 0.4)
        W[:, 0] = 1.0  # no row is empty here
        x = rng.normal(size=shape[1])
        y = np.asarray(csr_matvec(encoded(W), x), dtype=np.float64)
        expect(
            y.shape == (shape[0],) and np.allclose(y, W @ x, rtol=1e-4, atol=1e-5),
            en=f"for a {shape[0]} x {shape[1]} matrix the result is {brief(y)}; W @ x differs",
            zh=f"{shape[0]} x {shape[1]} 矩阵的结果是 {brief(y)}，与 W @ x 不同",
        )


@law("16B", points=2, en="empty rows and an empty matrix work", zh="空行和全零矩阵都能处理")
def check_empty_rows(csr_matvec, rng):
    x = rng.normal(size=9)
    for W in (sparse(rng), np.zeros((4, 9))):
        y = np.asarray(csr_matvec(encoded(W), x), dtype=np.float64)
        expect(
            y.shape == (len(W),) and np.allclose(y, W @ x, rtol=1e-4, atol=1e-5) and len(W) > 0,
            en=f"with {int(np.sum(~W.any(1)))} empty rows of {len(W)} the result is {brief(y)}",
            zh=f"{len(W)} 行中有 {int(np.sum(~W.any(1)))} 个空行，结果是 {brief(y)}",
        )


@law("16B", points=1, en="only exact zeros are left out", zh="只省略精确的零")
def check_tiny_values_stay(csr_encode):
    W = np.array([[1e-20, 0.0, -1e-12], [0.0, 3.0, 0.0]])
    back = dense(csr_encode(W), W.shape)
    expect(
        np.count_nonzero(back) == 3,
        en=f"1e-20 and -1e-12 are values too; {np.count_nonzero(back)} of 3 survived",
        zh=f"1e-20 和 -1e-12 也是值；3 个只剩 {np.count_nonzero(back)} 个",
    )


@law(
    "16B",
    points=2,
    en="below the break-even CSR is larger than dense, above it smaller",
    zh="低于平衡点 CSR 比稠密大，高于则更小",
)
def check_breakeven(csr_breakeven):
    for rows, columns in ((64, 64), (10, 3136), (1000, 20)):
        point = float(csr_breakeven((rows, columns)))
        size = rows * columns
        csr = [8 * (1 - s) * size + 4 * (rows + 1) for s in (point - 0.01, point + 0.01)]
        expect(
            csr[0] > 4 * size > csr[1],
            en=f"{rows} x {columns}: at a sparsity of {point:.4f} both should take {4 * size:,} bytes; "
            f"CSR takes {8 * (1 - point) * size + 4 * (rows + 1):,.0f}",
            zh=f"{rows} x {columns}：稀疏度 {point:.4f} 时两者都应占 {4 * size:,} 字节；"
            f"CSR 占 {8 * (1 - point) * size + 4 * (rows + 1):,.0f}",
        )
