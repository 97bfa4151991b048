"""What any right answer to topic 11 satisfies: laws of prefix codes, and of zeros that are counted, not stored."""

import heapq
import itertools
from collections import Counter

import numpy as np

from course_lib.grading import brief, expect, law, raises


def sources(rng):
    """Yield lists of symbols, from nearly constant to even: as weights are, and with awkward counts."""
    yield np.clip(np.rint(rng.normal(0, 3, 800)), -8, 7).astype(int).tolist()
    yield rng.choice(5, 300, p=[0.9, 0.04, 0.03, 0.02, 0.01]).tolist()
    yield rng.integers(0, 11, 400).tolist()
    yield rng.geometric(0.5, 500).tolist()
    yield [*[7] * 99, 3]  # two symbols, very uneven


def checked_codes(huffman_codes, symbols):
    """Return {symbol: word} of an answer, or fail with what is missing."""
    codes = huffman_codes(symbols)
    expect(
        isinstance(codes, dict),
        en=f"huffman_codes must return a dict; it returned {brief(codes)}",
        zh=f"huffman_codes 应返回 dict，实际返回 {brief(codes)}",
    )
    missing = set(symbols) - set(codes)
    expect(
        not missing,
        en=f"{len(missing)} symbols have no word, {brief(sorted(missing)[0]) if missing else ''} among them",
        zh=f"有 {len(missing)} 个符号没有码字，例如 {brief(sorted(missing)[0]) if missing else ''}",
    )
    odd = next(
        (w for w in codes.values() if not isinstance(w, str) or not w or set(w) - {"0", "1"}), None
    )
    expect(
        odd is None,
        en=f"{brief(odd)} is no word: a word is a string of one or more 0 and 1",
        zh=f"{brief(odd)} 不是码字：码字应为由 0 和 1 组成的非空字符串",
    )
    return codes


def fewest_bits(symbols):
    """Return the total length of an optimal prefix code: the sum of the weights of all merges."""
    heap = list(Counter(symbols).values())
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        total += merged
        heapq.heappush(heap, merged)
    return total


@law(
    "11A",
    points=2,
    en="what was encoded comes back, and takes the bits that the words say",
    zh="编码后能原样还原，占的比特数与码字相符",
)
def check_round_trip(huffman_codes, huffman_encode, huffman_decode, rng):
    for symbols in sources(rng):
        codes = checked_codes(huffman_codes, symbols)
        bits = huffman_encode(symbols, codes)
        expect(
            isinstance(bits, str) and len(bits) == sum(len(codes[s]) for s in symbols),
            en=f"{len(symbols)} symbols were encoded as {brief(bits)}; the words add up to "
            f"{sum(len(codes[s]) for s in symbols)} bits",
            zh=f"{len(symbols)} 个符号编码成 {brief(bits)}；码字长度之和是 {sum(len(codes[s]) for s in symbols)} 位",
        )
        back = huffman_decode(bits, codes)
        listed = list(back) if hasattr(back, "__len__") and not isinstance(back, str) else []
        pairs = zip(symbols, listed, strict=False)
        first = next((f" ([{i}]: {a} → {b})" for i, (a, b) in enumerate(pairs) if a != b), "")
        expect(
            listed == symbols,
            en=f"{len(symbols)} symbols came back as {brief(back)}{first}",
            zh=f"{len(symbols)} 个符号还原成了 {brief(back)}{first}",
        )


@law("11A", points=2, en="no word begins another, and no bit pattern is wasted (Kraft sum 1)",
     zh="任何码字都不是另一个的前缀，也不浪费任何比特组合（Kraft 和为 1）")  # fmt: skip
def check_prefix_free(huffman_codes, rng):
    for symbols in sources(rng):
        codes = checked_codes(huffman_codes, symbols)
        ordered = sorted(codes.values())
        clash = next(((a, b) for a, b in itertools.pairwise(ordered) if b.startswith(a)), None)
        expect(
            clash is None,
            en=f"the word {clash and clash[0]} begins the word {clash and clash[1]}: a decoder cannot tell them apart",
            zh=f"码字 {clash and clash[0]} 是 {clash and clash[1]} 的前缀：解码器无法区分",
        )
        kraft = sum(2.0 ** -len(word) for word in codes.values())
        expect(
            abs(kraft - 1) < 1e-9,
            en=f"{len(codes)} words with a Kraft sum of {kraft:.4f}: some word could be shorter",
            zh=f"{len(codes)} 个码字，Kraft 和为 {kraft:.4f}：有码字还能更短",
        )


