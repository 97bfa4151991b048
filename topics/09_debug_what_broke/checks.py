"""What any right answer to topic 09 satisfies: the first layer that parts, and a function that stays."""

import numpy as np

from course_lib.grading import brief, expect, law, raises, unchanged

CLOSE = 1e-4  # float32 arithmetic is welcome


def network(rng, layers=6):
    """Return layer name -> activations, in the order of the graph, with sizes of their own."""
    names = [f"layer_{k}" for k in rng.permutation(layers)]  # alphabetical order would be wrong
    return {
        name: rng.normal(size=tuple(rng.integers(2, 7, 3))) * 10.0 ** rng.uniform(-2, 2)
        for name in names
    }


def noisy(rng, x, db):
    """Return x with noise of exactly that SQNR."""
    noise = rng.normal(size=x.shape)
    return x + noise * np.sqrt(np.sum(x**2) / np.sum(noise**2) / 10 ** (db / 10))


def disturbed(rng, ref, db):
    """Return a run with the given SQNR (one per layer)."""
    return {name: noisy(rng, x, level) for (name, x), level in zip(ref.items(), db, strict=True)}


def plain(first_divergent, rng):
    """Fail unless an ordinary bad layer is named: what follows is about special ones."""
    ref = network(rng)
    found = first_divergent(ref, disturbed(rng, ref, [40, 40, 8, 40, 40, 40]))
    expect(
        found == list(ref)[2],
        en=f"before the special case: {list(ref)[2]} has 8 dB, all others 40; got {brief(found)}",
        zh=f"先看普通情形：{list(ref)[2]} 是 8 dB，其余 40；得到 {brief(found)}",
    )


@law("9A", points=1, en="two equal runs diverge nowhere", zh="两次运行完全相同，则没有分歧")
def check_equal_runs(first_divergent, rng):
    ref = network(rng)
    found = first_divergent(ref, {name: x.copy() for name, x in ref.items()})
    expect(
        found is None,
        en=f"the runs are equal; got {brief(found)}, not None",
        zh=f"两次运行相同，得到 {brief(found)}，而不是 None",
    )
    late = first_divergent(ref, disturbed(rng, ref, [60, 50, 45, 40, 35, 3]))
    expect(
        late == list(ref)[-1],
        en=f"only the last layer is bad; got {brief(late)}",
        zh=f"只有最后一层差，得到 {brief(late)}",
    )


@law(
    "9A", points=2, en="the first bad layer, not the worst one", zh="是第一个变差的层，不是最差的层"
)
def check_first_not_worst(first_divergent, rng):
    for bad in (1, 3):
        ref = network(rng)
        db = np.full(6, 40.0)
        db[bad:] = [12.0, *rng.uniform(-5, 5, 5 - bad)]
        found = first_divergent(ref, disturbed(rng, ref, db))
        expect(
            found == list(ref)[bad],
            en=f"layers in order {list(ref)} with SQNR {np.round(db, 1).tolist()} dB: got {brief(found)}",
            zh=f"各层依次为 {list(ref)}，SQNR 为 {np.round(db, 1).tolist()} dB：得到 {brief(found)}",
        )


@law(
    "9A",
    points=1,
    en="the order is that of ref, whatever the order of got",
    zh="顺序以 ref 为准，与 got 的顺序无关",
)
def check_order_of_ref(first_divergent, rng):
    ref = network(rng)
    got = disturbed(rng, ref, [40, 10, 40, 3, 2, 1])
    found = first_divergent(ref, dict(reversed(got.items())))
    expect(
        found == list(ref)[1],
        en=f"got lists the same layers backwards; the first bad one of {list(ref)} is number 1 (from 0), got {brief(found)}",
        zh=f"got 里各层的顺序是反的；{list(ref)} 中第一个变差的是 1 号（从 0 数），得到 {brief(found)}",
    )


