"""Run an untrusted model in a process of its own: a crash of the runtime is an error, not the end of the caller.

The model and its inputs go there, arrays come back, both as a NumPy archive without pickles.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from course_lib.inspection.dissect import bytes_of, inspect
from course_lib.inspection.errors import ModelError

Array = NDArray[Any]
_PASSED_ON = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LD_LIBRARY_PATH")
_LONGEST_MESSAGE = 500


def run_isolated(
    model: Any, inputs: Sequence[Array] | Mapping[str, Array], *, timeout_s: float = 30.0, memory_mb: int = 2048
) -> list[Array]:
    """Run a model once, on one thread, and return its outputs in the order of the file.

    Args:
        model: the file's bytes, or an Artifact. It need not be well-formed.
        inputs: one array per input, in the file's order, or by the input's (signature's or tensor's) name. A shape may
            differ from the file's: the input is resized. A type may not.
        timeout_s: seconds until the process is ended.
        memory_mb: MiB of address space that the process may take, on Linux; other systems do not limit it. Python,
            NumPy and LiteRT take about 300 of it before the model is opened.

    Raises:
        ModelError: the runtime refused the model or its inputs, crashed (the signal is named), took too long or too
            much memory. The caller is unharmed.
    """
    request = _pack(bytes_of(model), inputs)
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _start(), str(memory_mb), str(int(timeout_s) + 1)],
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=messages,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            start_new_session=True,
        )
        try:
            process.communicate(request, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            _end(process)
            raise ModelError(f"the model did not finish within {timeout_s:g} s and was stopped") from None
        if process.returncode != 0:
            raise ModelError(_what_happened(process.returncode, _read(messages).decode("utf-8", "replace"), memory_mb))
        return _unpack(_read(answer))


def _start() -> str:
    """Return the worker's program. Isolated mode hides the current folder, so it is told where this library is."""
    root = str(Path(__file__).resolve().parents[2])
    return f"import sys; sys.path.insert(0, {root!r}); from course_lib.inspection.sandbox_worker import main; main()"


def _pack(model: bytes, inputs: Sequence[Array] | Mapping[str, Array]) -> bytes:
    given = [inputs[name] for name in _order(model, inputs)] if isinstance(inputs, Mapping) else inputs
    arrays = [np.asarray(array) for array in given]
    for index, array in enumerate(arrays):
        if array.dtype.hasobject:
            raise ModelError(f"input {index}: an array of Python objects cannot be a model's input")
    request = io.BytesIO()
    np.savez(request, np.frombuffer(model, np.uint8), *arrays)
    return request.getvalue()


def _order(model: bytes, inputs: Mapping[str, Array]) -> list[str]:
    """Return the given names in the order of the file's inputs; a name is the signature's or the tensor's."""
    order = [next((n for n in (port.name, port.tensor) if n in inputs), port.name) for port in inspect(model).inputs]
    if sorted(order) != sorted(inputs):
        raise ModelError(f"the model's inputs are {', '.join(order) or 'none'}, not {', '.join(inputs) or 'none'}")
    return order


def _unpack(answer: bytes) -> list[Array]:
    try:
        with np.load(io.BytesIO(answer), allow_pickle=False) as arrays:
            return [arrays[f"arr_{index}"] for index in range(len(arrays.files))]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as problem:
        raise ModelError(f"the runtime's answer cannot be read: {problem}") from None


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _end(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _what_happened(code: int, messages: str, memory_mb: int) -> str:
    """Put the end of a process into a sentence: code 3 is the worker's own refusal, a negative one a signal."""
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    last = lines[-1][:_LONGEST_MESSAGE] if lines else "it said nothing"
    if code == 3:
        return f"the runtime refused: {last}"
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        short = ", short of memory" if "bad_alloc" in messages or "MemoryError" in messages else ""
        return f"the runtime crashed with {name}{short} (limit {memory_mb:,} MiB); its last words: {last}"
    return f"the runtime's process ended with code {code}; its last words: {last}"
