"""What any right answer to topic 27 satisfies: an even grid with zero on it, and a gradient in which nothing is lost."""

import numpy as np

from course_lib.grading import brief, expect, law, raises, unchanged


def grid(mn, mx, bits, narrow=False):
    """Return (scale, lowest, highest) of the nudged grid."""
    first, last = int(narrow), 2**bits - 1
    scale = (mx - mn) / (last - first)
    zero = min(max(round(first - mn / scale), first), last)
    return scale, scale * (first - zero), scale * (last - zero)


def ranges(rng, bits, count=8, narrow=False):
    """Yield ranges around zero whose zero point is not near a tie."""
    while count:
        size = 10.0 ** rng.uniform(-2, 2)
        mn, mx = -size * rng.uniform(0.1, 1), size * rng.uniform(0.1, 1)
        first = int(narrow)
        exact = first - mn / ((mx - mn) / (2**bits - 1 - first))
        if abs(exact % 1 - 0.5) > 0.1:
            count -= 1
            yield float(mn), float(mx)


def named(mn, mx, bits, narrow=False):
    """Return the arguments as a reader would write them."""
    return f"mn={mn:.4g}, mx={mx:.4g}, bits={bits}" + (", narrow=True" if narrow else "")


def forward(fake_quant, x, *rest):
    """Call the learner's function; return an array of real numbers in the shape of x, or fail."""
    got = unchanged(fake_quant, x, *rest)
    expect(
        isinstance(got, np.ndarray) and got.shape == x.shape and got.dtype.kind in "fiu",
        en=f"an array of shape {x.shape} went in; {brief(got)} came back",
        zh=f"输入是形状 {x.shape} 的数组，返回的是 {brief(got)}",
    )
    return got.astype(np.float64)


@law("27A", points=3, en="inside the range every value goes to the nearest of at most 2**bits levels",
     zh="范围内每个值都落到最近的台阶上，台阶最多 2**bits 个")  # fmt: skip
def check_nearest_level(fake_quant, rng):
    for bits in (2, 3, 4, 8):
        for mn, mx in ranges(rng, bits):
            scale, low, high = grid(mn, mx, bits)
            x = rng.uniform(low, high, (25, 40)).astype(np.float32)
            y = forward(fake_quant, x, mn, mx, bits)
            levels = np.unique(np.round(y / scale, 3)).size
            expect(
                levels <= 2**bits,
                en=f"{named(mn, mx, bits)}: {levels} different values; {bits} bits tell {2**bits} apart",
                zh=f"{named(mn, mx, bits)}：出现 {levels} 个不同的值；{bits} 位只能区分 {2**bits} 个",
            )
            worst = float(np.max(np.abs(y - x)) / scale)
            expect(
                worst < 0.501,
                en=f"{named(mn, mx, bits)}: a value inside the range moved by {worst:.3f} steps",
                zh=f"{named(mn, mx, bits)}：范围内有值移动了 {worst:.3f} 个台阶",
            )


@law(
    "27A",
    points=2,
    en="0.0 comes back as 0.0, whatever the range",
    zh="无论范围如何，0.0 往返后仍是 0.0",
)
def check_zero_is_zero(fake_quant, rng):
    for bits in (2, 4, 8):
        for mn, mx in [*ranges(rng, bits), (1.0, 3.0), (-3.0, -1.0)]:
            scale, low, high = grid(mn, mx, bits)
            x = np.array([0.0, low + 0.3 * (high - low)], np.float32)
            zero, inside = forward(fake_quant, x, mn, mx, bits)
            expect(
                abs(zero) <= 1e-5 * scale,
                en=f"{named(mn, mx, bits)}: 0.0 came back as {zero:.4g}, {abs(zero) / scale:.2f} steps away",
                zh=f"{named(mn, mx, bits)}：0.0 变成了 {zero:.4g}，偏了 {abs(zero) / scale:.2f} 个台阶",
            )
            expect(
                abs(inside - x[1]) < 0.501 * scale,
                en=f"{named(mn, mx, bits)}: {x[1]:.4g} came back as {inside:.4g}, with steps of {scale:.4g}",
                zh=f"{named(mn, mx, bits)}：{x[1]:.4g} 变成了 {inside:.4g}，而台阶只有 {scale:.4g}",
            )


@law("27A", points=2, en="the range is moved as a whole: its width stays, its ends lie on the grid",
     zh="范围整体平移：宽度不变，两端落在台阶上")  # fmt: skip
def check_range_is_nudged(fake_quant, rng):
    for bits in (2, 3, 8):
        for mn, mx in [*ranges(rng, bits), (1.0, 3.0), (-3.0, -1.0), (2.0, 2.5)]:
            scale, low, high = grid(mn, mx, bits)
            far = np.array([-1e6, 1e6], np.float32)
            got = forward(fake_quant, far, mn, mx, bits)
            expect(
                np.allclose(got, [low, high], atol=1e-4 * scale),
                en=f"{named(mn, mx, bits)}: values far outside ended at {got[0]:.5g} and {got[1]:.5g}, a width of "
                f"{(got[1] - got[0]) / scale:.2f} steps around zero",
                zh=f"{named(mn, mx, bits)}：远在范围之外的值落在 {got[0]:.5g} 和 {got[1]:.5g}，"
                f"宽度为 {(got[1] - got[0]) / scale:.2f} 个台阶",
            )


