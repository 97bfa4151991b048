"""Two artifacts on the same samples: what changed, whether it is noise, and whether it is acceptable."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from course_lib.core import Artifact, Environment, Interval
from course_lib.evaluation import timing
from course_lib.evaluation.measuring import Samples, class_outputs, samples
from course_lib.evaluation.statistics import kind_of_scores, mcnemar, paired_difference, sqnr_db

Verdict = Literal["non-inferior", "inferior", "inconclusive"]

MARGIN = 0.005


@dataclass(frozen=True)
class Comparison:
    """B against A. Accuracies, differences and the margin are fractions; differences are B minus A.

    ``flips`` counts samples whose predicted class differs, right or wrong; ``only_a`` are regressions and ``only_b``
    repairs. ``latency_ratio`` is time(A) / time(B). ``sqnr_db`` is None where the outputs are not of one kind.
    """

    a: str
    b: str
    images: int
    accuracy_a: float
    accuracy_b: float
    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    flips: int
    difference: float
    difference_interval: Interval
    p_value: float
    margin: float
    verdict: Verdict
    sqnr_db: float | None
    bytes_ratio: float
    environment: Environment
    latency_ratio: float | None = None
    latency_interval: Interval | None = None

    @property
    def sentence(self) -> str:
        """The verdict in one English sentence, with its numbers."""
        reads = {
            "non-inferior": f"is non-inferior to {self.a}: the interval stays above",
            "inferior": f"is inferior to {self.a}: the interval lies below",
            "inconclusive": f"may or may not be inferior to {self.a}: the interval crosses",
        }
        return (
            f"{self.b} {reads[self.verdict]} the margin of {-100 * self.margin:+.2f} points "
            f"({100 * self.accuracy_b:.2f} % against {100 * self.accuracy_a:.2f} % on the same "
            f"{self.images:,} samples, difference {100 * self.difference:+.2f}, "
            f"{self._level} interval {self._interval(' to ')}; flipped predictions: "
            f"{self.flips}, {self.only_a} for the worse and {self.only_b} for the better, "
            f"exact McNemar p = {self.p_value:.2g})."
        )

    @property
    def sentence_zh(self) -> str:
        """The verdict in one Chinese sentence, with its numbers."""
        reads = {
            "non-inferior": f"不劣于 {self.a}：置信区间整个高于",
            "inferior": f"劣于 {self.a}：置信区间整个低于",
            "inconclusive": f"是否劣于 {self.a} 尚无定论：置信区间跨过了",
        }
        return (
            f"{self.b} {reads[self.verdict]}界限 {-100 * self.margin:+.2f} 个百分点（同样 {self.images:,} 个样本上，"
            f"准确率 {100 * self.accuracy_b:.2f}% 对 {100 * self.accuracy_a:.2f}%，相差 {100 * self.difference:+.2f}，"
            f"{self._level} 置信区间 {self._interval(' 至 ')}；{self.flips} 个预测变了，{self.only_a} 个由对变错，"
            f"{self.only_b} 个由错变对，精确 McNemar 检验 p = {self.p_value:.2g}）。"
        )

    @property
    def _level(self) -> str:
        return f"{100 * self.difference_interval.level:g}%"

    def _interval(self, to: str) -> str:
        return f"{100 * self.difference_interval.low:+.2f}{to}{100 * self.difference_interval.high:+.2f}"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return asdict(self) | {"sentence": self.sentence}


def compare(
    a: Artifact,
    b: Artifact,
    data: Samples,
    *,
    margin: float = MARGIN,
    level: float = 0.95,
    latency: bool = True,
    threads: int = 1,
    xnnpack: bool = True,
    seed: int = 0,
) -> Comparison:
    """Compare B with A, the reference, sample by sample.

    The verdict asks whether B can be worse by more than ``margin``. "No significant difference" is not that verdict:
    a test set that is too small never finds one.

    Args:
        data: a Dataset, of which the test split is used, or (x, y).
        margin: the largest acceptable loss of accuracy, as a fraction in (0, 1), decided before looking.
        level: of the difference's interval; 0.95 makes the verdict a one-sided test at 2.5 %.
        latency: False skips the latency ratio.
        seed: of the interleaving and the bootstrap of the latency ratio.

    Raises:
        ValueError: a file does not load, run or classify, data does not fit it, or the margin is outside (0, 1).
    """
    if not 0 < margin < 1:
        raise ValueError(f"the margin is a fraction in (0, 1), got {margin}; 0.005 is half a point")
    x, y, _ = samples(data)
    one, two = (class_outputs(artifact, x, y, threads=threads, xnnpack=xnnpack) for artifact in (a, b))
    class_a, class_b = one.argmax(1), two.argmax(1)
    right_a, right_b = class_a == y, class_b == y
    only_a, only_b = int(np.sum(right_a & ~right_b)), int(np.sum(right_b & ~right_a))
    interval = paired_difference(only_a, only_b, len(y), level)
    alike = one.shape == two.shape and kind_of_scores(one) == kind_of_scores(two)
    ratio, ratio_interval = None, None
    if latency:
        ratio, ratio_interval = timing.latency_ratio(a, b, threads=threads, xnnpack=xnnpack, level=level, seed=seed)
    return Comparison(
        a=a.name,
        b=b.name,
        images=len(y),
        accuracy_a=float(np.mean(right_a)),
        accuracy_b=float(np.mean(right_b)),
        both_right=int(np.sum(right_a & right_b)),
        only_a=only_a,
        only_b=only_b,
        both_wrong=int(np.sum(~right_a & ~right_b)),
        flips=int(np.sum(class_a != class_b)),
        difference=(only_b - only_a) / len(y),
        difference_interval=interval,
        p_value=mcnemar(only_a, only_b),
        margin=margin,
        verdict=judge(interval, margin),
        sqnr_db=sqnr_db(one, two) if alike else None,
        bytes_ratio=a.raw_bytes / b.raw_bytes,
        environment=Environment.here(),
        latency_ratio=ratio,
        latency_interval=ratio_interval,
    )


def judge(difference: Interval, margin: float) -> Verdict:
    """Return the verdict for an interval of B minus A: above -margin, below it, or across it."""
    if difference.low > -margin:
        return "non-inferior"
    return "inferior" if difference.high < -margin else "inconclusive"
