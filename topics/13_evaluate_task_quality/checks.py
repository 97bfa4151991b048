"""What any right answer to topic 13 satisfies: counts, conservation between them, and the exact binomial tail."""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr

from course_lib.grading import brief, expect, law, raises


def answers(rng, n=400, classes=6, skill=0.7):
    """Return labels and predictions of an unbalanced set: classes are often confused, each is right at least once."""
    weights = rng.dirichlet(np.full(classes, 1.5))
    y = rng.choice(classes, n, p=weights)
    guess = np.minimum(y + rng.integers(0, 3, n), classes - 1)  # mistakes lean to higher classes
    p = np.where(rng.random(n) < skill, y, guess)
    return np.append(y, range(classes)), np.append(p, range(classes))


def number(value, what):
    """Return a finite float, or fail with what came instead."""
    ok = isinstance(value, int | float | np.integer | np.floating) and np.isfinite(value)
    expect(ok, en=f"{what} is {brief(value)}; it has to be a finite number",
           zh=f"{what} 是 {brief(value)}，应当是有限的数")  # fmt: skip
    return float(value)


def report(prf, y, p, classes):
    """Return (precision, recall, f1) rows, macro F1 and accuracy, or fail with what is missing."""
    found = prf(y, p, classes)
    keys = {"per_class", "macro_f1", "accuracy"}
    expect(isinstance(found, dict) and keys <= set(found),
           en=f"prf must return a dict with per_class, macro_f1 and accuracy; it returned {type(found).__name__}"
           + (f" with the keys {sorted(map(str, found))}" if isinstance(found, dict) else ""),
           zh="prf 应返回含 per_class、macro_f1、accuracy 的 dict；实际返回 "
           + (f"键为 {sorted(map(str, found))} 的 dict" if isinstance(found, dict) else type(found).__name__))  # fmt: skip
    per_class = found["per_class"]
    sized = hasattr(per_class, "__len__") and len(per_class) == classes
    expect(
        sized,
        en=f"per_class must hold all {classes} classes",
        zh=f"per_class 应包含全部 {classes} 个类别",
    )
    rows = []
    for label in range(classes):
        row = per_class[label]
        triple = hasattr(row, "__len__") and not isinstance(row, dict | str) and len(row) == 3
        expect(triple, en=f"per_class[{label}] is {brief(row)}, not (precision, recall, f1)",
               zh=f"per_class[{label}] 是 {brief(row)}，而不是 (precision, recall, f1)")  # fmt: skip
        parts = zip(("precision", "recall", "F1"), row, strict=True)
        rows.append([number(value, f"{name} of class {label}") for name, value in parts])
    return (
        np.array(rows),
        number(found["macro_f1"], "macro_f1"),
        number(found["accuracy"], "accuracy"),
    )


@law("13A", points=2, en="precision divides by what was claimed, recall by what was there",
     zh="精确率除以“说了多少”，召回率除以“本来有多少”")  # fmt: skip
def check_precision_and_recall(prf, rng):
    for _ in range(5):
        y, p = answers(rng)
        rows, _, _ = report(prf, y, p, 6)
        for label in range(6):
            hits, claimed, there = (
                np.sum((y == label) & (p == label)),
                np.sum(p == label),
                np.sum(y == label),
            )
            precision, recall, _ = rows[label]
            # Checked as products: precision * claimed = hits = recall * there holds for every class.
            expect(
                np.isclose(precision * claimed, hits) and np.isclose(recall * there, hits),
                en=f"class {label}: predicted {claimed} times, present {there} times, {hits} hits; "
                f"you say precision {precision:.4f}, recall {recall:.4f}",
                zh=f"类别 {label}：预测了 {claimed} 次，实有 {there} 个，命中 {hits} 个；"
                f"你给出 precision {precision:.4f}、recall {recall:.4f}",
            )


