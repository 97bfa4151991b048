"""What any right answer to topic 23 satisfies: tensors that never collide, and bytes that the file accounts for."""

from functools import cache
from pathlib import Path

import numpy as np

from course_lib.core import Artifact
from course_lib.deployment import Rules, litert_arena
from course_lib.deployment import plan_arena as greedy
from course_lib.grading import brief, expect, law, raises
from course_lib.inspection import inspect
from course_lib.inspection.lifetimes import Lifetime

REFEREE = Path(__file__).with_name("referee")
FILES = tuple(sorted(path.stem for path in REFEREE.glob("*.tflite")))


def tensors(rng, count=None, distinct=True):
    """Return random (size, first, last) as a network has them: most live briefly, a few wait long."""
    count = count or int(rng.integers(4, 22))
    sizes = rng.choice(np.arange(1, 4000), count, replace=not distinct)
    first = rng.integers(0, count, count)
    wait = np.minimum(rng.geometric(0.45, count), 7)
    return [(int(s), int(f), int(f + w)) for s, f, w in zip(sizes, first, wait, strict=True)]


def up(value, align):
    """Round up to a multiple of the alignment."""
    return -(-value // align) * align


def plan(answer, records):
    """Return (offsets, total) as plain integers, or fail with what came instead."""
    ok = (
        isinstance(answer, tuple | list)
        and len(answer) == 2
        and isinstance(answer[0], list | tuple | np.ndarray)
    )
    expect(ok, en=f"plan_arena must return (offsets, total); it returned {brief(answer)}",
           zh=f"plan_arena 应返回 (offsets, total)，实际返回 {brief(answer)}")  # fmt: skip
    offsets = [int(each) for each in answer[0]]
    expect(len(offsets) == len(records), en=f"{len(records)} tensors got {len(offsets)} offsets",
           zh=f"{len(records)} 个张量得到 {len(offsets)} 个偏移")  # fmt: skip
    return offsets, int(answer[1])


def collision(records, offsets):
    """Return the first two tensors that are alive together and share a byte, or None."""
    for i, (size, first, last) in enumerate(records):
        for j in range(i):
            other, begin, end = records[j]
            together = first <= end and begin <= last
            if together and offsets[i] < offsets[j] + other and offsets[j] < offsets[i] + size:
                return j, i
    return None


@law("23A", points=2, en="two tensors that are alive during the same operator share no byte",
     zh="在同一个算子运行期间都存活的两个张量，不共用任何字节")  # fmt: skip
def check_no_collision(plan_arena, rng):
    touching = [(100, 0, 1), (80, 1, 2), (60, 2, 2)]
    for records in (touching, *(tensors(rng) for _ in range(25))):
        offsets, _ = plan(plan_arena(records), records)
        found = collision(records, offsets)
        pair = "" if found is None else f"{records[found[0]]} at {offsets[found[0]]}"
        other = "" if found is None else f"{records[found[1]]} at {offsets[found[1]]}"
        expect(
            found is None and min(offsets) >= 0,
            en=f"{pair} and {other} are alive together and overlap; last is inclusive",
            zh=f"{pair} 与 {other} 同时存活却重叠了；last 是包含在内的",
        )


@law(
    "23A",
    points=2,
    en="a chain of shrinking or growing tensors needs no more than its two largest",
    zh="逐个变小（或变大）的链，只需要放得下最大的两个张量",
)
def check_a_chain_reuses(plan_arena, rng):
    for round_ in range(10):
        sizes = sorted(
            (64 * rng.permutation(np.arange(1, 200))[:12]).tolist(), reverse=round_ % 2 == 0
        )
        records = [(size, place, place + 1) for place, size in enumerate(sizes)]
        _, total = plan(plan_arena(records), records)
        need = sum(sorted(sizes)[-2:])
        expect(
            total == need,
            en=f"a chain of 12 tensors from {sizes[0]:,} to {sizes[-1]:,} bytes, each read by the next operator only: "
            f"total {total:,}, and the two largest take {need:,}",
            zh=f"12 个张量的链，从 {sizes[0]:,} 到 {sizes[-1]:,} 字节，每个只被下一个算子读：total 为 {total:,}，"
            f"而最大的两个共 {need:,}",
        )


@law(
    "23A",
    points=1,
    en="every offset is a multiple of the alignment",
    zh="每个偏移都是对齐值的整数倍",
)
def check_offsets_are_aligned(plan_arena, rng):
    seen = 0
    for align in (64, 16, 256):
        records = tensors(rng, 15)
        offsets, _ = plan(plan_arena(records, align), records)
        seen += max(offsets)
        bad = [offset for offset in offsets if offset % align]
        expect(not bad, en=f"align={align}: offset {bad[0] if bad else 0} is no multiple of it",
               zh=f"align={align}：偏移 {bad[0] if bad else 0} 不是它的整数倍")  # fmt: skip
    expect(seen > 0, en="all tensors lie at offset 0", zh="所有张量的偏移都是 0")


@law(
    "23A", points=1, en="the total is where the last tensor ends", zh="total 就是最后一个张量的末尾"
)
def check_total_is_the_end(plan_arena, rng):
    for align in (64, 1, 32):
        records = tensors(rng)
        offsets, total = plan(plan_arena(records, align), records)
        end = max(offset + size for offset, (size, _, _) in zip(offsets, records, strict=True))
        expect(
            total == end > 0,
            en=f"align={align}: your last tensor ends at {end:,}, total says {total:,}",
            zh=f"align={align}：你的最后一个张量在 {end:,} 结束，total 却是 {total:,}",
        )


@law(
    "23A",
    points=2,
    en="the arena is no larger than greedy by size makes it",
    zh="arena 不大于“按大小贪心”的结果",
)
def check_as_small_as_greedy(plan_arena, rng):
    for _ in range(25):
        records = tensors(rng, distinct=True)
        align = int(rng.choice([16, 64]))
        lives = [Lifetime(i, first, last, size) for i, (size, first, last) in enumerate(records)]
        reference = max(block.end for block in greedy(lives, Rules(alignment=align)).blocks)
        offsets, total = plan(plan_arena(records, align), records)
        used = max(offset + size for offset, (size, _, _) in zip(offsets, records, strict=True))
        expect(
            max(total, used) <= reference,
            en=f"{len(records)} tensors, align={align}: your arena takes {max(total, used):,} bytes, which is more than "
            "placing the largest first gives",
            zh=f"{len(records)} 个张量、align={align}：你的 arena 用了 {max(total, used):,} 字节，比先放最大的要多",
        )


@law("23A", points=1, en="offsets come in the order of the records; nothing to place takes nothing",
     zh="offsets 与 records 同序；没有张量就不占内存")  # fmt: skip
def check_order_and_nothing(plan_arena, rng):
    records = [
        (64, 0, 3),
        (640, 0, 3),
        (128, 0, 3),
    ]  # all alive together: every order is a permutation of stacking
    offsets, _ = plan(plan_arena(records), records)
    found = collision(records, offsets)
    expect(
        found is None and sorted(offsets) != [0, 0, 0],
        en=f"records {records} got offsets {offsets} in the order of the records, which overlap",
        zh=f"records {records} 按顺序得到偏移 {offsets}，彼此重叠",
    )
    empty = plan(plan_arena([]), [])
    expect(
        empty == ([], 0),
        en=f"no tensors gave {empty}, not ([], 0)",
        zh=f"没有张量时得到 {empty}，而不是 ([], 0)",
    )


@law(
    "23A",
    points=1,
    en="negative sizes and lives that end before they begin are refused",
    zh="负的大小、先死后生的寿命一律拒绝",
)
def check_nonsense_is_refused(plan_arena):
    raises(ValueError, plan_arena, [(64, 0, 1), (-1, 0, 1)])
    raises(ValueError, plan_arena, [(64, 3, 2)])


@cache
def file(name):
    """Return a referee file's bytes and its anatomy."""
    content = (REFEREE / f"{name}.tflite").read_bytes()
    return content, inspect(content)


def counted(live_bytes, name):
    """Return the learner's list, or fail with what came instead; and the library's."""
    content, anatomy = file(name)
    answer = live_bytes(content)
    right = [op.live_bytes for op in anatomy.subgraphs[0].operators]
    ok = isinstance(answer, list | tuple | np.ndarray) and len(answer) == len(right)
    expect(ok, en=f"{name} has {len(right)} operators; you returned {brief(answer)}",
           zh=f"{name} 有 {len(right)} 个算子，你返回了 {brief(answer)}")  # fmt: skip
    return [int(each) for each in answer], right, anatomy.subgraphs[0]


@law("23B", points=2, en="a chain: input and output of each operator, in bytes of their type",
     zh="链：每个算子的输入加输出，按类型的字节数计")  # fmt: skip
def check_a_chain_in_every_type(live_bytes):
    for name in ("chain_float32", "chain_int8", "chain_int16x8"):
        found, right, graph = counted(live_bytes, name)
        for index, (got, want) in enumerate(zip(found, right, strict=True)):
            expect(
                got == want,
                en=f"{name}, operator {index} ({graph.operators[index].name}): {got:,} bytes; it reads one computed "
                "tensor, writes one, and nothing else is alive",
                zh=f"{name} 的算子 {index}（{graph.operators[index].name}）：{got:,} 字节；它读一个、写一个，别无其他存活张量",
            )


@law(
    "23B",
    points=2,
    en="a tensor that waits for its reader is alive all the while",
    zh="等着被读的张量，等待期间一直存活",
)
def check_waiting_is_living(live_bytes):
    for name in FILES:
        if name.startswith(("skips", "random")):
            found, right, graph = counted(live_bytes, name)
            short = [
                i for i, (got, want) in enumerate(zip(found, right, strict=True)) if got < want
            ]
            at = short[0] if short else 0
            expect(
                not short,
                en=f"{name}, operator {at} ({graph.operators[at].name}): {found[at]:,} bytes are too few; somebody "
                "further down still needs a tensor from above",
                zh=f"{name} 的算子 {at}（{graph.operators[at].name}）：{found[at]:,} 字节太少；后面还有算子要读前面的张量",
            )


@law("23B", points=2, en="a tensor dies with its last reader", zh="最后一个读者读完，张量就死了")
def check_the_dead_are_gone(live_bytes):
    for name in FILES:
        found, right, graph = counted(live_bytes, name)
        expect(
            sum(found) > 0,
            en=f"{name}: nothing is alive, at no operator",
            zh=f"{name}：没有任何张量存活",
        )
        much = [i for i, (got, want) in enumerate(zip(found, right, strict=True)) if got > want]
        at = much[0] if much else 0
        expect(
            not much,
            en=f"{name}, operator {at} ({graph.operators[at].name}): {found[at]:,} bytes are too many",
            zh=f"{name} 的算子 {at}（{graph.operators[at].name}）：{found[at]:,} 字节太多",
        )


@law("23B", points=2, en="outputs of the graph stay to the end, however early they are ready",
     zh="计算图的输出再早算好，也要留到最后")  # fmt: skip
def check_outputs_stay(live_bytes):
    for name in FILES:
        if name.startswith(("early", "random")):
            found, right, graph = counted(live_bytes, name)
            expect(
                found[-1] == right[-1],
                en=f"{name} has {len(graph.outputs)} outputs; at its last operator you count {found[-1]:,} bytes",
                zh=f"{name} 有 {len(graph.outputs)} 个输出；在最后一个算子处你数出 {found[-1]:,} 字节",
            )


@law("23B", points=2, en="the peak is a lower bound of the runtime's real arena, and a tight one where no kernel asks for more",
     zh="峰值是运行时真实 arena 的下界；没有算子实现另要内存时，下界是紧的")  # fmt: skip
def check_against_the_real_arena(live_bytes):
    for name in (each for each in FILES if each.startswith("random")):
        found, _, graph = counted(live_bytes, name)
        arena = litert_arena(Artifact.load(REFEREE / f"{name}.tflite"))
        first_input = sum(
            graph.tensors[index].bytes for index in graph.inputs
        )  # LiteRT keeps inputs to the end
        slack = first_input + 64 * (len(graph.operators) + 2)
        expect(
            max(found) <= arena.bytes <= max(found) + slack,
            en=f"{name}: LiteRT placed its activations in {arena.bytes:,} bytes; your peak is {max(found):,}",
            zh=f"{name}：LiteRT 把激活放进了 {arena.bytes:,} 字节；你的峰值是 {max(found):,}",
        )
