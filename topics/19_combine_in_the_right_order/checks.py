"""What any right answer to topic 19 satisfies: laws on random weights, and the bits that the decoded tensor explains."""

import heapq

import numpy as np

from course_lib.grading import LearnerRaised, brief, expect, law


def pruned(rng, shape, share=0.7):
    """Return weights as pruning leaves them, bell-shaped, a share of them exactly zero."""
    w = rng.normal(0, 0.05, shape).astype(np.float32)
    w[np.abs(w) < np.quantile(np.abs(w), share)] = 0
    return w


def stored(answer, w, call):
    """Return (q as int64, scale) of an answer, or fail with what came instead."""
    expect(
        isinstance(answer, tuple | list) and len(answer) == 2,
        en=f"{call} must return (q, s); it returned {brief(answer)}",
        zh=f"{call} 应返回 (q, s)，实际返回 {brief(answer)}",
    )
    q, s = np.asarray(answer[0]), answer[1]
    expect(
        q.dtype.kind == "i" and q.shape == np.shape(w),
        en=f"{call}: q has dtype {q.dtype} and shape {q.shape}; signed integers of shape {np.shape(w)} are needed",
        zh=f"{call}：q 的类型是 {q.dtype}、形状是 {q.shape}；应为有符号整数、形状 {np.shape(w)}",
    )
    s = float(np.asarray(s).reshape(-1)[0]) if np.size(s) == 1 else np.nan
    expect(
        np.isfinite(s) and s > 0,
        en=f"{call}: s is {brief(answer[1])}; one positive number is needed",
        zh=f"{call}：s 是 {brief(answer[1])}；应为一个正数",
    )
    return q.astype(np.int64), s


@law("19A", points=3, en="a pruned weight is stored as 0, whatever the others are",
     zh="被剪掉的权重存为 0，不论其余权重是什么")  # fmt: skip
def check_zeros_stay(quantize_keep_zeros, rng):
    for shift in (0.0, 0.2, -0.2):
        w = pruned(rng, (20, 30))
        w[w != 0] += np.float32(shift)  # all on one side of zero, or nearly
        q, _ = stored(quantize_keep_zeros(w, 8), w, "bits=8")
        moved = q[w == 0]
        expect(
            not moved.any() and q.any(),
            en=f"{np.count_nonzero(moved)} of {moved.size} zeros are not stored as 0 (but, for example, as "
            f"{moved[moved != 0][0] if moved.any() else 0}); {np.count_nonzero(q)} integers are not 0 at all",
            zh=f"{moved.size} 个零里有 {np.count_nonzero(moved)} 个没有存为 0"
            f"（例如存成了 {moved[moved != 0][0] if moved.any() else 0}）；总共 {np.count_nonzero(q)} 个整数非零",
        )


@law("19A", points=2, en="|q| never exceeds 2^(bits-1) - 1, and the largest weight reaches it",
     zh="|q| 不超过 2^(bits-1) - 1，且绝对值最大的权重正好达到")  # fmt: skip
def check_limits(quantize_keep_zeros, rng):
    for bits in (8, 4):
        w = pruned(rng, 400)
        w[np.abs(w).argmax()] *= -1.5  # the largest is as often negative
        for each in (w, -np.abs(w)):
            q, _ = stored(quantize_keep_zeros(each, bits), each, f"bits={bits}")
            limit = 2 ** (bits - 1) - 1
            expect(
                np.abs(q).max() == limit,
                en=f"bits={bits}: q runs from {q.min()} to {q.max()}; {limit} steps are there on each side",
                zh=f"bits={bits}：q 的范围是 {q.min()} 到 {q.max()}；每一侧有 {limit} 个台阶",
            )


@law(
    "19A",
    points=2,
    en="no weight comes back more than half a step away",
    zh="还原误差不超过半个步长",
)
def check_half_a_step(quantize_keep_zeros, rng):
    for bits in (8, 5, 3):
        w = pruned(rng, (8, 3, 3, 4))
        q, s = stored(quantize_keep_zeros(w, bits), w, f"bits={bits}")
        worst = np.abs(w - q * s).max() / s
        expect(
            worst <= 0.5 + 1e-4 and q.any(),
            en=f"bits={bits}: some weight comes back {worst:.3f} steps away",
            zh=f"bits={bits}：有权重还原后偏了 {worst:.3f} 个步长",
        )


