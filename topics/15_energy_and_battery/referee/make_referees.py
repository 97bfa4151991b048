"""Make the small models that task 15B is checked with, in three encodings and two batch sizes.

    PYTHONPATH=. python topics/15_energy_and_battery/referee/make_referees.py

Seeded; about two seconds.
"""

from pathlib import Path

import numpy as np

from course_lib.models import Sketch
from course_lib.techniques import quantizer

HERE = Path(__file__).parent


def block(batch=1):
    """Strides, a depthwise convolution, a tensor added to itself, a mean and two dense layers."""
    net = Sketch((batch, 14, 14, 2), seed=3)
    x = net.depthwise(net.conv(net.input, 12, strides=2), strides=2)
    x = net.add(net.conv(x, 16, 1), net.conv(x, 16, 1))
    return net.artifact(net.dense(net.dense(net.mean(net.add(x, x)), 24), 5, relu=False))


def chain():
    """Convolutions of other kernel sizes, an elementwise operator and a RESHAPE with its constant."""
    net = Sketch((1, 9, 9, 3), seed=4)
    x = net.unary("LOGISTIC", net.conv(net.conv(net.input, 8, 5, strides=2), 10, 3))
    return net.artifact(net.dense(net.flatten(x), 6, relu=False))


def main():
    """Write the files."""
    rng = np.random.default_rng(0)
    for name, artifact in {"block": block(), "chain": chain()}.items():
        (HERE / f"{name}_float32.tflite").write_bytes(artifact.content)
        shape = (4, 14, 14, 2) if name == "block" else (4, 9, 9, 3)
        for label, recipe in {"int8": "static_wi8_ai8", "int4": "dynamic_wi4c_afp32"}.items():
            content = quantizer.quantize(
                artifact.content, quantizer.named(recipe), rng.random(shape, np.float32)
            )
            (HERE / f"{name}_{label}.tflite").write_bytes(content)
    block(4).save(HERE / "block_batch4.tflite")


if __name__ == "__main__":
    main()
