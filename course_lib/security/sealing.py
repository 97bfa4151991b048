"""AES-256-GCM around a file: nobody without the key reads it, and nobody changes a bit of it unnoticed.

    magic (8) | version (8, big endian) | nonce (12) | ciphertext | tag (16)

The first two are the header: readable, and authenticated as additional data, so a version cannot be edited. 44 bytes
more than the content. A nonce must never repeat under one key: it is random, good for some 2**32 files per key
(NIST SP 800-38D, section 8.3). Compress first: ciphertext does not compress.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from course_lib.security.errors import NotAuthenticError, RefusedError, RollbackError
from course_lib.security.manifest import MAX_VERSION

MAGIC = b"CRSSEAL1"
KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
HEADER_BYTES = len(MAGIC) + 8
OVERHEAD = HEADER_BYTES + NONCE_BYTES + TAG_BYTES
LARGEST = 2**31 - 1 - OVERHEAD
"""Bytes that one call of the cipher takes."""


def seal(content: bytes, key: bytes, version: int) -> bytes:
    """Return the content encrypted under a fresh nonce, OVERHEAD bytes longer.

    Args:
        key: 32 random bytes.
        version: 1 to MAX_VERSION; readable by anybody, changeable by nobody without the key.

    Raises:
        ValueError: a key of another length, a version out of range, or more than LARGEST bytes.
    """
    cipher = _cipher(key)
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= MAX_VERSION:
        raise ValueError(f"the version must be a whole number from 1 to {MAX_VERSION}, got {version!r}")
    if len(content) > LARGEST:
        raise ValueError(f"{len(content):,} bytes are more than the {LARGEST:,} that can be sealed at once")
    header = MAGIC + version.to_bytes(8, "big")
    nonce = os.urandom(NONCE_BYTES)
    return header + nonce + cipher.encrypt(nonce, content, header)


def unseal(blob: bytes, key: bytes, min_version: int = 1) -> tuple[bytes, int]:
    """Return the content and its version.

    The version is looked at after the tag was checked: before, it is only what somebody wrote there.

    Raises:
        RefusedError: not sealed by ``seal``, or cut short within the header.
        NotAuthenticError: any bit of header, nonce, ciphertext or tag was changed, or the key is another one.
        RollbackError: authentic, but below min_version.
        ValueError: a key of another length.
    """
    cipher = _cipher(key)
    if len(blob) < OVERHEAD or len(blob) > LARGEST + OVERHEAD or not blob.startswith(MAGIC):
        raise RefusedError(f"not a sealed file: it has {len(blob):,} bytes and begins with {blob[:8]!r}")
    header, nonce = blob[:HEADER_BYTES], blob[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
    try:
        content = cipher.decrypt(nonce, blob[HEADER_BYTES + NONCE_BYTES :], header)
    except InvalidTag:
        raise NotAuthenticError(
            "the sealed file does not authenticate: it was changed or cut, or the key is another one"
        ) from None
    version = int.from_bytes(header[len(MAGIC) :], "big")
    if version < min_version:
        raise RollbackError(f"the sealed file is version {version}; {min_version} or later is required")
    return content, version


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a sealing key has {KEY_BYTES} bytes, this one has {len(key)}")
    return AESGCM(key)