@law("9A", points=1, en="the threshold is in decibels of energy", zh="阈值是按能量计的分贝")
def check_threshold(first_divergent, rng):
    ref = network(rng)
    got = disturbed(rng, ref, [39, 33, 27, 21, 15, 9])
    for thr, bad in ((38.0, 1), (30.0, 2), (20.0, 4), (12.0, 5)):
        found = first_divergent(ref, got, thr)
        expect(
            found == list(ref)[bad],
            en=f"SQNR 39, 33, 27, 21, 15, 9 dB, thr_db={thr:g}: got {brief(found)}, layers are {list(ref)}",
            zh=f"SQNR 依次为 39、33、27、21、15、9 dB，thr_db={thr:g}：得到 {brief(found)}，各层为 {list(ref)}",
        )
    expect(
        first_divergent(ref, got, 5.0) is None,
        en="SQNR 39 to 9 dB, thr_db=5: no layer is below, and yet one was named",
        zh="SQNR 为 39 到 9 dB，thr_db=5：没有一层低于阈值，却报了一层",
    )


@law(
    "9A",
    points=2,
    en="a layer of zeros: equal is good, anything else is bad",
    zh="全零的层：相等就好，不等就是分歧",
)
def check_silent_reference(first_divergent, rng):
    plain(first_divergent, rng)
    for change, wanted in ((0.0, None), (1e-3, "dead")):
        ref = {"in": rng.normal(size=(4, 5)), "dead": np.zeros((3, 4)), "out": rng.normal(size=7)}
        got = {name: x + (change if name == "dead" else 0.0) for name, x in ref.items()}
        found = first_divergent(ref, got)
        expect(
            found == wanted,
            en=f"the reference of layer 'dead' is 0, the other run holds {change:g} there: got {brief(found)}",
            zh=f"'dead' 层的参照全为 0，另一次运行里是 {change:g}：得到 {brief(found)}",
        )


@law("9A", points=1, en="NaN and infinity have diverged", zh="出现 NaN 或无穷大就算分歧")
def check_nan(first_divergent, rng):
    plain(first_divergent, rng)
    for broken in (np.nan, np.inf):
        ref = network(rng)
        got = disturbed(rng, ref, [50] * 6)
        bad = list(ref)[2]
        got[bad].flat[0] = broken
        found = first_divergent(ref, got)
        expect(
            found == bad,
            en=f"layer {bad} of the other run holds one {broken}; got {brief(found)}",
            zh=f"另一次运行的 {bad} 层含有一个 {broken}；得到 {brief(found)}",
        )


@law(
    "9A",
    points=1,
    en="integers do not wrap, and float16 does not overflow",
    zh="整数不回绕，float16 不溢出",
)
def check_narrow_types(first_divergent, rng):
    plain(first_divergent, rng)
    ref = {
        "codes": np.array([20, -30, 40, 10], np.int8),
        "wide": np.array([300, -300], np.float16),
    }
    same = {name: x.copy() for name, x in ref.items()}
    far = same | {"codes": np.array([36, -46, 24, -6], np.int8)}  # 16 apart: in int8, 16 * 16 is 0
    wide = same | {"wide": np.array([200, -200], np.float16)}  # 9.5 dB, but 300 * 300 is infinite
    for got, wanted in ((same, None), (far, "codes"), (wide, "wide")):
        found = first_divergent(ref, got)
        expect(
            found == wanted,
            en=f"int8 {got['codes'].tolist()} and float16 {got['wide'].tolist()} against "
            f"{ref['codes'].tolist()} and {ref['wide'].tolist()}: got {brief(found)}",
            zh=f"int8 {got['codes'].tolist()}、float16 {got['wide'].tolist()}，"
            f"对 {ref['codes'].tolist()}、{ref['wide'].tolist()}：得到 {brief(found)}",
        )


@law(
    "9A", points=1, en="other layers or other shapes: ValueError", zh="层名或形状不一致：ValueError"
)
def check_mismatch(first_divergent, rng):
    plain(first_divergent, rng)
    ref = network(rng)
    name = list(ref)[-1]
    fewer = {k: x for k, x in ref.items() if k != name}
    renamed = {k + "_fused" if k == name else k: x for k, x in ref.items()}
    reshaped = ref | {name: ref[name][None]}
    for got in (fewer, renamed, reshaped):
        raises(ValueError, first_divergent, ref, got)
    raises(ValueError, first_divergent, fewer, ref)


