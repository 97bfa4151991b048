"""A model and its signed manifest in one file, so that an update brings both or neither.

magic (8) | length of the manifest (4, big endian) | manifest | signature (64) | model
"""

from __future__ import annotations

from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from course_lib.core import Artifact
from course_lib.deployment.contract import Contract
from course_lib.security.errors import RefusedError
from course_lib.security.manifest import SIGNATURE_BYTES, Manifest, sign_manifest

MAGIC = b"CRSBNDL1"
MAX_MANIFEST_BYTES = 2**20


class Parts(NamedTuple):
    """What a bundle consists of, nothing of it verified."""

    manifest: bytes
    signature: bytes
    model: bytes


def make_bundle(artifact: Artifact, contract: Contract, key: Ed25519PrivateKey) -> bytes:
    """Return a signed bundle.

    Args:
        contract: of this very file; its name and version are the bundle's.

    Raises:
        ValueError: the contract is of another file, or the manifest is larger than MAX_MANIFEST_BYTES.
    """
    if contract.sha256 != artifact.sha256:
        raise ValueError(f"{artifact.name}: the contract is of another file; write it again, then sign")
    body, signature = sign_manifest(Manifest(artifact.raw_bytes, contract), key)
    if len(body) > MAX_MANIFEST_BYTES:
        raise ValueError(f"{artifact.name}: a manifest of {len(body):,} bytes is more than {MAX_MANIFEST_BYTES:,}")
    return MAGIC + len(body).to_bytes(4, "big") + body + signature + artifact.content


def split_bundle(data: bytes) -> Parts:
    """Cut a bundle into its parts by their lengths. Nothing of what comes back may be trusted yet.

    Raises:
        RefusedError: not a bundle, or cut short.
    """
    start = len(MAGIC) + 4
    if not data.startswith(MAGIC) or len(data) < start:
        raise RefusedError(f"not a signed bundle: it has {len(data):,} bytes and begins with {data[:8]!r}")
    length = int.from_bytes(data[len(MAGIC) : start], "big")
    stop = start + length
    if length > MAX_MANIFEST_BYTES or stop + SIGNATURE_BYTES > len(data):
        raise RefusedError(f"the bundle says its manifest has {length:,} bytes; it has {len(data):,} in all")
    return Parts(data[start:stop], data[stop : stop + SIGNATURE_BYTES], data[stop + SIGNATURE_BYTES :])