@law(
    "13A",
    points=2,
    en="F1 is the harmonic mean of precision and recall",
    zh="F1 是精确率与召回率的调和平均",
)
def check_harmonic_mean(prf, rng):
    for skill in (0.4, 0.7):
        y, p = answers(rng, skill=skill)
        rows, _, _ = report(prf, y, p, 6)
        for label, (precision, recall, f1) in enumerate(rows):
            expect(
                np.isclose(f1 * (precision + recall), 2 * precision * recall),
                en=f"class {label}: precision {precision:.4f} and recall {recall:.4f} do not make F1 {f1:.4f}",
                zh=f"类别 {label}：precision {precision:.4f}、recall {recall:.4f} 算不出 F1 {f1:.4f}",
            )
    y, p = np.array([0] * 9 + [1] * 2), np.array([0] * 10 + [1])
    (precision, recall, f1), _ = report(prf, y, p, 2)[0]
    expect(min(precision, recall) <= f1 <= max(precision, recall) and np.isclose(f1, 18 / 19),
           en=f"nine images are class 0 and ten are claimed to be, those nine among them: F1 of class 0 came out as {f1:.4f}",
           zh=f"类别 0 有九个，预测为 0 的有十个（含这九个）：类别 0 的 F1 得到 {f1:.4f}")  # fmt: skip


@law("13A", points=2, en="a class that is never predicted, or never there, scores 0 and poisons nothing",
     zh="从未被预测、或从未出现的类别记 0，不会污染其他结果")  # fmt: skip
def check_empty_classes(prf):
    y = np.array([0, 0, 1, 1, 3, 3, 3])
    p = np.array([0, 2, 1, 1, 0, 1, 1])  # 2 is never there, 3 never predicted, 4 neither
    rows, macro, _ = report(prf, y, p, 5)
    for label, why in ((2, "never present"), (3, "never predicted"), (4, "neither")):
        expect(not rows[label].any(), en=f"class {label} is {why}, yet its row is {rows[label].tolist()}",
               zh=f"类别 {label} 没有命中，得到的却是 {rows[label].tolist()}")  # fmt: skip
    expect(rows[0].all() and rows[1].all() and macro > 0,
           en=f"classes 0 and 1 do have hits, yet the report says {rows[:2].tolist()} and macro F1 {macro:.4f}",
           zh=f"类别 0 和 1 有命中，结果却是 {rows[:2].tolist()}，macro F1 为 {macro:.4f}")  # fmt: skip


@law("13A", points=2, en="macro F1 averages over all n classes, empty ones included",
     zh="macro F1 对全部 n 个类别取平均，空类别也算")  # fmt: skip
def check_macro_counts_every_class(prf, rng):
    y, p = answers(rng, classes=4)
    rows, six, _ = report(prf, y, p, 6)  # two classes that nobody ever saw
    _, four, _ = report(prf, y, p, 4)
    expect(
        np.isclose(6 * six, 4 * four) and six > 0,
        en=f"the same answers, told that there are 4 classes: {four:.4f}; told that there are 6: {six:.4f}",
        zh=f"同样的答案，n_classes = 4 时得 {four:.4f}，n_classes = 6 时得 {six:.4f}",
    )
    expect(np.isclose(six, rows[:, 2].mean()), en=f"macro F1 {six:.4f} is not the mean of your class F1s",
           zh=f"macro F1 {six:.4f} 不是各类 F1 的平均")  # fmt: skip


@law("13A", points=1, en="macro F1 is the mean of the F1s, not the F1 of the means",
     zh="macro F1 是各类 F1 的平均，不是平均精确率与平均召回率的 F1")  # fmt: skip
def check_mean_of_f1(prf):
    y, p = (
        np.array([0] * 90 + [1] * 10),
        np.array([0] * 50 + [1] * 50),
    )  # precise and forgetful; the reverse
    rows, macro, _ = report(prf, y, p, 2)
    expect(
        np.isclose(macro, rows[:, 2].mean()) and macro > 0,
        en=f"class F1s {rows[0, 2]:.4f} and {rows[1, 2]:.4f}, but macro F1 {macro:.4f}",
        zh=f"各类 F1 为 {rows[0, 2]:.4f} 和 {rows[1, 2]:.4f}，macro F1 却是 {macro:.4f}",
    )


