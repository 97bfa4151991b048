"""What any right answer to topic 05 satisfies: a schedule by its shape, a mask by its count and its order."""

import numpy as np

from course_lib.grading import brief, expect, law, raises, unchanged

# (s_i, s_f, begin, end)
SCHEDULES = ((0.1, 0.9, 0, 100), (0.25, 0.8, 40, 240), (0.5, 0.95, 1000, 1010))


def sparsity_at(polynomial_sparsity, step, schedule, power=3):
    """Return the learner's sparsity as a float, or fail with what came instead."""
    got = polynomial_sparsity(step, *schedule, power)
    ok = isinstance(got, int | float | np.integer | np.floating) and np.isfinite(got)
    expect(
        ok,
        en=f"at step {step} of {schedule} the sparsity is {brief(got)}: not a number",
        zh=f"{schedule} 在第 {step} 步的稀疏度是 {brief(got)}：不是一个数",
    )
    return float(got)


@law("5A", points=2, en="it starts at s_i and ends at s_f", zh="始于 s_i，终于 s_f")
def check_ends(polynomial_sparsity):
    for schedule in SCHEDULES:
        for step, wanted in ((schedule[2], schedule[0]), (schedule[3], schedule[1])):
            got = sparsity_at(polynomial_sparsity, step, schedule)
            expect(
                np.isclose(got, wanted, atol=1e-6),
                en=f"(s_i, s_f, begin, end) = {schedule}: at step {step} the sparsity is {got:.4g}",
                zh=f"(s_i, s_f, begin, end) = {schedule}：第 {step} 步的稀疏度是 {got:.4g}",
            )


@law(
    "5A",
    points=2,
    en="before begin it is s_i, after end it is s_f",
    zh="begin 之前是 s_i，end 之后是 s_f",
)
def check_constant_outside(polynomial_sparsity):
    for schedule in SCHEDULES:
        width = schedule[3] - schedule[2]
        cases = (
            (schedule[2] - width, schedule[0]),
            (schedule[2] - 1, schedule[0]),
            (schedule[3] + 1, schedule[1]),
            (schedule[3] + 3 * width, schedule[1]),
        )
        for step, wanted in cases:
            got = sparsity_at(polynomial_sparsity, step, schedule)
            expect(
                np.isclose(got, wanted, atol=1e-6),
                en=f"(s_i, s_f, begin, end) = {schedule}: at step {step} the sparsity is {got:.4g}",
                zh=f"(s_i, s_f, begin, end) = {schedule}：第 {step} 步的稀疏度是 {got:.4g}",
            )


@law(
    "5A",
    points=3,
    en="what is still to prune shrinks as (time left) to the power",
    zh="剩余待剪的量按（剩余时间）的 power 次方缩小",
)
def check_what_is_left(polynomial_sparsity):
    for power in (1, 2, 3, 5):
        for schedule in SCHEDULES:
            s_i, s_f, begin, end = schedule
            for tenths in (2, 5, 9):
                step = begin + (end - begin) * tenths // 10
                left = (s_f - sparsity_at(polynomial_sparsity, step, schedule, power)) / (s_f - s_i)
                expect(
                    np.isclose(left, (1 - tenths / 10) ** power, atol=1e-6),
                    en=f"power {power}, {schedule}: with {10 - tenths} tenths of the time left, {left:.4f} of the "
                    "pruning is still to come",
                    zh=f"power 为 {power}，{schedule}：还剩十分之 {10 - tenths} 的时间，却还有 {left:.4f} 的量要剪",
                )


@law(
    "5A",
    points=2,
    en="it never falls, and it is fast early and slow late",
    zh="从不下降，而且先快后慢",
)
def check_fast_first(polynomial_sparsity):
    for schedule in SCHEDULES[:2]:
        steps = np.linspace(schedule[2], schedule[3], 11).astype(int)
        values = np.array([sparsity_at(polynomial_sparsity, int(step), schedule) for step in steps])
        gains = np.diff(values)
        expect(
            (gains >= -1e-9).all() and (np.diff(gains) <= 1e-9).all() and gains[0] > 0,
            en=f"{schedule}: in ten equal parts of the time the sparsity grows by {brief(gains.round(3))}",
            zh=f"{schedule}：把时间十等分，稀疏度依次增加 {brief(gains.round(3))}",
        )


@law(
    "5A",
    points=1,
    en="a schedule that does not end after its begin is refused",
    zh="end 不晚于 begin 时应拒绝",
)
def check_end_after_begin(polynomial_sparsity):
    for begin, end in ((10, 10), (10, 5)):
        for step in (0, 10, 20):
            raises(ValueError, polynomial_sparsity, step, 0.0, 0.8, begin, end)


def mask_of(magnitude_mask, w, sparsity):
    """Return the learner's mask, or fail with what has the wrong form."""
    mask = np.asarray(magnitude_mask(w, sparsity))
    expect(
        mask.dtype == bool and mask.shape == w.shape,
        en=f"w has shape {w.shape}; a boolean mask of that shape was expected, got {brief(mask)}",
        zh=f"w 的形状是 {w.shape}；应返回同样形状的布尔掩码，得到 {brief(mask)}",
    )
    return mask


