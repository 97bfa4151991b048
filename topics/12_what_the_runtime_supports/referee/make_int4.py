"""Make int4.tflite, which task 12A's check runs: one dense layer, 7 inputs and 5 outputs, its 35 weights in int4.

    PYTHONPATH=. python topics/12_what_the_runtime_supports/referee/make_int4.py

Loads no TensorFlow; the weights are random, seed 1. 35 is odd, so the last byte of the buffer is half empty.
"""

from pathlib import Path

from course_lib.models import Sketch
from course_lib.techniques import quantizer


def main() -> None:
    """Write the file."""
    net = Sketch((1, 7), seed=1)
    base = net.artifact(net.dense(net.input, 5, relu=False))
    content = quantizer.quantize(base.content, quantizer.named("dynamic_wi4c_afp32"))
    Path(__file__).with_name("int4.tflite").write_bytes(content)
    print("int4.tflite", len(content), "bytes")


if __name__ == "__main__":
    main()
