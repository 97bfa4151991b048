"""What any right answer to topic 15 satisfies: prices that add up, and counts that are the file's own."""

from functools import cache
from pathlib import Path

import numpy as np

from course_lib.grading import brief, expect, law, raises
from course_lib.inspection import inspect

REFEREE = Path(__file__).with_name("referee")
PARTS = ("compute", "weights", "activations")
FIELDS = ("op", "macs", "weight_bytes", "activation_bytes")
FILES = (
    "block_float32",
    "chain_float32",
    "block_int8",
    "chain_int8",
    "block_int4",
    "chain_int4",
    "block_batch4",
)


def priced(answer, call):
    """Return the four energies as floats, or fail with what came instead."""
    ok = isinstance(answer, dict) and {*PARTS, "total"} <= answer.keys()
    expect(ok, en=f"{call} must return a dict with compute, weights, activations and total; it returned {brief(answer)}",
           zh=f"{call} 应返回含 compute、weights、activations、total 的字典，实际返回 {brief(answer)}")  # fmt: skip
    return {key: float(answer[key]) for key in (*PARTS, "total")}


def layer(rng):
    """Return random counts of multiplications, weights and activations of a layer."""
    return tuple(int(each) for each in 10 ** rng.uniform(3, 8, 3))


@law(
    "15A",
    points=2,
    en="the total is the sum of three parts, none of them zero",
    zh="总能耗等于三部分之和，且每部分都不为零",
)
def check_total_is_the_sum(energy_uj, rng):
    for dtype in ("float32", "float16", "int8"):
        found = priced(energy_uj(*layer(rng), dtype), f"energy_uj(..., {dtype!r})")
        added = sum(found[part] for part in PARTS)
        expect(
            0 < min(found.values()) <= max(found.values()) < np.inf
            and np.isclose(found["total"], added, rtol=1e-6),
            en=f"{dtype}: the parts {brief([found[part] for part in PARTS])} add up to {added:.6g}, "
            f"total says {found['total']:.6g}",
            zh=f"{dtype}：三部分 {brief([found[part] for part in PARTS])} 之和为 {added:.6g}，total 是 {found['total']:.6g}",
        )


@law("15A", points=2, en="a multiply-accumulate is one multiplication and one addition in the accumulator's type",
     zh="一次乘加等于一次乘法加一次累加器类型的加法")  # fmt: skip
def check_arithmetic_is_a_multiply_and_an_add(energy_uj, rng):
    macs = int(rng.integers(1, 9)) * 1_000_000
    for dtype, low, high in (
        ("float32", 4.59, 4.61),
        ("float16", 1.49, 1.51),
        ("int8", 0.299, 0.301),
    ):
        each = priced(energy_uj(macs, 10, 10, dtype), "energy_uj")["compute"] / macs * 1e6
        expect(
            low <= each <= high,
            en=f"{dtype}: {macs:,} multiply-accumulates give {each:.4g} pJ each; look at both columns of the table "
            "and at the type of the accumulator",
            zh=f"{dtype}：{macs:,} 次乘加，折合每次 {each:.4g} pJ；请看表里的两列，以及累加器的类型",
        )


@law("15A", points=2, en="traffic is priced by bytes: 64 bits hold two float32 or eight int8 values",
     zh="搬运按字节计价：64 位能装两个 float32 或八个 int8")  # fmt: skip
def check_traffic_is_priced_by_bytes(energy_uj, rng):
    count = 8 * int(rng.integers(100, 1000))
    for dtype, width in (("float32", 4), ("float16", 2), ("int8", 1)):
        found = priced(energy_uj(1, count, count, dtype, 1600, 40), "energy_uj")
        words = count * width / 8
        for part, price in (("weights", 1600), ("activations", 40)):
            each = found[part] * 1e6 / price
            expect(
                np.isclose(each, words, rtol=1e-6),
                en=f"{dtype}: {count:,} values at {price} pJ per 64 bits were charged as {each:,.0f} accesses of "
                f"64 bits ({part})",
                zh=f"{dtype}：{count:,} 个值，每 64 位 {price} pJ，却按 {each:,.0f} 次 64 位访问计价（{part}）",
            )


@law("15A", points=1, en="two layers cost what they cost one by one: nothing is rounded up",
     zh="两层一起的能耗等于各自之和：中途不取整")  # fmt: skip
def check_layers_add_up(energy_uj, rng):
    for _ in range(5):
        one, two = (1 + rng.integers(0, 1000, 3)).tolist(), (1 + rng.integers(0, 1000, 3)).tolist()
        both = [a + b for a, b in zip(one, two, strict=True)]
        apart = priced(energy_uj(*one, "int8"), "energy_uj")["total"]
        apart += priced(energy_uj(*two, "int8"), "energy_uj")["total"]
        together = priced(energy_uj(*both, "int8"), "energy_uj")["total"]
        expect(
            0 < together < np.inf and np.isclose(together, apart, rtol=1e-6),
            en=f"{one} and {two} cost {apart:.6g} µJ as two layers and {together:.6g} µJ as one of the same size",
            zh=f"{one} 和 {two} 分成两层是 {apart:.6g} µJ，合成一层同样大小却是 {together:.6g} µJ",
        )


