"""Make the pruned networks that lesson 16 measures: `python topics/16_make_pruning_pay/make_variants.py`.

Six networks from the shipped baseline, each trained for the same epochs on the bundled images, the control (nothing
pruned) included, and two more with fewer zeros, so that zeros and channels can be compared at equal accuracy. Writes
variants/NAME.tflite.gz and record_variants.json with command, seed and seconds; `--frontier` renews those two alone.
"""

import gzip
import json
import sys
import time
from pathlib import Path

from course_lib import FineTune, Float32, Prune, PruneChannels, PruneNM, fashion_mnist, trained
from course_lib.core import Environment
from course_lib.models.training import accuracy

HERE = Path(__file__).parent
TRAINING = {"epochs": 4, "seed": 0}
TECHNIQUES = {
    "control": FineTune(**TRAINING),
    "unstructured 80%": Prune(0.8, **TRAINING),
    "2:4": PruneNM(2, 4, **TRAINING),
    "channels -25%": PruneChannels(0.25, **TRAINING),
    "channels -50%": PruneChannels(0.50, **TRAINING),
    "channels -75%": PruneChannels(0.75, **TRAINING),
}
FRONTIER = {
    "unstructured 50%": Prune(0.5, **TRAINING),
    "unstructured 65%": Prune(0.65, **TRAINING),
}


def slug(name):
    """Return the name as a file name."""
    return "".join(c if c.isalnum() else "_" for c in name)


def make(techniques, data, network):
    """Train, convert and write each; return what the record says of it."""
    runs = {}
    for name, technique in techniques.items():
        start = time.perf_counter()
        pruned = technique(network, data)
        artifact = Float32()(pruned)
        path = HERE / "variants" / f"{slug(name)}.tflite.gz"
        path.write_bytes(gzip.compress(artifact.content, 9, mtime=0))
        runs[name] = {
            "technique": repr(technique),
            "file": f"variants/{path.name}",
            "parameters": pruned.count_params(),
            "accuracy_val": round(accuracy(pruned, data.x_val, data.y_val), 4),
            "seconds": round(time.perf_counter() - start, 1),
        }
        print(name, runs[name], flush=True)
    return runs


def main():
    data, network, path = fashion_mnist(), trained(), HERE / "record_variants.json"
    record = {
        "command": "python topics/16_make_pruning_pay/make_variants.py",
        "environment": str(Environment.here()),
    }
    if "--frontier" in sys.argv:
        runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
    else:
        runs = make(TECHNIQUES, data, network)
    record |= {"runs": runs, "frontier": make(FRONTIER, data, network)}
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
