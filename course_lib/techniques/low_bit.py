"""Weights in 4 or 8 bits while activations stay float in the file, by LiteRT Quantizer's recipes.

Two families share the bytes and nothing else. *Dynamic* recipes quantize activations at run time and compute with
integers. *Weight-only* recipes dequantize the weights to float32 and compute with floats: smaller on disk, not faster.
The literature's "weight-only" (GPTQ, AWQ) means kernels that unpack on the fly, which is closer to the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from course_lib.core import Dataset
from course_lib.techniques import converter, quantizer
from course_lib.techniques.roads import TwoRoads
from course_lib.techniques.scopes import operators

Model = Any


@dataclass(frozen=True)
class Int4(TwoRoads):
    """Int4 weights with a scale per channel, or per block of 32 values; activations are quantized per call.

    ``tf.lite`` has no int4, so a Keras model is converted to float32 first and then goes the other road. What has no
    int4 kernel stays float32: depthwise convolutions, and with blocks all convolutions. Convolutions per channel run on
    LiteRT's built-in kernels, because XNNPACK takes only those int4 layers that are fully connected.

    Args:
        block: None for one scale per output channel (``wi4c``), 32 for one per 32 values (``wi4b32``).

    Raises:
        ValueError: another block size.
    """

    block: int | None = None
    name: ClassVar[str] = "int4"

    def __post_init__(self) -> None:
        if self.block not in (None, 32):
            raise ValueError(f"block must be None (per channel) or 32, got {self.block!r}")

    def _convert(self, model: Model, data: Dataset | None) -> bytes:
        return self._quantize(converter.float32(model), data)

    def _quantize(self, content: bytes, data: Dataset | None) -> bytes:
        if self.block is not None:
            check_blocks(content, self.block)
        scheme = "wi4c" if self.block is None else f"wi4b{self.block}"
        return quantizer.quantize(content, quantizer.named(f"dynamic_{scheme}_afp32"))


@dataclass(frozen=True)
class WeightOnly(TwoRoads):
    """Int8 or int4 weights on disk, **dequantized to float32** before every use: fewer bytes, float arithmetic.

    Expect the accuracy of the rounded weights, and the speed of float or worse; in memory the weights are float32
    again. For speed use ``DynamicRange()`` or ``Int4()``.

    Args:
        bits: 8 or 4.

    Raises:
        ValueError: another number of bits.
    """

    bits: int = 8
    name: ClassVar[str] = "weight only"

    def __post_init__(self) -> None:
        if self.bits not in (4, 8):
            raise ValueError(f"bits must be 8 or 4, got {self.bits!r}")

    def _convert(self, model: Model, data: Dataset | None) -> bytes:
        return self._quantize(converter.float32(model), data)

    def _quantize(self, content: bytes, data: Dataset | None) -> bytes:
        return quantizer.quantize(content, quantizer.named(f"weight_only_wi{self.bits}_afp32"))


def check_blocks(content: bytes, block: int) -> None:
    """Raise ValueError when a dense layer's depth is no multiple of the block size: LiteRT stores whole blocks only."""
    for operator in operators(content):
        if operator.depth % block:
            raise ValueError(
                f"{operator.weights[0]!r} sums up {operator.depth} values, which is no multiple of {block}: "
                "blocks do not fit. Use Int4(), a scale per channel"
            )
