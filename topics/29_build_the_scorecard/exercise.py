# %% [markdown]
# {{exercise_header}}
#
# The two halves of a decision: which files are worth discussing, and whether a new one may replace the old.

# %%
import math

import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def pareto_front(points, maximize):
    # BEGIN SOLUTION
    values = np.array(points, dtype=float).reshape(len(points), len(maximize))
    values = np.where(maximize, values, -values)
    front = []
    for index, own in enumerate(values):
        no_worse = (values >= own).all(axis=1)
        better = (values > own).any(axis=1)
        if not (no_worse & better).any():
            front.append(index)
    return front
    # END SOLUTION


# %%
check("29A")

# %% [markdown]
# {{task:B}}


# %%
def regression_gate(base, cand, rules):
    # BEGIN SOLUTION
    violations = []
    for metric, rule in rules.items():
        before, after = base.get(metric), cand.get(metric)
        if before is None or after is None or not (math.isfinite(before) and math.isfinite(after)):
            violations.append(metric)
            continue
        worse = before - after if rule["better"] == "higher" else after - before
        if worse > max(rule.get("abs", 0.0), rule.get("rel", 0.0) * abs(before)):
            violations.append(metric)
    return not violations, violations
    # END SOLUTION


# %%
check("29B")

# %%
# NBVAL_CHECK_OUTPUT
finish("29")
