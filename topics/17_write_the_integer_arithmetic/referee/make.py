"""Make dense_int8.tflite, which the checks of task 17B ask: python topics/17_write_the_integer_arithmetic/referee/make.py

A dense layer of 48 inputs and 12 outputs, weights spread over three orders of magnitude from channel to channel, int8
in and out. It is calibrated on a tenth of what the checks feed it, so that some outputs saturate.
"""

from pathlib import Path

import numpy as np

from course_lib import backend
from course_lib.techniques import converter

INPUTS, OUTPUTS = 48, 12


def main() -> None:
    """Write the file beside this script."""
    keras = backend.keras()
    rng = np.random.default_rng(17)
    spread = 10.0 ** rng.uniform(-1.5, 0.5, OUTPUTS)
    layer = keras.layers.Dense(OUTPUTS)
    model = keras.Sequential([keras.layers.InputLayer((INPUTS,)), layer])
    layer.set_weights(
        [spread * rng.normal(size=(INPUTS, OUTPUTS)), spread * rng.normal(size=OUTPUTS)]
    )
    samples = rng.uniform(-1.0, 3.0, (20, INPUTS)).astype(np.float32)
    content = converter.int8(model, samples, integer_io=True)
    Path(__file__).with_name("dense_int8.tflite").write_bytes(content)


if __name__ == "__main__":
    main()
