"""What a learner's code prints: the first characters are kept, the rest is forgotten."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from io import StringIO


class Printed(StringIO):
    """A text stream that keeps at most `limit` characters and accepts any number."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def write(self, text: str) -> int:
        """Keep what still fits; return the length as if all had been written."""
        super().write(text[: max(self.limit - self.tell(), 0)])
        return len(text)

    def fileno(self) -> int:
        """Standard output's number, for libraries that ask."""
        return 1


@contextlib.contextmanager
def captured(printed: Printed) -> Iterator[None]:
    """Collect what is written to stdout, and drop stderr: warnings name temporary files, results must not differ."""
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(Printed(0)):
        yield
