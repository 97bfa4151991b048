"""Train the two small networks of lesson 24's ladder: `python topics/24_choose_a_model_at_run_time/make_ladder.py`.

The large one is the shipped baseline. Writes ladder/NAME.tflite.gz (float32; the lesson quantizes them) and
record_ladder.json with command, seed and seconds.
"""

import gzip
import json
import time
from pathlib import Path

from course_lib import Float32, Training, backend, fashion_mnist, fit
from course_lib.core import Environment
from course_lib.models import zoo
from course_lib.models.training import accuracy

HERE = Path(__file__).parent
TRAINING = Training(epochs=10, batch_size=256, learning_rate=0.004, seed=0)


def tiny():
    """Return one convolution of eight filters and a dense layer."""
    keras = backend.keras()
    keras.backend.reset_uids()
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            layers.InputLayer(zoo.INPUT_SHAPE),
            layers.Conv2D(8, 5, strides=4, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(zoo.CLASSES),
        ],
        name="tiny",
    )


def main():
    data, runs = fashion_mnist(), {}
    (HERE / "ladder").mkdir(exist_ok=True)
    for build in (tiny, zoo.student):
        start = time.perf_counter()
        network = fit(build(), data, TRAINING, quiet=True)
        path = HERE / "ladder" / f"{network.name}.tflite.gz"
        path.write_bytes(gzip.compress(Float32()(network).content, 9, mtime=0))
        runs[network.name] = {
            "file": f"ladder/{path.name}",
            "training": repr(TRAINING),
            "parameters": network.count_params(),
            "accuracy_val": round(accuracy(network, data.x_val, data.y_val), 4),
            "seconds": round(time.perf_counter() - start, 1),
        }
        print(runs[network.name], flush=True)
    record = {
        "command": "python topics/24_choose_a_model_at_run_time/make_ladder.py",
        "environment": str(Environment.here()),
        "runs": runs,
    }
    (HERE / "record_ladder.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