@law("11A", points=3, en="no prefix code is shorter: at least the entropy, less than one bit above it",
     zh="没有更短的前缀码：不低于熵，且高出不到一位")  # fmt: skip
def check_shortest(huffman_codes, rng):
    for symbols in sources(rng):
        codes = checked_codes(huffman_codes, symbols)
        counts = Counter(symbols)
        total = sum(n * len(codes[symbol]) for symbol, n in counts.items())
        p = np.array(list(counts.values())) / len(symbols)
        entropy = float(-(p * np.log2(p)).sum())
        mean = total / len(symbols)
        expect(
            total == fewest_bits(symbols) and entropy - 1e-9 <= mean < entropy + 1,
            en=f"{len(counts)} symbols with an entropy of {entropy:.3f} bits take {mean:.3f} bits on average: "
            "a better code exists, or this one cannot be decoded",
            zh=f"{len(counts)} 个符号，熵 {entropy:.3f} 位，平均码长 {mean:.3f} 位：存在更好的编码，或者这个编码无法解码",
        )


@law(
    "11A",
    points=1,
    en="sixteen equally frequent symbols take four bits each",
    zh="十六个等频符号各占四位",
)
def check_sixteen_alike(huffman_codes, rng):
    symbols = rng.permutation(np.repeat(np.arange(16) * 3 - 20, 5)).tolist()
    lengths = sorted(len(word) for word in checked_codes(huffman_codes, symbols).values())
    expect(
        lengths == [4] * 16,
        en=f"16 symbols, 5 times each: words of {lengths} bits",
        zh=f"16 个符号各出现 5 次：码长为 {lengths}",
    )


@law(
    "11A",
    points=1,
    en="a single symbol costs one bit each time, nothing costs nothing",
    zh="只有一种符号时每次一位；没有符号则什么也不占",
)
def check_one_symbol_and_none(huffman_codes, huffman_encode, huffman_decode):
    codes = huffman_codes([5, 5, 5])
    bits = huffman_encode([5, 5, 5], codes) if isinstance(codes, dict) and 5 in codes else None
    expect(
        isinstance(bits, str) and len(bits) == 3,
        en=f"three times the same symbol: the code is {brief(codes)}, the bits are {brief(bits)}. "
        "Without a bit, nobody can count how often it came",
        zh=f"同一符号出现三次：编码为 {brief(codes)}，比特串为 {brief(bits)}。一位都不占，就没人数得清出现了几次",
    )
    back = huffman_decode(bits, codes)
    expect(
        list(back) == [5, 5, 5],
        en=f"[5, 5, 5] came back as {brief(back)}",
        zh=f"[5, 5, 5] 还原成了 {brief(back)}",
    )
    empty = huffman_codes([])
    bits = huffman_encode([], empty)
    expect(
        empty == {} and bits == "" and list(huffman_decode("", {})) == [],
        en=f"no symbols: codes {brief(empty)}, bits {brief(bits)}",
        zh=f"没有符号：编码 {brief(empty)}，比特串 {brief(bits)}",
    )


@law("11A", points=1, en="bits that are no whole word are refused", zh="拒绝凑不成完整码字的比特")
def check_leftover_bits(huffman_codes, huffman_encode, huffman_decode, rng):
    symbols = next(sources(rng))
    codes = checked_codes(huffman_codes, symbols)
    bits = huffman_encode(symbols, codes)
    longest = max(codes.values(), key=len)
    raises(ValueError, huffman_decode, bits + longest[:-1], codes)
    raises(ValueError, huffman_decode, longest[:-1], codes)
    raises(ValueError, huffman_decode, "1", {5: "0"})


def sparse(rng, size, density, kind=float):
    """Return a vector with that share of values that are not zero."""
    v = np.where(
        rng.random(size) < density, rng.integers(1, 100, size) * rng.choice([-1, 1], size), 0
    )
    return v.astype(np.int64) if kind is int else v / 8.0


