"""What any right answer to topic 17 satisfies: laws on random weights and multipliers, and LiteRT on a small file."""

import ast
from functools import cache
from pathlib import Path

import numpy as np

from course_lib.core import Artifact
from course_lib.evaluation.runtime import open_interpreter
from course_lib.grading import brief, expect, law, raises, source
from course_lib.inspection import inspect

REFEREE = Path(__file__).parent / "referee" / "dense_int8.tflite"


def kernels(rng):
    """Yield weights as layers have them: dense, convolution, depthwise; channels of very different size."""
    for shape, axis in (((12, 40), 0), ((8, 3, 3, 5), 0), ((1, 3, 3, 7), 3)):
        sizes = 10.0 ** rng.uniform(-2.5, 1.0, shape[axis])
        yield rng.normal(size=shape) * aligned(sizes, len(shape), axis), axis


def aligned(values, ndim, axis):
    """Return a vector with ones around it, so that it multiplies along the axis."""
    shape = [1] * ndim
    shape[axis] = -1
    return np.reshape(values, shape)


def stored(answer, W, axis, call):
    """Return (q, s per slice) of an answer, or fail with what came instead."""
    pair = isinstance(answer, tuple | list) and len(answer) == 2
    expect(
        pair,
        en=f"{call} must return (q, s); it returned {brief(answer)}",
        zh=f"{call} 应返回 (q, s)，实际返回 {brief(answer)}",
    )
    q, s = np.asarray(answer[0]), np.asarray(answer[1], dtype=np.float64)
    expect(
        q.dtype == np.int8 and q.shape == W.shape,
        en=f"{call}: q has dtype {q.dtype} and shape {q.shape}; it has to be int8 of shape {W.shape}",
        zh=f"{call}：q 的类型是 {q.dtype}、形状是 {q.shape}；应为 int8、{W.shape}",
    )
    count = 1 if axis is None else W.shape[axis]
    expect(
        s.size == count and np.isfinite(s).all() and (s > 0).all(),
        en=f"{call}: s is {brief(answer[1])}; {count} positive number(s) are needed, one per slice",
        zh=f"{call}：s 是 {brief(answer[1])}；应为 {count} 个正数，每个切片一个",
    )
    return q.astype(np.int64), s.ravel()


def by_slice(q, axis):
    """Return the array with one row per slice along the axis."""
    return np.moveaxis(q, axis, 0).reshape(q.shape[axis], -1)


@law("17A", points=2, en="the largest weight of every channel becomes ±127 (at 4 bits ±7)",
     zh="每个通道里绝对值最大的权重对应 ±127（4 位时为 ±7）")  # fmt: skip
def check_channels_reach_the_limit(quantize_weights_per_axis, rng):
    for W, axis in kernels(rng):
        for bits, limit in ((8, 127), (4, 7)):
            q, _ = stored(
                quantize_weights_per_axis(W, axis, bits), W, axis, f"axis={axis}, bits={bits}"
            )
            peaks = np.abs(by_slice(q, axis)).max(1)
            expect(
                (peaks == limit).all(),
                en=f"bits={bits}: the largest |q| of the channels are {peaks.tolist()}",
                zh=f"bits={bits}：各通道最大的 |q| 是 {peaks.tolist()}",
            )


@law(
    "17A",
    points=2,
    en="no weight comes back more than half a step away",
    zh="任何权重还原后的误差不超过半个步长",
)
def check_half_a_step(quantize_weights_per_axis, rng):
    for W, axis in kernels(rng):
        q, s = stored(quantize_weights_per_axis(W, axis), W, axis, f"axis={axis}")
        worst = np.max(np.abs(W - q * aligned(s, W.ndim, axis)) / aligned(s, W.ndim, axis))
        expect(
            worst <= 0.5 + 1e-4,
            en=f"some weight comes back {worst:.3f} steps away",
            zh=f"有权重还原后偏了 {worst:.3f} 个步长",
        )


