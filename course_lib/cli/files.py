"""What the commands on model files share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from course_lib.language import Say

if TYPE_CHECKING:
    from course_lib.deployment import Contract

Model = Annotated[Path, typer.Argument(metavar="MODEL", help="A .tflite file.")]
Out = Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE", help="Where to write.")]


def read_contract(path: Path) -> Contract:
    """Read a contract; every ValueError names its file."""
    from course_lib.deployment import Contract

    if not path.is_file():
        raise ValueError(f"no contract {path}; write it with: course contract MODEL")
    try:
        return Contract.from_json(path.read_bytes())
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}") from None


def free_path(path: Path, *, given: bool) -> Path:
    """Return a path; one that the user did not name must not be a file that is there already."""
    if path.exists() and not given:
        raise ValueError(f"{path} exists; say where to write with -o")
    return path


def print_contract(terms: Contract, size: int) -> None:
    """Print what was vouched for: name, version, bytes, digest, and every input and output."""
    for label, value in (
        (Say("model", "模型"), f"{terms.name}, {Say('version', '版本')} {terms.version}"),
        (Say("bytes", "字节"), f"{size:,}"),
        ("SHA-256", terms.sha256),
    ):
        print(f"{label}: {value}")
    for side, ports in ((Say("input", "输入"), terms.inputs), (Say("output", "输出"), terms.outputs)):
        for port in ports:
            scale = "" if port.scale is None else f", scale {port.scale:.6g}, zero_point {port.zero_point}"
            print(f"{side}: {port.name} {port.dtype} {list(port.shape)}{scale}")