@law(
    "5B",
    points=1,
    en="a boolean mask in w's shape, and w stays as it was",
    zh="布尔掩码，形状与 w 相同；w 保持不变",
)
def check_form(magnitude_mask, rng):
    for shape in ((40,), (6, 10), (3, 3, 4, 5)):
        w = rng.normal(size=shape).astype(np.float32)
        unchanged(magnitude_mask, w, 0.5)
        mask = mask_of(magnitude_mask, w, 0.5)
        expect(
            mask.any() and not mask.all(),
            en=f"half of {w.size} weights should go; the mask keeps {mask.sum()}",
            zh=f"{w.size} 个权重应去掉一半；掩码保留了 {mask.sum()} 个",
        )


@law(
    "5B",
    points=3,
    en="exactly round(sparsity * n) weights go, ties or not",
    zh="恰好去掉 round(sparsity * n) 个权重，有无并列都一样",
)
def check_exact_count(magnitude_mask, rng):
    cases = {
        ("no two alike", "互不相同"): rng.normal(size=(7, 11)),
        ("all equal", "全部相等"): np.full((8, 8), -0.3, np.float32),
        ("int8 levels", "int8 的台阶"): rng.integers(-3, 4, (20, 15)).astype(np.float32),
        ("half are zero already", "一半本来就是零"): rng.normal(size=(10, 10))
        * (rng.random((10, 10)) < 0.5),
    }
    for (name, chinese), w in cases.items():
        for sparsity in (0.01, 0.3, 0.66, 0.8, 0.99):
            gone = int(np.sum(~mask_of(magnitude_mask, w, sparsity)))
            expect(
                gone == round(sparsity * w.size),
                en=f"{name}: sparsity {sparsity} of {w.size} weights dropped {gone}",
                zh=f"{chinese}：{w.size} 个权重、稀疏度 {sparsity}，去掉了 {gone} 个",
            )


@law(
    "5B",
    points=2,
    en="no weight that goes is larger in magnitude than one that stays",
    zh="去掉的权重，绝对值都不大于留下的",
)
def check_largest_stay(magnitude_mask, rng):
    for w in (
        rng.normal(size=(9, 14)),
        -rng.gamma(1.0, size=50),
        rng.normal(size=(3, 3, 2, 6)) - 2,
    ):
        for sparsity in (0.25, 0.5, 0.9):
            mask = mask_of(magnitude_mask, w, sparsity)
            kept, gone = np.abs(w[mask]), np.abs(w[~mask])
            expect(
                kept.size > 0 and gone.size > 0 and kept.min() >= gone.max(),
                en=f"sparsity {sparsity}: a weight of magnitude {gone.max(initial=0):.4g} went while one of "
                f"{kept.min(initial=9):.4g} stayed",
                zh=f"稀疏度 {sparsity}：绝对值 {gone.max(initial=0):.4g} 的被去掉，{kept.min(initial=9):.4g} 的却留下了",
            )


@law(
    "5B",
    points=2,
    en="of equal magnitudes the lower index goes first",
    zh="绝对值相同时，下标小的先去掉",
)
def check_ties_by_index(magnitude_mask, rng):
    for w in (np.full(60, 0.5), np.where(rng.random((6, 10)) < 0.5, -1.0, 1.0)):
        for sparsity in (0.2, 0.5, 0.75):
            flat = mask_of(magnitude_mask, w, sparsity).ravel()
            expect(
                not flat.all() and flat[np.argmax(flat) :].all(),
                en=f"{w.size} weights of one magnitude, sparsity {sparsity}: index {int(np.argmax(flat))} stays "
                f"and {int(np.sum(~flat[np.argmax(flat) :]))} later ones go",
                zh=f"{w.size} 个绝对值相同的权重、稀疏度 {sparsity}：下标 {int(np.argmax(flat))} 留下，"
                f"它之后却去掉了 {int(np.sum(~flat[np.argmax(flat) :]))} 个",
            )


@law(
    "5B",
    points=1,
    en="sparsity 0 keeps everything, 1 keeps nothing",
    zh="稀疏度 0 全部保留，1 一个不留",
)
def check_all_or_nothing(magnitude_mask, rng):
    for w in (rng.normal(size=(5, 6)), np.array([0.0, 0.0, 1.0, -2.0])):
        kept = [int(mask_of(magnitude_mask, w, s).sum()) for s in (0.0, 1.0)]
        expect(
            kept == [w.size, 0],
            en=f"{brief(w)}: sparsity 0 keeps {kept[0]} of {w.size} weights, sparsity 1 keeps {kept[1]}",
            zh=f"{brief(w)}：稀疏度 0 保留 {w.size} 个中的 {kept[0]} 个，稀疏度 1 保留 {kept[1]} 个",
        )


@law(
    "5B",
    points=1,
    en="a sparsity outside [0, 1], or NaN, is refused",
    zh="稀疏度不在 [0, 1] 内或是 NaN 时应拒绝",
)
def check_sparsity_is_a_share(magnitude_mask, rng):
    w = rng.normal(size=20)
    for sparsity in (-0.1, 1.5, 80, float("nan")):
        raises(ValueError, magnitude_mask, w, sparsity)
