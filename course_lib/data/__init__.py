"""Data sets: Fashion-MNIST as bundled, digits for smoke tests, a user's own .npz."""

from course_lib.data.digits import digits
from course_lib.data.fashion import fashion_mnist
from course_lib.data.npz import load_npz

__all__ = ["digits", "fashion_mnist", "load_npz"]
