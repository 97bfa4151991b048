"""What any right answer to topic 08 satisfies: limits of every integer type, and islands in every arrangement."""

import numpy as np

from course_lib.grading import brief, expect, law, raises, unchanged

INTEGERS = (np.int8, np.uint8, np.int16)


def settings(rng, count=4):
    """Yield (dtype, scale, zero point), several per integer type, the zero point never 0."""
    for dtype in INTEGERS:
        limits = np.iinfo(dtype)
        for _ in range(count):
            zero_point = int(rng.integers(limits.min + 40, limits.max - 40))
            yield dtype, float(10.0 ** rng.uniform(-3, 0)), zero_point + (zero_point == 0)


def whole(values):
    """Return what was stored as Python-sized integers, or fail with what came instead."""
    array = np.asarray(values)
    expect(
        array.dtype.kind in "iuf" and np.isfinite(array.astype(np.float64)).all(),
        en=f"encode_input must return an array of numbers; it returned {brief(values)}",
        zh=f"encode_input 应返回数值数组，实际返回 {brief(values)}",
    )
    return array.astype(np.float64)


@law(
    "8A",
    points=3,
    en="what does not fit saturates, it never wraps",
    zh="放不下的值要饱和，绝不回绕",
)
def check_saturates(encode_input, rng):
    for dtype, scale, zp in settings(rng):
        limits = np.iinfo(dtype)
        far = scale * (limits.max - limits.min)
        for value, end in ((far * 1.4, limits.max), (-far * 1.4, limits.min)):
            found = whole(encode_input(np.array([value]), dtype, scale, zp)).ravel()
            expect(
                len(found) == 1 and found[0] == end,
                en=f"{value:.4g} with scale {scale:.4g}, zero point {zp} lies beyond the end of "
                f"{np.dtype(dtype)} and became {brief(found)}; the nearest it can store is {end}",
                zh=f"scale {scale:.4g}、zero_point {zp} 时，{value:.4g} 超出 {np.dtype(dtype)} 的一端，"
                f"结果是 {brief(found)}；能存的最接近的值是 {end}",
            )


