"""A uniform grid per output channel, trained by straight-through estimation (Bengio et al. 2013, arXiv:1308.3432).

The forward pass sees weights on the grid, the gradient moves the weights behind them. With 15 levels, int8 export maps
the seven steps of each sign to the same codes (18, 36, 54, ...) in every channel, which gzip then codes in few bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from course_lib import backend
from course_lib.models import clone
from course_lib.techniques.kernels import kernel_layers

Model = Any
Tensor = Any


def on_grid(model: Model, levels: int) -> Model:
    """Return a copy whose kernels lie on their grids.

    Args:
        levels: odd number of values per output channel, zero in the middle.
    """
    copy = clone(model)
    for layer in kernel_layers(copy):
        layer.kernel.assign(rounded(layer.kernel, levels))
    return copy


def rounded(kernel: Tensor, levels: int) -> Tensor:
    """Return the nearest values of ``levels`` even steps from -max to max of each output channel (the last axis)."""
    tf = backend.tensorflow()
    largest = tf.reduce_max(tf.abs(kernel), axis=list(range(len(kernel.shape) - 1)), keepdims=True)
    step = 2 * largest / (levels - 1)
    return tf.round(tf.math.divide_no_nan(kernel, step)) * step


def straight_through(names: Iterable[str], levels: int, start: int) -> Any:
    """Return a Keras callback that trains the named layers' kernels on their grids from step ``start`` on.

    Around each step the kernel is put on its grid and the step's change is added to what it was before; at the end the
    kernel is off the grid: finish with ``on_grid``.
    """
    names, steps = tuple(names), 0
    behind: dict[str, tuple[Tensor, Tensor]] = {}

    def onto_grid(batch: int, logs: Any) -> None:
        nonlocal steps
        steps += 1
        if steps > start:
            for name in names:
                kernel = callback.model.get_layer(name).kernel
                free = kernel.read_value()
                on = rounded(free, levels)
                kernel.assign(on)
                behind[name] = free, on

    def back(batch: int, logs: Any) -> None:
        for name, (free, on) in behind.items():
            kernel = callback.model.get_layer(name).kernel
            kernel.assign(free + (kernel - on))
        behind.clear()

    callback = backend.keras().callbacks.LambdaCallback(on_batch_begin=onto_grid, on_batch_end=back)
    return callback
