"""What any right answer to topic 25 satisfies: the runtime's own word on what it left, and integer arithmetic."""

from functools import cache
from pathlib import Path

import numpy as np

from course_lib.core import Artifact
from course_lib.evaluation.runtime import open_interpreter
from course_lib.grading import brief, expect, law, raises

REFEREE = Path(__file__).with_name("referee")
ENCODINGS = (
    "float32",
    "dynamic_wi8_afp32",
    "static_wi8_ai8",
    "static_wi8_ai16",
    "dynamic_wi4c_afp32",
)


@cache
def asked(name):
    """Return (bytes, indices that the runtime left, number of parts, number of operators) of a referee file.

    LiteRT gives memory to what operators outside the parts write and to what a part hands out, and to nothing inside a
    part. So an operator was left when its outputs can be read and no part hands them out.
    """
    artifact = Artifact.load(REFEREE / f"{name}.tflite")
    interpreter = open_interpreter(artifact)
    interpreter.invoke()
    entries = interpreter._get_ops_details()
    own = [entry for entry in entries if entry["op_name"] != "DELEGATE"]
    handed = {int(tensor) for entry in entries[len(own) :] for tensor in entry["outputs"]}

    def readable(tensor):
        try:
            interpreter.get_tensor(tensor)
        except ValueError:
            return False
        return True

    left = [
        index
        for index, entry in enumerate(own)
        if all(int(t) not in handed and readable(int(t)) for t in entry["outputs"])
    ]
    return artifact.content, left, len(entries) - len(own), len(own)


@cache
def graphs():
    """Return the names of the files with branches."""
    return tuple(
        sorted(path.stem for path in REFEREE.glob("*.tflite") if not path.stem.startswith("chain"))
    )


def indices(answer, name):
    """Return the answer as a list of whole numbers, or fail with what came instead."""
    whole = isinstance(answer, list | tuple | np.ndarray) and all(
        isinstance(each, int | np.integer) and not isinstance(each, bool) for each in answer
    )
    expect(whole, en=f"{name}: expected a list of operator indices, got {brief(answer)}",
           zh=f"{name}：应返回算子下标的列表，实际返回 {brief(answer)}")  # fmt: skip
    return [int(each) for each in answer]


@law("25A", points=2, en="a file that is taken whole gives [], one without a delegate gives every operator",
     zh="整个被接管的文件得到 []；没有 delegate 的文件得到全部算子")  # fmt: skip
def check_all_or_nothing(not_delegated):
    for encoding in ("float32", "static_wi8_ai16"):
        name = f"chain_{encoding}"
        content, left, parts, count = asked(name)
        said = indices(not_delegated(content), name)
        expect(
            sorted(said) == left,
            en=f"{name}: the runtime lists {count} operators and {parts} DELEGATE; you say that {len(said)} were left",
            zh=f"{name}：运行时列出 {count} 个算子和 {parts} 个 DELEGATE；你的结果是剩下 {len(said)} 个",
        )


@law("25A", points=2, en="the same operators in five encodings: names alone do not decide",
     zh="同样的算子、五种编码：光看名字定不了")  # fmt: skip
def check_encodings_differ(not_delegated):
    for encoding in ENCODINGS:
        name = f"chain_{encoding}"
        content, left, _, count = asked(name)
        said = indices(not_delegated(content), name)
        expect(
            sorted(said) == left,
            en=f"{name}: of {count} operators you list {brief(said)} as left; the runtime disagrees",
            zh=f"{name}：{count} 个算子中你认为剩下 {brief(said)}，与运行时不符",
        )


@law("25A", points=2, en="what lies inside a part is taken, not only what it hands out",
     zh="部分（part）内部的算子都算被接管，不只是交出结果的那几个")  # fmt: skip
def check_inside_is_taken(not_delegated):
    for name in graphs():
        content, left, parts, _ = asked(name)
        extra = sorted(set(indices(not_delegated(content), name)) - set(left))
        expect(
            not extra,
            en=f"{name} (DELEGATE entries: {parts}): you list operator {extra[0] if extra else ''} as left, a part computes it",
            zh=f"{name}（{parts} 个 DELEGATE 条目）：你认为算子 {extra[0] if extra else ''} 被留下了，其实它在某个部分内计算",
        )


