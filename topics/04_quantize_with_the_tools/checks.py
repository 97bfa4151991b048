"""What any right answer to topic 04 satisfies: laws on random ranges, and the edges that break quantizers."""

import numpy as np

from course_lib.grading import expect, law, raises

INTEGERS = {"int8": (-128, 127), "uint8": (0, 255), "int4": (-8, 7), "int16": (-32768, 32767)}


def ranges(rng, count=40):
    """Yield random (rmin, rmax) with rmin < 0 < rmax, over six orders of magnitude."""
    for size in 10.0 ** rng.uniform(-3, 3, count):
        yield -size * rng.uniform(0.05, 1.0), size * rng.uniform(0.05, 1.0)


def whole(number):
    """Tell whether a returned zero point is a whole number, whatever its type."""
    return isinstance(number, int | float | np.integer | np.floating) and float(number).is_integer()


def quantized(x, lo, hi, bits):
    """Return x after clipping to [lo, hi] and rounding to 2**bits steps: what a tensor with this range would hold."""
    scale = (hi - lo) / (2**bits - 1)
    if not scale > 0:
        return np.zeros_like(x)
    first = np.round(lo / scale)
    return scale * np.clip(np.round(x / scale), first, first + 2**bits - 1)


def error(x, bounds, bits):
    """Return the mean squared quantization error of x under a calibrated range."""
    return float(np.mean((x - quantized(x, *bounds, bits)) ** 2))


def activations(rng, count=40_000):
    """Return what a layer typically puts out: positive, most of it small, with a tail."""
    return rng.gamma(2.0, size=count)


def with_outlier(x):
    """Add one value six times as large as the largest."""
    return np.append(x, 6 * x.max())


def pair(bounds, call):
    """Return (lo, hi) as floats, or fail with what came instead."""
    ok = isinstance(bounds, tuple | list | np.ndarray) and len(bounds) == 2
    expect(ok, en=f"{call} must return a pair (lo, hi); it returned {bounds!r}",
           zh=f"{call} 应返回一对数 (lo, hi)，实际返回 {bounds!r}")  # fmt: skip
    lo, hi = float(bounds[0]), float(bounds[1])
    expect(np.isfinite([lo, hi]).all() and lo <= hi, en=f"{call} gave lo = {lo:g}, hi = {hi:g}: not a range",
           zh=f"{call} 得到 lo = {lo:g}、hi = {hi:g}：这不是一个区间")  # fmt: skip
    return lo, hi


@law("4A", points=2, en="the range is widened until it contains 0", zh="量程会扩展到包含 0")
def check_range_contains_zero(choose_qparams):
    for rmin, rmax, wanted in ((2.0, 6.0, 6.0), (-6.0, -2.0, 6.0), (0.5, 0.75, 0.75)):
        scale, _ = choose_qparams(rmin, rmax)
        expect(
            np.isclose(scale, wanted / 255, rtol=1e-4),
            en=f"choose_qparams({rmin}, {rmax}) gave scale {scale:.6g}. With 0 inside, the range is {wanted:g} wide.",
            zh=f"choose_qparams({rmin}, {rmax}) 的 scale 是 {scale:.6g}。包含 0 之后，量程宽度应为 {wanted:g}。",
        )


@law("4A", points=2, en="0.0 is represented exactly", zh="0.0 能被精确表示")
def check_zero_is_exact(choose_qparams, rng):
    for rmin, rmax in ranges(rng):
        scale, zero_point = choose_qparams(rmin, rmax)
        expect(
            scale > 0 and whole(zero_point),
            en=f"for [{rmin:.4g}, {rmax:.4g}] the zero point is {zero_point}: 0.0 falls between two integers, "
            "and every padded pixel carries that error",
            zh=f"区间 [{rmin:.4g}, {rmax:.4g}] 的 zero_point 是 {zero_point}：0.0 落在两个整数之间，"
            "每个补零像素都会带上这个误差",
        )


@law(
    "4A",
    points=1,
    en="the zero point lies in [qmin, qmax], for every integer type",
    zh="任何整数类型下，zero_point 都在 [qmin, qmax] 内",
)
def check_zero_point_fits(choose_qparams, rng):
    for name, (qmin, qmax) in INTEGERS.items():
        for rmin, rmax in [*ranges(rng, 10), (0.0, 3.0), (-3.0, 0.0)]:
            _, zero_point = choose_qparams(rmin, rmax, qmin, qmax)
            expect(
                whole(zero_point) and qmin <= zero_point <= qmax,
                en=f"{name}: for [{rmin:.4g}, {rmax:.4g}] the zero point is {zero_point}, outside [{qmin}, {qmax}]",
                zh=f"{name}：区间 [{rmin:.4g}, {rmax:.4g}] 的 zero_point 是 {zero_point}，超出 [{qmin}, {qmax}]",
            )