@law("27A", points=1, en="narrow leaves out one level, and then a symmetric range keeps both of its ends",
     zh="narrow 去掉一个台阶，于是对称范围的两端都能精确表示")  # fmt: skip
def check_narrow(fake_quant, rng):
    for bits in (2, 3, 8):
        for size in rng.uniform(0.5, 5, 4):
            x = np.linspace(-size, size, 2001).astype(np.float32)
            y = forward(fake_quant, x, -float(size), float(size), bits, True)
            levels = np.unique(np.round(y / size, 5)).size
            expect(
                levels == 2**bits - 1
                and np.allclose([y[0], y[1000], y[-1]], [-size, 0, size], atol=1e-5),
                en=f"{named(-size, size, bits, True)}: {levels} levels from {y[0]:.5g} to {y[-1]:.5g}, and 0 became "
                f"{y[1000]:.3g}",
                zh=f"{named(-size, size, bits, True)}：{levels} 个台阶，从 {y[0]:.5g} 到 {y[-1]:.5g}，0 变成 {y[1000]:.3g}",
            )


@law("27A", points=1, en="a second pass changes nothing", zh="再量化一次，结果不变")
def check_idempotent(fake_quant, rng):
    for bits in (3, 8):
        for mn, mx in ranges(rng, bits):
            scale = grid(mn, mx, bits)[0]
            x = rng.uniform(1.2 * mn, 1.2 * mx, 300).astype(np.float32)
            once = forward(fake_quant, x, mn, mx, bits)
            twice = forward(fake_quant, once.astype(np.float32), mn, mx, bits)
            moved = float(np.max(np.abs(twice - once)) / scale)
            expect(
                moved < 1e-3 and not np.allclose(once, x, atol=1e-3 * scale),
                en=f"{named(mn, mx, bits)}: the second pass moved a value by {moved:.3g} steps",
                zh=f"{named(mn, mx, bits)}：第二次又移动了 {moved:.3g} 个台阶",
            )


@law("27A", points=1, en="a reversed range or NaN is refused; mn = mx = 0 gives zeros",
     zh="颠倒的范围或 NaN 被拒绝；mn = mx = 0 时全为零")  # fmt: skip
def check_edges(fake_quant):
    x = np.array([-1.0, 0.0, 2.0], np.float32)
    for mn, mx in ((1.0, -1.0), (float("nan"), 1.0), (-1.0, float("nan"))):
        raises(ValueError, fake_quant, x, mn, mx)
    got = forward(fake_quant, x, 0.0, 0.0)
    expect(not got.any(), en=f"mn = mx = 0 gave {brief(got)}", zh=f"mn = mx = 0 得到 {brief(got)}")


def backward(fake_quant_grad, g, x, *rest):
    """Call the learner's function; return (gx, gmin, gmax), or fail."""
    got = unchanged(fake_quant_grad, g, x, *rest)
    ok = isinstance(got, tuple | list) and len(got) == 3
    expect(ok, en=f"wanted are three things, gx, gmin and gmax; {brief(got)} came back",
           zh=f"应返回 gx、gmin、gmax 三个值，实际返回 {brief(got)}")  # fmt: skip
    gx = np.asarray(got[0], np.float64)
    expect(gx.shape == x.shape, en=f"x has shape {x.shape}, gx has {gx.shape}",
           zh=f"x 的形状是 {x.shape}，gx 却是 {gx.shape}")  # fmt: skip
    gmin, gmax = (np.asarray(part, np.float64) for part in got[1:])
    expect(gmin.size == 1 and gmax.size == 1, en=f"gmin and gmax are numbers; they came as {brief(got[1:])}",
           zh=f"gmin 和 gmax 应是数，得到 {brief(got[1:])}")  # fmt: skip
    return gx, float(gmin.ravel()[0]), float(gmax.ravel()[0])


def apart(rng, mn, mx, bits, narrow, shape):
    """Return gradients and values on both sides of the range's ends, none within a hundredth of a step of them."""
    scale, low, high = grid(mn, mx, bits, narrow)
    x = rng.uniform(low - (high - low), high + (high - low), shape)
    for end in (low, high):
        x = np.where(np.abs(x - end) < 0.01 * scale, x + 0.05 * scale, x)
    return rng.normal(size=shape).astype(np.float32), x.astype(np.float32), low, high


def cases(rng, count=4):
    """Yield settings with the gradients and values for them."""
    for bits in (2, 4, 8):
        for narrow in (False, True):
            for mn, mx in ranges(rng, bits, count, narrow):
                yield (mn, mx, bits, narrow), apart(rng, mn, mx, bits, narrow, (6, 50))


