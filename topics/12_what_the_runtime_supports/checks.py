"""What any right answer to topic 12 satisfies: nibbles of a real file as LiteRT reads them, and laws of an N:M mask."""

from functools import cache
from pathlib import Path

import numpy as np

from course_lib.core import Artifact
from course_lib.evaluation import predict
from course_lib.grading import brief, expect, law, raises, unchanged
from course_lib.inspection import inspect

REFEREE = Path(__file__).parent / "referee" / "int4.tflite"


@cache
def real():
    """Return (the int4 buffer of a real file, its weights as LiteRT multiplies with them)."""
    artifact = Artifact.load(REFEREE)
    [tensor] = [one for one in inspect(artifact).subgraphs[0].tensors if one.dtype == "int4"]
    start, stop = tensor.span
    units = np.eye(
        tensor.shape[1], dtype=np.float32
    )  # one input at a time: the outputs are a column of weights
    weights = predict(artifact, units, 1).T / tensor.quantization.scale[:, None]
    return np.frombuffer(artifact.content[start:stop], np.uint8).copy(), np.round(weights).astype(
        int
    ).ravel()


def packed(pack_int4, q):
    """Return the bytes as a flat array of integers, or fail with what came instead."""
    found = pack_int4(q)
    array = (
        np.frombuffer(found, np.uint8)
        if isinstance(found, bytes | bytearray)
        else np.asarray(found)
    )
    ok = (
        array.ndim == 1
        and array.dtype.kind in "iu"
        and (not array.size or (array.min() >= 0 and array.max() <= 255))
    )
    expect(ok, en=f"pack_int4({brief(q)}) gave {brief(found)}; a flat array of bytes is due",
           zh=f"pack_int4({brief(q)}) 得到 {brief(found)}；应为一维的字节数组")  # fmt: skip
    return array.astype(int)


def unpacked(unpack_int4, p, n):
    """Return the weights as a flat array of integers, or fail with what came instead."""
    found = unpack_int4(np.asarray(p, np.uint8), n)
    array = np.asarray(found)
    expect(array.ndim == 1 and array.dtype.kind in "iu", en=f"unpack_int4 gave {brief(found)}; flat integers are due",
           zh=f"unpack_int4 得到 {brief(found)}；应为一维整数")  # fmt: skip
    return array.astype(int)


def masked(nm_mask, w, n, m):
    """Return the mask as groups of m, or fail with what came instead."""
    found = np.asarray(nm_mask(w, n, m))
    expect(
        found.shape == w.shape and found.dtype == bool,
        en=f"for weights {w.shape} the mask has shape {found.shape} and type {found.dtype}; a bool of the same shape is due",
        zh=f"权重形状 {w.shape}，掩码形状 {found.shape}、类型 {found.dtype}；应为同形状的 bool",
    )
    return found.reshape(-1, m)


def kernels(rng, count=12):
    """Yield (weights, n, m): random ones, with zeros and ties, in two to four dimensions."""
    for index in range(count):
        m = int(rng.choice([2, 4, 8]))
        shape = (
            *(int(size) for size in rng.integers(1, 5, int(rng.integers(1, 4)))),
            m * int(rng.integers(1, 5)),
        )
        w = rng.normal(size=shape).astype(np.float32)
        if index % 3 == 1:
            w = np.round(w)  # ties
        if index % 3 == 2:
            w = np.where(rng.random(shape) < 0.7, 0, w).astype(np.float32)
        yield w, int(rng.integers(1, m + 1)), m


@law("12A", points=2, en="the first weight lies in the low nibble", zh="第一个权重在低半字节")
def check_low_nibble_first(pack_int4):
    for q, byte in (([1, 2], 0x21), ([7, 0], 0x07), ([0, 7], 0x70), ([-1], 0x0F), ([3, -8], 0x83)):
        found = packed(pack_int4, q)
        expect(len(found) == 1 and found[0] == byte, en=f"pack_int4({q}) gave {[hex(each) for each in found]}",
               zh=f"pack_int4({q}) 得到 {[hex(each) for each in found]}")  # fmt: skip


