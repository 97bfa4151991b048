"""What an inspection found: a value, with everything that reports, pages and lessons say about a file."""

import gzip
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from course_lib.inspection.archive import AssociatedFile
from course_lib.inspection.calls import reached
from course_lib.inspection.graph import Metadata, Operator, Signature, Subgraph, Tensor
from course_lib.inspection.islands import FloatIsland, float_islands
from course_lib.inspection.lifetimes import Lifetime, lifetimes
from course_lib.inspection.ports import Port, port
from course_lib.inspection.scheme import recipes, scheme, weight_uses
from course_lib.inspection.sections import totals
from course_lib.inspection.storage import Unpacked, Weight, unpacked, weights
from course_lib.inspection.walk import Claim


@dataclass(frozen=True)
class Anatomy:
    """One ``.tflite``, explained to the last byte. ``ranges`` cover the file in order, each byte once.

    ``notes`` say what is odd without being wrong: fields of a newer schema, constants of a size that does not fit.
    """

    content: bytes = field(repr=False)
    ranges: tuple[Claim, ...] = field(repr=False)
    description: str
    version: int
    subgraphs: tuple[Subgraph, ...] = field(repr=False)
    signatures: tuple[Signature, ...]
    metadata: tuple[Metadata, ...]
    associated_files: tuple[AssociatedFile, ...]
    notes: tuple[str, ...]

    @property
    def file_bytes(self) -> int:
        """Size of the file."""
        return len(self.content)

    @cached_property
    def gzip_bytes(self) -> int:
        """Size after gzip, level 9. Computed when first asked for: it takes longer than the rest of the inspection."""
        return len(gzip.compress(self.content, compresslevel=9, mtime=0))

    @cached_property
    def sections(self) -> dict[str, int]:
        """Section -> bytes; the sum is ``file_bytes``. ``inspection.sections.SECTIONS`` says what each one holds."""
        return totals(self.ranges)

    @property
    def unreferenced(self) -> tuple[Claim, ...]:
        """The ranges that nothing uses: where something could hide, or what a sloppy tool has left behind."""
        return tuple(claim for claim in self.ranges if claim.section == "unreferenced")

    @cached_property
    def scheme(self) -> str:
        """float32, float16, dynamic_range, int8, int16x8, int4, mixed or sparse: see ``inspection.scheme``."""
        return scheme(self.subgraphs)

    @cached_property
    def recipes(self) -> dict[str, int]:
        """Recipe in the LiteRT quantizer's words -> number of weights that it applies to."""
        return recipes(weight_uses(self.subgraphs))

    @property
    def operators(self) -> Iterator[tuple[int, Operator]]:
        """Every (subgraph index, operator), in the order of the file."""
        return ((graph.index, op) for graph in self.subgraphs for op in graph.operators)

    @cached_property
    def ops(self) -> dict[str, int]:
        """Operator name -> how often it occurs, most frequent first."""
        return dict(Counter(op.name for _, op in self.operators).most_common())

    @cached_property
    def ops_by_dtype(self) -> dict[str, dict[str, int]]:
        """Operator name -> {type of its output: how often}."""
        counts: dict[str, Counter[str]] = {name: Counter() for name in self.ops}
        for _, op in self.operators:
            counts[op.name][op.dtype] += 1
        return {name: dict(found.most_common()) for name, found in counts.items()}

    @cached_property
    def custom_ops(self) -> tuple[str, ...]:
        """Names of the custom operators: what a plain runtime refuses to run."""
        return tuple(sorted({op.name for _, op in self.operators if op.custom}))

    @cached_property
    def tensors_by_dtype(self) -> dict[str, int]:
        """Type -> number of tensors, most frequent first."""
        return dict(Counter(tensor.dtype for graph in self.subgraphs for tensor in graph.tensors).most_common())

    @property
    def inputs(self) -> tuple[Port, ...]:
        """The inputs of the main subgraph, in order, by the names of its signature where there is one."""
        return self._ports(self.subgraphs[0].inputs, "inputs")

    @property
    def outputs(self) -> tuple[Port, ...]:
        """The outputs of the main subgraph."""
        return self._ports(self.subgraphs[0].outputs, "outputs")

    def _ports(self, indices: tuple[int, ...], side: str) -> tuple[Port, ...]:
        names: dict[int, str] = {}
        for signature in self.signatures:
            if signature.subgraph == 0:
                for name, index in (signature.inputs if side == "inputs" else signature.outputs).items():
                    names.setdefault(index, name)
        return tuple(port(self.subgraphs[0].tensors[index], names.get(index)) for index in indices)

    @cached_property
    def weights(self) -> tuple[Weight, ...]:
        """Every stored weight tensor, largest first."""
        return weights(self.subgraphs)

    @cached_property
    def sparse_tensors(self) -> tuple[Tensor, ...]:
        """The constants that are stored in a compressed sparse format."""
        return tuple(t for graph in self.subgraphs for t in graph.tensors if t.sparsity is not None)

    @cached_property
    def float_islands(self) -> tuple[FloatIsland, ...]:
        """Operators that compute in float in a file that also computes in integers."""
        return float_islands(self.subgraphs)

    @cached_property
    def unpacked(self) -> tuple[Unpacked, ...]:
        """Weights that are dequantized (float16) or densified (sparse) before use: small on disk, large in memory."""
        return tuple(item for graph in self.subgraphs for item in unpacked(graph))

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of the main subgraph and those that it runs, each once (a loop's body too)."""
        return sum(op.macs or 0 for graph in reached(self.subgraphs) for op in graph.operators)

    @cached_property
    def unknown_macs(self) -> tuple[str, ...]:
        """Names of operators whose multiply-accumulates are not in ``macs``, because they cannot be known."""
        return tuple(sorted({op.name for _, op in self.operators if op.macs is None}))

    @property
    def peak_live_bytes(self) -> int:
        """The most activation bytes alive at once in the main subgraph: a lower bound of the runtime's arena."""
        return max((op.live_bytes for op in self.subgraphs[0].operators), default=0)

    def lifetimes(self, subgraph: int = 0) -> tuple[Lifetime, ...]:
        """Return when each activation of a subgraph is alive. Raises IndexError for a subgraph that is not there."""
        return lifetimes(self.subgraphs[subgraph])

    def to_json(self) -> dict[str, object]:
        """Return everything as plain values for ``json.dumps``: see ``inspection.to_json`` for the keys."""
        from course_lib.inspection.to_json import to_json

        return to_json(self)