@law(
    "8A",
    points=1,
    en="all integers of the type are used, the lowest too",
    zh="类型的每个整数都用上，最小的也不例外",
)
def check_every_integer_is_used(encode_input):
    for dtype in INTEGERS:
        limits = np.iinfo(dtype)
        wanted = np.arange(
            limits.min, limits.max + 1, max(1, (limits.max - limits.min) // 255), dtype=np.int64
        )
        found = whole(encode_input(wanted * 0.5, dtype, 0.5, 0)).ravel()
        expect(
            found.shape == wanted.shape and (found == wanted).all(),
            en=f"{np.dtype(dtype)}, scale 0.5, zero point 0: real values from {wanted[0] / 2:g} to {wanted[-1] / 2:g} "
            f"became integers from {found.min():g} to {found.max():g}; they all fit",
            zh=f"{np.dtype(dtype)}、scale 0.5、zero_point 0：实数 {wanted[0] / 2:g} 到 {wanted[-1] / 2:g} "
            f"变成了整数 {found.min():g} 到 {found.max():g}；它们本来都放得下",
        )


@law("8A", points=1, en="0.0 becomes exactly the zero point", zh="0.0 恰好变成 zero_point")
def check_zero_is_the_zero_point(encode_input, rng):
    for dtype, scale, zp in settings(rng):
        found = whole(encode_input(np.zeros(3, np.float32), dtype, scale, zp)).ravel()
        expect(
            len(found) == 3 and (found == zp).all(),
            en=f"three zeros with zero point {zp} became {brief(found)}",
            zh=f"zero_point 为 {zp} 时，三个 0 变成了 {brief(found)}",
        )


@law(
    "8A",
    points=2,
    en="no value comes back more than half a step away",
    zh="任何值解码后的误差不超过半个台阶",
)
def check_rounds_to_nearest(encode_input, rng):
    for dtype, scale, zp in settings(rng):
        limits = np.iinfo(dtype)
        steps = rng.uniform(limits.min, limits.max, 200)
        x = (scale * (steps - zp)).astype(np.float32)
        found = whole(encode_input(x, dtype, scale, zp)).ravel()
        expect(
            len(found) == len(x),
            en=f"200 values went in, {len(found)} came out",
            zh=f"送入 200 个值，出来 {len(found)} 个",
        )
        away = np.abs(found - (x / scale + zp))
        expect(
            away.max() <= 0.52,
            en=f"{np.dtype(dtype)}: {x[away.argmax()]:.5g} lies at {x[away.argmax()] / scale + zp:.2f} and was stored as "
            f"{found[away.argmax()]:g}",
            zh=f"{np.dtype(dtype)}：{x[away.argmax()]:.5g} 落在 {x[away.argmax()] / scale + zp:.2f}，却存成了 "
            f"{found[away.argmax()]:g}",
        )


@law(
    "8A",
    points=1,
    en="the dtype and the shape are those that the file wants",
    zh="dtype 和形状正是文件要的",
)
def check_dtype_and_shape(encode_input, rng):
    for dtype in INTEGERS:
        x = rng.random((1, 4, 5, 1)).astype(np.float32)
        found = unchanged(encode_input, x, dtype, 1 / 255, 3)
        right = isinstance(found, np.ndarray) and found.dtype == dtype and found.shape == x.shape
        expect(
            right,
            en=f"a picture of shape {x.shape} for a file of {np.dtype(dtype)} became "
            f"{getattr(found, 'dtype', type(found).__name__)} of shape {getattr(found, 'shape', '()')}",
            zh=f"形状 {x.shape} 的图片要送进 {np.dtype(dtype)} 的文件，得到的却是 "
            f"{getattr(found, 'dtype', type(found).__name__)}，形状 {getattr(found, 'shape', '()')}",
        )


@law("8A", points=1, en="a float file gets its values as they are", zh="浮点文件原样收下数值")
def check_float_passes_through(encode_input, rng):
    x = rng.normal(size=(2, 7)) * 300
    found = encode_input(x, np.float32, 0.0, 0)
    expect(
        isinstance(found, np.ndarray)
        and found.dtype == np.float32
        and found.shape == x.shape
        and np.allclose(found, x, rtol=1e-6),
        en=f"scale 0, float32: {x[0, 0]:.4f} and so on came out as {brief(found)}",
        zh=f"scale 为 0、float32：{x[0, 0]:.4f} 等值变成了 {brief(found)}",
    )


@law("8A", points=1, en="NaN is refused with a ValueError", zh="NaN 以 ValueError 拒绝")
def check_nan_is_refused(encode_input):
    for dtype in INTEGERS:
        raises(ValueError, encode_input, np.array([0.5, np.nan, 1.0]), dtype, 0.01, 5)


def islands_of(find_float_islands, ops):
    """Return the islands as lists of ints, or fail with what came instead."""
    found = find_float_islands(ops)
    expect(
        isinstance(found, list | tuple) and all(isinstance(each, list | tuple) for each in found),
        en=f"find_float_islands must return a list of lists of indices; it returned {brief(found)}",
        zh=f"find_float_islands 应返回下标列表的列表，实际返回 {brief(found)}",
    )
    return [[int(index) for index in each] for each in found]


def compare(find_float_islands, ops, wanted):
    """Fail with the graph and what was found in it."""
    found = islands_of(find_float_islands, ops)
    graph = ", ".join(f"{index} {name} {dtype}" for index, (name, dtype) in enumerate(ops))
    expect(found == wanted, en=f"[{graph}] gave {found}", zh=f"[{graph}] 得到 {found}")


@law("8B", points=1, en="no float computation, no island", zh="没有浮点计算，就没有孤岛")
def check_integers_have_none(find_float_islands):
    compare(find_float_islands, [], [])
    compare(
        find_float_islands,
        [("CONV_2D", "int8"), ("ADD", "int16"), ("ARG_MAX", "int64"), ("LESS", "bool")],
        [],
    )
    edges = [("QUANTIZE", "int8"), ("CONV_2D", "int8"), ("DEQUANTIZE", "float32")]
    compare(find_float_islands, edges, [])


@law("8B", points=1, en="adjacent float operators form one island", zh="相邻的浮点算子同属一个孤岛")
def check_adjacent_is_one(find_float_islands):
    compare(
        find_float_islands,
        [("CONV_2D", "float32"), ("RELU", "float32"), ("MEAN", "float32")],
        [[0, 1, 2]],
    )
    compare(find_float_islands, [("CONV_2D", "int8"), ("SIN", "float32"), ("COS", "float32"), ("QUANTIZE", "int8")],
            [[1, 2]])  # fmt: skip


@law(
    "8B",
    points=2,
    en="QUANTIZE and DEQUANTIZE belong to no island",
    zh="QUANTIZE 和 DEQUANTIZE 不属于任何孤岛",
)
def check_conversions_are_no_members(find_float_islands):
    for name in ("SIN", "CUMSUM", "ROUND"):
        ops = [
            ("CONV_2D", "int8"),
            ("DEQUANTIZE", "float32"),
            (name, "float32"),
            ("QUANTIZE", "int8"),
        ]
        compare(find_float_islands, [*ops, ("CONV_2D", "int8")], [[2]])


@law("8B", points=2, en="two islands stay two", zh="两个孤岛就是两个")
def check_two_islands(find_float_islands):
    one = [("DEQUANTIZE", "float32"), ("SIN", "float32"), ("QUANTIZE", "int8")]
    compare(find_float_islands, [*one, ("CONV_2D", "int8"), *one], [[1], [5]])
    compare(find_float_islands, [*one, *one], [[1], [4]])
    compare(
        find_float_islands,
        [("ROUND", "float32"), ("CAST", "int32"), ("SIN", "float32")],
        [[0], [2]],
    )


@law(
    "8B",
    points=2,
    en="a DEQUANTIZE between float operators does not part them",
    zh="浮点算子之间的 DEQUANTIZE 不会把它们分开",
)
def check_dequantize_does_not_part(find_float_islands):
    half = [
        ("DEQUANTIZE", "float32"),
        ("CONV_2D", "float32"),
        ("DEQUANTIZE", "float32"),
        ("CONV_2D", "float32"),
    ]
    compare(find_float_islands, half, [[1, 3]])


@law("8B", points=1, en="float16 is float too", zh="float16 也是浮点")
def check_float16_counts(find_float_islands):
    compare(
        find_float_islands, [("CONV_2D", "int8"), ("EXP", "float16"), ("QUANTIZE", "int8")], [[1]]
    )
    compare(
        find_float_islands,
        [("EXP", "float16"), ("CAST", "float32"), ("SIN", "float32")],
        [[0, 1, 2]],
    )


@law(
    "8B",
    points=1,
    en="every float operator is in one island, in order, to the end",
    zh="直到结尾，每个浮点算子按顺序恰好属于一个孤岛",
)
def check_every_float_operator_is_in_one(find_float_islands, rng):
    kinds = [
        ("SIN", "float32"),
        ("CONV_2D", "int8"),
        ("DEQUANTIZE", "float32"),
        ("QUANTIZE", "int8"),
        ("EXP", "float32"),
    ]
    for length in (5, 12, 30):
        ops = [kinds[k] for k in rng.integers(0, len(kinds), length)] + [("SIN", "float32")]
        found = [index for island in islands_of(find_float_islands, ops) for index in island]
        wanted = [
            k for k, (name, dtype) in enumerate(ops) if dtype == "float32" and name != "DEQUANTIZE"
        ]
        expect(
            found == wanted,
            en=f"{len(ops)} operators: float computation at {wanted}, the islands hold {found}",
            zh=f"{len(ops)} 个算子：浮点计算位于 {wanted}，孤岛里却是 {found}",
        )
