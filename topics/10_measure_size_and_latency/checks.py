"""What any right answer to topic 10 satisfies: order, conservation, known ratios, and intervals of the right width."""

from __future__ import annotations

import numpy as np

from course_lib.grading import brief, expect, law, raises, unchanged

KEYS = ("n", "mean", "min", "p50", "p90", "p99")


def latencies(rng, n=300, median=50.0):
    """Return what a shared machine measures, µs, in the order of time: slow starters, a bulk, a few stalls."""
    times = median * rng.lognormal(0, 0.05, n)
    times[:5] *= np.linspace(6, 1.5, 5)
    times[rng.integers(5, n, max(1, n // 60))] += 16_000
    return times


def summary(found):
    """Return the six numbers by name, or fail with what is missing."""
    ok = isinstance(found, dict) and set(KEYS) <= set(found)
    expect(ok, en=f"the summary must be a dict with {', '.join(KEYS)}; it is {brief(found)}",
           zh=f"结果应是含 {'、'.join(KEYS)} 的 dict，实际是 {brief(found)}")  # fmt: skip
    for key in KEYS:
        value = found[key]
        number = isinstance(value, int | float | np.integer | np.floating) and np.isfinite(value)
        expect(number, en=f"{key} is {brief(value)}; it has to be a finite number",
               zh=f"{key} 是 {brief(value)}，应当是有限的数")  # fmt: skip
    return {key: float(found[key]) for key in KEYS}


@law("10A", points=2, en="the warm-up is what came first, whatever it took",
     zh="预热是最先的那几次，不论快慢")  # fmt: skip
def check_warmup_comes_first(latency_summary, rng):
    for warmup in (0, 1, 5, 30):
        times = latencies(rng)
        times[warmup] = 1.0  # the fastest run of all is the first that counts
        found = summary(latency_summary(times, warmup))
        bulk = summary(latency_summary(times[warmup:].tolist()))
        expect(
            found["min"] == 1.0 and np.isclose(found["mean"], bulk["mean"]),
            en=f"warmup={warmup}: the first run that counts takes 1 µs, the minimum came out as {found['min']:g}; "
            f"mean {found['mean']:.6g}, without the first {warmup} runs given at all {bulk['mean']:.6g}",
            zh=f"warmup={warmup}：第一次计数的运行是 1 µs，min 却是 {found['min']:g}；"
            f"mean 是 {found['mean']:.6g}，直接不给前 {warmup} 次时是 {bulk['mean']:.6g}",
        )


@law("10A", points=2, en="percentiles interpolate linearly: 1 to 100 has its median at 50.5",
     zh="百分位数线性插值：1 到 100 的中位数是 50.5")  # fmt: skip
def check_linear_percentiles(latency_summary, rng):
    found = summary(latency_summary(list(range(1, 101))))
    expect(np.allclose([found["p50"], found["p90"], found["p99"]], [50.5, 90.1, 99.01]),
           en=f"of 1..100: p50 {found['p50']:g}, p90 {found['p90']:g}, p99 {found['p99']:g}",
           zh=f"对 1..100：p50 {found['p50']:g}，p90 {found['p90']:g}，p99 {found['p99']:g}")  # fmt: skip
    for n in (1, 2, 7, 64, 201):
        times = latencies(rng, max(n, 60))[-n:]
        found = summary(latency_summary(times))
        for key, q in (("p50", 50), ("p90", 90), ("p99", 99)):
            expect(np.isclose(found[key], np.percentile(times, q)), en=f"{key} of {n} samples came out as {found[key]:.6g}",
                   zh=f"{n} 个样本的 {key} 得到 {found[key]:.6g}")  # fmt: skip


@law("10A", points=1, en="min <= p50 <= p90 <= p99, in whatever order the times came",
     zh="不论先后顺序，min <= p50 <= p90 <= p99")  # fmt: skip
def check_order(latency_summary, rng):
    for _ in range(5):
        times = rng.permutation(latencies(rng))
        found, again = (
            summary(latency_summary(times)),
            summary(latency_summary(np.sort(times)[::-1].copy())),
        )
        ladder = [found[key] for key in ("min", "p50", "p90", "p99")]
        expect(
            ladder == sorted(ladder) and 0 < ladder[0] < ladder[-1],
            en=f"shuffled samples gave min, p50, p90, p99 = {[round(x, 1) for x in ladder]}",
            zh=f"打乱的样本得到 min、p50、p90、p99 = {[round(x, 1) for x in ladder]}",
        )
        expect(
            np.allclose([found[key] for key in KEYS], [again[key] for key in KEYS]),
            en="the same samples in another order (no warm-up) gave another summary",
            zh="同样的样本换个顺序（无预热），结果变了",
        )


@law("10A", points=1, en="a stall is not thrown away: it moves the mean and stays in the tail",
     zh="卡顿不会被丢掉：它拉动 mean，也留在尾部")  # fmt: skip
def check_stalls_stay(latency_summary, rng):
    times = 50 * rng.lognormal(0, 0.01, 200)
    calm = summary(latency_summary(times))
    times[[70, 71, 120]] += 16_000
    rough = summary(latency_summary(times))
    expect(
        np.isclose(rough["mean"] - calm["mean"], 3 * 16_000 / 200) and rough["p99"] > 10_000,
        en=f"three stalls of 16,000 µs among 200 runs: the mean went from {calm['mean']:.1f} to {rough['mean']:.1f}, "
        f"p99 from {calm['p99']:.1f} to {rough['p99']:.1f}",
        zh=f"200 次里有三次 16000 µs 的卡顿：mean 从 {calm['mean']:.1f} 变为 {rough['mean']:.1f}，"
        f"p99 从 {calm['p99']:.1f} 变为 {rough['p99']:.1f}",
    )


@law("10A", points=1, en="n counts the runs that the numbers stand on", zh="n 是真正参与统计的次数")
def check_n(latency_summary, rng):
    for n, warmup in ((300, 0), (300, 30), (31, 30)):
        found = summary(latency_summary(latencies(rng, max(n, 60))[:n], warmup))
        expect(found["n"] == n - warmup, en=f"{n} samples, warm-up {warmup}: n came out as {found['n']:g}",
               zh=f"{n} 个样本、预热 {warmup}：n 得到 {found['n']:g}")  # fmt: skip


@law("10A", points=1, en="the samples are left as they were", zh="不改动传入的样本")
def check_samples_unchanged(latency_summary, rng):
    for times in (latencies(rng), latencies(rng).tolist()):
        found = summary(unchanged(latency_summary, times, 10))
        expect(
            found["p50"] > 0,
            en=f"p50 came out as {found['p50']:g}",
            zh=f"p50 得到 {found['p50']:g}",
        )


@law("10A", points=2, en="nothing left to summarize is refused, and so is a negative warm-up",
     zh="没有剩下可统计的样本时拒绝；预热为负也拒绝")  # fmt: skip
def check_nothing_left(latency_summary):
    for samples, warmup in (([], 0), ([5.0], 1), ([5.0, 6.0, 7.0], 4), ([5.0, 6.0], -1)):
        raises(ValueError, latency_summary, samples, warmup)


def triple(found):
    """Return (ratio, low, high) as floats, or fail with what came instead."""
    ok = isinstance(found, tuple | list | np.ndarray) and len(found) == 3
    expect(ok, en=f"bootstrap_speedup must return (ratio, low, high); it returned {brief(found)}",
           zh=f"bootstrap_speedup 应返回 (ratio, low, high)，实际返回 {brief(found)}")  # fmt: skip
    values = [float(value) for value in found]
    expect(np.isfinite(values).all(), en=f"ratio, low, high = {values}: not all finite",
           zh=f"ratio、low、high = {values}：出现了非有限值")  # fmt: skip
    return values


def referee(rng, a, b, levels, n=2000):
    """Return the width of the percentile interval at each level, from resamples drawn here."""
    tops = np.median(a[rng.integers(0, len(a), (n, len(a)))], axis=1)
    ratios = tops / np.median(b[rng.integers(0, len(b), (n, len(b)))], axis=1)
    return [
        float(np.diff(np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2]))[0])
        for level in levels
    ]


@law("10B", points=2, en="the ratio is that of the medians of the samples, time of A over time of B",
     zh="ratio 是样本中位数之比：A 的时间除以 B 的时间")  # fmt: skip
def check_ratio_of_medians(bootstrap_speedup, rng):
    for _ in range(4):
        a, b = latencies(rng, 120, 60.0), latencies(rng, 150, 20.0)
        ratio = triple(bootstrap_speedup(a, b, 200))[0]
        expect(
            np.isclose(ratio * np.median(b), np.median(a)),
            en=f"medians of about {np.median(a):.1f} and {np.median(b):.1f} µs gave a ratio of {ratio:.4f}",
            zh=f"中位数约为 {np.median(a):.1f} 和 {np.median(b):.1f} µs，ratio 得到 {ratio:.4f}",
        )


@law(
    "10B",
    points=1,
    en="low and high are speed-ups around the ratio",
    zh="low 和 high 是 ratio 两侧的倍数",
)
def check_bounds_enclose(bootstrap_speedup, rng):
    for size in (31, 200):
        a, b = latencies(rng, size, 60.0), latencies(rng, size, 20.0)
        ratio, low, high = triple(bootstrap_speedup(a, b, 500))
        expect(
            low <= ratio <= high and low < high,
            en=f"ratio {ratio:.4f} with an interval from {low:.4f} to {high:.4f}",
            zh=f"ratio 为 {ratio:.4f}，区间却是 {low:.4f} 到 {high:.4f}",
        )


@law("10B", points=1, en="a file against itself contains 1, against one twice as slow 2",
     zh="自己和自己比，区间含 1；慢一倍的和它比，区间含 2")  # fmt: skip
def check_known_ratios(bootstrap_speedup, rng):
    for size in (40, 301):
        x = latencies(rng, size)
        for a, b, true in ((x, x, 1.0), (2 * x, x, 2.0), (x, 4 * x, 0.25)):
            ratio, low, high = triple(bootstrap_speedup(a, b, 400))
            expect(
                low <= true <= high and np.isclose(ratio, true),
                en=f"A takes {true:g} times as long as B in every run: ratio {ratio:.4f}, interval {low:.4f} to {high:.4f}",
                zh=f"A 每次都是 B 的 {true:g} 倍时间：ratio {ratio:.4f}，区间 {low:.4f} 到 {high:.4f}",
            )


@law("10B", points=2, en="the interval is as wide as the doubt: both samples redrawn, with replacement, at full size",
     zh="区间宽度等于真实的不确定性：两个样本都要有放回地按原大小重抽")  # fmt: skip
def check_width(bootstrap_speedup, rng):
    for spread_a, spread_b in ((0.02, 0.3), (0.3, 0.02), (0.15, 0.15)):
        ours, theirs = 0.0, 0.0
        for seed in range(4):
            a, b = 60 * rng.lognormal(0, spread_a, 101), 20 * rng.lognormal(0, spread_b, 101)
            _, low, high = triple(bootstrap_speedup(a, b, 600, seed=seed))
            ours += high - low
            theirs += referee(rng, a, b, [0.95])[0]
        expect(
            0.7 < ours / theirs < 1.4,
            en=f"runs of A scatter by {100 * spread_a:.0f} %, those of B by {100 * spread_b:.0f} %; your intervals "
            f"are {'too narrow' if ours < theirs else 'too wide'}: {ours / 4:.4f} on average",
            zh=f"A 的波动为 {100 * spread_a:.0f}%，B 为 {100 * spread_b:.0f}%；你的区间平均宽 {ours / 4:.4f}，"
            f"{'太窄' if ours < theirs else '太宽'}",
        )


@law("10B", points=2, en="`level` sets the width, half of what is left out on either side",
     zh="`level` 决定宽度，排除的部分两侧各一半")  # fmt: skip
def check_level(bootstrap_speedup, rng):
    levels = [0.5, 0.8, 0.99]
    a, b = 60 * rng.lognormal(0, 0.2, 151), 20 * rng.lognormal(0, 0.2, 151)
    wanted = referee(rng, a, b, levels, 6000)
    for level, width in zip(levels, wanted, strict=True):
        _, low, high = triple(bootstrap_speedup(a, b, 1500, level))
        expect(
            0.75 < (high - low) / width < 1.33,
            en=f"level={level}: an interval {high - low:.4f} wide is too {'narrow' if high - low < width else 'wide'}",
            zh=f"level={level}：区间宽 {high - low:.4f}，太{'窄' if high - low < width else '宽'}",
        )


@law("10B", points=1, en="the same seed gives the same interval, another seed another one",
     zh="相同种子得到相同区间，换种子则不同")  # fmt: skip
def check_seed(bootstrap_speedup, rng):
    a, b = latencies(rng, 80, 60.0), latencies(rng, 80, 20.0)
    first, again = (triple(bootstrap_speedup(a, b, 200, seed=5)) for _ in range(2))
    others = [triple(bootstrap_speedup(a, b, 200, seed=seed)) for seed in (6, 7, 8)]
    expect(first == again, en=f"seed 5 gave {first[1:]} and then {again[1:]}",
           zh=f"seed 5 先得到 {first[1:]}，再得到 {again[1:]}")  # fmt: skip
    expect(any(other[1:] != first[1:] for other in others),
           en="seeds 5, 6, 7 and 8 gave one and the same interval", zh="种子 5、6、7、8 得到的区间完全一样")  # fmt: skip


@law("10B", points=1, en="A and B may have different numbers of runs, and keep them",
     zh="A、B 的次数可以不同，且都不会被截掉")  # fmt: skip
def check_unequal_lengths(bootstrap_speedup, rng):
    long, short = 60 * rng.lognormal(0, 0.1, 900), 20 * rng.lognormal(0, 0.1, 25)
    for a, b in ((long, short), (short, long), (long.tolist(), short.tolist())):
        ratio, low, high = triple(bootstrap_speedup(a, b, 400))
        expect(
            np.isclose(ratio * np.median(b), np.median(a)) and low <= ratio <= high and high > low,
            en=f"{len(a)} runs of A, {len(b)} of B: ratio {ratio:.4f}, interval {low:.4f} to {high:.4f}",
            zh=f"A 有 {len(a)} 次、B 有 {len(b)} 次：ratio {ratio:.4f}，区间 {low:.4f} 到 {high:.4f}",
        )
