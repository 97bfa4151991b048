"""The one door to TensorFlow.

TensorFlow takes seven to ten seconds and 700 MB to import, needs Keras 2 for the model-optimization toolkit, and greets
every user with six lines of log. Whatever trains or converts asks this module for it; everything else never pays.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

THREADS = 2  # one count everywhere: a different one changes trained weights, so a fixed one keeps runs comparable


class TensorFlowMissing(ImportError):
    """Raised by the core tier when something that trains or converts is asked for."""

    def __init__(self) -> None:
        super().__init__(
            "This step trains or converts, and the core installation has no TensorFlow. "
            "Add it with:  python start.py setup   (without TIER=core; about 2.5 GB)"
        )


def has_tensorflow() -> bool:
    """Tell whether TensorFlow is installed, without importing it."""
    return all(importlib.util.find_spec(name) for name in ("tensorflow", "tf_keras", "tensorflow_model_optimization"))


@functools.cache
def tensorflow() -> ModuleType:
    """Return the configured ``tensorflow`` module; raise TensorFlowMissing where it is not installed.

    Configured means: Keras 2 behind ``tf.keras``, deterministic operations, THREADS threads, a silent start.
    """
    if not has_tensorflow():
        raise TensorFlowMissing
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # the toolkit wraps Keras 2 layers only
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    with quiet_stderr():
        tf = importlib.import_module("tensorflow")
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
        tf.config.experimental.enable_op_determinism()
        tf.get_logger().setLevel("ERROR")
        tf.constant(0.0) + 1.0  # the first operation prints what is left to print
    return tf


@functools.cache
def keras() -> ModuleType:
    """Return ``tf_keras`` (Keras 2), the only Keras of this library."""
    tensorflow()
    return importlib.import_module("tf_keras")


@functools.cache
def keras_3() -> ModuleType:
    """Return Keras 3, to read a model that it wrote: only in a process of its own, where Keras 2 is never touched.

    Raises:
        RuntimeError: this process uses Keras 2 already.
    """
    if not has_tensorflow():
        raise TensorFlowMissing
    if "tensorflow" in sys.modules:
        raise RuntimeError("TensorFlow with Keras 2 is loaded here: read Keras 3 models in a process of their own")
    os.environ["TF_USE_LEGACY_KERAS"] = "0"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    with quiet_stderr():
        importlib.import_module("tensorflow").get_logger().setLevel("ERROR")
        return importlib.import_module("keras")


@functools.cache
def tfmot() -> ModuleType:
    """Return ``tensorflow_model_optimization``, loaded after Keras 2 has been chosen."""
    tensorflow()
    with quiet_stderr():
        return importlib.import_module("tensorflow_model_optimization")


def tfmot_part(module: str) -> ModuleType:
    """Return a part of the toolkit that its public names leave out, e.g. ``clustering.keras.experimental.cluster``."""
    tfmot()
    return importlib.import_module(f"tensorflow_model_optimization.python.core.{module}")


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hold back what native code writes to file descriptor 2; hand it over when the block raises."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read()[-4000:])
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a temporary folder that disappears afterwards: TensorFlow's exporters want a path."""
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        yield Path(folder)
