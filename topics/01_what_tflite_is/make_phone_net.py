"""Make phone_net.tflite: two blocks in the manner of MobileNetV3 with random weights, for the lesson on delegates.

    PYTHONPATH=. python topics/01_what_tflite_is/make_phone_net.py

Needs TensorFlow and ten seconds; seed 0. Nothing is trained: the lesson is about operators, not about answers.
Source of the block: Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244.
"""

from pathlib import Path

from course_lib.backend import keras, tensorflow
from course_lib.techniques import converter


def hard_sigmoid(x):
    return tensorflow().nn.relu6(x + 3.0) * (1 / 6)


def hard_swish(x):
    return x * tensorflow().nn.relu6(x + 3.0) * (1 / 6)


def block(k, x, width, out, stride):
    """Widen, filter each channel, weigh the channels by what the image holds (squeeze and excite), narrow."""
    hidden = hard_swish(k.layers.Conv2D(width, 1)(x))
    hidden = hard_swish(k.layers.DepthwiseConv2D(3, strides=stride, padding="same")(hidden))
    pooled = k.layers.GlobalAveragePooling2D(keepdims=True)(hidden)
    weight = k.layers.Conv2D(width, 1)(k.layers.Conv2D(width // 4, 1, activation="relu")(pooled))
    narrow = k.layers.Conv2D(out, 1)(hidden * hard_sigmoid(weight))
    return x + narrow if stride == 1 and x.shape[-1] == out else narrow


def network():
    """Return the untrained network: 96 x 96 x 3 in, ten probabilities out."""
    k = keras()
    k.utils.set_random_seed(0)
    image = k.Input((96, 96, 3))
    x = hard_swish(k.layers.Conv2D(16, 3, strides=2, padding="same")(image))
    x = block(k, x, 40, 16, stride=1)
    x = block(k, x, 48, 24, stride=2)
    x = k.layers.GlobalAveragePooling2D()(x)
    return k.Model(image, k.layers.Dense(10, activation="softmax")(x))


if __name__ == "__main__":
    target = Path(__file__).with_name("phone_net.tflite")
    print(target.name, target.write_bytes(converter.float32(network())), "bytes")
