"""The compression scheme of a file, in one word, and in the words of the LiteRT quantizer.

The word says what the weights of matrix operators (convolutions, dense, recurrent, lookups) are stored as, and what the
activations are; each such operator votes with its number of weights:

| word          | weights             | activations |
|---------------|---------------------|-------------|
| float32       | float32             | float       |
| float16       | float16 (bfloat16)  | float       |
| dynamic_range | int8                | float: quantized while running, or the weights dequantized (weight-only) |
| int8          | int8 or uint8       | int8 or uint8 |
| int16x8       | int8                | int16       |
| int4          | int4 (int2)         | any         |
| sparse        | at least half of the weights in a compressed sparse format, whatever their type | any |
| mixed         | operators disagree  |             |

Beside a reduced type, float32 weights of fewer than 1,024 elements do not make a file mixed: converters leave those
alone (``kMinElementsForWeights``). In a file with integer activations they do: such an operator is a float island.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from course_lib.inspection.dtypes import FLOATS, QUANTIZED
from course_lib.inspection.graph import Operator, Subgraph, Tensor
from course_lib.inspection.roles import UNPACKING, WEIGHT_INPUTS

SCHEMES = ("float32", "float16", "dynamic_range", "int8", "int16x8", "int4", "mixed", "sparse")
SMALL = 1024
"""Elements below which converters do not quantize a weight tensor."""
_SHORT = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "float64": "fp64", "int8": "i8", "uint8": "u8"}
_SHORT |= {"int16": "i16", "int4": "i4", "uint4": "u4", "int2": "i2"}


@dataclass(frozen=True)
class WeightUse:
    """One weight tensor as one operator uses it: the stored tensor, how it arrives, and the activations' type."""

    stored: Tensor
    operator: Operator
    arrives: str
    activations: str

    @property
    def word(self) -> str:
        """The scheme that this use alone would be."""
        stored = self.stored.dtype
        if stored in {"int4", "uint4", "int2"}:
            return "int4"
        if stored in {"float32", "float64"}:
            return "float32"
        if stored in FLOATS:
            return "float16"
        return {"int16": "int16x8", "int8": "int8", "uint8": "int8"}.get(self.activations, "dynamic_range")

    @property
    def recipe(self) -> str:
        """The LiteRT quantizer's name: ``static_wi8_ai8``, ``dynamic_wi4b32_afp32``, ``weight_only_wi8_afp32``."""
        stored, quantization = self.stored.dtype, self.stored.quantization
        weights = "w" + _SHORT.get(stored, stored)
        if stored in {"int4", "uint4", "int2"} and quantization is not None:
            per_channel = "c" if len(quantization.scale) > 1 else ""
            weights += f"b{quantization.block}" if quantization.block else per_channel
        arithmetic = f"{weights}_a{_SHORT.get(self.activations, self.activations)}"
        if stored in FLOATS:
            return arithmetic
        if self.activations not in FLOATS:
            return f"static_{arithmetic}"
        return f"weight_only_{arithmetic}" if self.arrives != stored else f"dynamic_{arithmetic}"


def weight_uses(graphs: Iterable[Subgraph]) -> list[WeightUse]:
    """Return how matrix operators use stored weights; a tensor that several operators share appears once for each."""
    uses = []
    for graph in graphs:
        source = stored_sources(graph)
        for op in graph.operators:
            for position in WEIGHT_INPUTS.get(op.name, ()):
                index = op.inputs[position] if position < len(op.inputs) else -1
                stored = graph.tensors[source[index]] if index in source else None
                if stored is not None and stored.role == "weights":
                    uses.append(WeightUse(stored, op, graph.tensors[index].dtype, op.dtype))
    return uses


def stored_sources(graph: Subgraph) -> dict[int, int]:
    """Return, for each constant and each tensor unpacked from one, the index of the constant that the file stores."""
    source = {tensor.index: tensor.index for tensor in graph.tensors if tensor.is_constant}
    for op in graph.operators:
        for output in op.outputs:
            if output >= 0 and graph.tensors[output].role == "dequantized" and op.inputs and op.inputs[0] in source:
                source[output] = source[op.inputs[0]]
    return source


def recipes(uses: Iterable[WeightUse]) -> dict[str, int]:
    """Return recipe -> number of weights that are stored and used so, most first."""
    counts: Counter[str] = Counter()
    for use in uses:
        counts[use.recipe] += use.stored.elements
    return dict(counts.most_common())


def scheme(graphs: tuple[Subgraph, ...]) -> str:
    """Return the file's scheme, one of SCHEMES; without any matrix operator, that of its activations."""
    uses = weight_uses(graphs)
    if not uses:
        return _by_activations(graphs)
    total = sum(use.stored.elements for use in uses)
    if 2 * sum(use.stored.elements for use in uses if use.stored.sparsity) >= max(total, 1):
        return "sparse"
    words = {use.word for use in uses}
    integer = any(use.activations in QUANTIZED for use in uses)
    if "float32" in words and len(words) > 1 and not integer:
        large = any(use.word == "float32" and use.stored.elements >= SMALL for use in uses)
        words = words if large else words - {"float32"}
    return words.pop() if len(words) == 1 else "mixed"


def _by_activations(graphs: tuple[Subgraph, ...]) -> str:
    words = {"int8": "int8", "uint8": "int8", "int16": "int16x8"} | dict.fromkeys(FLOATS, "float32")
    words |= {"float16": "float16", "bfloat16": "float16"}
    stored = {t.dtype for graph in graphs for t in graph.tensors if t.role == "weights" and t.elements >= SMALL}
    computed = [op.dtype for graph in graphs for op in graph.operators if op.name not in UNPACKING]
    found = {words[dtype] for dtype in computed if dtype in words}
    if found == {"float32"} and stored:
        found = {words.get(dtype, "mixed") for dtype in stored}
        found = {"dynamic_range" if word == "int8" else word for word in found}
    if not found:
        return "float32"
    return found.pop() if len(found) == 1 else "mixed"
