"""What was measured of one artifact, with where and how."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

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
class ClassScore:
    """One class against the rest; fractions in [0, 1], 0 where nothing was predicted or nothing was there."""

    label: int
    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Report:
    """One row of a comparison. Accuracies are fractions in [0, 1]; what was not measured is None.

    ``load_ms`` is loading and allocating, ``first_us`` the first inference after it, ``latency`` the steady state.
    ``calibration_error`` is the expected calibration error of what ``scores`` names: the file's probabilities, or the
    softmax of its logits. ``memory_how`` says what ``peak_memory_mb`` (10**6 bytes) counts.
    """

    name: str
    raw_bytes: int
    gzip_bytes: int
    accuracy: float
    accuracy_interval: Interval
    environment: Environment
    latency: Latency | None = None
    peak_memory_mb: float | None = None
    images: int = 0
    per_class: tuple[ClassScore, ...] = ()
    scores: Literal["probabilities", "logits"] | None = None
    calibration_error: float | None = None
    load_ms: float | None = None
    first_us: float | None = None
    memory_how: str = ""

    @property
    def macro_f1(self) -> float | None:
        """Mean F1 over classes, each class counting alike; None without per-class scores."""
        return sum(score.f1 for score in self.per_class) / len(self.per_class) if self.per_class else None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return asdict(self) | {"macro_f1": self.macro_f1}

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
        if self.peak_memory_mb is not None:
            row["peak MB"] = round(self.peak_memory_mb, 2)
        return row