@law(
    "4A",
    points=2,
    en="no value of the range comes back more than half a step away",
    zh="区间内任何值往返后的误差不超过半个步长",
)
def check_round_trip(choose_qparams, rng):
    for rmin, rmax in [*ranges(rng), (0.0, 1.0), (-1.0, 0.0), (1.0, 3.0)]:
        scale, zero_point = choose_qparams(rmin, rmax)
        x = np.linspace(rmin, rmax, 1001)
        back = scale * (np.clip(np.round(x / scale) + zero_point, -128, 127) - zero_point)
        worst = float(np.max(np.abs(x - back)) / scale)
        expect(
            worst <= 0.51,  # a hundredth for who computes in float32
            en=f"in [{rmin:.4g}, {rmax:.4g}] some value comes back {worst:.2f} steps away: the ends do not fit",
            zh=f"区间 [{rmin:.4g}, {rmax:.4g}] 内有值往返后偏了 {worst:.2f} 个步长：两端放不下",
        )


@law("4A", points=1, en="all 256 steps are used", zh="256 个台阶全部用上")
def check_every_step_is_used(choose_qparams, rng):
    for rmin, rmax in [*ranges(rng), (0.0, 6.0)]:
        scale, zero_point = choose_qparams(rmin, rmax)
        used = np.round(rmax / scale) - np.round(rmin / scale)
        expect(
            used >= 254,
            en=f"[{rmin:.4g}, {rmax:.4g}] uses {used + 1:.0f} of 256 steps: the step is too coarse",
            zh=f"[{rmin:.4g}, {rmax:.4g}] 只用了 256 个台阶中的 {used + 1:.0f} 个：步长太粗",
        )


@law("4A", points=1, en="an all-zero tensor gets scale 1", zh="全零张量的 scale 为 1")
def check_all_zero_tensor(choose_qparams):
    scale, zero_point = choose_qparams(0.0, 0.0)
    expect(
        scale == 1 and whole(zero_point) and -128 <= zero_point <= 127,
        en=f"choose_qparams(0, 0) gave {scale} and {zero_point}; a scale of 0 would divide by zero later",
        zh=f"choose_qparams(0, 0) 得到 {scale} 和 {zero_point}；scale 为 0 之后会除零",
    )


@law(
    "4A", points=1, en="nonsense is refused with a ValueError", zh="无意义的输入以 ValueError 拒绝"
)
def check_nonsense_is_refused(choose_qparams):
    nan = float("nan")
    for rmin, rmax in ((nan, 1.0), (-1.0, nan), (1.0, -1.0)):
        raises(ValueError, choose_qparams, rmin, rmax)


@law(
    "4B",
    points=1,
    en="minmax is the exact range, widened to contain 0",
    zh="minmax 就是精确的最小最大值，并扩展到包含 0",
)
def check_minmax_is_the_range(calibrate, rng):
    for x in (rng.normal(size=500), rng.uniform(2, 5, 500), -rng.gamma(2.0, size=500)):
        lo, hi = pair(calibrate(x, "minmax"), "minmax")
        low, high = min(x.min(), 0.0), max(x.max(), 0.0)
        expect(
            np.allclose([lo, hi], [low, high], rtol=1e-5),
            en=f"data from {x.min():.4g} to {x.max():.4g} gave [{lo:.4g}, {hi:.4g}]",
            zh=f"数据范围 {x.min():.4g} 到 {x.max():.4g}，得到 [{lo:.4g}, {hi:.4g}]",
        )


@law(
    "4B",
    points=2,
    en="every method keeps 0 inside and stays within the data",
    zh="每种方法的结果都包含 0，且不超出数据范围",
)
def check_zero_stays_inside(calibrate, rng):
    for method in ("minmax", "percentile", "mse", "kl"):
        for x in (rng.uniform(2, 5, 4000), rng.uniform(-5, -2, 4000), rng.normal(size=4000)):
            lo, hi = pair(calibrate(x, method), method)
            slack = 1e-6 * np.abs(x).max()
            inside = min(x.min(), 0) - slack <= lo <= 0 <= hi <= max(x.max(), 0) + slack
            expect(
                inside and hi - lo > 0,
                en=f"{method}: data from {x.min():.3g} to {x.max():.3g} gave [{lo:.3g}, {hi:.3g}]",
                zh=f"{method}：数据范围 {x.min():.3g} 到 {x.max():.3g}，得到 [{lo:.3g}, {hi:.3g}]",
            )


