"""Text from strangers, made fit to be shown and stored."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from pathlib import Path

_JOINERS = "\u200c\u200d"  # belong to the spelling of some scripts


def readable(text: str, keep: str = "") -> str:
    """Return text with everything that does not show written out: controls, lone surrogates, changes of direction.

    Args:
        text: a name or a message; bytes of a file name that are no text are in it as lone surrogates.
        keep: what stays nevertheless, such as line ends.
    """
    text = unicodedata.normalize("NFC", text)
    return "".join(
        each if each in keep or each in _JOINERS or unicodedata.category(each) not in ("Cc", "Cs", "Cf", "Zl", "Zp")
        else _written_out(each)
        for each in text
    )  # fmt: skip


def message(text: str) -> str:
    """Return text of several lines, fit to be shown and stored."""
    return readable(text, keep="\n\t")


def _written_out(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return f"\\x{ord(character):02x}" if ord(character) < 0x100 else f"\\u{ord(character):04x}"


def write_at_once(path: Path, content: bytes) -> None:
    """Write a file at once: a reader, or a crash, sees the old bytes or the new ones. Raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
