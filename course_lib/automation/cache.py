"""What was made and measured before, in files named by everything that it depends on.

    made/ADDRESS.json     which artifact a recipe gave, or why it refused
    files/SHA256.tflite   the artifacts
    scored/ADDRESS.json   which samples an artifact got right

Every file is written whole or not at all, the file before the record that names it, so a process that is killed leaves
a cache that is right. Two processes that do the same work write the same bytes.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact
from course_lib.core.files import write_whole

ABANDONED_SECONDS = 3600


@dataclass(frozen=True)
class Made:
    """The artifact of a recipe, or, with ``error``, why there is none."""

    content: bytes = field(default=b"", repr=False)
    sha256: str = ""
    gzip_bytes: int = 0
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True)
class Scored:
    """Which samples were right, in their order."""

    right: NDArray[np.bool_] = field(repr=False)
    seconds: float = 0.0


class Cache:
    """A folder of results. What is missing, damaged or of another making counts as not there."""

    def __init__(self, folder: str | Path) -> None:
        """Open the folder, making it where it does not exist."""
        self.folder = Path(folder)
        for part in ("made", "files", "scored"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob("*/.*.part"):  # by a process that was killed while it wrote
            with contextlib.suppress(OSError):  # or by one that still writes: those are young
                if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                    left.unlink()

    def made(self, address: str) -> Made | None:
        """Return what a recipe gave, its bytes checked against their SHA-256; None when it has to run."""
        record = _read(self.folder / "made" / f"{address}.json")
        if record is None or "error" in record:
            return None if record is None else Made(error=str(record["error"]))
        try:
            content = self.file(record["sha256"]).read_bytes()
            found = Made(content, record["sha256"], int(record["gzip_bytes"]), float(record["seconds"]))
        except (OSError, KeyError, TypeError, ValueError):
            return None
        return found if hashlib.sha256(content).hexdigest() == found.sha256 else None

    def keep_made(self, address: str, content: bytes, seconds: float) -> Made:
        """Keep an artifact, then the record that names it."""
        artifact = Artifact("made", content)
        facts = {"sha256": artifact.sha256, "gzip_bytes": artifact.gzip_bytes, "seconds": seconds}
        artifact.save(self.file(artifact.sha256))
        self._write("made", address, facts)
        return Made(content, artifact.sha256, artifact.gzip_bytes, seconds)

    def keep_refusal(self, address: str, error: str) -> None:
        """Keep why a recipe gives no artifact."""
        self._write("made", address, {"error": error})

    def scored(self, address: str) -> Scored | None:
        """Return which samples were right; None when it has to be measured."""
        record = _read(self.folder / "scored" / f"{address}.json")
        try:
            assert record is not None
            bits = np.frombuffer(base64.b64decode(record["right"], validate=True), np.uint8)
            right = np.unpackbits(bits, count=record["images"]).astype(bool)
            if len(right) != record["images"]:
                return None
            return Scored(right, float(record["seconds"]))
        except (AssertionError, KeyError, TypeError, ValueError):
            return None

    def keep_scored(self, address: str, right: NDArray[np.bool_], seconds: float) -> None:
        """Keep which samples were right, a bit each."""
        bits = base64.b64encode(np.packbits(right).tobytes()).decode()
        self._write("scored", address, {"images": len(right), "right": bits, "seconds": seconds})

    def file(self, sha256: str) -> Path:
        """Return where the artifact with this digest lies."""
        return self.folder / "files" / f"{sha256}.tflite"

    def _write(self, part: str, address: str, record: dict[str, Any]) -> None:
        write_whole(self.folder / part / f"{address}.json", json.dumps(record, sort_keys=True) + "\n")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None
