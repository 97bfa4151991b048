"""The process in which a delivered file runs: classes and times out, no labels in, nothing decided."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import numpy as np

from course_lib.classroom.sandbox import linux
from course_lib.core import Artifact
from course_lib.evaluation import latency_ratio, predict
from course_lib.evaluation.runtime import delegate_name, open_interpreter
from course_lib.grading.worker import restrict


def main(user: int | None) -> None:
    """Read two models and images from stdin, write classes and the ratio of times to stdout.

    Args:
        user: behind walls, whom to become; all privileges are given up before a file is opened. None: there are none.
    """
    if user is not None:
        Path(linux.DISK).chmod(0o777)  # an empty one, in memory, of this process alone
        linux.give_up_privileges(user)
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the runtime prints must not mix with the answer
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as request:
        arrays = {name: request[name] for name in request.files}
    settings = json.loads(arrays["settings"].tobytes())
    seconds = int(settings["seconds"]) + 1
    restrict({"cpu_seconds": 2 * seconds, "memory_mb": settings["memory_mb"], "file_mb": 64, "files": 128})
    try:
        artifact = Artifact("delivered", arrays["delivered"].tobytes())
        reference = Artifact("float", arrays["reference"].tobytes())
        scores = predict(artifact, arrays["images"].astype(np.float32) / np.float32(255))
        ratio, interval = latency_ratio(artifact, reference, loads=settings["loads"], runs=settings["runs"])
        delegate = delegate_name(open_interpreter(artifact))
    except (ValueError, RuntimeError, MemoryError) as problem:
        print(" ".join(str(problem).split())[:500], file=sys.stderr, flush=True)
        os._exit(3)
    np.savez(
        answer,
        classes=scores.argmax(1),
        finite=np.array(bool(np.isfinite(scores).all())),
        ratio=np.array([ratio, interval.low, interval.high], np.float64),
        delegate=np.frombuffer(delegate.encode(), np.uint8),
    )
    answer.close()
    os._exit(0)
