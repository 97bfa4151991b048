"""Measure an artifact, compare two, and find the layer where they part. LiteRT and NumPy; no TensorFlow."""

from course_lib.evaluation.measuring import measure
from course_lib.evaluation.memory import peak_memory
from course_lib.evaluation.run import predict
from course_lib.evaluation.statistics import calibration_error, mcnemar, paired_difference, sqnr_db, wilson
from course_lib.evaluation.timing import latency, latency_ratio

__all__ = [
    "calibration_error",
    "latency",
    "latency_ratio",
    "mcnemar",
    "measure",
    "paired_difference",
    "peak_memory",
    "predict",
    "sqnr_db",
    "wilson",
]
