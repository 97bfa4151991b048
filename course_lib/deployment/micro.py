"""Run a model on TFLite Micro, the runtime of microcontrollers: what it answers, the memory it takes, why it refuses.

PyPI's ``tflite-micro`` is that runtime's reference build for Linux on x86-64; there is none for other systems. Kernels
and arena are those of a device without an optimized library. Its speed says nothing of a device's.
"""

from __future__ import annotations

import importlib.util
import io
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact
from course_lib.deployment.memory import MICRO, plan_model
from course_lib.inspection import Anatomy, inspect

Array = NDArray[Any]
WORKER = Path(__file__).with_name("micro_worker.py")
SPARE_BYTES = 16 * 2**20
_HYBRID = "its weights are integers and its activations float: quantize the activations too, as Int8() does"
ADVICE = {
    "dynamic_range": _HYBRID,
    "int4": _HYBRID,
    "float16": "its weights are float16: export float32, or better int8",
    "sparse": "its weights are stored sparse: export them dense",
    "mixed": "it mixes precisions, and TFLite Micro has no kernels for some of the mixtures",
}


class MicroRefusedError(ValueError):
    """TFLite Micro does not run the model; the message has its own words and what they mean."""


@dataclass(frozen=True)
class MicroArena:
    """The memory that TFLite Micro takes from the one block it is given, in bytes, recorded after a run.

    ``head`` holds activations and scratch memory, which share; ``tail`` what lives as long as the interpreter: the
    runtime's records of tensors and operators, quantized multipliers, variables. ``smallest`` is the smallest block, in
    steps of 16 bytes, with which the model was found to run: planning needs room too, so it may be more than ``total``.
    ``planned`` is what ``memory.plan_model`` expects the head to be.
    """

    total: int
    head: int
    tail: int
    smallest: int
    planned: int


@dataclass(frozen=True)
class MicroRun:
    """``outputs[sample][output]`` are arrays as the file stores them."""

    outputs: tuple[tuple[Array, ...], ...]
    arena: MicroArena


def has_tflite_micro() -> bool:
    """Tell whether the package is installed."""
    return importlib.util.find_spec("tflite_micro") is not None


def run_micro(artifact: Artifact, samples: Sequence[Sequence[Array]], *, timeout_s: float = 60.0) -> MicroRun:
    """Run samples one after the other in a process of its own: state passes from one to the next, a crash does not.

    Args:
        samples: for each sample one array per input, in the file's order, of its dtype and shape.

    Raises:
        ImportError: ``tflite-micro`` is not installed.
        MicroRefusedError: it refuses the model, crashes on it, or does not finish in time.
        ValueError: the bytes are no ``.tflite``.
    """
    anatomy = inspect(artifact)  # the runtime trusts every offset of the file, so it must not get a damaged one
    if not has_tflite_micro():
        raise ImportError(
            "TFLite Micro is not installed: pip install --pre tflite-micro (it exists for Linux on x86-64 alone)"
        )
    planned = plan_model(anatomy, MICRO)
    request = io.BytesIO()
    arrays = [np.asarray(array) for sample in samples for array in sample]
    np.savez(request, np.frombuffer(artifact.content, np.uint8), *arrays)
    size = planned.naive + 2 * anatomy.file_bytes + SPARE_BYTES
    command = [sys.executable, "-I", str(WORKER), str(size), str(len(anatomy.inputs)), str(len(anatomy.outputs))]
    try:
        done = subprocess.run(command, input=request.getvalue(), capture_output=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        raise MicroRefusedError(f"{artifact.name}: not finished within {timeout_s:g} s on TFLite Micro") from None
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode:
        raise MicroRefusedError(f"{artifact.name}: {why_refused(said, anatomy, done.returncode)}")
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as answer:
        found = [answer[f"arr_{index}"] for index in range(len(answer.files))]
    (total, head, tail, smallest), *outputs = found
    width = max(1, len(anatomy.outputs))
    return MicroRun(
        outputs=tuple(tuple(outputs[at : at + width]) for at in range(0, len(outputs), width)),
        arena=MicroArena(int(total), int(head), int(tail), int(smallest), planned.total),
    )


def why_refused(said: str, anatomy: Anatomy, code: int) -> str:
    """Put what the runtime printed before it gave up into a sentence, with advice where the anatomy has some.

    Args:
        said: its standard error. code: its exit code, negative for a signal.
    """
    if code < 0:
        return f"TFLite Micro crashed (signal {-code})"
    missing = re.findall(r"Didn't find op for builtin opcode '(\w+)'", said)
    if missing:
        reason = f"TFLite Micro has no kernel for {missing[0]}"
    elif anatomy.custom_ops:
        reason = f"TFLite Micro knows no custom operator {', '.join(anatomy.custom_ops)}"
    else:
        lines = [line.strip() for line in said.split("Traceback")[0].splitlines() if line.strip()]
        reason = f"TFLite Micro refuses: {'; '.join(lines[-2:])[:300] or 'it gives no reason'}"
    advice = ADVICE.get(anatomy.scheme)
    return f"{reason}. {advice[0].upper()}{advice[1:]}" if advice else reason
