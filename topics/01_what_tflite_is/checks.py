"""What any right answer to topic 01 satisfies: headers of real and of broken files, and laws of a partition."""

from itertools import pairwise
from pathlib import Path

from course_lib.grading import brief, expect, law, raises

REAL = (Path(__file__).with_name("phone_net.tflite")).read_bytes()
OPS = ("CONV_2D", "HARD_SWISH", "MEAN", "ADD", "SOFTMAX")


def made(root, size, identifier=b"TFL3"):
    """Return a file of ``size`` bytes that is nothing but a header."""
    return root.to_bytes(4, "little") + identifier + bytes(size - 8)


def header(parse_tflite_header, buf, about):
    """Return (root_offset, identifier) of a good file, or fail with what came instead."""
    found = parse_tflite_header(buf)
    ok = isinstance(found, dict) and {"root_offset", "identifier"} <= set(found)
    expect(ok, en=f"for {about} it returned {brief(found)}; a dict with root_offset and identifier is due",
           zh=f"{about}：返回了 {brief(found)}；应为含 root_offset 与 identifier 的字典")  # fmt: skip
    return found["root_offset"], found["identifier"]


def programs(rng, count=30):
    """Yield random operator lists, what the delegate supports, and a minimum length."""
    for _ in range(count):
        ops = [str(op) for op in rng.choice(OPS, int(rng.integers(4, 25)))]
        supported = {str(op) for op in rng.choice(OPS, 2, replace=False)}
        yield ops, supported, int(rng.integers(1, 4))


def segments(partition_delegate, ops, supported, min_nodes):
    """Return the segments as [(bool, [int])], or fail with what came instead."""
    found = partition_delegate(list(ops), set(supported), min_nodes)
    ok = isinstance(found, list | tuple) and all(
        isinstance(one, list | tuple) and len(one) == 2 and hasattr(one[1], "__len__")
        for one in found
    )
    expect(ok, en=f"{len(ops)} operators gave {brief(found)}; a list of (bool, [indices]) is due",
           zh=f"{len(ops)} 个算子得到 {brief(found)}；应为 (bool, [下标]) 的列表")  # fmt: skip
    return [(bool(flag), [int(index) for index in indices]) for flag, indices in found]


@law(
    "1A", points=2, en="a real file gives its root offset and TFL3", zh="真实文件给出根偏移和 TFL3"
)
def check_real_file(parse_tflite_header):
    root, identifier = header(parse_tflite_header, REAL, "a real file")
    expect(
        identifier == "TFL3",
        en=f"the identifier of a real file came out as {brief(identifier)}; it is the string TFL3",
        zh=f"真实文件的 identifier 得到 {brief(identifier)}；应为字符串 TFL3",
    )
    # The law asks the file: at the right place, the table's first word points back to a vtable that lies in the file.
    ok = isinstance(root, int) and 8 <= root < len(REAL) - 4
    back = root - int.from_bytes(REAL[root : root + 4], "little", signed=True) if ok else -1
    expect(
        ok and 8 <= back < root,
        en=f"root_offset {brief(root)}: no table of this file begins there",
        zh=f"root_offset 为 {brief(root)}：这个文件在那里并没有表",
    )


@law(
    "1A",
    points=2,
    en="the offset is read as 32 bits, little-endian, unsigned",
    zh="偏移按 32 位小端无符号数读取",
)
def check_little_endian(parse_tflite_header, rng):
    for root in [12, 300, 70_001, *(int(r) for r in rng.integers(256, 200_000, 6))]:
        found, _ = header(
            parse_tflite_header,
            made(root, root + 64),
            f"bytes {root.to_bytes(4, 'little').hex(' ')}",
        )
        expect(
            found == root,
            en=f"the bytes {root.to_bytes(4, 'little').hex(' ')} were read as {brief(found)}",
            zh=f"字节 {root.to_bytes(4, 'little').hex(' ')} 被读成 {brief(found)}",
        )


@law(
    "1A",
    points=2,
    en="fewer than 8 bytes are refused with a ValueError",
    zh="不足 8 字节以 ValueError 拒绝",
)
def check_short_files(parse_tflite_header):
    for size in range(8):
        raises(ValueError, parse_tflite_header, REAL[:size])


@law(
    "1A",
    points=2,
    en="another identifier is refused with a ValueError",
    zh="identifier 不对，以 ValueError 拒绝",
)
def check_other_identifiers(parse_tflite_header):
    for other in (b"ONNX", b"TFL2", b"tfl3", b"\0\0\0\0"):
        raises(ValueError, parse_tflite_header, made(16, 64, other))
    raises(ValueError, parse_tflite_header, b"TFL3" + bytes([16, 0, 0, 0]) + bytes(56))


@law(
    "1A",
    points=2,
    en="a root offset outside the file is refused with a ValueError",
    zh="根偏移落在文件之外，以 ValueError 拒绝",
)
def check_offset_outside(parse_tflite_header, rng):
    for size in [64, *(int(s) for s in rng.integers(20, 4000, 4))]:
        for root in (size, size + 1, 10 * size, 2**32 - 1):
            raises(ValueError, parse_tflite_header, made(root, size))
        root, _ = header(parse_tflite_header, made(size - 8, size), "an offset inside the file")
        expect(root == size - 8, en=f"offset {size - 8} of {size} bytes came out as {brief(root)}",
               zh=f"{size} 字节中的偏移 {size - 8} 得到 {brief(root)}")  # fmt: skip


