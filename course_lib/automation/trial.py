"""One recipe that was run and measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact, Interval
from course_lib.evaluation.statistics import wilson


@dataclass(frozen=True, eq=False)
class Trial:
    """A row of a sweep. ``right`` tells for every sample whether it was classified right, so that rows can be paired.

    ``seconds`` is what making and measuring took when it was done, ``cached`` whether that was an earlier time.
    """

    name: str
    recipe: str
    raw_bytes: int
    gzip_bytes: int
    right: NDArray[np.bool_] = field(repr=False)
    seconds: float
    cached: bool
    path: Path = field(repr=False)

    @property
    def images(self) -> int:
        """How many samples it was measured on."""
        return len(self.right)

    @property
    def accuracy(self) -> float:
        """Fraction of right answers, in [0, 1]."""
        return float(self.right.mean())

    @property
    def interval(self) -> Interval:
        """The accuracy's 95 % Wilson interval."""
        return wilson(int(self.right.sum()), len(self.right))

    def artifact(self) -> Artifact:
        """Read the artifact out of the cache."""
        return Artifact.load(self.path, self.name)

    def row(self) -> dict[str, Any]:
        """Return the row for a table, named as in a Report's."""
        return {
            "model": self.name,
            "raw bytes": self.raw_bytes,
            "gzip bytes": self.gzip_bytes,
            "accuracy %": round(100 * self.accuracy, 2),
            "95% interval": f"{100 * self.interval.low:.2f} to {100 * self.interval.high:.2f}",
            "seconds": round(self.seconds, 2),
        }
