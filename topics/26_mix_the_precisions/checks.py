"""What any right answer to topic 26 satisfies: the bits of a format, and an optimum that enumeration confirms."""

from itertools import product

import ml_dtypes
import numpy as np

from course_lib.grading import brief, expect, law, unchanged

LARGEST = 0x7F7F0000  # the largest finite bfloat16, as float32 bits


def floats(patterns):
    """Return float32 values by their bits."""
    return np.array(patterns, np.uint32).view(np.float32)


def rounded(to_bf16, x):
    """Call the learner's function; return a float32 array of the shape that went in."""
    got = unchanged(to_bf16, x)
    expect(
        isinstance(got, np.ndarray) and got.dtype == np.float32 and got.shape == x.shape,
        en=f"a float32 array of shape {x.shape} went in; {brief(got)} came back",
        zh=f"输入是形状 {x.shape} 的 float32 数组，返回的是 {brief(got)}",
    )
    return got


def same(to_bf16, x, en, zh):
    """Fail at the first value that the bfloat16 of ml_dtypes rounds differently, down to the sign of zero."""
    got = rounded(to_bf16, x)
    with np.errstate(over="ignore"):
        wanted = x.astype(ml_dtypes.bfloat16).astype(np.float32)
    wrong = np.flatnonzero(got.view(np.uint32) != wanted.view(np.uint32))
    if wrong.size:
        at = wrong[0]
        seen = f"{x[at]:.9g} (bits {x.view(np.uint32)[at]:08x}) -> {got[at]:.9g} (bits {got.view(np.uint32)[at]:08x})"
        expect(False, en=f"{seen}: {en}", zh=f"{seen}：{zh}")


@law("26A", points=2, en="the lower sixteen bits are clear, and no value moves by more than a step",
     zh="低 16 位全为零，且任何值的移动都不超过一个台阶")  # fmt: skip
def check_is_a_bfloat16(to_bf16, rng):
    x = (rng.normal(size=(20, 30)) * 10.0 ** rng.integers(-30, 30, (20, 30))).astype(np.float32)
    got = rounded(to_bf16, x)
    dirty = int(np.count_nonzero(got.view(np.uint32) & 0xFFFF))
    expect(
        dirty == 0,
        en=f"{dirty} of {x.size} results use bits that a bfloat16 does not have",
        zh=f"{x.size} 个结果中有 {dirty} 个用到了 bfloat16 没有的位",
    )
    with np.errstate(all="ignore"):
        worst = float(np.max(np.abs(got.astype(float) - x) / np.abs(x.astype(float))))
    expect(
        worst <= 2**-7,
        en=f"some value moved by {100 * worst:.3g} %; with eight significant bits no step is that wide",
        zh=f"有的值移动了 {100 * worst:.3g}%；8 位有效数字的台阶没有这么宽",
    )


@law(
    "26A",
    points=2,
    en="every value goes to the nearest bfloat16",
    zh="每个值都舍入到最近的 bfloat16",
)
def check_nearest(to_bf16, rng):
    x = rng.normal(size=5000).astype(np.float32)
    x = x[(x.view(np.uint32) & 0xFFFF) != 0x8000]  # ties have a law of their own
    same(to_bf16, x, "there is a nearer one", "还有更近的")


@law(
    "26A",
    points=2,
    en="a tie goes to the neighbour whose last bit is 0",
    zh="正好居中时，取末位为 0 的那个邻居",
)
def check_ties_to_even(to_bf16, rng):
    upper = rng.integers(0x0080, 0x7F00, 400).astype(np.uint32)
    sign = rng.integers(0, 2, 400).astype(np.uint32) << np.uint32(31)
    x = floats((upper << np.uint32(16)) | np.uint32(0x8000) | sign)
    same(
        to_bf16,
        x,
        "this lies exactly between two bfloat16; the even one is right",
        "它正好在两个 bfloat16 中间，应取偶数",
    )


@law("26A", points=2, en="NaN stays NaN, infinity stays infinity", zh="NaN 仍是 NaN，无穷仍是无穷")
def check_nan_and_infinity(to_bf16):
    nan = floats([0x7FC00000, 0x7F800001, 0xFF800001, 0x7FFFFFFF, 0xFFFFFFFF, 0x7F80FFFF])
    got = rounded(to_bf16, nan)
    for before, after in zip(nan.view(np.uint32), got, strict=True):
        expect(
            np.isnan(after),
            en=f"the NaN with bits {before:08x} became {after:.4g}",
            zh=f"位模式为 {before:08x} 的 NaN 变成了 {after:.4g}",
        )
    same(to_bf16, floats([0x7F800000, 0xFF800000]), "infinity has to stay", "无穷应保持不变")


