"""How much each layer's weights matter, bit-width by bit-width: the table that mixed precision is decided on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact, Dataset
from course_lib.evaluation.graph import Layer
from course_lib.evaluation.measuring import Samples, class_outputs, samples
from course_lib.evaluation.statistics import probabilities, sqnr_db
from course_lib.evaluation.weights import CHANNEL_AXIS, fake_quantize, replace_weights, weighted_layers

if TYPE_CHECKING:
    import pandas

Granularity = Literal["channel", "tensor"]


@dataclass(frozen=True)
class SensitivityRow:
    """What happens when this layer's weights alone have ``bits`` bits, and everything else stays float.

    ``layer`` is short; ``scope`` is the output tensor's name, which a quantization recipe matches. ``sqnr_db`` compares
    the outputs with the float file's, ``kl`` is the mean divergence in nats of the float file's class probabilities
    from the changed ones, ``accuracy`` is the changed file's. ``weight_bytes`` counts packed weights and float scales.
    """

    layer: str
    scope: str
    op: str
    bits: int
    sqnr_db: float
    kl: float
    accuracy: float
    weights: int
    weight_bytes: int


@dataclass(frozen=True)
class Sensitivity:
    """One row per layer and bit-width, beside the accuracy of the untouched file on the same samples."""

    name: str
    accuracy: float
    images: int
    granularity: Granularity
    rows: tuple[SensitivityRow, ...]

    def row(self, layer: str, bits: int) -> SensitivityRow:
        """Return one row by the layer's short name or scope.

        Raises:
            ValueError: there is no such row.
        """
        for row in self.rows:
            if layer in (row.layer, row.scope) and row.bits == bits:
                return row
        known = sorted({(row.layer, row.bits) for row in self.rows})
        raise ValueError(f"no row for {layer!r} at {bits} bits; there are {known}")

    def to_frame(self) -> pandas.DataFrame:
        """Return the rows as a pandas table, with the drop in accuracy as a column."""
        import pandas

        return pandas.DataFrame([asdict(row) | {"accuracy_drop": self.accuracy - row.accuracy} for row in self.rows])


def sensitivity(
    artifact: Artifact,
    data: Samples,
    *,
    bits: Sequence[int] = (2, 3, 4, 6, 8),
    granularity: Granularity = "channel",
    images: int = 1000,
    threads: int = 1,
) -> Sensitivity:
    """Quantize one layer's weights at a time and measure what comes out.

    The weights are written back as the float values that quantized ones would stand for (symmetric, range
    [-(2**(bits-1) - 1), 2**(bits-1) - 1], a scale per output channel), so no kernel for that bit-width is needed.

    Args:
        artifact: a float32 ``.tflite``.
        data: a Dataset, of which the **validation** split is used, since choices will be made on the result, or (x, y).
        bits: 2 to 16.
        granularity: one scale per output channel, or one per tensor.
        images: at most this many samples, spread over the whole set.

    Raises:
        ValueError: no layer has float32 weights, bits or granularity make no sense, or data does not fit.
    """
    for width in bits:
        check_scheme(width, granularity)
    x, y, _ = samples((data.x_val, data.y_val) if isinstance(data, Dataset) else data)
    chosen = np.unique(np.linspace(0, len(x) - 1, min(images, len(x))).astype(int))
    x, y = x[chosen], y[chosen]
    reference = class_outputs(artifact, x, y, threads=threads)
    found = weighted_layers(artifact)
    if not found:
        raise ValueError(
            f"{artifact.name} has no convolution or dense layer with float32 weights; start from a float32 file"
        )
    rows = []
    for layer, weights in found:
        for width in sorted(set(bits)):
            values, scales = fake_quantize(weights, width, axis=_axis(layer, granularity))
            outputs = class_outputs(replace_weights(artifact, {layer.weights: values}), x, y, threads=threads)
            rows.append(
                SensitivityRow(
                    layer=layer.label,
                    scope=layer.name,
                    op=layer.op,
                    bits=width,
                    sqnr_db=sqnr_db(reference, outputs),
                    kl=divergence(reference, outputs),
                    accuracy=float(np.mean(outputs.argmax(1) == y)),
                    weights=weights.size,
                    weight_bytes=-(-weights.size * width // 8) + 4 * scales,
                )
            )
    accuracy = float(np.mean(reference.argmax(1) == y))
    return Sensitivity(artifact.name, accuracy, len(x), granularity, tuple(rows))


def divergence(reference: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the mean Kullback-Leibler divergence KL(reference || other) in nats of rows of logits or probabilities."""
    p, q = probabilities(reference), probabilities(other)
    tiny = np.finfo(np.float64).tiny
    return float(np.mean(np.sum(p * (np.log(np.maximum(p, tiny)) - np.log(np.maximum(q, tiny))), axis=1)))


def check_scheme(bits: int, granularity: str) -> None:
    """Raise ValueError unless bits is 2 to 16 and granularity is "channel" or "tensor"."""
    if isinstance(bits, bool) or not isinstance(bits, int | np.integer) or not 2 <= bits <= 16:
        raise ValueError(f"bits must be whole numbers from 2 to 16, got {bits!r}")
    if granularity not in ("channel", "tensor"):
        raise ValueError(f'granularity must be "channel" or "tensor", got {granularity!r}')


def _axis(layer: Layer, granularity: Granularity) -> int | None:
    return CHANNEL_AXIS[layer.op] if granularity == "channel" else None
