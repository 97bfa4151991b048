"""Right solutions of topic 29, built differently from ours, from the statement alone."""

import math


def pareto_front(points, maximize):
    signs = [1 if up else -1 for up in maximize]
    scored = [tuple(sign * value for sign, value in zip(signs, point, strict=True)) for point in points]
    kept = []
    for index in sorted(range(len(scored)), key=lambda i: scored[i], reverse=True):
        # sorted from the best: whoever dominates a point has come before it, and a member of the front dominates it too
        mine = scored[index]
        if not any(scored[k] != mine and all(a >= b for a, b in zip(scored[k], mine, strict=True)) for k in kept):
            kept.append(index)
    return sorted(kept)


def regression_gate(base, cand, rules):
    def broken(metric, rule):
        try:
            change = float(cand[metric]) - float(base[metric])
        except (KeyError, TypeError):
            return True
        if rule["better"] == "higher":
            change = -change
        allowed = max(rule.get("abs", 0), abs(base[metric]) * rule.get("rel", 0))
        return math.isinf(cand[metric]) or math.isinf(base[metric]) or not change <= allowed

    violations = [metric for metric, rule in rules.items() if broken(metric, rule)]
    return len(violations) == 0, violations
