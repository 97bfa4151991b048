"""The input and output contract of a model, as JSON beside it: what goes in, how it is prepared, what comes out.

A wrong contract raises no error: the model answers, wrongly. So it is written from the file, travels with it, and is
held against the file whenever the model is loaded.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from course_lib.core import Artifact
from course_lib.core.files import write_whole
from course_lib.deployment.preprocessing import Preprocessing
from course_lib.inspection import inspect
from course_lib.inspection.ports import Port

FORMAT = 1


@dataclass(frozen=True)
class PortContract:
    """One input or output. real = scale * (stored - zero_point); no scale: stored as it is. -1: a free dimension."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float | None = None
    zero_point: int | None = None


@dataclass(frozen=True)
class Contract:
    """Everything that a caller has to know of a model.

    Args:
        name, version: of the model; versions count up from 1.
        sha256: of the file, hexadecimal.
        signature: the signature's name, None where the file has none.
        inputs, outputs: in the order of the file.
        preprocessing: what raw values go through before they are quantized, by input name.
        labels: one per class, or none.

    Raises:
        ValueError: the version is below 1, preprocessing is for no input, or labels do not fit the outputs.
    """

    name: str
    version: int
    sha256: str
    signature: str | None
    inputs: tuple[PortContract, ...]
    outputs: tuple[PortContract, ...]
    preprocessing: Mapping[str, Preprocessing] = field(default_factory=dict)
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.version, bool) or not isinstance(self.version, int) or self.version < 1:
            raise ValueError(f"{self.name}: the version must be a whole number from 1, got {self.version!r}")
        unknown = sorted(set(self.preprocessing) - {port.name for port in self.inputs})
        if unknown:
            known = ", ".join(port.name for port in self.inputs)
            raise ValueError(f"{self.name}: preprocessing for {', '.join(unknown)}, but the inputs are {known}")
        if self.labels and not any(port.shape and port.shape[-1] == len(self.labels) for port in self.outputs):
            raise ValueError(f"{self.name}: {len(self.labels)} labels, but no output has that many classes")

    def to_plain(self) -> dict[str, Any]:
        """Return the values of its JSON."""
        return {"format": FORMAT} | asdict(self)

    def to_json(self) -> str:
        """Return the text of the file: sorted keys, two spaces, so that a change shows as a change."""
        return json.dumps(self.to_plain(), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Contract:
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: no JSON, another format, or a field that is missing, unknown or of another type.
        """
        try:
            plain = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise ValueError(f"the contract is no JSON: {problem}") from None
        return cls.from_plain(plain)

    @classmethod
    def from_plain(cls, plain: Any) -> Contract:
        """Build a contract from the values of its JSON. Raises ValueError as ``from_json`` does."""
        if not isinstance(plain, dict) or plain.get("format") != FORMAT:
            raise ValueError(f"not a contract of format {FORMAT}")
        _check_fields(cls, plain.keys() - {"format"}, "the contract")
        try:
            return cls(
                name=_of(plain["name"], str),
                version=_of(plain["version"], int),
                sha256=_of(plain["sha256"], str),
                signature=plain["signature"] if plain["signature"] is None else _of(plain["signature"], str),
                inputs=tuple(_port(entry) for entry in _of(plain["inputs"], list)),
                outputs=tuple(_port(entry) for entry in _of(plain["outputs"], list)),
                preprocessing={
                    name: Preprocessing.from_plain(entry) for name, entry in _of(plain["preprocessing"], dict).items()
                },
                labels=tuple(_of(label, str) for label in _of(plain["labels"], list)),
            )
        except TypeError as problem:
            raise ValueError(f"the contract: {problem}") from None

    def save(self, path: str | Path) -> Path:
        """Write the contract beside a model, whole or not at all, and return the path."""
        return write_whole(path, self.to_json())


def write_contract(
    artifact: Artifact,
    *,
    version: int = 1,
    preprocessing: Mapping[str, Preprocessing] | None = None,
    labels: tuple[str, ...] = (),
) -> Contract:
    """Write the contract of a model from its file: names, shapes, types and quantization are read, never typed.

    Raises:
        ValueError: the bytes are no ``.tflite``, or preprocessing and labels do not fit it.
    """
    anatomy = inspect(artifact)
    names = [signature.name for signature in anatomy.signatures if signature.subgraph == 0]
    return Contract(
        name=artifact.name,
        version=version,
        sha256=artifact.sha256,
        signature=names[0] if names else None,
        inputs=tuple(port_contract(port) for port in anatomy.inputs),
        outputs=tuple(port_contract(port) for port in anatomy.outputs),
        preprocessing=preprocessing or {},
        labels=labels,
    )


def port_contract(port: Port) -> PortContract:
    """Return what a contract says of an input or output."""
    return PortContract(port.name, port.dtype, port.shape_signature or port.shape, port.scale, port.zero_point)


def path_beside(model: str | Path) -> Path:
    """Return where the contract of a model file lies: ``m.tflite`` -> ``m.contract.json``."""
    return Path(model).with_suffix(".contract.json")


def _port(plain: Any) -> PortContract:
    entry = _of(plain, dict)
    _check_fields(PortContract, entry.keys(), "a port of the contract")
    scale, zero_point = entry["scale"], entry["zero_point"]
    if scale is not None and not (isinstance(scale, float) and math.isfinite(scale)):
        raise TypeError(f"a scale must be a finite number or null, got {scale!r}")
    return PortContract(
        name=_of(entry["name"], str),
        dtype=_of(entry["dtype"], str),
        shape=tuple(_of(size, int) for size in _of(entry["shape"], list)),
        scale=scale,
        zero_point=zero_point if zero_point is None else _of(zero_point, int),
    )


def _check_fields(kind: type, found: set[str], what: str) -> None:
    wanted = {each.name for each in fields(kind)}
    if found != wanted:
        missing, extra = sorted(wanted - found), sorted(found - wanted)
        raise ValueError(f"{what}: missing {', '.join(missing) or 'nothing'}, unknown {', '.join(extra) or 'nothing'}")


def _of(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"expected {kind.__name__}, got {value!r:.60}")
    return value