def pair(rng, hidden=6, inputs=7, outputs=5, spread=2.0):
    """Return W1, b1, W2 of dense-ReLU-dense with channels of very unequal range, and some inputs."""
    sizes = 10.0 ** rng.uniform(-spread, spread, (2, hidden))
    W1 = rng.normal(size=(hidden, inputs)) * sizes[0][:, None]
    W2 = rng.normal(size=(outputs, hidden)) * sizes[1]
    return W1, rng.normal(size=hidden) * sizes[0], W2, rng.normal(size=(50, inputs))


def forward(x, W1, b1, W2):
    return np.maximum(x @ W1.T + b1, 0) @ W2.T


def answer(returned, W1, b1, W2):
    """Return the four arrays of an answer as float64, or fail with what came instead."""
    four = isinstance(returned, tuple | list) and len(returned) == 4
    shapes = [np.shape(a) for a in returned] if four else []
    wanted = [W1.shape, b1.shape, W2.shape, b1.shape]
    expect(
        shapes == wanted,
        en=f"(W1', b1', W2', s) of shapes {wanted} are needed; got {shapes or brief(returned)}",
        zh=f"应返回 (W1', b1', W2', s)，形状为 {wanted}；得到 {shapes or brief(returned)}",
    )
    return [np.asarray(a, np.float64) for a in returned]


@law("9B", points=2, en="the network computes what it did", zh="网络的输出不变")
def check_function_is_preserved(cross_layer_equalize, rng):
    for _ in range(3):
        W1, b1, W2, x = pair(rng)
        new = answer(cross_layer_equalize(W1, b1, W2), W1, b1, W2)
        before, after = forward(x, W1, b1, W2), forward(x, *new[:3])
        off = np.abs(after - before).max() / np.abs(before).max()
        expect(
            off < CLOSE,
            en=f"the outputs moved by up to {off:.2%} of the largest one",
            zh=f"输出最多变化了最大值的 {off:.2%}",
        )
        expect(
            not np.allclose(new[0], W1, rtol=1e-3),
            en="the outputs stay, but W1' equals W1: nothing was evened out",
            zh="输出没变，但 W1' 就是 W1：什么也没有拉平",
        )


@law(
    "9B",
    points=3,
    en="each channel has the same range in both layers",
    zh="每个通道在前后两层的量程相等",
)
def check_ranges_are_equal(cross_layer_equalize, rng):
    for _ in range(3):
        W1, b1, W2, _ = pair(rng)
        new = answer(cross_layer_equalize(W1, b1, W2), W1, b1, W2)
        rows, columns = np.abs(new[0]).max(1), np.abs(new[2]).max(0)
        expect(
            np.allclose(rows, columns, rtol=1e-3),
            en=f"largest |w| by row of W1': {brief(rows)}, by column of W2': {brief(columns)}",
            zh=f"W1' 各行最大 |w|：{brief(rows)}，W2' 各列：{brief(columns)}",
        )
        product = np.abs(W1).max(1) * np.abs(W2).max(0)
        expect(
            np.allclose(rows * columns, product, rtol=1e-3),
            en=f"the products of the two ranges went from {brief(product)} to {brief(rows * columns)}; scale was lost",
            zh=f"前后量程之积从 {brief(product)} 变成 {brief(rows * columns)}：有尺度丢失了",
        )


@law("9B", points=1, en="s is what W1 and b1 were divided by", zh="s 就是 W1 和 b1 被除以的因子")
def check_s(cross_layer_equalize, rng):
    W1, b1, W2, _ = pair(rng)
    *new, s = answer(cross_layer_equalize(W1, b1, W2), W1, b1, W2)
    expect(
        (s > 0).all()
        and np.allclose(new[0] * s[:, None], W1, rtol=1e-3)
        and np.allclose(new[1] * s, b1, rtol=1e-3)
        and not np.allclose(s, 1, rtol=1e-3),
        en=f"s is {brief(s)}; W1 over W1' is {brief(np.median(W1 / new[0], 1))}, b1 over b1' {brief(b1 / new[1])}",
        zh=f"s 为 {brief(s)}；W1 / W1' 为 {brief(np.median(W1 / new[0], 1))}，b1 / b1' 为 {brief(b1 / new[1])}",
    )


