"""TensorFlow Lite (LiteRT) model compression: measured, exercised, explained.

Names load when they are first used, so that ``import course_lib`` costs next to nothing and never loads TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import Any

# Public name -> the module that defines it. This is the whole public surface.
_HOMES = {
    "course_lib.core": (
        "Artifact",
        "Dataset",
        "Environment",
        "Interval",
        "Latency",
        "Recipe",
        "Report",
        "key",
    ),
    "course_lib.data": ("digits", "fashion_mnist", "load_npz"),
    "course_lib.models": ("Training", "baseline", "fit", "float_tflite", "trained"),
    "course_lib.techniques": (
        "Cluster",
        "CorrectBias",
        "Distill",
        "DistillPrune",
        "DynamicRange",
        "Equalize",
        "FineTune",
        "Float16",
        "Float32",
        "FoldBatchNorm",
        "Int16x8",
        "Int4",
        "Int8",
        "KullbackLeibler",
        "LeastSquares",
        "MinMax",
        "Mixed",
        "Percentile",
        "Prune",
        "PruneChannels",
        "PruneNM",
        "QuantizeAware",
        "Sparse",
        "Unfused",
        "WeightOnly",
        "allocate",
        "channel_sensitivity",
        "shares_above",
        "weight_sensitivity",
    ),
    "course_lib.evaluation": ("compare", "latency_ratio", "measure"),
    "course_lib.automation": ("choose", "gate", "halve", "halving", "pareto", "search", "sweep"),
    "course_lib.inspection": ("inspect",),
    "course_lib.grading": ("check", "finish", "hint", "solution"),
    "course_lib.lesson": ("playground", "predict", "receipt", "record", "reveal", "show", "table"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"course_lib has no {name!r}; it has {', '.join(sorted(_HOME_OF))}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