@law("13A", points=1, en="accuracy is the share of right answers, and a perfect report is all ones",
     zh="accuracy 是答对的比例；全对时全是 1")  # fmt: skip
def check_accuracy(prf, rng):
    y, p = answers(rng)
    _, _, accuracy = report(prf, y.tolist(), p.tolist(), 6)
    expect(np.isclose(accuracy * len(y), np.sum(y == p)),
           en=f"{np.sum(y == p)} of {len(y)} answers are right; accuracy came out as {accuracy:.4f}",
           zh=f"{len(y)} 个答案对了 {np.sum(y == p)} 个，accuracy 得到 {accuracy:.4f}")  # fmt: skip
    for labels, classes in (([2, 0, 1, 2], 3), ([0, 0, 0], 1)):
        rows, macro, accuracy = report(prf, labels, labels, classes)
        expect(np.allclose(rows, 1) and np.isclose(macro, 1) and np.isclose(accuracy, 1),
               en=f"every answer right, {classes} class(es): rows {rows.tolist()}, macro {macro}, accuracy {accuracy}",
               zh=f"全部答对、{classes} 个类别：{rows.tolist()}，macro {macro}，accuracy {accuracy}")  # fmt: skip


def outcomes(regressions, fixes, both_right=20, both_wrong=5):
    """Return (ref_ok, new_ok) with these four counts."""
    ref = [True] * (regressions + both_right) + [False] * (fixes + both_wrong)
    new = [False] * regressions + [True] * (both_right + fixes) + [False] * both_wrong
    return np.array(ref), np.array(new)


def verdict(mcnemar_exact, ref, new):
    """Return (regressions, fixes, p_value), or fail with what is missing."""
    found = mcnemar_exact(ref, new)
    keys = {"regressions", "fixes", "p_value"}
    expect(isinstance(found, dict) and keys <= set(found),
           en=f"mcnemar_exact must return a dict with regressions, fixes and p_value; it returned {brief(found)}",
           zh=f"mcnemar_exact 应返回含 regressions、fixes、p_value 的 dict；实际返回 {brief(found)}")  # fmt: skip
    counts = [number(found[key], key) for key in ("regressions", "fixes")]
    p = number(found["p_value"], "p_value")
    return int(counts[0]), int(counts[1]), p


def exact(regressions, fixes):
    """Return the two-sided p-value of a fair coin by SciPy's binomial distribution function."""
    return min(1.0, 2 * bdtr(min(regressions, fixes), regressions + fixes, 0.5))


def agrees(p, regressions, fixes):
    """Fail unless p is the exact value for these counts."""
    expect(
        np.isclose(p, exact(regressions, fixes), rtol=1e-6, atol=1e-300),
        en=f"{regressions} regressions and {fixes} fixes: p = {p:.6g} is not what a fair coin gives",
        zh=f"{regressions} 个由对变错、{fixes} 个由错变对：p = {p:.6g}，与公平硬币的结果不符",
    )


@law("13B", points=2, en="regressions are what the new file broke, fixes what it mended",
     zh="regressions 是新文件弄坏的，fixes 是它修好的")  # fmt: skip
def check_counts(mcnemar_exact, rng):
    for _ in range(5):
        wanted = rng.integers(0, 30, 4)
        wanted[0] += 31  # more broken than mended, so that a swap shows
        ref, new = outcomes(*(int(count) for count in wanted))
        order = rng.permutation(len(ref))
        regressions, fixes, _ = verdict(mcnemar_exact, ref[order], new[order])
        expect(
            (regressions, fixes) == tuple(wanted[:2]),
            en=f"{len(ref)} images, {wanted[0]} of them broken and {wanted[1]} mended; "
            f"you count {regressions} regressions and {fixes} fixes",
            zh=f"{len(ref)} 张图片，{wanted[0]} 张由对变错，{wanted[1]} 张由错变对；"
            f"你数出 regressions = {regressions}、fixes = {fixes}",
        )


