"""The orders: a practice budget for everybody, and two that are drawn for each learner.

Each kind of draw was made such that one habit fails: no export of the library meets the orders of any learner by
itself. That every draw can be met is shown in benchmarks/capstone.csv, by the reference solution.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from random import Random

from course_lib.capstone.values import Budget
from course_lib.language import Say


@dataclass(frozen=True)
class Order:
    """One model with one budget. `name` is "practice", "own" or "second"; `model` what `materials.model` takes."""

    name: str
    model: str
    budget: Budget
    title: Say


@dataclass(frozen=True)
class Kind:
    """A range to draw from: bytes from low to high, and the other two bounds among a few."""

    low: int
    high: int
    drops: tuple[float, ...]
    ratios: tuple[float, ...]

    def draw(self, rng: Random) -> Budget:
        """Return one budget; the bytes are a multiple of 100, so that they can be said aloud."""
        return Budget(
            100 * rng.randint(self.low // 100, self.high // 100), rng.choice(self.drops), rng.choice(self.ratios)
        )


PRACTICE = Order(
    "practice",
    "baseline",
    Budget(bytes=100_000, max_drop=0.005, latency_ratio=0.8),
    Say("Practice on the baseline", "练习单（基线模型）"),
)
# The baseline, 351,192 bytes in float: below what int8 weights everywhere need (92,456).
OWN = (
    Kind(77_500, 88_000, (0.005, 0.006, 0.007, 0.008), (0.8, 0.9, 1.0)),
    Kind(60_000, 74_000, (0.005, 0.006, 0.007, 0.008), (2.0, 2.5, 3.0)),
)
# The second model, 128,300 bytes in float. Between int8 weights (44,856) and int8 throughout (52,384), not much
# slower than float; or smaller still, and time matters little.
SECOND = (
    Kind(48_500, 51_500, (0.004, 0.005, 0.006), (1.25, 1.4, 1.6)),
    Kind(37_500, 43_500, (0.006, 0.007, 0.008), (6.0, 8.0, 10.0)),
)


def orders(learner: str = "", seed: int = 0) -> tuple[Order, ...]:
    """Return the practice order and, for a named learner, two drawn ones: the same for the same name and seed.

    Args:
        learner: as the instructor writes it; case, width of letters and spaces around it do not matter.
        seed: of the course, so that another class gets other budgets.
    """
    name = " ".join(unicodedata.normalize("NFKC", learner).casefold().split())
    if not name:
        return (PRACTICE,)
    rng = Random(int.from_bytes(hashlib.sha256(f"capstone\0{seed}\0{name}".encode()).digest(), "big"))
    own, second = rng.choice(OWN).draw(rng), rng.choice(SECOND).draw(rng)
    return (
        PRACTICE,
        Order("own", "baseline", own, Say("Your budget on the baseline", "你的预算（基线模型）")),
        Order("second", "second", second, Say("Your budget on a second model", "你的预算（第二个模型）")),
    )


def in_words(budget: Budget) -> Say:
    """Return the three demands in a sentence."""
    size, drop, ratio = f"{budget.bytes:,}", f"{100 * budget.max_drop:g}", f"{budget.latency_ratio:g}"
    return Say(
        f"at most {size} bytes; accuracy at most {drop} points below the float model on the same images; "
        f"at most {ratio} times the float model's time in the same run",
        f"体积不超过 {size} 字节；在同一批图像上，精度最多比浮点模型低 {drop} 个百分点；"
        f"在同一次测量中，耗时不超过浮点模型的 {ratio} 倍",
    )
