"""Make the small models that task 23B is checked with: chains, long skips, early outputs, three encodings.

    PYTHONPATH=. python topics/23_profile_memory_and_scaling/referee/make_referees.py

Seeded; about two seconds.
"""

from pathlib import Path

import numpy as np

from course_lib.models import Sketch
from course_lib.techniques import quantizer

HERE = Path(__file__).parent


def chain():
    """Every tensor is read by the next operator and by nobody else."""
    net = Sketch((1, 12, 12, 2), seed=1)
    x = net.conv(net.conv(net.input, 8, strides=2), 12)
    return net.artifact(net.dense(net.flatten(x), 4, relu=False))


def skips():
    """A tensor that waits over four operators for its reader, and the input that waits even longer."""
    net = Sketch((1, 8, 8, 4), seed=2)
    stem = net.conv(net.input, 4)
    x = net.conv(net.depthwise(net.conv(stem, 16, 1)), 4, 1, relu=False)
    x = net.add(net.add(net.unary("TANH", x), stem), net.input)
    return net.artifact(net.dense(net.mean(x), 3, relu=False))


def early():
    """An output that is ready long before the end, is read on the way, and stays."""
    net = Sketch((1, 8, 8, 2), seed=3)
    first = net.conv(net.input, 6, strides=2)
    x = net.conv(net.conv(first, 10), 4)
    return net.artifact(first, net.dense(net.mean(x), 3, relu=False))


def random_graph(seed):
    """Fourteen operators on tensors that are already there."""
    rng = np.random.default_rng(seed)
    net = Sketch((1, 4, 4, 3), seed=seed)
    made = unread = [net.conv(net.input, 3, 1)]
    for _ in range(13):
        x = made[int(rng.integers(max(0, len(made) - 5), len(made)))]
        if rng.random() < 0.4:
            other = unread[int(rng.integers(len(unread)))]
            new, used = net.add(x, other), {x, other}
        else:
            new, used = net.unary(str(rng.choice(["TANH", "ABS", "LOGISTIC"])), x), {x}
        unread = [tensor for tensor in unread if tensor not in used] + [new]
        made = [*made, new]
    return net.artifact(*unread)


def main():
    """Write the files."""
    rng = np.random.default_rng(0)
    for artifact, name in ((chain(), "chain"), (skips(), "skips")):
        artifact.save(HERE / f"{name}_float32.tflite")
        shape = (4, 12, 12, 2) if name == "chain" else (4, 8, 8, 4)
        images = rng.random(shape, np.float32)
        for label, recipe in {"int8": "static_wi8_ai8", "int16x8": "static_wi8_ai16"}.items():
            content = quantizer.quantize(artifact.content, quantizer.named(recipe), images)
            (HERE / f"{name}_{label}.tflite").write_bytes(content)
    early().save(HERE / "early_float32.tflite")
    for seed in range(4):
        random_graph(seed).save(HERE / f"random_{seed}.tflite")


if __name__ == "__main__":
    main()