def vectors(rng):
    """Yield (v, bits): sparse, dense, long runs, runs at the limits, whole numbers."""
    for density in (0.02, 0.1, 0.3, 1.0):
        yield sparse(rng, 400, density), 4
    for bits in (1, 2, 3, 5, 8):
        yield sparse(rng, 700, 0.05), bits
    for run in (14, 15, 16, 17, 31, 32, 40, 47, 48):
        yield np.concatenate([np.zeros(run), [2.5, -1.0], np.zeros(run), [4.0]]), 4
    yield sparse(rng, 300, 0.15, int), 4


def encoded(rel_index_encode, v, bits):
    """Return (gaps, values, size) as arrays and a number, or fail with what came instead."""
    found = rel_index_encode(v, bits)
    ok = isinstance(found, tuple | list) and len(found) == 3
    expect(
        ok,
        en=f"rel_index_encode must return (gaps, values, size); it returned {brief(found)}",
        zh=f"rel_index_encode 应返回 (gaps, values, size)，实际返回 {brief(found)}",
    )
    gaps, values = np.asarray(found[0]).ravel(), np.asarray(found[1]).ravel()
    whole = not gaps.size or (
        np.issubdtype(gaps.dtype, np.number) and np.array_equal(gaps, np.rint(gaps))
    )
    expect(
        whole and len(gaps) == len(values),
        en=f"gaps are {brief(found[0])}, values {brief(found[1])}: whole numbers, and one gap for each value, are needed",
        zh=f"gaps 为 {brief(found[0])}，values 为 {brief(found[1])}：应为整数，且与 values 一一对应",
    )
    return gaps.astype(np.int64), values, found[2]


def runs(v):
    """Return the number of zeros in front of every value that is not zero."""
    return np.diff(np.flatnonzero(v), prepend=-1) - 1


@law("11B", points=2, en="every vector comes back, value by value", zh="任何向量都能逐个还原")
def check_vector_comes_back(rel_index_encode, rel_index_decode, rng):
    for v, bits in vectors(rng):
        gaps, values, size = rel_index_encode(v, bits)
        back = np.asarray(rel_index_decode(gaps, values, size))
        expect(
            back.shape == v.shape and np.array_equal(back, v),
            en=f"{len(v)} values, {np.count_nonzero(v)} of them not zero, bits={bits}: "
            f"{len(back.ravel())} came back, {np.count_nonzero(back)} not zero"
            + (f", {np.sum(back != v)} wrong" if back.shape == v.shape else ""),
            zh=f"{len(v)} 个值、其中 {np.count_nonzero(v)} 个非零，bits={bits}：还原出 {len(back.ravel())} 个、"
            f"{np.count_nonzero(back)} 个非零"
            + (f"，{np.sum(back != v)} 个不对" if back.shape == v.shape else ""),
        )


@law(
    "11B",
    points=2,
    en="no gap needs more than `bits` bits: fillers bridge longer runs",
    zh="间隔不超过 bits 位：更长的零串用填充项接力",
)
def check_gaps_fit(rel_index_encode, rng):
    for v, bits in vectors(rng):
        gaps, values, _ = encoded(rel_index_encode, v, bits)
        top = gaps.max(initial=0)
        expect(
            gaps.min(initial=0) >= 0
            and top <= 2**bits - 1
            and np.count_nonzero(values) == np.count_nonzero(v),
            en=f"bits={bits}: gaps from {gaps.min(initial=0)} to {top}, {np.count_nonzero(values)} of "
            f"{np.count_nonzero(v)} values kept",
            zh=f"bits={bits}：间隔从 {gaps.min(initial=0)} 到 {top}，{np.count_nonzero(v)} 个非零值存下了 "
            f"{np.count_nonzero(values)} 个",
        )
    _, values, _ = encoded(rel_index_encode, np.array([0.0] * 40 + [3.0]), 4)
    fillers = int(np.sum(values == 0))
    expect(
        fillers == 2 and len(values) == 3,
        en=f"40 zeros before a value, 4 bits: {fillers} fillers and {len(values)} entries",
        zh=f"一个值之前有 40 个零、4 位：{fillers} 个填充项，共 {len(values)} 条",
    )


