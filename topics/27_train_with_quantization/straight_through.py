"""Layers that compute with rounded weights and learn as if they had not been rounded."""

from course_lib import backend

tf, keras = backend.tensorflow(), backend.keras()


def on_grid(weights, bits):
    """Round to the nearest of 2**bits - 1 even steps between -max and max of each output channel."""
    others = list(range(len(weights.shape) - 1))
    largest = tf.reduce_max(tf.abs(weights), axis=others, keepdims=True)
    step = largest / (2 ** (bits - 1) - 1)
    return step * tf.round(tf.math.divide_no_nan(weights, step))


def straight_through(weights, bits):
    """Forward: on the grid. Backward: the identity, because what is inside stop_gradient is a constant."""
    return weights + tf.stop_gradient(on_grid(weights, bits) - weights)


class RoundedConv2D(keras.layers.Conv2D):
    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, straight_through(kernel, self.bits))


class RoundedDense(keras.layers.Dense):
    def call(self, inputs):
        return tf.matmul(inputs, straight_through(self.kernel, self.bits)) + self.bias


ROUNDED = {keras.layers.Conv2D: RoundedConv2D, keras.layers.Dense: RoundedDense}


def aware(model, bits):
    """Return a copy whose convolutions and dense layers round; for `fit(..., prepare=...)`."""

    def replaced(layer):
        kind = ROUNDED.get(type(layer), type(layer))
        copy = kind.from_config(layer.get_config())
        copy.bits = bits
        return copy

    return _same_weights(model, keras.models.clone_model(model, clone_function=replaced))


def settled(trained, bits, model):
    """Return a plain copy of ``model`` with the trained weights, put on the grid: what is exported."""
    plain = _same_weights(trained, keras.models.clone_model(model))
    for layer in plain.layers:
        if type(layer) in ROUNDED:
            layer.kernel.assign(on_grid(layer.kernel, bits))
    return plain


def _same_weights(source, copy):
    copy.set_weights(source.get_weights())
    return copy
