"""Topic 19 answered from the statement alone, built otherwise: scalars, k-means from quantiles, a trie to decode."""

import heapq
import itertools

import numpy as np


def quantize_keep_zeros(w, bits=8):
    limit = (1 << (bits - 1)) - 1
    flat = [float(value) for value in np.ravel(w)]
    peak = max(map(abs, flat), default=0.0)
    if peak == 0:
        return np.zeros(np.shape(w), np.int16), np.float32(1)
    step = peak / limit
    q = [int(np.sign(v)) * min(limit, int(abs(v) / step + 0.5)) for v in flat]
    return np.array(q, np.int32).reshape(np.shape(w)), np.array([step])


def lengths_to_words(counts):
    """Canonical code from lengths."""
    tie = itertools.count()
    heap = [(n, next(tie), [symbol]) for symbol, n in counts.items()]
    length = dict.fromkeys(counts, 1 if len(counts) == 1 else 0)
    heapq.heapify(heap)
    while len(heap) > 1:
        (a, _, left), (b, _, right) = heapq.heappop(heap), heapq.heappop(heap)
        for symbol in left + right:
            length[symbol] += 1
        heapq.heappush(heap, (a + b, next(tie), left + right))
    code, before, words = 0, 0, {}
    for symbol in sorted(counts, key=lambda s: (length[s], s)):
        code <<= length[symbol] - before
        before = length[symbol]
        words[symbol] = bin(code)[2:].zfill(before)
        code += 1
    return words


def deep_compress(w, sparsity, k, gap_bits=4):
    w = np.array(w)
    ranked = sorted(range(w.size), key=lambda i: abs(float(w.flat[i])), reverse=True)
    stay = sorted(i for i in ranked[: int((1 - sparsity) * w.size + 0.5)] if w.flat[i] != 0)
    kept = np.array([float(w.flat[i]) for i in stay])
    book = sorted(set(kept.tolist()))
    if len(book) > k:
        book = sorted(set(np.quantile(kept, (np.arange(k) + 0.5) / k).tolist()))
        for _ in range(100):
            nearest = np.abs(kept[:, None] - np.array(book)).argmin(1)
            book = sorted({float(kept[nearest == j].mean()) for j in set(nearest.tolist())})
    book = np.array(book, np.float32)
    entries, position = [], 0
    for i, value in zip(stay, kept, strict=True):
        gap = i - position
        entries += [(2**gap_bits - 1, None)] * (gap >> gap_bits)
        entries.append((gap & (2**gap_bits - 1), int(np.abs(book - value).argmin())))
        position = i + 1
    counts = {}
    for _, symbol in entries:
        counts[-1 if symbol is None else symbol] = counts.get(-1 if symbol is None else symbol, 0) + 1
    words = lengths_to_words(counts)
    codes = "".join(words[-1 if symbol is None else symbol] for _, symbol in entries)
    gaps = "".join(np.binary_repr(gap, gap_bits) for gap, _ in entries)
    bits = len(codes) + len(gaps) + 32 * len(book)
    return {
        "codebook": book,
        "codes": codes,
        "gaps": gaps,
        "payload_bits": bits,
        "rest": [list(w.shape), words, gap_bits],
    }


def deep_decompress(blob):
    shape, words, gap_bits = blob["rest"]
    trie = {}
    for symbol, word in words.items():
        node = trie
        for bit in word[:-1]:
            node = node.setdefault(bit, {})
        node[word[-1]] = symbol
    out, position, node = np.zeros(int(np.prod(shape)), np.float32), 0, trie
    start = 0
    for bit in blob["codes"]:
        node = node[bit]
        if not isinstance(node, dict):
            gap = int(blob["gaps"][start : start + gap_bits], 2)
            start += gap_bits
            position += gap
            out[position] = 0 if node == -1 else blob["codebook"][node]
            position += 1
            node = trie
    return out.reshape(shape)