@law(
    "19A",
    points=1,
    en="new zeros appear only where rounding makes them",
    zh="新的零只出现在舍入到零的地方",
)
def check_new_zeros(quantize_keep_zeros, rng):
    for bits in (8, 4):
        w = pruned(rng, 3000, share=0.5)
        w[:3] = [0.4, 0.02, -0.4]
        q, s = stored(quantize_keep_zeros(w, bits), w, f"bits={bits}")
        new = (q == 0) & (w != 0)
        large = new & (np.abs(w) > 0.5001 * s)
        expect(
            not large.any() and q.any(),
            en=f"bits={bits}: {new.sum()} weights became zero, {large.sum()} of them larger than half a step",
            zh=f"bits={bits}：{new.sum()} 个权重变成了零，其中 {large.sum()} 个大于半个步长",
        )


@law("19A", points=1, en="a tensor of zeros, or an empty one, gets a scale that one may divide by",
     zh="全零或空张量的 scale 也能做除数")  # fmt: skip
def check_nothing_left(quantize_keep_zeros, rng):
    for shape in ((4, 5), (0,)):
        w = np.zeros(shape, np.float32)
        q, s = stored(quantize_keep_zeros(w, 8), w, f"zeros of shape {shape}")
        expect(
            not q.any(),
            en=f"zeros of shape {shape}: q is {brief(q)} with scale {s:g}",
            zh=f"形状 {shape} 的零：q 为 {brief(q)}，scale {s:g}",
        )
    w = pruned(rng, 50)
    q, _ = stored(quantize_keep_zeros(w, 8), w, "bits=8")
    expect(
        q.any(),
        en="weights that are not zero all became 0",
        zh="非零的权重全变成了 0",
    )


@law("19A", points=1, en="every number of bits from 2 to 16 works", zh="2 到 16 位都能用")
def check_bits(quantize_keep_zeros, rng):
    w = pruned(rng, 500)
    for bits in (2, 6, 12, 16):
        q, s = stored(quantize_keep_zeros(w, bits), w, f"bits={bits}")
        limit, peak = 2 ** (bits - 1) - 1, float(np.abs(w).max())
        got = float(np.abs(q).max() * s)
        expect(
            np.isclose(got, peak, rtol=1e-4) and np.abs(q).max() == limit,
            en=f"bits={bits}: the largest |q| is {np.abs(q).max()} and stands for {got:.4g}, the weight is {peak:.4g}",
            zh=f"bits={bits}：最大的 |q| 是 {np.abs(q).max()}，代表 {got:.4g}，而该权重是 {peak:.4g}",
        )


FIELDS = ("codebook", "codes", "gaps", "payload_bits")


def packed(answer, call):
    """Return an answer as a dictionary with the fields that the statement names, or fail."""
    expect(
        isinstance(answer, dict) and all(name in answer for name in FIELDS),
        en=f"{call} must return a dictionary with {', '.join(FIELDS)}; it returned {brief(answer)}",
        zh=f"{call} 应返回含 {', '.join(FIELDS)} 的字典，实际返回 {brief(answer)}",
    )
    for name in ("codes", "gaps"):
        text = answer[name]
        expect(
            isinstance(text, str) and not set(text) - {"0", "1"},
            en=f"{call}: {name} is {brief(text)}; a string of 0 and 1 is needed",
            zh=f"{call}：{name} 是 {brief(text)}；应为由 0 和 1 组成的字符串",
        )
    return answer


def opened(deep_decompress, blob, w, call):
    """Return the decoded tensor as float64, or fail with what came instead."""
    answer = deep_decompress(blob)
    got = np.asarray(answer if answer is not None else np.nan)
    expect(
        got.shape == w.shape and got.dtype.kind == "f",
        en=f"{call}: decoded to {brief(answer)}; a float tensor of shape {w.shape} went in",
        zh=f"{call}：解码得到 {brief(answer)}；放进去的是形状 {w.shape} 的浮点张量",
    )
    return got.astype(np.float64)


def entries(v, gap_bits):
    """Return symbols (0 for a filler) that a decoded tensor needs: relative index, as the statement says."""
    symbols, position = [], 0
    values = {value: place + 1 for place, value in enumerate(np.unique(v[v != 0]).tolist())}
    for place in np.flatnonzero(v).tolist():
        fillers = (place - position) // 2**gap_bits
        symbols += [0] * fillers + [values[v[place]]]
        position = place + 1
    return symbols


def huffman_bits(symbols):
    """Return the bits of an optimal prefix code of whole words, at least one bit a symbol."""
    heap = np.unique(symbols, return_counts=True)[1].tolist()
    if len(heap) < 2:
        return len(symbols)
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        total += joined
        heapq.heappush(heap, joined)
    return total


@law("19B", points=2, en="the largest weights are kept in their places, everything else is exactly zero",
     zh="最大的权重留在原位，其余恰好为零")  # fmt: skip
