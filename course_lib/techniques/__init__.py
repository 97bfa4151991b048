"""Techniques: frozen dataclasses that you call with a model and data."""

from course_lib.techniques.exports import DynamicRange, Float16, Float32, Int4, Int8, Int16x8

__all__ = ["DynamicRange", "Float16", "Float32", "Int4", "Int8", "Int16x8"]
