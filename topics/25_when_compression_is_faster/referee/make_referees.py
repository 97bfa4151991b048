"""Make the small models that task 25A is checked with: one network each that XNNPACK takes whole, in parts, or not.

    PYTHONPATH=. python topics/25_when_compression_is_faster/referee/make_referees.py

Seeded; about two seconds. What the delegate takes of a file is asked of the installed runtime by each check.
"""

from pathlib import Path

import numpy as np

from course_lib.models import Sketch
from course_lib.techniques import quantizer

HERE = Path(__file__).parent
# XNNPACK of LiteRT 2.3 has no kernel for the first three, and one for the others.
UNARY = ("SIGN", "ZEROS_LIKE", "SOFTMAX", "LOGISTIC", "TANH", "ABS", "SQUARE")
RECIPES = (
    "float32",
    "dynamic_wi8_afp32",
    "static_wi8_ai8",
    "static_wi8_ai16",
    "dynamic_wi4c_afp32",
)


def chain():
    """A plain network: taken whole in float32, in parts in int4, not at all with int16 activations."""
    net = Sketch((1, 10, 10, 2))
    x = net.conv(net.conv(net.input, 6, strides=2), 8)
    return net.artifact(net.dense(net.dense(net.flatten(x), 12), 4, relu=False))


def twig():
    """A part that ends where an operator outside reads it, and a second one that begins behind it."""
    net = Sketch((1, 6, 6, 2), seed=1)
    stem = net.conv(net.input, 4)
    side = net.unary("SIGN", stem)
    trunk = net.conv(stem, 4)
    return net.artifact(net.dense(net.mean(net.conv(net.add(trunk, side), 4)), 3, relu=False))


def random_graph(seed):
    """Twelve operators, each on tensors that are already there, so that branches part and meet again."""
    rng = np.random.default_rng(seed)
    net = Sketch((1, 5, 5, 3), seed=seed)
    unread = [net.conv(net.input, 3, 1)]
    made = list(unread)
    for _ in range(11):
        x = made[int(rng.integers(max(0, len(made) - 4), len(made)))]
        kind = rng.choice(["conv", "unary", "add"], p=[0.3, 0.45, 0.25])
        if kind == "conv":
            new, used = net.conv(x, 3, 1, relu=False), [x]
        elif kind == "add":
            other = unread[int(rng.integers(len(unread)))]
            new, used = net.add(x, other), [x, other]
        else:
            new, used = (
                net.unary(str(rng.choice(UNARY, p=[0.2, 0.15, 0.15, 0.2, 0.1, 0.1, 0.1])), x),
                [x],
            )
        unread = [tensor for tensor in unread if tensor not in used] + [new]
        made.append(new)
    return net.artifact(*unread)  # every end is an output: no operator works for nothing


def main():
    """Write the files."""
    images = np.random.default_rng(0).random((4, 10, 10, 2), np.float32)
    for recipe in RECIPES:
        content = chain().content
        if recipe != "float32":
            content = quantizer.quantize(content, quantizer.named(recipe), images)
        (HERE / f"chain_{recipe}.tflite").write_bytes(content)
    twig().save(HERE / "twig.tflite")
    for seed in range(8):
        random_graph(seed).save(HERE / f"random_{seed}.tflite")


if __name__ == "__main__":
    main()
