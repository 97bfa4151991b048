"""Make convs.tflite, which task 2A's check reads: one convolution after another, of every kind that the task knows.

    PYTHONPATH=. python topics/02_what_compression_buys/referee/make_convs.py

Loads no TensorFlow; the weights are random, seed 0.
"""

from pathlib import Path

from course_lib.models import Sketch


def main() -> None:
    """Write the file."""
    net = Sketch((1, 29, 23, 3))
    x = net.conv(net.input, 8, 3, strides=2)
    x = net.depthwise(x, 5)
    x = net.conv(x, 12, 1)
    x = net.depthwise(x, 3, strides=2)
    x = net.conv(x, 20, 3, strides=3)
    artifact = net.artifact(x, name="convs")
    print(artifact.save(Path(__file__).with_name("convs.tflite")).name, artifact.raw_bytes, "bytes")


if __name__ == "__main__":
    main()
