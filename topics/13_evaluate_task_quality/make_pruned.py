"""Train the pruned model that the lesson evaluates: 80 % zeros, healed for four epochs, then static int8.

    python topics/13_evaluate_task_quality/make_pruned.py

Writes pruned80_int8.tflite and record_pruned.json beside this file. Needs TensorFlow and the 55,000 training images of
`fashion_mnist(full=True)`: on the bundled 12,000 the network would unlearn what it knew of the others.
"""

import json
import time
from dataclasses import asdict
from pathlib import Path

from course_lib import Environment, Int8, Recipe, fashion_mnist, trained
from course_lib.evaluation import predict
from course_lib.techniques.prune import Prune

HERE = Path(__file__).parent
RECIPE = Recipe("pruned 80 %, int8", Int8(), steps=(Prune(0.8, epochs=4, seed=0),))


def main() -> None:
    """Prune, quantize, evaluate on validation, write both files."""
    data = fashion_mnist(full=True)
    begin = time.perf_counter()
    artifact = RECIPE(trained("baseline"), data)
    seconds = time.perf_counter() - begin
    right = predict(artifact, data.x_val).argmax(1) == data.y_val
    artifact.save(HERE / "pruned80_int8.tflite")
    record = {
        "command": "python topics/13_evaluate_task_quality/make_pruned.py",
        "recipe": repr(RECIPE),
        "seed": 0,
        "images": len(data.x_train),
        "seconds": round(seconds, 1),
        "accuracy_val": float(right.mean()),
        "sha256": artifact.sha256,
        "environment": asdict(Environment.here()),
    }
    (HERE / "record_pruned.json").write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