def check_the_largest_stay(deep_compress, deep_decompress, rng):
    for shape, sparsity in (((20, 30), 0.8), ((3, 3, 8, 16), 0.5), ((700,), 0.95)):
        w = rng.laplace(0, 0.1, shape).astype(np.float32)
        call = f"shape {shape}, sparsity {sparsity}"
        got = opened(deep_decompress, packed(deep_compress(w, sparsity, 8), call), w, call)
        kept, due = np.count_nonzero(got), (1 - sparsity) * w.size
        expect(
            abs(kept - due) <= 1,
            en=f"{call}: {kept} of {w.size} weights are not zero, {due:.0f} should be",
            zh=f"{call}：{w.size} 个权重里有 {kept} 个非零，应为 {due:.0f} 个",
        )
        smallest, dropped = np.abs(w[got != 0]).min(), np.abs(w[got == 0]).max(initial=0)
        expect(
            smallest >= dropped and (np.sign(got[got != 0]) == np.sign(w[got != 0])).mean() > 0.9,
            en=f"{call}: a weight of {smallest:.4g} was kept and one of {dropped:.4g} was dropped, or signs are wrong",
            zh=f"{call}：保留了 {smallest:.4g} 的权重，却丢掉了 {dropped:.4g} 的，或者符号不对",
        )


@law("19B", points=2, en="at most k values are shared, and they lie where the weights are",
     zh="共享值不超过 k 个，且落在权重密集的地方")  # fmt: skip
def check_values_are_shared_well(deep_compress, deep_decompress, rng):
    for k in (4, 16):
        w = rng.laplace(0, 0.1, (40, 60)).astype(np.float32)
        got = opened(deep_decompress, packed(deep_compress(w, 0.5, k), f"k={k}"), w, f"k={k}")
        values = np.unique(got[got != 0])
        expect(
            1 < len(values) <= k,
            en=f"k={k}: the decoded tensor has {len(values)} values besides zero",
            zh=f"k={k}：解码后除零以外有 {len(values)} 种取值",
        )
        kept = w[got != 0].astype(np.float64)
        even = np.linspace(kept.min(), kept.max(), k)
        nearest = even[np.abs(kept[:, None] - even).argmin(1)]
        ours, plain = np.mean((got[got != 0] - kept) ** 2), np.mean((nearest - kept) ** 2)
        expect(
            ours <= 0.9 * plain,
            en=f"k={k}: sharing costs a mean squared error of {ours:.3g}; evenly spaced values would cost {plain:.3g}",
            zh=f"k={k}：共享的均方误差是 {ours:.3g}；等距取值也不过 {plain:.3g}",
        )


@law(
    "19B",
    points=1,
    en="k kept values or fewer come back exactly",
    zh="保留的取值不超过 k 种时，原样还原",
)
def check_few_values_are_exact(deep_compress, deep_decompress, rng):
    for values in ([-0.5, 0.25, 0.26], [1.5], [-3.0, -2.0, 7.0, 7.5, 100.0]):
        w = np.zeros(300, np.float32)
        places = rng.choice(300, 60, replace=False)
        w[places] = rng.choice(np.float32(values), 60)
        got = opened(deep_decompress, packed(deep_compress(w, 0.5, 5), "k=5"), w, "k=5")
        off = np.abs(got - w).max()
        expect(
            off == 0,
            en=f"k=5, and the values besides zero are {values}, so all may stay: the largest error is {off:.3g}",
            zh=f"k=5，除零外只有 {values} 这几种取值，都该保留：最大误差却是 {off:.3g}",
        )


@law("19B", points=2, en="payload_bits is what the strings and the codebook take, and no bit is wasted",
     zh="payload_bits 就是两个位串加码本的位数，一位不浪费")  # fmt: skip
def check_payload_is_real(deep_compress, deep_decompress, rng):
    for sparsity, k, gap_bits in ((0.8, 16, 4), (0.9, 8, 3), (0.3, 32, 2)):
        w = rng.laplace(0, 0.1, (30, 40)).astype(np.float32)
        call = f"sparsity={sparsity}, k={k}, gap_bits={gap_bits}"
        blob = packed(deep_compress(w, sparsity, k, gap_bits), call)
        book = np.size(blob["codebook"])
        real = len(blob["codes"]) + len(blob["gaps"]) + 32 * book
        expect(
            int(blob["payload_bits"]) == real,
            en=f"{call}: payload_bits is {blob['payload_bits']}; codes {len(blob['codes'])}, gaps "
            f"{len(blob['gaps'])} and {book} floats are {real}",
            zh=f"{call}：payload_bits 是 {blob['payload_bits']}；而 codes {len(blob['codes'])}、gaps "
            f"{len(blob['gaps'])}、{book} 个浮点数合计 {real}",
        )
        got = opened(deep_decompress, blob, w, call).ravel()
        symbols = entries(got, gap_bits)
        expect(
            len(blob["gaps"]) == gap_bits * len(symbols) > 0,
            en=f"{call}: gaps has {len(blob['gaps'])} bits; the decoded tensor needs {len(symbols)} entries, fillers "
            f"included, of {gap_bits} bits",
            zh=f"{call}：gaps 有 {len(blob['gaps'])} 位；解码后的张量需要 {len(symbols)} 项（含填充），每项 {gap_bits} 位",
        )
        best = huffman_bits(symbols)
        expect(
            len(blob["codes"]) == best,
            en=f"{call}: codes has {len(blob['codes'])} bits; a Huffman code of these {len(symbols)} entries, "
            f"fillers included, has {best}",
            zh=f"{call}：codes 有 {len(blob['codes'])} 位；这 {len(symbols)} 项（含填充）的霍夫曼编码是 {best} 位",
        )
        expect(
            0 < book <= k,
            en=f"{call}: the codebook holds {book} values",
            zh=f"{call}：码本里有 {book} 个值",
        )


