"""Measure an artifact, compare two, and find the layer where they part. LiteRT and NumPy; no TensorFlow."""

from course_lib.evaluation.bits import Sensitivity, SensitivityRow, sensitivity
from course_lib.evaluation.comparison import Comparison, compare
from course_lib.evaluation.layers import LayerError, LayerErrors, layer_errors
from course_lib.evaluation.measuring import measure
from course_lib.evaluation.memory import Memory, peak_memory
from course_lib.evaluation.race import race
from course_lib.evaluation.run import predict
from course_lib.evaluation.statistics import calibration_error, mcnemar, paired_difference, sqnr_db, wilson
from course_lib.evaluation.timing import latency, latency_ratio

__all__ = [
    "Comparison",
    "LayerError",
    "LayerErrors",
    "Memory",
    "Sensitivity",
    "SensitivityRow",
    "calibration_error",
    "compare",
    "latency",
    "latency_ratio",
    "layer_errors",
    "mcnemar",
    "measure",
    "paired_difference",
    "peak_memory",
    "predict",
    "race",
    "sensitivity",
    "sqnr_db",
    "wilson",
]
