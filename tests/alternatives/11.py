"""Topic 11 answered from the statement alone, built otherwise than our solution: two queues, a tree, whole arrays."""

from collections import deque

import numpy as np


def huffman_codes(symbols):
    """Merge from two sorted queues (van Leeuwen), then walk down the tree."""
    values, counts = np.unique(np.array(symbols, dtype=int), return_counts=True)
    leaves = deque(sorted(zip(counts.tolist(), values.tolist(), strict=True)))
    merged = deque()

    def smallest():
        if not merged or (leaves and leaves[0][0] <= merged[0][0]):
            return leaves.popleft()
        return merged.popleft()

    if not leaves:
        return {}
    if len(leaves) == 1:
        return {leaves[0][1]: "1"}
    while len(leaves) + len(merged) > 1:
        one, other = smallest(), smallest()
        merged.append((one[0] + other[0], (one, other)))
    codes, waiting = {}, [(merged[0], "")]
    while waiting:
        (_, node), word = waiting.pop()
        if isinstance(node, tuple):
            waiting += [(node[0], word + "1"), (node[1], word + "0")]
        else:
            codes[node] = word
    return codes


def huffman_encode(symbols, codes):
    bits = ""
    for symbol in symbols:
        bits += codes[int(symbol)]
    return bits


def huffman_decode(bits, codes):
    """Cut off one word after the other, trying the lengths that occur."""
    words = {word: symbol for symbol, word in codes.items()}
    lengths = sorted({len(word) for word in words})
    symbols, at = [], 0
    while at < len(bits):
        for length in lengths:
            if bits[at : at + length] in words and at + length <= len(bits):
                symbols.append(words[bits[at : at + length]])
                at += length
                break
        else:
            raise ValueError("no word fits the rest of the bits")
    return symbols


def rel_index_encode(v, bits=4):
    """Whole arrays: where the entries end up follows from how many fillers come before them."""
    v = np.asarray(v)
    block = 2**bits
    position = np.flatnonzero(v)
    before = np.concatenate([[-1], position[:-1]])[: len(position)]
    zeros = position - before - 1
    fillers = zeros // block
    own = np.arange(len(position)) + np.cumsum(fillers)
    gaps = np.full(len(position) + int(fillers.sum()), block - 1)
    values = np.zeros(len(gaps), v.dtype)
    gaps[own] = zeros % block
    values[own] = v[position]
    return gaps.tolist(), values, int(v.size)


def rel_index_decode(gaps, values, size):
    out = []
    for gap, value in zip(gaps, values, strict=True):
        out += [0] * int(gap)
        out.append(value)
    out += [0] * (size - len(out))
    return np.array(out)
