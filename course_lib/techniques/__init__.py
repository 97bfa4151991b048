"""Techniques: frozen dataclasses that you call with a model and data."""

from course_lib.techniques.calibrate import KullbackLeibler, LeastSquares, MinMax, Percentile
from course_lib.techniques.exports import DynamicRange, Float16, Float32, Int8, Int16x8
from course_lib.techniques.low_bit import Int4, WeightOnly
from course_lib.techniques.mixed import Mixed, allocate

__all__ = [
    "DynamicRange",
    "Float16",
    "Float32",
    "Int4",
    "Int8",
    "Int16x8",
    "KullbackLeibler",
    "LeastSquares",
    "MinMax",
    "Mixed",
    "Percentile",
    "WeightOnly",
    "allocate",
]
