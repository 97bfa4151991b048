# %% [markdown]
# {{exercise_header}}
#
# Two envelopes, written with the primitives of the `cryptography` package. You choose no algorithm: you decide what is covered, and in which order it is checked.

# %%
import hashlib
import json
import os

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def seal_model(model, key, version, nonce=None):
    # BEGIN SOLUTION
    header = version.to_bytes(8, "big")
    nonce = os.urandom(12) if nonce is None else nonce
    return header + nonce + AESGCM(key).encrypt(nonce, model, header)
    # END SOLUTION


def open_model(blob, key, min_version=0):
    # BEGIN SOLUTION
    if len(blob) < 8 + 12 + 16:
        raise ValueError(f"{len(blob)} bytes are too few for a header, a nonce and a tag")
    header, nonce, sealed = blob[:8], blob[8:20], blob[20:]
    model = AESGCM(key).decrypt(nonce, sealed, header)  # raises InvalidTag
    version = int.from_bytes(header, "big")  # only now it means anything
    if version < min_version:
        raise ValueError(f"version {version} is older than {min_version}")
    return model
    # END SOLUTION


# %%
check("14A")

# %% [markdown]
# {{task:B}}


# %%
def sign_manifest(priv, model, version, name):
    # BEGIN SOLUTION
    manifest = {
        "name": name,
        "sha256": hashlib.sha256(model).hexdigest(),
        "size": len(model),
        "version": version,
    }
    body = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode("ascii")
    return body, Ed25519PrivateKey.from_private_bytes(priv).sign(body)
    # END SOLUTION


def verify_manifest(pub, body, sig, model, min_version):
    # BEGIN SOLUTION
    Ed25519PublicKey.from_public_bytes(pub).verify(sig, body)  # raises InvalidSignature
    manifest = json.loads(body)
    if manifest["size"] != len(model) or manifest["sha256"] != hashlib.sha256(model).hexdigest():
        raise ValueError("these bytes are not the model of this manifest")
    if manifest["version"] < min_version:
        raise ValueError(f"version {manifest['version']} is older than {min_version}")
    return manifest
    # END SOLUTION


# %%
check("14B")

# %%
# NBVAL_CHECK_OUTPUT
finish("14")