@law("26A", points=1, en="what lies beyond the largest bfloat16 rounds to infinity, and not before the midpoint",
     zh="超出最大 bfloat16 的值舍入到无穷，但过了中点才算")  # fmt: skip
def check_overflow(to_bf16):
    values = floats(
        [0x7F7FFFFF, 0xFF7FFFFF, LARGEST | 0x8000, LARGEST | 0x7FFF, LARGEST, 0xFF7F7FFF]
    )
    same(
        to_bf16,
        values,
        "compare with the largest finite bfloat16, 3.39e38",
        "请与最大的有限 bfloat16（3.39e38）比较",
    )


@law("26A", points=1, en="subnormal numbers are rounded like all others, and zero keeps its sign",
     zh="次正规数照常舍入，零保留符号")  # fmt: skip
def check_small_numbers(to_bf16, rng):
    tiny = floats(rng.integers(0x00010001, 0x007FFFFF, 200).astype(np.uint32))
    same(
        to_bf16,
        np.concatenate([tiny, -tiny, floats([0x80000000, 0, 1])]),
        "a small number is a number too",
        "小数也是数",
    )


def problem(rng, layers, widths=(2, 4, 8), top=300):
    """Return sizes, error tables with menus of their own, and a budget between the smallest and the largest choice."""
    sizes = [int(n) for n in rng.integers(10, top, layers)]
    err = []
    for _ in sizes:
        menu = sorted(
            rng.choice(widths, int(rng.integers(2, len(widths) + 1)), replace=False).tolist()
        )
        damage = np.sort(rng.gamma(1.0, size=len(menu)))[::-1]
        err.append({int(bits): float(e) for bits, e in zip(menu, damage, strict=True)})
    low = sum(n * min(menu) for n, menu in zip(sizes, err, strict=True))
    high = sum(n * max(menu) for n, menu in zip(sizes, err, strict=True))
    return sizes, err, int(low + rng.uniform(0.1, 0.9) * (high - low))


def used(sizes, choice):
    """Return the bits that a choice takes."""
    return sum(n * bits for n, bits in zip(sizes, choice, strict=True))


def damage(err, choice):
    """Return the summed error of a choice."""
    return sum(menu[bits] for menu, bits in zip(err, choice, strict=True))


def allocated(allocate_bits, sizes, err, budget):
    """Call the learner's function; return a choice that exists and fits, or fail."""
    got = unchanged(allocate_bits, sizes, err, budget)
    expect(
        isinstance(got, tuple | list) and len(got) == len(sizes),
        en=f"{len(sizes)} layers and a budget that can be met gave {brief(got)}: one number of bits a layer is wanted",
        zh=f"{len(sizes)} 层、预算可行，却得到 {brief(got)}：每层应给出一个位宽",
    )
    for place, (bits, menu) in enumerate(zip(got, err, strict=True)):
        expect(
            bits in menu,
            en=f"layer {place} may have {sorted(menu)} bits; it was given {bits!r}",
            zh=f"第 {place} 层可选的位宽是 {sorted(menu)}，却给了 {bits!r}",
        )
    total = used(sizes, got)
    expect(
        total <= budget,
        en=f"the choice {brief(tuple(got))} takes {total:,} bits, the budget is {budget:,}",
        zh=f"方案 {brief(tuple(got))} 占 {total:,} 位，预算是 {budget:,} 位",
    )
    return got


def close(a, b):
    """Tell whether two sums of errors are the same number."""
    return bool(np.isclose(a, b, rtol=1e-9, atol=1e-12))


@law("26B", points=2, en="every layer gets a width of its own menu, and the whole fits into the budget",
     zh="每层的位宽都来自自己的菜单，总量不超预算")  # fmt: skip
def check_fits(allocate_bits, rng):
    for layers in (1, 3, 5, 8):
        allocated(allocate_bits, *problem(rng, layers))


