"""The one way in: what does not verify is not parsed, and what does not keep its contract is not loaded."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from course_lib.core import Artifact
from course_lib.deployment.verified import VerifiedModel, load_verified
from course_lib.security.bundle import split_bundle
from course_lib.security.errors import RefusedError, RollbackError
from course_lib.security.manifest import verify_manifest
from course_lib.security.sealing import MAGIC, unseal
from course_lib.security.versions import VersionStore


@dataclass(frozen=True)
class Loader:
    """``Loader(public_key, versions=VersionStore(path)).open(data)``: a model, or an error that says why not.

    In this order: unseal, if sealed; check the signature; parse the manifest; name; version; size and SHA-256; and only
    then let the inspector read the model and hold it against its contract.

    Args:
        key: whose signature counts. It is part of the program, not of the bundle.
        name: the only model to open; None for any that the key signed.
        min_version: oldest version to open, whatever the store says.
        sealing_key: 32 bytes, for sealed bundles; with it, bundles that are not sealed are refused.
        versions: remembers the highest version opened, and refuses to go back. Without it a genuine old bundle opens.
    """

    key: Ed25519PublicKey
    name: str | None = None
    min_version: int = 1
    sealing_key: bytes | None = None
    versions: VersionStore | None = None

    def open(self, data: bytes) -> VerifiedModel:
        """Open a bundle, and record its version.

        Raises:
            NotAuthenticError: tampered with, truncated, of another key, or the manifest of another model.
            RollbackError: genuine and too old.
            RefusedError: not a bundle, of another name, sealed or not sealed against expectation.
            ValueError: genuine, but no well-formed model, or one that does not keep its contract.
        """
        data, sealed_version = self._unsealed(data)
        parts = split_bundle(data)
        manifest = verify_manifest(parts.manifest, parts.signature, self.key)
        if self.name is not None and manifest.name != self.name:
            raise RefusedError(f"the bundle holds {manifest.name!r}, not {self.name!r}")
        if sealed_version is not None and sealed_version != manifest.version:
            raise RefusedError(f"sealed as version {sealed_version}, signed as version {manifest.version}")
        if manifest.version < self.min_version:
            raise RollbackError(f"{manifest.name} is version {manifest.version}; {self.min_version} is required")
        highest = self.versions.highest(manifest.name) if self.versions is not None else 0
        if manifest.version < highest:
            raise RollbackError(f"{manifest.name} is version {manifest.version}; version {highest} was opened before")
        manifest.check(parts.model)
        opened = load_verified(Artifact(manifest.name, parts.model), manifest.contract)
        if self.versions is not None:
            self.versions.record(manifest.name, manifest.version)
        return opened

    def _unsealed(self, data: bytes) -> tuple[bytes, int | None]:
        if data.startswith(MAGIC) and self.sealing_key is None:
            raise RefusedError("the bundle is sealed: a sealing key is needed to open it")
        if self.sealing_key is None:
            return data, None
        return unseal(data, self.sealing_key, self.min_version)
