"""The patients of lesson 09. Their names are in here: look only after you have made your guesses.

Everything is made on the spot from the shipped float32 baseline, without training.
"""

from dataclasses import dataclass, field

import numpy as np

from course_lib import Artifact, Int8, Int16x8
from course_lib.evaluation import predict
from course_lib.evaluation.runtime import open_interpreter
from course_lib.evaluation.weights import replace_weights, weighted_layers
from course_lib.inspection import inspect
from course_lib.language import Say
from course_lib.techniques import quantizer as road
from course_lib.techniques.exports import calibration_images

DIAGNOSES = {
    "raw calibration": Say(
        "calibrated on pixels 0..255, fed with 0..1", "用 0..255 的像素校准，推理时却是 0..1"
    ),
    "dark calibration": Say("calibrated on images divided by 255 twice", "校准图片除了两次 255"),
    "caller": Say("the caller ignores scale and zero point", "调用方没有处理 scale 和 zero_point"),
    "flatten order": Say(
        "weights of the dense layer in channels-first order", "全连接层的权重按通道在前的顺序排列"
    ),
    "unequal channels": Say("channels of very unequal range", "各通道量程悬殊"),
    "recipe missed": Say("the recipe matched no operator", "量化配方一个算子也没匹配上"),
    "dense zeros": Say("zeros are stored like any other number", "零和别的数一样存"),
    "no kernel": Say("no optimized kernel for this type", "该数据类型没有优化过的算子实现"),
    "overfitted": Say("the network is overfitted: retrain it", "网络过拟合：重新训练"),
    "too few images": Say("too few calibration images", "校准图片太少"),
}


@dataclass
class Patient:
    """A file, the float file that it was made of, the network as it was trained, and how the app calls the file."""

    complaint: Say
    file: Artifact
    source: Artifact
    original: Artifact
    app: object = field(default=predict, repr=False)


def admit(float32, data):
    """Return letter -> Patient. The letters say nothing."""
    images = calibration_images(data, 100)
    static = road.named("static_wi8_ai8")
    accuracy = Say("below 91 % in the app", "App 里精度不到 91%")

    def int8(source, calibration=images):
        return Artifact("int8", road.quantize(source.content, static, calibration))

    zeros, spread, shuffled = pruned(float32), rescaled(float32), channels_first(float32)
    return {
        "A": Patient(accuracy, int8(shuffled), shuffled, float32),
        "B": Patient(
            Say("not smaller, not faster", "没变小，也没变快"), unscoped(float32), float32, float32
        ),
        "C": Patient(accuracy, int8(float32, 255 * images), float32, float32),
        "D": Patient(accuracy, int8(float32), float32, float32, cast),
        "E": Patient(
            Say("slower than float", "比浮点还慢"), Int16x8(50)(float32, data), float32, float32
        ),
        "F": Patient(accuracy, int8(float32, images / 255), float32, float32),
        "G": Patient(Say("pruned, but not smaller", "剪了枝，体积没变"), zeros, zeros, zeros),
        "H": Patient(accuracy, int8(spread), spread, spread),
    }


NAMES = {
    "A": "flatten order",
    "B": "recipe missed",
    "C": "raw calibration",
    "D": "caller",
    "E": "no kernel",
    "F": "dark calibration",
    "G": "dense zeros",
    "H": "unequal channels",
}


def treat(letter, patient, float32, data):
    """Return the repaired file. Nothing is trained."""
    if letter == "G":
        return Artifact("sparse int8", Int8(calibration=100)(patient.file, data).content)
    source = equalized(patient.source) if letter == "H" else float32
    return Int8(calibration=100)(source, data)


def cast(file, x):
    """Feed pixels as they are, cast to int8, as an app does that never asked for scale and zero point."""
    interpreter = open_interpreter(file, allocate=False)
    entry, end = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(entry["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(entry["index"], (255 * x).astype(np.uint8).view(np.int8))
    interpreter.invoke()
    return interpreter.get_tensor(end["index"]).astype(np.float32)


def unscoped(float32):
    """Quantize with a scope that matches no tensor name: the tool returns the float file and says nothing."""
    from litert_quantizer import quantizer

    with road.quiet():
        tool = quantizer.Quantizer(float32.content)
        tool.load_quantization_recipe(
            [entry | {"regex": "conv2D_"} for entry in road.named("dynamic_wi8_afp32")]
        )
        return Artifact("int8", bytes(tool.quantize().quantized_model))


def channels_first(float32):
    """Order the dense layer's inputs as a channels-first framework flattens them."""
    layer, weights = weighted_layers(float32)[-1]
    rows = weights.reshape(len(weights), 7, 7, -1).transpose(0, 3, 1, 2)
    return replace_weights(float32, {layer.weights: np.ascontiguousarray(rows)})


def pruned(float32, share=0.35):
    """Set the smallest weights of every layer to zero."""
    values = {}
    for layer, weights in weighted_layers(float32):
        cut = np.quantile(np.abs(weights), share)
        values[layer.weights] = np.where(np.abs(weights) < cut, 0, weights)
    return replace_weights(float32, values)


def scaled(file, factors):
    """Divide the output channels of each layer but the last by factors, and multiply them back in the next layer."""
    found = weighted_layers(file)
    weights = [values.copy() for _, values in found]
    bias_of = {
        op.inputs[1]: op.inputs[2]
        for op in inspect(file).subgraphs[0].operators
        if len(op.inputs) == 3
    }
    biases = [bias_of[layer.weights] for layer, _ in found]
    graph, values = inspect(file).subgraphs[0], {}
    for k, s in enumerate(factors(weights)):
        start, stop = graph.tensors[biases[k]].span
        values[biases[k]] = np.frombuffer(file.content[start:stop], np.float32) / s
        weights[k] /= s[:, None, None, None]
        by_input = weights[k + 1].reshape(
            -1, len(s)
        )  # channels are the last axis of the next layer's inputs
        weights[k + 1] = (by_input * s).reshape(weights[k + 1].shape)
    return replace_weights(
        file, values | {layer.weights: w for (layer, _), w in zip(found, weights, strict=True)}
    )


def rescaled(float32, spread=5, seed=0):
    """Spread the channels' ranges by powers of two: the float outputs stay the same to the last bit."""
    rng = np.random.default_rng(seed)
    return scaled(
        float32,
        lambda weights: [
            2.0 ** rng.integers(-spread, spread + 1, len(w)).astype(np.float32)
            for w in weights[:-1]
        ],
    )


def equalized(file, sweeps=20):
    """Cross-layer equalization of the file's three convolutions and its dense layer."""

    def factors(weights):
        outward = [np.abs(w.reshape(len(w), -1)).max(1) for w in weights[:-1]]
        inward = [
            np.abs(w.reshape(-1, len(r))).max(0) for w, r in zip(weights[1:], outward, strict=True)
        ]
        return [np.sqrt(r1 / r2) for r1, r2 in zip(outward, inward, strict=True)]

    def damped(weights):  # all pairs at once: half a step, or neighbours would overshoot
        return [np.sqrt(s) for s in factors(weights)]

    for _ in range(sweeps):
        file = scaled(file, damped)
    return file