@law(
    "13B",
    points=1,
    en="identical verdicts give p = 1, whatever they are",
    zh="两边完全一致时 p = 1",
)
def check_identical(mcnemar_exact):
    for ref in ([True, True, False, True], [False] * 6, [True]):
        regressions, fixes, p = verdict(mcnemar_exact, ref, ref)
        expect((regressions, fixes) == (0, 0) and p == 1,
               en=f"the same verdicts twice, {ref}: got {regressions}, {fixes} and p = {p}",
               zh=f"两次结果相同 {ref}：得到 {regressions}、{fixes}，p = {p}")  # fmt: skip


@law("13B", points=2, en="the test is two-sided: 10 against 0 gives 2/1024",
     zh="检验是双侧的：10 比 0 得 2/1024")  # fmt: skip
def check_two_sided(mcnemar_exact):
    for worse, better, wanted in ((10, 0, 2 / 1024), (0, 10, 2 / 1024), (5, 1, 14 / 64)):
        p = verdict(mcnemar_exact, *outcomes(worse, better))[2]
        expect(np.isclose(p, wanted), en=f"{worse} regressions against {better} fixes gave p = {p:.6g}",
               zh=f"{worse} 个由对变错、{better} 个由错变对，p = {p:.6g}")  # fmt: skip


@law("13B", points=1, en="it is exact for small counts, where the chi-square approximation is not",
     zh="小计数下结果精确，而卡方近似不精确")  # fmt: skip
def check_exact(mcnemar_exact, rng):
    for _ in range(12):
        worse, better = (int(count) for count in rng.integers(0, 25, 2))
        agrees(verdict(mcnemar_exact, *outcomes(worse, better))[2], worse, better)


@law("13B", points=1, en="swapping the files swaps the counts and leaves p alone",
     zh="交换两个文件，计数互换，p 不变")  # fmt: skip
def check_symmetric(mcnemar_exact, rng):
    for _ in range(6):
        ref, new = outcomes(*(int(count) for count in rng.integers(1, 20, 2)))
        one, other = verdict(mcnemar_exact, ref, new), verdict(mcnemar_exact, new, ref)
        expect(one[:2] == other[1::-1] and np.isclose(one[2], other[2]) and 0 < one[2] <= 1,
               en=f"{one[0]} against {one[1]} gives p = {one[2]:.6g}; swapped, p = {other[2]:.6g}",
               zh=f"{one[0]} 比 {one[1]} 得 p = {one[2]:.6g}；交换之后 p = {other[2]:.6g}")  # fmt: skip


@law(
    "13B",
    points=1,
    en="as many regressions as fixes give p = 1, not more",
    zh="由对变错与由错变对一样多时 p = 1，不会更大",
)
def check_never_above_one(mcnemar_exact):
    for count in (1, 2, 7, 40):
        p = verdict(mcnemar_exact, *outcomes(count, count))[2]
        expect(np.isclose(p, 1) and p <= 1, en=f"{count} regressions and {count} fixes gave p = {p:.6g}",
               zh=f"{count} 个由对变错、{count} 个由错变对，p = {p:.6g}")  # fmt: skip


@law("13B", points=1, en="images on which both agree change nothing, and thousands of flips are no problem",
     zh="两边一致的图片不影响结果；几千个翻转也能算")  # fmt: skip
def check_only_flips_count(mcnemar_exact):
    few = [verdict(mcnemar_exact, *outcomes(14, 4, both, both // 2))[2] for both in (0, 10, 3000)]
    expect(np.allclose(few, few[0]) and 0 < few[0] < 1,
           en=f"14 regressions, 4 fixes, and 0, 15 or 4,500 images on which both agree: p = {few}",
           zh=f"14 个由对变错、4 个由错变对，两边一致的图片为 0、15、4500 张：p = {few}")  # fmt: skip
    for worse, better in ((1260, 1200), (2600, 2480)):
        agrees(verdict(mcnemar_exact, *outcomes(worse, better))[2], worse, better)


@law(
    "13B", points=1, en="two lists of different length are refused", zh="长度不同的两组结果会被拒绝"
)
def check_lengths(mcnemar_exact):
    for ref, new in (([True, False, True], [True, False]), ([True], [True, False, True, True])):
        raises(ValueError, mcnemar_exact, ref, new)
