"""A model of the energy of one inference, operator by operator. It is arithmetic on a table, never a measurement.

Energy = multiply-accumulates x energy of one + bytes moved x energy of a byte. The energies are Horowitz's for a 45 nm
chip at 0.9 V (ISSCC 2014, "Computing's Energy Problem", figure 1.1.9). Today's chips need less of everything: the model
is good for ratios, and for seeing which of the terms dominates. It leaves out instructions, control, leakage, the
screen, the radio and the sensor. Measure at a power rail or with a shunt before you promise anybody a battery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from course_lib.deployment.arithmetic import mac_pj, operand_types
from course_lib.inspection import Anatomy, inspect
from course_lib.inspection.calls import reached
from course_lib.inspection.cost import CONSTANT_ROLES
from course_lib.inspection.graph import Operator, Subgraph

if TYPE_CHECKING:
    import pandas

ON_CHIP_PJ_PER_64B = {8 * 1024: 10.0, 32 * 1024: 20.0, 1024 * 1024: 100.0}
"""Bytes of a cache -> picojoules to read 64 bits from it."""
DRAM_PJ_PER_64B = (1300.0, 2600.0)
"""The least and the most that 64 bits from DRAM cost, in picojoules."""
VIEWS = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
"""Operators that describe the same bytes differently: a runtime moves nothing."""


@dataclass(frozen=True)
class ModelledOperatorEnergy:
    """What the model says of one operator, in microjoules for one inference.

    ``arithmetic`` names the operands of its multiply-accumulates, activations first: ``int8 x int4``. ``macs`` is None
    where they cannot be known; their energy is then left out.
    """

    subgraph: int
    index: int
    op: str
    arithmetic: str
    macs: int | None
    weight_bytes: int
    activation_bytes: int
    compute_uj: float
    weights_uj: float
    activations_uj: float

    @property
    def total_uj(self) -> float:
        """The three terms together."""
        return self.compute_uj + self.weights_uj + self.activations_uj


@dataclass(frozen=True)
class ModelledEnergy:
    """What the model says of one inference, in microjoules. A model's answer, not a measurement.

    ``weights_on_chip`` says whether the weights stay in on-chip memory from one inference to the next; ``unknown``
    names operators whose arithmetic could not be counted.
    """

    operators: tuple[ModelledOperatorEnergy, ...]
    weights_on_chip: bool
    unknown: tuple[str, ...]

    @property
    def compute_uj(self) -> float:
        """All multiply-accumulates."""
        return sum(op.compute_uj for op in self.operators)

    @property
    def weights_uj(self) -> float:
        """Reading weights, once per operator that uses them."""
        return sum(op.weights_uj for op in self.operators)

    @property
    def activations_uj(self) -> float:
        """Reading and writing activations."""
        return sum(op.activations_uj for op in self.operators)

    @property
    def total_uj(self) -> float:
        """The three terms together."""
        return self.compute_uj + self.weights_uj + self.activations_uj

    def to_frame(self) -> pandas.DataFrame:
        """Return one row per operator, as a pandas table."""
        import pandas

        return pandas.DataFrame([asdict(op) | {"total_uj": op.total_uj} for op in self.operators])


@dataclass(frozen=True)
class EnergyModel:
    """Horowitz's table and one level of on-chip memory: ``EnergyModel(on_chip_bytes=2**20)(artifact).total_uj``.

    An operator's activations stay on chip when everything alive while it runs fits there. Weights stay on chip from one
    inference to the next when all of them fit beside the activations; otherwise all come from DRAM every time, which is
    what reading them in turn does to a cache that is too small.

    Args:
        on_chip_bytes: capacity of the on-chip memory, 0 or more.
        on_chip_pj_per_64b: energy of 64 bits from it. ``None`` takes Horowitz's figure for the smallest cache of at
            least that capacity (100 pJ beyond 1 MiB, the largest in the table, which flatters larger ones).
        dram_pj_per_64b: energy of 64 bits from DRAM; the table gives 1300 to 2600.
        weights: "fit" decides by capacity, "on chip" and "dram" decide for you.

    Raises:
        ValueError: a negative number, or an unknown place for the weights.
    """

    on_chip_bytes: int = 32 * 1024
    on_chip_pj_per_64b: float | None = None
    dram_pj_per_64b: float = DRAM_PJ_PER_64B[0]
    weights: Literal["fit", "on chip", "dram"] = "fit"

    def __post_init__(self) -> None:
        if self.on_chip_bytes < 0 or self.dram_pj_per_64b < 0 or (self.on_chip_pj_per_64b or 0) < 0:
            raise ValueError(f"capacities and energies cannot be negative: {self}")
        if self.weights not in ("fit", "on chip", "dram"):
            raise ValueError(f'weights must be "fit", "on chip" or "dram", got {self.weights!r}')

    def __call__(self, model: Any) -> ModelledEnergy:
        """Return what one inference of a model would take.

        Args:
            model: an Artifact, the bytes of a ``.tflite``, or an Anatomy.

        Raises:
            ValueError: the bytes are no ``.tflite``.
        """
        anatomy = model if isinstance(model, Anatomy) else inspect(model)
        graphs = reached(anatomy.subgraphs)
        work = [(graph, op) for graph in graphs for op in graph.operators if not computed_at_load(graph, op)]
        resident = self._weights_stay(work, anatomy.peak_live_bytes)
        return ModelledEnergy(
            operators=tuple(self._operator(graph, op, resident) for graph, op in work),
            weights_on_chip=resident,
            unknown=tuple(sorted({op.name for _, op in work if op.macs is None})),
        )

    @property
    def on_chip_pj(self) -> float:
        """Energy of 64 bits from on-chip memory, in picojoules."""
        if self.on_chip_pj_per_64b is not None:
            return self.on_chip_pj_per_64b
        sizes = [size for size in sorted(ON_CHIP_PJ_PER_64B) if size >= self.on_chip_bytes]
        return ON_CHIP_PJ_PER_64B[sizes[0] if sizes else max(ON_CHIP_PJ_PER_64B)]

    def _weights_stay(self, work: Sequence[tuple[Subgraph, Operator]], peak: int) -> bool:
        if self.weights != "fit":
            return self.weights == "on chip"
        constants = {
            (graph.index, index): graph.tensors[index].bytes or 0
            for graph, op in work
            for index in op.inputs
            if index >= 0 and graph.tensors[index].role in CONSTANT_ROLES
        }
        return sum(constants.values()) + peak <= self.on_chip_bytes

    def _operator(self, graph: Subgraph, op: Operator, resident: bool) -> ModelledOperatorEnergy:
        activations, weights = operand_types(graph, op)
        moved = op.name not in VIEWS
        weight_bytes, activation_bytes = (op.weight_bytes, op.activation_bytes) if moved else (0, 0)
        fits = op.live_bytes <= self.on_chip_bytes
        return ModelledOperatorEnergy(
            subgraph=graph.index,
            index=op.index,
            op=op.name,
            arithmetic=f"{activations} x {weights}" if op.macs else "",
            macs=op.macs,
            weight_bytes=weight_bytes,
            activation_bytes=activation_bytes,
            compute_uj=(op.macs or 0) * mac_pj(activations, weights) / 1e6,
            weights_uj=weight_bytes / 8 * (self.on_chip_pj if resident else self.dram_pj_per_64b) / 1e6,
            activations_uj=activation_bytes / 8 * (self.on_chip_pj if fits else self.dram_pj_per_64b) / 1e6,
        )


def computed_at_load(graph: Subgraph, op: Operator) -> bool:
    """Tell whether an operator only unpacks constants: runtimes do that once, not in every inference."""
    outputs = [graph.tensors[index] for index in op.outputs if index >= 0]
    return bool(outputs) and all(tensor.role == "dequantized" for tensor in outputs)