@law("17A", points=1, en="−128 is never used", zh="从不使用 −128")
def check_minus_128_is_unused(quantize_weights_per_axis, rng):
    for _ in range(5):
        W = rng.normal(size=(6, 30))
        W[:, 7] = -1.2 * np.abs(W).max(1)  # the largest weight of each channel is negative
        for bits, limit in ((8, 127), (4, 7)):
            q, _ = stored(quantize_weights_per_axis(W, 0, bits), W, 0, f"bits={bits}")
            expect(
                q.min() >= -limit and q.any(),
                en=f"bits={bits}: q runs from {q.min()} to {q.max()}; the narrow range is symmetric",
                zh=f"bits={bits}：q 的范围是 {q.min()} 到 {q.max()}；窄范围应当对称",
            )


@law("17A", points=2, en="a dead channel gets scale 1 and zeros, and spoils no other",
     zh="死通道的 scale 为 1、q 全零，也不影响别的通道")  # fmt: skip
def check_dead_channel(quantize_weights_per_axis, rng):
    W = rng.normal(size=(5, 3, 3, 4))
    W[2] = 0.0
    q, s = stored(quantize_weights_per_axis(W), W, 0, "a channel of zeros")
    expect(
        s[2] == 1 and not q[2].any(),
        en=f"channel 2 holds only zeros; its scale is {s[2]:g} and its largest |q| {np.abs(q[2]).max()}",
        zh=f"通道 2 全是零，得到的 scale 是 {s[2]:g}，最大的 |q| 是 {np.abs(q[2]).max()}",
    )
    expect(
        q[[0, 1, 3, 4]].any(axis=(1, 2, 3)).all(),
        en="beside a dead channel another channel became all zeros",
        zh="有了死通道之后，别的通道也变成了全零",
    )
    nothing = np.zeros((3, 4))
    q, s = stored(quantize_weights_per_axis(nothing, None), nothing, None, "all zeros, axis=None")
    expect(
        s[0] == 1 and not q.any(),
        en=f"a tensor of zeros with axis=None has scale {s[0]:g}",
        zh=f"全零张量、axis=None 时 scale 是 {s[0]:g}",
    )


@law("17A", points=2, en="the axis is the one that was asked for, counted from either end",
     zh="按指定的 axis 逐通道，也可从末尾数")  # fmt: skip
def check_axis(quantize_weights_per_axis, rng):
    W = rng.normal(size=(4, 5, 6)) * rng.uniform(0.1, 10, (4, 5, 6))
    for axis in (0, 1, 2, -1):
        q, s = stored(quantize_weights_per_axis(W, axis), W, axis, f"axis={axis}")
        peaks = np.abs(by_slice(W, axis)).max(1) / 127
        expect(
            np.allclose(s, peaks, rtol=1e-4),
            en=f"axis={axis} of shape {W.shape}: the scales are {brief(s)}, the largest weights ask for others",
            zh=f"形状 {W.shape}、axis={axis}：scale 为 {brief(s)}，与各切片的最大权重不符",
        )
        moved, _ = stored(
            quantize_weights_per_axis(np.moveaxis(W, axis, 0)), np.moveaxis(W, axis, 0), 0, "moved"
        )
        expect(
            np.abs(np.moveaxis(q, axis, 0) - moved).max() <= 1,
            en=f"axis={axis}: moving that axis to the front first gives other integers",
            zh=f"axis={axis}：先把该轴移到最前，得到的整数却不同",
        )


@law("17A", points=1, en="axis=None means one scale, which is never better than one per channel",
     zh="axis=None 表示全张量一个 scale，误差不会比逐通道更小")  # fmt: skip
def check_one_scale(quantize_weights_per_axis, rng):
    for W, axis in kernels(rng):
        q, s = stored(quantize_weights_per_axis(W, None), W, None, "axis=None")
        coarse = np.mean((W - s[0] * q) ** 2)
        q, s = stored(quantize_weights_per_axis(W, axis), W, axis, f"axis={axis}")
        fine = np.mean((W - q * aligned(s, W.ndim, axis)) ** 2)
        expect(
            fine < coarse,
            en=f"mean squared error {fine:.3e} per channel, {coarse:.3e} with one scale",
            zh=f"逐通道的均方误差是 {fine:.3e}，单一 scale 是 {coarse:.3e}",
        )


