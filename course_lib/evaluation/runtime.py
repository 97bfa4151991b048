"""Opening a ``.tflite`` in LiteRT, and reading off what will run it."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import numpy as np

from course_lib import backend
from course_lib.core import Artifact

BUILT_IN = "none (built-in kernels)"

Interpreter = Any  # ai_edge_litert.interpreter.Interpreter, imported when the first model is opened

_greeted = False


def open_interpreter(
    artifact: Artifact, *, threads: int = 1, xnnpack: bool = True, preserve: bool = False, allocate: bool = True
) -> Interpreter:
    """Return a fresh LiteRT interpreter over the artifact's bytes.

    Always fresh: an interpreter keeps state variables, resized inputs and tensor views from one user to the next.

    Args:
        threads: CPU threads of the kernels.
        xnnpack: apply the default delegate; False runs LiteRT's own built-in kernels.
        preserve: keep every intermediate tensor readable (more memory, for debugging).
        allocate: also plan the memory; False leaves ``allocate_tensors()`` to the caller.

    Raises:
        ValueError: the bytes do not parse, an operator is unknown to this runtime, or a kernel refuses to prepare.
    """
    from ai_edge_litert.interpreter import Interpreter as LiteRT
    from ai_edge_litert.interpreter import OpResolverType

    if threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}")
    resolver = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        quiet = _quiet_once() if xnnpack else contextlib.nullcontext()  # without the delegate there is no line to hold
        with quiet, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # preserving every tensor is what the caller asked for
            interpreter = LiteRT(
                model_content=artifact.content,
                num_threads=threads,
                experimental_op_resolver_type=resolver,
                experimental_preserve_all_tensors=preserve,
            )
            if allocate:
                interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{artifact.name}: LiteRT cannot load this file: {error}") from error
    return interpreter


def delegate_name(interpreter: Interpreter) -> str:
    """Name what runs the operators: "XNNPACK", "XNNPACK 7/9 ops", or "none (built-in kernels)".

    LiteRT appends one DELEGATE operator per delegated part behind the operators of the file. Which ones a part
    replaced is found by walking from its outputs back to its inputs.
    """
    operators = interpreter._get_ops_details()
    parts = [operator for operator in operators if operator["op_name"] == "DELEGATE"]
    own = [operator for operator in operators if operator["op_name"] != "DELEGATE"]
    if not parts:
        return BUILT_IN
    producer = {int(tensor): index for index, operator in enumerate(own) for tensor in operator["outputs"]}
    replaced: set[int] = set()
    for part in parts:
        inputs = {int(tensor) for tensor in part["inputs"]}
        frontier = [int(tensor) for tensor in part["outputs"]]
        while frontier:
            tensor = frontier.pop()
            index = producer.get(tensor)
            if index is None or index in replaced or tensor in inputs:
                continue
            replaced.add(index)
            frontier.extend(int(source) for source in own[index]["inputs"])
    return "XNNPACK" if len(replaced) == len(own) else f"XNNPACK {len(replaced)}/{len(own)} ops"


def sample_inputs(interpreter: Interpreter, seed: int = 0) -> dict[int, np.ndarray]:
    """Return one seeded input per input tensor, by tensor index, for runs whose time matters and whose result does not.

    Floats lie in [0, 1), quantized integers span their range; plain integers are 0, because they may be table indices.

    Raises:
        ValueError: an input holds text or another type that no random number fits.
    """
    rng = np.random.default_rng(seed)
    inputs = {}
    for detail in interpreter.get_input_details():
        dtype, shape = np.dtype(detail["dtype"]), tuple(detail["shape"])
        if np.issubdtype(dtype, np.floating):
            value = rng.random(shape, dtype=np.float32).astype(dtype)
        elif np.issubdtype(dtype, np.integer) and len(detail["quantization_parameters"]["scales"]):
            limits = np.iinfo(dtype)
            value = rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
        elif np.issubdtype(dtype, np.integer) or dtype == np.bool_:
            value = np.zeros(shape, dtype)
        else:
            raise ValueError(f"input {detail['name']} holds {dtype}; only numbers can be generated")
        inputs[int(detail["index"])] = value
    return inputs


def _quiet_once() -> contextlib.AbstractContextManager[None]:
    """Hold back the one line that the first XNNPACK delegate of a process writes to stderr."""
    global _greeted
    if _greeted:
        return contextlib.nullcontext()
    _greeted = True
    return backend.quiet_stderr()