@law(
    "11B",
    points=2,
    en="as few entries as possible: a filler only where a gap does not fit",
    zh="条目尽量少：只有间隔放不下时才用填充项",
)
def check_no_spare_fillers(rel_index_encode, rng):
    for v, bits in vectors(rng):
        gaps, _, _ = encoded(rel_index_encode, v, bits)
        needed = np.count_nonzero(v) + int(np.sum(runs(v) >> bits))
        expect(
            len(gaps) == needed,
            en=f"{np.count_nonzero(v)} values, the longest run {runs(v).max(initial=0)} zeros, bits={bits}: "
            f"{len(gaps)} entries, {needed} are enough",
            zh=f"{np.count_nonzero(v)} 个非零值，最长零串 {runs(v).max(initial=0)}，bits={bits}：用了 {len(gaps)} 条，"
            f"{needed} 条就够",
        )


@law(
    "11B",
    points=2,
    en="zeros at the end cost nothing but the size",
    zh="末尾的零除了 size 之外不占任何空间",
)
def check_trailing_zeros(rel_index_encode, rel_index_decode, rng):
    for tail in (1, 16, 100):
        v = np.concatenate([sparse(rng, 60, 0.3), [5.0], np.zeros(tail)])
        gaps, values, size = encoded(rel_index_encode, v, 4)
        expect(
            isinstance(size, int | np.integer) and size == len(v),
            en=f"{len(v)} values, {tail} zeros at the end: size is {brief(size)}",
            zh=f"{len(v)} 个值、末尾 {tail} 个零：size 是 {brief(size)}",
        )
        expect(
            len(values) and values[-1] == 5.0,
            en=f"{tail} zeros at the end: the last entry has the value {brief(values[-1] if len(values) else None)}",
            zh=f"末尾 {tail} 个零：最后一条的值是 {brief(values[-1] if len(values) else None)}",
        )
        back = np.asarray(rel_index_decode(gaps, values, size))
        expect(
            np.array_equal(back, v),
            en=f"with {tail} zeros at the end {len(back.ravel())} values came back of {len(v)}",
            zh=f"末尾有 {tail} 个零时，{len(v)} 个值还原出 {len(back.ravel())} 个",
        )


@law(
    "11B",
    points=1,
    en="a gap is the number of zeros in front, a filler one of them",
    zh="间隔是前面零的个数，填充项自己也是一个零",
)
def check_gaps_count_zeros(rel_index_encode, rel_index_decode, rng):
    v = np.array([7.0, 8.0, 0.0, 0.0, 9.0])
    gaps, _, _ = encoded(rel_index_encode, v, 4)
    expect(
        gaps.tolist() == [0, 0, 2],
        en=f"[7, 8, 0, 0, 9] gave the gaps {gaps.tolist()}; 7 and 8 have no zero in front",
        zh=f"[7, 8, 0, 0, 9] 的间隔是 {gaps.tolist()}；7 和 8 前面没有零",
    )
    gaps = rng.integers(0, 16, 20)
    values = rng.integers(1, 9, 20).astype(float)
    gaps[[4, 11]], values[[4, 11]] = 15, 0.0
    back = np.asarray(rel_index_decode(gaps, values, int(gaps.sum()) + 25))
    where = np.cumsum(gaps + 1) - 1
    expect(
        back.shape == (int(gaps.sum()) + 25,)
        and np.array_equal(back[where], values)
        and np.sum(back) == values.sum(),
        en=f"20 entries with gaps {gaps.tolist()[:6]}...: values landed at {np.flatnonzero(back)[:6].tolist()}...",
        zh=f"20 条、间隔 {gaps.tolist()[:6]}…：值落在 {np.flatnonzero(back)[:6].tolist()}…",
    )


@law(
    "11B",
    points=1,
    en="nothing, and nothing but zeros, need no entry",
    zh="空向量和全零向量不需要任何条目",
)
def check_empty_and_zeros(rel_index_encode, rel_index_decode):
    for size in (0, 1, 50):
        gaps, values, found = encoded(rel_index_encode, np.zeros(size), 4)
        back = np.asarray(rel_index_decode(gaps, values, found))
        expect(
            len(gaps) == 0 and found == size and back.shape == (size,) and not back.any(),
            en=f"{size} zeros: {len(gaps)} entries, size {brief(found)}, and {back.shape} came back",
            zh=f"{size} 个零：{len(gaps)} 条，size 为 {brief(found)}，还原出的形状是 {back.shape}",
        )
