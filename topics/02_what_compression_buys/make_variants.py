"""Train the two variants of the lesson that need training: 80 % zeros, and half of the channels.

    PYTHONPATH=. python topics/02_what_compression_buys/make_variants.py

Writes pruned80.tflite.gz, half_width.tflite and record_variants.json beside this file. Needs TensorFlow and the 55,000
training images of `fashion_mnist(full=True)`: on the bundled 12,000 the network would unlearn what it knew of the rest.
The pruned file is kept as gzip, because that is the only form in which it is smaller.
"""

import gzip
import json
import time
from dataclasses import asdict
from pathlib import Path

from course_lib import Environment, Recipe, fashion_mnist, trained
from course_lib.evaluation import predict
from course_lib.techniques import Float32
from course_lib.techniques.prune import Prune
from course_lib.techniques.prune_channels import PruneChannels

HERE = Path(__file__).parent
RECIPES = (
    Recipe("pruned 80 %", Float32(), steps=(Prune(0.8, epochs=4, seed=0),)),
    Recipe("half width", Float32(), steps=(PruneChannels(0.5, epochs=4, seed=0),)),
)


def main() -> None:
    """Train both, write the files and what was done."""
    data = fashion_mnist(full=True)
    record = {
        "command": "PYTHONPATH=. python topics/02_what_compression_buys/make_variants.py",
        "seed": 0,
        "images": len(data.x_train),
        "environment": asdict(Environment.here()),
        "variants": {},
    }
    for recipe in RECIPES:
        begin = time.perf_counter()
        artifact = recipe(trained("baseline"), data)
        seconds = time.perf_counter() - begin
        right = predict(artifact, data.x_val).argmax(1) == data.y_val
        record["variants"][recipe.name] = {
            "recipe": repr(recipe),
            "seconds": round(seconds, 1),
            "accuracy_val": float(right.mean()),
            "sha256": artifact.sha256,
        }
        if recipe.name == "half width":
            artifact.save(HERE / "half_width.tflite")
        else:
            packed = gzip.compress(artifact.content, compresslevel=9, mtime=0)
            (HERE / "pruned80.tflite.gz").write_bytes(packed)
    text = json.dumps(record, indent=2)
    (HERE / "record_variants.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
