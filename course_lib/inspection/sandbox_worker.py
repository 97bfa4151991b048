"""The other side of ``run_isolated``: reads a model and inputs from stdin, writes outputs to stdout, nothing else."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
REFUSED = 3


def main() -> None:
    """Limit this process, run the model once, and exit: 0 with the outputs written, REFUSED with a reason on stderr."""
    _limit(memory_mb=int(sys.argv[1]), seconds=int(sys.argv[2]))
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the runtime prints must not mix with the answer
    try:
        with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as request:
            model, *inputs = (request[f"arr_{index}"] for index in range(len(request.files)))
        np.savez(answer, *_run(model.tobytes(), inputs))
        answer.close()
    except (ValueError, RuntimeError, MemoryError, KeyError, TypeError, OSError) as problem:
        reason = " ".join(str(problem).split()) or "it gives no reason; too little memory?"
        print(f"{type(problem).__name__}: {reason}", file=sys.stderr, flush=True)
        os._exit(REFUSED)
    sys.stderr.flush()
    os._exit(0)  # the answer is written: a runtime that crashes while it is taken down has done its work


def _limit(memory_mb: int, seconds: int) -> None:
    with contextlib.suppress(ImportError):
        import resource

        size = memory_mb * 2**20
        limits = {"RLIMIT_CORE": 0, "RLIMIT_CPU": 2 * seconds, "RLIMIT_FSIZE": size}
        if sys.platform == "linux":
            limits["RLIMIT_AS"] = size
        for name, value in limits.items():
            _, hard = resource.getrlimit(getattr(resource, name))
            allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(getattr(resource, name), (allowed, allowed))


def _run(model: bytes, inputs: list[Array]) -> list[Array]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model, num_threads=1)
    details = interpreter.get_input_details()
    if len(inputs) != len(details):
        raise ValueError(f"the model has {len(details)} inputs, {len(inputs)} were given")
    for detail, array in zip(details, inputs, strict=True):
        if tuple(detail["shape"]) != array.shape:
            interpreter.resize_tensor_input(detail["index"], array.shape)
    interpreter.allocate_tensors()
    for detail, array in zip(details, inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [np.copy(interpreter.get_tensor(detail["index"])) for detail in interpreter.get_output_details()]
