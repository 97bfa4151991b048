"""The regression gate: what a pipeline asks of a new artifact before it replaces the one that is out there."""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.core import Artifact
from course_lib.evaluation import compare
from course_lib.evaluation.comparison import MARGIN, Comparison
from course_lib.evaluation.measuring import Samples
from course_lib.evaluation.statistics import paired_difference
from course_lib.language import Say

_MOST_TIMES = 1_000  # a plan for more samples than that is none


@dataclass(frozen=True)
class Demand:
    """One thing that was asked, whether it holds, and a sentence that says so."""

    name: str
    met: bool
    sentence: Say


@dataclass(frozen=True)
class Gate:
    """All demands, and the comparison that they were held against."""

    demands: tuple[Demand, ...]
    comparison: Comparison

    @property
    def passed(self) -> bool:
        """Tell whether every demand is met."""
        return all(demand.met for demand in self.demands)


def gate(
    reference: Artifact,
    candidate: Artifact,
    data: Samples,
    *,
    max_loss: float = MARGIN,
    max_growth: float = 0.0,
    max_bytes: int | None = None,
) -> Gate:
    """Hold a candidate against the artifact that it would replace, on the same samples.

    Accuracy passes only when the paired interval excludes a loss of more than ``max_loss``: a small test set that finds
    no difference has shown nothing. So the gate fails when it cannot tell, and says that it cannot.

    Args:
        data: labelled samples that took no part in choosing the candidate.
        max_loss: of accuracy, a fraction in (0, 1).
        max_growth: of the file, a fraction of the reference's bytes, 0 or more.
        max_bytes: of the file; None for no such limit.

    Raises:
        ValueError: a limit is out of its range, or as ``compare`` does.
    """
    if max_growth < 0:
        raise ValueError(f"max_growth must be 0 or more, got {max_growth}")
    if max_bytes is not None and max_bytes < 1:
        raise ValueError(f"max_bytes must be 1 or more, got {max_bytes}")
    found = compare(reference, candidate, data, margin=max_loss, latency=False)
    demands = [Demand("accuracy", found.verdict == "non-inferior", _on_accuracy(found))]
    demands.append(_at_most("growth", candidate.raw_bytes, int(reference.raw_bytes * (1 + max_growth))))
    if max_bytes is not None:
        demands.append(_at_most("bytes", candidate.raw_bytes, max_bytes))
    return Gate(tuple(demands), found)


def samples_to_tell(found: Comparison) -> int | None:
    """Return about how many samples would clear the margin if they flipped as these do; None when no number would.

    A plan, no promise: the next samples may flip otherwise. Found by growing the counts until Tango's interval clears.
    """
    if found.difference <= -found.margin:
        return None
    times = 1.0
    while times < _MOST_TIMES:
        only_a, only_b, images = (round(times * each) for each in (found.only_a, found.only_b, found.images))
        if paired_difference(only_a, only_b, images, found.difference_interval.level).low > -found.margin:
            return images
        times *= 1.02
    return None


def _on_accuracy(found: Comparison) -> Say:
    more = samples_to_tell(found) if found.verdict == "inconclusive" else None
    if more is None:
        return Say(found.sentence, found.sentence_zh)
    return Say(
        f"{found.sentence} About {more:,} samples would tell, if they flip as these do.",
        f"{found.sentence_zh}如果更多样本的翻转比例不变，约 {more:,} 个样本可以分出结果。",
    )


def _at_most(name: str, found: int, limit: int) -> Demand:
    met = found <= limit
    return Demand(
        name,
        met,
        Say(
            f"The file has {found:,} bytes, {'within' if met else 'over'} the limit of {limit:,}.",
            f"文件为 {found:,} 字节，{'未超过' if met else '超过'}上限 {limit:,}。",
        ),
    )
