# %% [markdown]
# {{exercise_header}}
#
# First the invariant that makes pruning and quantization fit together, then the whole pipeline of Deep Compression on one tensor.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def quantize_keep_zeros(w, bits=8):
    """Symmetric: the zero point is 0, so a pruned weight is stored as 0 and comes back as exactly 0.0.

    The asymmetric scheme of activations would store it as its zero point, some 37: the runs of zeros that gzip and
    Huffman live on are still runs, but nothing that looks for zeros finds any, and a kernel has to subtract 37 again.
    """
    # BEGIN SOLUTION
    w = np.asarray(w, dtype=np.float64)
    limit = 2 ** (bits - 1) - 1
    peak = np.max(np.abs(w), initial=0.0)
    scale = peak / limit if peak > 0 else 1.0
    q = np.clip(np.rint(w / scale), -limit, limit)
    return q.astype(np.int8 if bits <= 8 else np.int32), float(scale)
    # END SOLUTION


# %%
check("19A")

# %% [markdown]
# {{task:B}}

# %% [markdown]
# One tool is given, since topic 11 had you build it: optimal prefix codes from counts.


# %%
def huffman_codes(symbols):
    """Return {symbol: word of "0" and "1"} of an optimal prefix code; a symbol that is alone gets "0"."""
    found, counts = np.unique(np.asarray(symbols, dtype=np.int64), return_counts=True)
    forest = [
        (int(n), place, {int(s): ""})
        for place, (s, n) in enumerate(zip(found, counts, strict=True))
    ]
    if len(forest) == 1:
        return {int(found[0]): "0"}
    while len(forest) > 1:
        forest = sorted(forest, key=lambda tree: tree[:2])
        (a, _, zero), (b, place, one), *forest = forest
        joined = {s: "0" + word for s, word in zero.items()} | {
            s: "1" + word for s, word in one.items()
        }
        forest.append((a + b, place, joined))
    return forest[0][2] if forest else {}


# %%
def deep_compress(w, sparsity, k, gap_bits=4):
    # BEGIN SOLUTION
    w = np.asarray(w, dtype=np.float32)
    flat = w.ravel()
    keep = flat.size - round(sparsity * flat.size)
    largest = np.argsort(-np.abs(flat), kind="stable")[:keep]
    places = np.sort(largest[flat[largest] != 0])
    codebook, members = share(flat[places], k)

    longest = 2**gap_bits - 1
    gaps, symbols, position = [], [], 0  # symbol 0 is the filler, symbol i + 1 means codebook[i]
    for place, member in zip(places.tolist(), members.tolist(), strict=True):
        while place - position > longest:
            gaps.append(longest)
            symbols.append(0)
            position += longest + 1
        gaps.append(place - position)
        symbols.append(member + 1)
        position = place + 1
    words = huffman_codes(symbols)
    blob = {
        "shape": w.shape,
        "gap_bits": gap_bits,
        "codebook": codebook,
        "words": words,
        "codes": "".join(words[symbol] for symbol in symbols),
        "gaps": "".join(f"{gap:0{gap_bits}b}" for gap in gaps),
    }
    blob["payload_bits"] = len(blob["codes"]) + len(blob["gaps"]) + 32 * len(codebook)
    return blob
    # END SOLUTION


def share(values, k):
    """Return (codebook of at most k values, index of each value's entry): a helper of our solution."""
    # BEGIN SOLUTION
    distinct = np.unique(values)
    if len(distinct) <= k:
        return distinct, np.searchsorted(distinct, values)
    centres = np.linspace(values.min(), values.max(), k, dtype=np.float64)
    for _ in range(60):
        members = np.searchsorted((centres[1:] + centres[:-1]) / 2, values)
        counts = np.bincount(members, minlength=k)
        sums = np.bincount(members, values, minlength=k)
        centres = np.sort(np.where(counts > 0, sums / np.maximum(counts, 1), centres))
    used, members = np.unique(
        np.searchsorted((centres[1:] + centres[:-1]) / 2, values), return_inverse=True
    )
    return centres[used].astype(np.float32), members
    # END SOLUTION


def deep_decompress(blob):
    # BEGIN SOLUTION
    meaning = {word: symbol for symbol, word in blob["words"].items()}
    symbols, word = [], ""
    for bit in blob["codes"]:
        word += bit
        if word in meaning:
            symbols.append(meaning[word])
            word = ""
    gap_bits, stream = blob["gap_bits"], blob["gaps"]
    gaps = [int(stream[i : i + gap_bits], 2) for i in range(0, len(stream), gap_bits)]
    if word or len(gaps) != len(symbols):
        raise ValueError(f"{len(symbols)} symbols do not fit {len(gaps)} gaps")
    values = np.concatenate([[0], blob["codebook"]]).astype(np.float32)
    flat = np.zeros(int(np.prod(blob["shape"])), np.float32)
    flat[np.cumsum(np.array(gaps, np.int64) + 1) - 1] = values[symbols]
    return flat.reshape(blob["shape"])
    # END SOLUTION


# %%
check("19B")

# %%
# NBVAL_CHECK_OUTPUT
finish("19")