@law(
    "9B",
    points=2,
    en="a dead channel is left alone: s is 1, no NaN",
    zh="死通道原样保留：s 为 1，没有 NaN",
)
def check_dead_channels(cross_layer_equalize, rng):
    W1, b1, W2, x = pair(rng)
    W1[1] = 0.0  # nothing comes in, but its bias does
    W2[:, 3] = 0.0  # nobody reads it
    W1[4] = W2[:, 4] = 0.0
    *new, s = answer(cross_layer_equalize(W1, b1, W2), W1, b1, W2)
    dead = [1, 3, 4]
    kept = np.allclose(new[0][dead], W1[dead]) and np.allclose(new[1][dead], b1[dead])
    kept = kept and np.allclose(new[2][:, dead], W2[:, dead])
    expect(
        all(np.isfinite(a).all() for a in (*new, s)) and np.allclose(s[dead], 1) and kept,
        en=f"channels {dead} have only zeros on one side or both; their s is {brief(s[dead])}, "
        f"their weights and biases {'stayed' if kept else 'changed'}",
        zh=f"通道 {dead} 有一侧或两侧全是零；它们的 s 为 {brief(s[dead])}，"
        f"权重和偏置{'没变' if kept else '变了'}",
    )
    rows, columns = (np.delete(r, dead) for r in (np.abs(new[0]).max(1), np.abs(new[2]).max(0)))
    expect(
        np.allclose(rows, columns, rtol=1e-3),
        en=f"beside dead channels the living ones have ranges {brief(rows)} and {brief(columns)}",
        zh=f"有死通道时，其余通道的量程为 {brief(rows)} 和 {brief(columns)}",
    )


@law(
    "9B",
    points=1,
    en="a second time changes nothing, and the arguments stay",
    zh="再做一次不再变化，且不改动参数",
)
def check_idempotent(cross_layer_equalize, rng):
    W1, b1, W2, _ = pair(rng)
    once = answer(unchanged(cross_layer_equalize, W1, b1, W2), W1, b1, W2)
    twice = answer(cross_layer_equalize(*once[:3]), W1, b1, W2)
    expect(
        np.allclose(twice[3], 1, rtol=1e-3) and not np.allclose(once[3], 1, rtol=1e-3),
        en=f"the second time s is {brief(twice[3])}, not 1",
        zh=f"第二次的 s 为 {brief(twice[3])}，而不是 1",
    )


@law("9B", points=1, en="one scale per tensor then costs less", zh="之后用逐张量 scale，误差变小")
def check_rounding_costs_less(cross_layer_equalize, rng):
    def rounded(W):
        scale = np.abs(W).max() / 127
        return np.rint(W / scale) * scale

    for _ in range(3):
        W1, b1, W2, x = pair(rng, spread=1.5)
        signs = np.where(rng.random(W1.shape) < 0.9, -1.0, 1.0)  # the longest weights are negative
        W1 = np.abs(W1) * signs
        b1 = np.abs(b1)
        new = answer(cross_layer_equalize(W1, b1, W2), W1, b1, W2)
        exact = forward(x, W1, b1, W2)
        before = np.mean((forward(x, rounded(W1), b1, rounded(W2)) - exact) ** 2)
        after = np.mean((forward(x, rounded(new[0]), new[1], rounded(new[2])) - exact) ** 2)
        rows, columns = np.abs(new[0]).max(1), np.abs(new[2]).max(0)
        expect(
            after < before and np.allclose(rows, columns, rtol=1e-3),
            en=f"both weights rounded to 8 bits with one scale each: error {before:.3g} before, {after:.3g} after; "
            f"the ranges differ by a factor of up to {np.max(rows / columns):.2f} where most weights are negative",
            zh=f"两层权重各用一个 scale 舍入到 8 位：之前误差 {before:.3g}，之后 {after:.3g}；"
            f"权重多为负时，前后量程最多差 {np.max(rows / columns):.2f} 倍",
        )
