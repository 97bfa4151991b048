"""Is int4 fast? Two shapes, two batch sizes, one answer each.

    python benchmarks/int4_shapes.py            print the table
    python benchmarks/int4_shapes.py --write    and keep it as benchmarks/int4_shapes.csv (a minute, 2.5 GB of memory)
    python benchmarks/int4_shapes.py --quick    a small stack instead, for a smoke test

The CNN is the course's baseline: 87,000 weights that never leave the cache. The stack is decode-shaped, eight fully
connected layers of 3072 x 3072 without training, 300 MB as float: at batch 1 every weight is read once from memory for
one multiplication, which is what a language model does for each token it writes. At batch 64 the same weights are used
64 times, and arithmetic decides.

All encodings of one shape and batch run in turn in one process, one thread, and the medians are compared.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from course_lib.backend import quiet_stderr
from course_lib.core import Artifact, Environment
from course_lib.evaluation import race
from course_lib.evaluation.runtime import delegate_name, open_interpreter
from course_lib.models import Sketch, float_tflite
from course_lib.techniques import DynamicRange, Int4, WeightOnly

RECORD = Path(__file__).with_suffix(".csv")
LAYERS, WIDTH = 8, 3072
BATCHES = (1, 64)
ENCODINGS = {
    "dynamic_wi8_afp32": DynamicRange(),
    "dynamic_wi4c_afp32": Int4(),
    "dynamic_wi4b32_afp32": Int4(32),
    "weight_only_wi8_afp32": WeightOnly(8),
    "weight_only_wi4_afp32": WeightOnly(4),
}


def stack(layers: int, width: int) -> Artifact:
    """Return fully connected layers with ReLU, never trained."""
    net = Sketch((1, width))
    x = net.input
    for _ in range(layers):
        x = net.dense(x, width)
    return net.artifact(x)


def rows(shape: str, float32: Artifact, batch: int, seconds: float) -> list[dict[str, object]]:
    """Time every encoding of one network at one batch size."""
    files = {"float32": float32} | {name: export(float32) for name, export in ENCODINGS.items()}
    interpreters = {}
    for name, file in files.items():
        interpreter = open_interpreter(file, allocate=False)
        detail = interpreter.get_input_details()[0]
        interpreter.resize_tensor_input(detail["index"], [batch, *detail["shape"][1:]])
        with quiet_stderr():  # the delegate announces itself once
            interpreter.allocate_tensors()
        values = np.random.default_rng(0).random((batch, *detail["shape"][1:]), dtype=np.float32)
        interpreter.set_tensor(detail["index"], values)
        interpreters[name] = interpreter
    times = race({name: each.invoke for name, each in interpreters.items()}, seconds=seconds, rounds=20, warmups=5)
    median = {name: float(np.median(each)) for name, each in times.items()}
    return [
        {
            "shape": shape,
            "batch": batch,
            "encoding": name,
            "bytes": file.raw_bytes,
            "median_us": round(median[name], 1),
            "p95_us": round(float(np.percentile(times[name], 95)), 1),
            "runs": len(times[name]),
            "times_as_fast_as_float": round(median["float32"] / median[name], 2),
            "delegate": delegate_name(interpreters[name]),
        }
        for name, file in files.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"keep the table as {RECORD.name}")
    parser.add_argument("--quick", action="store_true", help="a small stack, a second of timing; writes nothing")
    options = parser.parse_args()
    layers, width = (2, 256) if options.quick else (LAYERS, WIDTH)
    shapes = {"CNN (course baseline)": float_tflite(), f"{layers} x dense {width} x {width}": stack(layers, width)}
    seconds = 0.2 if options.quick else 5.0
    table = pd.DataFrame(
        [row for shape, file in shapes.items() for batch in BATCHES for row in rows(shape, file, batch, seconds)]
    )
    print(Environment.here())
    print(table.to_string(index=False))
    if options.write and not options.quick:
        header = f"# python benchmarks/int4_shapes.py --write | {Environment.here()}, 1 thread\n"
        RECORD.write_text(header + table.to_csv(index=False))


if __name__ == "__main__":
    main()