@law(
    "4B",
    points=2,
    en="NaN is left out; nothing but NaN is refused; all zeros give (0, 0)",
    zh="忽略 NaN；全是 NaN 则拒绝；全零得到 (0, 0)",
)
def check_nan_and_nothing(calibrate, rng):
    x = rng.normal(size=3000)
    holes = np.insert(x, [5, 700, 2000], np.nan)
    for method in ("minmax", "percentile", "mse", "kl"):
        clean, holed = pair(calibrate(x, method), method), pair(calibrate(holes, method), method)
        expect(
            np.allclose(clean, holed, rtol=1e-6),
            en=f"{method}: three NaN among 3,000 values moved the range from {clean} to {holed}",
            zh=f"{method}：3000 个值里混入三个 NaN，区间从 {clean} 变成 {holed}",
        )
        zero = pair(calibrate(np.zeros(100), method), method)
        expect(
            zero == (0, 0),
            en=f"{method}: 100 zeros gave {zero}, not (0, 0)",
            zh=f"{method}：100 个零得到 {zero}，而不是 (0, 0)",
        )
        raises(ValueError, calibrate, np.full(10, np.nan), method)


@law(
    "4B",
    points=1,
    en="percentile cuts the same share at each end, and at 8 bits that costs more than it saves",
    zh="percentile 在两端各切同样比例；8 位时切掉的比省下的多",
)
def check_percentile_cuts_each_end(calibrate, rng):
    x = rng.gamma(2.0, size=20_000) - 3.0  # skewed: the two ends differ
    for percentile in (99.0, 95.0):
        lo, hi = pair(calibrate(x, "percentile", 8, percentile), "percentile")
        below, above = 100 * np.mean(x < lo), 100 * np.mean(x > hi)
        expect(
            np.allclose([below, above], 100 - percentile, atol=0.1),
            en=f"percentile={percentile} left {below:.2f} % below and {above:.2f} % above",
            zh=f"percentile={percentile} 时下端切掉 {below:.2f}%，上端切掉 {above:.2f}%",
        )
    x = with_outlier(activations(rng))
    clipped = error(x, pair(calibrate(x, "percentile", 8), "percentile"), 8)
    kept = error(x, pair(calibrate(x, "minmax", 8), "minmax"), 8)
    expect(
        clipped > kept,
        en=f"at 8 bits, clipping one outlier must cost more than it saves; error {clipped:.2e} against {kept:.2e}",
        zh=f"8 位时，切掉一个离群值应该得不偿失；误差 {clipped:.2e} 对 {kept:.2e}",
    )


@law("4B", points=2, en="mse is never worse than minmax", zh="mse 的误差从不高于 minmax")
def check_mse_beats_minmax(calibrate, rng):
    for bits in (3, 4, 8):
        for x in (
            activations(rng, 8000),
            rng.laplace(size=8000),
            with_outlier(activations(rng, 8000)),
        ):
            ours = error(x, pair(calibrate(x, "mse", bits), "mse"), bits)
            minmax = error(x, (min(x.min(), 0.0), max(x.max(), 0.0)), bits)
            expect(
                ours <= 1.02 * minmax,
                en=f"{bits} bits: the mse range has error {ours:.3e}, plain minmax {minmax:.3e}",
                zh=f"{bits} 位：mse 的区间误差 {ours:.3e}，而 minmax 只有 {minmax:.3e}",
            )


@law(
    "4B",
    points=1,
    en="at 4 bits one outlier does not ruin percentile, mse and kl",
    zh="4 位时，一个离群值毁不掉 percentile、mse 和 kl",
)
def check_outlier_at_four_bits(calibrate, rng):
    x = with_outlier(activations(rng))
    minmax = error(x, (0.0, x.max()), 4)
    for method in ("percentile", "mse", "kl"):
        ours = error(x, pair(calibrate(x, method, 4), method), 4)
        expect(
            ours < 0.5 * minmax,
            en=f"{method}: error {ours:.3g} at 4 bits, minmax {minmax:.3g}: the outlier still sets the range",
            zh=f"{method}：4 位误差 {ours:.3g}，minmax 为 {minmax:.3g}：量程仍被离群值撑大",
        )


@law("4B", points=1, en="kl keeps the bulk of the data", zh="kl 保住绝大多数数据")
def check_kl_keeps_the_bulk(calibrate, rng):
    x = activations(rng)
    lo, hi = pair(calibrate(x, "kl", 8), "kl")
    clipped = 100 * np.mean((x < lo) | (x > hi))
    expect(
        clipped < 5,
        en=f"at 8 bits [{lo:.3g}, {hi:.3g}] clips {clipped:.1f} % of clean data",
        zh=f"8 位时区间 [{lo:.3g}, {hi:.3g}] 切掉了 {clipped:.1f}% 的正常数据",
    )
