"""Techniques: frozen dataclasses that you call with a model and data."""

from course_lib.techniques.calibrate import KullbackLeibler, LeastSquares, MinMax, Percentile
from course_lib.techniques.cluster import Cluster
from course_lib.techniques.control import FineTune
from course_lib.techniques.correct_bias import CorrectBias
from course_lib.techniques.distill import Distill
from course_lib.techniques.distill_prune import DistillPrune
from course_lib.techniques.equalize import Equalize
from course_lib.techniques.exports import DynamicRange, Float16, Float32, Int8, Int16x8
from course_lib.techniques.fold import FoldBatchNorm
from course_lib.techniques.low_bit import Int4, WeightOnly
from course_lib.techniques.mixed import Mixed, allocate
from course_lib.techniques.prune import Prune
from course_lib.techniques.prune_channels import PruneChannels
from course_lib.techniques.prune_nm import PruneNM
from course_lib.techniques.quantize_aware import QuantizeAware
from course_lib.techniques.sensitivity import channel_sensitivity, shares_above, weight_sensitivity
from course_lib.techniques.sparse import Sparse
from course_lib.techniques.unfused import Unfused

__all__ = [
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
    "Int4",
    "Int8",
    "Int16x8",
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
]
