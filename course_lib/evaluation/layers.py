"""Where two files of one graph part: the error of every layer's output."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact
from course_lib.evaluation.codec import decode, decoding, encode
from course_lib.evaluation.graph import Layer, layers
from course_lib.evaluation.runtime import Interpreter, open_interpreter
from course_lib.evaluation.statistics import decibels

if TYPE_CHECKING:
    import pandas

CHUNK = 16


@dataclass(frozen=True)
class LayerError:
    """How far one layer's output in B is from the same output in A, over all samples.

    ``rmse_over_scale`` counts B's own quantization steps (rounding alone gives 0.29); None where B is float there.
    ``matched`` tells how the two tensors were paired: by name, or by order.
    """

    layer: str
    op: str
    name_a: str
    name_b: str
    shape: tuple[int, ...]
    sqnr_db: float
    rmse: float
    rmse_over_scale: float | None
    max_error: float
    matched: str


@dataclass(frozen=True)
class LayerErrors:
    """The rows in the order of the graph, and the layers of either file that have no partner."""

    a: str
    b: str
    samples: int
    rows: tuple[LayerError, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]

    def first_divergence(self, below_db: float = 20.0) -> LayerError | None:
        """Return the first layer whose SQNR is below the threshold, or None: errors travel, so the first one counts."""
        return next((row for row in self.rows if row.sqnr_db < below_db), None)

    def cliff(self) -> LayerError | None:
        """Return the layer at which the SQNR drops most against the layer before it, or None with fewer than two."""
        finite = [min(row.sqnr_db, 120.0) for row in self.rows]  # equal outputs are infinitely good
        drops = [before - after for before, after in pairwise(finite)]
        return self.rows[1 + int(np.argmax(drops))] if drops else None

    def to_frame(self) -> pandas.DataFrame:
        """Return the rows as a pandas table."""
        import pandas

        return pandas.DataFrame([asdict(row) for row in self.rows])


def layer_errors(a: Artifact, b: Artifact, x: NDArray[Any], *, xnnpack: bool = True, threads: int = 1) -> LayerErrors:
    """Run both files on the same samples and compare every layer that they share, A being the reference.

    Tensors are paired by name, then by name without the counter that converters append, then by order among layers of
    one kind and shape. Each is decoded with its own scale and zero point. Every intermediate tensor is preserved while
    running; otherwise its memory would hold a later layer's values by the time it is read. Resource variables are not
    reset between samples: a streaming model is compared on x as one stream.

    Args:
        x: real values, shape (n, ...); a few dozen samples are enough.
        xnnpack: False compares what LiteRT's built-in kernels compute instead.

    Raises:
        ValueError: a file does not load or run, x does not fit, there are no samples, or no layer has a partner.
    """
    x = np.asarray(x)
    if not len(x):
        raise ValueError("there are no samples to compare the layers on")
    runs = [_Run(artifact, x, xnnpack=xnnpack, threads=threads) for artifact in (a, b)]
    pairs = pair(runs[0].layers, runs[1].layers)
    if not pairs:
        raise ValueError(f"{a.name} and {b.name} share no layer of the same name or the same kind and shape")
    size = CHUNK if all(run.accepts(CHUNK, x) for run in runs) else 1
    sums = np.zeros((len(pairs), 4))  # signal, noise, count, largest error
    for begin in range(0, len(x), size):
        for run in runs:
            run.invoke(x[begin : begin + size])
        for index, (one, two, _) in enumerate(pairs):
            reference, other = runs[0].value(one), runs[1].value(two)
            error = reference - other
            sums[index, :3] += (np.sum(reference**2), np.sum(error**2), error.size)
            sums[index, 3] = max(sums[index, 3], float(np.max(np.abs(error), initial=0.0)))
    paired = {one.output for one, _, _ in pairs}, {two.output for _, two, _ in pairs}
    return LayerErrors(
        a=a.name,
        b=b.name,
        samples=len(x),
        rows=tuple(_row(*three, row, runs[1].scale(three[1])) for three, row in zip(pairs, sums, strict=True)),
        only_a=tuple(layer.label for layer in runs[0].layers if layer.output not in paired[0]),
        only_b=tuple(layer.label for layer in runs[1].layers if layer.output not in paired[1]),
    )


def pair(a: Sequence[Layer], b: Sequence[Layer]) -> list[tuple[Layer, Layer, str]]:
    """Return (layer of A, layer of B, how) for every layer with a partner, in the order of A."""
    matches: dict[int, tuple[Layer, str]] = {}
    taken: set[int] = set()
    for strip in (r"$^", r"\d+$"):  # nothing, then the trailing counter
        waiting = defaultdict(list)
        for layer in b:
            if layer.output not in taken:
                waiting[re.sub(strip, "", layer.name), layer.shape[1:]].append(layer)
        for layer in a:
            candidates = waiting[re.sub(strip, "", layer.name), layer.shape[1:]]
            if layer.output not in matches and candidates:
                matches[layer.output] = candidates.pop(0), "name"
                taken.add(matches[layer.output][0].output)
    rest_a = [layer for layer in a if layer.output not in matches]
    rest_b = [layer for layer in b if layer.output not in taken]
    kinds_a, kinds_b = ([(layer.op, layer.shape[1:]) for layer in rest] for rest in (rest_a, rest_b))
    for block in SequenceMatcher(None, kinds_a, kinds_b, autojunk=False).get_matching_blocks():
        for step in range(block.size):
            matches[rest_a[block.a + step].output] = rest_b[block.b + step], "order"
    return [(layer, *matches[layer.output]) for layer in a if layer.output in matches]


class _Run:
    """One file with every tensor preserved."""

    def __init__(self, artifact: Artifact, x: NDArray[Any], *, xnnpack: bool, threads: int) -> None:
        self.name = artifact.name
        self.opened = partial(open_interpreter, artifact, xnnpack=xnnpack, threads=threads, preserve=True)
        self.interpreter: Interpreter = self.opened()
        inputs = self.interpreter.get_input_details()
        if len(inputs) != 1 or x.ndim != len(inputs[0]["shape"]):
            shapes = [tuple(detail["shape"]) for detail in inputs]
            raise ValueError(
                f"{artifact.name} takes {shapes}; layer_errors needs one input and x of its rank, got {x.shape}"
            )
        self.inside = inputs[0]
        self.stateful = any(op["op_name"] == "VAR_HANDLE" for op in self.interpreter._get_ops_details())
        self.layers = layers(self.interpreter)
        self.details = {int(detail["index"]): detail for detail in self.interpreter.get_tensor_details()}

    def accepts(self, size: int, x: NDArray[Any]) -> bool:
        """Tell whether the file runs a whole chunk and every layer keeps one row per sample."""
        if self.stateful:
            return False
        try:
            self.invoke(np.resize(x, (size, *x.shape[1:])))
            return all(self.interpreter.get_tensor(layer.output).shape[:1] == (size,) for layer in self.layers)
        except ValueError:
            self.interpreter = self.opened()  # what failed to prepare is of no further use
            return False

    def invoke(self, x: NDArray[Any]) -> None:
        try:
            value = encode(x, self.inside["dtype"], *self.inside["quantization"])
            if tuple(self.interpreter.get_input_details()[0]["shape"]) != value.shape:
                self.interpreter.resize_tensor_input(self.inside["index"], value.shape)
                self.interpreter.allocate_tensors()
            self.interpreter.reset_all_variables()
            self.interpreter.set_tensor(self.inside["index"], value)
            self.interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{self.name}: {error}") from error

    def value(self, layer: Layer) -> NDArray[np.float64]:
        stored = self.interpreter.get_tensor(layer.output)
        return decode(stored, **decoding(self.details[layer.output])).astype(np.float64)

    def scale(self, layer: Layer) -> float | None:
        scales = self.details[layer.output]["quantization_parameters"]["scales"]
        return float(scales[0]) if len(scales) else None


def _row(one: Layer, two: Layer, matched: str, sums: NDArray[np.float64], scale: float | None) -> LayerError:
    signal, noise, count, largest = (float(value) for value in sums)
    sqnr = decibels(signal, noise)
    rmse = math.sqrt(noise / count) if count else 0.0
    over = rmse / scale if scale else None
    return LayerError(one.label, one.op, one.name, two.name, one.shape, sqnr, rmse, over, largest, matched)
