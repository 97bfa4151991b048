"""What goes into `build` and what comes out, and how it crosses from a stranger's process: as plain values."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from course_lib.core import Artifact
from course_lib.deployment import Contract
from course_lib.grading.shorten import brief_text
from course_lib.language import Say

LARGEST_FILE = 8 * 2**20
LONGEST_NAME, LONGEST_METHOD, MOST_TRIED = 60, 300, 40


class Unfit(ValueError):
    """A delivery that cannot be read; `say` says why in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.say = Say(en, zh)


@dataclass(frozen=True)
class Budget:
    """What the file may cost.

    Attributes:
        bytes: size of the ``.tflite`` at most.
        max_drop: the accuracy floor, said as its distance from the float model on the same images: 0.005 is half a
            point below it. A fraction in [0, 1).
        latency_ratio: time of the file divided by time of the float model, measured in turn in one run, at most.

    Raises:
        ValueError: a field is out of its range.
    """

    bytes: int
    max_drop: float
    latency_ratio: float

    def __post_init__(self) -> None:
        if self.bytes < 1 or not 0 <= self.max_drop < 1 or not self.latency_ratio > 0:
            raise ValueError(f"need bytes >= 1, 0 <= max_drop < 1 and latency_ratio > 0, got {self}")

    def floor(self, float_accuracy: float) -> float:
        """Return the accuracy floor that follows from the float model's accuracy, both fractions."""
        return float_accuracy - self.max_drop


@dataclass(frozen=True)
class Tried:
    """Another file that was measured and not delivered: name, bytes, accuracy (fraction), time relative to float."""

    name: str
    raw_bytes: int
    accuracy: float
    latency_ratio: float


@dataclass(frozen=True)
class Scorecard:
    """What `build` says of its own file.

    Attributes:
        raw_bytes: size of the file.
        accuracy: fraction of the first `images` validation images that it gets right.
        images: how many validation images that was.
        latency_ratio: time of the file divided by time of the float model.
        method: in one sentence, what was done to the model.
        tried: what else was measured, the alternatives that lost.
    """

    raw_bytes: int
    accuracy: float
    images: int
    latency_ratio: float
    method: str
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True)
class Delivery:
    """What `build` returns: the file's bytes, the contract that it keeps, and what was measured of it."""

    tflite: bytes = field(repr=False)
    contract: Contract
    scorecard: Scorecard

    @property
    def artifact(self) -> Artifact:
        """The file under its contract's name."""
        return Artifact(self.contract.name, self.tflite)


def to_plain(delivery: Any) -> dict[str, Any]:
    """Return a delivery as bytes, text and numbers.

    Raises:
        TypeError: it is no Delivery, or a part of it has another type; the message says which.
    """
    if not isinstance(delivery, Delivery):
        raise TypeError(
            f"build must return a Delivery(tflite, contract, scorecard), it returned {type(delivery).__name__}"
        )
    parts = {"tflite": bytes, "contract": Contract, "scorecard": Scorecard}
    for name, kind in parts.items():
        if not isinstance(getattr(delivery, name), kind):
            got = type(getattr(delivery, name)).__name__
            advice = "; course_lib.deployment.write_contract makes it" if kind is Contract else ""
            raise TypeError(f"Delivery.{name} must be {kind.__name__}, got {got}{advice}")
    card = asdict(delivery.scorecard) | {"tried": [asdict(each) for each in delivery.scorecard.tried]}
    return {
        "tflite": delivery.tflite,
        "contract": delivery.contract.to_json(),
        "scorecard": {name: _bare(value) for name, value in card.items()},
    }


def from_plain(plain: Any) -> Delivery:
    """Read what a stranger's process sent.

    Raises:
        Unfit: a part is missing, has another type, or is larger than any honest one.
    """
    if not isinstance(plain, dict) or set(plain) != {"tflite", "contract", "scorecard"}:
        raise Unfit("build returned no Delivery", "build 没有返回 Delivery")
    tflite, contract, card = plain["tflite"], plain["contract"], plain["scorecard"]
    if not isinstance(tflite, bytes) or not isinstance(contract, str) or not isinstance(card, dict):
        raise Unfit("a part of the Delivery has another type", "Delivery 的某个部分类型不对")
    if len(tflite) > LARGEST_FILE or len(contract) > 100_000:
        raise Unfit(
            f"the file or its contract is far too large ({len(tflite):,} bytes, {len(contract):,} characters)",
            f"文件或契约大得离谱（{len(tflite):,} 字节，{len(contract):,} 个字符）",
        )
    try:
        kept = Contract.from_json(contract)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = brief_text(str(error), 200)
        raise Unfit(f"the contract cannot be read: {why}", f"契约无法读取：{why}") from None
    return Delivery(tflite, kept, _scorecard(card))


def _scorecard(card: dict[Any, Any]) -> Scorecard:
    try:
        tried = card["tried"]
        if not isinstance(tried, list | tuple) or len(tried) > MOST_TRIED:
            raise ValueError(f"tried must list at most {MOST_TRIED} files")
        return Scorecard(
            _whole(card["raw_bytes"]),
            _number(card["accuracy"]),
            _whole(card["images"]),
            _number(card["latency_ratio"]),
            brief_text(_text(card["method"]), LONGEST_METHOD),
            tuple(
                Tried(
                    brief_text(_text(each["name"]), LONGEST_NAME),
                    _whole(each["raw_bytes"]),
                    _number(each["accuracy"]),
                    _number(each["latency_ratio"]),
                )
                for each in tried
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        why = brief_text(str(error), 200)
        raise Unfit(f"the scorecard cannot be read: {why}", f"记分卡无法读取：{why}") from None


def _bare(value: Any) -> Any:
    """Return a NumPy scalar as Python's own number; everything else as it is."""
    if isinstance(value, list):
        return [{name: _bare(each) for name, each in entry.items()} for entry in value]
    return value.item() if hasattr(value, "item") and getattr(value, "shape", None) == () else value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**40:
        raise ValueError(f"expected a whole number, got {brief_text(repr(value), 40)}")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1e12:
        raise ValueError(f"expected a finite number, got {brief_text(repr(value), 40)}")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text, got {type(value).__name__}")
    return value.strip()
