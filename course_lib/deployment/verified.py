"""A model that was held against its contract, and takes raw values from there on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.core import Artifact
from course_lib.deployment.contract import Contract, PortContract, path_beside, write_contract
from course_lib.evaluation import predict
from course_lib.evaluation.codec import encode


@dataclass(frozen=True)
class VerifiedModel:
    """A model whose file is the one that its contract was written from."""

    artifact: Artifact
    contract: Contract

    def predict(self, raw: NDArray[Any]) -> NDArray[np.float32]:
        """Prepare raw samples as the contract says, run them, and return real outputs, float32 of shape (n, ...).

        Args:
            raw: shape (n, ...), before any preprocessing.

        Raises:
            ValueError: the model has more than one input, or the values do not fit it.
        """
        return predict(self.artifact, self._prepared(self.contract.inputs[0], raw))

    def encode(self, name: str, raw: NDArray[Any]) -> NDArray[Any]:
        """Return what the file stores for raw values of one input: prepared, then quantized.

        Raises:
            ValueError: there is no such input, or the values do not fit it.
        """
        for port in self.contract.inputs:
            if port.name == name:
                return encode(self._prepared(port, raw), port.dtype, port.scale or 0.0, port.zero_point or 0)
        raise ValueError(f"no input {name!r}; there are {', '.join(port.name for port in self.contract.inputs)}")

    def labels(self, raw: NDArray[Any]) -> list[str]:
        """Return the label of the largest output of each raw sample.

        Raises:
            ValueError: the contract has no labels, or as for ``predict``.
        """
        if not self.contract.labels:
            raise ValueError(f"the contract of {self.contract.name} has no labels")
        scores = self.predict(raw)
        return [self.contract.labels[int(row.argmax())] for row in scores.reshape(len(scores), -1)]

    def _prepared(self, port: PortContract, raw: NDArray[Any]) -> NDArray[Any]:
        prepare = self.contract.preprocessing.get(port.name)
        return prepare(raw) if prepare is not None else np.asarray(raw)


def load_verified(model: str | Path | Artifact, contract: str | Path | Contract | None = None) -> VerifiedModel:
    """Load a model only if it keeps its contract.

    Args:
        model: a path, or an Artifact.
        contract: a path, a Contract, or None for the file beside the model.

    Raises:
        ValueError: the file is another one, or any input or output differs; the message lists every difference.
        OSError: a file cannot be read.
    """
    artifact = model if isinstance(model, Artifact) else Artifact.load(model)
    if contract is None:
        if isinstance(model, Artifact):
            raise ValueError(f"{artifact.name}: pass its contract; only a file has one beside it")
        contract = path_beside(model)
    wanted = contract if isinstance(contract, Contract) else Contract.from_json(Path(contract).read_bytes())
    found = differences(wanted, artifact)
    if found:
        raise ValueError(f"{artifact.name} does not keep its contract: {'; '.join(found)}")
    return VerifiedModel(artifact, wanted)


def differences(contract: Contract, artifact: Artifact) -> tuple[str, ...]:
    """Return in which points a file is not what a contract says, in words; empty when it is.

    Raises:
        ValueError: the bytes are no ``.tflite``.
    """
    actual = write_contract(artifact)
    found = []
    if actual.sha256 != contract.sha256:
        found.append(f"the file's SHA-256 begins {actual.sha256[:12]}, the contract's {contract.sha256[:12]}")
    if actual.signature != contract.signature:
        found.append(f"the signature is {actual.signature!r}, not {contract.signature!r}")
    return (*found, *interface_differences(contract, actual))


def interface_differences(wanted: Contract, actual: Contract) -> tuple[str, ...]:
    """Return in which points the inputs and outputs of two contracts differ: what variants of a ladder must share.

    Scales and zero points count: a caller that encodes by one contract and runs another model is wrong without notice.
    """
    found = []
    for side in ("inputs", "outputs"):
        ours, theirs = getattr(wanted, side), getattr(actual, side)
        if len(ours) != len(theirs):
            found.append(f"{len(theirs)} {side}, not {len(ours)}")
            continue
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            for what in ("name", "dtype", "shape", "scale", "zero_point"):
                if getattr(one, what) != getattr(other, what):
                    found.append(f"{side[:-1]} {index}: {what} {getattr(other, what)}, not {getattr(one, what)}")
    return tuple(found)
