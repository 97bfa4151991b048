"""What any right answer to topic 20 satisfies: a product with a range per row, and a histogram that grows."""

import numpy as np

from course_lib.grading import expect, law, raises

TINY = 1e-30


def problem(rng, n=6, k=64, m=10, positive=False):
    """Return x, int8 weights and a scale per output; rows of very different size."""
    x = rng.normal(size=(n, k)) * 10.0 ** rng.uniform(-3, 3, (n, 1))
    wq = rng.integers(-127, 128, (m, k)).astype(np.int8)
    return np.abs(x) if positive else x, wq, 10.0 ** rng.uniform(-3, 0, m)


def product(dynamic_quant_matmul, x, wq, sw):
    """Return the learner's product as float64, or fail with what came instead."""
    found = np.asarray(dynamic_quant_matmul(x, wq, sw))
    shape = (len(x), len(wq))
    expect(
        found.dtype.kind == "f" and found.shape == shape,
        en=f"x {x.shape} and wq {wq.shape} gave {found.dtype} of shape {found.shape}; floats of shape {shape} are needed",
        zh=f"x {x.shape}、wq {wq.shape} 得到 {found.dtype}、形状 {found.shape}；应为浮点、{shape}",
    )
    return found.astype(np.float64)


def row_scales(x):
    """Return the step of an 8-bit range from the lowest to the highest value of each row, 0 included."""
    return (np.maximum(x.max(1), 0) - np.minimum(x.min(1), 0)) / 255


@law(
    "20A",
    points=2,
    en="more than 30 dB against the float product, in every row",
    zh="每一行相对浮点乘积都超过 30 dB",
)
def check_sqnr(dynamic_quant_matmul, rng):
    for n, k, positive in ((6, 64, False), (4, 500, True), (2, 4000, True), (1, 30, False)):
        x, wq, sw = problem(rng, n, k, positive=positive)
        exact = x @ (wq * sw[:, None]).T
        error = product(dynamic_quant_matmul, x, wq, sw) - exact
        # Per output the weights' scales differ, so each is judged in its own unit.
        signal = np.sum((np.square(x) @ np.square(wq.astype(float)).T) * sw**2, axis=1)
        noise = np.maximum(np.sum(error**2, axis=1), 1e-20 * signal)
        ratio = 10 * np.log10(signal / noise)
        expect(
            ratio.min() > 30,
            en=f"rows of {k} values: the SQNR of row {ratio.argmin()} is {ratio.min():.1f} dB",
            zh=f"每行 {k} 个值：第 {ratio.argmin()} 行的 SQNR 只有 {ratio.min():.1f} dB",
        )


@law(
    "20A",
    points=2,
    en="a row's result does not depend on the other rows",
    zh="一行的结果与其他行无关",
)
def check_rows_are_independent(dynamic_quant_matmul, rng):
    x, wq, sw = problem(rng)
    together = product(dynamic_quant_matmul, x, wq, sw)
    for i in range(len(x)):
        alone = product(dynamic_quant_matmul, x[i : i + 1], wq, sw)[0]
        gap = np.abs(together[i] - alone).max() / max(np.abs(alone).max(), TINY)
        expect(
            gap < 1e-6 and alone.any(),
            en=f"row {i} comes out differently in company than alone: {gap:.1%} of its largest output",
            zh=f"第 {i} 行和别的行一起算、与单独算结果不同：相差其最大输出的 {gap:.1%}",
        )


@law(
    "20A",
    points=2,
    en="a row four times as large gives exactly four times the result",
    zh="一行放大四倍，结果正好是四倍",
)
def check_scaling_a_row(dynamic_quant_matmul, rng):
    x, wq, sw = problem(rng)
    plain = product(dynamic_quant_matmul, x, wq, sw)
    for factor in (4.0, 2.0**-12, 2.0**15):
        scaled = product(dynamic_quant_matmul, factor * x, wq, sw)
        gap = np.abs(scaled / factor - plain).max(1) / np.maximum(np.abs(plain).max(1), TINY)
        expect(
            gap.max() < 1e-6 and plain.any(),
            en=f"all rows times {factor:g}: the results, divided by it, are off by up to {gap.max():.2%}",
            zh=f"所有行乘以 {factor:g}：结果除回去之后最多差 {gap.max():.2%}",
        )


