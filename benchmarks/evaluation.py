"""How close predict() comes to the bare runtime on 10,000 images, and what a per-image loop costs.

    python benchmarks/evaluation.py            print the table
    python benchmarks/evaluation.py --write    and keep it as benchmarks/evaluation.csv

Every way evaluates the same 10,000 test images with one thread, in turn, and the median of the passes counts. The
clock is the process's CPU time, so that other programs on the machine weigh less; with one thread on a quiet machine
it is the wall clock. The quartiles are those of the speed ratio over passes; caches shared with busy neighbours widen
them, so the record names the load average. litert-benchmark reports wall time, in steps of 0.01 ms.

"bare invoke" has its interpreter ready and its input set once, at predict()'s own batch: nothing but the kernels.
predict() starts from float images and ends with float scores: loading, encoding, copying and decoding are in its time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from ai_edge_litert.interpreter import Interpreter

from course_lib.core import Artifact, Environment
from course_lib.data import fashion_mnist
from course_lib.evaluation import predict
from course_lib.evaluation.codec import encode
from course_lib.evaluation.run import batch_size
from course_lib.models import float_tflite
from course_lib.techniques import DynamicRange, Int8

RECORD = Path(__file__).with_suffix(".csv")
PASSES = 21


def ready(artifact: Artifact, batch: int) -> Interpreter:
    interpreter = Interpreter(model_content=artifact.content, num_threads=1)
    detail = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(detail["index"], [batch, *detail["shape"][1:]])
    interpreter.allocate_tensors()
    return interpreter


def bare(artifact: Artifact, images: np.ndarray, batch: int) -> Callable[[], None]:
    interpreter = ready(artifact, batch)
    detail = interpreter.get_input_details()[0]
    interpreter.set_tensor(detail["index"], encode(images[:batch], detail["dtype"], *detail["quantization"]))
    interpreter.invoke()

    def run() -> None:
        for _ in range(-(-len(images) // batch)):
            interpreter.invoke()

    return run


def loop(artifact: Artifact, images: np.ndarray) -> Callable[[], None]:
    """One image at a time, as tutorials write it."""

    def run() -> None:
        interpreter = ready(artifact, 1)
        inside, outside = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        scale, zero_point = inside["quantization"]
        for image in images:
            value = image[None]
            if scale:  # written out: encode()'s checks would make the loop look slower than it is
                value = np.clip(np.round(value / scale) + zero_point, -128, 127).astype(inside["dtype"])
            interpreter.set_tensor(inside["index"], value)
            interpreter.invoke()
            interpreter.get_tensor(outside["index"])

    return run


def litert_benchmark(artifact: Artifact) -> float | None:
    """Return the time per image by LiteRT's own benchmark tool, batch 1, in microseconds; None where it is missing."""
    with tempfile.TemporaryDirectory() as folder:
        model, out = artifact.save(Path(folder) / "m.tflite"), Path(folder) / "out.json"
        command = [
            str(Path(sys.executable).with_name("litert-benchmark")),
            "--model",
            str(model),
            "--num_threads",
            "1",
            "--num_runs",
            "1000",
        ]
        try:
            subprocess.run([*command, "--result_json", str(out)], check=True, capture_output=True, timeout=120)
            return 1e3 * float(json.loads(out.read_text())["latency"]["median_ms"])
        except (OSError, subprocess.SubprocessError, KeyError, ValueError):
            return None


def seconds(run: Callable[[], None]) -> float:
    begin = time.process_time()
    run()
    return time.process_time() - begin


def table() -> pd.DataFrame:
    data = fashion_mnist()
    images, reference = data.x_test, float_tflite()
    batch, rows = batch_size(images), []
    for artifact in (reference, DynamicRange()(reference), Int8()(reference, data)):
        ways = {
            "bare invoke": bare(artifact, images, batch),
            "predict": lambda artifact=artifact: predict(artifact, images),
            "bare invoke, batch 1": bare(artifact, images, 1),
            "loop over images": loop(artifact, images),
        }
        times = {way: [] for way in ways}
        for run in ways.values():
            run()
        for _ in range(PASSES):
            for way, run in ways.items():
                times[way].append(seconds(run))
        best = float(np.median(times["bare invoke"]))
        for way, taken in times.items():
            middle = float(np.median(taken))
            speeds = np.array(times["bare invoke"]) / np.array(taken)
            low, speed, high = np.quantile(speeds, [0.25, 0.5, 0.75])
            rows.append((artifact.name, way, middle, 1e6 * middle / len(images), speed, low, high))
        tool = litert_benchmark(artifact)
        if tool is not None:
            own = 1e6 * best / len(images)
            rows.append(
                (artifact.name, "litert-benchmark, batch 1", tool * len(images) / 1e6, tool, own / tool, None, None)
            )
    return pd.DataFrame(
        rows, columns=["model", "way", "cpu_seconds", "us_per_image", "of_bare_speed", "quartile_1", "quartile_3"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of predict() against the bare runtime on 10,000 images.")
    parser.add_argument("--write", action="store_true", help=f"keep the table as {RECORD.name}")
    arguments = parser.parse_args()
    load = psutil.getloadavg()[0]
    result = table()
    batch = batch_size(fashion_mnist().x_test)
    protocol = f"1 thread, batch {batch}, median of {PASSES} passes, load average {load:.1f} at the start"
    how = f"{Environment.here()}; {protocol}"
    print(f"{how}\n")
    print(result.to_string(index=False, float_format="%.3f"))
    if arguments.write:
        with RECORD.open("w") as file:
            file.write(f"# python benchmarks/evaluation.py --write | {how}\n")
            result.to_csv(file, index=False, float_format="%.4f")


if __name__ == "__main__":
    main()
