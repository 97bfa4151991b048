"""What was measured of one artifact, with where and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from course_lib.core.environment import Environment


@dataclass(frozen=True)
class Interval:
    """A confidence interval; ``level`` in (0, 1)."""

    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True)
class Latency:
    """Time of one batch-1 inference in microseconds, and the protocol that it was taken by."""

    median_us: float
    p95_us: float
    runs: int
    warmups: int
    threads: int
    delegate: str


@dataclass(frozen=True)
class Report:
    """One row of a comparison. Accuracies are fractions in [0, 1]; what was not measured is None."""

    name: str
    raw_bytes: int
    gzip_bytes: int
    accuracy: float
    accuracy_interval: Interval
    environment: Environment
    latency: Latency | None = None
    peak_memory_mb: float | None = None

    def row(self) -> dict[str, Any]:
        """Return the row for a lesson's table: sizes in bytes, accuracy in percent, times in microseconds."""
        row: dict[str, Any] = {
            "model": self.name,
            "raw bytes": self.raw_bytes,
            "gzip bytes": self.gzip_bytes,
            "accuracy %": round(100 * self.accuracy, 2),
            "95% interval": f"{100 * self.accuracy_interval.low:.2f} to {100 * self.accuracy_interval.high:.2f}",
        }
        if self.latency is not None:
            row |= {
                "median µs": round(self.latency.median_us, 1),
                "p95 µs": round(self.latency.p95_us, 1),
                "threads": self.latency.threads,
                "delegate": self.latency.delegate,
            }
        return row