@law(
    "15A",
    points=2,
    en="weights_in moves the weights, and nothing else",
    zh="weights_in 只改变权重的去处，别的都不动",
)
def check_only_weights_move(energy_uj, rng):
    for dtype in ("float32", "int8"):
        counts = layer(rng)
        far = priced(energy_uj(*counts, dtype, 1300, 20, "dram"), "energy_uj")
        near = priced(energy_uj(*counts, dtype, 1300, 20, "sram"), "energy_uj")
        moved = far["weights"] / near["weights"] if near["weights"] else 0
        same = all(
            np.isclose(far[part], near[part], rtol=1e-6) for part in ("compute", "activations")
        )
        expect(
            same and np.isclose(moved, 65, rtol=1e-6),
            en=f"{dtype}: from 1300 to 20 pJ the weights' energy fell {moved:.3g} times; activations went from "
            f"{far['activations']:.4g} to {near['activations']:.4g} µJ",
            zh=f"{dtype}：从 1300 pJ 到 20 pJ，权重能耗降为 1/{moved:.3g}；激活从 {far['activations']:.4g} 变为 "
            f"{near['activations']:.4g} µJ",
        )


@law(
    "15A",
    points=1,
    en="another type, another place and negative counts are refused",
    zh="未知类型、未知位置和负数一律拒绝",
)
def check_nonsense_is_refused(energy_uj):
    raises(ValueError, energy_uj, 10, 10, 10, "int16")
    raises(ValueError, energy_uj, 10, 10, 10, "int8", 1300, 20, "flash")
    raises(ValueError, energy_uj, -1, 10, 10, "int8")
    raises(ValueError, energy_uj, 10, 10, -1, "float32")


@cache
def counted(name):
    """Return a referee file's bytes and what the library's inspection reads from it."""
    content = (REFEREE / f"{name}.tflite").read_bytes()
    return content, [{key: getattr(op, key if key != "op" else "name") for key in FIELDS}
                     for op in inspect(content).subgraphs[0].operators]  # fmt: skip


def costs(answer, name):
    """Return the answer as a list of rows with the four fields, or fail with what came instead."""
    rows = list(answer) if isinstance(answer, list | tuple) else []
    ok = bool(rows) and all(isinstance(row, dict) and set(FIELDS) <= row.keys() for row in rows)
    expect(ok, en=f"{name}: expected a list of dicts with op, macs, weight_bytes, activation_bytes; got {brief(answer)}",
           zh=f"{name}：应返回字典的列表，键为 op、macs、weight_bytes、activation_bytes；得到 {brief(answer)}")  # fmt: skip
    wanted = counted(name)[1]
    expect(len(rows) == len(wanted), en=f"{name} has {len(wanted)} operators; you list {len(rows)}",
           zh=f"{name} 有 {len(wanted)} 个算子，你列出 {len(rows)} 个")  # fmt: skip
    return rows


def same(op_costs, field, names, kinds=()):
    """Fail at the first operator whose field is not what the file says; only operators of some kinds if given."""
    for name in names:
        content, wanted = counted(name)
        for index, (row, right) in enumerate(
            zip(costs(op_costs(content), name), wanted, strict=True)
        ):
            if not kinds or right["op"] in kinds:
                expect(
                    row[field] == right[field],
                    en=f"{name}, operator {index} ({right['op']}): {field} is {brief(row[field])}, which the file's "
                    "shapes and types do not give",
                    zh=f"{name} 的算子 {index}（{right['op']}）：{field} 为 {brief(row[field])}，与文件里的形状和类型不符",
                )


@law(
    "15B",
    points=1,
    en="every operator, in the order of the file, by its name",
    zh="每个算子都在，按文件顺序，用算子名",
)
def check_names_in_order(op_costs):
    same(op_costs, "op", FILES)


@law("15B", points=2, en="convolutions and dense layers: one product per output and kernel element, the batch included",
     zh="卷积与全连接：每个输出、每个核元素一次乘法，batch 也算在内")  # fmt: skip
def check_macs_of_convolutions_and_dense(op_costs):
    same(op_costs, "macs", FILES, ("CONV_2D", "FULLY_CONNECTED"))


@law(
    "15B",
    points=1,
    en="depthwise: an output sees one channel",
    zh="depthwise：一个输出只看一个通道",
)
def check_macs_of_depthwise(op_costs):
    same(op_costs, "macs", ("block_float32", "block_batch4"), ("DEPTHWISE_CONV_2D",))


@law(
    "15B",
    points=1,
    en="operators that multiply no weights have 0 macs",
    zh="不乘权重的算子 macs 为 0",
)
def check_macs_of_the_others(op_costs):
    for name in ("block_float32", "chain_int8"):
        content, wanted = counted(name)
        rows = costs(op_costs(content), name)
        counts = [row["macs"] for row, right in zip(rows, wanted, strict=True) if not right["macs"]]
        others = [row["macs"] for row, right in zip(rows, wanted, strict=True) if right["macs"]]
        expect(
            not any(counts) and all(each > 0 for each in others),
            en=f"{name}: operators such as ADD, MEAN, LOGISTIC and RESHAPE got {brief(counts)}; convolutions and dense "
            f"layers {brief(others)}",
            zh=f"{name}：ADD、MEAN、LOGISTIC、RESHAPE 之类得到 {brief(counts)}；卷积和全连接得到 {brief(others)}",
        )


@law("15B", points=2, en="constants count as the bytes that the file stores, in every type",
     zh="常量按文件里实际存的字节数计，任何类型都一样")  # fmt: skip
def check_constants_as_stored(op_costs):
    same(op_costs, "weight_bytes", FILES)


@law("15B", points=2, en="what is computed counts once when read and once when written, in bytes",
     zh="计算出来的张量读一次、写一次，按字节计")  # fmt: skip
def check_activations_in_bytes(op_costs):
    same(op_costs, "activation_bytes", [name for name in FILES if name.startswith("chain")])


@law(
    "15B",
    points=1,
    en="a tensor that an operator takes twice is read once",
    zh="同一个张量被一个算子用两次，只算读一次",
)
def check_taken_twice_read_once(op_costs):
    same(
        op_costs, "activation_bytes", [name for name in FILES if name.startswith("block")], ("ADD",)
    )
