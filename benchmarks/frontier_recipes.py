"""Every recipe that the frontier measures, each with the control that it has to beat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course_lib.core import Artifact, Dataset, Recipe, Transform
from course_lib.evaluation import sensitivity
from course_lib.models import student
from course_lib.techniques import (
    Cluster,
    CorrectBias,
    Distill,
    DistillPrune,
    DynamicRange,
    Equalize,
    FineTune,
    Float16,
    Float32,
    FoldBatchNorm,
    Int4,
    Int8,
    Int16x8,
    LeastSquares,
    MinMax,
    Mixed,
    Prune,
    PruneChannels,
    PruneNM,
    QuantizeAware,
    Sparse,
    Unfused,
    WeightOnly,
    allocate,
)

FOLD = FoldBatchNorm()
MIXED_BUDGETS = 6  # from one percent more than all layers at 4 bits take to one percent more than at 8


@dataclass(frozen=True)
class Entry:
    """A recipe, the family whose settings compete with each other, and what it starts from.

    Args:
        uniform: one number of bits for all weights, no training: what mixed precision is compared with.
        from_file: start from the float ``.tflite`` and let LiteRT Quantizer do the rest, instead of from Keras.
    """

    family: str
    recipe: Recipe
    uniform: bool = False
    from_file: bool = False


def entries(seed: int) -> Iterator[Entry]:
    """Yield every recipe whose settings are known beforehand; what trains gets the seed."""
    yield from _without_training()
    for family, name, export, steps in _with_training(seed):
        yield Entry(family, Recipe(name, export, tuple(_seeded(step, seed) for step in steps)))


def mixed_entries(float32: Artifact, data: Dataset) -> Iterator[Entry]:
    """Yield allocations for rising budgets, from a sensitivity table of the validation images."""
    table = sensitivity(float32, data, bits=(2, 4, 8), images=2000)
    four, eight = (sum(row.weight_bytes for row in table.rows if row.bits == bits) for bits in (4, 8))
    seen = set()
    for budget in np.linspace(1.01 * four, 1.01 * eight, MIXED_BUDGETS):
        bits = allocate(table, int(budget))
        widths = tuple(bits.values())
        if len(set(widths)) > 1 and widths not in seen:
            seen.add(widths)
            yield Entry("mixed", Recipe(f"mixed {'-'.join(map(str, widths))}", Mixed(bits)))


def control(entry: Entry) -> Entry | None:
    """Return the same export after as many epochs of ordinary training, or None when nothing was trained."""
    steps = tuple(step.control() if hasattr(step, "control") else step for step in entry.recipe.steps)
    if steps == entry.recipe.steps:
        return None
    export = Float32() if isinstance(entry.recipe.export, Sparse) else entry.recipe.export
    return Entry("control", Recipe(f"{entry.recipe.name} | control", export, steps))


def shortened(entry: Entry) -> Entry:
    """Return the entry with one epoch per step, for a smoke test."""
    steps = tuple(replace(step, epochs=1) if getattr(step, "epochs", 0) else step for step in entry.recipe.steps)
    return replace(entry, recipe=replace(entry.recipe, steps=steps))


def _without_training() -> Iterator[Entry]:
    yield Entry("float", Recipe("float32", Float32()), uniform=True)
    yield Entry("float", Recipe("unfused", Unfused()))
    yield Entry("float", Recipe("float16", Float16()), uniform=True)
    yield Entry("8 bits", Recipe("dynamic range", DynamicRange()), uniform=True)
    yield Entry("8 bits", Recipe("int8, converter", Int8()), uniform=True)
    yield Entry("8 bits", Recipe("int8, quantizer", Int8()), uniform=True, from_file=True)
    yield Entry("8 bits", Recipe("int8, min-max", Int8(calibrator=MinMax())), uniform=True)
    yield Entry("8 bits", Recipe("int8, least squares", Int8(calibrator=LeastSquares())), uniform=True)
    yield Entry("8 bits", Recipe("int8, equalized", Int8(), (FOLD, Equalize())))
    yield Entry("8 bits", Recipe("int8, dense float", Int8(keep_float=("dense",))))
    yield Entry("8 bits", Recipe("int16x8", Int16x8()), uniform=True)
    yield Entry("8 bits", Recipe("weight only 8", WeightOnly(8)), uniform=True)
    yield Entry("4 bits", Recipe("int4 per channel", Int4()), uniform=True)
    yield Entry("4 bits", Recipe("int4 blocks of 32", Int4(32)))
    yield Entry("4 bits", Recipe("weight only 4", WeightOnly(4)), uniform=True)
    yield Entry("4 bits", Recipe("int4, bias corrected", Int4(), (FOLD, CorrectBias(bits=4))))


def _with_training(seed: int) -> Iterator[tuple[str, str, Any, tuple[Transform, ...]]]:
    prune, cluster = Prune(0.8), Cluster(16)
    yield "more training", "4 more epochs, int8", Int8(), (FineTune(epochs=4),)
    for share in (0.5, 0.8, 0.9):
        yield "prune", f"prune {share:.0%}, int8", Int8(), (Prune(share),)
    yield "prune, float", "prune 80%, float32", Float32(), (prune,)
    yield "prune, float", "prune 80%, sparse", Sparse(), (prune,)
    yield "prune 2:4", "prune 2:4, int8", Int8(), (PruneNM(2, 4),)
    for share in (0.25, 0.5, 0.75):
        yield "channels", f"channels -{share:.0%}, int8", Int8(), (PruneChannels(share, align=8),)
    yield "channels, QAT", "channels -50%, QAT", Int8(), (PruneChannels(0.5, align=8), QuantizeAware())
    for count in (16, 32):
        yield "cluster", f"cluster {count}, int8", Int8(), (Cluster(count),)
    yield "cluster, float", "fold, cluster 16, float32", Float32(), (FOLD, cluster)
    yield "prune, cluster", "prune 80%, cluster 16, int8", Int8(), (prune, cluster)
    yield "QAT", "QAT", Int8(), (QuantizeAware(),)
    yield "QAT", "PQAT 80%", Int8(), (prune, QuantizeAware(preserve="sparsity"))
    yield "QAT", "CQAT 16", Int8(), (Cluster(16, keep_zeros=False), QuantizeAware(preserve="clusters"))
    yield "QAT", "PCQAT 80% 16", Int8(), (prune, cluster, QuantizeAware(preserve="both"))
    yield "distil", "student, int8", Int8(), (Distill(student(seed)),)
    for levels in (None, 15):
        name = f"distil and prune 85%{', 15 levels' if levels else ''}, int8"
        yield "distil and prune", name, Int8(), (DistillPrune(0.85, levels),)


def _seeded(step: Any, seed: int) -> Any:
    return replace(step, seed=seed) if hasattr(step, "seed") else step
