"""Explain any ``.tflite`` to the last byte, without TensorFlow and without running it.

from course_lib.inspection import inspect
anatomy = inspect(Path("model.tflite").read_bytes())
anatomy.sections, anatomy.scheme, anatomy.ops, anatomy.macs
"""

from course_lib.inspection.anatomy import Anatomy
from course_lib.inspection.difference import GraphDiff, graph_diff
from course_lib.inspection.dissect import inspect
from course_lib.inspection.errors import ModelError
from course_lib.inspection.sandbox import run_isolated

__all__ = ["Anatomy", "GraphDiff", "ModelError", "graph_diff", "inspect", "run_isolated"]
