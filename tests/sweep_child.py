"""A sweep in a process of its own, to be killed: prints a line for every result that is on disk, then what it found."""

import json
import sys

from course_lib.automation import sweep
from course_lib.core import Dataset, Recipe
from course_lib.data import fashion_mnist
from course_lib.models import float_tflite
from course_lib.techniques import DynamicRange, Float16, Float32, Int8, Int16x8, WeightOnly


def small_data(train: int = 200, val: int = 300) -> Dataset:
    """Return a few images of each split, so that a sweep takes seconds."""
    data = fashion_mnist()
    arrays = (data.x_train[:train], data.y_train[:train], data.x_val[:val], data.y_val[:val])
    return Dataset("small", *arrays, data.x_test[:50], data.y_test[:50])


def recipes(count: int) -> list[Recipe]:
    """Return up to 40 different recipes that need no TensorFlow."""
    simple = [Float32(), Float16(), DynamicRange(), WeightOnly(), Int16x8(calibration=10)]
    exports = [*simple, *(Int8(calibration=10 + step) for step in range(35))]
    return [Recipe(f"{place:02d}", export) for place, export in enumerate(exports[:count])]


def main(cache: str, count: int, workers: int) -> None:
    """Run the sweep."""
    found = sweep(
        recipes(count),
        float_tflite("baseline"),
        small_data(),
        cache=cache,
        workers=workers,
        done=lambda name: print("done", name, flush=True),
    )
    rows = [[trial.name, trial.raw_bytes, trial.right.sum().item()] for trial in found.trials]
    print(json.dumps({"hits": found.hits, "wanted": found.wanted, "seconds": found.seconds, "rows": rows}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
