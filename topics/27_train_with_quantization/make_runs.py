"""Train what lesson 27 compares: `python topics/27_train_with_quantization/make_runs.py`.

From the shipped baseline, on the bundled images, the same epochs for everything: a straight-through training at 8, 4, 3
and 2 bits, the toolkit's quantization-aware training at 8 bits, and the control that trains on in float and is rounded
afterwards. Three seeds. Weights only are rounded, except by the toolkit, which rounds activations too.

Writes record_runs.json (command, seeds, seconds, accuracies, paired tests) and, for seed 0, files/NAME.tflite.gz.
Half an hour on a busy machine; `--seeds 0` makes the first seed only.
"""

import argparse
import gzip
import json
import time
from pathlib import Path

import numpy as np
from straight_through import aware, settled

from course_lib import Artifact, FineTune, Float32, Int8, QuantizeAware, fashion_mnist, trained
from course_lib.core import Environment
from course_lib.evaluation import mcnemar, predict
from course_lib.evaluation.weights import (
    CHANNEL_AXIS,
    fake_quantize,
    replace_weights,
    weighted_layers,
)
from course_lib.models import Training, fit

HERE = Path(__file__).parent
BITS = (8, 4, 3, 2)
EPOCHS, LEARNING_RATE = 4, 1e-3


def rounded(artifact, bits, per_channel=True):
    """Return the float file with every weight rounded after training: symmetric, scale from the maximum."""
    values = {
        layer.weights: fake_quantize(w, bits, CHANNEL_AXIS[layer.op] if per_channel else None)[0]
        for layer, w in weighted_layers(artifact)
    }
    return replace_weights(artifact, values)


def keep(name, artifact):
    path = HERE / "files" / f"{name}.tflite.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(artifact.content, 9, mtime=0))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    seeds = parser.parse_args().seeds
    data, network, runs = fashion_mnist(), trained(), []
    start_right = predict(Float32()(network), data.x_test).argmax(1) == data.y_test

    def note(seed, name, bits, artifact, seconds, against=None):
        right = predict(artifact, data.x_test).argmax(1) == data.y_test
        run = {"seed": seed, "name": name, "bits": bits, "accuracy": round(float(right.mean()), 4)}
        run["accuracy_val"] = round(
            float((predict(artifact, data.x_val).argmax(1) == data.y_val).mean()), 4
        )
        run["seconds"] = round(seconds, 1)
        if against is not None:
            worse, better = int((against & ~right).sum()), int((right & ~against).sum())
            run |= {"worse": worse, "better": better, "p": mcnemar(worse, better)}
        runs.append(run)
        print(run, flush=True)
        return right

    note(None, "start", 32, Float32()(network), 0)
    for bits in BITS:
        note(None, "start, rounded", bits, rounded(Float32()(network), bits), 0)
    for seed in seeds:
        began = time.perf_counter()
        recipe = {"epochs": EPOCHS, "learning_rate": LEARNING_RATE, "seed": seed}
        float_control = Float32()(FineTune(**recipe)(network, data))
        note(seed, "control", 32, float_control, time.perf_counter() - began, start_right)
        after = {}
        for bits in BITS:
            note(seed, "control, one scale a tensor", bits, rounded(float_control, bits, False), 0)
            after[bits] = note(seed, "control, rounded", bits, rounded(float_control, bits), 0)
        for bits in BITS:
            began = time.perf_counter()
            trained_on = fit(
                network,
                data,
                Training(EPOCHS, 128, LEARNING_RATE, seed),
                prepare=lambda model, bits=bits: aware(model, bits),
            )
            artifact = Float32()(settled(trained_on, bits, network))
            seconds = time.perf_counter() - began
            note(seed, "straight-through", bits, artifact, seconds, after[bits])
            if seed == 0 and bits < 8:
                keep(f"trained_{bits}", artifact)
            if seed == 0 and bits == 2:
                keep(f"rounded_{bits}", rounded(float_control, bits))
        began = time.perf_counter()
        int8 = Int8()(QuantizeAware(**recipe)(network, data))
        seconds = time.perf_counter() - began
        control8 = Int8()(float_control, data)
        right = note(seed, "control, int8 file", 8, control8, 0)
        note(seed, "toolkit, int8 file", 8, int8, seconds, right)
        if seed == 0:
            keep("toolkit_8", Artifact("int8", int8.content))
            keep("control_8", control8)
    record = {
        "command": "python topics/27_train_with_quantization/make_runs.py",
        "training": {"epochs": EPOCHS, "batch_size": 128, "learning_rate": LEARNING_RATE},
        "seeds": seeds,
        "images": len(data.x_train),
        "test_images": len(data.x_test),
        "seconds": round(float(np.sum([run["seconds"] for run in runs]))),
        "environment": str(Environment.here()),
        "runs": runs,
    }
    (HERE / "record_runs.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