def integer(value):
    """Tell whether a value is a whole number of an integer type."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def multiplier(quantize_multiplier, M):
    """Return (m0, shift) as Python integers, or fail with what came instead."""
    found = quantize_multiplier(M)
    ok = isinstance(found, tuple | list) and len(found) == 2 and all(map(integer, found))
    expect(
        ok,
        en=f"quantize_multiplier({M!r}) gave {brief(found)}, not two integers",
        zh=f"quantize_multiplier({M!r}) 返回 {brief(found)}，而不是两个整数",
    )
    return int(found[0]), int(found[1])


def fixed(M):
    """Return a law's own (m0, shift) arrays for multipliers well inside the usual range."""
    fraction, shift = np.frexp(np.asarray(M, np.float64))
    return np.minimum(np.rint(fraction * 2**31), 2**31 - 1).astype(np.int64), shift.astype(np.int64)


def exact(xq, zx, wq, bq, mult, shift, zo):
    """Return the real numbers that a layer rounds, before clamping. Double precision is far finer than a step."""
    acc = (xq.astype(np.int64) - zx) @ wq.astype(np.int64).T + bq
    return acc * (np.asarray(mult) * 2.0 ** (np.asarray(shift) - 31.0)) + zo


def layer(rng, n=7, k=40, m=5, size=0.7):
    """Return the arguments of a random layer whose outputs use most of int8 and seldom leave it."""
    xq = rng.integers(-128, 128, (n, k), dtype=np.int8)
    wq = rng.integers(-127, 128, (m, k), dtype=np.int8)
    bq = rng.integers(-20_000, 20_000, m, dtype=np.int32)
    zx, zo = int(rng.integers(-128, 128)), int(rng.integers(-20, 20))
    spread = np.abs((xq.astype(np.int64) - zx) @ wq.astype(np.int64).T + bq).max(0)
    mult, shift = fixed(size * 100 / spread)
    return xq, zx, wq, bq, mult, shift, zo


def answer(qlinear_int8, arguments):
    """Return the learner's int8 outputs as int64, or fail with what came instead."""
    found = np.asarray(qlinear_int8(*arguments))
    shape = (len(arguments[0]), len(arguments[2]))
    expect(
        found.dtype == np.int8 and found.shape == shape,
        en=f"the layer returned {found.dtype} of shape {found.shape}; int8 of shape {shape} is needed",
        zh=f"该层返回 {found.dtype}、形状 {found.shape}；应为 int8、{shape}",
    )
    return found.astype(np.int64)


@law("17B", points=2, en="m0 has 31 bits, and m0 · 2^(shift − 31) is M to the last of them",
     zh="m0 有 31 位，且 m0 · 2^(shift − 31) 与 M 一致到最后一位")  # fmt: skip
def check_multiplier_is_normalised(quantize_multiplier, rng):
    for M in 2.0 ** rng.uniform(-28, 3, 60):
        m0, shift = multiplier(quantize_multiplier, float(M))
        expect(
            2**30 <= m0 < 2**31,
            en=f"M = {M:.6g}: m0 is {m0:,}, outside [2^30, 2^31)",
            zh=f"M = {M:.6g}：m0 是 {m0:,}，不在 [2^30, 2^31) 内",
        )
        off = abs(m0 * 2.0 ** (shift - 31) / M - 1)
        expect(
            off <= 2.0**-31 * 1.001,
            en=f"M = {M:.6g}: m0 = {m0:,} and shift = {shift} stand for a number that is off by a factor of 1 + {off:.3g}",
            zh=f"M = {M:.6g}：m0 = {m0:,}、shift = {shift} 所表示的数，相对误差为 {off:.3g}",
        )


@law("17B", points=1, en="0, 1, just below 1, far too small, and nonsense are handled",
     zh="0、1、略小于 1、过小和无意义的 M 都处理得当")  # fmt: skip
