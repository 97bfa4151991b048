"""Peak memory of a model, in a fresh process: the one that asks already holds NumPy, images and other models."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from course_lib.core import Artifact

KIB = 1024 / 1e6  # the kernel counts in KiB
CHILD = Path(__file__).with_name("memory_child.py")
EXACT = (
    "fresh process, file mapped, 5 invokes: peak resident size minus that of the runtime alone, "
    "without the pages of runtime code that the run touched"
)
ROUGH = "fresh process, file mapped, 5 invokes: resident size minus that of the runtime alone, runtime code included"


@dataclass(frozen=True)
class Memory:
    """Sizes in MB (10**6 bytes).

    ``model_mb`` is what the model adds: arena, packed weights, and the pages of its file that were read. ``runtime_mb``
    is a Python process with LiteRT imported, ``code_mb`` the runtime's own code that the run paged in, which every
    model shares (0 where it cannot be told apart). ``how`` says what was subtracted from what.
    """

    model_mb: float
    runtime_mb: float
    code_mb: float
    how: str


def peak_memory(artifact: Artifact, *, threads: int = 1, xnnpack: bool = True, timeout: float = 120.0) -> Memory:
    """Load and run the model in a new process that does nothing else, and return what it added at its peak.

    Exact on Linux; elsewhere the resident size after the run stands in for the peak.

    Raises:
        ValueError: the model cannot be loaded or run, crashes its process, or takes longer than ``timeout`` seconds.
    """
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        path = artifact.save(Path(folder) / "model.tflite")
        command = [sys.executable, "-I", str(CHILD), str(path), str(threads), "1" if xnnpack else "0", "5"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired as error:
            raise ValueError(f"{artifact.name}: five runs took longer than {timeout:g} s in a fresh process") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise ValueError(f"{artifact.name} does not run in a fresh process: {lines[-1]}")
    found = json.loads(done.stdout.splitlines()[-1])
    code = found.get("code", 0)
    return Memory(
        model_mb=max(0, found["peak"] - found["base"] - code) * KIB,
        runtime_mb=found["base"] * KIB,
        code_mb=code * KIB,
        how=EXACT if found["exact"] else ROUGH,
    )
