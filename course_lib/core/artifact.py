"""A name and the bytes of a ``.tflite`` file."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from course_lib.core.files import write_whole

IDENTIFIER = b"TFL3"  # bytes 4 to 8 of every TFLite flatbuffer (schema.fbs, file_identifier)


@dataclass(frozen=True)
class Artifact:
    """What is deployed: the exact bytes of a ``.tflite`` file, under the name that tables and figures show.

    Raises:
        ValueError: the content is not a TFLite flatbuffer.
    """

    name: str
    content: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.content, bytes):
            raise ValueError(f"{self.name}: content must be bytes, got {type(self.content).__name__}")
        if len(self.content) < 8 or self.content[4:8] != IDENTIFIER:
            raise ValueError(
                f"{self.name}: not a .tflite file: bytes 4 to 8 must read TFL3, found {self.content[4:8]!r}. "
                "Was a SavedModel, an .h5 or a compressed file passed instead?"
            )

    @classmethod
    def load(cls, path: str | Path, name: str | None = None) -> Artifact:
        """Read a file; the name defaults to the file's stem."""
        path = Path(path)
        return cls(name or path.stem, path.read_bytes())

    def save(self, path: str | Path) -> Path:
        """Write the bytes so that a reader sees the whole file or none of it, and return the path."""
        return write_whole(path, self.content)

    @property
    def raw_bytes(self) -> int:
        """Size of the file in bytes: what lies in flash or is memory-mapped."""
        return len(self.content)

    @cached_property
    def gzip_bytes(self) -> int:
        """Size in bytes after gzip, level 9: what a download or an app package costs."""
        return len(gzip.compress(self.content, compresslevel=9, mtime=0))

    @cached_property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the bytes."""
        return hashlib.sha256(self.content).hexdigest()