def check_multiplier_edges(quantize_multiplier):
    for M in (1.0 - 2.0**-40, 0.5 - 2.0**-45, 1.0, 2.0, 5.75, 2.0**-30):
        m0, shift = multiplier(quantize_multiplier, M)
        expect(
            2**30 <= m0 < 2**31 and np.isclose(m0 * 2.0 ** (shift - 31), M, rtol=2.0**-30),
            en=f"M = {M!r} gave m0 = {m0:,}, shift = {shift}",
            zh=f"M = {M!r} 得到 m0 = {m0:,}、shift = {shift}",
        )
    for M in (0.0, 2.0**-40):
        found = multiplier(quantize_multiplier, M)
        expect(
            found == (0, 0),
            en=f"M = {M!r} gave {found}, not (0, 0)",
            zh=f"M = {M!r} 得到 {found}，而不是 (0, 0)",
        )
    for M in (-0.25, float("nan"), float("inf")):
        raises(ValueError, quantize_multiplier, M)


@cache
def referee():
    """Return the referee's interpreter, and the numbers that its file holds."""
    file = Artifact.load(REFEREE)
    graph = inspect(file).subgraphs[0]
    op = graph.operators[0]
    x, w, b = (graph.tensors[index] for index in op.inputs)
    y = graph.tensors[op.outputs[0]]
    constants = [
        np.frombuffer(file.content[t.span[0] : t.span[1]], t.dtype).reshape(t.shape) for t in (w, b)
    ]
    scale = [t.quantization.scale.astype(np.float64) for t in (x, w, y)]
    zero = [int(t.quantization.zero_point[0]) for t in (x, y)]
    return open_interpreter(file), *constants, scale[0] * scale[1] / scale[2], zero


@law(
    "17B",
    points=2,
    en="a whole layer is within one step of LiteRT",
    zh="整层的结果与 LiteRT 相差不超过一个台阶",
)
def check_matches_litert(quantize_multiplier, qlinear_int8, rng):
    interpreter, wq, bq, M, (zx, zo) = referee()
    mult, shift = np.array([multiplier(quantize_multiplier, float(m)) for m in M]).T
    xq = rng.integers(-128, 128, (60, wq.shape[1]), dtype=np.int8)
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], xq.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], xq)
    interpreter.invoke()
    wanted = interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).astype(np.int64)
    found = answer(qlinear_int8, (xq, zx, wq, bq, mult, shift, zo))
    gap = np.abs(found - wanted)
    expect(
        gap.max() <= 1,
        en=f"{np.mean(gap > 1):.0%} of the outputs are more than one step from LiteRT's, the furthest {gap.max()} steps",
        zh=f"{np.mean(gap > 1):.0%} 的输出与 LiteRT 相差超过一个台阶，最远 {gap.max()} 个",
    )


@law(
    "17B",
    points=1,
    en="sums and products are wide enough for the largest inputs",
    zh="求和与乘积的位宽容得下最大的输入",
)
def check_wide_enough(qlinear_int8, rng):
    for k in (3, 200, 3000):
        _, zx, _, bq, _, _, zo = layer(rng)
        xq = np.full((2, k), 127, np.int8)
        wq = np.repeat(np.array([[127], [-127], [64], [-3], [1]], np.int8), k, axis=1)
        xq[1] = -128
        mult, shift = fixed(np.full(5, 100 / (255 * 127 * k)))
        arguments = (xq, zx, wq, bq, mult, shift, zo)
        found, wanted = answer(qlinear_int8, arguments), np.clip(exact(*arguments), -128, 127)
        off = np.abs(found - wanted).max()
        expect(
            off < 1,
            en=f"{k} products of the largest integers: an output is {off:.0f} steps from where it should be",
            zh=f"{k} 个最大整数的乘积求和：有输出偏了 {off:.0f} 个台阶",
        )


@law(
    "17B",
    points=1,
    en="scaling rounds to the nearest integer, above and below zero",
    zh="缩放时舍入到最近的整数，正负都如此",
)
def check_rounds_to_nearest(qlinear_int8, rng):
    off = []
    for _ in range(6):
        arguments = layer(rng, n=30)
        wanted = exact(*arguments)
        inside = np.abs(wanted) < 120
        off.append((answer(qlinear_int8, arguments) - wanted)[inside])
    off = np.concatenate(off)
    expect(
        np.abs(off).max() < 0.76 and abs(off.mean()) < 0.08,
        en=f"before clamping the outputs are {off.mean():+.2f} steps off on average, at most {np.abs(off).max():.2f}: "
        "rounding to the nearest would give about 0 and 0.5",
        zh=f"截断之前，输出平均偏 {off.mean():+.2f} 个台阶，最多 {np.abs(off).max():.2f}：舍入到最近应约为 0 和 0.5",
    )


