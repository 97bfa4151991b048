"""Make what lesson 19 loads: `python topics/19_combine_in_the_right_order/make_record.py`.

Two experiments on the bundled 12,000 images. Deep Compression on LeNet-5 (Han et al. 2016): prune to the paper's shares,
share 256 values in convolutions and 32 in dense layers, quantize; three seeds, and for each a control that trains as
long from the same weights with nothing compressed. Then seven ways to combine techniques on the course's baseline, all
of the same eleven epochs. Writes record.json, predictions.npz (classes of the controls) and packed/NAME.bin, which
`course_lib.packing.unpack` turns into the .tflite again. An argument limits the seeds: `make_record.py 1`.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from course_lib import (
    Cluster,
    FineTune,
    Float32,
    FoldBatchNorm,
    Int8,
    Prune,
    QuantizeAware,
    Training,
    fashion_mnist,
    fit,
    trained,
)
from course_lib.core import Environment
from course_lib.evaluation import predict
from course_lib.models import clone, lenet_5
from course_lib.packing import pack, unpack

HERE = Path(__file__).parent
DENSE, CONVOLUTIONS = ("dense", "dense_1"), ("conv2d", "conv2d_1")
PAPER_KEEPS = {"conv2d": 0.66, "conv2d_1": 0.12, "dense": 0.08, "dense_1": 0.19}


def classes(artifact, data):
    """Return the predicted class of each test image."""
    return predict(artifact, data.x_test).argmax(1).astype(np.uint8)


def frozen(model, names):
    """Return a copy in which some layers do not train: their values stay as they are."""
    copy = clone(model)
    for layer in copy.layers:
        layer.trainable = layer.name not in names
    return copy


def entry(artifact, data, seconds, steps):
    """Return what the record says of one file."""
    packed = pack(artifact)
    assert unpack(packed.content) == artifact.content
    return {
        "steps": steps,
        "raw_bytes": artifact.raw_bytes,
        "gzip_bytes": artifact.gzip_bytes,
        "packed_bytes": len(packed.content),
        "test_errors": int((classes(artifact, data) != data.y_test).sum()),
        "seconds": round(seconds, 1),
    }


def keep(name, artifact):
    """Write the packed file."""
    (HERE / "packed" / f"{name}.bin").write_bytes(pack(artifact).content)


def deep_compression(data, seed):
    """Return the record of LeNet-5 with one seed, and the classes that reference and control predict."""
    share = {name: round(1 - kept, 2) for name, kept in PAPER_KEEPS.items()}
    prune = Prune(share, epochs=14, seed=seed)
    convolutions = Cluster(256, epochs=2, seed=seed, layers=CONVOLUTIONS)
    dense = Cluster(32, epochs=4, seed=seed, start="linear", layers=DENSE)
    aware = QuantizeAware(epochs=2, seed=seed, preserve="both")
    runs, start = {}, time.perf_counter()

    def note(name, artifact, steps):
        nonlocal start
        runs[name] = entry(artifact, data, time.perf_counter() - start, steps)
        print(seed, name, runs[name], flush=True)
        start = time.perf_counter()

    reference = fit(lenet_5(seed), data, Training(epochs=20, seed=seed))
    note("reference", Float32()(reference), ["Training(epochs=20)"])
    pruned = prune(reference, data)
    note("pruned", Float32()(pruned), [repr(prune)])
    shared = frozen(convolutions(pruned, data), CONVOLUTIONS)
    shared = clone(dense(shared, data))
    for layer in shared.layers:
        layer.trainable = True
    compressed = Float32()(shared)
    note("compressed", compressed, [repr(prune), repr(convolutions), repr(dense)])
    quantized = Int8()(aware(shared, data))
    note("compressed int8", quantized, [repr(prune), repr(convolutions), repr(dense), repr(aware)])
    control, steps = reference, []
    for technique in (prune, convolutions, dense):
        steps.append(technique.control())
        control = steps[-1](control, data)
    dense_control = Float32()(control)
    note("control", dense_control, [repr(step) for step in steps])
    if seed == 0:
        keep("lenet_5", compressed)
        keep("lenet_5_int8", quantized)
    return runs, {
        "reference": classes(Float32()(reference), data),
        "control": classes(dense_control, data),
    }


def orders(data):
    """Return the record of seven combinations on the baseline, eleven epochs each."""
    network = trained()
    prune, cluster = Prune(0.8, epochs=4), Cluster(16, epochs=4)
    longer, last = Cluster(16, epochs=7), Prune(0.8, epochs=7)
    channels = Cluster(16, epochs=7, per_channel=True)
    # Called one after the other and not as a Recipe, which refuses the orders that undo themselves.
    plans = {
        "control": (FineTune(epochs=11), Int8()),
        "prune, cluster": (prune, longer, Int8()),
        "cluster, prune": (cluster, last, Int8()),
        "prune, cluster, naive QAT": (prune, cluster, QuantizeAware(epochs=3), Int8()),
        "prune, cluster, QAT that preserves": (
            prune,
            cluster,
            QuantizeAware(epochs=3, preserve="both"),
            Int8(),
        ),
        "fold, prune, cluster": (FoldBatchNorm(), prune, longer, Int8()),
        "prune, cluster by channel": (prune, channels, Int8()),
    }
    runs = {}
    for name, (*steps, export) in plans.items():
        start, model = time.perf_counter(), network
        try:
            for step in steps:
                model = step(model, data)
        except ValueError as refused:
            print(name, "refused:", refused, flush=True)
            continue
        artifact = export(model, data)
        runs[name] = entry(
            artifact, data, time.perf_counter() - start, [repr(step) for step in (*steps, export)]
        )
        slug = "".join(c if c.isalnum() else "_" for c in name.lower())
        runs[name]["file"] = f"packed/{slug}.bin"
        keep(slug, artifact)
        print(name, runs[name], flush=True)
    return runs


def main():
    (HERE / "packed").mkdir(exist_ok=True)
    data, seeds = fashion_mnist(), int(sys.argv[1]) if len(sys.argv) > 1 else 3
    lenet, predictions = {}, {}
    for seed in range(seeds):
        lenet[str(seed)], predictions[seed] = deep_compression(data, seed)
    np.savez_compressed(HERE / "predictions.npz", **predictions[0])
    record = {
        "command": "python topics/19_combine_in_the_right_order/make_record.py",
        "environment": str(Environment.here()),
        "lenet_5": lenet,
        "orders": orders(data),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (HERE / "record.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
