"""Make operators.zip: one network for each operator, in every encoding that the two tools offer.

    PYTHONPATH=. python topics/12_what_the_runtime_supports/make_operators.py

Needs TensorFlow and about two minutes; seed 0; the networks are not trained. The lesson runs these files; operators.json
says how they were made, and in whose words what could not be made was refused.
"""

import json
import time
import warnings
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from course_lib import Environment
from course_lib.backend import keras, quiet_stderr, tensorflow
from course_lib.techniques import quantizer

HERE = Path(__file__).parent
IMAGE, VECTOR, SEQUENCE = (16, 16, 16), (64,), (16, 32)
CONVERTER = ("int8 converter", "int16x8 converter", "wi8 converter")
QUANTIZER = {
    "float16": quantizer.FLOAT16,
    "wi8": quantizer.named("dynamic_wi8_afp32"),
    "wi8 stored": quantizer.named("weight_only_wi8_afp32"),
    "int8": quantizer.named("static_wi8_ai8"),
    "int16x8": quantizer.named("static_wi8_ai16"),
    "wi4c": quantizer.named("dynamic_wi4c_afp32"),
    "wi4b32": quantizer.named("dynamic_wi4b32_afp32"),
    "wi4 stored": quantizer.named("weight_only_wi4_afp32"),
    "wi2c": quantizer.named("dynamic_wi2c_afp32"),
}


def operators():
    """Return {name: (input shape without batch, function of the input)}."""
    tf, layers = tensorflow(), keras().layers
    keras().utils.set_random_seed(0)
    rng = np.random.default_rng(0)

    def weights(*shape):
        return tf.constant(rng.normal(0, np.sqrt(1 / shape[-2]), shape).astype("float32"))

    kernel, plane, matrix = weights(3, 3, 16, 16), weights(3, 3, 16, 1), weights(64, 64)
    turned = weights(3, 3, 16, 16)
    lstm = layers.LSTM(16, return_sequences=True)
    lstm.build((1, *SEQUENCE))
    return {
        "CONV_2D": (IMAGE, lambda x: tf.nn.conv2d(x, kernel, 1, "SAME")),
        "DEPTHWISE_CONV_2D": (IMAGE, lambda x: tf.nn.depthwise_conv2d(x, plane, [1] * 4, "SAME")),
        "TRANSPOSE_CONV": (IMAGE, lambda x: tf.nn.conv2d_transpose(x, turned, (1, 32, 32, 16), 2)),
        "FULLY_CONNECTED": (VECTOR, lambda x: tf.matmul(x, matrix)),
        "UNIDIRECTIONAL_SEQUENCE_LSTM": (SEQUENCE, lstm),
        "BATCH_MATMUL": (SEQUENCE, lambda x: tf.matmul(x, x, transpose_b=True)),
        "ADD": (IMAGE, lambda x: x + tf.identity(x)),
        "MUL": (IMAGE, lambda x: x * tf.identity(x)),
        "CONCATENATION": (IMAGE, lambda x: tf.concat([x, x], axis=-1)),
        "AVERAGE_POOL_2D": (IMAGE, lambda x: tf.nn.avg_pool2d(x, 2, 2, "SAME")),
        "MEAN": (IMAGE, lambda x: tf.reduce_mean(x, axis=[1, 2])),
        "RESIZE_BILINEAR": (IMAGE, lambda x: tf.image.resize(x, (32, 32))),
        "SOFTMAX": (IMAGE, tf.nn.softmax),
        "LOGISTIC": (IMAGE, tf.sigmoid),
        "TANH": (IMAGE, tf.tanh),
        "HARD_SWISH": (IMAGE, lambda x: x * tf.nn.relu6(x + 3) * (1 / 6)),
        "GELU": (IMAGE, tf.nn.gelu),
        "L2_NORMALIZATION": (IMAGE, lambda x: tf.math.l2_normalize(x, axis=-1)),
        "SIN": (IMAGE, tf.sin),
        "CUMSUM": (IMAGE, lambda x: tf.cumsum(x, axis=1)),
    }


def samples(shape):
    """Return the 20 calibration samples, uniform in [-1, 1)."""
    return np.random.default_rng(0).uniform(-1, 1, (20, *shape)).astype("float32")


def convert(function, shape, mode="float32"):
    """Return the bytes that the converter writes in a mode, strictly: no operator set but the mode's own."""
    tf = tensorflow()
    owner = tf.Module()
    owner.layer = function
    signature = [tf.TensorSpec((1, *shape), tf.float32, name="x")]
    owner.run = tf.function(lambda x: {"y": function(x)}, input_signature=signature)
    tool = tf.lite.TFLiteConverter.from_concrete_functions(
        [owner.run.get_concrete_function()], owner
    )
    if mode != "float32":
        tool.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode.startswith("int"):
        tool.representative_dataset = lambda: ({"x": sample[None]} for sample in samples(shape))
    if mode.startswith("int8"):
        tool.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        tool.inference_input_type = tool.inference_output_type = tf.int8
    if mode.startswith("int16x8"):
        name = "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"
        tool.target_spec.supported_ops = [getattr(tf.lite.OpsSet, name)]
    return tool.convert()


def encodings(function, shape):
    """Yield (mode, bytes, or the exception that refused it)."""

    def attempt(make, *arguments):
        try:
            with quiet_stderr(), warnings.catch_warnings(action="ignore"):
                return make(*arguments)
        except Exception as error:  # a refusal is a result
            return error

    yield "float32", (base := convert(function, shape))
    for mode in CONVERTER:
        yield mode, attempt(convert, function, shape, mode)
    for mode, recipe in QUANTIZER.items():
        yield mode, attempt(quantizer.quantize, base, recipe, samples(shape))


def main():
    """Make every file that can be made, and keep every refusal."""
    begin = time.perf_counter()
    refused = {}
    with zipfile.ZipFile(
        HERE / "operators.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9
    ) as archive:
        for name, (shape, function) in operators().items():
            for mode, made in encodings(function, shape):
                entry = zipfile.ZipInfo(
                    f"{name}/{mode}.tflite"
                )  # a fixed date: same source, same bytes
                entry.compress_type = zipfile.ZIP_DEFLATED
                if isinstance(made, bytes):
                    archive.writestr(entry, made)
                else:
                    said = str(made).strip().splitlines()[-1]
                    refused[entry.filename] = f"{type(made).__name__}: {said[:160]}"
    record = {
        "command": "PYTHONPATH=. python topics/12_what_the_runtime_supports/make_operators.py",
        "seed": 0,
        "seconds": round(time.perf_counter() - begin, 1),
        "tensorflow": tensorflow().__version__,
        "environment": asdict(Environment.here()),
        "refused": refused,
    }
    (HERE / "operators.json").write_text(json.dumps(record, indent=1) + "\n")
    print(len(refused), "refused;", (HERE / "operators.zip").stat().st_size, "bytes")


if __name__ == "__main__":
    main()
