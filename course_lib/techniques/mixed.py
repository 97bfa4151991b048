"""Mixed precision: each layer with as many bits as it needs, chosen exactly for a byte budget.

The table says what each layer's weights alone do to the outputs at each bit-width. Choosing one row per layer so that
the bytes stay within the budget and the summed divergence is smallest is a multiple-choice knapsack. That the
divergences add up is an assumption (Dong et al. 2020, arXiv:1911.03852, make it too); measure the file that comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from course_lib.core import Dataset
from course_lib.techniques import converter, quantizer, scopes
from course_lib.techniques.roads import TwoRoads

Model = Any
FLOAT = 32

# Bit-widths that this runtime has a right kernel for, by operator. LiteRT 2.3 also runs convolutions with int2 weights,
# and answers with NaN or noise; depthwise and transposed convolutions have no int4 recipe.
KERNELS = {
    "CONV_2D": (4, 8, FLOAT),
    "FULLY_CONNECTED": (2, 4, 8, FLOAT),
    "DEPTHWISE_CONV_2D": (8, FLOAT),
    "CONV_2D_TRANSPOSE": (8, FLOAT),
}
_BY_SCHEMA = {"TRANSPOSE_CONV": "CONV_2D_TRANSPOSE"}  # the one name in which the tool differs from the file format


class Row(Protocol):
    """One layer at one bit-width, as ``evaluation.sensitivity`` returns it."""

    @property
    def scope(self) -> str: ...  # noqa: D102 - the name of the layer's output tensor
    @property
    def op(self) -> str: ...  # noqa: D102
    @property
    def bits(self) -> int: ...  # noqa: D102
    @property
    def kl(self) -> float: ...  # noqa: D102 - divergence in nats that this causes
    @property
    def weights(self) -> int: ...  # noqa: D102
    @property
    def weight_bytes(self) -> int: ...  # noqa: D102


class Table(Protocol):
    """A sensitivity table."""

    @property
    def rows(self) -> Sequence[Row]: ...  # noqa: D102


@dataclass(frozen=True)
class Mixed(TwoRoads):
    """Weights of 2, 4 or 8 bits, or float32, layer by layer; activations are quantized per call, as in ``Int4()``.

    Args:
        bits: name -> 2, 4, 8 or 32 (float32), as ``allocate`` returns it. A name is that of a layer's output or weight,
            or a regular expression. Layers without a name stay float32.

    Raises:
        ValueError: no layer is named, or a number of bits is none of these; when called, a name matches nothing, two
            names mean one layer, or the runtime has no kernel for a layer with that many bits.
    """

    bits: Mapping[str, int] | tuple[tuple[str, int], ...]
    name: ClassVar[str] = "mixed"

    def __post_init__(self) -> None:
        pairs = tuple(dict(self.bits).items())
        if not pairs:
            raise ValueError("bits names no layer: pass what allocate returns, e.g. Mixed({'conv2d/': 8, 'dense/': 4})")
        for layer, width in pairs:
            if isinstance(width, bool) or width not in (2, 4, 8, FLOAT):
                raise ValueError(f"bits of {layer!r} must be 2, 4, 8 or 32 (float32), got {width!r}")
        object.__setattr__(self, "bits", pairs)

    def _convert(self, model: Model, data: Dataset | None) -> bytes:
        return self._quantize(converter.float32(model), data)

    def _quantize(self, content: bytes, data: Dataset | None) -> bytes:
        quantizer.check_float(content)
        named: dict[scopes.Operator, str] = {}
        recipe: quantizer.Recipe = []
        for layer, width in dict(self.bits).items():
            for operator in scopes.select(content, [layer]):
                if operator in named:
                    raise ValueError(f"{layer!r} and {named[operator]!r} mean the same layer {operator.outputs[0]!r}")
                named[operator] = layer
                check_kernel(operator.op, width, layer)
                if width != FLOAT:
                    recipe += quantizer.only_for(quantizer.named(f"dynamic_wi{width}c_afp32"), operator)
        return quantizer.quantize(content, recipe) if recipe else content


def check_kernel(op: str, bits: int, layer: str) -> None:
    """Raise ValueError when the runtime cannot compute an operator whose weights have that many bits."""
    possible = KERNELS.get(op, (FLOAT,))
    if bits not in possible:
        listed = ", ".join(str(width) for width in possible)
        raise ValueError(
            f"{layer!r} is a {op or 'layer of unknown kind'}: its weights can have {listed} bits, not {bits}"
        )


def allocate(table: Table, byte_budget: int) -> dict[str, int]:
    """Return scope -> bits of the smallest summed divergence whose weights and scales fit into the budget.

    Exact, by dynamic programming over the choices that no other one beats in both bytes and divergence. (A general
    solver is not: with divergences of a millionth of a nat, HiGHS stops at its absolute gap with another answer.)

    Args:
        table: rows of (layer, bits) as ``evaluation.sensitivity`` returns them; rows for which there is no kernel are
            left out, and every layer may also stay float32, at no divergence.
        byte_budget: of weights and scales; biases and the file's structure come on top.

    Raises:
        ValueError: the table is empty, or not even the smallest choice fits.
    """
    menus = _menus(table.rows)
    if not menus:
        raise ValueError("the table has no rows: nothing to allocate bits to")
    smallest = sum(min(size for size, _, _ in menu) for menu in menus.values())
    if smallest > byte_budget:
        raise ValueError(f"byte_budget is {byte_budget:,}; the smallest choice already needs {smallest:,} bytes")
    sizes, costs = np.zeros(1, np.int64), np.zeros(1)
    steps: list[tuple[Any, Any]] = []
    for menu in menus.values():
        more = np.array([size for size, _, _ in menu], np.int64)
        worse = np.array([cost for _, cost, _ in menu])
        every_size = (sizes[:, None] + more).ravel()
        every_cost = (costs[:, None] + worse).ravel()
        order = np.lexsort((every_cost, every_size))
        order = order[every_size[order] <= byte_budget]
        best_before = np.concatenate([[np.inf], np.minimum.accumulate(every_cost[order])[:-1]])
        order = order[every_cost[order] < best_before]
        steps.append((order // len(menu), order % len(menu)))
        sizes, costs = every_size[order], every_cost[order]
    state = int(np.argmin(costs))
    chosen: dict[str, int] = {}
    for (scope, menu), (before, option) in zip(reversed(menus.items()), reversed(steps), strict=True):
        chosen[scope] = menu[int(option[state])][2]
        state = int(before[state])
    return dict(reversed(chosen.items()))


def _menus(rows: Iterable[Row]) -> dict[str, list[tuple[int, float, int]]]:
    """Return scope -> (bytes, divergence, bits) of what can be built for this layer."""
    menus: dict[str, list[tuple[int, float, int]]] = {}
    for row in rows:
        menu = menus.setdefault(row.scope, [(4 * row.weights, 0.0, FLOAT)])
        if row.bits in KERNELS.get(_BY_SCHEMA.get(row.op, row.op), (FLOAT,)):
            menu.append((row.weight_bytes, row.kl, row.bits))
    return menus
