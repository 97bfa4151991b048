"""Run by micro.py in a process of its own: run one model on TFLite Micro, and find the smallest arena that it needs."""

import importlib
import io
import os
import re
import sys
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
REFUSED, STEP = 3, 16


def main(size: int, inputs: int, outputs: int) -> None:
    """Read the model and samples from stdin; write [total, head, tail, smallest] and all outputs to stdout."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    runtime = importlib.import_module("tflite_micro").runtime
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as request:
        content, *arrays = (request[f"arr_{index}"] for index in range(len(request.files)))
    model = content.tobytes()
    samples = [arrays[at : at + inputs] for at in range(0, len(arrays), max(1, inputs))]
    try:
        interpreter = runtime.Interpreter.from_bytes(model, arena_size=size)
        found = [output for sample in samples for output in run(interpreter, sample, outputs)]
    except (RuntimeError, ValueError) as refused:
        print(f"Traceback: {refused}", file=sys.stderr, flush=True)
        os._exit(REFUSED)
    used = allocations(interpreter)

    def runs(arena: int) -> None:
        run(runtime.Interpreter.from_bytes(model, arena_size=arena), samples[0], outputs)

    enough = smallest(runs, used["total"], size)
    np.savez(answer, np.array([used["total"], used["head"], used["tail"], enough]), *found)
    answer.close()
    os._exit(0)


def run(interpreter: Any, sample: list[Array], outputs: int) -> list[Array]:
    """Run one sample."""
    for index, array in enumerate(sample):
        interpreter.set_input(array, index)
    interpreter.invoke()
    return [np.copy(interpreter.get_output(index)) for index in range(outputs)]


def allocations(interpreter: Any) -> dict[str, int]:
    """Return the bytes of the arena's parts, which the runtime only ever prints."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as printed:
        os.dup2(printed.fileno(), 2)
        interpreter.print_allocations()
        os.dup2(kept, 2)
        printed.seek(0)
        said = printed.read().decode()
    return {name: int(size) for name, size in re.findall(r"Arena allocation (\w+) (\d+) bytes", said)}


def smallest(runs: Any, total: int, enough: int) -> int:
    """Return the smallest arena, in steps of 16 bytes from ``total``, with which the model loads and runs."""
    low, high = -(-total // STEP) - 1, -(-total // STEP)
    while high * STEP < enough and not survives(runs, high * STEP):
        low, high = high, high + 2 * (high - low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if survives(runs, middle * STEP) else (middle, high)
    return high * STEP


def survives(runs: Any, arena: int) -> bool:
    """Try in a process of its own: some models do not get an error from an arena that is too small, they crash."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            runs(arena)
        except RuntimeError:
            os._exit(REFUSED)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
