# %% [markdown]
# {{exercise_header}}
#
# The two coders behind every "N times smaller". Plain Python is enough; NumPy helps with the second.

# %%
import heapq
from collections import Counter

import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def huffman_codes(symbols):
    # BEGIN SOLUTION
    counts = Counter(np.asarray(symbols).ravel().tolist())
    if len(counts) == 1:
        return dict.fromkeys(counts, "0")  # a word of no bits could not be counted
    codes = dict.fromkeys(counts, "")
    # The number in second place keeps the heap from comparing lists when counts are equal.
    heap = [(n, tie, [symbol]) for tie, (symbol, n) in enumerate(counts.items())]
    heapq.heapify(heap)
    while len(heap) > 1:
        (a, _, left), (b, tie, right) = heapq.heappop(heap), heapq.heappop(heap)
        for bit, side in (("0", left), ("1", right)):
            for symbol in side:
                codes[symbol] = bit + codes[symbol]
        heapq.heappush(heap, (a + b, tie, left + right))
    return codes
    # END SOLUTION


def huffman_encode(symbols, codes):
    # BEGIN SOLUTION
    return "".join(codes[symbol] for symbol in np.asarray(symbols).ravel().tolist())
    # END SOLUTION


def huffman_decode(bits, codes):
    # BEGIN SOLUTION
    meaning = {word: symbol for symbol, word in codes.items()}
    symbols, word = [], ""
    for bit in bits:
        word += bit
        if word in meaning:
            symbols.append(meaning[word])
            word = ""
    if word:
        raise ValueError(f"{len(word)} bits are left over that are no word: {word[:20]}")
    return symbols
    # END SOLUTION


# %%
check("11A")

# %% [markdown]
# {{task:B}}


# %%
def rel_index_encode(v, bits=4):
    # BEGIN SOLUTION
    v = np.asarray(v)
    longest = 2**bits - 1
    gaps, values = [], []
    run = 0  # zeros since the last entry
    for x in v:
        if x == 0:
            run += 1
            continue
        while run > longest:  # a filler: as many zeros as fit, and itself
            gaps.append(longest)
            values.append(0)
            run -= longest + 1
        gaps.append(run)
        values.append(x)
        run = 0
    return np.array(gaps, dtype=np.int64), np.array(values, dtype=v.dtype), len(v)
    # END SOLUTION


def rel_index_decode(gaps, values, size):
    # BEGIN SOLUTION
    values = np.asarray(values)
    v = np.zeros(size, dtype=values.dtype)
    v[np.cumsum(np.asarray(gaps, dtype=np.int64) + 1) - 1] = values
    return v
    # END SOLUTION


# %%
check("11B")

# %%
# NBVAL_CHECK_OUTPUT
finish("11")
