"""The regression gate: what a pipeline asks of a new artifact before it replaces the one that is out there."""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.core import Artifact
from course_lib.evaluation import compare
from course_lib.evaluation.comparison import MARGIN, Comparison
from course_lib.evaluation.measuring import Samples
from course_lib.language import Say


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
    demands = [Demand("accuracy", found.verdict == "non-inferior", Say(found.sentence, found.sentence_zh))]
    demands.append(_at_most("growth", candidate.raw_bytes, int(reference.raw_bytes * (1 + max_growth))))
    if max_bytes is not None:
        demands.append(_at_most("bytes", candidate.raw_bytes, max_bytes))
    return Gate(tuple(demands), found)


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
