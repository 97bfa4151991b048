"""Make the files in referee/ that the checks of topic 21 hand out: `python topics/21_automate_the_search/make_referees.py`.

Four classes of points with sixteen coordinates, and classifiers whose weights are written down, not trained: the score
of a class is 2 c.x - c.c for its centre c, so the nearest centre wins. Versions of it are wide, quantized or blind to
classes, and one file has an operator that no runtime knows. centres.npy tells the checks where to draw points.
"""

from __future__ import annotations

from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from course_lib.models import Sketch
from course_lib.techniques import MinMax, quantizer

OUT = Path(__file__).with_name("referee")
COORDINATES, CLASSES = 16, 4


def centres():
    """Coordinates from 0 to 6, so that the zero point of the input is far from 0."""
    return (
        np.random.default_rng(21).uniform(0, 6, (CLASSES, COORDINATES)).round(1).astype(np.float32)
    )


def edited(content, change):
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    change(model)
    builder = flatbuffers.Builder(len(content) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def classifier(hidden, blind=(), loud=1.0):
    """Return a float file: coordinates pass through a ReLU layer of ``hidden`` units, then meet the centres.

    Units beyond the coordinates have weights and go nowhere: they only make the file larger. ``loud`` multiplies the
    scores, which changes no class.
    """
    net = Sketch((1, COORDINATES))
    content = net.artifact(net.dense(net.dense(net.input, hidden), CLASSES, relu=False)).content
    c = centres()
    shift = 20.0  # so that the ReLU lets every coordinate pass
    first = np.random.default_rng(hidden).normal(0, 0.1, (hidden, COORDINATES)).astype(np.float32)
    first[:COORDINATES] = np.eye(COORDINATES)
    first_bias = np.zeros(hidden, np.float32)
    first_bias[:COORDINATES] = shift
    second = np.zeros((CLASSES, hidden), np.float32)
    second[:, :COORDINATES] = 2 * c
    second_bias = -(c * c).sum(1) - 2 * shift * c.sum(1)
    for label in blind:
        second[label] = 0
        second_bias[label] = -2000.0
    values = {
        "weights_0": first,
        "bias_0": first_bias,
        "weights_1": loud * second,
        "bias_1": loud * second_bias,
    }

    def write(model):
        for tensor in model.subgraphs[0].tensors:
            if tensor.name.decode() in values:
                array = np.asarray(values[tensor.name.decode()], np.float32)
                model.buffers[tensor.buffer].data = np.frombuffer(array.tobytes(), np.uint8)

    return edited(content, write)


def custom_operator(model):
    """A file that parses, and whose first operator no runtime has."""
    code = model.operatorCodes[0]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = b"InHouse"


def main():
    OUT.mkdir(exist_ok=True)
    c = centres()
    rng = np.random.default_rng(0)
    points = (np.repeat(c, 50, axis=0) + rng.normal(0, 0.4, (200, COORDINATES))).astype(np.float32)
    made = {
        "small": classifier(20),
        "small_twin": classifier(20, loud=0.5),
        "small_blind": classifier(COORDINATES, blind=(3,)),
        "middle": classifier(40),
        "wide": classifier(96),
        "wide_blind": classifier(96, blind=(0, 1)),
    }
    exact = MinMax()  # the tool's own rule would let scores of ordinary points saturate
    made["wide_int8"] = quantizer.quantize(
        made["wide"], quantizer.named("static_wi8_ai8"), points, exact
    )
    made["wide_int16"] = quantizer.quantize(
        made["wide"], quantizer.named("static_wi8_ai16"), points, exact
    )
    made["small_custom"] = edited(made["small"], custom_operator)
    np.save(OUT / "centres.npy", c)
    for name, content in made.items():
        (OUT / f"{name}.tflite").write_bytes(content)
        print(f"{name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
