"""Keys, and where they may come from: a private file, the environment, the system's keyring. Never the repository.

A source is a path, ``env:NAME`` or ``keyring:SERVICE/USER``. Signing keys are PEM (PKCS #8, as ``openssl genpkey
-algorithm ed25519`` writes them), public keys PEM too, sealing keys base64 of 32 bytes.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from course_lib.security.sealing import KEY_BYTES

LARGEST = 64 * 1024


def signing_key(source: str) -> Ed25519PrivateKey:
    """Read a private Ed25519 key. It belongs on a build server, never on a device.

    Raises:
        ValueError: not such a key, protected by a passphrase, or lying where others can read it.
        OSError, ImportError: the source cannot be read; the keyring package is not installed.
    """
    text = _secret(source)
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except (ValueError, TypeError) as problem:
        raise ValueError(f"{source}: no unencrypted private key in PEM: {problem}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{source}: a key of another kind; signing takes Ed25519")
    return key


def verifying_key(source: str) -> Ed25519PublicKey:
    """Read a public Ed25519 key. No secret, but whoever can change the file decides what is trusted.

    Raises:
        ValueError: not such a key, or a file that others can write.
        OSError, ImportError: as for ``signing_key``.
    """
    text = _read(source, forbidden=stat.S_IWGRP | stat.S_IWOTH, may="write")
    try:
        key = serialization.load_pem_public_key(text)
    except ValueError as problem:
        raise ValueError(f"{source}: no public key in PEM: {problem}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{source}: a key of another kind; signatures are Ed25519")
    return key


def sealing_key(source: str) -> bytes:
    """Read the 32 bytes of a sealing key.

    Raises:
        ValueError: not base64 of 32 bytes, or lying where others can read it.
        OSError, ImportError: as for ``signing_key``.
    """
    try:
        key = base64.b64decode(_secret(source).strip(), validate=True)
    except binascii.Error:
        raise ValueError(f"{source}: a sealing key is written in base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"{source}: a sealing key has {KEY_BYTES} bytes, this one has {len(key)}")
    return key


def new_keys(folder: str | Path) -> tuple[Path, Path, Path]:
    """Write ``signing.pem``, ``signing.pub.pem`` and ``sealing.key`` into a folder, readable by nobody else.

    Raises:
        ValueError: the folder lies in a git checkout.
        FileExistsError: there are keys already; they are left alone.
    """
    folder = Path(folder)
    refuse_checkout(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = Ed25519PrivateKey.generate()
    pem = serialization.Encoding.PEM
    secret = private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    paths = folder / "signing.pem", folder / "signing.pub.pem", folder / "sealing.key"
    for path in paths:
        if path.exists():
            raise FileExistsError(f"{path} exists: new keys go into another folder")
    for path, content, mode in zip(
        paths, (secret, public, base64.b64encode(os.urandom(KEY_BYTES)) + b"\n"), (0o600, 0o644, 0o600), strict=True
    ):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
    return paths


def refuse_checkout(path: Path) -> None:
    """Raise ValueError when a path lies in a git checkout: one ``git add`` away from everybody."""
    for parent in (path.resolve(), *path.resolve().parents):
        if (parent / ".git").exists():
            raise ValueError(f"{path}: lies in the git checkout {parent}; keep keys outside of any repository")


def _secret(source: str) -> bytes:
    if not source.startswith(("env:", "keyring:")):
        refuse_checkout(Path(source))
    return _read(source, forbidden=stat.S_IRWXG | stat.S_IRWXO, may="read or write")


def _read(source: str, *, forbidden: int, may: str) -> bytes:
    kind, _, rest = source.partition(":")
    if kind == "env":
        value = os.environ.get(rest)
        if not value:
            raise ValueError(f"the environment variable {rest} is not set")
        return value.replace("\\n", "\n").encode()
    if kind == "keyring":
        return _from_keyring(rest)
    with Path(source).open("rb") as file:
        facts = os.fstat(file.fileno())
        if os.name == "posix" and facts.st_mode & forbidden:
            raise ValueError(
                f"{source}: others may {may} it (mode {facts.st_mode & 0o777:o}); run: chmod go-rwx {source}"
            )
        return file.read(LARGEST)


def _from_keyring(where: str) -> bytes:
    service, _, user = where.partition("/")
    if not service or not user:
        raise ValueError(f"a keyring source is keyring:SERVICE/USER, got keyring:{where}")
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        raise ImportError("reading the system's keyring takes one more package: pip install keyring") from None
    value: str | None = keyring.get_password(service, user)
    if value is None:
        raise ValueError(f"the keyring has no entry for service {service!r} and user {user!r}")
    return value.encode()
