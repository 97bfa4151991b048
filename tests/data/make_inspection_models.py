"""Make the small models of the inspection tests: one network, one file per scheme.

    PYTHONPATH=. python tests/data/make_inspection_models.py

Needs TensorFlow and half a minute; overwrites inspection_*.tflite beside it.

Random weights from a fixed seed: the tests are about the files, not about what the network has learned.
"""

from pathlib import Path

import numpy as np

from course_lib.backend import keras, tensorflow
from course_lib.techniques.quantizer import named, quantize

HERE = Path(__file__).parent
SHAPE = (12, 12, 2)


def network(k, *, zeros=0.0):
    """Conv, depthwise, 1x1 convolution, dense: 144 + 72 + 512 + 2,048 + 288 weights."""
    k.utils.set_random_seed(7)
    model = k.Sequential(
        [
            k.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", input_shape=SHAPE),
            k.layers.DepthwiseConv2D(3, padding="same", activation="relu6"),
            k.layers.Conv2D(64, 1, activation="relu"),
            k.layers.AveragePooling2D(6),
            k.layers.Flatten(),
            k.layers.Dense(32, activation="relu"),
            k.layers.Dense(9, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(7)
    for layer in model.layers:
        # Four in a row of a filter go together: the sparse format of the runtime is made of such blocks.
        values = [np.where(block_mask(rng, v.shape, zeros), v, 0.0).astype("float32") for v in layer.get_weights()]
        layer.set_weights(values)
    return model


def block_mask(rng, shape, zeros):
    if len(shape) < 2 or shape[-1] < 4:
        return np.ones(shape, bool)
    return np.repeat(rng.random((*shape[:-1], 1)) >= zeros, shape[-1], axis=-1)


def with_island(k, tf):
    """An operator without an int8 kernel between two that have one: the strict int8 setting lets it through."""
    k.utils.set_random_seed(7)
    image = k.Input(SHAPE)
    hidden = k.layers.Conv2D(8, 3, strides=2, activation="relu")(image)
    wave = k.layers.Lambda(lambda x: tf.sin(x) * tf.sin(x))(hidden)
    return k.Model(image, k.layers.Dense(9)(k.layers.Flatten()(wave)))


def with_loop(tf):
    """A loop whose trip count is an input: two more subgraphs, condition and body."""
    weights = tf.constant(np.random.default_rng(7).random((8, 8), np.float32) / 8)

    class Loop(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((1, 8)), tf.TensorSpec((), tf.int32)])
        def run(self, x, steps):
            step = lambda i, state: (i + 1, tf.nn.relu(tf.matmul(state, weights)))  # noqa: E731
            return {"state": tf.while_loop(lambda i, state: i < steps, step, (0, x))[1]}

    module = Loop()
    return tf.lite.TFLiteConverter.from_concrete_functions([module.run.get_concrete_function()], module).convert()


def convert(tf, model, **settings):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    for name, value in settings.items():
        target = converter.target_spec if hasattr(converter.target_spec, name) else converter
        setattr(target, name, value)
    return converter.convert()


def keep_dense_float():
    return {"regex": ".*", "operation": "FULLY_CONNECTED", "algorithm_key": "no_quantize", "op_config": {}}


def main():
    tf, k = tensorflow(), keras()
    model = network(k)
    images = np.random.default_rng(7).random((20, *SHAPE), np.float32)
    optimize, ops = tf.lite.Optimize, tf.lite.OpsSet
    calibrated = {
        "optimizations": [optimize.DEFAULT],
        "representative_dataset": lambda: ([images[i : i + 1]] for i in range(20)),
    }
    whole = {"inference_input_type": tf.int8, "inference_output_type": tf.int8}
    float32 = convert(tf, model)
    files = {
        "float32": float32,
        "float16": convert(tf, model, optimizations=[optimize.DEFAULT], supported_types=[tf.float16]),
        "dynamic_range": convert(tf, model, optimizations=[optimize.DEFAULT]),
        "int8": convert(tf, model, **calibrated, **whole, supported_ops=[ops.TFLITE_BUILTINS_INT8]),
        "int16x8": convert(
            tf, model, **calibrated,
            supported_ops=[ops.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8],
        ),
        "sparse": convert(tf, network(k, zeros=0.9), optimizations=[optimize.EXPERIMENTAL_SPARSITY]),
        "int4_channel": quantize(float32, named("dynamic_wi4_afp32")),
        "int4_block": quantize(float32, named("dynamic_wi4b32_afp32")),
        "weight_only": quantize(float32, named("weight_only_wi8_afp32")),
        "float_island": convert(
            tf, with_island(k, tf), **calibrated, **whole, supported_ops=[ops.TFLITE_BUILTINS_INT8]
        ),
        "mixed": quantize(float32, [*named("static_wi8_ai8"), keep_dense_float()], images),
        "loop": with_loop(tf),
        "quantizer_int8": quantize(float32, named("static_wi8_ai8"), images),
    }  # fmt: skip
    for name, content in files.items():
        (HERE / f"inspection_{name}.tflite").write_bytes(content)
        print(f"{name:15} {len(content):6,} bytes")


if __name__ == "__main__":
    main()