@law(
    "17B",
    points=1,
    en="what does not fit saturates at −128 and 127",
    zh="装不下的值饱和到 −128 和 127",
)
def check_saturates(qlinear_int8, rng):
    for _ in range(4):
        arguments = layer(rng, size=5.0)
        wanted = exact(*arguments)
        found = answer(qlinear_int8, arguments)
        high, low = wanted > 128, wanted < -129
        expect(
            (found[high] == 127).all() and (found[low] == -128).all(),
            en=f"{high.sum()} outputs do not fit above, the smallest of them came out as {found[high].min(initial=127)}; "
            f"{low.sum()} do not fit below, the largest came out as {found[low].max(initial=-128)}",
            zh=f"{high.sum()} 个输出超出上限，其中最小的得到 {found[high].min(initial=127)}；"
            f"{low.sum()} 个超出下限，其中最大的得到 {found[low].max(initial=-128)}",
        )


@law(
    "17B",
    points=1,
    en="mult and shift may be one number, or one per output",
    zh="mult 和 shift 可以是一个数，也可以每个输出一个",
)
def check_one_multiplier_per_output(qlinear_int8, rng):
    for n, m in ((6, 6), (4, 3)):  # as many rows as outputs: a wrong broadcast would not be noticed
        arguments = layer(rng, n=n, m=m)
        off = np.abs(answer(qlinear_int8, arguments) - np.clip(exact(*arguments), -128, 127)).max()
        expect(
            off < 1,
            en=f"{n} rows, one multiplier for each of {m} outputs: {off:.0f} steps off",
            zh=f"{n} 行、{m} 个输出各有乘数：偏了 {off:.0f} 个台阶",
        )
        xq, zx, wq, bq, mult, shift, zo = arguments
        one = (xq, zx, wq, bq, int(mult[0]), int(shift.min()), zo)
        off = np.abs(answer(qlinear_int8, one) - np.clip(exact(*one), -128, 127)).max()
        expect(
            off < 1,
            en=f"{n} rows, one multiplier for all: {off:.0f} steps off",
            zh=f"{n} 行、全部共用一个乘数：偏了 {off:.0f} 个台阶",
        )


DTYPES = {
    "float",
    "float16",
    "float32",
    "float64",
    "double",
    "single",
    "half",
    "longdouble",
    "f4",
    "f8",
}
ROUNDERS = {"round", "around", "rint", "floor", "ceil", "trunc", "divide", "true_divide", "ldexp"}


def float_in(text):
    """Return the first floating-point operation in a function's source, or None. A variable may be called `half`."""
    lines = text.splitlines()
    indent = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    for node in ast.walk(ast.parse("\n".join(line[indent:] for line in lines))):
        match node:
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                return "/"
            case ast.Constant(value=float() as number):
                return repr(number)
            case ast.Constant(value=str() as name) if name in DTYPES:
                return repr(name)
            case ast.Attribute(attr=name) | ast.Call(func=ast.Name(id=name)) if (
                name in DTYPES | ROUNDERS
            ):
                return name
            case ast.Name(id="float"):
                return "float"
    return None


@law(
    "17B", points=1, en="qlinear_int8 contains no floating point", zh="qlinear_int8 里没有浮点运算"
)
def check_no_float(qlinear_int8, rng):
    arguments = layer(rng)
    found = answer(qlinear_int8, arguments)
    inside = float_in(source(qlinear_int8))
    expect(
        inside is None,
        en=f"qlinear_int8 uses {inside}; a microcontroller without a float unit cannot run that",
        zh=f"qlinear_int8 用到了 {inside}；没有浮点单元的 MCU 跑不了",
    )
    off = np.abs(found - np.clip(exact(*arguments), -128, 127)).max()
    expect(
        off < 1,
        en=f"no float, but an output is {off:.0f} steps off",
        zh=f"没有浮点，但有输出偏了 {off:.0f} 个台阶",
    )