@law(
    "12A",
    points=1,
    en="n weights take n / 2 bytes, rounded up, and the spare nibble is 0",
    zh="n 个权重占 n / 2 字节，向上取整，空出的半字节为 0",
)
def check_size(pack_int4, rng):
    for n in (0, 1, 2, 7, 64, 101):
        q = rng.integers(-8, 8, n)
        found = packed(pack_int4, q)
        expect(
            len(found) == (n + 1) // 2,
            en=f"{n} weights became {len(found)} bytes",
            zh=f"{n} 个权重变成 {len(found)} 字节",
        )
        if n % 2:
            expect(
                found[-1] < 16,
                en=f"{n} weights: the last byte is {found[-1]:#04x}, its high nibble is not 0",
                zh=f"{n} 个权重：最后一个字节是 {found[-1]:#04x}，高半字节不为 0",
            )


@law(
    "12A",
    points=2,
    en="all sixteen values come back, the negative ones with their sign",
    zh="十六个值都能还原，负数保住符号",
)
def check_sign(unpack_int4):
    for low in range(16):
        for high in (0, 5, 8, 15):
            found = unpacked(unpack_int4, [low | high << 4], 2)
            wanted = [each - 16 if each > 7 else each for each in (low, high)]
            expect(list(found) == wanted, en=f"the byte {low | high << 4:#04x} was read as {brief(list(found))}",
                   zh=f"字节 {low | high << 4:#04x} 被读成 {brief(list(found))}")  # fmt: skip


@law(
    "12A",
    points=2,
    en="packing and unpacking gives the weights back, odd numbers of them too",
    zh="打包再解包得回原值，个数为奇数时也一样",
)
def check_round_trip(pack_int4, unpack_int4, rng):
    for n in (1, 2, 3, 17, 100, 255):
        q = rng.integers(-8, 8, n).astype(np.int8)
        back = unpacked(unpack_int4, packed(pack_int4, q), n)
        expect(
            len(back) == n and np.array_equal(back, q),
            en=f"{n} weights came back as {len(back)}, {int(np.sum(back[:n] != q[: len(back)]))} of them changed",
            zh=f"{n} 个权重还原出 {len(back)} 个，其中 {int(np.sum(back[:n] != q[: len(back)]))} 个变了",
        )
    square = rng.integers(-8, 8, (5, 3)).astype(np.int8)
    back = unpacked(unpack_int4, packed(pack_int4, square), 15)
    expect(np.array_equal(back, square.ravel()), en="a 5 x 3 matrix did not come back row by row",
           zh="5 x 3 的矩阵没有按行还原")  # fmt: skip


@law(
    "12A",
    points=1,
    en="what does not fit is refused with a ValueError",
    zh="放不下的以 ValueError 拒绝",
)
def check_range(pack_int4, unpack_int4):
    for q in ([8], [-9], [0, 127], [3, -128, 0]):
        raises(ValueError, pack_int4, np.array(q, np.int16))
    raises(ValueError, unpack_int4, np.array([0x21], np.uint8), 3)


@law(
    "12A",
    points=2,
    en="a real file's buffer is read as LiteRT reads it",
    zh="真实文件的缓冲区，读法与 LiteRT 一致",
)
def check_real_file(pack_int4, unpack_int4):
    buffer, weights = real()
    found = unpacked(unpack_int4, buffer, len(weights))
    wrong = int(np.sum(found != weights)) if len(found) == len(weights) else len(weights)
    expect(not wrong, en=f"{wrong} of {len(weights)} weights differ from those that LiteRT multiplies with",
           zh=f"{len(weights)} 个权重中有 {wrong} 个与 LiteRT 实际相乘的不同")  # fmt: skip
    again = packed(pack_int4, weights)
    expect(np.array_equal(again, buffer), en="packing the runtime's weights does not give the file's bytes",
           zh="把运行时的权重打包，得不到文件里的字节")  # fmt: skip