@law("27B", points=2, en="inside the range the gradient passes as it is", zh="范围内梯度原样通过")
def check_inside_passes(fake_quant_grad, rng):
    for setting, (g, x, low, high) in cases(rng):
        gx, _, _ = backward(fake_quant_grad, g, x, *setting)
        inside = (x > low) & (x < high)
        off = int(np.sum(~np.isclose(gx[inside], g[inside], rtol=1e-5, atol=1e-7)))
        expect(
            off == 0,
            en=f"{named(*setting)}: {off} of {inside.sum()} gradients inside the range were changed",
            zh=f"{named(*setting)}：范围内 {inside.sum()} 个梯度有 {off} 个被改动",
        )


@law("27B", points=2, en="outside it x gets no gradient", zh="范围外 x 得不到梯度")
def check_outside_is_zero(fake_quant_grad, rng):
    for setting, (g, x, low, high) in cases(rng):
        gx, _, _ = backward(fake_quant_grad, g, x, *setting)
        outside = (x < low) | (x > high)
        expect(
            not gx[outside].any(),
            en=f"{named(*setting)}: {np.count_nonzero(gx[outside])} clipped values still have a gradient",
            zh=f"{named(*setting)}：有 {np.count_nonzero(gx[outside])} 个被截断的值仍有梯度",
        )


@law(
    "27B",
    points=2,
    en="what is below pulls at mn, what is above at mx",
    zh="低于下端的梯度归 mn，高于上端的归 mx",
)
def check_range_gradients(fake_quant_grad, rng):
    for setting, (g, x, low, high) in cases(rng):
        _, gmin, gmax = backward(fake_quant_grad, g, x, *setting)
        wanted = [float(g[x < low].astype(float).sum()), float(g[x > high].astype(float).sum())]
        expect(
            np.allclose([gmin, gmax], wanted, rtol=1e-4, atol=1e-4),
            en=f"{named(*setting)}: {np.sum(x < low)} values lie below the range and {np.sum(x > high)} above; "
            f"gmin = {gmin:.4g} and gmax = {gmax:.4g} are not what they bring",
            zh=f"{named(*setting)}：低于范围的有 {np.sum(x < low)} 个，高于的有 {np.sum(x > high)} 个；"
            f"gmin = {gmin:.4g}、gmax = {gmax:.4g} 与它们带来的不符",
        )


@law(
    "27B",
    points=2,
    en="the nudged range decides, not mn and mx",
    zh="起作用的是微调后的范围，而不是 mn 和 mx",
)
def check_nudged_range_decides(fake_quant_grad, rng):
    for bits in (2, 3):
        for mn, mx in [*ranges(rng, bits, 6), (1.0, 3.0)]:
            _, low, high = grid(mn, mx, bits)
            ends = [(mn + low) / 2, (mx + high) / 2]  # between the asked and the nudged end
            x, g = np.array(ends, np.float32), np.ones(2, np.float32)
            gx, _, _ = backward(fake_quant_grad, g, x, mn, mx, bits)
            wanted = [float(low <= ends[0] <= high), float(low <= ends[1] <= high)]
            expect(
                gx.tolist() == wanted,
                en=f"{named(mn, mx, bits)}: x = {ends[0]:.4g} and {ends[1]:.4g} got the gradients {gx.tolist()}; the "
                "grid does not end at mn and mx",
                zh=f"{named(mn, mx, bits)}：x = {ends[0]:.4g} 和 {ends[1]:.4g} 的梯度是 {gx.tolist()}；"
                "台阶的两端并不在 mn 和 mx",
            )


@law(
    "27B",
    points=1,
    en="a value exactly at an end of the grid is inside",
    zh="正好在台阶端点上的值算范围内",
)
def check_ends_are_inside(fake_quant_grad):
    for bits, mn, mx in ((8, -4.0, 3.96875), (3, -1.0, 0.75), (2, -0.25, 0.5)):  # exact in binary
        x, g = np.array([mn, mx], np.float32), np.array([3.0, 5.0], np.float32)
        gx, gmin, gmax = backward(fake_quant_grad, g, x, mn, mx, bits)
        expect(
            gx.tolist() == [3.0, 5.0] and gmin == gmax == 0,
            en=f"{named(mn, mx, bits)}: at the ends the gradients 3 and 5 became {gx.tolist()}, gmin {gmin:g}, "
            f"gmax {gmax:g}",
            zh=f"{named(mn, mx, bits)}：端点处的梯度 3 和 5 变成 {gx.tolist()}，gmin {gmin:g}，gmax {gmax:g}",
        )


@law("27B", points=1, en="nothing is lost: gx, gmin and gmax add up to the incoming gradient",
     zh="梯度不会丢：gx、gmin、gmax 之和等于传入的梯度之和")  # fmt: skip
def check_nothing_is_lost(fake_quant_grad, rng):
    for setting, (g, x, _, _) in cases(rng, 2):
        gx, gmin, gmax = backward(fake_quant_grad, g, x, *setting)
        total, wanted = gx.sum() + gmin + gmax, float(g.astype(float).sum())
        expect(
            np.isclose(total, wanted, rtol=1e-4, atol=1e-3),
            en=f"{named(*setting)}: {wanted:.4g} came in, {total:.4g} was handed on",
            zh=f"{named(*setting)}：传入总和 {wanted:.4g}，传出总和 {total:.4g}",
        )
