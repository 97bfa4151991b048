"""A model as C: an aligned array and its length, for devices without a file system. The same model, the same text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from course_lib.core import Artifact

ALIGNMENT = 16
"""Bytes. A flatbuffer is read in place, and kernels load vectors from it: an unaligned array faults on some cores."""
_PER_LINE = 12


@dataclass(frozen=True)
class CSource:
    """``header`` declares the array and its length, ``source`` defines them; both compile as C11 and as C++11."""

    symbol: str
    header: str
    source: str


def c_array(artifact: Artifact, symbol: str = "g_model") -> CSource:
    """Return the C text of a model.

    Args:
        symbol: name of the array, a C identifier; its length in bytes is called ``{symbol}_len``, and the source
            includes ``{symbol}.h``.

    Raises:
        ValueError: the symbol is no C identifier.
    """
    check_symbol(symbol)
    guard = f"{symbol.upper()}_H_"
    size = artifact.raw_bytes
    about = (
        f"/* A .tflite of {size} bytes, generated: change the model, not this file.\n * SHA-256 {artifact.sha256} */\n"
    )
    header = (
        f"{about}#ifndef {guard}\n#define {guard}\n\n"
        '#ifdef __cplusplus\nextern "C" {\n#endif\n\n'
        f"extern const unsigned char {symbol}[{size}];\nextern const unsigned int {symbol}_len;\n\n"
        "#ifdef __cplusplus\n}\n#endif\n\n"
        f"#endif  /* {guard} */\n"
    )
    lines = (
        "  " + ", ".join(f"0x{byte:02x}" for byte in artifact.content[at : at + _PER_LINE]) + ",\n"
        for at in range(0, size, _PER_LINE)
    )
    source = (
        f'{about}#include "{symbol}.h"\n\n#include <stdalign.h>\n\n'
        f"alignas({ALIGNMENT}) const unsigned char {symbol}[{size}] = {{\n{''.join(lines)}}};\n"
        f"const unsigned int {symbol}_len = {size};\n"
    )
    return CSource(symbol, header, source)


def symbol_for(name: str) -> str:
    """Return a C identifier like the name of a model: ``g_`` and its letters and digits."""
    return "g_" + (re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower() or "model")


def check_symbol(symbol: str) -> None:
    """Raise ValueError unless the text is a C identifier."""
    if not re.fullmatch(r"[A-Za-z_]\w*", symbol, flags=re.ASCII):
        raise ValueError(f"{symbol!r} cannot name a C variable: letters, digits and _, no digit first")
