"""Topic 14 answered from the statement alone, built otherwise: AES-GCM from its low-level parts, JSON by hand."""

import hashlib
import json
import secrets
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def seal_model(model, key, version, nonce=None):
    """Stream through the cipher; the tag is appended by hand."""
    if nonce is None:
        nonce = secrets.token_bytes(12)
    header = struct.pack(">Q", version)
    encryptor = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(header)
    body = encryptor.update(model) + encryptor.finalize()
    return b"".join((header, nonce, body, encryptor.tag))


def open_model(blob, key, min_version=0):
    """Decrypt first, finalize (which checks the tag), compare versions last."""
    blob = bytes(blob)
    if len(blob) <= 35:
        raise ValueError("cut short")
    decryptor = Cipher(algorithms.AES(key), modes.GCM(blob[8:20], blob[-16:])).decryptor()
    decryptor.authenticate_additional_data(blob[:8])
    model = decryptor.update(blob[20:-16]) + decryptor.finalize()
    (version,) = struct.unpack(">Q", blob[:8])
    if not version >= min_version:
        raise ValueError("rolled back")
    return model


def sign_manifest(priv, model, version, name):
    """Spell the four fields in alphabetical order."""
    digest = hashlib.new("sha256", model).hexdigest()
    text = f'{{"name":{json.dumps(name)},"sha256":"{digest}","size":{len(model)},"version":{version}}}'
    body = bytes(text, "ascii")
    return [body, ed25519.Ed25519PrivateKey.from_private_bytes(priv).sign(body)]


def verify_manifest(pub, body, sig, model, min_version):
    """Verify, parse, then compare in another order than ours."""
    key = ed25519.Ed25519PublicKey.from_public_bytes(pub)
    try:
        key.verify(sig, body)
    except InvalidSignature as problem:
        raise InvalidSignature("not signed by this key") from problem
    said = json.loads(body.decode())
    if said["version"] < min_version:
        raise ValueError("old")
    if (len(model), hashlib.sha256(model).hexdigest()) != (said["size"], said["sha256"]):
        raise ValueError("another model")
    return dict(said)
