"""Topic 13 answered from the statement alone, built otherwise than our solution: counting pairs, and logarithms."""

from collections import Counter
from math import exp, lgamma, log


def prf(y, p, n_classes):
    """Count pairs (true, predicted) and read the table's rows and columns; classes come as a dict."""
    table = Counter(zip((int(a) for a in y), (int(b) for b in p), strict=True))
    classes = range(n_classes)
    report = {}
    for c in classes:
        column, row = sum(table[a, c] for a in classes), sum(table[c, b] for b in classes)
        precision = table[c, c] / column if column else 0
        recall = table[c, c] / row if row else 0
        report[c] = [precision, recall, 2 / (1 / precision + 1 / recall) if precision and recall else 0]
    right = sum(table[c, c] for c in classes)
    return {
        "accuracy": right / sum(table.values()),
        "macro_f1": sum(f1 for _, _, f1 in report.values()) / n_classes,
        "per_class": report,
    }


def mcnemar_exact(ref_ok, new_ok):
    """Sum the binomial tail in logarithms, from the largest term down."""
    if len(ref_ok) != len(new_ok):
        raise ValueError("one verdict per image from each model, please")
    pairs = Counter(zip(map(bool, ref_ok), map(bool, new_ok), strict=True))
    worse, better = pairs[True, False], pairs[False, True]
    n = worse + better

    def log_term(k):
        return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2)

    tail = sum(exp(log_term(k)) for k in range(min(worse, better), -1, -1))
    p = 1.0 if worse == better else min(1.0, 2 * tail)
    return {"regressions": worse, "fixes": better, "p_value": p}