@law("20A", points=1, en="a row of zeros gives zeros", zh="全零的行得到零")
def check_zero_row(dynamic_quant_matmul, rng):
    x, wq, sw = problem(rng)
    x[2] = 0.0
    found = product(dynamic_quant_matmul, x, wq, sw)
    nan = int(np.isnan(found[2]).sum())
    expect(
        not found[2].any(),
        en=f"a row of zeros gave {nan} NaN, and values up to {np.nanmax(np.abs([*found[2], 0.0])):.3g}",
        zh=f"全零的行得到 {nan} 个 NaN，最大绝对值 {np.nanmax(np.abs([*found[2], 0.0])):.3g}",
    )
    others = [0, 1, 3, 4, 5]
    expect(
        np.isfinite(found[others]).all() and found[others].any(axis=1).all(),
        en="beside a row of zeros another row lost its values",
        zh="有了全零的行之后，别的行丢了数值",
    )


@law("20A", points=2, en="inside are integers: results are whole multiples of the two scales",
     zh="内部是整数：结果是两个 scale 之积的整数倍")  # fmt: skip
def check_integers_inside(dynamic_quant_matmul, rng):
    for positive in (False, True):
        x, wq, sw = problem(rng, n=8, k=48, positive=positive)
        found = product(dynamic_quant_matmul, x, wq, sw)
        units = found / (row_scales(x)[:, None] * sw)
        off = np.abs(units - np.rint(units))
        expect(
            off.max() < 0.1 and found.any(),
            en=f"divided by (high − low)/255 of the row and by sw, an output is {units.flat[off.argmax()]:.3f}: no integer",
            zh=f"除以该行的 (high − low)/255 和 sw 之后，有输出等于 {units.flat[off.argmax()]:.3f}：不是整数",
        )


@law(
    "20A",
    points=1,
    en="sw may be one number, or one per output",
    zh="sw 可以是一个数，也可以每个输出一个",
)
def check_one_scale_or_many(dynamic_quant_matmul, rng):
    for n, m in ((7, 7), (3, 5)):
        x, wq, sw = problem(rng, n=n, m=m)
        many, one = (
            product(dynamic_quant_matmul, x, wq, sw),
            product(dynamic_quant_matmul, x, wq, 1.0),
        )
        gap = np.abs(many / sw - one).max(1) / np.maximum(np.abs(one).max(1), TINY)
        expect(
            gap.max() < 1e-5 and one.any(),
            en=f"{n} rows, {m} outputs: with sw per output, divided by sw, rows differ by {gap.max():.1%} from sw = 1",
            zh=f"{n} 行、{m} 个输出：逐输出 sw 的结果除以 sw 后，与 sw = 1 相差 {gap.max():.1%}",
        )


def streams(rng):
    """Yield lists of batches: growing upwards, downwards, both ways, drifting, skewed."""
    yield [rng.normal(size=400) * size for size in (0.1, 1, 10, 3)]
    yield [rng.gamma(2.0, size=300) * size for size in (1, 5, 30)]
    yield [-(rng.gamma(2.0, size=300) * size) - 2 for size in (1, 4, 50)]
    yield [rng.uniform(0, 1, 500) + shift for shift in (100, 103, 96, 110)]


def state(histogram, bins):
    """Return (counts, lo, hi), or fail with what is missing."""
    counts = np.asarray(histogram.counts)
    expect(
        counts.shape == (bins,),
        en=f"a histogram of {bins} bins holds counts of shape {counts.shape}",
        zh=f"{bins} 个格子的直方图里，counts 的形状是 {counts.shape}",
    )
    return counts, float(histogram.lo), float(histogram.hi)


@law(
    "20B",
    points=2,
    en="every finite value is counted once, also after the range has grown",
    zh="每个有限值计数一次，量程扩大之后也不丢",
)
def check_nothing_is_lost(StreamingHistogram, rng):
    for batches in streams(rng):
        histogram, seen = StreamingHistogram(64), 0
        for batch in batches:
            histogram.update(batch)
            seen += len(batch)
            total = float(np.sum(state(histogram, 64)[0]))
            expect(
                total == seen,
                en=f"after {seen} values the counters add up to {total:g}",
                zh=f"更新了 {seen} 个值之后，计数之和是 {total:g}",
            )


@law(
    "20B",
    points=1,
    en="memory stays at `bins` counters, however long the stream",
    zh="无论数据流多长，内存始终是 bins 个计数",
)
def check_counters_stay(StreamingHistogram, rng):
    for bins in (2, 16, 256):
        histogram = StreamingHistogram(bins)
        for size in (1.0, 1000.0, 3e6):
            histogram.update(rng.normal(size=50) * size)
        counts, _, _ = state(histogram, bins)
        expect(
            np.sum(counts) == 150,
            en=f"bins={bins}: 150 values, counters add up to {np.sum(counts):g}",
            zh=f"bins={bins}：150 个值，计数之和是 {np.sum(counts):g}",
        )


