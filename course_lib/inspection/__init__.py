"""Explain any ``.tflite`` to the last byte, without TensorFlow and without running it.

from course_lib.inspection import inspect
anatomy = inspect(open("model.tflite", "rb").read())
anatomy.sections, anatomy.scheme, anatomy.ops, anatomy.macs
"""

from course_lib.inspection.anatomy import Anatomy
from course_lib.inspection.dissect import inspect
from course_lib.inspection.errors import ModelError

__all__ = ["Anatomy", "ModelError", "inspect"]
