"""Where each activation goes in one block of memory, the arena, so that tensors which never meet share bytes.

Greedy by size (Pisarchyk and Lee 2020, arXiv:2001.03288, "greedy by size for offset calculation"): the largest tensor
first, each at the lowest offset where it overlaps nobody who is alive at the same time. Both TFLite runtimes plan like
this; in what order tensors of one size are placed is up to them, and decides up to a third of a real arena.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from course_lib.inspection import Anatomy, inspect
from course_lib.inspection.graph import Subgraph
from course_lib.inspection.lifetimes import Lifetime


@dataclass(frozen=True)
class Rules:
    """How a runtime plans.

    alignment: every offset is a multiple of it, 1 or more. ties: of tensors of one size, the one that is created
    "first" or "last" is placed first. keep_inputs: inputs live to the end. unpacked: constants that the graph
    dequantizes take part in the plan, rather than memory of their own.

    Raises:
        ValueError: an alignment below 1, or another word for ties.
    """

    alignment: int
    ties: Literal["first", "last"] = "first"
    keep_inputs: bool = False
    unpacked: bool = False

    def __post_init__(self) -> None:
        if self.alignment < 1:
            raise ValueError(f"the alignment must be 1 or more, got {self.alignment}")
        if self.ties not in ("first", "last"):
            raise ValueError(f'ties must be "first" or "last", got {self.ties!r}')


MICRO = Rules(alignment=16, ties="last", unpacked=True)
"""TFLite Micro: the tests find its arena's head to the byte, for graphs whose kernels need no scratch memory."""
LITERT = Rules(alignment=64, keep_inputs=True)
"""LiteRT without a delegate, before it writes one tensor over another in place."""


@dataclass(frozen=True)
class Block:
    """``bytes`` bytes of a tensor at ``offset``, while operators ``first`` to ``last`` (inclusive) run."""

    tensor: int
    offset: int
    bytes: int
    first: int
    last: int

    @property
    def end(self) -> int:
        """The offset of the first byte behind it."""
        return self.offset + self.bytes


@dataclass(frozen=True)
class Plan:
    """An arena plan, in bytes.

    ``total`` is the size of the arena, ``naive`` what the same tensors take without sharing, ``lower_bound`` the most
    that is alive at once (both with every tensor rounded up to the alignment): no plan is smaller than the bound.
    """

    blocks: tuple[Block, ...]
    rules: Rules
    total: int
    naive: int
    lower_bound: int


def plan_arena(lives: Iterable[Lifetime], rules: Rules = MICRO) -> Plan:
    """Place tensors greedily by size; blocks come back in the order given.

    Args:
        lives: tensors with their sizes in bytes and the first and last operator that they live through. They are taken
            as they are: ``keep_inputs`` and ``unpacked`` are for ``plan_model``.

    Raises:
        ValueError: a negative size, or a life that ends before it begins.
    """
    lives = tuple(lives)
    for life in lives:
        if life.bytes < 0 or life.last < life.first:
            raise ValueError(f"tensor {life.tensor} has {life.bytes} bytes and lives from {life.first} to {life.last}")
    later = 1 if rules.ties == "first" else -1
    order = sorted(range(len(lives)), key=lambda i: (-lives[i].bytes, later * lives[i].first, later * i))
    placed: dict[int, Block] = {}
    for index in order:
        life = lives[index]
        offset = 0
        meets = (block for block in placed.values() if block.first <= life.last and life.first <= block.last)
        for block in sorted(meets, key=lambda block: block.offset):
            if offset + life.bytes <= block.offset:
                break
            offset = max(offset, _round_up(block.end, rules.alignment))
        placed[index] = Block(life.tensor, offset, life.bytes, life.first, life.last)
    rounded = [replace(life, bytes=_round_up(life.bytes, rules.alignment)) for life in lives]
    return Plan(
        blocks=tuple(placed[index] for index in range(len(lives))),
        rules=rules,
        total=max((_round_up(block.end, rules.alignment) for block in placed.values()), default=0),
        naive=sum(life.bytes for life in rounded),
        lower_bound=_most_alive(rounded),
    )


def plan_model(model: Any, rules: Rules = MICRO, *, subgraph: int = 0) -> Plan:
    """Plan the arena of one subgraph's activations.

    What a real arena holds beside them is not in the file: scratch memory of kernels, the tensors of branches and
    loops, and in TFLite Micro the runtime's own records.

    Args:
        model: an Artifact, the bytes of a ``.tflite``, or an Anatomy.
        subgraph: which one, the main one by default.

    Raises:
        ValueError: the bytes are no ``.tflite``, or have no such subgraph.
    """
    anatomy = model if isinstance(model, Anatomy) else inspect(model)
    if not 0 <= subgraph < len(anatomy.subgraphs):
        raise ValueError(f"the model has {len(anatomy.subgraphs)} subgraphs; {subgraph} is not one of them")
    graph = anatomy.subgraphs[subgraph]
    lives = anatomy.lifetimes(subgraph)
    if rules.keep_inputs:
        end = len(graph.operators) - 1
        lives = tuple(replace(life, last=end) if life.tensor in graph.inputs else life for life in lives)
    return plan_arena(lives + _unpacked(graph) if rules.unpacked else lives, rules)


def _unpacked(graph: Subgraph) -> tuple[Lifetime, ...]:
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for op in graph.operators:
        for index in op.outputs:
            if index >= 0 and graph.tensors[index].role == "dequantized":
                first.setdefault(index, op.index)
        last.update({index: op.index for index in op.inputs if index in first})
    return tuple(
        Lifetime(index, begin, max(begin, last.get(index, begin)), graph.tensors[index].bytes or 0)
        for index, begin in first.items()
    )


def _most_alive(lives: Iterable[Lifetime]) -> int:
    change: dict[int, int] = {}
    for life in lives:
        change[life.first] = change.get(life.first, 0) + life.bytes
        change[life.last + 1] = change.get(life.last + 1, 0) - life.bytes
    alive = most = 0
    for operator in sorted(change):
        alive += change[operator]
        most = max(most, alive)
    return most


def _round_up(value: int, alignment: int) -> int:
    return -(-value // alignment) * alignment
