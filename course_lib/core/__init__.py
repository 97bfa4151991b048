"""The values that flow: Dataset, Artifact, Report, and the techniques that turn one into the next."""

from course_lib.core.artifact import Artifact
from course_lib.core.dataset import Dataset
from course_lib.core.environment import Environment
from course_lib.core.keys import key
from course_lib.core.report import ClassScore, Interval, Latency, Report
from course_lib.core.technique import Export, Recipe, Transform

__all__ = [
    "Artifact",
    "ClassScore",
    "Dataset",
    "Environment",
    "Export",
    "Interval",
    "Latency",
    "Recipe",
    "Report",
    "Transform",
    "key",
]
