"""Train what lesson 27 compares: `python topics/27_train_with_quantization/make_runs.py`.

From the shipped baseline, on the bundled images, the same epochs for everything: a straight-through training at 8, 4, 3
and 2 bits, the toolkit's quantization-aware training at 8 bits, and the control that trains on in float and is rounded
afterwards, also with batch statistics taken anew after the rounding. Three seeds. Weights only are rounded, except by
the toolkit, which rounds activations too.

Writes record_runs.json (command, seeds, seconds, accuracies, paired tests) and, for seed 0, files/NAME.tflite.gz.
Half an hour on a busy machine; `--seeds 0` makes the first seed only, `--refreshed` trains the controls alone and puts
those with statistics taken anew into the record that is there.
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
BATCHES = 50  # forward passes that take the batch statistics anew, as in the lesson


def rounded(artifact, bits, per_channel=True):
    """Return the float file with every weight rounded after training: symmetric, scale from the maximum."""
    values = {
        layer.weights: fake_quantize(w, bits, CHANNEL_AXIS[layer.op] if per_channel else None)[0]
        for layer, w in weighted_layers(artifact)
    }
    return replace_weights(artifact, values)


def refreshed(model, bits, like, data):
    """Return the file with rounded weights, its batch statistics averaged anew over rounded forward passes."""
    plain = settled(model, bits, like)
    for first in range(0, BATCHES * 128, 128):
        plain(data.x_train[first : first + 128], training=True)
    return Float32()(plain)


def keep(name, artifact):
    path = HERE / "files" / f"{name}.tflite.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(artifact.content, 9, mtime=0))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--refreshed", action="store_true")
    options = parser.parse_args()
    seeds, path = options.seeds, HERE / "record_runs.json"
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

    if options.refreshed:
        record = json.loads(path.read_text(encoding="utf-8"))
        old = {(r["seed"], r["name"], r["bits"]): r for r in record["runs"]}
        for seed in seeds:
            recipe = {"epochs": EPOCHS, "learning_rate": LEARNING_RATE, "seed": seed}
            control = FineTune(**recipe)(network, data)
            right = predict(Float32()(control), data.x_test).argmax(1) == data.y_test
            found = round(float(right.mean()), 4)
            if found != old[seed, "control", 32]["accuracy"]:
                raise SystemExit(f"seed {seed}: the control has {found}, not the recorded accuracy")
            for bits in BITS:
                note(seed, "control, refreshed", bits, refreshed(control, bits, network, data), 0)
        record["runs"] = [r for r in record["runs"] if r["name"] != "control, refreshed"] + runs
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        return

    note(None, "start", 32, Float32()(network), 0)
    for bits in BITS:
        note(None, "start, rounded", bits, rounded(Float32()(network), bits), 0)
    for seed in seeds:
        began = time.perf_counter()
        recipe = {"epochs": EPOCHS, "learning_rate": LEARNING_RATE, "seed": seed}
        control = FineTune(**recipe)(network, data)
        float_control = Float32()(control)
        note(seed, "control", 32, float_control, time.perf_counter() - began, start_right)
        after = {}
        for bits in BITS:
            note(seed, "control, one scale a tensor", bits, rounded(float_control, bits, False), 0)
            after[bits] = note(seed, "control, rounded", bits, rounded(float_control, bits), 0)
            note(seed, "control, refreshed", bits, refreshed(control, bits, network, data), 0)
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
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
