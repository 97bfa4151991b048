"""What a signature vouches for: one version of one model, its size, its SHA-256, and its contract.

Ed25519 (RFC 8032) over canonical JSON: 64 bytes, no parameters to get wrong. The model itself is covered by its digest.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from course_lib.deployment.contract import Contract
from course_lib.security import canonical
from course_lib.security.errors import NotAuthenticError, RefusedError

FORMAT = 1
SIGNATURE_BYTES = 64
MAX_VERSION = 2**63 - 1
_PURPOSE = b"course-lib model manifest 1\n"
"""Signed before the body, so that a signature made here means nothing anywhere else, and none from elsewhere here."""


@dataclass(frozen=True)
class Manifest:
    """Size in bytes and contract of a model; the contract has its name, version and SHA-256, stated once.

    Raises:
        ValueError: a negative size, a version above MAX_VERSION, or a digest that is none.
    """

    size: int
    contract: Contract

    def __post_init__(self) -> None:
        if isinstance(self.size, bool) or not isinstance(self.size, int) or self.size < 0:
            raise ValueError(f"the size must be a whole number of bytes, got {self.size!r}")
        if self.contract.version > MAX_VERSION:
            raise ValueError(f"the version must be at most {MAX_VERSION}, got {self.contract.version}")
        digits = self.contract.sha256
        if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
            raise ValueError(f"a SHA-256 has 64 hexadecimal digits, got {digits!r:.80}")

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.contract.name

    @property
    def version(self) -> int:
        """Version, 1 or more; a device never goes back."""
        return self.contract.version

    def to_bytes(self) -> bytes:
        """Return the canonical JSON that is signed."""
        return canonical.encode({"format": FORMAT, "size": self.size, "contract": self.contract.to_plain()})

    @classmethod
    def from_bytes(cls, body: bytes) -> Manifest:
        """Read canonical JSON. Call ``verify_manifest``, which checks the signature first.

        Raises:
            RefusedError: not canonical, another format, or fields that are missing, unknown or unfit.
        """
        plain = canonical.decode(body)
        if not isinstance(plain, dict) or set(plain) != {"format", "size", "contract"} or plain["format"] != FORMAT:
            raise RefusedError(f"not a manifest of format {FORMAT}")
        try:
            return cls(plain["size"], Contract.from_plain(plain["contract"]))
        except ValueError as problem:
            raise RefusedError(f"the manifest is signed, but unfit: {problem}") from None

    def check(self, model: bytes) -> None:
        """Raise NotAuthenticError unless the bytes are the model that this manifest is about."""
        if len(model) != self.size:
            raise NotAuthenticError(f"the model has {len(model):,} bytes, its manifest says {self.size:,}")
        digest = hashlib.sha256(model).hexdigest()
        if digest != self.contract.sha256:
            raise NotAuthenticError(
                f"the model's SHA-256 begins {digest[:12]}, its manifest says {self.contract.sha256[:12]}"
            )


def sign_manifest(manifest: Manifest, key: Ed25519PrivateKey) -> tuple[bytes, bytes]:
    """Return the manifest's bytes and their signature."""
    body = manifest.to_bytes()
    return body, key.sign(_PURPOSE + body)


def verify_manifest(body: bytes, signature: bytes, key: Ed25519PublicKey) -> Manifest:
    """Check the signature, and only then parse.

    Raises:
        NotAuthenticError: the signature does not fit the bytes and the key.
        RefusedError: it fits, but the bytes are no manifest.
    """
    try:
        key.verify(signature, _PURPOSE + body)
    except InvalidSignature:
        raise NotAuthenticError(
            "the signature does not fit: the manifest was changed, or signed with another key"
        ) from None
    return Manifest.from_bytes(body)