@law(
    "19B",
    points=1,
    en="the decoder reads the bit strings, not a hidden copy",
    zh="解码器读的是位串，而不是另存的副本",
)
def check_the_strings_are_read(deep_compress, deep_decompress, rng):
    w = rng.laplace(0, 0.1, (20, 20)).astype(np.float32)
    blob = packed(deep_compress(w, 0.7, 8), "k=8")
    whole = opened(deep_decompress, blob, w, "k=8")
    expect(
        whole.any(),
        en="400 weights, of which 120 should stay, decoded to zeros",
        zh="400 个权重本应保留 120 个，解码却全是零",
    )
    for name in ("codes", "gaps"):
        text = blob[name]
        at = len(text) // 2
        flipped = text[:at] + ("1" if text[at : at + 1] == "0" else "0") + text[at + 1 :]
        try:
            got = np.asarray(deep_decompress({**blob, name: flipped}))
        except LearnerRaised:
            continue  # noticing is as good
        expect(
            got.shape != whole.shape or not np.array_equal(got, whole),
            en=f"one bit of {name} was flipped, and the decoded tensor is the same",
            zh=f"翻转了 {name} 的一位，解码结果却一模一样",
        )


@law(
    "19B",
    points=1,
    en="gaps longer than fit are bridged by fillers",
    zh="放不下的长间隔由填充项接续",
)
def check_long_gaps(deep_compress, deep_decompress, rng):
    for gap_bits in (1, 2, 4, 6):
        w = np.zeros((25, 40), np.float32)
        for place in (0, 1, 17, 18, 34, 51, 200, 264, 999):
            w.flat[place] = float(rng.choice([-2.0, 1.0]))
        call = f"nine weights among 1,000, gap_bits={gap_bits}"
        blob = packed(deep_compress(w, 0.9, 4, gap_bits), call)
        got = opened(deep_decompress, blob, w, call)
        expect(
            np.array_equal(got, w),
            en=f"{call}: decoded at {brief(np.flatnonzero(got))}, they were at {brief(np.flatnonzero(w))}",
            zh=f"{call}：解码后位于 {brief(np.flatnonzero(got))}，原本位于 {brief(np.flatnonzero(w))}",
        )
        due = gap_bits * len(entries(w.ravel(), gap_bits))
        expect(
            len(blob["gaps"]) == due,
            en=f"{call}: gaps has {len(blob['gaps'])} bits, {due} are needed",
            zh=f"{call}：gaps 有 {len(blob['gaps'])} 位，需要 {due} 位",
        )


@law("19B", points=1, en="nothing to store takes no bits, and the same input gives the same output",
     zh="没有可存的就不占位；同样的输入给出同样的输出")  # fmt: skip
def check_nothing_and_again(deep_compress, deep_decompress, rng):
    zeros = np.zeros((6, 7), np.float32)
    w = rng.laplace(0, 0.1, (6, 7)).astype(np.float32)
    for each, sparsity in ((zeros, 0.5), (w, 1.0)):
        call = f"{'zeros' if each is zeros else 'weights'} with sparsity {sparsity}"
        blob = packed(deep_compress(each, sparsity, 4), call)
        got = opened(deep_decompress, blob, each, call)
        expect(
            not got.any() and int(blob["payload_bits"]) == 0,
            en=f"{call}: {np.count_nonzero(got)} weights came back, payload_bits is {blob['payload_bits']}",
            zh=f"{call}：还原出 {np.count_nonzero(got)} 个非零权重，payload_bits 为 {blob['payload_bits']}",
        )
    one, two = (packed(deep_compress(w, 0.5, 4), "the second time") for _ in range(2))
    expect(
        all(one[name] == two[name] for name in ("codes", "gaps", "payload_bits"))
        and one["codes"] != "",
        en="the same weights gave two different encodings",
        zh="同样的权重得到了两种不同的编码",
    )