@law(
    "20B",
    points=2,
    en="the range covers everything seen, and is at most four times as wide",
    zh="量程覆盖见过的一切，且最多宽四倍",
)
def check_range_covers(StreamingHistogram, rng):
    for batches in streams(rng):
        histogram = StreamingHistogram(128)
        for index in range(len(batches)):
            histogram.update(batches[index])
            seen = np.concatenate(batches[: index + 1])
            _, lo, hi = state(histogram, 128)
            slack = 1e-9 * np.abs(seen).max()
            expect(
                lo <= seen.min() + slack and seen.max() - slack <= hi,
                en=f"values from {seen.min():.4g} to {seen.max():.4g} were seen, the range is [{lo:.4g}, {hi:.4g}]",
                zh=f"见过的值从 {seen.min():.4g} 到 {seen.max():.4g}，量程却是 [{lo:.4g}, {hi:.4g}]",
            )
            expect(
                hi - lo <= 4.001 * np.ptp(seen),
                en=f"values from {seen.min():.4g} to {seen.max():.4g}: the range [{lo:.4g}, {hi:.4g}] is mostly empty",
                zh=f"值从 {seen.min():.4g} 到 {seen.max():.4g}：量程 [{lo:.4g}, {hi:.4g}] 大半是空的",
            )


@law(
    "20B",
    points=3,
    en="every quantile is within three bins of the exact one",
    zh="任何分位数与精确值相差不超过三个格子",
)
def check_quantiles(StreamingHistogram, rng):
    single = [np.array([value]) for value in rng.normal(size=120)]
    for batches in (*streams(rng), single):
        histogram, bins = StreamingHistogram(200), 200
        for batch in batches:
            histogram.update(batch if len(batch) > 1 else float(batch[0]))
        _, lo, hi = state(histogram, bins)
        seen, width = np.concatenate(batches), (hi - lo) / bins
        for q in (0.0, 0.01, 0.1, 0.5, 0.9, 0.999, 1.0):
            found = float(histogram.quantile(q))
            low, high = (np.quantile(seen, q, method=how) for how in ("lower", "higher"))
            off = max(low - found, found - high) / width
            expect(
                off <= 3,
                en=f"{len(seen)} values in {len(batches)} batches: quantile({q}) gave {found:.4g}, {off:.1f} bins "
                "from where it lies",
                zh=f"{len(batches)} 批共 {len(seen)} 个值：quantile({q}) 得到 {found:.4g}，偏了 {off:.1f} 个格子",
            )


@law("20B", points=1, en="NaN and infinities leave no trace", zh="NaN 和无穷不留痕迹")
def check_not_numbers(StreamingHistogram, rng):
    x = rng.normal(size=300)
    clean, holed = StreamingHistogram(32), StreamingHistogram(32)
    clean.update(x)
    holed.update(np.array([np.nan, np.inf]))
    holed.update(np.insert(x, [0, 100, 200], [np.inf, np.nan, -np.inf]))
    holed.update(np.array([]))
    holed.update(np.full((2, 3), np.nan))
    one, other = state(clean, 32), state(holed, 32)
    expect(
        np.array_equal(one[0], other[0]) and one[1:] == other[1:] and np.sum(one[0]) == 300,
        en=f"300 values; with NaN and infinities among them the counters add up to {np.sum(other[0]):g} "
        f"and the range is [{other[1]:.4g}, {other[2]:.4g}] instead of [{one[1]:.4g}, {one[2]:.4g}]",
        zh=f"300 个值；混入 NaN 和无穷之后，计数之和是 {np.sum(other[0]):g}，"
        f"量程是 [{other[1]:.4g}, {other[2]:.4g}]，而不是 [{one[1]:.4g}, {one[2]:.4g}]",
    )


@law("20B", points=1, en="no data, a q outside [0, 1] and odd bins are refused; equal values are not",
     zh="没有数据、q 越界、bins 为奇数都拒绝；全部相等的值不拒绝")  # fmt: skip
def check_empty_and_nonsense(StreamingHistogram):
    raises(ValueError, StreamingHistogram(8).quantile, 0.5)
    raises(ValueError, StreamingHistogram, 7)
    raises(ValueError, StreamingHistogram, 0)
    histogram = StreamingHistogram(8)
    histogram.update(np.full(5, 3.0))
    _, lo, hi = state(histogram, 8)
    found = float(histogram.quantile(0.5))
    expect(
        lo <= 3 <= hi and lo < hi and abs(found - 3) <= 3 * (hi - lo) / 8,
        en=f"five times the value 3: the range is [{lo:g}, {hi:g}] and the median {found:g}",
        zh=f"五个 3：量程是 [{lo:g}, {hi:g}]，中位数是 {found:g}",
    )
    raises(ValueError, histogram.quantile, 1.5)
    raises(ValueError, histogram.quantile, -0.1)