@law(
    "25A",
    points=2,
    en="what feeds a part from outside is not taken by it",
    zh="从外面给部分喂数据的算子，不算被它接管",
)
def check_upstream_is_left(not_delegated):
    for name in graphs():
        content, left, parts, _ = asked(name)
        missing = sorted(set(left) - set(indices(not_delegated(content), name)))
        expect(
            not missing,
            en=f"{name} (DELEGATE entries: {parts}): {len(missing)} missing from your list: built-in kernels run it between the parts",
            zh=f"{name}（{parts} 个 DELEGATE 条目）：漏掉了 {len(missing)} 个夹在各部分之间、由内置算子实现运行的算子",
        )


@law("25A", points=1, en="every part counts, however many there are", zh="有几个部分就算几个部分")
def check_every_part_counts(not_delegated):
    for name in graphs():
        content, left, parts, _ = asked(name)
        if parts < 2:
            continue
        said = indices(not_delegated(content), name)
        expect(
            len(set(said)) == len(left),
            en=f"{name} has {parts} DELEGATE entries; you count {len(set(said))} operators outside them",
            zh=f"{name} 有 {parts} 个 DELEGATE 条目；你数出 {len(set(said))} 个算子在它们之外",
        )


@law("25A", points=1, en="indices are those of the file, ascending, each once; a DELEGATE is no operator of the file",
     zh="下标是文件里的下标，升序、不重复；DELEGATE 不是文件里的算子")  # fmt: skip
def check_indices_of_the_file(not_delegated):
    for name in ("chain_dynamic_wi4c_afp32", *graphs()):
        content, left, _, count = asked(name)
        said = indices(not_delegated(content), name)
        expect(
            bool(said) == bool(left)
            and said == sorted(set(said))
            and set(said) <= set(range(count)),
            en=f"{name} has operators 0 to {count - 1}; you returned {brief(said)}",
            zh=f"{name} 的算子是 0 到 {count - 1}；你返回了 {brief(said)}",
        )


def array(answer, call):
    """Return the answer as an array, or fail with what came instead."""
    expect(isinstance(answer, np.ndarray), en=f"{call} must return a NumPy array; it returned {brief(answer)}",
           zh=f"{call} 应返回 NumPy 数组，实际返回 {brief(answer)}")  # fmt: skip
    return answer


def operands(rng, shape, bits=8):
    """Return random unsigned bytes and signed weights of so many bits."""
    half = 2 ** (bits - 1)
    return rng.integers(0, 256, shape, dtype=np.uint8), rng.integers(-half, half, shape).astype(
        np.int8
    )


@law("25B", points=2, en="sums that fit into 16 bits are exact", zh="放得进 16 位的和分毫不差")
def check_exact_when_it_fits(maddubs, rng):
    for small in (
        np.array([[200, 3, 255, 255]], np.uint8),
        rng.integers(0, 128, (5, 12), dtype=np.uint8),
    ):
        weights = rng.integers(-60, 60, small.shape).astype(np.int8)
        exact = (small.astype(int) * weights.astype(int)).reshape(len(small), -1, 2).sum(-1)
        found = array(maddubs(small, weights), "maddubs")
        ok = found.shape == exact.shape and np.array_equal(found.astype(int), exact)
        expect(
            ok,
            en=f"u8 = {small[0, :2].tolist()}, s8 = {weights[0, :2].tolist()} and so on: every pair fits into 16 bits, "
            f"yet the result {brief(found)} is not the plain sum",
            zh=f"u8 = {small[0, :2].tolist()}、s8 = {weights[0, :2].tolist()} 等：每一对都放得进 16 位，"
            f"结果 {brief(found)} 却不是普通的和",
        )


