"""What any right answer to topic 28 satisfies: the files' own flatbuffers, and the laws of connected components."""

from collections import Counter
from functools import cache
from pathlib import Path

from course_lib.grading import brief, expect, law, raises, unchanged
from course_lib.inspection import inspect

REFEREE = Path(__file__).with_name("referee")


@cache
def content(name):
    return (REFEREE / f"{name}.tflite").read_bytes()


@cache
def counted(name):
    """Return operators and tensor types of a referee file, as the inspector reads them."""
    anatomy = inspect(content(name))
    return Counter(anatomy.ops), Counter(anatomy.tensors_by_dtype)


def differences(before, after):
    (old, old_types), (new, new_types) = counted(before), counted(after)
    retyped = {
        dtype: (old_types[dtype], new_types[dtype])
        for dtype in {*old_types, *new_types}
        if old_types[dtype] != new_types[dtype]
    }
    return {"removed": dict(old - new), "added": dict(new - old), "retyped": retyped}


def said(graph_diff, before, after):
    """Return the learner's three parts as plain dictionaries, or fail with what came instead."""
    answer = graph_diff(content(before), content(after))
    right = (
        isinstance(answer, dict)
        and set(answer) == {"removed", "added", "retyped"}
        and all(isinstance(part, dict) for part in answer.values())
    )
    expect(right, en=f'expected {{"removed": {{}}, "added": {{}}, "retyped": {{}}}}, got {brief(answer)}',
           zh=f'应返回 {{"removed": {{}}, "added": {{}}, "retyped": {{}}}}，实际返回 {brief(answer)}')  # fmt: skip
    pairs = {
        dtype: tuple(pair) if isinstance(pair, list | tuple) else pair
        for dtype, pair in answer["retyped"].items()
    }
    parts = {"removed": answer["removed"], "added": answer["added"], "retyped": pairs}
    return {name: dict(sorted(part.items(), key=str)) for name, part in parts.items()}


def expect_parts(graph_diff, before, after, *parts):
    got, right = said(graph_diff, before, after), differences(before, after)
    for part in parts:
        expect(
            got[part] == right[part],
            en=f"{before} -> {after}: under {part!r} you report {brief(got[part])}; the files say otherwise",
            zh=f"{before} → {after}：{part!r} 中你给出 {brief(got[part])}，与文件不符",
        )


@law("28A", points=2, en="operators: what went and what came, each with its number",
     zh="算子：少了哪些、多了哪些，各多少个")  # fmt: skip
def check_operators(graph_diff):
    expect_parts(graph_diff, "residual", "plain", "removed", "added")
    expect_parts(graph_diff, "plain", "residual", "removed", "added")
    expect_parts(graph_diff, "residual", "residual_float16", "removed", "added")


@law("28A", points=2, en="tensors: each type whose number changed, as (before, after)",
     zh="张量：数量有变化的每种类型，写成 (之前, 之后)")  # fmt: skip
def check_types(graph_diff):
    for after in ("residual_int8", "residual_float16", "residual_int4"):
        expect_parts(graph_diff, "residual", after, "retyped")
    expect_parts(graph_diff, "residual_int4", "residual", "retyped")


@law("28A", points=2, en="only differences are listed: other weights or widths change nothing in this diff",
     zh="只列差异：权重或宽度变了，这份 diff 里什么也不会出现")  # fmt: skip
def check_empty(graph_diff):
    empty = {"removed": {}, "added": {}, "retyped": {}}
    for before, after in (
        ("residual", "residual"),
        ("residual", "wide"),
        ("plain_int8", "plain_int8"),
    ):
        got = said(graph_diff, before, after)
        expect(
            got == empty,
            en=f"{before} -> {after}: same operators, same types, and you report {brief(got)}",
            zh=f"{before} → {after}：算子和类型都一样，你却给出 {brief(got)}",
        )
    # and a diff that is not empty, so that the law is not one of silence
    expect_parts(graph_diff, "residual", "residual_int8", "retyped")


@law("28A", points=2, en="operator codes are read from both fields: old files and numbers above 126",
     zh="算子编号要看两个字段：旧文件，以及大于 126 的编号")  # fmt: skip
def check_both_fields(graph_diff):
    expect_parts(graph_diff, "plain", "residual_old", "removed", "added")
    got = said(graph_diff, "residual", "residual_old")
    expect(
        not got["removed"] and not got["added"],
        en=f"residual_old has the same operators, its codes are in the old field; you report {brief(got)}",
        zh=f"residual_old 的算子相同，只是编号写在旧字段里；你给出 {brief(got)}",
    )
    expect_parts(graph_diff, "plain", "plain_gelu", "removed", "added")


@law("28A", points=2, en="custom operators by their own name, and all subgraphs count",
     zh="自定义算子用它自己的名字；所有子图都要计入")  # fmt: skip
def check_custom_and_subgraphs(graph_diff):
    expect_parts(graph_diff, "plain", "plain_custom", "removed", "added")
    expect_parts(graph_diff, "plain", "plain_twice", "added", "retyped")


