"""The networks of the course: architectures, training, and the trained ones that are shipped."""

from course_lib.models.shipped import float_tflite, record, trained
from course_lib.models.sketch import Sketch
from course_lib.models.training import Training, clone, fit
from course_lib.models.zoo import baseline, lenet_5, lenet_300_100, separable, student

__all__ = [
    "Sketch",
    "Training",
    "baseline",
    "clone",
    "fit",
    "float_tflite",
    "lenet_5",
    "lenet_300_100",
    "record",
    "separable",
    "student",
    "trained",
]