@law(
    "25B",
    points=2,
    en="sums that do not fit stop at 32767 and -32768",
    zh="放不下的和停在 32767 和 -32768",
)
def check_saturates_at_both_ends(maddubs, rng):
    for u, s in (((255, 255), (127, 127)), ((255, 255), (-128, -128)), ((255, 250), (127, 120))):
        found = int(
            array(maddubs(np.array(u, np.uint8), np.array(s, np.int8)), "maddubs").ravel()[0]
        )
        exact = u[0] * s[0] + u[1] * s[1]
        wanted = min(max(exact, -32768), 32767)
        expect(
            found == wanted,
            en=f"maddubs({list(u)}, {list(s)}) gave {found}; the exact sum {exact:,} lies outside 16 bits",
            zh=f"maddubs({list(u)}, {list(s)}) 得到 {found}；精确的和是 {exact:,}，超出 16 位",
        )


@law(
    "25B",
    points=2,
    en="neighbours on the last axis are added, whatever the shape",
    zh="相加的是最后一轴上的相邻两个，任何形状都一样",
)
def check_neighbours_of_the_last_axis(maddubs, rng):
    for shape in ((8,), (3, 6), (2, 3, 10)):
        u, s = operands(rng, shape, 7)
        place = (*(0,) * (len(shape) - 1), 2)
        s = np.where(
            np.arange(u.size).reshape(shape) == np.ravel_multi_index(place, shape), 60, 0
        ).astype(np.int8)
        found = array(maddubs(u, s), "maddubs")
        hit = np.argwhere(found).tolist() if found.ndim == len(shape) else None
        wanted = [[*place[:-1], 1]] if u[place] else []
        expect(
            hit == wanted,
            en=f"shape {shape}: only position {place} has a weight, so only the pair {(*place[:-1], 1)} may differ from "
            f"0; yours are {hit}",
            zh=f"形状 {shape}：只有位置 {place} 有权重，所以只有 {(*place[:-1], 1)} 这一对可以非零；你的是 {hit}",
        )


@law(
    "25B",
    points=1,
    en="the result is int16, with half as many values on the last axis",
    zh="结果是 int16，最后一轴长度减半",
)
def check_type_and_shape(maddubs, rng):
    for shape in ((2,), (4, 8), (2, 5, 6)):
        found = array(maddubs(*operands(rng, shape)), "maddubs")
        expect(
            found.dtype == np.int16 and found.shape == (*shape[:-1], shape[-1] // 2),
            en=f"operands of shape {shape} gave {found.dtype} of shape {found.shape}",
            zh=f"形状为 {shape} 的操作数得到 {found.dtype}，形状 {found.shape}",
        )


@law("25B", points=2, en="with 7-bit weights nothing is lost: the results add up to the exact dot product",
     zh="权重为 7 位时没有损失：各结果之和等于精确的点积")  # fmt: skip
def check_seven_bits_lose_nothing(maddubs, rng):
    u, s = operands(rng, (50, 64), 7)
    u[0], s[0] = 255, -64  # the worst that 7 bits can do
    u[1], s[1] = 255, 63
    found = array(maddubs(u, s), "maddubs").astype(np.int64)
    expect(
        found.ndim == 2 and len(found) == 50,
        en=f"50 rows gave shape {found.shape}",
        zh=f"50 行得到形状 {found.shape}",
    )
    lost = np.abs(found.sum(1) - (u.astype(np.int64) * s).sum(1))
    worst = int(lost.argmax())
    expect(
        lost[worst] == 0,
        en=f"weights from -64 to 63 can never leave 16 bits, yet row {worst} is off by {lost[worst]:,}",
        zh=f"-64 到 63 的权重不可能超出 16 位，但第 {worst} 行差了 {lost[worst]:,}",
    )


@law(
    "25B",
    points=1,
    en="different shapes, or an odd last axis, are a ValueError",
    zh="形状不同或最后一轴为奇数：ValueError",
)
def check_shapes_are_refused(maddubs):
    u, s = np.zeros((2, 4), np.uint8), np.zeros((2, 4), np.int8)
    raises(ValueError, maddubs, u[:, :3], s[:, :3])
    raises(ValueError, maddubs, u, s[:, :2])
    raises(ValueError, maddubs, u, s[0])