@law(
    "1B", points=2, en="every operator appears once, in order", zh="每个算子恰好出现一次，顺序不变"
)
def check_every_operator_once(partition_delegate, rng):
    for ops, supported, min_nodes in programs(rng):
        found = segments(partition_delegate, ops, supported, min_nodes)
        order = [index for _, indices in found for index in indices]
        expect(
            order == list(range(len(ops))),
            en=f"{len(ops)} operators with min_nodes={min_nodes} came out in the order {brief(order)}",
            zh=f"{len(ops)} 个算子、min_nodes={min_nodes}，输出顺序为 {brief(order)}",
        )


@law("1B", points=2, en="the delegate gets only what it supports", zh="delegate 只拿到它支持的算子")
def check_only_supported(partition_delegate, rng):
    for ops, supported, min_nodes in programs(rng):
        given = [
            i
            for flag, indices in segments(partition_delegate, ops, supported, min_nodes)
            if flag
            for i in indices
        ]
        foreign = sorted({ops[i] for i in given if 0 <= i < len(ops)} - supported)
        expect(not foreign, en=f"it was given {foreign}, and supports {sorted(supported)}",
               zh=f"delegate 拿到了 {foreign}，而它只支持 {sorted(supported)}")  # fmt: skip
    found = segments(partition_delegate, ["ADD", "MEAN", "ADD"], {"ADD"}, 1)
    given = [i for flag, indices in found if flag for i in indices]
    expect(given == [0, 2], en=f"ADD MEAN ADD, ADD supported: the delegate got operators {given}",
           zh=f"ADD MEAN ADD，支持 ADD：delegate 拿到的算子是 {given}")  # fmt: skip


@law(
    "1B",
    points=2,
    en="segments are maximal: neighbours lie on different sides",
    zh="分段取最长：相邻两段必在不同侧",
)
def check_neighbours_differ(partition_delegate, rng):
    for ops, supported, min_nodes in programs(rng):
        found = segments(partition_delegate, ops, supported, min_nodes)
        flags = [flag for flag, _ in found]
        expect(
            bool(flags) and all(one != other for one, other in pairwise(flags)),
            en=f"{len(ops)} operators, min_nodes={min_nodes}: sides {flags}; two neighbours that agree are one segment",
            zh=f"{len(ops)} 个算子，min_nodes={min_nodes}：各段所在侧为 {flags}；相邻且同侧的应合成一段",
        )


@law(
    "1B",
    points=2,
    en="a supported run is delegated exactly when it has min_nodes operators or more",
    zh="受支持的一段，当且仅当不少于 min_nodes 个算子时才委托",
)
def check_min_nodes(partition_delegate):
    for length in range(1, 6):
        for min_nodes in range(1, 7):
            ops = ["MEAN", *["ADD"] * length, "MEAN", "MEAN"]
            given = [
                i
                for flag, ix in segments(partition_delegate, ops, {"ADD"}, min_nodes)
                if flag
                for i in ix
            ]
            wanted = list(range(1, 1 + length)) if length >= min_nodes else []
            expect(
                given == wanted,
                en=f"a run of {length} with min_nodes={min_nodes}: the delegate got {len(given)} operators",
                zh=f"长度 {length} 的一段，min_nodes={min_nodes}：delegate 拿到 {len(given)} 个算子",
            )


@law("1B", points=1, en="what falls back joins its neighbours: abab becomes one CPU segment",
     zh="回退的段并入相邻段：abab 变成一段 CPU")  # fmt: skip
def check_fallback_merges(partition_delegate):
    for ops in ("abab", "baba", "abbab"):
        found = segments(partition_delegate, list(ops), {"a"}, 2)
        expect(
            found == [(False, list(range(len(ops))))],
            en=f"{ops} with a supported and min_nodes=2 gave {len(found)} segments: {brief(found)}",
            zh=f"{ops}，支持 a，min_nodes=2，得到 {len(found)} 段：{brief(found)}",
        )


@law(
    "1B", points=1, en="no operators, all supported, none supported", zh="空列表、全支持、全不支持"
)
def check_edges(partition_delegate):
    empty = partition_delegate([], {"a"}, 2)
    expect(isinstance(empty, list | tuple) and not len(empty), en=f"no operators gave {brief(empty)}, not an empty list",
           zh=f"空列表得到 {brief(empty)}，应为空列表")  # fmt: skip
    for supported, side in (({"a"}, True), (set(), False)):
        found = segments(partition_delegate, ["a"] * 5, supported, 1)
        expect(
            found == [(side, [0, 1, 2, 3, 4])],
            en=f"five times a, supported: {sorted(supported)}, gave {brief(found)}",
            zh=f"五个 a，支持 {sorted(supported)}，得到 {brief(found)}",
        )
