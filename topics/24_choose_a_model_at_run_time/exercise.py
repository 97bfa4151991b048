# %% [markdown]
# {{exercise_header}}
#
# Two policies that decide which model runs: one looks at the device, the other at the sample.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
class VariantSelector:
    def __init__(self, variants, margin=0.2):
        # BEGIN SOLUTION
        self.variants = list(variants)
        self.margin = margin
        self.current = None
        # END SOLUTION

    def pick(self, budget_ms, slowdown=1.0):
        # BEGIN SOLUTION
        def fits(variant, factor=1.0):
            return variant[2] * slowdown * factor <= budget_ms

        fitting = [v for v in self.variants if fits(v)]
        if not fitting:
            self.current = min(self.variants, key=lambda v: v[2])
        elif self.current not in fitting:
            self.current = max(fitting, key=lambda v: (v[1], -v[2]))
        else:
            roomy = [v for v in fitting if fits(v, 1 + self.margin) and v[1] > self.current[1]]
            self.current = max(roomy, key=lambda v: (v[1], -v[2]), default=self.current)
        return self.current[0]
        # END SOLUTION


# %%
check("24A")

# %% [markdown]
# {{task:B}}


# %%
def early_exit_threshold(conf, ok_small, ok_big, cost_small, cost_big, min_acc):
    # BEGIN SOLUTION
    conf = np.asarray(conf, dtype=np.float64)
    ok_small, ok_big = np.asarray(ok_small, bool), np.asarray(ok_big, bool)
    best = None
    for tau in [0.0, *np.unique(conf), np.inf]:
        asked = conf < tau
        acc = float(np.where(asked, ok_big, ok_small).mean())
        cost = float(cost_small + asked.mean() * cost_big)
        if acc >= min_acc and (best is None or (cost, -acc) < (best[1], -best[2])):
            best = (float(tau), cost, acc)
    return best
    # END SOLUTION


# %%
check("24B")

# %%
# NBVAL_CHECK_OUTPUT
finish("24")
