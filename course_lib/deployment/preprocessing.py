"""From raw values to what a model was trained on. Written down once, so that it is not guessed on the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Preprocessing:
    """``(raw / divisor - mean) / std``, mean and std per channel (the last axis) or one for all.

    Args:
        divisor: 255 for 8-bit images, 1 for values that need none. Not 0.
        mean, std: as many as channels, or one. No std is 0.
        channels: the order that the model expects, for whoever fetches the raw values: "gray", "rgb", "bgr", or "".

    Raises:
        ValueError: a number is not finite, a divisor or std is 0, or mean and std differ in length.
    """

    divisor: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    channels: str = ""

    def __post_init__(self) -> None:
        numbers = (self.divisor, *self.mean, *self.std)
        if not all(np.isfinite(number) for number in numbers) or 0 in (self.divisor, *self.std):
            raise ValueError(f"divisor, mean and std must be finite, and neither divisor nor std 0: {self}")
        if not self.mean or len(self.mean) != len(self.std):
            raise ValueError(f"need as many means as stds, got {len(self.mean)} and {len(self.std)}")
        if self.channels not in ("", "gray", "rgb", "bgr"):
            raise ValueError(f'channels must be "gray", "rgb", "bgr" or "", got {self.channels!r}')

    def __call__(self, raw: NDArray[Any]) -> NDArray[np.float32]:
        """Return the real values, float32 of the same shape.

        Raises:
            ValueError: the last axis has another number of channels than mean and std.
        """
        raw = np.asarray(raw)
        if len(self.mean) > 1 and (raw.ndim == 0 or raw.shape[-1] != len(self.mean)):
            raise ValueError(f"mean and std are for {len(self.mean)} channels, the values have shape {raw.shape}")
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        real: NDArray[np.float32] = (raw.astype(np.float32) / np.float32(self.divisor) - mean) / std
        return real

    @classmethod
    def from_plain(cls, plain: Any) -> Preprocessing:
        """Build one from the values of its JSON. Raises ValueError for a missing, unknown or unfit field."""
        if not isinstance(plain, dict) or set(plain) != {"divisor", "mean", "std", "channels"}:
            raise ValueError(f"preprocessing needs divisor, mean, std and channels, got {plain!r:.80}")
        return cls(_number(plain["divisor"]), _numbers(plain["mean"]), _numbers(plain["std"]), str(plain["channels"]))


def _numbers(values: Any) -> tuple[float, ...]:
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise ValueError(f"mean and std are lists of numbers, got {values!r:.60}")
    return tuple(_number(value) for value in values)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected a number, got {value!r:.60}")
    return float(value)
