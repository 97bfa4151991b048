"""Topic 24 answered from the statement alone, built otherwise than our solution: by index and from sorted counts."""

import math


class VariantSelector:
    """Sort the rungs from best to worst once, and remember a position."""

    def __init__(self, variants, margin=0.2):
        self.rungs = sorted(variants, key=lambda v: (-v[1], v[2]))  # stable: of equals the one listed first
        self.quickest = min(range(len(variants)), key=lambda k: (variants[k][2], k))
        self.quickest = self.rungs.index(variants[self.quickest])
        self.headroom = 1 + margin
        self.at = None

    def pick(self, budget_ms, slowdown=1.0):
        times = [ms * slowdown for _, _, ms in self.rungs]
        if self.at is not None and times[self.at] <= budget_ms:
            for position, (_, accuracy, _) in enumerate(self.rungs):
                if accuracy <= self.rungs[self.at][1]:
                    break
                if times[position] * self.headroom <= budget_ms:
                    self.at = position
                    break
        else:
            self.at = next((k for k, each in enumerate(times) if each <= budget_ms), self.quickest)
        return self.rungs[self.at][0]


def early_exit_threshold(conf, ok_small, ok_big, cost_small, cost_big, min_acc):
    """Escalate the least sure one after the other, and stop between two different confidences."""
    order = sorted(range(len(conf)), key=lambda k: conf[k])
    count, hits, options = len(order), int(sum(bool(each) for each in ok_small)), []
    for asked in range(count + 1):
        if asked == 0:
            tau = 0.0
        else:
            last = order[asked - 1]
            hits += int(bool(ok_big[last])) - int(bool(ok_small[last]))
            tau = float(conf[order[asked]]) if asked < count else math.inf
            if asked < count and conf[last] == tau:
                continue
        if hits / count >= min_acc:
            options.append((float(cost_small + cost_big * asked / count), -hits / count, tau))
    if not options:
        return None
    cost, loss, tau = min(options)
    return tau, cost, -loss
