"""Batched inference that returns what one image at a time would have returned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact
from course_lib.evaluation.codec import decode, decoding, encode
from course_lib.evaluation.runtime import Interpreter, open_interpreter

# A batch saves Python's overhead per call, which matters for small samples only. It has to stay in the caches: face
# detectors with 64 x 64 to 256 x 256 inputs took 1.1 times as long per image at batch 10, and 2 to 3 times at 100.
SMALLEST_BATCH, LARGEST_BATCH = 10, 100
CHUNK_BYTES = 256 * 1024


def predict(
    artifact: Artifact,
    x: NDArray[Any],
    batch: int | Literal["auto"] = "auto",
    *,
    threads: int = 1,
    xnnpack: bool = True,
    output: int = 0,
) -> NDArray[np.float32]:
    """Run every sample through the file and return its real-valued outputs, float32 of shape (n, ...).

    The samples go through in batches where the file allows it. A file that refuses a batch, drops its rows, or answers
    differently for a sample inside one, runs at the batch size that it was made for. State never passes from one
    sample to the next: variables are reset before each run.

    Args:
        x: real values of shape (n, ...) where (...) is the file's input without its batch axis. Quantized inputs are
            encoded with the file's own scale and zero point, saturating; integers of the input's dtype pass as encoded.
        batch: samples per run, or "auto": 10 to 100 small samples, or a large one (above 26 kB) by itself.
        threads: CPU threads of the kernels.
        xnnpack: False runs LiteRT's built-in kernels instead; float outputs may then differ in the last bits.
        output: which output, where the file has several.

    Raises:
        ValueError: the file does not load or run, has more than one input, or x does not fit it.
    """
    x = np.asarray(x)
    if batch != "auto" and (isinstance(batch, bool) or not isinstance(batch, int) or batch < 1):
        raise ValueError(f'batch must be "auto" or a whole number from 1, got {batch!r}')

    interpreter = open_interpreter(artifact, threads=threads, xnnpack=xnnpack)
    detail = _only_input(interpreter, artifact.name)
    outputs = len(interpreter.get_output_details())
    if not 0 <= output < outputs:
        raise ValueError(f"{artifact.name} has {outputs} outputs; output {output} is not one of them")
    native = _native_batch(detail, x, artifact.name)
    stateful = "VAR_HANDLE" in {operator["op_name"] for operator in interpreter._get_ops_details()}

    def opened() -> _Session:
        return _Session(open_interpreter(artifact, threads=threads, xnnpack=xnnpack), output)

    try:
        session = _Session(interpreter, output)
        if native is None or stateful:
            return _one_by_one(session, opened, x, native, stateful)
        return _in_batches(session, opened, x, native, batch_size(x, batch))
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{artifact.name}: {error}") from error


def _only_input(interpreter: Interpreter, name: str) -> dict[str, Any]:
    details: list[dict[str, Any]] = interpreter.get_input_details()
    if len(details) != 1:
        listed = ", ".join(f"{detail['name']} {tuple(detail['shape'])}" for detail in details)
        raise ValueError(f"{name} has {len(details)} inputs ({listed}); predict runs files with one")
    return details[0]


def _native_batch(detail: dict[str, Any], x: NDArray[Any], name: str) -> int | None:
    """Return the batch size that the file was made for, or None when its input has no batch axis."""
    shape, signature = tuple(int(d) for d in detail["shape"]), tuple(int(d) for d in detail["shape_signature"])
    wanted = signature or shape
    if x.ndim == len(shape) + 1 and _fits(x.shape[1:], wanted):
        return None
    if len(shape) and x.ndim == len(shape) and _fits(x.shape[1:], wanted[1:]):
        return max(1, shape[0])
    text = ", ".join(["n"] + ["any" if d < 0 else str(d) for d in wanted[1:]])
    advice = ""
    if x.ndim == len(shape) - 1 and _fits(x.shape, wanted[1:]):
        advice = "; a single sample needs a batch axis: x[None]"
    elif x.ndim == len(shape) - 1 and _fits((*x.shape[1:], 1), wanted[1:]):
        advice = "; add the channel axis: x[..., None]"
    raise ValueError(f"{name} takes x of shape ({text}), got {x.shape}{advice}")


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(shape) == len(wanted) and all(w in (-1, d) for d, w in zip(shape, wanted, strict=True))


def batch_size(x: NDArray[Any], batch: int | Literal["auto"] = "auto") -> int:
    """Spread n samples evenly over as few runs as the wanted size allows, so that little of the last one is padding."""
    count = max(1, len(x))
    fitting = CHUNK_BYTES // max(1, x.nbytes // count)
    best = min(fitting, LARGEST_BATCH) if fitting >= SMALLEST_BATCH else 1
    wanted = best if batch == "auto" else batch
    runs = -(-count // wanted)
    return -(-count // runs)


def _in_batches(
    session: _Session, opened: Callable[[], _Session], x: NDArray[Any], native: int, size: int
) -> NDArray[np.float32]:
    # One sample the plain way first: the answer that its place in a batch must reproduce.
    session.resize((native, *x.shape[1:]))
    last = session.run(x[max(0, min(size, len(x)) - 1) :][:1], native)
    if size != native and len(x) > 1:
        first = None
        try:
            session.resize((size, *x.shape[1:]))
            first = session.run(x[:size], size)
        except (ValueError, RuntimeError):  # a fixed Reshape, an LSTM: the graph was made for one batch size
            pass
        if first is not None and first.shape[1:] == last.shape[1:] and _same(first[-1:], last):
            return _all(session, x, size, first)
        session = opened()
        session.resize((native, *x.shape[1:]))
    return _all(session, x, native, session.run(x[:native], native))


def _all(session: _Session, x: NDArray[Any], size: int, first: NDArray[np.float32]) -> NDArray[np.float32]:
    results = np.empty((len(x), *first.shape[1:]), np.float32)
    results[: len(first)] = first
    for start in range(size, len(x), size):
        results[start : start + size] = session.run(x[start : start + size], size)
    return results


def _one_by_one(
    session: _Session, opened: Callable[[], _Session], x: NDArray[Any], native: int | None, stateful: bool
) -> NDArray[np.float32]:
    """A file without a batch axis, or with resource variables.

    Only a new interpreter clears those, and resizing an input in front of one corrupts LiteRT's heap.
    """
    results: list[NDArray[np.float32]] = []
    for sample in x if len(x) else np.zeros((1, *x.shape[1:]), x.dtype):
        if stateful and results:
            session = opened()
        session.resize(sample.shape if native is None else (native, *sample.shape))
        if native is not None:
            results.append(session.run(sample[None], native)[0])
        else:
            value = session.run(sample, None)
            results.append(value[0] if value.ndim > 1 and len(value) == 1 else value)
    return np.stack(results)[: len(x)]


class _Session:
    """One interpreter, its only input and the wanted output."""

    def __init__(self, interpreter: Interpreter, output: int) -> None:
        self.interpreter = interpreter
        self.inside = interpreter.get_input_details()[0]
        self.outside = interpreter.get_output_details()[output]
        self.shape = tuple(int(d) for d in self.inside["shape"])

    def resize(self, shape: tuple[int, ...]) -> None:
        if self.shape != shape:
            self.interpreter.resize_tensor_input(self.inside["index"], shape)
            self.interpreter.allocate_tensors()
            self.shape = shape

    def run(self, x: NDArray[Any], size: int | None) -> NDArray[np.float32]:
        """Run at most ``size`` samples, padded to ``size``; the padding's rows are dropped from the result."""
        scale, zero_point = self.inside["quantization"]
        value = encode(x, self.inside["dtype"], scale, zero_point)
        if size is not None and len(x) < size:
            # Zeros where there is no sample to repeat: an empty x still has to show the output's shape.
            shape = (size, *x.shape[1:])
            value = np.resize(value, shape) if len(x) else np.zeros(shape, value.dtype)
        self.interpreter.reset_all_variables()
        self.interpreter.set_tensor(self.inside["index"], value)
        self.interpreter.invoke()
        stored = self.interpreter.get_tensor(self.outside["index"])
        result = decode(stored, **decoding(self.outside))
        if size is None:
            return result
        if size == 1 and (result.ndim == 0 or len(result) != 1):
            result = result[None]  # the graph squeezed its batch axis away
        if len(result) != size:
            raise ValueError(f"the file answers {len(result)} rows to {size} samples")
        return result[: len(x)]


def _same(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Equal up to the last bits, in which built-in float kernels differ between batch sizes."""
    span = float(np.max(np.abs(other), initial=0.0, where=np.isfinite(other)))
    return bool(np.allclose(one, other, rtol=1e-3, atol=1e-3 * span, equal_nan=True))