@law(
    "12B",
    points=2,
    en="every group keeps exactly n, with ties and all-zero groups too",
    zh="每组恰好保留 n 个，并列、全零也不例外",
)
def check_exactly_n(nm_mask, rng):
    for w, n, m in [*kernels(rng), (np.zeros((3, 8)), 2, 4), (np.ones((2, 8)), 3, 4)]:
        kept = masked(nm_mask, w, n, m).sum(axis=1)
        expect(
            bool(np.all(kept == n)),
            en=f"{n}:{m} on weights {w.shape}: groups keep {sorted(set(kept.tolist()))}",
            zh=f"{n}:{m}，权重 {w.shape}：各组保留 {sorted(set(kept.tolist()))} 个",
        )


@law(
    "12B",
    points=3,
    en="what is kept is at least as large in magnitude as what is dropped",
    zh="保留的绝对值不小于丢弃的",
)
def check_largest_magnitudes(nm_mask, rng):
    for w, n, m in kernels(rng):
        mask, size = masked(nm_mask, w, n, m), np.abs(w).reshape(-1, m)
        smallest = np.where(mask, size, np.inf).min(axis=1)
        largest = np.where(mask, -1, size).max(axis=1)
        bad = int(np.sum((smallest < largest) | ~mask.any(axis=1)))
        expect(not bad, en=f"{n}:{m}: {bad} of {len(mask)} groups dropped a larger weight than one they kept",
               zh=f"{n}:{m}：{len(mask)} 组中有 {bad} 组丢掉了比保留者更大的权重")  # fmt: skip


@law("12B", points=2, en="groups are neighbours along the last axis", zh="分组沿最后一维取相邻元素")
def check_last_axis(nm_mask):
    w = np.zeros((4, 4), np.float32)
    w[:, 1], w[:, 2] = 5, 4
    kept = masked(nm_mask, w, 2, 4)
    expect(
        bool(kept[:, 1].all() and kept[:, 2].all() and kept.sum() == 8),
        en=f"columns 1 and 2 of a 4 x 4 matrix are large; the mask keeps {kept.sum(axis=0).tolist()} by column",
        zh=f"4 x 4 矩阵的第 1、2 列较大；掩码按列保留了 {kept.sum(axis=0).tolist()} 个",
    )
    w = np.arange(16, dtype=np.float32).reshape(2, 8)
    kept = masked(nm_mask, w, 1, 4).reshape(2, 8)
    expect(bool(kept[:, 3].all() and kept[:, 7].all()), en=f"1:4 on rising rows kept columns {sorted(set(np.nonzero(kept)[1].tolist()))}",
           zh=f"1:4，逐行递增，保留的列是 {sorted(set(np.nonzero(kept)[1].tolist()))}")  # fmt: skip


@law("12B", points=1, en="n = m keeps everything", zh="n = m 时全部保留")
def check_all_of_m(nm_mask, rng):
    w = np.concatenate([rng.normal(size=(3, 8)), np.zeros((1, 8))])
    kept = masked(nm_mask, w, 4, 4)
    expect(
        bool(kept.all()),
        en=f"4:4 dropped {int(np.sum(~kept))} of {kept.size}",
        zh=f"4:4 丢掉了 {kept.size} 个中的 {int(np.sum(~kept))} 个",
    )


@law(
    "12B",
    points=1,
    en="a last dimension that m does not divide is refused with a ValueError",
    zh="最后一维不是 m 的倍数，以 ValueError 拒绝",
)
def check_divisible(nm_mask, rng):
    for shape, n, m in (
        ((4, 6), 2, 4),
        ((3, 5), 1, 2),
        ((8, 3), 2, 4),
        ((4, 8), 5, 4),
        ((4, 8), 0, 4),
    ):
        raises(ValueError, nm_mask, rng.normal(size=shape), n, m)


@law("12B", points=1, en="the weights are not changed", zh="不改动传入的权重")
def check_unchanged(nm_mask, rng):
    w = rng.normal(size=(4, 8))
    mask = np.asarray(unchanged(nm_mask, w, 2, 4))
    expect(mask.dtype == bool and mask.sum() == 16, en=f"a mask of 4 x 8 weights keeps 16; this one is {brief(mask)}",
           zh=f"4 x 8 权重的掩码应保留 16 个；得到 {brief(mask)}")  # fmt: skip