@law(
    "26B",
    points=3,
    en="no other choice that fits has a smaller summed error",
    zh="没有别的可行方案总误差更小",
)
def check_optimal(allocate_bits, rng):
    for _ in range(20):
        sizes, err, budget = problem(rng, int(rng.integers(2, 6)))
        got = allocated(allocate_bits, sizes, err, budget)
        best = min(
            (c for c in product(*err) if used(sizes, c) <= budget), key=lambda c: damage(err, c)
        )
        expect(
            close(damage(err, got), damage(err, best)),
            en=f"sizes {sizes}, budget {budget}: {tuple(got)} has error {damage(err, got):.4g}; another choice that "
            f"fits has {damage(err, best):.4g}",
            zh=f"各层权重数 {sizes}，预算 {budget}：{tuple(got)} 的误差是 {damage(err, got):.4g}；"
            f"另有可行方案只有 {damage(err, best):.4g}",
        )


@law("26B", points=2, en="None exactly when nothing fits; a budget that is met to the last bit is met",
     zh="当且仅当没有可行方案时返回 None；预算刚好用完也算满足")  # fmt: skip
def check_infeasible(allocate_bits, rng):
    for layers in (1, 4):
        sizes, err, _ = problem(rng, layers)
        least = sum(n * min(menu) for n, menu in zip(sizes, err, strict=True))
        got = allocated(allocate_bits, sizes, err, least)
        expect(
            used(sizes, got) == least,
            en=f"the smallest choice takes {least} bits, and so many were allowed; it gave {brief(got)}",
            zh=f"最小方案占 {least} 位，预算也正好这么多；得到 {brief(got)}",
        )
        got = allocate_bits(sizes, err, least - 1)
        expect(
            got is None,
            en=f"the smallest choice takes {least} bits, the budget was {least - 1}; it gave {brief(got)}",
            zh=f"最小方案占 {least} 位，预算只有 {least - 1}；得到 {brief(got)}",
        )


@law("26B", points=1, en="with room for everything each layer has its smallest error, be that at fewer bits",
     zh="预算充足时每层都取误差最小的位宽，哪怕那不是最大的位宽")  # fmt: skip
def check_room_for_all(allocate_bits, rng):
    sizes, err, _ = problem(rng, 6)
    err[2] = {4: 0.01, 8: 0.05}  # measured errors are not monotone
    err[4] = {2: 0.9, 4: 0.02, 8: 0.03}
    enough = sum(n * max(menu) for n, menu in zip(sizes, err, strict=True))
    for budget in (enough, 2 * enough):
        got = allocated(allocate_bits, sizes, err, budget)
        expect(
            close(damage(err, got), sum(min(menu.values()) for menu in err)),
            en=f"the menus {brief(err)} and room for all of it gave {tuple(got)}",
            zh=f"菜单 {brief(err)}，预算足够，得到 {tuple(got)}",
        )


@law("26B", points=2, en="twenty-four layers with four widths are solved exactly, within seconds",
     zh="二十四层、每层四种位宽，几秒内求得精确解")  # fmt: skip
def check_many_layers(allocate_bits, rng):
    sizes, err, _ = problem(rng, 24, (2, 3, 4, 8), 200)
    sizes = [8 * (1 + n // 8) for n in sizes]
    low = sum(n * min(menu) for n, menu in zip(sizes, err, strict=True))
    budget = int(low + 0.35 * sum(n * (max(m) - min(m)) for n, m in zip(sizes, err, strict=True)))
    got = allocated(allocate_bits, sizes, err, budget)
    best = least_error(sizes, err, budget)
    expect(
        damage(err, got) <= best * (1 + 1e-9),
        en=f"24 layers: the error is {damage(err, got):.5g}, and {best:.5g} fits into the same budget",
        zh=f"24 层：误差为 {damage(err, got):.5g}，而同样的预算可以做到 {best:.5g}",
    )


def least_error(sizes, err, budget):
    """Return the least error for every budget in units of 8 bits, of which the last is wanted."""
    table = np.zeros(budget // 8 + 1)
    for n, menu in zip(sizes, err, strict=True):
        options = []
        for bits, e in menu.items():
            shifted = np.full_like(table, np.inf)
            cells = n * bits // 8
            if cells < len(table):
                shifted[cells:] = table[: len(table) - cells] + e
            options.append(shifted)
        table = np.min(options, axis=0)
    return float(table[-1])