def groups_of(answer):
    """Return the groups as lists of plain values, or fail with what came instead."""
    right = isinstance(answer, list | tuple) and all(
        isinstance(group, list | tuple) for group in answer
    )
    expect(right, en=f"expected a list of lists of names, got {brief(answer)}",
           zh=f"应返回由名字列表组成的列表，实际返回 {brief(answer)}")  # fmt: skip
    return [list(group) for group in answer]


def components(layers, ties):
    """Connected components by flooding: not how one would do it for many layers, but plainly right."""
    neighbours = {layer: set() for layer in layers}
    for one, other in ties:
        neighbours[one].add(other)
        neighbours[other].add(one)
    found, seen = [], set()
    for layer in layers:
        if layer in seen:
            continue
        group, waiting = set(), [layer]
        while waiting:
            each = waiting.pop()
            if each not in group:
                group.add(each)
                waiting.extend(neighbours[each])
        seen |= group
        found.append(sorted(group))
    return sorted(found)


def drawn(rng, count, pairs):
    layers = [f"layer_{number:02d}" for number in rng.permutation(count)]
    chosen = rng.integers(0, count, (pairs, 2))
    return layers, [(layers[one], layers[other]) for one, other in chosen]


@law("28B", points=3, en="ties carry on: what is tied to the same layer is tied together",
     zh="绑定可传递：与同一层绑定的层也绑在一起")  # fmt: skip
def check_transitive(channel_groups, rng):
    chain = groups_of(channel_groups(["a", "b", "c", "d"], [("a", "b"), ("c", "d"), ("b", "c")]))
    expect(
        chain == [["a", "b", "c", "d"]],
        en=f"a-b, c-d, then b-c: one group; you return {chain}",
        zh=f"a-b、c-d，再加 b-c：应是一组；你返回 {chain}",
    )
    for _ in range(8):
        layers, ties = drawn(rng, 14, 9)
        said, right = groups_of(channel_groups(layers, ties)), components(layers, ties)
        expect(
            sorted(sorted(group) for group in said) == right,
            en=f"14 layers, 9 ties: {len(said)} groups, the largest of {max(map(len, said), default=0)}; not the components",
            zh=f"14 层、9 个绑定：得到 {len(said)} 组，最大组 {max(map(len, said), default=0)} 层；与连通分量不符",
        )


@law("28B", points=2, en="every layer is in exactly one group, alone where nothing ties it",
     zh="每一层恰好属于一组；没有绑定的自成一组")  # fmt: skip
def check_singletons(channel_groups):
    for layers, ties in (
        (["x", "y", "z"], []),
        (["x", "y", "z"], [("z", "x")]),
        (["only"], [("only", "only")]),
    ):
        said = groups_of(channel_groups(layers, ties))
        everyone = sorted(layer for group in said for layer in group)
        expect(
            everyone == sorted(layers),
            en=f"layers {layers}, ties {ties}: the groups hold {everyone}",
            zh=f"层 {layers}，绑定 {ties}：各组合起来是 {everyone}",
        )
        expect(
            len(said) == len(components(layers, ties)),
            en=f"layers {layers}, ties {ties}: {len(said)} groups",
            zh=f"层 {layers}，绑定 {ties}：得到 {len(said)} 组",
        )


@law("28B", points=2, en="the same groups in the same order, however layers and ties are ordered or repeated",
     zh="无论层和绑定怎么排序、是否重复，分组和顺序都一样")  # fmt: skip
def check_order(channel_groups, rng):
    layers, ties = drawn(rng, 12, 7)
    right = components(layers, ties)
    for _ in range(4):
        mixed = [layers[index] for index in rng.permutation(len(layers))]
        turned = [ties[index][:: int(rng.choice([1, -1]))] for index in rng.permutation(len(ties))]
        said = groups_of(unchanged(channel_groups, mixed, turned + turned[:3]))
        expect(
            said == right,
            en="each group sorted, groups sorted by their first name: the order changed with the input's",
            zh="每组内部排序，各组按首个名字排序：你的顺序随输入变了",
        )


@law("28B", points=1, en="a tie to a layer that is not there is a ValueError, an empty network has no groups",
     zh="绑定了不存在的层：ValueError；空网络没有分组")  # fmt: skip
def check_unknown(channel_groups):
    raises(ValueError, channel_groups, ["a", "b"], [("a", "c")])
    empty = groups_of(channel_groups([], []))
    expect(
        empty == [],
        en=f"no layers: expected [], got {empty}",
        zh=f"没有层时应返回 []，实际为 {empty}",
    )


@law("28B", points=2, en="10,000 layers in one long chain are one group, and no recursion gives up on the way",
     zh="一万层的一条长链是一组，不会因为递归太深而中断")  # fmt: skip
def check_large(channel_groups):
    count = 10_000
    layers = list(range(count))
    ties = [(layer + 1, layer) for layer in range(count - 1)]
    for order in (ties, ties[::-1]):
        said = groups_of(channel_groups(layers, order))
        expect(
            len(said) == 1 and len(said[0]) == count,
            en=f"a chain of {count:,} layers is one group; you return {len(said):,}",
            zh=f"{count:,} 层的链是一组；你返回 {len(said):,} 组",
        )
